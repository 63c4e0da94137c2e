"""Cutting a long Markdown text into messages that each stand by themselves."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.core.safety import Safe

# All `markdown` blocks of a message together hold 12,000 characters
# (https://docs.slack.dev/reference/block-kit/blocks/markdown-block). What Slack calls a character is not
# said, so UTF-16 units are counted, of which an emoji is two, with a margin for the note under the text.
PAGE_UNITS = 11_000

_CLOSING_UNITS = 32  # room for the closing of a fence: a line break, a prefix and at most 12 marks
_FENCE = re.compile(
    r"(?P<prefix>[ >\t]{0,12}(?:(?:[-*+]|\d{1,2}[.)])[ \t]{1,4})?)"
    r"(?P<marks>`{3,12}(?=[^`]*$)|~{3,12}(?!~))[ \t]*(?P<info>[\w+#.-]{0,32})"
)
_DELIMITER_ROW = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


@dataclass(frozen=True)
class _Context:
    """What a text is in the middle of, line by line: a code fence, a table, or neither."""

    prefix: str = ""
    marks: str = ""
    info: str = ""
    row: str = ""
    table: str = ""

    def after(self, line: str) -> _Context:
        if self.marks and (">" not in self.prefix or line.lstrip().startswith(">")):
            return _Context() if self._is_closed_by(line) else self
        if fence := _FENCE.match(line):
            prefix = re.sub(r"[^ >\t]", " ", fence["prefix"])  # under a list's mark stands its text
            return _Context(prefix, fence["marks"], fence["info"])
        if self.table and "|" in line:
            return self
        if self.row and "|" in line and _DELIMITER_ROW.match(line):
            return _Context(table=f"{self.row}\n{line}\n")
        return _Context(row=line if "|" in line else "")

    def _is_closed_by(self, line: str) -> bool:
        """Whether `line` is marks alone, as many as opened the fence or more, indented by less than four."""
        closing = rf"[ >\t]{{0,{len(self.prefix) + 3}}}{self.marks}{self.marks[0]}*\s*$"
        return re.match(closing, line) is not None

    def closed(self, text: str) -> str:
        if not self.marks:
            return text
        return f"{text.removesuffix(chr(10))}\n{self.prefix}{self.marks}"

    def reopening(self, rest: str) -> str:
        """What the next message must begin with so that `rest` is read as it was meant."""
        if self.marks:
            return f"{self.prefix}{self.marks}{self.info}\n"
        return self.table if "|" in rest.partition("\n")[0] else ""


def pages(text: Safe, limit: int = PAGE_UNITS, *, is_added_to: bool = False) -> tuple[Safe, ...]:
    """`text` in pieces of at most `limit` UTF-16 units (at least 500), each whole Markdown of its own.

    A piece ends between paragraphs where it can, else between lines, else between words. A code fence is
    closed and opened again around a cut, a table's head is repeated, and no table row, surrogate pair,
    Hangul syllable or other grapheme is cut. As the text grows, all pieces but the last stay as they are.
    Where the last `is_added_to`, not replaced, it is not closed, and lacks the last word, which may change.
    """
    done: list[str] = []
    rest: str = text
    room = limit - _CLOSING_UNITS  # not what a closing takes now: it would make a page of what grows shrink
    while _units(rest) > room:
        cut = _cut(rest, room)
        head, rest = rest[:cut], rest[cut:]
        context = _context(head)
        early = rest[: limit // 4]  # a bar that comes later must not change a piece that is full by then
        carry = context.reopening(early) if head.endswith("\n") or context.marks else ""
        if not context.marks:
            head, rest = head.rstrip(), rest.lstrip("\n")
        if head:
            done.append(context.closed(head))
        rest = (carry if _units(carry) < limit // 4 else "") + rest
    if is_added_to:
        done.append(rest[: max(rest.rfind(" "), rest.rfind("\n"), 0)].rstrip())
    elif rest.strip() or not done:
        done.append(_context(rest).closed(rest))
    return tuple(map(Safe, done))


def _context(text: str) -> _Context:
    context = _Context()
    for line in text.removesuffix("\n").split("\n"):
        context = context.after(line)
    return context


def _cut(text: str, limit: int) -> int:
    """Where to end a piece of at most `limit` units: the best place in the window's second half."""
    window = text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")
    paragraph = line_outside = line_anywhere = 0
    context, position = _Context(), 0
    for line in window.split("\n")[:-1]:
        context, position = context.after(line), position + len(line) + 1
        line_anywhere = position
        if not (context.marks or context.table or context.row):
            line_outside = position
            paragraph = position if not line.strip() else paragraph
    middle = len(window) // 2
    cut_line = window[line_anywhere:]
    unbreakable = context.marks or context.table or cut_line.lstrip().startswith("|")
    for place in (paragraph, line_outside, line_anywhere):
        if place > middle:
            return place
    if unbreakable and line_anywhere > len(context.reopening("|")):
        return line_anywhere
    space = max(window.rfind(" "), window.rfind("\t")) + 1
    return space if space > middle else _grapheme_boundary(text, len(window))


def _grapheme_boundary(text: str, end: int) -> int:
    """The last place at or before `end` where no grapheme is cut, as far as a real text goes."""
    for place in range(end, max(end - 64, 1), -1):
        if not _joined(text[place - 1], text[place]):
            return place
    return end


def _joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after).startswith("M")  # accents, vowel signs, variation selectors
        or "\u1160" <= after <= "\u11ff"  # the vowels and finals of a Hangul syllable written in parts
        or "\ud7b0" <= after <= "\ud7ff"
        or "\u200d" in (before, after)  # the joiner of composed emoji
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
    )


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
