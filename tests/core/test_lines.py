"""Which messages in a row are one question, and for how long the next one is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.conversation import Remark, Role
from bot.core.files import SharedFile
from bot.core.lines import (
    MAX_EARLY_STARTS,
    MAX_LINES,
    SETTLE_SECONDS,
    goes_on,
    joined,
    looks_unfinished,
    reread,
    settle_seconds,
    whole_root,
)
from bot.core.question import Question

FIRST = Question("T1", "D1", "U1", "hey", ts="1.0")
FILE = SharedFile("F1", "a.png")


def line(
    text: str,
    ts: str = "2.0",
    channel: str = "D1",
    user: str = "U1",
    team: str = "T1",
    thread_ts: str | None = None,
) -> Question:
    return Question(team, channel, user, text, ts=ts, thread_ts=thread_ts)


@pytest.mark.parametrize(
    "text",
    [
        "hey",
        "Hi!",
        "hello there :)",
        "Good morning Duet",
        "hey, quick question",
        "Quick question:",
        "i have a question",
        "I have a question about python",
        "i have this list of names",
        "can you",
        "can you…",
        "could you please",
        "can I ask you something?",
        "translate this:",
        "it fails when I call it, and",
        "one more thing",
        "so...",
        "안녕하세요",
        "안녕하세요!",
        "저기요",
        "질문 있어요",
        "질문 하나 있습니다.",
        "안녕하세요, 질문 있어요",
        "파이썬 관련해서 궁금한 게 있어요",
        "로그인이 안 되는데요",
        "혹시",
        "",
    ],
)
def test_greetings_announcements_and_what_breaks_off_look_unfinished(text: str) -> None:
    assert looks_unfinished(text)
    assert settle_seconds(line(text), 0) == SETTLE_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "why?",
        "why is the sky blue?",
        "hi, why is the sky blue?",
        "can you explain DNS",
        "hey can you summarise this thread",
        "explain python decorators",
        "history of Rome",
        "hierarchy",
        "I have a bug, how do I fix it",
        "I have a question, why is the sky blue",
        "I have a bug how do I fix it?",
        "what is vitamin a",
        "translate good morning into Korean",
        "GIL이 뭔가요?",
        "안녕하세요, GIL이 뭔가요?",
        "음악 추천해줘",
        "파이썬 데코레이터 설명해줘",
        "x" * 5_000,
        "hey " * 2_000,
    ],
)
def test_a_lone_question_waits_for_nothing(text: str) -> None:
    assert not settle_seconds(line(text), 0)


def test_a_file_without_words_waits_for_them() -> None:
    assert settle_seconds(Question("T1", "D1", "U1", "", ts="1.0", files=(FILE,)), 0) == SETTLE_SECONDS


@pytest.mark.parametrize(
    ("text", "starts", "seconds"),
    [
        ("why is that?", 0, 0.0),
        ("설명해 주세요", 1, 0.0),
        ("and how do I sort it by key", 0, SETTLE_SECONDS),
        ("why is that?", MAX_EARLY_STARTS, SETTLE_SECONDS),
    ],
)
def test_whoever_wrote_several_lines_may_write_another_and_many_cost_no_more_than_few(
    text: str, starts: int, seconds: float
) -> None:
    assert settle_seconds(joined(FIRST, line(text)), starts) == seconds


@pytest.mark.parametrize(
    "other",
    [
        line("why?", thread_ts="1.0"),
        line("why?", channel="C1"),
        line("why?", channel="D2"),
        line("why?", user="U2"),
        line("why?", team="T2"),
        line("why?", ts="0.0"),
        line("why?", ts="1.0"),
        Question("T1", "D1", "U1", "why?", trigger_id="2.0"),
    ],
)
def test_only_a_later_message_of_the_same_person_at_top_level_goes_on_a_question(other: Question) -> None:
    assert goes_on(FIRST, line("why?"))
    assert not goes_on(FIRST, other)


def test_what_was_asked_in_a_channel_or_again_takes_no_lines() -> None:
    assert not goes_on(line("hey", channel="C1", ts="1.0"), line("why?", channel="C1"))
    assert not goes_on(Question("T1", "D1", "U1", "hey", ts="1.0", retry=1), line("why?"))


def test_lines_keep_the_key_of_the_first_and_their_files() -> None:
    shown = Question("T1", "D1", "U1", "", ts="2.0", files=(FILE,))
    whole = joined(joined(FIRST, shown), line("why?", ts="3.0"))

    assert (whole.key, whole.text, whole.files, whole.lines) == (
        FIRST.key,
        "hey\nwhy?",
        (FILE,),
        ("2.0", "3.0"),
    )


def test_a_line_that_is_overtaken_by_the_next_stands_before_it() -> None:
    whole = joined(line("why?", ts="2.0"), line("hey", ts="1.9"))

    assert goes_on(line("why?", ts="2.0"), line("hey", ts="1.9"))
    assert (whole.key, whole.text, whole.lines) == ("D1/2.0", "hey\nwhy?", ("1.9",))


@given(st.integers(1, 60))
def test_a_question_has_so_many_lines_at_most(count: int) -> None:
    question = FIRST
    for number in range(count):
        another = line("and", ts=f"{number + 2}.0")
        question = joined(question, another) if goes_on(question, another) else question

    assert len(question.lines) + 1 == min(count + 1, MAX_LINES)


def remark(ts: str, text: str, *lines: str) -> Remark:
    return Remark(ts, Role.ASSISTANT if lines else Role.USER, text, lines=lines)


def test_lines_are_read_as_they_stand_and_without_those_that_are_gone() -> None:
    question = joined(joined(FIRST, line("how?")), line("when?", ts="3.0"))
    stands = [remark("3.0", "when then?"), remark("1.0", "hey"), remark("2.5", "an answer's root")]

    assert (reread(question, stands).text, reread(question, stands).lines) == ("hey\nwhen then?", ("3.0",))
    assert reread(question, []) == question


def test_the_first_message_of_a_thread_says_all_lines_of_its_question() -> None:
    thread = [remark("1.0", "hey"), remark("1.5", "Because.", "2.0"), remark("4.0", "and then?")]
    stands = [remark("1.0", "hey"), remark("2.0", "why?")]

    assert [each.text for each in whole_root(thread, stands)] == ["hey\nwhy?", "Because.", "and then?"]
    assert whole_root(thread, []) == thread
    assert whole_root(thread[:1], stands) == thread[:1]
