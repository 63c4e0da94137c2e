"""While Slack is away one call at a time finds out whether it is back, and then all go on."""

from __future__ import annotations

from math import inf

from bot.engine.outage import Outage


def away() -> Outage:
    outage = Outage()
    for _ in range(3):
        outage.unanswered(0.0, is_probe=outage.begin())
    return outage


def test_a_call_that_fails_alone_is_no_outage() -> None:
    outage = Outage()
    for _ in range(5):
        outage.unanswered(0.0, is_probe=False)
        outage.answered()

    assert outage.free_at(1.0) == 1.0


def test_one_probe_at_a_time_is_made_at_growing_intervals() -> None:
    outage, now, pauses = away(), 0.0, []
    for _ in range(8):
        pauses.append(outage.free_at(now) - now)
        now = outage.free_at(now)
        assert outage.begin()
        assert outage.free_at(now) == inf
        outage.unanswered(now, is_probe=True)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


def test_calls_that_were_under_way_when_it_began_change_nothing() -> None:
    outage = away()
    for _ in range(50):
        outage.unanswered(0.1, is_probe=False)

    assert outage.free_at(0.1) == 0.5


def test_it_is_over_with_the_first_answer() -> None:
    outage = away()
    assert outage.begin()
    outage.answered()

    assert not outage.is_on
    assert outage.free_at(2.0) == 2.0


def test_a_probe_that_is_not_made_is_made_later() -> None:
    outage = away()
    assert outage.begin()
    outage.postponed()

    assert outage.free_at(1.0) == 0.5
