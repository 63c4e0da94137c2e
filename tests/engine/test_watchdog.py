"""Threads that are late are told of, with how late they are."""

from __future__ import annotations

import threading

import pytest

from bot.engine.watchdog import WATCH_SECONDS, Watchdog
from tests.workbench import Workbench


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, float]]:
    late = [vars(record) for record in caplog.records if record.message == "thread.late"]
    return [(each["late"], each["seconds"]) for each in late]


def test_a_thread_that_is_late_is_told_of_at_once_and_whenever_that_has_doubled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, lags, measured = 0.0, iter([0.9, 1.0, 1.9, 2.0, 3.9, 70.0, 0.1, 1.5]), list[tuple[str, float]]()
    watchdog = Watchdog({"loop": lambda: next(lags)}, lambda *lag: measured.append(lag), lambda: now)
    for _ in range(8):
        now += WATCH_SECONDS
        watchdog.look()

    assert told(caplog) == [("loop", 1.0), ("loop", 2.0), ("loop", 70.0), ("loop", 1.5)]
    assert [lag for lag in measured if lag[0] == "process"] == [("process", 0.0)] * 8
    assert ("loop", 0.9) in measured


def test_a_process_that_was_frozen_as_a_whole_is_told_of_when_it_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    watchdog = Watchdog({}, clock=lambda: now)
    for seconds in (WATCH_SECONDS, 67.0, WATCH_SECONDS):
        now += seconds
        watchdog.look()

    assert told(caplog) == [("process", 66.5)]


def test_a_loop_that_hangs_is_told_of_while_it_hangs(
    bot: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    goes_on = threading.Event()
    (running,) = bot.bots

    def hang(_now: float) -> None:
        goes_on.wait(30)

    running.orchestrator._inbox.put(hang)  # noqa: SLF001 - no news hangs of itself
    bot.until(lambda: "orchestrator" in dict(told(caplog)))
    assert running.orchestrator.lag >= 1.0
    goes_on.set()

    bot.until(lambda: running.orchestrator.lag < 1.0)
    assert bot.answered(bot.mention("why?")) == ["On it.", "Because."]
