"""The rate limits, in simulated time."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.limits import UNLIMITED, Gauge, Limits, Meter

POST, UPDATE = "chat.postMessage", "chat.update"
TODAY = 1_750_000_000.0

# Small numbers are reached soon. Times are multiples of 1/64 s, so that their sums are exact.
SMALL = Limits(per_minute=3, posts_per_minute=4, posts_per_second_in_channel=0.25, post_burst_in_channel=2)
GAPS = [0.0, 0.0, 0.0, 0.0, 1 / 64, 1.0, 4.0, 8.0, 25.5, 52.0, 60.0]
CALLS = st.lists(
    st.tuples(
        st.sampled_from(GAPS),
        st.sampled_from([POST, POST, UPDATE, UPDATE, "conversations.replies"]),
        st.sampled_from(["C1", "C2"]),
    ),
    min_size=20,
    max_size=50,
)


@given(CALLS)
def test_no_minute_sees_more_calls_than_allowed_and_no_channel_more_posts(
    calls: list[tuple[float, str, str]],
) -> None:
    meter, now = Meter(SMALL), TODAY
    by_method: defaultdict[str, list[float]] = defaultdict(list)
    posts: defaultdict[str, list[float]] = defaultdict(list)
    for gap, method, channel in calls:
        now += gap
        if meter.take(method, channel, now) == 0:
            by_method[method].append(now)
            if method == POST:
                posts[channel].append(now)

    for method, times in by_method.items():
        allowed = SMALL.posts_per_minute if method == POST else SMALL.per_minute
        for end in times:
            assert sum(end - 60 < time <= end for time in times) <= allowed
    for times in posts.values():
        for first, start in enumerate(times):
            for last, end in enumerate(times[first:], first):
                earned = (end - start) * SMALL.posts_per_second_in_channel
                assert last - first + 1 <= SMALL.post_burst_in_channel + earned


@given(CALLS)
def test_a_wait_that_is_answered_is_enough(calls: list[tuple[float, str, str]]) -> None:
    meter, now = Meter(SMALL), TODAY
    for gap, method, channel in calls:
        now += gap
        if wait := meter.take(method, channel, now):
            now += wait

            assert meter.take(method, channel, now) == 0


@given(CALLS)
def test_a_call_is_refused_only_where_a_limit_is_reached(calls: list[tuple[float, str, str]]) -> None:
    meter, now = Meter(SMALL), TODAY
    taken: list[tuple[float, str]] = []
    for gap, method, channel in calls:
        now += gap
        if meter.take(method, channel, now):
            recent = [(time, name) for time, name in taken if time > now - 60 and name == method]
            assert len(recent) >= (SMALL.post_burst_in_channel if method == POST else SMALL.per_minute)
        else:
            taken.append((now, method))


def test_a_method_takes_fifty_calls_a_minute_whatever_the_channel() -> None:
    meter = Meter(Limits())

    assert [meter.take(UPDATE, f"C{number}", TODAY) for number in range(50)] == [0.0] * 50
    assert meter.take(UPDATE, "C50", TODAY + 20) == 40
    assert meter.take("conversations.replies", "C50", TODAY + 20) == 0


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        *((f"chat.{verb}Stream", 20) for verb in ("start", "stop")),
        *((method, 100) for method in ("chat.appendStream", "users.info", "views.open", "views.publish")),
    ],
)
def test_some_methods_take_more_or_fewer_calls_a_minute(method: str, allowed: int) -> None:
    meter = Meter(Limits())

    assert [meter.take(method, "C1", TODAY) for _ in range(allowed)] == [0.0] * allowed
    assert meter.take(method, "C1", TODAY) == 60


def test_a_channel_takes_five_posts_at_once_and_then_one_a_second() -> None:
    meter = Meter(Limits())

    assert [meter.take(POST, "C1", TODAY) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert meter.take(POST, "C2", TODAY) == 0
    assert [meter.take(POST, "C1", TODAY + 1) for _ in range(2)] == [0, 1]


def test_a_workspace_takes_three_hundred_posts_a_minute() -> None:
    meter = Meter(Limits())

    assert [meter.take(POST, f"C{number}", TODAY) for number in range(300)] == [0.0] * 300
    assert meter.take(POST, "C300", TODAY) == 60


def test_a_post_that_two_limits_refuse_is_told_the_longer_wait() -> None:
    meter = Meter(Limits(posts_per_minute=3, posts_per_second_in_channel=0.25, post_burst_in_channel=2))
    for channel, now in (("C2", TODAY), ("C1", TODAY + 58), ("C1", TODAY + 58)):
        assert meter.take(POST, channel, now) == 0

    assert meter.take(POST, "C2", TODAY + 58) == 2
    assert meter.take(POST, "C1", TODAY + 58) == 4


def test_a_gauge_tells_what_is_spent_and_falls_as_time_earns_it_back() -> None:
    meter = Meter(Limits())
    for _ in range(7):
        meter.take(POST, "C1", TODAY)  # two of them are refused, and count for nothing
    meter.take(UPDATE, "C1", TODAY + 2)

    assert meter.gauges([UPDATE, POST], TODAY + 2) == [
        Gauge(UPDATE, "", 1, 50),
        Gauge(POST, "", 5, 300),
        Gauge(POST, "C1", 3, 5),
    ]
    assert meter.gauges([UPDATE, POST], TODAY + 60) == [Gauge(UPDATE, "", 1, 50), Gauge(POST, "", 0, 300)]


@pytest.mark.parametrize("method", [POST, UPDATE, "chat.startStream"])
def test_unlimited_means_unlimited(method: str) -> None:
    meter = Meter(UNLIMITED)

    assert not any(meter.take(method, "C1", TODAY) for _ in range(1000))
