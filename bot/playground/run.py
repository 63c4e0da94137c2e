"""`python -m bot playground`: the pretend platforms, and the unmodified bot in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from bot.playground.bedrock import Bedrock
from bot.playground.page import Page
from bot.playground.servers import Servers
from bot.playground.slack import Slack

# What would lead the bot away from the scripted models: another account, other models, or a proxy (slack_sdk
# knows no NO_PROXY). Every AWS_ variable goes as well: of those that could mislead there are dozens.
_MISLEADING = {
    "MICRO_MODEL_ID",
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


def run(port: int, *, real_models: bool) -> int:
    """Serve the page, run the bot against it, and end both on Ctrl-C. Returns the bot's exit status."""
    bedrock = Bedrock()
    page_of = None if real_models else bedrock
    servers = Servers(lambda: _slack_with_page(page_of), lambda: bedrock)
    try:
        servers.start(port)
    except (OSError, OverflowError) as error:  # the port is taken, or is no port at all
        reason = getattr(error, "strerror", None) or error
        sys.stderr.write(f"Cannot listen on port {port}: {reason}\nChoose another with --port.\n")
        return 2
    # In a folder of its own the bot finds no .env, whose accounts are wanted for the real models alone.
    with tempfile.TemporaryDirectory(prefix="duet-") as folder:
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            env=environment(os.environ, servers.environment(), real_models=real_models)
            | {"STORE_URL": f"sqlite:///{folder}/bot.db"},
            cwd=None if real_models else folder,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the bot in good order
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: bot.terminate())
        print(f"\n  Duet's playground is open: {servers.slack.base_url}/\n  Ctrl-C ends it.\n", flush=True)  # noqa: T201
        status = bot.wait()
    servers.stop()
    return status


def _slack_with_page(bedrock: Bedrock | None) -> Slack:
    slack = Slack()
    Page(slack, bedrock)
    return slack


def environment(own: Mapping[str, str], served: Mapping[str, str], *, real_models: bool) -> dict[str, str]:
    """The bot's environment, made from the person's `own` and what the servers need."""
    if real_models:
        return {**_DEFAULTS, **own, **_without_aws(served)}
    kept = {name: value for name, value in _without_aws(own).items() if name not in _MISLEADING}
    return {**_DEFAULTS, **kept, **_NO_AWS_FILES, **served}


def _without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if not name.startswith("AWS_")}
