"""Which questions must and which must not share an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answers import key_of
from bot.core.files import SharedFile
from bot.core.question import Question

QUESTION = Question("T1", "C1", "U1", "Why is the sky blue?", ts="1.0")


def key(
    question: Question = QUESTION, fingerprint: str = "models and prompts", *, is_open: bool = True
) -> str:
    return key_of(question, fingerprint, is_open=is_open)


@pytest.mark.parametrize(
    "text",
    [
        "why is the sky blue",
        "WHY IS THE SKY BLUE?!",
        "  Why is  the\nsky blue ?  ",
        "Why is the sky blue...",
        "Why is the sky blue？",
        "Ｗｈｙ is the sky blue",
    ],
)
def test_case_white_space_and_closing_punctuation_make_no_difference(text: str) -> None:
    assert key(replace(QUESTION, text=text)) == key()


@pytest.mark.parametrize(
    ("one", "other"),
    [("하늘은 왜 파란가요?", "하늘은  왜 파란가요"), ("하늘은 왜 파란가요。", "하늘은 왜 파란가요")],
)
def test_korean_questions_share_likewise(one: str, other: str) -> None:
    assert key(replace(QUESTION, text=one)) == key(replace(QUESTION, text=other)) != key()


def test_it_does_not_matter_who_asks_when_or_in_which_open_channel() -> None:
    asked_elsewhere = replace(QUESTION, user="U2", channel="C2", ts="2.0", thread_ts="2.0")
    by_command = replace(QUESTION, ts=None, trigger_id="3")

    assert key() == key(asked_elsewhere) == key(by_command) != ""


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, text="Why is the sea blue?"),
        replace(QUESTION, text="Why is the sky blue? And the sea?"),
        replace(QUESTION, text="?Why is the sky blue"),
        replace(QUESTION, team="T2"),
    ],
    ids=["other words", "more words", "a mark in front", "other team"],
)
def test_these_do_not_share(other: Question) -> None:
    assert key(other) not in ("", key())


def test_what_was_said_in_a_closed_room_is_shared_in_no_other() -> None:
    one, other = replace(QUESTION, channel="D1"), replace(QUESTION, channel="D2")
    assert key(one, is_open=False) not in {key(other, is_open=False), key(other), key()}
    assert key(one, is_open=False) == key(replace(one, ts="2.0"), is_open=False)


def test_another_model_or_prompt_gives_another_answer() -> None:
    assert key(fingerprint="other models") != key()


@pytest.mark.parametrize(
    "question",
    [
        replace(QUESTION, thread_ts="0.5"),
        replace(QUESTION, files=(SharedFile("F1", "plan.pdf"),)),
        replace(QUESTION, text="And https://ours.slack.com/archives/C1/p1700000000000100?"),
        replace(QUESTION, retry=1),
        replace(QUESTION, text="?!"),
        replace(QUESTION, text=""),
    ],
    ids=["in a thread", "with a file", "with a link", "asked again", "only marks", "nothing"],
)
def test_these_share_with_nobody(question: Question) -> None:
    assert key(question) == ""


@given(st.text(), st.text())
def test_different_words_never_share(one: str, other: str) -> None:
    same = key(replace(QUESTION, text=one)) == key(replace(QUESTION, text=other))
    letters = ["".join(filter(str.isalnum, text.casefold())) for text in (one, other)]

    if same and all(letter.isascii() for letter in letters):
        assert letters[0] == letters[1]
