"""What Slack makes of Markdown becomes Markdown again: whoever reads it sees what was written."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core.blocks import markdown_of
from bot.core.mrkdwn import mentioned, naming
from bot.playground.markdown_blocks import translated
from tests.sample_messages import rich_text, section, text


def back(markdown: str) -> str:
    return markdown_of(translated(markdown))


def read(*elements: dict[str, Any]) -> str:
    return markdown_of([rich_text(*elements)])


def line(*elements: dict[str, Any]) -> str:
    return read(section(*elements))


# As it was written


@pytest.mark.parametrize(
    "markdown",
    [
        "Python has a **global interpreter lock** (GIL), *not* a ~~fast~~ one.",
        "***both*** and **bold *in* it**, `code` and **`bold code`**",
        "# Title\n\n## Part\n\n---\n\ntext",
        "- one\n  - two\n    1. three\n    2. four\n  - five\n- six",
        "9. nine\n10. ten\n    - under ten\n11. eleven",
        "1. one\n\n   ```python\n   x = 1\n\n   y = 2\n   ```\n\n2. two",
        "- [x] done\n- [ ] not done\n- an item",
        "> a quote\n> of two lines\n>\n> and two paragraphs",
        "> - quoted\n> - list\n\n> ```sh\n> ls\n> ```",
        "```c++\n#include <x>\n\n\tint a[] = {1};   // **not bold**\n```",
        "````\n```\nfence\n```\n````",
        "[the docs](https://example.com/a_b?x=1&y=2#z) and <https://example.com/c_d>",
        "| Name | Size |\n| :-- | --: |\n| `a\\|b` | **1** |\n| [x](https://y.example) |  |",
        "2 * 3 is 6, snake_case_name, a < b && c > d, C#, 100%, #4711, AT&T, $x_1$, [1], f(x)",
        "파이썬의 **GIL**은 *전역* 락입니다.\n\n- 첫째 `lock`\n- 둘째 🎉 👍🏽",
        "\\*not bold\\* \\_not italic\\_ \\`not code\\` \\<b> \\&amp;",
        "1\\. not a list\n\\# not a title\n\\- not an item\n\\> not a quote",
        "line one\nline two",
        "**a**b**c**, x**y**",
    ],
)
def test_markdown_comes_back_as_it_was_written(markdown: str) -> None:
    assert back(markdown) == markdown


@pytest.mark.parametrize(
    ("markdown", "again"),
    [
        ("_it_ and __bold__", "*it* and **bold**"),
        ("* one\n* two", "- one\n- two"),
        ("Title\n=====", "# Title"),
        ("~~~\nx\n~~~", "```\nx\n```"),
        ("    indented code", "```\nindented code\n```"),
        ("- one\n- two\n\n* three", "- one\n- two\n* three"),
        ("see https://example.com/x.", "see <https://example.com/x>."),
        ("# **Bold** title", "# Bold title"),
        ("***", "---"),
        ("![a cat](https://x.example/cat.png)", "[a cat](https://x.example/cat.png)"),
    ],
)
def test_what_can_be_written_in_two_ways_comes_back_in_one(markdown: str, again: str) -> None:
    assert back(markdown) == again
    assert translated(again) == translated(markdown)


def test_code_is_never_closed_by_what_stands_in_it() -> None:
    codes = ["```", "a ``` b", "`````\n```", "~~~", "\n\nx\n\n", "  x", "# x | y", "<!here> &amp; \\*", "`"]
    for code, language in product(codes, ["", "python", "c++", "objective-c"]):
        fence = "`" * 7
        element = {"type": "rich_text_preformatted", "elements": [text(code)]}
        markdown = read(element | {"language": language})
        assert markdown == back(f"{fence}{language}\n{code}\n{fence}")
        (block,) = translated(markdown)
        assert block["elements"][0]["elements"] == [text(code)]
        assert block["elements"][0].get("language", "") == language


# What people and apps write


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"type": "user", "user_id": "U2"}, "<@U2>"),
        ({"type": "channel", "channel_id": "C2"}, "<#C2>"),
        ({"type": "usergroup", "usergroup_id": "S2"}, "@subteam"),
        ({"type": "broadcast", "range": "here"}, "@here"),
        ({"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd"}, "👋🏽"),
        ({"type": "emoji", "name": "party_parrot"}, ":party_parrot:"),
        ({"type": "emoji", "name": "x", "unicode": "zz"}, ":x:"),
        ({"type": "emoji", "unicode": "110000"}, ""),
        ({"type": "date", "timestamp": 1700000000, "format": "{date}", "fallback": "Nov 14"}, "Nov 14"),
        ({"type": "date", "timestamp": 1700000000, "format": "{date}"}, "2023-11-14 22:13 UTC"),
        ({"type": "date", "timestamp": 10**20}, ""),
        ({"type": "color", "value": "#F405B3"}, "#F405B3"),
        ({"type": "link", "url": "mailto:ada@example.com"}, "<mailto:ada@example.com>"),
        (
            {"type": "link", "url": "https://x.example/(y)", "text": "a [b]"},
            r"[a \[b\]](<https://x.example/(y)>)",
        ),
        (
            {"type": "link", "url": "https://x.example", "text": "code", "style": {"code": True}},
            "[`code`](https://x.example)",
        ),
        ({"type": "link", "url": "/relative"}, "/relative"),
        ({"type": "link", "text": "nowhere"}, "nowhere"),
        ({"type": "team", "team_id": "T1"}, ""),
        ({"type": "message_mention", "text": "came later"}, "came later"),
        ({"type": "text", "text": "a` `b", "style": {"code": True}}, "``a` `b``"),
    ],
)
def test_pieces_of_a_line_are_read(element: dict[str, Any], words: str) -> None:
    assert line(text("a "), element, text(" b")) == f"a {words} b"


def test_text_that_reads_like_a_mention_mentions_nobody() -> None:
    code = {"type": "rich_text_preformatted", "elements": [text("<@U1>")]}
    for words in (
        line(text("<@U1>")),
        line(text("<@U1>", bold=True)),
        line(text("<@U1>", code=True)),
        read(code),
    ):
        assert mentioned(words) == []
        assert "<@U1>" in naming(words, {})


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ([text(" bold ", bold=True), text("not")], " **bold** not"),
        ([text("a", bold=True), text(" b ", bold=True, italic=True), text("c", bold=True)], "**a *b* c**"),
        ([text("a", italic=True), text("b", italic=True, bold=True, strike=True)], "*a**~~b~~***"),
        ([text("a\n\nb", bold=True)], "**a**\n\n**b**"),
        ([text(" ", bold=True), text("x")], " x"),
        (
            [text("a ", bold=True), {"type": "link", "url": "https://x.y", "style": {"bold": True}}],
            "**a <https://x.y>**",
        ),
        ([text("wow!"), {"type": "link", "url": "https://x.y", "text": "z"}], r"wow\![z](https://x.y)"),
        ([text("[a](b)")], r"\[a](b)"),
        ([text("x", underline=True, highlight=True)], "x"),
    ],
)
def test_styles_touch_the_words_they_mark(elements: list[dict[str, Any]], words: str) -> None:
    assert read({"type": "rich_text_section", "elements": elements}) == words.strip()


def test_a_list_whose_parents_are_missing_is_a_list() -> None:
    item = section(text("x"))
    lists = [
        {"type": "rich_text_list", "style": "bullet", "indent": indent, "elements": [item]}
        for indent in (3, 1, 0)
    ]

    assert read(*lists) == "- x\n  - x\n- x"


def test_what_has_no_words_is_left_out() -> None:
    blocks = [
        {"type": "actions"},
        {"type": "table", "rows": []},
        {"type": "header"},
        {"type": "later"},
        None,
        7,
    ]

    assert markdown_of(blocks) == markdown_of(None) == markdown_of("text") == ""


def test_white_space_is_read_in_no_time() -> None:
    for blank in (" ", "\n", "\t\n", "\n \n"):
        assert line(text(blank * 40_000 + "x", bold=True)) == "**x**"


# Both ways


MARKED = r"""word 파이썬 은 snake_case_name __init__ x*y 2*3 * _ ~~ ~50 a|b C# 100% [1] [a](b) ! (전역 락) 🎉
    👍🏽 :tada: 1986. # > + `code` ``a`b`` **bold** *it* ~~gone~~ ***both*** \* C:\dir &amp; &lt;b&gt; a<b
    **굵게**은 한글_밑줄 https://x.example/z_1 <https://q.example> [label](https://a.example/c_d?x=1&y=2)"""
WORDS = st.sampled_from(
    [*MARKED.split(), "**bold *in* it**", "[**b** l](https://a.example/(x))", "2 * 3", "a < b"]
)
FIRST = st.sampled_from(["word", "파이썬", "`code`", "**굵게**은", "*it*", "1986.", "[x]", "🎉", "100%"])
LINES = st.builds("{} {}".format, FIRST, st.lists(WORDS, max_size=5).map(" ".join)).map(str.strip)
PARAGRAPHS = st.lists(LINES, min_size=1, max_size=3).map("\n".join)
ITEM_WORDS = st.lists(
    st.sampled_from(["a", "**굵게**은", "`x|y`", "snake_case", "2 * 3", "🎉"]), min_size=1, max_size=3
)
CODES = st.sampled_from(["x = 1\n\n# c", "a | b", "<!here> **x**", "  indented\n\ttab", "`", "```", "가나다"])


@st.composite
def lists(draw: st.DrawFn, depth: int = 0) -> str:
    start = draw(st.sampled_from([0, 1, 9]))
    lines = []
    for number in range(draw(st.integers(1, 3))):
        mark = f"{start + number}. " if start else "- "
        lines.append(mark + " ".join(draw(ITEM_WORDS)))
        nested = draw(lists(depth + 1)).splitlines() if depth < 3 and draw(st.booleans()) else []
        lines += ["", *(" " * len(mark) + each for each in nested)] if nested and start else []
        lines += [] if start else [" " * len(mark) + each for each in nested]
    return "\n".join(lines)


@st.composite
def tables(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 4))
    rows = [[draw(WORDS).replace("|", r"\|") for _ in range(width)] for _ in range(draw(st.integers(1, 4)))]
    rules = [draw(st.sampled_from(["---", ":--", "--:", ":-:"])) for _ in range(width)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rules, *rows[1:]))


BLOCKS = st.one_of(
    PARAGRAPHS,
    lists(),
    tables(),
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "####"]), LINES),
    st.builds("````{}\n{}\n````".format, st.sampled_from(["", "python", "c++"]), CODES),
    PARAGRAPHS.map(lambda text: re.sub("^", "> ", text, flags=re.MULTILINE)),
    lists().map(lambda text: re.sub("^", "> ", text, flags=re.MULTILINE)),
    st.just("---"),
)
DOCUMENTS = st.lists(BLOCKS, min_size=1, max_size=4).map("\n\n".join)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@settings(deadline=None, max_examples=150)
@given(DOCUMENTS)
def test_translated_again_it_is_the_same(document: str) -> None:
    """But for spaces at the ends of lines, and for lists of nothing, which Markdown joins with the next."""
    once = translated(document)
    assume('"elements": []' not in trimmed(once))
    again = translated(markdown_of(once))

    assert trimmed(again) == trimmed(once)


def trimmed(blocks: list[dict[str, Any]]) -> str:
    return re.sub(r" +(?=\\n)", "", json.dumps(blocks, ensure_ascii=False))


def shown(blocks: list[dict[str, Any]]) -> list[str]:
    """All texts and addresses in blocks."""
    return re.findall(r'"(?:text|url)": "((?:[^"\\]|\\.)*)"', json.dumps(blocks, ensure_ascii=False))


@settings(deadline=None, max_examples=100)
@given(DOCUMENTS)
def test_no_word_is_lost(document: str) -> None:
    blocks = translated(document)
    read = letters(markdown_of(blocks))

    for words in shown(blocks):
        assert letters(json.loads(f'"{words}"')) in read


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from(list("`~*_[]()<>!#-+.1 \\&;|가a\n\t🎉")), min_size=1, max_size=30).map("".join)
)
def test_text_that_looks_like_markdown_stays_text(words: str) -> None:
    element = section(text(words))
    read = markdown_of([rich_text(element)])
    kinds = {block["type"] for block in translated(read)}

    assert kinds <= {"rich_text"}
    assert letters(read) == letters(words)
