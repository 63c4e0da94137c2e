"""A notification says the words of an answer, and nothing of its markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.message import Content, Kind, Outgoing
from bot.core.notification import notification
from bot.core.plain_words import plain_words
from bot.core.safety import Safe, neutralise


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("# Title\n\n## C# and more ##\n\ntext", "Title\n\nC# and more\n\ntext"),
        ("The **GIL** is a *global* __lock__, ~~not~~ _gone_", "The GIL is a global lock, not gone"),
        ("***both*** and **bold *in* it**", "both and bold in it"),
        ("**GIL(전역 락)**은 **굵게**", "GIL(전역 락)은 굵게"),
        ("**GIL(전역 락)\u2060**은", "GIL(전역 락)은"),
        ("Call `f(*args, **kwargs)` or ``a`b``", "Call f(*args, **kwargs) or a`b"),
        ("**the `x` function**", "the x function"),
        ("```python\nx = 1  # **one**\n```\n\ndone", "x = 1  # **one**\n\ndone"),
        ("- ~~~\n  x\n  ~~~", "x"),
        ("| Name | Size |\n| :-- | --: |\n| `a` | **1** \\| 2 |", "Name, Size\na, 1 | 2"),
        ("Name | Size\n--- | ---", "Name | Size"),
        ("- one\n  * two\n+ [x] three\n- [ ] four\n1. five", "• one\n  • two\n• three\n• four\n1. five"),
        ("> a quote\n>> in another", "a quote\nin another"),
        ("one\n\n---\n\ntwo\n***\nTitle\n===", "one\n\ntwo\nTitle"),
        ("[the docs](https://x.example/a_(b)) and <https://y.example>", "the docs and https://y.example"),
        ("![a cat](https://x.example 'cat')", "![a cat](https://x.example 'cat')"),
        ('[a](<https://x.example/(y)> "title")', "a"),
        ("2 * 3 * 4, snake_case_name, x ** y, 5 < 6", "2 * 3 * 4, snake_case_name, x ** y, 5 < 6"),
        ("\\*not bold\\* 1\\. &lt;b&gt; &amp; AT&T", "*not bold* 1. <b> & AT&T"),
        ("The **GIL is", "The GIL is"),
        ("Use `f", "Use f"),
        ("```py\nx = 1", "x = 1"),
        ("see [docs](https://x", "see docs"),
        ("", ""),
    ],
)
def test_marks_go_and_words_stay(markdown: str, words: str) -> None:
    assert plain_words(markdown) == words


MARKS = st.sampled_from(
    [
        "**",
        "*",
        "_",
        "`",
        "```",
        "~~",
        "[",
        "](",
        ")",
        "|",
        "---",
        "# ",
        "> ",
        "\n",
        "- ",
        "<",
        ">",
        "\\",
        "!",
    ]
)


@settings(deadline=None)
@given(st.lists(MARKS | st.text("ab가 1", min_size=1, max_size=4), max_size=40).map("".join))
def test_no_letter_of_a_text_without_addresses_and_languages_is_lost(markdown: str) -> None:
    markdown = markdown.replace("](", "] (").replace("```", "```\n").replace("~~~", "~~~\n")

    assert "".join(filter(str.isalnum, plain_words(markdown))) == "".join(filter(str.isalnum, markdown))


def test_a_line_of_marks_is_read_in_no_time() -> None:
    for mark in ("**", "*a ", "[", "[a](", "`", "_a ", "~~", "| ", "<a:", "\\"):
        plain_words(mark * 2_000)


# The text of a message


def shown(body: str, kind: Kind = Kind.ANSWER) -> str:
    return notification(Outgoing(kind, Content(neutralise(body)), "C1/1.0/answer/0"))


def test_the_text_of_an_answer_is_plain_words_escaped_once() -> None:
    assert shown("**a** & b < c") == "a &amp; b &lt; c"


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (Kind.ANSWER, "Python", "Answer: Python"),
        (Kind.ANSWER, "**", "Answer: …"),
        (Kind.ANSWER, "`파이썬`", "답변: 파이썬"),
        (Kind.QUESTION, "> Why?", "Question: Why?"),
        (Kind.ACKNOWLEDGEMENT, "Okay.", "I understand your question and am preparing a detailed answer!"),
        (Kind.ACKNOWLEDGEMENT, "On it.", "On it."),
    ],
)
def test_one_word_does_not_stand_alone(kind: Kind, body: str, words: str) -> None:
    assert shown(body, kind) == words


@settings(deadline=None)
@given(
    st.lists(
        MARKS | st.sampled_from(["@", "here", "!here", "@U2", "#C2", "&lt;", "channel", "x"]), max_size=20
    ).map("".join)
)
def test_nothing_in_a_notification_notifies(body: str) -> None:
    """Neither do words that stand together once the marks between them are gone."""
    text = shown(body)

    assert "<" not in text
    assert not re.search("@(here|channel)(?![a-z0-9_])", text)
    assert len(text) < 4_000


def test_an_answer_of_any_length_has_a_text_that_an_edit_takes() -> None:
    assert len(shown("😀 <" * 5_500).encode("utf-16-le")) // 2 < 4_000
    assert Safe("x") in shown("x " * 5_500)
