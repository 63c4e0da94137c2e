"""Markdown becomes the blocks that Slack would make of it, and no word and no code is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.markdown_blocks import translated
from tests.sample_blocks import table

LETTERS = st.characters(categories=["L", "Nd"])
WORD = st.text(LETTERS, min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
CODE = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n `*_<>&|#-")).filter(
    lambda code: "~~~~" not in code and not code.endswith("\n")
)
KINDS = {"heading": "# {}", "rule": "---", "table": "| {} |\n|---|\n| {} |", "text": "{}"}


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def quote(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_quote", "elements": list(elements)}


def items(style: str, *sections: dict[str, Any], indent: int = 0, border: int = 0) -> dict[str, Any]:
    places = {"style": style, "indent": indent, "border": border}
    return {"type": "rich_text_list", **places, "elements": list(sections)}


def code(words: str, border: int = 0, **more: str) -> dict[str, Any]:
    return {"type": "rich_text_preformatted", "elements": [text(words)], "border": border, **more}


def header(words: str, level: int) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": True}, "level": level}


def parts(markdown: str) -> list[dict[str, Any]]:
    """The elements of the one block of rich text that Markdown becomes."""
    (block,) = translated(markdown)
    assert block["type"] == "rich_text"
    return list(block["elements"])


def line(markdown: str) -> list[dict[str, Any]]:
    """The elements of the one line that Markdown becomes."""
    (only,) = parts(markdown)
    assert only["type"] == "rich_text_section"
    return list(only["elements"])


def words_in(blocks: Any) -> Iterator[str]:
    """Every word that is shown, in order."""
    if isinstance(blocks, Mapping):
        if isinstance(blocks.get("text"), str):
            yield from blocks["text"].split()
        for value in blocks.values():
            yield from words_in(value)
    elif isinstance(blocks, Sequence) and not isinstance(blocks, str):
        for each in blocks:
            yield from words_in(each)


@pytest.mark.parametrize(
    ("markdown", "elements"),
    [
        ("a **b** _c_ ~~d~~ `e`", [
            text("a "), text("b", bold=True), text(" "), text("c", italic=True), text(" "),
            text("d", strike=True), text(" "), text("e", code=True),
        ]),
        ("***a** b*", [text("a", italic=True, bold=True), text(" b", italic=True)]),
        ("**a `b`**", [text("a ", bold=True), text("b", bold=True, code=True)]),
        ("a\nb  \nc", [text("a\nb\nc")]),
        (r"\*a\* &amp; &lt;b&gt;", [text("*a* & <b>")]),
        ("[a **b**](https://e.com)", [
            {"type": "link", "url": "https://e.com", "text": "a "},
            {"type": "link", "url": "https://e.com", "text": "b", "style": {"bold": True}},
        ]),
        ("![a](https://e.com/p.png)", [{"type": "link", "url": "https://e.com/p.png", "text": "a"}]),
        ("<https://e.com|a>", [{"type": "link", "url": "https://e.com", "text": "a"}]),
        ("<https://e.com>", [{"type": "link", "url": "https://e.com"}]),
        ("(https://ko.wiki/한글_(a)).", [
            text("("), {"type": "link", "url": "https://ko.wiki/한글_(a)"}, text(")."),
        ]),
        ("**GIL(전역 락)**은", [text("**GIL(전역 락)**은")]),
        ("**전역 락**은", [text("전역 락", bold=True), text("은")]),
    ],
)  # fmt: skip
def test_a_line_becomes_text_with_styles_and_links(markdown: str, elements: list[dict[str, Any]]) -> None:
    assert line(markdown) == elements


@pytest.mark.parametrize(
    ("sequence", "element"),
    [
        ("<!here>", {"type": "broadcast", "range": "here"}),
        ("<!channel|x>", {"type": "broadcast", "range": "channel"}),
        ("<@UADA>", {"type": "user", "user_id": "UADA"}),
        ("<@UADA|ada>", {"type": "user", "user_id": "UADA"}),
        ("<#CGENERAL|general>", {"type": "channel", "channel_id": "CGENERAL"}),
        ("<!subteam^S1>", {"type": "usergroup", "usergroup_id": "S1"}),
        ("<!date^1750000000^{date}|then>", {
            "type": "date", "timestamp": 1750000000, "format": "{date}", "fallback": "then",
        }),
    ],
)  # fmt: skip
def test_what_notifies_does_so_in_markdown_too_but_not_in_code_or_escaped(
    sequence: str, element: dict[str, Any]
) -> None:
    """https://github.com/PostHog/posthog/pull/95054"""
    escaped = sequence.replace("<", "&lt;").replace("_", "")

    assert line(f"a {sequence}b") == [text("a "), element, text("b")]
    assert line(f"`{sequence}`") == [text(sequence, code=True)]
    assert parts(f"```\n{sequence}\n```") == [code(sequence)]
    assert line(escaped) == line(f"\\{sequence}") == [text(sequence)]


@pytest.mark.parametrize(
    "token", ["<div>", "</b>", "<br/>", "<T>", "<!-- so -->", "<이름>", "<javascript:x|y>"]
)
def test_what_only_looks_like_a_sequence_vanishes_outside_code(token: str) -> None:
    assert line(f"a{token}b `{token}`") == [text("ab "), text(token, code=True)]
    assert line("a < b, c > d, 1 <2") == [text("a < b, c > d, 1 <2")]


@pytest.mark.parametrize(
    ("written", "name", "code"),
    [
        ("👋", "wave", "1f44b"),
        (":wave:", "wave", "1f44b"),
        ("❤️", "heart", "2764-fe0f"),
        ("✅", "white_check_mark", "2705"),
        ("👋🏽", "waving_hand_sign", "1f44b-1f3fd"),
        ("👩‍💻", "woman", "1f469-200d-1f4bb"),
        ("1️⃣", "digit_one", "0031-fe0f-20e3"),
        ("🇰🇷", "regional_indicator_symbol_letter_k", "1f1f0-1f1f7"),
    ],
)
def test_a_picture_becomes_an_emoji_with_its_code_points(written: str, name: str, code: str) -> None:
    emoji = {"type": "emoji", "name": name, "unicode": code}

    assert line(f"a {written}!") == [text("a "), emoji, text("!")]
    assert line(f"**{written}**") == [emoji | {"style": {"bold": True}}]
    assert line(f"`{written}`") == [text(written, code=True)]
    assert line("at 10:30:45, :no-such-name: → ✓ ©") == [text("at 10:30:45, :no-such-name: → ✓ ©")]


def test_paragraphs_are_sections_and_headings_rules_and_tables_stand_between_them() -> None:
    shape = [block["type"] for block in translated(f"a\n\nb\n\n---\n# c\n{table(2, 1)}\nd\n\n```\ne\n```")]

    assert shape == ["rich_text", "divider", "header", "table", "rich_text"]
    assert parts("a\n\nb") == [section(text("a")), section(text("b"))]


@pytest.mark.parametrize(
    ("markdown", "words", "level"),
    [
        ("# a", "a", 1),
        ("a\n===", "a", 1),
        ("## `a` **b** [c](https://e.com) 🚀", "a b c 🚀", 2),
        ("#### a", "a", 4),
        ("###### a <@UADA>", "a @UADA", 4),
    ],
)
def test_a_heading_is_a_header_of_plain_text(markdown: str, words: str, level: int) -> None:
    assert translated(markdown) == [header(words, level)]


def test_lists_are_flat_and_each_knows_its_depth_and_where_its_numbers_go_on() -> None:
    assert parts("1. a\n   - b\n     * c\n2. d\n\n   e\n3. f") == [
        items("ordered", section(text("a"))),
        items("bullet", section(text("b")), indent=1),
        items("bullet", section(text("c")), indent=2),
        items("ordered", section(text("d\n\ne")), section(text("f"))) | {"offset": 1},
    ]
    assert parts("4. a\n   ```py\n   b\n   ```\n   c\n5. > d") == [
        items("ordered", section(text("a"))) | {"offset": 3},
        code("b", language="py"),
        section(text("c")),
        items("ordered", section()) | {"offset": 4},
        quote(text("d")),
    ]


def test_tasks_are_lists_of_what_is_done_and_what_is_not() -> None:
    assert parts("- [x] a\n- [X] **b**\n- [ ] c\n- d\n- [ ]") == [
        items("checked", section(text("a")), section(text("b", bold=True))),
        items("unchecked", section(text("c"))),
        items("bullet", section(text("d")), section(text("[ ]"))),
    ]


def test_all_of_a_quotation_has_a_border() -> None:
    assert parts("> a\n> b\n>\n> c\n> - d\n>\n> ```\n> e\n> ```\n> # f\n\ng") == [
        quote(text("a\nb\n\nc")),
        items("bullet", section(text("d")), border=1),
        code("e", border=1),
        quote(text("f", bold=True)),
        section(text("g")),
    ]


def test_a_table_has_rows_of_cells_and_the_alignment_of_its_columns() -> None:
    (plain,) = translated("| a | b |\n|---|---|\n| 1 \\| 2 |")
    (aligned,) = translated("| a | b | c |\n|--:|:-:|---|\n| **1** | 🚀 | |")

    cells = [[{"type": "raw_text", "text": cell} for cell in row] for row in (("a", "b"), ("1 | 2", ""))]
    assert plain == {"type": "table", "rows": cells}
    assert aligned["column_settings"] == [{"align": "right"}, {"align": "center"}, {"align": "left"}]
    assert aligned["rows"][1][0] == {"type": "rich_text", "elements": [section(text("1", bold=True))]}
    assert [cell["type"] for cell in aligned["rows"][1]] == ["rich_text", "rich_text", "raw_text"]


@pytest.mark.parametrize("markdown", ["", " \n ", "<div></div>", "[a]: https://e.com", "#"])
def test_of_markdown_that_shows_nothing_nothing_is_left(markdown: str) -> None:
    assert translated(markdown) == []


@given(st.lists(WORDS, min_size=12, max_size=12))
def test_every_word_survives_in_its_order(words: list[str]) -> None:
    markdown = (
        "# {}\n\n{} **{}** _{}_\n{}\n\n- {}\n  1. {}\n\n     {}\n- [x] {}\n\n> {}\n> - {}\n\n| {} |\n|--:|\n"
    ).format(*words)

    assert list(words_in(translated(markdown))) == " ".join(words).split()


@given(WORD, st.integers(1, 40))
def test_a_word_survives_however_deep_it_stands(word: str, depth: int) -> None:
    for markdown in (f"{'> ' * depth}{word}", f"{'- ' * depth}{word}"):
        assert list(words_in(translated(markdown))) == [word]


@given(CODE)
def test_code_is_preserved_exactly_wherever_it_stands(written: str) -> None:
    indented = written.replace("\n", "\n  ")
    quoted = written.replace("\n", "\n> ")
    for markdown in (
        f"~~~~python\n{written}\n~~~~",
        f"- a\n  ~~~~python\n  {indented}\n  ~~~~",
        f"> ~~~~python\n> {quoted}\n> ~~~~",
    ):
        preformatted = parts(markdown)[-1]
        assert preformatted["language"] == "python"
        assert "".join(each["text"] for each in preformatted["elements"]) == written


@given(st.lists(st.sampled_from(sorted(KINDS)), max_size=80))
def test_each_heading_rule_and_table_is_one_item_and_each_run_of_text_another(kinds: list[str]) -> None:
    runs = sum(kind != "text" or before != "text" for kind, before in zip(kinds, ["", *kinds], strict=False))

    assert len(translated("\n\n".join(KINDS[kind].replace("{}", "a") for kind in kinds))) == runs


@given(st.text(st.sampled_from("ab \n*_`~[]()<>!@#|-+1.:\\&;>{}\"'한은U🚀\ufe0f")))
def test_whatever_is_written_has_a_translation(markdown: str) -> None:
    for is_stream in (False, True):
        kinds = {block["type"] for block in translated(markdown, is_stream=is_stream)}
        assert kinds <= {"rich_text", "header", "divider", "table"}
        assert not (is_stream and "table" in kinds)
