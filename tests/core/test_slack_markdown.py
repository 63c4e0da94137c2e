"""Emphasis beside letters of scripts without spaces, and words in angle brackets, show as they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.safety import Safe
from bot.core.slack_markdown import for_slack

READER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
INVISIBLE = re.compile("[\u200b\u2060]")


def shown(text: str) -> str:
    """What CommonMark makes of what Slack is given, as a reader sees it."""
    html = READER.renderInline(for_slack(Safe(text)))
    return INVISIBLE.sub("", html).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**GIL(전역 락)**은 하나다", "<strong>GIL(전역 락)</strong>은 하나다"),
        ("**“인용”**이라고", "<strong>“인용”</strong>이라고"),
        ("그는**「전역」**을 뜻한다", "그는<strong>「전역」</strong>을 뜻한다"),
        ("**CPU 100%**까지", "<strong>CPU 100%</strong>까지"),
        ("**注意（重要）**请看", "<strong>注意（重要）</strong>请看"),
        ("**注意。**次の文", "<strong>注意。</strong>次の文"),
        ("**カタカナ（例）**です", "<strong>カタカナ（例）</strong>です"),
        ("*기울임(예)*은", "<em>기울임(예)</em>은"),
        ("***둘 다(예)***는", "<em><strong>둘 다(예)</strong></em>는"),
        ("~~지움(예)~~은", "<s>지움(예)</s>은"),
        ("**`asyncio`**는 빠르다", "<strong><code>asyncio</code></strong>는 빠르다"),
        ("**하나(1)**과 **둘(2)**는", "<strong>하나(1)</strong>과 <strong>둘(2)</strong>는"),
        ("**밖 *안(x)*의 끝**", "<strong>밖 <em>안(x)</em>의 끝</strong>"),
        ("API**(접점)**는", "API<strong>(접점)</strong>는"),
        ("**값(원)**A는", "<strong>값(원)</strong>A는"),
    ],
)
def test_emphasis_that_ends_in_punctuation_before_a_letter_is_emphasis(text: str, html: str) -> None:
    assert html not in READER.renderInline(text)

    assert shown(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "2**(3)**4 is no emphasis",
        "**이미** 굵다, **이것(x)** 도",
        r"\**여는 것이 아니다(x)**은",
        "`**코드(x)**은` 그대로",
        "``a ` **코드(x)**은`` 그대로",
        "**닫히지 않은(x) 것은",
        "see <https://example.com/a> or <mail@example.com>",
        "x**(n)은 y**(m)보다",
        "[a page](<https://example.com/a page>)",
        "a < b and c > d",
    ],
)
def test_what_reads_right_already_is_left_alone(text: str) -> None:
    assert for_slack(Safe(text)) == text


def test_code_in_fences_is_left_alone_and_what_follows_is_not() -> None:
    code = "```\n**코드(x)**은 <div>\n```\n"

    assert for_slack(Safe(f"{code}**말(x)**은")) == f"{code}**말(x)\u2060**\u200b은"


@pytest.mark.parametrize(
    "text", ["Map<String, List<Integer>>", "<div class='a'></div>", "<!-- note -->", "<name>", "<#general>"]
)
def test_words_in_angle_brackets_are_no_sequences_of_slacks(text: str) -> None:
    given_to_slack = for_slack(Safe(text))

    assert not re.search(r"<[A-Za-z/!@#][^>]*>", given_to_slack)
    assert INVISIBLE.sub("", given_to_slack) == text


@given(st.text(st.sampled_from("가a(*)~`<>\\ \n「"), max_size=60))
def test_only_invisible_characters_are_added_outside_code_and_only_once(text: str) -> None:
    once = for_slack(Safe(text))
    code = [token.content for token in flat(text) if token.type in ("code_inline", "fence")]

    assert INVISIBLE.sub("", once) == text
    assert for_slack(once) == once
    assert [token.content for token in flat(once) if token.type in ("code_inline", "fence")] == code


def flat(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").parse(text):
        yield token
        yield from token.children or ()
