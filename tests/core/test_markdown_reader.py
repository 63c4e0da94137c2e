"""Markdown's blocks, code and links are where CommonMark has them, so that nothing live is taken for code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core import markdown, safety
from bot.core.disguise import marks
from bot.core.markdown_context import Context, Leaf
from bot.core.safety import neutralise
from bot.core.slack_markdown import for_slack
from bot.playground.markdown_blocks import translated

READER = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
BLOCKS = [
    *(
        "```",
        "~~~",
        "````",
        "> ",
        "- ",
        "1. ",
        "2. ",
        "  ",
        "    ",
        "\t",
        "a",
        "x",
        "`",
        "|",
        "---",
        "-",
        "# ",
    ),
    *("===", "|a|", "|-|", "*", "***", "\n", "\n", "\n\n"),
]
INLINE = [
    *(
        "<!channel>",
        "<@U1>",
        "<!subteam^S1>",
        "<#C1>",
        "<!date^1^{date}^https://evil.example|bank.com>",
        "@here ",
    ),
    *(
        "`",
        "``",
        "```",
        "~~~",
        "[",
        "]",
        "](",
        "](u)",
        ")",
        "(",
        "![",
        "\\",
        "<",
        "<a ",
        ">",
        "<https://a.b/",
    ),
    *(
        "<https://a.b|",
        "x",
        "<a@b.c>",
        "&lt;",
        "**",
        "가",
        "[x]: ",
        "[x]",
        '"',
        "'",
        "https://a.b ",
        "\r",
        "`>",
    ),
]
NOTIFYING = {"broadcast", "user", "usergroup", "channel"}


def written(*pieces: str, most: int = 14) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), min_size=2, max_size=most).map("".join)


@settings(deadline=None, max_examples=400)
@given(written(*BLOCKS))
def test_lines_of_code_are_those_of_commonmark(text: str) -> None:
    """Or it is known to be unclear."""
    lines, context, code = text.split("\n"), Context(), set()
    for number, line in enumerate(lines):
        context = context.after(line)
        if context.leaf is Leaf.CODE:
            code.add(number)
    tokens = [token for token in READER.parse(text) if token.type in ("fence", "code_block")]
    known = {number for token in tokens for number in range(*(token.map or ()))}
    blank = {number for number, line in enumerate(lines) if not line.strip(" \t>")}

    assert context.is_unclear or code - blank == known - blank


@pytest.mark.parametrize(
    "text", ["- a | b\n---|---\n", "```|\n---\n", "> \n    > x\n", "100. a\n    ```\n", "> " * 30]
)
def test_what_readers_of_markdown_read_differently_is_unclear(text: str) -> None:
    context = Context()
    for line in text.split("\n"):
        context = context.after(line)

    assert context.is_unclear
    assert for_slack(f"{text}`<!channel>`") == f"{text}`<\u200b!channel>`"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a `b` ``c ` d`` \\`e`", "a ``` ````````` \\`e`"),
        ("`a\n> b` c", "`a\n> b` c"),
        ("> `a\n> b` c", "> ```> `` c"),
        ("| `a | b` | `c` |\n|---|---|---|", "| `a | b` | `c` |\n|---|---|---|"),
        ("| `a` | `b\\|c` |\n|---|---|\n| ` | `d` |", "| ``` | `````` |\n|---|---|\n| ` | `d` |"),
        ("<a `> b `", "<a ``````"),
        ("<https://a.b/> `c`", "`````````````` ```"),
        ("[a](https://b.c) `d`", "[a`````````````` ```"),
        ("    code\n\n- a\n\n      b", "`````````\n- a\n\n" + "`" * len("      b")),
    ],
)
def test_code_and_addresses_are_found_where_they_are(text: str, masked: str) -> None:
    assert marks(text).masked == masked


def live(blocks: object) -> Iterator[object]:
    if isinstance(blocks, dict):
        if blocks.get("type") in NOTIFYING or (blocks.get("type") == "date" and blocks.get("url")):
            yield blocks
        for value in blocks.values():
            yield from live(value)
    elif isinstance(blocks, list):
        for each in blocks:
            yield from live(each)


@settings(deadline=None, max_examples=600)
@given(written(*INLINE, *BLOCKS, most=16))
def test_nothing_notifies_however_it_is_hidden_in_code_links_and_blocks(text: str) -> None:
    shown = for_slack(text)

    assert [*live(translated(shown)), *live(translated(shown, is_stream=True))] == []
    assert for_slack(shown) == shown


@pytest.mark.parametrize(
    "change", [for_slack, neutralise, markdown.pages], ids=["for_slack", "neutralise", "pages"]
)
def test_hostile_text_takes_time_that_grows_with_it_and_not_faster(
    change: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets have a test of their own."""
    monkeypatch.setattr(safety, "mask_secrets", lambda text: text)
    hostile = [
        *INLINE,
        *BLOCKS,
        "[a](",
        "[a](<",
        '[a](b "',
        "[a](b (",
        "[a.b](c.d)",
        "[[a]](b)",
        "a.",
        "> - ",
        "- a\n",
    ]
    hostile += [" ".join(three) for three in zip(INLINE, BLOCKS, reversed(INLINE), strict=False)][::3]
    for piece in hostile:
        once, many = (best(change, piece * (size // len(piece))) for size in (2_000, 16_000))

        assert many < 8 * once * 4 + 0.2, piece


def best(change: Callable[[str], object], text: str) -> float:
    """The processor time of the fastest of two tries."""
    times = []
    for _ in range(2):
        began = time.process_time()
        change(text)
        times.append(time.process_time() - began)
    return min(times)
