"""`python -m bot playground`: the pretend platforms, and the unmodified bot in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from bot.playground.page import Page
from bot.playground.servers import Servers
from bot.playground.slack import Slack

# What would lead the bot away from the playground: another account, or a proxy (slack_sdk knows no NO_PROXY).
_MISLEADING = {
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
}


def run(port: int, *, real_models: bool) -> int:
    """Serve the page, run the bot against it, and end both on Ctrl-C. Returns the bot's exit status."""
    servers = Servers(_slack_with_page)
    try:
        servers.start(port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on port {port}: {error.strerror}. Choose another with --port.\n")
        return 2
    print(f"\n  Duet's playground is open: {servers.slack.base_url}/\n  Ctrl-C ends it.\n", flush=True)  # noqa: T201
    # In a folder of its own the bot finds no .env, whose accounts are wanted for the real models alone.
    with tempfile.TemporaryDirectory(prefix="duet-") as folder:
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            env=_environment(os.environ, servers.environment(), real_models=real_models),
            cwd=None if real_models else folder,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the bot in good order
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: bot.terminate())
        status = bot.wait()
    servers.stop()
    return status


def _slack_with_page() -> Slack:
    slack = Slack()
    Page(slack)
    return slack


def _environment(own: Mapping[str, str], served: Mapping[str, str], *, real_models: bool) -> dict[str, str]:
    if real_models:
        return {**own, **{name: value for name, value in served.items() if not name.startswith("AWS_")}}
    return {**{name: value for name, value in own.items() if name not in _MISLEADING}, **served}
