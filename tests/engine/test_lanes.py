"""Pools that grow, shrink, and get by with the threads that the system gives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

import pytest

from bot.engine import lanes
from bot.engine.lanes import Lane, NoThreads, warm_up


def allow(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    """Let the system give so many threads more, whatever other threads of the process do meanwhile."""
    start, left = threading.Thread.start, iter(range(more))

    def limited(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)


def running(name: str) -> int:
    return sum(thread.name.startswith(f"{name}_") for thread in threading.enumerate())


def until(seen: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(500):
        if seen():
            return
        deadline.wait(0.01)
    raise AssertionError("not seen within 5 s")


def held(lane: Lane, count: int) -> tuple[threading.Event, list[Future[bool]]]:
    """So many jobs that go on until the event is set."""
    end = threading.Event()
    return end, [lane.submit(end.wait, 5.0) for _ in range(count)]


def test_a_lane_grows_to_its_size_and_works_off_more_in_order() -> None:
    lane = Lane("grows", 3)
    assert running("grows") == 1
    end, jobs = held(lane, 3)
    done: list[int] = []
    last = [lane.submit(done.append, number) for number in range(5)][-1]
    assert running("grows") == 3
    end.set()
    wait(jobs, 5.0)
    last.result(5.0)
    until(lambda: len(done) == 5)

    assert sorted(done) == list(range(5))
    assert running("grows") == 3
    lane.shutdown()
    until(lambda: running("grows") == 0)


def test_threads_that_are_not_needed_any_more_end_but_those_that_are_kept_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "_IDLE_SECONDS", 0.02)
    lane = Lane("shrinks", 8, ready=2)
    warm_up([lane])
    assert running("shrinks") == 2
    end, jobs = held(lane, 8)
    assert running("shrinks") == 8
    end.set()
    wait(jobs, 5.0)
    until(lambda: running("shrinks") == 2)

    end, jobs = held(lane, 8)  # and grows again
    assert running("shrinks") == 8
    end.set()
    lane.shutdown()


def test_work_is_done_by_those_that_run_where_no_more_can_be_had_and_that_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lane = Lane("short", 8)
    allow(monkeypatch, 2)
    end, jobs = held(lane, 20)
    assert running("short") == 3
    end.set()
    wait(jobs, 5.0)

    assert all(job.result() for job in jobs)
    assert [record.message for record in caplog.records] == ["threads.short"]
    lane.shutdown()


def test_a_lane_without_any_thread_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 0)

    with pytest.raises(NoThreads, match="does not let Duet start a thread"):
        Lane("none", 1)


@pytest.mark.parametrize("more", [10, 40])
def test_threads_that_cannot_be_had_ahead_are_done_without_and_some_are_left_to_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, more: int
) -> None:
    pools = [Lane("first", 100, ready=60), Lane("second", 100, ready=60)]
    before = threading.active_count()
    allow(monkeypatch, more)
    with caplog.at_level(logging.WARNING):
        warm_up(pools)
    until(lambda: threading.active_count() <= before + max(0, more - lanes._LEFT_TO_OTHERS))  # noqa: SLF001

    assert [record.message for record in caplog.records] == ["threads.short"]
    assert abs(running("first") - running("second")) <= 1
    assert not wait([pool.submit(int) for pool in pools for _ in range(50)], 5.0).not_done
    assert threading.active_count() <= before + max(0, more - lanes._LEFT_TO_OTHERS)  # noqa: SLF001
    for pool in pools:
        pool.shutdown()


def test_what_is_not_begun_when_a_lane_closes_is_cancelled() -> None:
    lane = Lane("closes", 1)
    begun = threading.Event()
    end = threading.Event()

    def work() -> None:
        begun.set()
        end.wait(5.0)

    jobs = [lane.submit(work), lane.submit(work)]
    begun.wait(5.0)
    lane.shutdown(cancel_futures=True)
    jobs.append(lane.submit(work))
    end.set()

    assert not wait(jobs, 5.0).not_done
    assert [job.cancelled() for job in jobs] == [False, True, True]


def test_an_error_is_its_futures() -> None:
    lane = Lane("fails", 1)
    job: Future[float] = lane.submit(lambda: 1 / 0)

    assert isinstance(job.exception(5.0), ZeroDivisionError)
    assert lane.submit(lambda: 1).result(5.0) == 1
    lane.shutdown()


def test_what_one_person_has_done_delays_nobody_elses() -> None:
    """Of three threads two are all that one person holds, and jobs of people come in turn."""
    lane = Lane("fair", 3)
    end = threading.Event()
    jobs = [lane.submit_for("A", end.wait, 5.0) for _ in range(250)]
    until(lambda: sum(job.running() for job in jobs) == 2)

    assert lane.submit_for("B", lambda: "done").result(5.0) == "done"
    assert lane.submit(lambda: "done").result(5.0) == "done"
    assert sum(job.running() for job in jobs) == 2
    end.set()
    assert all(job.result(5.0) for job in jobs)
    lane.shutdown()
    until(lambda: not running("fair"))


def test_a_lane_that_is_closed_does_what_waits_for_a_share_still() -> None:
    lane, end = Lane("closing", 3), threading.Event()
    jobs = [lane.submit_for("A", end.wait, 5.0) for _ in range(9)]
    lane.shutdown()
    end.set()

    assert all(job.result(5.0) for job in jobs)
    until(lambda: not running("closing"))
