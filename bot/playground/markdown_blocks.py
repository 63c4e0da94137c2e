"""Markdown as Slack keeps it: rich text, headers, dividers and tables take the place of a `markdown` block.

Slack gives back only the translation: https://github.com/yc-software/qm/issues/651 read back lists with their
`indent`, https://github.com/darkgaldragon/slack-markdown-parser (docs/slack-markdown-rollout-observations.md)
saw paragraphs as sections of their own, line breaks kept, headers of four levels and task lists. "Passing a
single block may result in multiple blocks after translation":
https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode

from bot.playground.markdown_elements import BOLD, Element, elements_of, joined, plain_text

Block = dict[str, Any]

_LEVELS = 4  # of headers; deeper headings look like these
_MAX_INDENT = 8  # https://docs.slack.dev/tools/node-slack-sdk/reference/types/interfaces/RichTextList
_PARAGRAPH = {"type": "text", "text": "\n\n"}  # between two paragraphs of one list item or quotation
_MARKS = {" ": "unchecked", "x": "checked", "X": "checked"}
_TASK = re.compile(r"\[(?P<mark>[ xX])\][ \t]+")
# Slack reads its own sequences inside Markdown, and drops what only looks like one. Escaped (`\<`, `&lt;`) it
# is text: https://github.com/PostHog/posthog/pull/95054
_SEQUENCE = re.compile(r"<(?P<sequence>[\w/!@#?][^<>\n]*)>")


class _Parser(MarkdownIt):
    """CommonMark with GitHub's tables and strikethrough, and with Slack's own sequences."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": 100})
        self.enable(["table", "strikethrough"])
        self.inline.ruler.before("autolink", "sequence", _sequence)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        """An address as it was written: Slack escapes nothing in it."""
        return url


def _sequence(state: StateInline, silent: bool) -> bool:
    """A rule of markdown-it's for `<@U…>`, `<!here>`, `<https://…|text>` and unknown `<tokens>`."""
    found = _SEQUENCE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("sequence", "", 0).content = found["sequence"]
    state.pos = found.end()
    return True


_PARSER = _Parser()
_PARSER_OF_STREAMS = _Parser().disable("table")


def translated(text: str, *, is_stream: bool = False) -> list[Block]:
    """The blocks that Slack makes of Markdown, without ids.

    In a stream tables stay text: https://github.com/databuddy-analytics/Databuddy/issues/600
    """
    parser = _PARSER_OF_STREAMS if is_stream else _PARSER
    writer = _Writer()
    writer.write(SyntaxTreeNode(parser.parse(text)), _Place())
    writer.end_run()
    return writer.blocks


@dataclass(frozen=True)
class _Place:
    """A place in Markdown: in a list of the depth `indent` (-1 for none), in a quotation if `is_quoted`."""

    indent: int = -1
    is_quoted: bool = False

    @property
    def border(self) -> int:
        return int(self.is_quoted)


class _Writer:
    """Writer of `blocks`, from top to bottom. Text that follows text is gathered in one rich_text block.

    `_open` is the section or the quotation that a further paragraph belongs to, and `_list` the list that a
    further item does, with its style.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._run: list[Element] = []
        self._open: Element | None = None
        self._list: tuple[SyntaxTreeNode, str] | None = None

    def end_run(self) -> None:
        """Let what follows stand in a block of its own."""
        if self._run:
            self.blocks.append({"type": "rich_text", "elements": self._run})
        self._run, self._open, self._list = [], None, None

    def write(self, node: SyntaxTreeNode, place: _Place) -> None:
        """Write what is inside `node`."""
        for child in node.children:
            self._write(child, place)

    def _write(self, node: SyntaxTreeNode, place: _Place) -> None:
        match node.type:
            case "heading" if place == _Place():
                self._header(node)
            case "heading":
                self._words(elements_of(_inline(node), BOLD), place)
            case "paragraph":
                self._words(elements_of(_inline(node)), place)
            case "fence" | "code_block":
                self._add(_preformatted(node, place.border))
            case "bullet_list" | "ordered_list":
                self._items(node, replace(place, indent=place.indent + 1))
            case "blockquote":
                self._close()
                self.write(node, _Place(is_quoted=True))
                self._close()
            case "hr":
                self._block({"type": "divider"})
            case "table":
                self._block(_table(node))
            case _:
                raise AssertionError(f"unknown Markdown: {node.type}")

    def _block(self, block: Block) -> None:
        self.end_run()
        self.blocks.append(block)

    def _add(self, element: Element) -> None:
        self._close()
        self._run.append(element)

    def _close(self) -> None:
        self._open, self._list = None, None

    def _header(self, node: SyntaxTreeNode) -> None:
        if text := plain_text(elements_of(_inline(node))):
            level = min(int(node.tag[1:]), _LEVELS)
            words = {"type": "plain_text", "text": text, "emoji": True}
            self._block({"type": "header", "text": words, "level": level})

    def _words(self, elements: list[Element], place: _Place) -> None:
        if not elements:
            return
        if self._open is not None:
            before = self._open["elements"]
            self._open["elements"] = joined([*before, _PARAGRAPH, *elements] if before else elements)
            return
        kind = "rich_text_quote" if place.is_quoted and place.indent < 0 else "rich_text_section"
        section = {"type": kind, "elements": elements}
        self._add(section)
        self._open = section if kind == "rich_text_quote" else None

    def _items(self, node: SyntaxTreeNode, place: _Place) -> None:
        start = int(node.attrs.get("start", 1))
        for number, item in enumerate(node.children, start):
            style = _style(node, item)
            if self._list != (node, style):
                self._add(_list(style, place, number))
                self._list = node, style
            section: Element = {"type": "rich_text_section", "elements": []}
            self._run[-1]["elements"].append(section)
            self._open = section
            self.write(item, place)
            if style in _MARKS.values():
                _without_mark(section)
            self._open = None


def _without_mark(section: Element) -> None:
    """Take the box of a task away, which its style shows."""
    first, *rest = section["elements"]
    words = _TASK.sub("", first["text"], count=1)
    section["elements"] = [first | {"text": words}, *rest] if words else rest


def _inline(node: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    return node.children[0].children if node.children else []


def _style(node: SyntaxTreeNode, item: SyntaxTreeNode) -> str:
    """The style of a list's item. That of task lists is documented for canvases:
    https://docs.slack.dev/reference/types/expanded_rich_text-type
    """
    if node.type == "ordered_list":
        return "ordered"
    first = item.children[0] if item.children else None
    inline = _inline(first) if first is not None and first.type == "paragraph" else []
    task = _TASK.match(inline[0].content) if inline and inline[0].type == "text" else None
    return _MARKS[task["mark"]] if task else "bullet"


def _list(style: str, place: _Place, number: int) -> Element:
    """A list whose first item is the `number`th; what interrupts a list makes two of it."""
    element = {
        "type": "rich_text_list",
        "style": style,
        "indent": min(place.indent, _MAX_INDENT),
        "border": place.border,
        "elements": [],
    }
    return element | ({"offset": number - 1} if style == "ordered" and number > 1 else {})


def _preformatted(node: SyntaxTreeNode, border: int) -> Element:
    language, _, _ = node.info.strip().partition(" ")
    code = node.content.removesuffix("\n")
    element: Element = {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": code}] if code else [],
        "border": border,
    }
    return element | ({"language": language} if language else {})


def _table(node: SyntaxTreeNode) -> Block:
    """https://docs.slack.dev/reference/block-kit/blocks/table-block"""
    rows = list(_rows(node))
    aligned = [re.sub(r"text-align:", "", str(cell.attrs.get("style", ""))) for cell in rows[0]]
    table: Block = {"type": "table", "rows": [[_cell(cell) for cell in row] for row in rows]}
    if any(aligned):
        table["column_settings"] = [{"align": side or "left"} for side in aligned]
    return table


def _rows(table: SyntaxTreeNode) -> Iterator[Sequence[SyntaxTreeNode]]:
    for part in table.children:
        for row in part.children:
            yield row.children


def _cell(cell: SyntaxTreeNode) -> Block:
    elements = elements_of(_inline(cell))
    if all(element["type"] == "text" and "style" not in element for element in elements):
        return {"type": "raw_text", "text": plain_text(elements)}
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}
