"""What the models are told costs little, and of the first one's reply only a sentence is shown."""

from __future__ import annotations

import pytest

from bot.core import prompts
from bot.core.conversation import Role, Turn
from bot.core.files import SharedFile
from bot.core.question import Place, Question
from bot.core.texts import Language
from bot.core.tokens import estimated_tokens


def question(text: str, *names: str) -> Question:
    files = tuple(SharedFile(f"F{name}", name) for name in names)
    return Question("T1", "C1", "U1", text, ts="1.0", files=files)


def test_the_answering_models_instructions_leave_the_price_to_the_answer() -> None:
    assert estimated_tokens(prompts.answer(()).system) < 250


def test_the_answering_model_reads_the_conversation() -> None:
    turns = (Turn(Role.USER, "a"), Turn(Role.ASSISTANT, "b"), Turn(Role.USER, "c"))
    prompt = prompts.answer(turns)

    assert prompt.turns == turns
    assert prompt.max_tokens == 5_000
    assert 0 < prompt.temperature < 1


def test_the_acknowledging_model_reads_the_beginning_of_the_question_alone() -> None:
    prompt = prompts.acknowledge(question("q" * 10_000))

    assert prompt.turns == (Turn(Role.USER, "q" * 2_000),)
    assert prompt.max_tokens == 60
    assert 0 < prompt.temperature < 1


def test_a_question_is_asked_as_it_is() -> None:
    assert prompts.asked(question("왜요?", "plan.pdf")) == "왜요?"


@pytest.mark.parametrize(("name", "asks"), [("plan.pdf", "What is this about"), ("계획.pdf", "무엇에 관한")])
def test_files_without_a_word_are_asked_about_in_the_language_of_their_names(name: str, asks: str) -> None:
    assert asks in prompts.asked(question("", name))


def test_the_acknowledging_model_is_told_names_and_kinds_of_files_and_no_ids() -> None:
    (turn,) = prompts.acknowledge(question("What does <@U2> say?", "plan.pdf", "사진.png", "x.rar")).turns

    asked, attached = turn.text.split("\n\n")
    assert asked == "What does @someone say?"
    assert attached == '⟦Attached: "plan.pdf" (document), "사진.png" (image), "x.rar"⟧'


@pytest.mark.parametrize(
    ("reply", "suggested"),
    [
        ("Since when?\nWho decided?", ("Since when?", "Who decided?")),
        ("1. Since when?\n2) Who decided?\n- 왜 그런가요?", ("Since when?", "Who decided?", "왜 그런가요?")),
        ('"Since when?"\n\n**Who decided?**\n', ("Since when?", "Who decided?")),
        ("a?\nb?\nc?\nd?", ("a?", "b?", "c?")),
        ("a?\na?", ("a?",)),
        ("x" * 76 + "\n" + "가" * 75, ("가" * 75,)),
        ("<thinking>What next?</thinking>\nSince when?", ("Since when?",)),
        ("Is <!channel> pinged?", ("Is <\u200b!channel> pinged?",)),
        ("2 + 2 is what?", ("2 + 2 is what?",)),
        ("", ()),
    ],
)
def test_of_a_reply_the_lines_that_fit_on_a_button_are_suggested(
    reply: str, suggested: tuple[str, ...]
) -> None:
    assert prompts.suggestions(reply, 3) == suggested


def test_the_suggesting_model_reads_the_question_and_the_beginning_of_the_answer() -> None:
    prompt = prompts.suggest(Question("T1", "C1", "U1", "why?"), "a" * 10_000, 2)

    assert [turn.role for turn in prompt.turns] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert prompt.turns[0].text == "why?"
    assert 1_000 < len(prompt.turns[1].text) < 10_000
    assert "2 short questions" in prompt.turns[2].text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Why?", Language.EN),
        ("왜?", Language.KO),
        ("What does 가 mean?", Language.KO),
        ("ㅋㅋ", Language.KO),
        ("\u1100\u1161", Language.KO),
        ("なぜ?", Language.EN),
        ("", Language.EN),
    ],
)
def test_who_writes_hangul_is_spoken_to_in_korean(text: str, language: Language) -> None:
    assert question(text).language is language


@pytest.mark.parametrize(
    ("ts", "thread_ts", "place", "in_thread"),
    [
        ("2.0", None, Place("C1", "2.0"), False),
        ("2.0", "2.0", Place("C1", "2.0"), False),
        ("2.0", "1.0", Place("C1", "1.0"), True),
        (None, None, None, False),
    ],
)
def test_a_question_is_answered_in_its_thread(
    ts: str | None, thread_ts: str | None, place: Place | None, in_thread: bool
) -> None:
    asked = Question("T1", "C1", "U1", "Why?", ts, thread_ts)

    assert (asked.place, asked.stands_in_thread) == (place, in_thread)


FORWARD = "⟦A forwarded message by 민지:⟧\n> We ship on Friday.\n⟦end⟧"


def test_what_comes_without_a_question_is_asked_about() -> None:
    asked = prompts.asked(question(FORWARD))

    assert asked == f"What is this about, and what in it matters?\n\n{FORWARD}"
    assert prompts.asked(question(f"Is it wise?\n\n{FORWARD}")) == f"Is it wise?\n\n{FORWARD}"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FORWARD, Language.EN),
        (FORWARD.replace("We ship", "배포"), Language.KO),
        (f"괜찮나요?\n\n{FORWARD}", Language.KO),
        ("Is it wise?\n\n> 금요일에 배포합니다.", Language.EN),
    ],
)
def test_an_asker_is_spoken_to_in_the_language_of_what_they_wrote(text: str, language: Language) -> None:
    """Where they wrote nothing, in that of what they forward, whoever wrote it."""
    assert question(text).language is language
