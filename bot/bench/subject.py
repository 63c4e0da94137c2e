"""The bot that is measured: a process of its own, on Slack's published limits."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.playground.bedrock import Bedrock, Pace
from bot.playground.run import environment
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.workspace import BOT_USER, Message

DUET = (sys.executable, "-m", "bot")
PLAIN = (sys.executable, "-m", "bot.bench.plain")
_SLACK_SECONDS = 0.06  # that Slack takes to answer a call
_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Subject:
    """A bot that is connected to `servers` and writes to the store at `store_url`; `people` ask it."""

    servers: Servers
    store_url: str
    people: Sequence[str]
    _pid: int

    def say(self, number: int, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Let person `number` join a channel and mention the bot there. To be called on the servers' loop."""
        slack, person = self.servers.slack, self.people[number]
        slack.workspace.invite(channel, person)
        return slack.say(person, channel, f"<@{BOT_USER}> {text}", thread_ts)

    def cpu_seconds(self) -> float:
        """Processor time so far, in user and system mode: proc(5)."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_megabytes(self) -> float:
        """The most memory that it had resident: VmHWM of proc(5)."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def started(
    people: int,
    command: Sequence[str] = DUET,
    pace: Pace | None = None,
    *,
    real_models: bool = False,
    **settings: str,
) -> Iterator[Subject]:
    """Start the bot of `command` in a workspace with so many `people` to ask it.

    The scripted models have `pace`, or Nova's published speeds.
    """
    servers = Servers(lambda: Slack(answering_seconds=_SLACK_SECONDS), lambda: Bedrock(pace or Pace()))
    servers.start()
    members = servers.do(lambda: servers.slack.workspace.add_people(people))
    with tempfile.TemporaryDirectory(prefix="duet-bench-") as folder:
        store_url = f"sqlite:///{folder}/bot.db"
        process = subprocess.Popen(  # noqa: S603 - the bot itself
            command,
            env=environment(os.environ, servers.environment(), real_models=real_models)
            | {"STORE_URL": store_url, "LOG_LEVEL": "ERROR"}
            | settings,
        )
        try:
            wait_until(lambda: servers.slack.sockets.connections, _START_SECONDS)
            yield Subject(servers, store_url, [member.id for member in members], process.pid)
        finally:
            process.kill()
            process.wait()
            servers.stop()


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Wait until `condition` holds, but not longer than that."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
