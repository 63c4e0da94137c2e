"""Which questions must and which must not share an answer."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answers import EVERYBODY, Kept, folded, key_of, means_always_the_same, read_kept
from bot.core.files import SharedFile
from bot.core.message_text import words
from bot.core.question import Place, Question

QUESTION = Question("T1", "C1", "U1", "Why is the sky blue?", ts="1.0")


def key(
    question: Question = QUESTION, fingerprint: str = "models and prompts", audience: str = EVERYBODY
) -> str:
    return key_of(question, fingerprint, audience)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Why is the sky blue?", "why is the sky blue"),
        ("Why is the sky blue?", "  Why is  the\nsky blue ?  "),
        ("Why is the sky blue?", "Why is the sky blue？"),
        ("Explain DNS.", "explain DNS"),
        ("Compare A and B (both): costs", "Compare A  and B (both): costs"),
        ("What's a T-shirt?", "what's a  T-shirt"),
        ("하늘은 왜 파란가요?", "하늘은  왜 파란가요"),
        ("DNS를 설명해 주세요.", "DNS를  설명해 주세요"),
        ("캐시란 무엇입니까？", "캐시란 무엇입니까"),
        ("캐시가 빠른가요?", unicodedata.normalize("NFD", "캐시가 빠른가요?")),
        ("Café prices in Paris?", "Cafe\u0301 prices in Paris?"),
    ],
)
def test_what_cannot_change_the_meaning_makes_no_difference(one: str, other: str) -> None:
    assert key(replace(QUESTION, text=one)) == key(replace(QUESTION, text=other)) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("docker run -d", "docker run -D"),
        ("What is 2¹⁰?", "What is 210?"),
        ("What is 2½?", "What is 21⁄2?"),
        ("What is H₂O?", "What is H2O?"),
        ("The cache works!", "The cache works?"),
        ("The cache works.", "The cache works?"),
        ("됐어요?", "됐어요"),
        ("됐어요.", "됐어요?"),
        ("What is 5!", "What is 5"),
        ("What does `ls  -l` do?", "What does `ls -l` do?"),
        ('What is "a  b"?', 'What is "a b"?'),
        ("What is 'a  b'?", "What is 'a b'?"),
        ("```\nif x:\n    y\nz\n```", "```\nif x:\n    y\n    z\n```"),
        ("if x\n  y\nz", "if x\n  y\n  z"),
        ("a:\n  b: 1\nc: 2", "a:\n  b: 1\n  c: 2"),
        ("a: b\nc: d", "a: b c: d"),
        ("What is ＡＢ?", "What is AB?"),
        ("What is US policy?", "What is us policy?"),
        ("IT pays", "It pays"),
        ("C or Rust?", "c or Rust?"),
        ("Map() in JS?", "map() in JS?"),
        ("What is ①?", "What is 1?"),
        ("What is ß?", "What is ss?"),
        ("type of 5.", "type of 5"),
        ("glob *.?", "glob *."),
        ("What is v1..", "What is v1"),
        ("Why so?!", "Why so?"),
        ("Why…", "Why"),
        ("What is ﬁ?", "What is fi?"),
        ("What is a\u200bb?", "What is ab?"),
        ("Why is the sky blue?", "Why is the sea blue?"),
        ("Why is the sky blue?", "?Why is the sky blue"),
    ],
)
def test_what_can_change_the_meaning_makes_two_questions(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    "text",
    [
        *("What did we ship today?", "Who is on call this week?", "What is the latest version of Node?"),
        *("what's the weather in Seoul", "Is the build broken now?", "What changed since Monday?"),
        *("What happened two days ago?", "Plans for next quarter?", "TODAY의 메뉴", "What's new in Python?"),
        *(
            "When is the release?",
            "what time is it?",
            "the last 3 releases",
            "ｔｏｄａｙ's menu",
            "to\u200bday",
        ),
        *(
            "오늘 뭐 먹지?",
            "이번 주 일정 알려 주세요",
            "최신 버전이 뭐예요?",
            "현재 상태는?",
            "지금 몇 시야?",
        ),
        *(
            "어제 배포한 거 뭐예요",
            "다음 주 회의",
            "금요일까지 되나요?",
            "3일 전 로그",
            "요즘 환율",
            "내년 예산",
        ),
        unicodedata.normalize("NFD", "오늘 날씨"),
    ],
)
def test_what_depends_on_the_time_is_not_shared(text: str) -> None:
    assert key(replace(QUESTION, text=text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        *("What is my budget?", "Who am I?", "Am I on call?", "Do I have access?", "what did I miss"),
        *("Give us our roadmap", "Which tickets are mine?", "Where do we deploy?", "Write me a reference"),
        *(
            "내 연차 며칠 남았어?",
            "내가 쓴 코드",
            "제 일정",
            "나는 누구야?",
            "저한테 할당된 이슈",
            "우리 팀 규칙은?",
        ),
        *("저희 배포 절차", "우리의 목표"),
    ],
)
def test_what_depends_on_who_asks_is_not_shared(text: str) -> None:
    assert key(replace(QUESTION, text=text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        *(
            "What is this channel about?",
            "이 채널은 뭐 하는 곳이에요?",
            "who is here",
            "Ask <@U1AB> why",
            "See #plans",
        ),
        *(
            "> a quotation\n\nIs that so?",
            "[A forwarded message:]\n> a secret",
            "What does @ada do?",
            "?!",
            "",
            "  ",
        ),
        "And https://ours.slack.com/archives/C1/p1700000000000100?",
    ],
)
def test_what_depends_on_the_place_or_on_other_words_is_not_shared(text: str) -> None:
    assert key(replace(QUESTION, text=text)) == ""


def test_what_somebody_forwards_is_shared_with_nobody() -> None:
    forward = {"is_share": True, "text": "We merge with Acme.", "author_name": "Ada"}
    for text in ("", "Is that so?"):
        said = words({"user": "U1", "text": text, "attachments": [forward]}, "UBOT")
        assert "Acme" in said
        assert key(replace(QUESTION, text=said)) == ""


@pytest.mark.parametrize(
    "text",
    [
        *(
            "How do I rotate keys?",
            "Should I use tabs?",
            "Tell me about DNS",
            "What is the capital of the US?",
        ),
        *(
            "Explain the time complexity of quicksort",
            "What does HTTP status 404 mean?",
            "Knowledge about snow",
        ),
        *(
            "DNS가 뭔가요?",
            "우리나라 수도는 어디인가요?",
            "내부 클래스란 무엇인가요?",
            "제네릭을 설명해 주세요",
        ),
        *("국내 법인 설립 절차", "나무 자료구조", "CPU나 GPU 차이", "저장소 패턴이란?"),
    ],
)
def test_what_means_the_same_for_all_is_shared(text: str) -> None:
    assert means_always_the_same(text)


def test_it_does_not_matter_who_asks_when_or_in_which_open_channel() -> None:
    asked_elsewhere = replace(QUESTION, user="U2", channel="C2", ts="2.0", thread_ts="2.0")
    by_command = replace(QUESTION, ts=None, trigger_id="3")

    assert key() == key(asked_elsewhere) == key(by_command) != ""


def test_all_that_shapes_an_answer_is_in_its_key() -> None:
    others = {
        key(replace(QUESTION, team="T2")),
        key(fingerprint="other models"),
        key(audience="D1"),
        key(audience="D2"),
        key(replace(QUESTION, spoken="ko")),
    }

    assert len(others - {"", key()}) == 5


@pytest.mark.parametrize(
    "question",
    [
        replace(QUESTION, thread_ts="0.5"),
        replace(QUESTION, files=(SharedFile("F1", "plan.pdf"),)),
        replace(QUESTION, retry=1),
        replace(QUESTION, lines=("2.0",)),
    ],
    ids=["in a thread", "with a file", "asked again", "in several messages"],
)
def test_these_share_with_nobody(question: Question) -> None:
    assert key(question) == key(audience="") == ""


@given(st.text(), st.text())
def test_different_words_never_share(one: str, other: str) -> None:
    if folded(one) == folded(other):
        one, other = (unicodedata.normalize("NFC", text) for text in (one, other))
        letters = ["".join(filter(str.isalnum, text)) for text in (one, other)]
        assert letters[0][1:] == letters[1][1:]


@given(st.text())
def test_folding_twice_changes_nothing_more_but_marks(text: str) -> None:
    assert folded(folded(text)).rstrip(".?。？ ") == folded(text).rstrip(".?。？ ")


@pytest.mark.parametrize(
    "piece", ["a ", "what is ", "'a-", "this a ", "do i ", "> [", "왜 ", "? ", "  ", "\n "]
)
def test_long_texts_are_looked_through_in_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * size
        began = time.process_time()
        folded(text)
        means_always_the_same(text)
        return time.process_time() - began

    short = min(seconds(4_000) for _ in range(3))
    assert min(seconds(16_000) for _ in range(3)) < 12 * max(short, 0.001)


def test_what_is_kept_is_read_as_it_was_written() -> None:
    kept = Kept("Because: “왜”\n", Place("C1", "1.0"))
    assert read_kept(kept.encoded()) == kept
    assert [read_kept(other) for other in ("Because.", "1", "[1]", "{}")] == [None] * 4
