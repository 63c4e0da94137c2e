"""Budgets against the limits that the playground's Slack counts by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.budget import Bucket, Window
from bot.playground.limits import Limits, Meter

# Small numbers are reached soon. Times are multiples of 1/64 s, so that their sums are exact.
LIMIT, BURST, RATE = 3, 2, 0.25
EDIT, POST = "chat.update", "chat.postMessage"
TICKS = st.sampled_from([0.0, 0.0, 1 / 64, 0.5, 1.0, 4.0, 4.5, 25.5, 52.0, 60.0])


@dataclass(frozen=True)
class Try:
    """A call that is wished for `after` the one before; Slack counts it on its way, and then it returns."""

    after: float
    until_counted: float
    until_returned: float


TRIES = st.lists(st.builds(Try, TICKS, TICKS, TICKS), min_size=15, max_size=40)
INSTANT = st.lists(TICKS, min_size=15, max_size=40)


def window() -> tuple[Window, Meter]:
    return Window(LIMIT), Meter(Limits(per_minute=LIMIT))


def bucket() -> tuple[Bucket, Meter]:
    return Bucket(RATE, BURST), Meter(Limits(inf, inf, RATE, BURST))


def begun(tries: list[Try], budget: Window | Bucket, may_begin: Callable[[float], bool]) -> list[float]:
    """When Slack counts the calls that the budget lets begin."""
    now, counted = 0.0, []
    returns: list[float] = []
    for call in tries:
        now += call.after
        for returned in sorted(returned for returned in returns if returned <= now):
            budget.end(returned)
        returns = [returned for returned in returns if returned > now]
        if may_begin(now):
            budget.begin()
            counted.append(now + call.until_counted)
            returns.append(now + call.until_counted + call.until_returned)
    return sorted(counted)


@given(TRIES)
def test_slack_takes_all_that_a_window_lets_begin(tries: list[Try]) -> None:
    budget, meter = window()
    counted = begun(tries, budget, lambda now: budget.room(now) >= 1)

    assert [meter.take(EDIT, "C1", at) for at in counted] == [0.0] * len(counted)


@given(TRIES)
def test_slack_takes_all_that_a_bucket_lets_begin(tries: list[Try]) -> None:
    budget, meter = bucket()
    counted = begun(tries, budget, lambda now: budget.free_at(now) <= now)

    assert [meter.take(POST, "C1", at) for at in counted] == [0.0] * len(counted)


@given(INSTANT)
def test_a_window_has_room_whenever_slack_would_take_a_call_that_takes_no_time(gaps: list[float]) -> None:
    (budget, meter), now = window(), 0.0
    for gap in gaps:
        now += gap
        room = budget.room(now)
        wait = meter.take(EDIT, "C1", now)
        assert (room >= 1) is (wait == 0)
        if wait:
            assert budget.next_room() == now + wait
        else:
            budget.begin()
            budget.end(now)


@given(INSTANT)
def test_a_bucket_is_free_when_slack_would_take_a_call_that_takes_no_time(gaps: list[float]) -> None:
    (budget, meter), now = bucket(), 0.0
    for gap in gaps:
        now += gap
        wait = meter.take(POST, "C1", now)
        assert budget.free_at(now) == now + wait
        if not wait:
            budget.begin()
            budget.end(now)


@given(st.floats(0, 1e9))
def test_a_window_has_room_at_the_moment_that_it_named(ended_at: float) -> None:
    """However the moment is rounded: a pacer asks again just then."""
    budget = Window(1)
    budget.begin()
    budget.end(ended_at)

    assert budget.room(ended_at) == 0
    assert budget.room(budget.next_room()) == 1


def test_a_call_in_flight_takes_room_and_only_its_end_can_tell_until_when() -> None:
    budget = Window(2)
    budget.begin()
    budget.begin()

    assert budget.room(1000.0) == 0
    assert budget.next_room() == inf
    budget.end(1000.0)
    assert budget.room(1059.9) == 0
    assert budget.next_room() == 1060.0
    assert budget.room(1060.0) == 1


def test_calls_in_flight_keep_a_bucket_waiting() -> None:
    budget = Bucket(rate=1.0, burst=2)
    budget.begin()
    assert budget.free_at(5.0) == 5.0
    budget.begin()

    assert budget.free_at(5.0) == 6.0
    assert budget.free_at(500.0) == 501.0
    budget.end(500.0)
    assert budget.free_at(501.0) == 501.0


def test_unlimited_means_unlimited() -> None:
    budget = Window(inf)
    for _ in range(1000):
        budget.begin()

    assert budget.room(0.0) == inf


def test_what_other_processes_spent_is_not_there_to_be_spent() -> None:
    budget = Window(LIMIT)
    budget.others = 2
    budget.begin()

    assert budget.room(0.0) == 0


def test_a_call_that_was_not_made_after_all_costs_nothing() -> None:
    budget = Window(LIMIT)
    budget.begin()
    budget.end(0.0, made=False)

    assert budget.room(0.0) == LIMIT


def test_a_call_that_a_bucket_did_not_make_after_all_is_in_flight_no_more() -> None:
    budget = Bucket(1.0, 1)
    for _ in range(3):
        budget.begin()
        budget.refuse(3.0)

    assert budget.free_at(4.0) == 4.0


def test_a_bucket_that_others_filled_is_left_alone_until_it_has_room() -> None:
    budget = Bucket(RATE, BURST)
    budget.begin()
    budget.refuse(3.0)

    assert [budget.free_at(now) for now in (0.0, 3.5)] == [3.0, 3.5]
