"""More is asked than Slack takes: answers come first, and people take turns. All in simulated time."""

from __future__ import annotations

from statistics import median

import pytest

from tests.engine.overload import at_once, by_chance, flood, signs, steady, wholes
from tests.engine.simulation import Simulation, written


def is_kept(simulation: Simulation) -> bool:
    """Whether no call was over a limit, and every answer stands word for word."""
    return not simulation.refusals and all(map(simulation.is_exact, simulation.exchanges))


@pytest.mark.parametrize("per_minute", [45, 60])
def test_one_question_a_second_in_one_channel_is_answered_as_soon_as_its_answer_is_written(
    per_minute: float,
) -> None:
    """There is room for one message a question, so that is the answer."""
    simulation = steady(per_minute)

    assert is_kept(simulation)
    assert median(wholes(simulation)) <= 7
    assert max(wholes(simulation)) <= 8


def test_as_many_by_chance_wait_no_longer_than_the_channel_lets_them() -> None:
    simulation = by_chance(60)

    assert is_kept(simulation)
    assert median(wholes(simulation)) <= 20
    assert max(wholes(simulation)) <= 30


def test_of_a_thousand_at_once_as_many_are_whole_as_there_are_posts() -> None:
    simulation = at_once(1000)

    assert is_kept(simulation)
    assert sum(seconds <= 60 for seconds in wholes(simulation)) >= 290
    assert max(wholes(simulation)) <= 200


@pytest.mark.parametrize("count", [1, 100, 150])
def test_where_there_is_room_for_both_each_is_acknowledged_at_once(count: int) -> None:
    simulation = at_once(count)

    assert all(exchange.acknowledged_at for exchange in simulation.exchanges)
    assert max(signs(simulation)) < 0.5


def test_up_to_the_room_for_answers_signs_are_given_and_no_further() -> None:
    """Two hundred answers leave a hundred of three hundred posts."""
    simulation = at_once(200)

    assert sum(exchange.acknowledged_at is not None for exchange in simulation.exchanges) == 100
    assert max(wholes(simulation)) < 13.5


def test_posts_are_not_kept_for_answers_that_the_models_are_too_slow_to_write() -> None:
    """A hundred at a time, each in a minute: the other posts of that minute are signs."""
    simulation = at_once(300, per_second=8)

    assert is_kept(simulation)
    assert sum(seconds <= 30 for seconds in signs(simulation)) >= 190


@pytest.mark.parametrize(("channels", "posts", "within"), [(1, 300, 20), (100, 60, 40)])
def test_an_answer_that_takes_long_gets_its_sign_however_many_others_are_whole(
    channels: int, posts: float, within: float
) -> None:
    """More are whole at any time than can be posted."""
    simulation = Simulation(posts=posts)
    for number in range(120):
        simulation.ask(1 + number * 2 / 3, f"C{number % channels}", written(100, 90))
    slow = simulation.ask(30.0, "C0", written(500, begins_after=90))
    simulation.run()

    assert is_kept(simulation)
    assert signs(simulation, [slow])[0] <= within


@pytest.mark.parametrize("places", [100, 4])
def test_who_asks_one_thing_does_not_wait_for_who_asks_sixty(places: int) -> None:
    simulation, others = flood(places, tokens=100)

    assert is_kept(simulation)
    assert max(wholes(simulation, others)) <= 5


@pytest.mark.parametrize(("tokens", "channels"), [(60, 250), (500, 250), (60, 1)])
def test_who_comes_into_a_flood_of_250_has_a_sign_and_words_as_if_there_was_none(
    tokens: int, channels: int
) -> None:
    """One person asks for more than there are posts in the minute, or more than the channel takes."""
    simulation, others = flood(tokens=tokens, count=250, channels=channels, until=60.0)
    words = [exchange.first_words_at - exchange.asked_at for exchange in others if exchange.first_words_at]

    assert not simulation.refusals
    assert max(signs(simulation, others)) < 1.5
    assert len(words) == len(others)
    assert max(words) < 4


def test_of_those_who_ask_much_each_has_a_turn_before_any_has_two() -> None:
    """Posts are given in turn even if one of them asked it all before the others came."""
    simulation = Simulation()
    asked = [
        simulation.ask(1.0 + at, "C1", user=user)
        for user, at in (("U1", 0), ("U2", 1), ("U3", 2))
        for _ in range(20)
    ]
    simulation.run()
    order = [call.exchange.question.user for call in simulation.posts if call.is_answer]
    late = order[10:50]

    assert is_kept(simulation)
    assert len(asked) == 60
    for start in range(36):
        counts = [late[start : start + 6].count(user) for user in ("U1", "U2", "U3")]
        assert max(counts) - min(counts) <= 2
