"""What Slack delivers twice is answered once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.claims import REMEMBERED_SECONDS, Claims


def test_a_redelivered_event_is_not_taken_again() -> None:
    """Slack sends it at once, after a minute and after five."""
    claims = Claims()

    assert claims.take(["Ev1", "T1/C1/1.0"], now=0.0)
    assert not any(claims.take(["Ev1", "T1/C1/1.0"], now) for now in (0.0, 60.0, 360.0))


def test_one_message_that_comes_as_two_events_is_taken_once() -> None:
    claims = Claims()

    assert claims.take(["Ev1", "T1/C1/1.0"], now=0.0)
    assert not claims.take(["Ev2", "T1/C1/1.0"], now=0.0)


def test_a_refused_event_is_claimed_all_the_same() -> None:
    claims = Claims()
    claims.take(["Ev1", "T1/C1/1.0"], now=0.0)
    claims.take(["Ev2", "T1/C1/1.0"], now=0.0)

    assert not claims.take(["Ev2"], now=1.0)


def test_other_messages_are_taken() -> None:
    claims = Claims()
    others = [["Ev2", "T1/C1/2.0"], ["Ev3", "T1/C2/1.0"], ["Ev4", "T2/C1/1.0"]]

    assert claims.take(["Ev1", "T1/C1/1.0"], now=0.0)
    assert all(claims.take(keys, now=0.0) for keys in others)


def test_after_an_hour_a_claim_is_forgotten() -> None:
    claims = Claims()
    claims.take(["Ev1"], now=10.0)

    assert not claims.take(["Ev1"], now=10.0 + REMEMBERED_SECONDS)
    assert claims.take(["Ev1"], now=10.1 + REMEMBERED_SECONDS)


def test_a_claim_that_is_taken_anew_lasts_another_hour() -> None:
    claims = Claims()

    assert [claims.take(["Ev1"], now) for now in (0.0, 3_601.0, 7_200.0, 7_202.0)] == [
        True,
        True,
        False,
        True,
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2_000)), max_size=30))
def test_a_key_is_taken_once_in_an_hour(steps: list[tuple[str, float]]) -> None:
    claims, now = Claims(), 0.0
    taken: dict[str, float] = {}
    for key, pause in steps:
        now += pause
        expected = key not in taken or taken[key] < now - REMEMBERED_SECONDS
        taken[key] = now if expected else taken[key]

        assert claims.take([key], now) is expected


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_of_many_threads_exactly_one_takes_a_message() -> None:
    claims = Claims()
    start = threading.Barrier(8)

    def race(number: int) -> list[bool]:
        start.wait()
        return [claims.take([f"Ev{number}-{turn}", f"T1/C1/{turn}"], now=0.0) for turn in range(1_000)]

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(race, range(8)))

    assert [sum(turn) for turn in zip(*results, strict=True)] == [1] * 1_000
