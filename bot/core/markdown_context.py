"""Block structure of Markdown, line by line: quotations, list items, code, tables and paragraphs.

It is CommonMark's algorithm (https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy) with GitHub's
tables (https://github.github.com/gfm/#tables-extension-), without HTML, which Slack does not read.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

MAX_CONTAINERS = 24  # nested lists and quotations; in deeper ones nothing is taken for code
_MAX_CLOSING_MARKS = 12

# What can begin nothing, and be no part of a table.
_WORDS_ALONE = re.compile(r"(?:[^\s>#`~=_*+0-9|:-]|\*\*?[^\s*|]|``?[^`|])[^|]*\Z")
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_FENCE = re.compile(r"(?P<marks>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>[\w+#.-]{0,32})")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_ITEM = re.compile(r"(?:[-+*]|(?P<number>\d{1,9})[.)])(?=[ \t]|$)")
_DELIMITER_ROW = re.compile(r"(?:-(?![ \t])|[|:])[|:\- \t]+$")
_DELIMITER = re.compile(r":?-+:?")
_BAR = re.compile(r"(?<!\\)\|")
_BEGINNING = re.compile(r"[>|`~#*+_-]|\d{1,9}[.)]")
_QUOTE = 0  # in `Context.containers`, among the widths of list items


class Leaf(Enum):
    """Kind of block that a line belongs to, inside of all lists and quotations."""

    NONE = "none"  # a blank line, a rule, or what underlines a heading
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ROW = "row"
    CODE = "code"


class _Line:
    """A line that is read from its start; tabs reach to the next of the columns 4, 8, 12 …"""

    __slots__ = ("column", "indent", "is_blank", "next", "offset", "rest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = self.column = 0
        self.look()

    def look(self) -> None:
        """Find the `rest`, which begins with the next character that is not blank."""
        before = self.text[self.offset :]
        self.rest = before.lstrip(" \t")
        self.is_blank = not self.rest
        self.indent = len(before) - len(self.rest)
        self.next = self.offset + self.indent
        if self.indent and "\t" in before[: self.indent]:
            self.indent = (
                len((" " * (self.column % 4) + before[: self.indent]).expandtabs(4)) - self.column % 4
            )

    def skip(self, columns: int) -> None:
        """Go on by `columns`, which are blank; a tab may be left in part."""
        end = self.column + columns
        while self.column < end and self.offset < self.next:
            width = 4 - self.column % 4 if self.text[self.offset] == "\t" else 1
            if self.column + width > end:
                self.column = end
                break
            self.column, self.offset = self.column + width, self.offset + 1
        self.look()

    def take(self, length: int) -> None:
        """Go past the blanks and the `length` characters after them."""
        self.column += self.indent + length
        self.offset = self.next + length
        self.look()


class Context(NamedTuple):
    """State of a text after its last line; `start` is where that line's words begin.

    `containers` are open quotations and list items, the latter by their width, which is negative while the
    item has no words. A last line that `begins` is no more of the paragraph or the table before it. Where it
    has a bar, `openings` are the blocks that it opens, each as the containers and the words from there on.
    From where a text `is_unclear`, readers of Markdown differ in what is code.
    """

    containers: tuple[int, ...] = ()
    leaf: Leaf = Leaf.NONE
    begins: bool = True
    start: int = 0
    marks: str = ""
    indent: int = 0
    info: str = ""
    row: str = ""
    table: str = ""
    openings: tuple[tuple[tuple[int, ...], str], ...] = ()
    is_unclear: bool = False

    @property
    def prefix(self) -> str:
        """Blanks and marks with which a line of the code begins that is open now."""
        before = "".join("> " if width == _QUOTE else " " * abs(width) for width in self.containers)
        return before + " " * self.indent

    def after(self, line: str) -> Context:
        """Return the context after `line` as well, which is without its line break."""
        return self._at_once(line) or self._after(line.rstrip("\r"))

    def _at_once(self, line: str) -> Context | None:
        """Return the context after most lines there are, which need no closer look; None after others."""
        if self.containers or self.is_unclear or self.openings:
            return None
        if self.table:
            return self if self.start == 0 and (line[:1] == "|" or line[:1].isalpha()) else None
        if self.marks:
            return self if not self.begins and self.marks[0] not in line else None
        if not line:
            return _NOTHING
        if _WORDS_ALONE.match(line):
            return _MORE_WORDS if self.leaf is Leaf.PARAGRAPH else _WORDS
        return None

    def _after(self, line: str) -> Context:
        cursor = _Line(line)
        kept = _continued(self.containers, cursor)
        is_whole = len(kept) == len(self.containers)
        if self.marks and is_whole:
            context = self._in_fence(cursor, kept)
        elif is_whole and self.row and _are_head_and_rule(self.row[self.start :], cursor):
            head = f"{self.row}\n{line}\n"
            context = Context(kept, Leaf.ROW, begins=False, start=cursor.next, table=head)
        else:
            context = self._opened(cursor, kept, line, is_whole=is_whole)
        is_unclear = self.is_unclear or self._is_read_in_two_ways(line, cursor, context)
        return context._replace(is_unclear=True) if is_unclear else context

    def _is_read_in_two_ways(self, line: str, cursor: _Line, context: Context) -> bool:
        """Return whether markdown-it, say, takes `line` for something else than `context`.

        It sees tables before anything else, quotations however far their signs are indented, and ends an
        item's paragraph where something begins that is too far indented to begin outside. Tabs in front of
        what a list or quotation holds are counted in several ways.
        """
        if len(context.containers) >= MAX_CONTAINERS:
            return True
        for containers, row in self.openings:
            outer = _Line(line)
            is_inside = len(_continued(containers, outer)) == len(containers)
            if is_inside and _are_head_and_rule(row, outer):
                return True
        if (self.marks and not context.begins) or not (self.containers or context.containers):
            return False
        return "\t" in line[: cursor.next] or (cursor.indent > 3 and bool(_BEGINNING.match(cursor.rest)))

    def _in_fence(self, cursor: _Line, kept: tuple[int, ...]) -> Context:
        closing = cursor.rest.rstrip(" \t")
        is_closed = cursor.indent < 4 and closing.startswith(self.marks) and not closing.strip(self.marks[0])
        if is_closed:
            return Context(kept, Leaf.CODE)
        is_known = not (self.begins or self.openings) and kept == self.containers
        return self if is_known else self._replace(containers=kept, begins=False, openings=())

    def _opened(self, cursor: _Line, kept: tuple[int, ...], line: str, *, is_whole: bool) -> Context:
        """Return the context after what the line at `cursor` begins, inside of the containers `kept`."""
        is_paragraph = is_whole and self.leaf is Leaf.PARAGRAPH
        containers = kept
        openings: list[tuple[tuple[int, ...], str]] = []
        while not cursor.is_blank and cursor.indent < 4 and len(containers) < MAX_CONTAINERS:
            rest = cursor.rest
            if "|" in rest:
                openings.append((containers, rest))
            if rest[0] == ">":
                _take_quote(cursor)
                containers += (_QUOTE,)
            elif _HEADING.match(rest):
                return Context(containers, Leaf.HEADING, start=cursor.next, openings=tuple(openings))
            elif fence := _FENCE.match(rest):
                marks, info = fence.group("marks", "info")
                code = Context(containers, Leaf.CODE, marks=marks, indent=cursor.indent, info=info)
                return code._replace(openings=tuple(openings))
            elif (is_paragraph and _UNDERLINE.match(rest)) or _is_rule(rest):
                return Context(containers)
            elif width := _item(cursor, is_paragraph=is_paragraph):
                containers += (width,)
            else:
                break
            is_paragraph = False
        is_new = len(containers) > len(kept)
        if cursor.is_blank:
            return Context(containers)
        if self.leaf is Leaf.PARAGRAPH and not is_new:  # more of it, also where a container's sign is missing
            row = line if is_whole and "|" in line else ""
            return Context(
                self.containers if not is_whole else kept, Leaf.PARAGRAPH, False, cursor.next, row=row
            )
        if cursor.indent >= 4:
            code = Context(containers, Leaf.CODE, begins=is_new or self.leaf is not Leaf.CODE)
            return code._replace(openings=tuple(openings)) if is_new else code
        if self.table and is_whole and not is_new:
            return self._replace(begins=False, start=cursor.next)
        paragraph = Context(containers, Leaf.PARAGRAPH, start=cursor.next, row=line if "|" in line else "")
        return paragraph._replace(openings=tuple(openings)) if is_new else paragraph

    def closed(self, text: str) -> str:
        """Return `text`, after which nothing is open."""
        if not self.marks or len(self.marks) > _MAX_CLOSING_MARKS:
            return text
        return f"{text.removesuffix(chr(10))}\n{self.prefix}{self.marks}"

    def reopening(self, rest: str) -> str:
        """Return what the next message must begin with so that `rest` is read as it was meant."""
        if self.marks:
            return f"{self.prefix}{self.marks}{self.info}\n"
        return self.table if "|" in rest.partition("\n")[0] else ""


_NOTHING, _WORDS = Context(), Context(leaf=Leaf.PARAGRAPH)
_MORE_WORDS = Context(leaf=Leaf.PARAGRAPH, begins=False)


def _continued(containers: tuple[int, ...], cursor: _Line) -> tuple[int, ...]:
    """Return those of `containers` that the line at `cursor` is in, which goes to their inside."""
    kept: list[int] = []
    for width in containers:
        if width == _QUOTE:
            if cursor.indent > 3 or not cursor.rest.startswith(">"):
                break
            _take_quote(cursor)
        elif cursor.is_blank:
            if width < 0:
                break
        elif cursor.indent >= abs(width):
            cursor.skip(abs(width))
            width = abs(width)
        else:
            break
        kept.append(width)
    return tuple(kept)


def _take_quote(cursor: _Line) -> None:
    cursor.take(1)
    if cursor.indent:
        cursor.skip(1)


def _is_rule(rest: str) -> bool:
    return rest[0] in "-*_" and rest.count(rest[0]) > 2 and not rest.strip(f"{rest[0]} \t")


def _item(cursor: _Line, *, is_paragraph: bool) -> int:
    """Go past the mark of a list's item, and return its width; 0 if there is none.

    A paragraph is interrupted only by an item that has words, and by a list that begins with 1.
    """
    mark = _ITEM.match(cursor.rest)
    if not mark or (is_paragraph and (mark["number"] or "1").lstrip("0") != "1"):
        return 0
    if is_paragraph and not cursor.rest[mark.end() :].strip(" \t"):
        return 0
    outside = cursor.indent + mark.end()
    cursor.take(mark.end())
    if cursor.is_blank or cursor.indent > 4:
        is_empty = cursor.is_blank
        cursor.skip(1)
        return -(outside + 1) if is_empty else outside + 1
    inside = cursor.indent
    cursor.skip(inside)
    return outside + inside


def _are_head_and_rule(row: str, cursor: _Line) -> bool:
    """Return whether `row` is the head of a table whose delimiter row is the line at `cursor`."""
    if cursor.indent > 3 or not _DELIMITER_ROW.match(cursor.rest):
        return False
    columns = _cells(cursor.rest)
    return bool(columns) and all(map(_DELIMITER.fullmatch, columns)) and len(columns) == len(_cells(row))


def _cells(row: str) -> list[str]:
    """Cells of a table's row, without the bars at its ends."""
    cells = [cell.strip() for cell in _BAR.split(row.strip())]
    first, last = int(not cells[0]), len(cells) - int(len(cells) > 1 and not cells[-1])
    return cells[first:last]
