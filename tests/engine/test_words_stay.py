"""No edit leaves fewer of an answer's words than were on screen, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.draft import Draft
from bot.core.errors import Fault, ModelError
from bot.core.journal import Entry, Noted
from bot.core.layout import LEVELS
from bot.core.message import Standing
from bot.core.question import Question
from bot.core.stream import Failed, Finished, Notice, StreamEvent, Text
from bot.core.texts import Language, texts_in
from bot.engine.exchange import Exchange
from tests.engine.admitted import admitted
from tests.engine.thread import PLACE, Thread

EN = texts_in(Language.EN)
QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
RETRIED = replace(QUESTION, retry=1)
WHOLE, LIMIT = Finished("end_turn", None), Finished("max_tokens", None)
BUSY = Failed(ModelError(Fault.BUSY, "ThrottlingException"))
STOPPED = Failed(ModelError(Fault.STOPPED, "stopped"))
ENDS = (WHOLE, LIMIT, BUSY, STOPPED)
# Words of both scripts, short lines and long ones, so that messages are cut at many places.
PIECES = st.lists(
    st.sampled_from(
        ["word " * 40, "한국어 문장입니다. " * 60, "\n\n", "# Title\n\n", "| a | b |\n| - | - |\n", "x"]
    ),
    max_size=60,
)


def standing(text: str) -> Mapping[str, Standing]:
    pages = Draft(text).contents(EN) if text.strip() else ()
    return {
        f"C1/1.0/answer/{number}": Standing(f"{number + 3}.0", content.body)
        for number, content in enumerate(pages)
    }


def resumed(question: Question, stood: Mapping[str, Standing]) -> Thread:
    exchange = admitted(Exchange(question, 0.0, 1.5, resumes=True))
    exchange.greet("On it.")
    thread = Thread(exchange, stood)
    exchange.opened(PLACE, stood, 0.0)
    return thread


@given(PIECES, PIECES, st.sampled_from(ENDS), st.sampled_from([QUESTION, RETRIED]))
def test_no_edit_of_an_answer_that_is_gone_on_with_leaves_fewer_words(
    before: list[str], now: list[str], end: StreamEvent, question: Question
) -> None:
    thread = resumed(question, standing("".join(before)))
    for piece in now:
        thread.hears(Text(piece))
    thread.hears(end)

    assert thread.letters == sorted(thread.letters)
    assert thread.exchange.is_over


@given(PIECES)
def test_no_edit_of_an_answer_that_grows_leaves_fewer_words(pieces: list[str]) -> None:
    exchange = admitted(Exchange(QUESTION, 0.0, 1.5))
    thread = Thread(exchange, {})
    shown = [0]
    for piece in pieces:
        thread.hears(Text(piece))
        shown.append(len(thread.answer))
    thread.hears(WHOLE)

    # For a moment a message and the next one may both show what passes from one to the other.
    assert all(least <= letters for letters, least in zip(thread.letters, thread.seen, strict=True))
    assert shown == sorted(shown)


@pytest.mark.parametrize("end", [BUSY, STOPPED, WHOLE, Notice("Ask me something.")])
def test_words_that_stand_are_kept_whatever_comes_of_the_next_try(end: StreamEvent) -> None:
    thread = resumed(QUESTION, standing("Because it is so."))
    thread.hears(Text("Be"))
    assert thread.begun == []

    thread.hears(end)
    assert thread.answer.startswith("Because it is so.")


def test_another_answer_that_began_to_replace_the_first_stays_when_its_process_ends() -> None:
    regenerated = replace(RETRIED, replaces=True)

    assert Entry(regenerated).going_on.replaces
    assert not Entry(regenerated, noted=Noted({"answer": Standing("3.0", "Be")})).going_on.replaces


def test_a_message_that_gets_shorter_waits_for_the_next_one_to_hold_its_words() -> None:
    limit = LEVELS[0].units
    thread = Thread(admitted(Exchange(QUESTION, 0.0, 1.5)), {})
    thread.hears(Text("word " * (limit // 8) + "\n\n" + "word " * (limit // 20)))
    assert [step.number for step in thread.begun] == [0]

    thread.hears(Text("word " * (limit // 20)))
    assert [(step.number, step.ts is None) for step in thread.begun[1:]] == [(1, True), (0, False)]
