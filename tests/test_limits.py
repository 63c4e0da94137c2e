"""A bot where the system gives few threads or files, and one that is told to end whatever it waits for."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.journal import SqliteJournal
from bot.core.journal import Beat
from bot.engine import orchestrator
from tests import forks
from tests.processes import Processes, environment_on, needs_proc
from tests.workbench import Workbench


def allow_threads(most: int) -> None:
    """Let a process have so many; root has no such limit of its own."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if threading.active_count() >= most:
            raise RuntimeError("can't start new thread")
        start(thread)

    threading.Thread.start = limited  # type: ignore[method-assign, assignment]


@needs_proc
def test_a_bot_at_rest_has_at_most_two_hundred_threads(bench: Workbench, processes: Processes) -> None:
    bot = processes.start()
    status = Path(f"/proc/{bot.pid}/status")

    def threads() -> int:
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("Threads:"))
        return int(line.split()[1])

    bench.until(lambda: threads() > 100)  # as many as a storm needs are started ahead
    assert threads() <= 200


@pytest.mark.usefixtures("ready")
def test_a_bot_that_gets_few_threads_answers_and_says_so_once(bench: Workbench, processes: Processes) -> None:
    bot = processes.start(partial(allow_threads, 60))
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(10)]
    bench.answered_whole("Because.", *questions)

    assert processes.stop(bot) == 0
    assert processes.log.count("threads.short") == 1


@pytest.mark.parametrize("most", [1, 5, 15])
def test_a_bot_that_gets_too_few_threads_to_start_says_what_to_do(
    bench: Workbench, tmp_path: Path, most: int
) -> None:
    status, said = forks.run(environment_on(bench), tmp_path, before=partial(allow_threads, most))

    assert status == 2
    assert "The system does not let Duet start a thread. Allow more threads" in said
    assert "Traceback" not in said


@needs_proc
def test_more_files_are_asked_for_and_too_few_are_told(bench: Workbench, processes: Processes) -> None:
    bot = processes.start(partial(resource.setrlimit, resource.RLIMIT_NOFILE, (128, 250)))

    assert bot.pid
    assert resource.prlimit(bot.pid, resource.RLIMIT_NOFILE) == (250, 250)
    assert "files.short" in processes.log
    assert "set MAX_LIVE_ANSWERS to 50." in processes.log
    bot = processes.start(partial(resource.setrlimit, resource.RLIMIT_NOFILE, (128, 4096)))
    assert bot.pid
    assert resource.prlimit(bot.pid, resource.RLIMIT_NOFILE) == (400, 4096)
    assert processes.log.count("files.short") == 1


# What is told to end


@contextmanager
def silent_server() -> Iterator[socket.socket]:
    """One that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_bot_that_waits_for_slack_when_it_starts_ends_at_once(bench: Workbench, tmp_path: Path) -> None:
    with silent_server() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/api/"
        bot = forks.start(environment_on(bench) | {"SLACK_API_URL": address}, tmp_path, tmp_path / "log")
        waiting, _ = server.accept()
        bot.terminate()
        bot.join(timeout=3.0)
        waiting.close()

    assert bot.exitcode == 0


def hang_when_opened() -> None:
    SqliteDatabase.transaction = lambda _: _hang()  # type: ignore[method-assign, assignment, return-value]


def hang_when_beating() -> None:
    SqliteJournal.beat = lambda *_: _hang()  # type: ignore[method-assign]
    orchestrator._LAST_LINES_SECONDS = 0.2  # noqa: SLF001


def _hang() -> Beat:
    print("hangs", flush=True)  # noqa: T201 - the test waits for it
    threading.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("hang", [hang_when_opened, hang_when_beating])
def test_a_bot_whose_store_hangs_ends(bench: Workbench, tmp_path: Path, hang: object) -> None:
    log = tmp_path / "log"
    bot = forks.start(environment_on(bench), tmp_path, log, before=hang)  # type: ignore[arg-type]
    bench.until(lambda: log.exists() and "hangs" in log.read_text())
    bot.terminate()
    bot.join(timeout=5.0)

    assert bot.exitcode == 0
