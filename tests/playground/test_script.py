"""What the playground's scripted model says."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.safety import neutralise
from bot.playground.bedrock_rules import tokens
from bot.playground.message_blocks import stored
from bot.playground.rendering import rendered
from bot.playground.script import acknowledge, answer


def conversation(*turns: str) -> list[dict[str, Any]]:
    """The turns in Converse's form; the user has the first and the last word."""
    return [
        {"role": "assistant" if number % 2 else "user", "content": [{"text": text}]}
        for number, text in enumerate(turns)
    ]


@pytest.mark.parametrize("question", ["What is a B-tree?", "B-트리가 뭐야?", "What is Duet?", "Duet이 뭐야?"])
def test_every_answer_says_first_that_a_script_speaks(question: str) -> None:
    assert "the playground's scripted model" in answer(conversation(question)).splitlines()[0]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is Duet?", "never leaves people waiting"),
        ("Hello!", "never leaves people waiting"),
        ("Why two messages?", "Why two messages"),
        ("How does it stay inside Slack's rate limits?", "chat.update"),
        ("How do I connect a real Slack and AWS?", "manifest.yml"),
        ("How do I integrate it into Slack?", "manifest.yml"),
        ("What does an answer cost?", "$0.002"),
        ("How do I ask a follow-up?", "in the thread"),
        ("Duet이 뭐야?", "기다리게 하지 않는"),
        ("안녕하세요!", "기다리게 하지 않는"),
        ("너는 누구야?", "기다리게 하지 않는"),
        ("왜 메시지가 두 개야?", "메시지가 두 개인 이유"),
        ("Slack은 속도 제한을 어떻게 지켜?", "chat.update"),
        ("실제 Slack에 어떻게 연결해?", "python -m bot"),
        ("답변 하나에 비용이 얼마야?", "$0.002"),
        ("이어서 질문하려면 어떻게 해?", "다시 멘션"),
    ],
)
def test_a_newcomers_question_about_duet_is_answered(question: str, words: str) -> None:
    assert words in answer(conversation(question))


@pytest.mark.parametrize("question", ["Which Markdown can Slack show?", "마크다운 서식을 보여 줘"])
def test_every_markdown_feature_is_shown_to_whoever_asks_and_stands_in_slack(question: str) -> None:
    blocks = stored([{"type": "markdown", "text": neutralise(answer(conversation(question)))}])
    shown = "".join(block["html"] for block in rendered(blocks, {}))

    for tag in ("h1", "h2", "h3", "strong", "em", "s", "code", "ul", "ol", "blockquote", "hr", "table"):
        assert f"<{tag}" in shown
    assert re.search(r"<li>[^<]*<ul>", shown)  # one within another
    assert shown.count('type="checkbox"') == 2
    assert shown.count(" disabled checked>") == 1
    assert '<a href="https://docs.slack.dev/' in shown
    assert 'class="align-right"' in shown
    code = re.findall("<pre><code>(.*?)</code></pre>", shown, re.DOTALL)
    assert ["<span" in block for block in code] == [True] * 5  # of each the language is known


@pytest.mark.parametrize(
    "question",
    [
        "What is AWS Lambda?",
        "How does nginx limit requests?",
        "쿠버네티스 비밀은 어떻게 바꿔?",
        "Why is Rust hard?",
    ],
)
def test_another_question_gets_a_structured_answer_that_names_it(question: str) -> None:
    text = answer(conversation(question))

    assert f"## “{question.rstrip('?')}”" in text
    assert all(part in text for part in ("\n1. ", "\n- ", "\n|---", "\n```python\n"))
    assert 350 <= len(tokens(text)) <= 500


def test_the_last_question_decides_the_language() -> None:
    assert "각본 모델" in answer(conversation("What is a mutex?", "A lock.", "그럼 세마포어는?"))
    assert "각본 모델" not in answer(conversation("뮤텍스가 뭐야?", "잠금입니다.", "And a semaphore?"))


def test_a_follow_up_tells_how_the_conversation_began() -> None:
    text = answer(
        conversation("What is a mutex?", "A lock.", "And a semaphore?", "A counter.", "Which first?")
    )

    assert "question 3 of a conversation that began with “What is a mutex”" in text


def test_a_first_question_has_no_history_to_tell() -> None:
    assert "conversation that began" not in answer(conversation("What is a mutex?"))


@pytest.mark.parametrize(
    "question", ["Tell me about whales, a long answer please", "고래에 대해 자세히 아주 길게"]
)
def test_a_long_answer_fills_several_messages_and_comes_to_its_end(question: str) -> None:
    text = answer(conversation(question))

    assert 17_500 <= len(text) <= 19_500
    assert text.count("```") % 2 == 0
    assert text.endswith(("the answer is complete.", "모두 답변했습니다."))


@pytest.mark.parametrize(
    "question", ["How long does a handshake take?", "Stay as long as you like", "길이가 뭐야?"]
)
def test_not_everything_long_asks_for_a_long_answer(question: str) -> None:
    assert len(answer(conversation(question))) < 2_000


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "What is the Python GIL?",
            "I understand your question about the Python GIL and am preparing a detailed answer!",
        ),
        (
            "How does TCP work?",
            "I understand your question about TCP and am preparing a detailed answer!",
        ),
        ("Why?", "I understand your question and am preparing a detailed answer!"),
        ("파이썬 GIL이 뭔가요?", "파이썬 GIL에 대한 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!"),
        ("왜 이렇게 느려?", "“왜 이렇게 느려”라는 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!"),
    ],
)
def test_an_acknowledgement_is_one_sentence_that_names_the_subject_where_that_helps(
    question: str, sentence: str
) -> None:
    assert acknowledge(conversation(question)) == sentence


@settings(deadline=None)
@given(st.text(min_size=1))
def test_an_acknowledgement_stays_short_whatever_is_asked(question: str) -> None:
    said = acknowledge(conversation(question))

    assert len(tokens(said)) <= 60
    assert "\n" not in said


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_there_is_an_answer_to_everything(turns: list[str]) -> None:
    assert answer(conversation(*turns)).strip()


def test_a_mention_is_no_part_of_the_question() -> None:
    assert "## “Why is the sky blue”" in answer(conversation("<@U0BOT> Why is the sky blue?"))


def test_a_long_question_is_quoted_by_its_beginning() -> None:
    heading = answer(conversation("Why " + "very " * 50 + "late?\nTraceback: …")).splitlines()[2]

    assert heading.startswith("## “Why very very")
    assert heading.endswith("…”")
    assert len(heading) < 70


def test_what_is_no_text_is_passed_over() -> None:
    picture = {"image": {"format": "png", "source": {"bytes": "aGk="}}}

    said = answer([{"role": "user", "content": [picture, {"text": "Why is it blue?"}]}])

    assert "## “Why is it blue”" in said


def asked(*blocks: dict[str, Any], question: str = "Why is it blue?") -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*blocks, {"text": question}]}]


def document(data: bytes, form: str = "txt") -> dict[str, Any]:
    source = {"bytes": b64encode(data).decode()}
    return {"document": {"format": form, "name": "document-1", "source": source}}


@pytest.mark.parametrize(
    ("block", "item"),
    [
        (
            {"image": {"format": "png", "source": {"bytes": b64encode(bytes(12_345)).decode()}}},
            "image (png, 12.3 kB)",
        ),
        (
            {"video": {"format": "mp4", "source": {"bytes": b64encode(bytes(50)).decode()}}},
            "video (mp4, 0.1 kB)",
        ),
        (document(b"%PDF-1.4", "pdf"), "document (pdf, 0.0 kB)"),
        (
            document(b"\n \n# One  `line`\ntwo\n" * 100, "md"),
            "document (md, 2.1 kB), which begins: `# One 'line'`",
        ),
        (document(b"a" * 200, "csv"), f"document (csv, 0.2 kB), which begins: `{'a' * 59}…`"),
        (document(b" \n", "txt"), "document (txt, 0.0 kB)"),
    ],
    ids=["image", "video", "pdf", "markdown", "csv", "blank"],
)
def test_an_answer_says_what_it_was_given(block: dict[str, Any], item: str) -> None:
    assert f"\n\nThis came with your question:\n\n- {item}\n\n## “Why" in answer(asked(block))


def test_what_was_given_is_said_in_the_questions_language() -> None:
    said = answer(asked(document("첫째 줄\n둘째 줄".encode()), question="이게 뭐야?"))

    assert "\n\n질문과 함께 받은 것은 다음과 같습니다.\n\n- 문서 (txt, 0.0 kB), 첫 줄: `첫째 줄`\n\n" in said


def test_only_what_came_with_the_last_question_is_said() -> None:
    turns = [*asked(document(b"one")), {"role": "assistant", "content": [{"text": "So."}]}]

    assert "came with" not in answer(turns + asked())
    assert "`two`" in answer(turns + asked(document(b"two")))
    assert "`one`" not in answer(turns + asked(document(b"two")))


@pytest.mark.parametrize(
    "question", ["What does an answer cost?", "답변 하나의 비용은 얼마인가요?", "Why is the sky blue?"]
)
def test_after_an_answer_it_suggests_what_it_can_answer_and_has_not(question: str) -> None:
    suggested = acknowledge(conversation(question, "…", "What could I ask next?")).splitlines()

    assert len(suggested) == 3
    assert question not in suggested
    assert all("{" not in line and len(line) <= 75 for line in suggested)
    answers = {answer(conversation(each)) for each in suggested}
    assert len(answers) == 3
    assert not any("those I can answer" in each for each in answers)
