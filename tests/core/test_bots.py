"""Apps that ask: their ids, and the bound on answers to them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.bots import (
    MAX_ANSWERS_IN_CHANNEL,
    MAX_ANSWERS_IN_THREAD,
    WINDOW_SECONDS,
    bot_in,
    ids_in,
    may_answer,
)
from bot.core.question import Question
from bot.engine.bots import BotQuestions


@pytest.mark.parametrize(
    ("event", "bot", "ids"),
    [
        ({"user": "U1"}, "", {"U1"}),
        ({"user": "U1", "bot_id": "B1", "app_id": "A1"}, "B1", {"U1", "B1", "A1"}),
        ({"user": "U1", "bot_id": "B1", "bot_profile": {"app_id": "A1"}}, "B1", {"U1", "B1", "A1"}),
        ({"subtype": "bot_message", "bot_id": "B1"}, "B1", {"B1"}),
        ({"subtype": "bot_message", "username": "hook"}, "unknown", set()),
        ({"user": None, "bot_id": None, "bot_profile": "x"}, "", set()),
    ],
)
def test_who_posted_a_message_is_known_by_all_its_ids(event: dict[str, Any], bot: str, ids: set[str]) -> None:
    assert (bot_in(event), ids_in(event)) == (bot, ids)


def ask(thread_ts: str, channel: str = "C1") -> Question:
    return Question("T1", channel, "B1", "why?", ts=f"{thread_ts}9", thread_ts=thread_ts, bot="B1")


def test_in_a_thread_bots_are_answered_five_times_an_hour() -> None:
    now = [0.0]
    questions = BotQuestions(lambda: now[0])
    answered = [questions.take(ask("1.0")) for _ in range(8)]
    assert answered == [True] * MAX_ANSWERS_IN_THREAD + [False] * 3
    assert questions.take(ask("2.0"))

    now[0] = WINDOW_SECONDS
    assert questions.take(ask("1.0"))


def test_bots_that_begin_a_thread_each_time_are_answered_thirty_times_an_hour_in_a_channel() -> None:
    questions = BotQuestions(lambda: 0.0)
    answered = [questions.take(ask(f"{number}.0")) for number in range(40)]

    assert sum(answered) == MAX_ANSWERS_IN_CHANNEL
    assert questions.take(ask("1.0", channel="C2"))


@given(st.lists(st.tuples(st.floats(0, 600), st.sampled_from(["1.0", "2.0"])), max_size=80))
def test_no_hour_has_more_answers_than_are_allowed(asked: list[tuple[float, str]]) -> None:
    now, answered = [0.0], list[tuple[float, str]]()
    questions = BotQuestions(lambda: now[0])
    for pause, thread_ts in asked:
        now[0] += pause
        if questions.take(ask(thread_ts)):
            answered.append((now[0], thread_ts))
    for at, thread_ts in answered:
        within = [each for when, each in answered if at - WINDOW_SECONDS < when <= at]
        assert within.count(thread_ts) <= MAX_ANSWERS_IN_THREAD
        assert len(within) <= MAX_ANSWERS_IN_CHANNEL


def test_what_is_an_hour_old_does_not_count() -> None:
    assert not may_answer([1.0] * MAX_ANSWERS_IN_THREAD, [], WINDOW_SECONDS)
    assert may_answer([0.0] * MAX_ANSWERS_IN_THREAD, [], WINDOW_SECONDS)
    assert not may_answer([], [1.0] * MAX_ANSWERS_IN_CHANNEL, WINDOW_SECONDS)
