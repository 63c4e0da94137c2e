"""Slack refuses how an answer looks: it comes in smaller messages, then as plain text, then as a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.message import Action, Content
from bot.core.question import Question
from bot.core.stream import Finished, Text
from bot.core.texts import Language, texts_in
from bot.engine.exchange import Ending, Exchange
from tests.engine.admitted import admitted
from tests.engine.thread import Thread

EN = texts_in(Language.EN)
QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
WHOLE = Finished("end_turn", None)
TABLE = "| h | h |\n| --- | --- |\n| cell{0} | cell{1} |\n\n"
ANSWER = "".join(
    f"# part{number}\n\n" + f"word{number} and more. " * 20 + "\n\n" + TABLE.format(number, number + 100)
    for number in range(60)
)

MARKED = re.compile(r"(?:part|word|cell)\d+")


def tables(content: Content) -> int:
    return 0 if content.is_plain else content.body.count("| --- |")


REFUSALS: dict[str, Callable[[Content], bool]] = {
    "two tables": lambda content: tables(content) > 1,
    "a table": lambda content: tables(content) > 0,
    "more than ten headings": lambda content: content.body.count("# part") > 10,
    "more than 2,000 characters": lambda content: len(content.body) > 2_000 and not content.is_plain,
    "all blocks": lambda content: not content.is_plain,
    "one word": lambda content: "word7 " in content.body and not content.is_plain,
}


def answered(refuses: Callable[[Content], bool], text: str = ANSWER, piece: int = 700) -> Thread:
    exchange = admitted(Exchange(QUESTION, 0.0, 1.5))
    thread = Thread(exchange, {}, refuses)
    exchange.greet("On it.")
    for start in range(0, len(text), piece):
        thread.hears(Text(text[start : start + piece]))
    thread.hears(WHOLE)
    return thread


@pytest.mark.parametrize("refuses", REFUSALS.values(), ids=list(REFUSALS))
@pytest.mark.parametrize("piece", [700, len(ANSWER)])
def test_every_word_is_shown_in_its_order_however_much_is_refused(
    refuses: Callable[[Content], bool], piece: int
) -> None:
    thread = answered(refuses, piece=piece)
    words = MARKED.findall(thread.answer)

    assert list(dict.fromkeys(words)) == list(dict.fromkeys(MARKED.findall(ANSWER)))
    assert thread.exchange.is_over
    assert thread.exchange.ending is None


@pytest.mark.parametrize("refuses", REFUSALS.values(), ids=list(REFUSALS))
def test_no_word_goes_and_no_button_stays_that_does_nothing(refuses: Callable[[Content], bool]) -> None:
    thread = answered(refuses)

    assert all(least <= letters for letters, least in zip(thread.letters, thread.seen, strict=True))
    stops = [
        content for content in thread.contents if content.button and content.button.action is Action.STOP
    ]
    assert stops == []


def test_what_was_learned_holds_for_the_rest_of_the_answer() -> None:
    """A refusal for each level, and at most one more for a message that had grown too far."""
    assert answered(REFUSALS["two tables"]).refused <= 2
    assert answered(REFUSALS["all blocks"]).refused <= 4


def test_an_acknowledgement_that_is_refused_is_said_in_plain_text() -> None:
    exchange = admitted(Exchange(QUESTION, 0.0, 1.5))
    thread = Thread(exchange, {}, REFUSALS["all blocks"])
    exchange.greet("On it.")
    thread.settle()

    assert [(step.message.content.body, step.message.content.is_plain) for step in thread.begun] == [
        ("On it.", True)
    ]


def test_an_acknowledgement_that_is_refused_for_good_does_not_keep_the_answer() -> None:
    thread = answered(lambda content: content.body == "On it.", text="Because.")

    assert thread.answer == "Because."


@pytest.mark.parametrize("shown", [0, 3])
def test_where_nothing_more_is_taken_a_sentence_says_so(shown: int) -> None:
    thread = answered(lambda content: "part3" in content.body and not content.body.startswith(EN.unshown))
    kept = thread.contents

    assert EN.unshown in (kept[-1].note, kept[-1].body)
    assert [content.button for content in kept] == [None] * len(kept)
    assert thread.exchange.is_over
    assert f"part{shown}" in thread.answer or shown == 3


def test_where_even_the_sentence_is_refused_it_ends() -> None:
    thread = answered(lambda _content: True)

    assert thread.contents == []
    assert thread.exchange.ending is Ending.REFUSED


@given(st.integers(0, 5), st.lists(st.booleans(), min_size=1, max_size=40))
def test_it_comes_to_its_end_whatever_is_refused(start: int, pattern: list[bool]) -> None:
    calls = iter([False] * start + pattern * 40)
    thread = answered(lambda _content: next(calls, False), text=ANSWER[:6_000], piece=900)

    assert thread.exchange.is_over


def test_a_refusal_of_what_can_be_asked_next_costs_only_that() -> None:
    exchange = admitted(Exchange(QUESTION, 0.0, 1.5))
    thread = Thread(exchange, {}, lambda content: bool(content.follow_ups))
    exchange.await_suggestions()
    thread.hears(Text("Because."))
    thread.hears(WHOLE)
    exchange.suggest((thread.contents[0].body,))
    thread.settle()

    assert thread.answer == "Because."
    assert exchange.ending is None
