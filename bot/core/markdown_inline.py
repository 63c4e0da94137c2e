"""Code, links and images in a passage of Markdown, found from left to right as CommonMark has it.

https://spec.commonmark.org/0.31.2/#phase-2-inline-structure. What is to be no link or image gets a character
that nobody sees, and what comes after it is read as it will be then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum

from bot.core.markdown_reader import Backticks, Passage, Span

BREAK = "\u200b"

_SPECIAL = re.compile(r"\\[!-/:-@\[-`{-~]|`+|<|!?\[|\]")
# What stays in angle brackets: addresses, and Slack's own links. All others would vanish, or do something.
_ADDRESS = re.compile(
    r"<(?P<url>(?:https?|mailto|tel):[^\s<>`|\\]*|[\w.+-]{1,64}@[\w.-]{1,253})(?:\|(?P<label>[^<>`|\n]{1,500}))?>",
    re.IGNORECASE,
)
_SEQUENCE = re.compile(r"<(?=[\w/!@#?])")
_TITLE = re.compile(r"""[ \t\n]+(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))""", re.DOTALL)
_BLANKS = re.compile(r"[ \t\n]*")
_BRACKETED = re.compile(r"<((?:[^<>\n\\]|\\.)*)>")
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999})\]", re.DOTALL)
_TARGET_MARK = re.compile(r"\\[!-/:-@\[-`{-~]|\]\([ \t\n]*|[()]|[\x00-\x20\x7f]+")


class Verdict(Enum):
    """Treatment of a link: it stays, becomes text, or shows its host beside its text."""

    KEPT = "kept"
    BROKEN = "broken"
    NAMED = "named"


Judge = Callable[[str, str], tuple[Verdict, str]]


class Inline:
    """The inside of a passage: `code`, `kept` addresses, and what is to be `inserted` at which place.

    `tokens` are where words in angle brackets begin, which are none of Slack's sequences and would vanish.
    """

    def __init__(
        self, text: str, judge: Judge, definitions: Mapping[str, str], *, has_code: bool = True
    ) -> None:
        self.code: list[Span] = []
        self.open_code: list[Span] = []
        self.links: list[Span] = []
        self.kept: list[Span] = []
        self.inserted: dict[int, str] = {}
        self.tokens: list[int] = []
        self._last_angle = text.rfind(">")
        self._text, self._judge, self._definitions = text, judge, definitions
        self._backticks = Backticks(text) if has_code else None
        self._targets: dict[int, int] | None = None
        self.openers: list[tuple[int, int]] = []  # where a bracket and its text begin
        self._inactive = 0  # openers below this are in a link's text, in front of it
        self._read()

    def _read(self) -> None:
        position = 0
        while found := _SPECIAL.search(self._text, position):
            position = found.end()
            match found[0][0]:
                case "`" if self._backticks:
                    if end := self._backticks.end_of_code(found.start(), found.end()):
                        self.code.append((found.start(), end))
                        position = end
                    else:
                        self.open_code.append(found.span())
                case "<":
                    position = self._angle(found.start())
                case "!" | "[":
                    self.openers.append((found.start(), found.end()))
                case "]":
                    position = self._closed(found.start())

    def _angle(self, start: int) -> int:
        if found := _ADDRESS.match(self._text, start):
            verdict, _ = self._judge(found["label"] or found["url"], found["url"])
            if verdict is Verdict.KEPT:
                self.kept.append(found.span())
                return found.end()
            if found["label"]:
                self.inserted[start + 1] = BREAK
        if start < self._last_angle and _SEQUENCE.match(self._text, start):
            self.tokens.append(start + 1)
        return start + 1

    def _closed(self, end: int) -> int:
        """Read on behind the bracket that is closed at `end`."""
        if not self.openers:
            return end + 1
        start, inside = self.openers.pop()
        is_active = len(self.openers) >= self._inactive
        self._inactive = min(self._inactive, len(self.openers))
        is_image = inside - start == 2
        if not is_active and not is_image:
            return end + 1
        link = self._inline_target(end + 1) or self._reference(inside, end)
        if link is None:
            if is_image and self._text.startswith("[", end + 1):  # its definition may still come
                self.inserted[start + 1] = BREAK
            return end + 1
        url, after, place = link
        if is_image:
            self.inserted[start + 1] = BREAK
            if not is_active:
                return end + 1
        label = self._text[inside:end]
        verdict, host = self._judge(label, url)
        if "`" in self._text[end:after] or verdict is Verdict.BROKEN:
            self.inserted[place] = BREAK
            return end + 1
        if verdict is Verdict.NAMED and host not in label:
            self.inserted[end] = host
        self._inactive = len(self.openers)
        self.links.append((start, after))
        self.kept.append((end, after))
        return after

    def _inline_target(self, place: int) -> tuple[str, int, int] | None:
        """Return the address of `(address "title")`, where it ends, and where it can be broken."""
        if not self._text.startswith("(", place):
            return None
        start = _after(_BLANKS, self._text, place + 1)
        if bracketed := _BRACKETED.match(self._text, start):
            url, end = bracketed[1], bracketed.end()
        elif self._text.startswith("<", start):
            return None
        else:
            end = self._end_of_target(place)
            url = self._text[start:end]
        titled = _TITLE.match(self._text, end)
        after = _after(_BLANKS, self._text, titled.end() if titled and end > start else end)
        if end < start or not self._text.startswith(")", after):
            return None
        return url, after + 1, place

    def _end_of_target(self, place: int) -> int:
        if self._targets is None:
            self._targets = _ends_of_targets(self._text)
        return self._targets.get(place, -1)

    def _reference(self, inside: int, end: int) -> tuple[str, int, int] | None:
        """Return the address of `[text][label]`, `[label][]` or `[label]`, with the same places."""
        if not self._definitions:
            return None
        label = _LABEL.match(self._text, end + 1)
        if label and label[1].strip():
            name, after, place = label[1], label.end(), label.start() + 1
        else:
            name, after, place = self._text[inside:end], label.end() if label else end + 1, inside
        url = self._definitions.get(normal(name))
        return None if url is None else (url, after, place)


def unbreakable_spans(passage: Passage) -> list[Span]:
    """Return where code and links are in `passage`, and where one begins that may end in what follows."""
    inline = Inline(passage.text, lambda _label, _url: (Verdict.KEPT, ""), {}, has_code=passage.has_code)
    opened = [start for start, _ in inline.open_code + inline.openers[-1:]]
    return [*inline.code, *inline.links, *((start, len(passage.text) + 1) for start in opened)]


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _ends_of_targets(text: str) -> dict[int, int]:
    """Return where the address in a parenthesis ends, by the place of that: at its end, or at a blank."""
    ends: dict[int, int] = {}
    openers: list[int] = []
    for mark in _TARGET_MARK.finditer(text):
        sign = mark[0][0]
        if sign == "\\":
            continue
        if sign == "]":
            openers.append(mark.start() + 1)
        elif sign == "(":
            openers.append(-1)
        elif sign == ")":
            if openers and (place := openers.pop()) >= 0:
                ends[place] = mark.start()
        else:
            if openers and openers[-1] >= 0:
                ends[openers[-1]] = mark.start()
            openers.clear()
    if openers and openers[-1] >= 0:
        ends[openers[-1]] = len(text)
    return ends


def normal(label: str) -> str:
    """https://spec.commonmark.org/0.31.2/#matches"""
    return " ".join(label.split()).casefold()
