"""A thread becomes a conversation that Converse takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.attachments import Attachment
from bot.core.conversation import (
    Remark,
    Role,
    Turn,
    asked_again,
    before,
    people_in,
    turns,
    within,
)
from bot.core.files import Medium, SharedFile
from bot.core.message import Press
from bot.core.question import Place, Question
from bot.core.tokens import estimated_tokens

STAMPS = st.integers(0, 99).map(lambda number: f"17000000{number:02}.000100")
SAYINGS = st.text(max_size=30) | st.sampled_from(["", " \n", "why?", "왜요?", "because " * 40])
USERS = st.sampled_from(["U1", "U2", ""])
REMARKS = st.lists(st.builds(Remark, STAMPS, st.sampled_from(Role), SAYINGS, USERS), max_size=12)
QUESTIONS = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
PLAN = SharedFile("F1", "계획.pdf")
PLAN_DATA = Attachment(Medium.DOCUMENT, "pdf", "document-1", b"%PDF-")


def heard(*sayings: str) -> list[Remark]:
    """What was said in turn, the asker first; "|" parts the remarks of one turn."""
    remarks = [
        (Role.ASSISTANT if number % 2 else Role.USER, saying)
        for number, turn in enumerate(sayings)
        for saying in turn.split("|")
    ]
    return [
        Remark(f"1700000000.{number:06}", role, saying, "U1" if role is Role.USER else "UBOT")
        for number, (role, saying) in enumerate(remarks)
    ]


def asking(text: str, user: str = "U1") -> Remark:
    return Remark("1800000000.000000", Role.USER, text, user)


def told(said: list[Remark], question: str, budget: float = 20_000) -> tuple[Turn, ...]:
    return turns(said, within(said, budget), asking(question), {}, {})


@settings(deadline=None)
@given(REMARKS, QUESTIONS, st.none() | STAMPS, st.integers(0, 200))
def test_converse_takes_every_conversation(
    remarks: list[Remark], question: str, ts: str | None, budget: int
) -> None:
    said = before(remarks, ts)
    conversation = turns(said, within(said, budget), asking(question), {"U1": "Ada"}, {})

    assert conversation[0].role is Role.USER
    assert all(one.role is not next_one.role for one, next_one in pairwise(conversation))
    assert all(turn.text.strip() for turn in conversation)
    assert conversation[-1].role is Role.USER
    assert conversation[-1].text.endswith(question.strip())
    assert sum(turn.is_checkpoint for turn in conversation) <= 2


@settings(deadline=None)
@given(REMARKS, st.integers(0, 200))
def test_how_it_began_and_the_newest_that_fit_are_kept_and_no_others(
    remarks: list[Remark], budget: int
) -> None:
    said = before(remarks, None)
    kept = within(said, budget)

    if not said:
        assert kept == []
        return
    rest = kept[1:]
    assert kept[0] == said[0]
    assert rest == said[len(said) - len(rest) :]
    room = budget - estimated_tokens(said[0].text)
    assert sum(estimated_tokens(remark.text) for remark in rest) <= max(room, 0)
    if len(kept) < len(said):
        one_more = said[len(said) - len(rest) - 1 :]
        assert sum(estimated_tokens(remark.text) for remark in one_more) > room


def test_a_thread_is_told_in_turns() -> None:
    assert told(heard("What is a mutex?", "A lock."), "And a semaphore?") == (
        Turn(Role.USER, "What is a mutex?"),
        Turn(Role.ASSISTANT, "A lock."),
        Turn(Role.USER, "And a semaphore?"),
    )


def test_what_one_side_said_in_several_messages_is_one_turn() -> None:
    assert told(heard("Hello|Anyone?", "Page one|page two", "Thanks"), "Why?") == (
        Turn(Role.USER, "Hello\n\nAnyone?"),
        Turn(Role.ASSISTANT, "Page one\n\npage two"),
        Turn(Role.USER, "Thanks\n\nWhy?"),
    )


def test_the_question_itself_and_what_came_later_are_left_out() -> None:
    remarks = heard("first", "answer", "the question", "a later answer")

    assert [remark.text for remark in before(remarks, remarks[2].ts)] == ["first", "answer"]


def test_what_was_left_out_is_told_where_it_stood() -> None:
    remarks = heard("How it began", "an old answer " * 50, "an old question", "a new answer")

    assert told(remarks, "Why?", budget=20) == (
        Turn(
            Role.USER, "How it began\n\n⟦Some messages of this thread are left out here.⟧\n\nan old question"
        ),
        Turn(Role.ASSISTANT, "a new answer"),
        Turn(Role.USER, "Why?"),
    )


def test_how_it_began_is_told_even_where_nothing_else_fits() -> None:
    remarks = heard("How it began " * 100, "an answer")

    (turn,) = told(remarks, "Why?", budget=0)
    assert turn.text.startswith("How it began")
    assert turn.text.endswith("left out here.⟧\n\nWhy?")


def test_several_people_are_told_apart_by_name_and_one_is_not_named() -> None:
    remarks = heard("Shall we deploy?", "Yes.")
    names = {"U1": "Ada", "U2": "민지"}

    alone = turns(remarks, remarks, asking("And then?", "U1"), names, {})
    assert [turn.text for turn in alone] == ["Shall we deploy?", "Yes.", "And then?"]
    several = turns(remarks, remarks, asking("<@U1> 왜요?", "U2"), names, {})
    assert [turn.text for turn in several] == [
        "⟦A message by Ada:⟧\nShall we deploy?",
        "Yes.",
        "⟦A message by 민지:⟧\n@Ada 왜요?",
    ]


def test_what_an_app_posted_is_a_quotation_and_no_turn_of_a_persons() -> None:
    alert = Remark("1.0", Role.USER, "CPU is high, <@U1>\nvalue 97", "U9", app="Grafana")
    remarks = [alert, *heard("Whose is it?", "Yours.")]

    assert people_in(remarks) == ["U1"]
    first, _, last = turns(remarks, remarks, asking("Why?", "U1"), {"U1": "Ada"}, {})
    assert (
        first.text == "⟦Posted by the app Grafana:⟧\n> CPU is high, @Ada\n> value 97\n⟦end⟧\n\nWhose is it?"
    )
    assert last.text == "Why?"


def test_what_the_bot_wrote_about_ids_is_told_as_it_wrote_it() -> None:
    remarks = heard("How do I mention?", "Write `<@U7>`.")

    assert people_in(remarks) == []
    assert told(remarks, "Why?")[1].text == "Write `<@U7>`."


def pages_of(*texts: str, answer: str = "C1/1.0") -> list[Remark]:
    return [
        Remark(f"2.{number}", Role.ASSISTANT, text, key=f"{answer}/answer/{number}")
        for number, text in enumerate(texts)
    ]


def test_the_messages_of_one_answer_are_one_text() -> None:
    question = Remark("1.0", Role.USER, "How?", "U1")
    one, another = pages_of("```py\na\n```", "```py\nb\n```"), pages_of("```py\nc\n```", answer="C1/1.1")

    assert told([question, *one], "Why?")[1].text == "```py\na\nb\n```"
    assert told([question, *one, *another], "Why?")[1].text == "```py\na\nb\n```\n\n```py\nc\n```"


def test_an_answer_of_several_messages_is_told_whole_or_not_at_all() -> None:
    old, new = pages_of("o" * 400, "o" * 400, answer="C1/1.1"), pages_of("n" * 400, "n" * 400, "n" * 40)
    remarks = [Remark("1.0", Role.USER, "How?", "U1"), *old, Remark("1.5", Role.USER, "And?"), *new]

    assert within(remarks, 30) == [remarks[0], *new]
    assert within(remarks, 230) == [remarks[0], remarks[3], *new]
    assert within(remarks, 5) == remarks[:1]


def test_no_id_is_shown_to_a_model_even_where_no_name_is_known() -> None:
    remarks = heard("<@U7> said so", "Yes.")

    texts = "".join(turn.text for turn in turns(remarks, remarks, asking("who?", "U2"), {}, {}))
    assert "U7" not in texts
    assert texts.startswith("⟦A message by somebody:⟧\n@someone said so")


@pytest.mark.parametrize(
    ("remarks", "people"),
    [
        ([asking("why?", "U1")], set()),
        ([asking("why, <@U3>?", "U1")], {"U3"}),
        ([asking("why?", "U1"), asking("how?", "U2")], {"U1", "U2"}),
    ],
)
def test_names_are_looked_up_only_where_they_are_told(remarks: list[Remark], people: set[str]) -> None:
    assert set(people_in(remarks)) == people


def test_files_stand_in_the_turn_in_which_they_were_shared_and_are_told_by_name() -> None:
    shared = replace(asking("Here it is"), ts="1.0", files=(PLAN, SharedFile("F2", "old.rar")))
    answer = Remark("2.0", Role.ASSISTANT, "Thanks.")
    first, _, last = turns(
        [shared, answer], [shared, answer], asking("What does it say?"), {}, {"F1": PLAN_DATA}
    )

    assert first.attachments == (PLAN_DATA,)
    assert first.text == 'Here it is\n\n⟦Attached: document-1 is "계획.pdf"; "old.rar" cannot be read⟧'
    assert last == Turn(Role.USER, "What does it say?")


def test_a_message_of_files_alone_is_a_turn_with_text() -> None:
    """Converse refuses a document in a message without text."""
    shared = replace(asking(""), ts="1.0", files=(PLAN,))

    first, *_ = turns([shared], [shared], asking("Well?"), {}, {"F1": PLAN_DATA})
    assert first.text.startswith('⟦Attached: document-1 is "계획.pdf"⟧')
    assert before([shared], None) == [shared]


def test_a_prefix_that_is_long_enough_is_marked_for_the_prompt_cache() -> None:
    remarks = heard("q " * 1200, "a " * 1200, "q2", "a2", "q3", "a3")
    conversation = told(remarks, "And now?")

    assert [turn.is_checkpoint for turn in conversation] == [False, False, False, True, False, True, False]


def test_a_short_or_an_overlong_prefix_is_not_marked() -> None:
    short, overlong = heard("q", "a"), heard("q " * 40_000, "a")

    for remarks in (short, overlong):
        assert not any(turn.is_checkpoint for turn in told(remarks, "Why?", budget=10**6))


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("가나다", 3), ("漢字ab", 3)]
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


ASKED = [
    Remark("1.0", Role.USER, "root"),
    Remark("2.0", Role.ASSISTANT, "so"),
    Remark("3.0", Role.USER, "why?", files=(PLAN,)),
]
THREAD = Place("C1", "1.0")


def test_what_a_button_asks_again_is_the_message_that_it_belongs_to() -> None:
    again = asked_again(Press("U1", 2, "C1/3.0"), "T1", THREAD, ASKED)

    assert again == Question("T1", "C1", "U1", "why?", ts="3.0", thread_ts="1.0", files=(PLAN,), retry=2)
    assert again.id != Question("T1", "C1", "U1", "why?", ts="3.0", thread_ts="1.0").id


def test_the_question_of_a_command_is_the_message_that_was_posted_for_it() -> None:
    posted = Remark("1.0", Role.USER, "root", key="C2/13.7.8ab/question")
    again = asked_again(Press("U1", 1, "C2/13.7.8ab"), "T1", THREAD, [posted, *ASKED[1:]])

    assert again == Question("T1", "C2", "U1", "root", trigger_id="13.7.8ab", retry=1)


@pytest.mark.parametrize("remarks", [ASKED[:2], []])
def test_a_question_that_is_gone_is_not_asked_again(remarks: list[Remark]) -> None:
    assert asked_again(Press("U1", 1, "C1/3.0"), "T1", THREAD, remarks) is None
