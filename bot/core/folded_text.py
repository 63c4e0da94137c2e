"""Text folded for matching: one writing for what reads the same, and a map back to what was written.

Format characters (zero-width ones, say), combining marks and marks of Markdown are left out; others are in
their form NFKC (https://unicode.org/reports/tr15/), digits of every script and all dashes and quotation
marks in their ASCII form. What is found in the folded text is masked in the written one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache

_MARKS = r"\*+|`+|(?<![0-9A-Za-z~])~~|~~(?![0-9A-Za-z~])|\\(?=[_*~`@.+-])"
_IN_ASCII = re.compile(_MARKS)
_ANYWHERE = re.compile(
    rf"{_MARKS}|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[^\x00-\x7f\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)
_MASK = "***"  # what stays, be it longer, since that is what a masked secret looks like
_ASCII = {"„": '"', "“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "−": "-", "İ": "I", "ſ": "s"}


class FoldedText:
    """`text` is `source` folded; both are cut into pieces that begin at known places of each."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._places, self._sources, self._ends = list[int](), list[int](), list[int]()
        self._length, pieces, done = 0, list[str](), 0
        for found in (_IN_ASCII if source.isascii() else _ANYWHERE).finditer(source):
            pieces += (self._add(source[done : found.start()], done, found.start()),)
            pieces += (self._add(_folded(found[0]), found.start(), found.end()),)
            done = found.end()
        self.text = "".join((*pieces, self._add(source[done:], done, len(source))))

    def _add(self, piece: str, start: int, end: int) -> str:
        if piece:
            self._places.append(self._length)
            self._sources.append(start)
            self._ends.append(end)
            self._length += len(piece)
        return piece

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the source the piece from `start` to `end` of the folded text stands.

        Marks around it are not part of it, marks within it are.
        """
        first, last = bisect_right(self._places, start) - 1, bisect_left(self._places, end) - 1
        begins = min(self._sources[first] + start - self._places[first], self._ends[first] - 1)
        ends = self._sources[last] + end - self._places[last]
        return begins, min(ends, self._ends[last]) if self._is_copied(last) else self._ends[last]

    def _is_copied(self, piece: int) -> bool:
        places = [*self._places[piece : piece + 2], self._length]
        return places[1] - places[0] == self._ends[piece] - self._sources[piece]

    def without(self, spans: Iterable[tuple[int, int, str]]) -> str:
        """Return the source with a word in place of each span of the folded text, or the first of several."""
        parts, done = list[str](), 0
        for start, end, word in _merged(spans):
            begins, ends = self.source_span(start, end)
            parts += (self.source[done:begins], word)
            done = ends
        return "".join((*parts, self.source[done:]))


def _merged(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    merged: list[tuple[int, int, str]] = []
    for start, end, word in sorted(spans, key=lambda span: span[0]):
        if merged and (start < merged[-1][1] or (start, word) == merged[-1][1:]):
            begins, ends, first = merged[-1]
            merged[-1] = (begins, max(ends, end), first)
        elif start < end:
            merged.append((start, end, word))
    return merged


@lru_cache(4_096)
def _folded(found: str) -> str:
    if found[0] in "*`~\\":
        return found if found.startswith(_MASK) else ""
    return "".join(map(_folded_character, unicodedata.normalize("NFKC", found)))


def _folded_character(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    match unicodedata.category(character):
        case "Cf" | "Mn" | "Me":
            return ""
        case "Pd":
            return "-"
        case "Nd":
            return str(unicodedata.digit(character))
        case _:
            return character
