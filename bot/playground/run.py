"""`python -m bot playground`: the pretend platforms, and the unmodified bot in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.playground.bedrock import Bedrock
from bot.playground.errors import CannotStart
from bot.playground.keep import Keep
from bot.playground.limits import UNLIMITED, Limits
from bot.playground.openai_brain import ChatServer
from bot.playground.page import Page
from bot.playground.servers import Servers
from bot.playground.slack import Slack

# What would lead the bot away from the scripted models: another account, other models, or a proxy (slack_sdk
# knows no NO_PROXY). Every AWS_ variable goes as well: of those that could mislead there are dozens.
_MISLEADING = {
    "MICRO_MODEL_ID",
    "OPENAI_API_KEY",  # of no use to the bot: it goes from here to the server that --openai-url names
    "PRO_MODEL_ID",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
}
_NO_AWS_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
_DEFAULTS = {"SHUTDOWN_GRACE": "1"}  # nobody waits here for an answer that Ctrl-C interrupts
_GLANCE = 0.05  # seconds between two looks at the bot

# A local model may have to be loaded first, and costs nothing whatever its name here.
_LOCAL_DEFAULTS = {"IDLE_TIMEOUT": "120"}
_LOCAL_PRICES = {
    f"us.amazon.nova-{name}-v1:0": {"input": 0, "output": 0} for name in ("micro", "pro")
}  # the ids that the bot chooses in the region of `Servers.environment`

_SCRIPTED = "The models are scripted: nothing costs anything, and nothing leaves this machine."
_REAL = (
    "The models are real: each question calls Amazon Bedrock with your AWS credentials, and typically\n"
    "  costs your account about $0.002. DAILY_BUDGET_USD=1 would end that at a dollar a day."
)


@dataclass(frozen=True)
class Options:
    """What the command line says. `port` 0 is a free one; `keep` None: all is forgotten at the end."""

    port: int = 0
    real_models: bool = False
    local: ChatServer | None = None
    has_limits: bool = True
    opens_browser: bool = True
    keep: Path | None = None


def run(options: Options) -> int:
    """Serve the page, run the bot against it, and end both on Ctrl-C. Returns the bot's exit status, 2 where
    it never came to that.
    """
    try:
        with ExitStack() as ends:
            return _run(options, ends)
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(options: Options, ends: ExitStack) -> int:
    if options.local:
        asyncio.run(options.local.check())
    keep = Keep(options.keep) if options.keep else None
    servers = _served(options)
    ends.callback(servers.stop)
    if keep:
        ends.callback(keep.close)
        servers.do(lambda: keep.restore(servers.slack))
        ends.callback(lambda: servers.do(keep.save))
    # In a folder of its own the bot finds no .env, whose accounts are wanted for the real models alone.
    folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="duet-"))
    own = {**(_for_local_models(Path(folder)) if options.local else {}), **os.environ}
    bot = subprocess.Popen(
        [sys.executable, "-m", "bot"],
        env=environment(own, servers.environment(), real_models=options.real_models)
        | {"STORE_URL": keep.store_url if keep else f"sqlite:///{folder}/bot.db"},
        cwd=None if options.real_models else folder,
        start_new_session=True,  # Ctrl-C reaches this process alone, which ends the bot in good order
    )
    for number in _ending_signals():
        signal.signal(number, lambda *_: bot.terminate())
    is_open = False
    # Glances, and no wait for its end: a signal that came as such a wait began would be heard after it only.
    while (status := bot.poll()) is None:
        if not is_open and servers.slack.sockets.connections:
            _open(f"{servers.slack.base_url}/", options)
            is_open = True
        time.sleep(_GLANCE)
    return status


def _ending_signals() -> list[signal.Signals]:
    """Ctrl-C, an operator's, and that of a terminal that is closed, which nohup lets a process ignore."""
    heard = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # Windows has none
        heard.append(signal.SIGHUP)
    return heard


def _served(options: Options) -> Servers:
    bedrock = Bedrock(brain=options.local.answer if options.local else None)
    limits = Limits() if options.has_limits else UNLIMITED
    disturbed = None if options.real_models else bedrock
    servers = Servers(partial(_slack_with_page, limits, disturbed), lambda: bedrock)
    try:
        servers.start(options.port)
    except (OSError, OverflowError) as error:  # the port is taken, or is no port at all
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise CannotStart(
            f"Cannot listen on port {options.port}: {reason}\nChoose another with --port."
        ) from error
    return servers


def _for_local_models(folder: Path) -> dict[str, str]:
    prices = folder / "prices.json"
    prices.write_text(json.dumps(_LOCAL_PRICES))
    return {**_LOCAL_DEFAULTS, "PRICES_FILE": str(prices)}


def _slack_with_page(limits: Limits, disturbed: Bedrock | None) -> Slack:
    slack = Slack(limits)
    Page(slack, disturbed)
    return slack


def _open(address: str, options: Options) -> None:
    """Tell where the page is, and open it where that can be done."""
    opens = options.opens_browser and has_desktop(os.environ, sys.platform)
    lines = [
        f"Duet's playground is open: {address}",
        "",
        *([] if opens or not options.opens_browser else ["There is no desktop here: open it in a browser."]),
        _models_told(options),
        *(["The pretend Slack enforces no rate limits."] if not options.has_limits else []),
        f"What is said is kept in {options.keep}."
        if options.keep
        else "What is said is forgotten at the end.",
        "Ctrl-C ends it.",
    ]
    print("\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines), flush=True)  # noqa: T201
    if opens:  # in a thread, since a browser that runs in the foreground is waited for
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


def _models_told(options: Options) -> str:
    if options.real_models:
        return _REAL
    if options.local:
        names = " and ".join(dict.fromkeys((options.local.quick_model, options.local.model)))
        return f"The models are those of {options.local.url}: {names}."
    return _SCRIPTED


def has_desktop(own: Mapping[str, str], platform: str) -> bool:
    """Whether a browser that opens is seen by the person who started this: `own` is their environment.

    Without that, webbrowser would run lynx or w3m over the bot's log.
    """
    if "BROWSER" in own:
        return True
    has_screen = platform in ("darwin", "win32") or bool(own.get("DISPLAY") or own.get("WAYLAND_DISPLAY"))
    return has_screen and "SSH_CONNECTION" not in own


def environment(own: Mapping[str, str], served: Mapping[str, str], *, real_models: bool) -> dict[str, str]:
    """The bot's environment, made from the person's `own` and what the servers need."""
    if real_models:
        return {**_DEFAULTS, **own, **_without_aws(served)}
    kept = {name: value for name, value in _without_aws(own).items() if name not in _MISLEADING}
    return {**_DEFAULTS, **kept, **_NO_AWS_FILES, **served}


def _without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith("AWS_")}
