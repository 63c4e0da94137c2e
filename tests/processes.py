"""Bots in processes of their own, as operators start and lose them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests import forks
from tests.adapters.redis_server import redis_server
from tests.workbench import Workbench

needs_proc = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")


def environment_on(bench: Workbench) -> dict[str, str]:
    """All that a bot in a process of its own needs to run on a workbench, and nobody's accounts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SLACK_"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    # Most tests ask in the same words again and mean another question, and look at an answer's words alone.
    plain = {"CACHE_TTL": "0", "FOOTER": "off", "FOLLOW_UPS": "0", "ACK_DEADLINE": "30"}
    return {**kept, **nowhere, **bench.servers.environment(), **plain, "PYTHONFAULTHANDLER": "1"}


def kill_another_thread(pid: int, number: int) -> None:
    """Send a signal as `os.kill` does, to a thread that is not the main one: the kernel may choose any."""
    threads = {int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()}
    refused = ctypes.CDLL(None).tgkill(pid, min(threads - {pid}), number)
    assert not refused


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """A bot's exit status and the rest of what it wrote; fails, with where its threads are, if none comes."""
    try:
        _, log = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(process.communicate()[1])
    return process.returncode, log


class Processes:
    """Bots in processes of their own, on one workbench and one store."""

    def __init__(self, bench: Workbench, folder: Path, store: str) -> None:
        self.bench, self.store = bench, store
        self._folder = folder
        self._environment = {**environment_on(bench), "STORE_URL": store}
        self.running: list[BaseProcess] = []

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command of the bot's to its end: its exit status, and what it wrote."""
        return forks.run(self._environment, self._folder, *command)

    def start(self, before: Callable[[], object] | None = None, /, **settings: str) -> BaseProcess:
        """A bot that listens. `before`, a function of a module's, is called in its process first."""
        connections = self.bench.slack.sockets.connections
        environment, log = self._environment | settings, self._folder / "log"
        process = forks.start(environment, self._folder, log, before=before)
        self.running.append(process)
        self.bench.until(lambda: self.bench.slack.sockets.connections > connections)
        return process

    def stop(self, process: BaseProcess) -> int:
        """End a bot in good order: its exit status."""
        process.terminate()
        status = forks.exit_status(process)
        self.running.remove(process)
        return status

    def kill(self, process: BaseProcess) -> None:
        """End a bot as `kill -9` does."""
        process.kill()
        forks.exit_status(process)
        self.running.remove(process)
        self.bench.until(lambda: self.bench.slack.sockets.connections <= len(self.running))

    @property
    def log(self) -> str:
        """What all of them wrote."""
        return (self._folder / "log").read_text()

    def close(self) -> None:
        for process in self.running:
            process.kill()
            forks.exit_status(process)


@contextmanager
def two_on(store: str, bench: Workbench, folder: Path, **settings: str) -> Iterator[Processes]:
    """Two bots that share a `store`: "sqlite" or "redis"."""
    with redis_server(folder) if store == "redis" else nullcontext(f"sqlite:///{folder}/bot.db") as url:
        processes = Processes(bench, folder, url)
        try:
            for _ in range(2):
                processes.start(**settings)
            yield processes
        finally:
            processes.close()
