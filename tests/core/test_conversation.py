"""A thread becomes a conversation that Converse takes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.conversation import CONTEXT_TOKENS, Remark, Role, Turn, asked_again, estimated_tokens, turns
from bot.core.message import Press
from bot.core.question import Place, Question

STAMPS = st.integers(0, 99).map(lambda number: f"17000000{number:02}.000100")
SAYINGS = st.text(max_size=30) | st.sampled_from(["", " \n", "why?", "왜요?", "because " * 40])
REMARKS = st.lists(st.builds(Remark, STAMPS, st.sampled_from(Role), SAYINGS), max_size=12)
QUESTIONS = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))


def heard(*sayings: str) -> list[Remark]:
    """What was said in turn, the asker first; "|" parts the remarks of one turn."""
    remarks = [
        (Role.ASSISTANT if number % 2 else Role.USER, saying)
        for number, turn in enumerate(sayings)
        for saying in turn.split("|")
    ]
    return [Remark(f"1700000000.{number:06}", role, saying) for number, (role, saying) in enumerate(remarks)]


@settings(deadline=None)
@given(REMARKS, QUESTIONS, st.none() | STAMPS, st.integers(0, 200))
def test_converse_takes_every_conversation(
    remarks: list[Remark], question: str, before: str | None, budget: int
) -> None:
    conversation = turns(remarks, question, before, budget)

    assert conversation[0].role is Role.USER
    assert all(one.role is not next_one.role for one, next_one in pairwise(conversation))
    assert all(turn.text.strip() for turn in conversation)
    assert conversation[-1].role is Role.USER
    assert conversation[-1].text.endswith(question.strip())


@settings(deadline=None)
@given(REMARKS, QUESTIONS, st.none() | STAMPS, st.integers(0, 200))
def test_the_newest_remarks_that_fit_are_kept_and_no_others(
    remarks: list[Remark], question: str, before: str | None, budget: int
) -> None:
    said = sorted(
        (remark for remark in remarks if remark.text.strip() and (before is None or remark.ts < before)),
        key=lambda remark: remark.ts,
    )
    room = budget - estimated_tokens(question)
    sizes = [estimated_tokens(remark.text) for remark in said]
    kept = max((n for n in range(len(said) + 1) if n == 0 or sum(sizes[-n:]) <= room), default=0)
    while kept and said[-kept].role is Role.ASSISTANT:
        kept -= 1

    expected = [remark.text.strip() for remark in said[len(said) - kept :]] + [question.strip()]
    assert "\n\n".join(turn.text for turn in turns(remarks, question, before, budget)) == "\n\n".join(
        expected
    )


def test_a_thread_is_told_in_turns() -> None:
    assert turns(heard("What is a mutex?", "A lock."), "And a semaphore?", None) == (
        Turn(Role.USER, "What is a mutex?"),
        Turn(Role.ASSISTANT, "A lock."),
        Turn(Role.USER, "And a semaphore?"),
    )


def test_what_one_side_said_in_several_messages_is_one_turn() -> None:
    assert turns(heard("Hello|Anyone?", "Page one|page two", "Thanks"), "Why?", None) == (
        Turn(Role.USER, "Hello\n\nAnyone?"),
        Turn(Role.ASSISTANT, "Page one\n\npage two"),
        Turn(Role.USER, "Thanks\n\nWhy?"),
    )


def test_the_question_itself_and_what_came_later_are_left_out() -> None:
    remarks = heard("first", "answer", "the question", "a later answer")

    assert turns(remarks, "the question", before=remarks[2].ts) == (
        Turn(Role.USER, "first"),
        Turn(Role.ASSISTANT, "answer"),
        Turn(Role.USER, "the question"),
    )


def test_an_answer_whose_question_was_dropped_is_dropped_as_well() -> None:
    remarks = heard("q " * 400, "a short answer", "a short question", "another answer")

    assert [turn.text for turn in turns(remarks, "Why?", None, budget=100)] == [
        "a short question",
        "another answer",
        "Why?",
    ]


def test_a_question_longer_than_the_budget_is_asked_all_the_same() -> None:
    question = "why " * CONTEXT_TOKENS

    assert turns(heard("before", "that"), question, None) == (Turn(Role.USER, question.strip()),)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("가나다", 3), ("漢字ab", 3)]
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


ASKED = [
    Remark("1.0", Role.USER, "root"),
    Remark("2.0", Role.ASSISTANT, "so"),
    Remark("3.0", Role.USER, "why?"),
]
THREAD = Place("C1", "1.0")


def test_what_a_button_asks_again_is_the_message_that_it_belongs_to() -> None:
    again = asked_again(Press("U1", 2, "C1/3.0"), "T1", THREAD, ASKED)

    assert again == Question("T1", "C1", "U1", "why?", ts="3.0", thread_ts="1.0", retry=2)
    assert again.id != Question("T1", "C1", "U1", "why?", ts="3.0", thread_ts="1.0").id


def test_the_question_of_a_command_is_what_its_thread_begins_with() -> None:
    again = asked_again(Press("U1", 1, "C2/13.7.8ab"), "T1", THREAD, ASKED)

    assert again == Question("T1", "C2", "U1", "root", trigger_id="13.7.8ab", retry=1)


@pytest.mark.parametrize("remarks", [ASKED[:2], []])
def test_a_question_that_is_gone_is_not_asked_again(remarks: list[Remark]) -> None:
    assert asked_again(Press("U1", 1, "C1/3.0"), "T1", THREAD, remarks) is None


@given(st.from_regex(r"[UW][A-Z0-9]{1,12}", fullmatch=True), st.integers(0, 99), st.text(min_size=1))
def test_what_a_buttons_value_tells_is_read_back(asker: str, retry: int, key: str) -> None:
    press = Press(asker, retry, key)

    assert Press.read(str(press)) == press
