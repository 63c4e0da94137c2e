"""The acknowledgement: one sentence about this question, whatever a model says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench.acknowledgements import ENGLISH, KOREAN
from bot.core.acknowledgement import MAX_CHARACTERS, Flaw, first_sentence, flaw, stand_in, wording
from bot.core.texts import Language, language_of

KEYS = "How do I rotate IAM access keys without downtime?"
GIL = "파이썬 GIL이 뭔가요?"


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ("  질문을 이해했습니다!\n", "질문을 이해했습니다!"),
        ('"On it."', "On it."),
        ("“준비하고 있습니다!”", "준비하고 있습니다!"),
        ("On it.\nThe answer is 42.", "On it."),
        ("On it! The answer is 42.", "On it!"),
        ("Node.js 20, understood: on it.", "Node.js 20, understood: on it."),
        ("<thinking>The user\nasks why.</thinking>\nOn it.", "On it."),
        ("<thinking>a</thinking>", ""),
        (" \n ", ""),
        ('""', ""),
    ],
)
def test_of_a_reply_its_first_sentence_is_taken(reply: str, sentence: str) -> None:
    assert first_sentence(reply) == sentence


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (KEYS, "You'd like to rotate IAM access keys without downtime, and I'm preparing a detailed answer!"),
        (KEYS, "Rotating access keys with no downtime: a detailed answer is on its way!"),
        (KEYS, "IAM key rotation, understood: I'm putting together the details!"),
        (GIL, "파이썬 GIL에 대한 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!"),
        (GIL, "GIL이 무엇인지 궁금하시군요, 자세한 설명을 준비하고 있습니다."),
        ("How do I check a port?", "You want to check a port, and I'm preparing a detailed answer!"),
        ("로그를 검색하는 법을 알려줘", "로그를 검색하는 방법에 대해 상세한 답변을 준비하고 있습니다!"),
        (KEYS, "Thanks for asking about rotating IAM access keys; a detailed answer is being prepared!"),
        ("Is Python slow?", "You'd like to know if Python is slow, and I'm preparing a detailed answer!"),
        ("Fix this query", "You’d like this query fixed, and I’m preparing a detailed answer!"),
        (GIL, "파이썬 GIL이 무엇인지에 대해 상세한 답변을 준비 중입니다!"),
        (GIL, "GIL에 대해 문의하셨으며, 답변을 준비하고 있으니 잠시만 기다려 주세요!"),
        ("17 곱하기 23은?", "17 곱하기 23에 대한 답변을 준비하고 있습니다!"),
        ("app.py를 고쳐줘", "app.py 수정을 요청하셨군요, 상세한 답변을 준비하고 있습니다!"),
        ("쿼리가 느립니다", "“쿼리가 느립니다”라는 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!"),
        ("Fix `foo_bar()` in app.py", "Fixing foo_bar() in app.py, understood: I'm preparing an answer!"),
        ("GILとは何ですか?", "GILについてのご質問を承りました、詳しい回答を準備しています!"),
        ("データベースの索引が遅いです", "データベースの索引についてのご質問ですね、回答を準備しています!"),
        ("Warum ist der Server langsam?", "Ihre Frage zum langsamen Server: Ich bereite eine Antwort vor!"),
        ("Why?", "I understand your question and am preparing a detailed answer!"),
        ("왜요?", "질문을 이해했으며, 상세한 답변을 준비하고 있습니다!"),
    ],
)
def test_a_sentence_about_the_question_may_stand(asked: str, sentence: str) -> None:
    assert flaw(sentence, asked, language_of(asked)) is None


@pytest.mark.parametrize(
    ("asked", "sentence", "broken"),
    [
        (KEYS, "", Flaw.EMPTY),
        (KEYS, "I understand your question and am preparing a detailed answer!", Flaw.OFF_SUBJECT),
        (GIL, "질문을 이해했으며, 상세한 답변을 준비하고 있습니다!", Flaw.OFF_SUBJECT),
        (GIL, "I understand your question about the GIL and am preparing an answer!", Flaw.OTHER_LANGUAGE),
        (KEYS, "IAM 키 교체에 대한 답변을 준비하고 있습니다!", Flaw.OTHER_LANGUAGE),
        (KEYS, f"You ask about {'access keys and ' * 9}I'm preparing an answer!", Flaw.TOO_LONG),
        (KEYS, "**IAM access keys**: I'm preparing a detailed answer!", Flaw.MARKED_UP),
        (KEYS, "Which access keys do you mean, so that I can prepare an answer?", Flaw.ASKS),
        (GIL, "GIL의 어떤 점을 설명해 드릴까요", Flaw.ASKS),
        (KEYS, "Sorry, I can't help with access keys.", Flaw.REFUSES),
        (GIL, "죄송하지만 GIL에 대해서는 답변드릴 수 없습니다.", Flaw.REFUSES),
        (KEYS, "I searched our wiki for access keys and am preparing an answer!", Flaw.CLAIMS),
        (KEYS, "I'm checking your access keys and preparing an answer!", Flaw.CLAIMS),
        (GIL, "GIL 문서를 검색했으며, 상세한 답변을 준비하고 있습니다!", Flaw.CLAIMS),
        (GIL, "GIL에 대해 조사한 뒤 답변을 준비하겠습니다!", Flaw.CLAIMS),
        ("What is the capital of France?", "Paris is the capital of France; details follow!", Flaw.ANSWERS),
        ("What is 17 times 23?", "17 times 23 is 391, and I'm preparing a detailed answer!", Flaw.ANSWERS),
        (
            GIL,
            "GIL은 한 번에 한 스레드만 바이트코드를 실행하게 하는 잠금이라는 설명을 준비 중!",
            Flaw.ANSWERS,
        ),
        (KEYS, "Create a second key, swap it in, then delete access keys: details follow!", Flaw.ANSWERS),
        ("2+2는 얼마인가요?", "2+2는 4이며, 상세한 답변을 준비하고 있습니다!", Flaw.ANSWERS),
        (KEYS, "Rotating access keys is a bad idea, and I'm preparing a detailed answer!", Flaw.ANSWERS),
        ("Is Python slow?", "Python is slow, and I'm preparing a detailed answer!", Flaw.ANSWERS),
        ("Does HTTP/2 need TLS?", "HTTP/2 does not need TLS: details are on their way!", Flaw.ANSWERS),
        ("Should I use git?", "You shouldn't use git, and I'm preparing the details!", Flaw.ANSWERS),
        (GIL, "파이썬 GIL은 전역 인터프리터 락이며 상세한 답변을 준비하고 있습니다!", Flaw.ANSWERS),
        (GIL, "GIL을 끄는 것이 좋으며, 상세한 답변을 준비하고 있습니다!", Flaw.ANSWERS),
        ("저장해도 안전한가요?", "네, 저장해도 안전합니다, 답변을 준비하고 있습니다!", Flaw.ANSWERS),
        ("저장해도 안전한가요?", "아니요, 저장에 대한 답변을 준비하고 있습니다!", Flaw.ANSWERS),
        ("VPN이 안 돼요", "VPN을 재설치해 보세요, 자세한 안내를 준비하고 있습니다!", Flaw.ANSWERS),
        (KEYS, "I have prepared a detailed answer about rotating access keys!", Flaw.CLAIMS),
        (KEYS, "I've looked at your access keys and am preparing an answer!", Flaw.CLAIMS),
        (KEYS, "I need more details about your access keys.", Flaw.ASKS),
        (GIL, "파이썬 GIL에 대해 더 자세히 알려 주세요.", Flaw.ASKS),
        ("네트워크가 느려요", "질문을 이해했으며, 상세한 답변을 준비하고 있습니다!", Flaw.OFF_SUBJECT),
        (KEYS, "You want to rotate IAM access keys without downtime.", Flaw.ANNOUNCES_NOTHING),
    ],
)
def test_a_sentence_that_breaks_a_rule_may_not_stand(asked: str, sentence: str, broken: Flaw) -> None:
    assert flaw(sentence, asked, language_of(asked)) is broken


def test_no_wording_stands_twice_in_a_row_whatever_it_is_about() -> None:
    first = "I understand your question about mutexes and am preparing a detailed answer!"
    second = "I understand your question about semaphores and am preparing a detailed answer!"
    before = wording(first, "What is a mutex?")

    assert "mutex" not in before
    assert flaw(second, "What are semaphores?", Language.EN, before) is Flaw.REPEATS
    other = "Semaphores, understood: the details are on their way!"
    assert flaw(other, "What are semaphores?", Language.EN, before) is None


@pytest.mark.parametrize("asked", [*ENGLISH, *KOREAN])
def test_what_stands_in_keeps_the_rules_and_says_it_differently_each_time(asked: str) -> None:
    language = language_of(asked)
    before = ""
    for _ in range(3):
        sentence = stand_in(asked, language, before)
        assert len(sentence) <= MAX_CHARACTERS
        assert flaw(sentence, asked, language, before) in (None, Flaw.MARKED_UP)  # as the question is
        assert "…" in wording(sentence, asked) or "17" in asked
        assert wording(sentence, asked) != before
        before = wording(sentence, asked)


@pytest.mark.parametrize(
    ("asked", "quoted"),
    [
        ("hey\nquick question\ncan you explain DNS?", "can you explain DNS"),
        ("안녕하세요!\n질문이 있어요.\nDNS가 뭔가요?", "DNS가 뭔가요"),
        ("Why does it fail?\nTraceback (most recent call last):", "Why does it fail"),
        ("My Node.js 20.1 app hangs. Any idea?", "My Node.js 20.1 app hangs"),
        ("서버가 자꾸 죽어요. 뭐부터 봐야 할까요?", "서버가 자꾸 죽어요"),
    ],
)
def test_what_stands_in_quotes_the_first_sentence_that_tells_what_it_is_about(
    asked: str, quoted: str
) -> None:
    assert f"“{quoted}”" in stand_in(asked, language_of(asked))


@pytest.mark.parametrize("language", list(Language))
def test_what_stands_in_without_words_of_the_asker_keeps_the_rules(language: Language) -> None:
    for file in ("", "plan.pdf"):
        before = ""
        for _ in range(2):
            sentence = stand_in("", language, before, file)
            assert file in sentence
            assert flaw(sentence, file, language, before) is None
            before = wording(sentence, file)


@pytest.mark.parametrize("language", list(Language))
@given(asked=st.text(max_size=300))
def test_something_short_stands_in_for_every_question(language: Language, asked: str) -> None:
    assert 0 < len(stand_in(asked, language)) <= MAX_CHARACTERS


@given(sentence=st.text(max_size=200), asked=st.text(max_size=200))
def test_what_may_stand_is_short_and_not_empty(sentence: str, asked: str) -> None:
    said = first_sentence(sentence)

    assert flaw(said, asked, Language.EN) or 0 < len(said) <= MAX_CHARACTERS
