"""Figures from what was observed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.bench.figures import figures, medians, staleness
from bot.bench.scenario import Observed, Seen

# A model that sends ten characters a second for ten seconds, beginning at 100.
SENT = [(100.0 + second, 10 * (second + 1)) for second in range(11)]
LENGTH = 110


def seen(
    *shows: tuple[float, int], acknowledged_at: float | None = 99.5, posts: Sequence[float] = ()
) -> Seen:
    return Seen(99.0, "C1", acknowledged_at, list(shows), list(posts))


def observed(*questions: Seen, refused: int = 0) -> Observed:
    return Observed([(question, SENT) for question in questions], refused, 3, 0.5, 60.0)


def test_a_text_that_is_shown_only_at_the_end_is_on_average_half_its_time_old() -> None:
    assert staleness(seen((110.0, LENGTH)), SENT) == pytest.approx(5.0)


def test_a_text_that_is_shown_twice_as_often_is_half_as_old() -> None:
    assert staleness(seen((105.0, 60), (110.0, LENGTH)), SENT) == pytest.approx(2.5)


def test_what_slack_and_the_way_take_makes_a_text_older() -> None:
    """What was sent at 105 is on screen at 106."""
    late = staleness(seen((106.0, 60), (111.0, LENGTH)), SENT)

    assert late == pytest.approx((6**2 / 2 + (5**2 - 1**2) / 2) / 10)


def test_what_is_shown_after_the_last_token_no_longer_counts() -> None:
    assert staleness(seen((200.0, LENGTH)), SENT) == pytest.approx(5.0)


def test_an_answer_whose_last_words_never_came_is_not_finished() -> None:
    counted = figures(observed(seen((105.0, 60), (112.0, LENGTH)), seen((105.0, 60)), seen()))

    assert (counted.asked, counted.finished) == (3, 1)
    assert counted.whole_p95 == pytest.approx(2.0)
    assert counted.first_words_p95 == pytest.approx(6.0)
    assert counted.ack_p95 == pytest.approx(0.5)
    assert counted.cpu_ms_an_answer == pytest.approx(1000 * 0.5 / 3)


def test_an_answer_is_late_from_when_its_channel_would_have_taken_the_post() -> None:
    """Five others were posted at 111: the channel takes the next at 112, and the one after at 113."""
    others = seen(posts=[111.0, 111.0, 111.0, 111.0, 111.0])
    counted = [
        figures(observed(others, seen((at, LENGTH), posts=[at]))).late_p95 for at in (112.0, 112.25, 113.5)
    ]

    assert counted == pytest.approx([0.0, 0.25, 1.5])


def test_an_edit_is_late_from_the_models_last_token() -> None:
    others = seen(posts=[111.0] * 20)

    assert figures(observed(others, seen((112.0, LENGTH)))).late_p95 == pytest.approx(2.0)


def test_the_slowest_twentieth_does_not_count_for_the_95th_percentile() -> None:
    questions = [seen((105.0, 60), (110.0 + number, LENGTH)) for number in range(1, 21)]

    assert figures(observed(*questions)).whole_p95 == pytest.approx(19.0)


def test_nothing_measured_is_no_figure() -> None:
    counted = figures(observed(seen(acknowledged_at=None)))

    assert (counted.ack_p95, counted.whole_p95, counted.staleness_mean) == (None, None, None)


def test_the_median_run_is_taken_for_each_figure_by_itself() -> None:
    runs = [
        figures(observed(seen((105.0, 60), (110.0 + late, LENGTH)), refused=refused))
        for late, refused in ((1, 9), (5, 0), (3, 4))
    ]

    assert medians(runs).whole_p95 == pytest.approx(3.0)
    assert medians(runs).refused == 4
