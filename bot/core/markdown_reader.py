"""Markdown as places in its source: where code is, and the paragraphs whose words hold links and emphasis."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace

from bot.core.markdown_context import Context, Leaf

Span = tuple[int, int]

_LINE = re.compile(r"(?P<words>[^\r\n]*)(?:\r\n?|\n|\Z)")
_BAR = re.compile(r"(?<!\\)\|")


@dataclass
class Passage:
    """Lines of words that are read as one: `text` without what stands before each, and where each begins."""

    text: str
    places: list[int]
    starts: list[int] = field(default_factory=lambda: [0])
    has_code: bool = True

    def place(self, index: int) -> int:
        """Return where in the source the character `index` of the text is."""
        line = bisect_right(self.starts, index) - 1
        return self.places[line] + index - self.starts[line]

    def spans(self, start: int, end: int) -> list[Span]:
        """Return where in the source the characters from `start` to `end` are, line by line."""
        ends = [*self.starts[1:], len(self.text) + 1]
        first = bisect_right(self.starts, start) - 1
        found: list[Span] = []
        for line in range(first, len(self.starts)):
            if self.starts[line] >= end:
                break
            last = min(end, ends[line])
            found.append(
                (self.place(max(start, self.starts[line])), self.places[line] + last - self.starts[line])
            )
        return found


@dataclass(frozen=True)
class Reading:
    """Code in blocks, which Slack shows as it is, and all other words."""

    code: tuple[Span, ...]
    passages: tuple[Passage, ...]


def read(text: str) -> Reading:
    """Read the blocks of `text`."""
    reader = _Reader(text)
    for line in _LINE.finditer(text):
        reader.add(line["words"], line.start())
    reader.end()
    if not reader.context.is_unclear:
        return Reading(tuple(reader.code), tuple(reader.passages))
    every = [*reader.passages, *(Passage(text[start:end], [start]) for start, end in reader.code)]
    return Reading((), tuple(replace(passage, has_code=False) for passage in every))


class _Reader:
    def __init__(self, text: str) -> None:
        self.code: list[Span] = []
        self.passages: list[Passage] = []
        self.context = Context()
        self._text = text
        self._lines: list[Span] = []
        self._is_paired = True

    def add(self, line: str, position: int) -> None:
        """Read the `line` that is at `position`."""
        before, self.context = self.context, self.context.after(line)
        leaf, words = self.context.leaf, (position + self.context.start, position + len(line))
        if self.context.begins or leaf in (Leaf.NONE, Leaf.CODE):
            self.end()
        if leaf is Leaf.CODE:
            self.code.append((position, min(position + len(line) + 1, len(self._text))))
        elif leaf is Leaf.ROW:
            if not before.table:  # the last line of a paragraph was the table's head
                head = self._lines.pop()
                self.end()
                self._is_paired = not self.passages or _is_paired(self.passages[-1].text)
                self._add_row(*head)
            self._add_row(*words)
        elif leaf is not Leaf.NONE:
            self._lines.append(words)

    def end(self) -> None:
        """End the passage that the last lines are of."""
        if not self._lines:
            return
        starts, length = [], 0
        for start, end in self._lines:
            starts.append(length)
            length += end - start + 1
        text = "\n".join(self._text[start:end] for start, end in self._lines)
        self.passages.append(Passage(text, [start for start, _ in self._lines], starts))
        self._lines = []

    def _add_row(self, start: int, end: int) -> None:
        """Add a row's cells, which a bar ends in code as well.

        In a stream Slack leaves tables text, in which code goes on from cell to cell: only what is code
        either way is taken for it. https://github.com/databuddy-analytics/Databuddy/issues/600
        """
        bars = [found.start() for found in _BAR.finditer(self._text, start, end)]
        cells = [*zip([start, *(bar + 1 for bar in bars)], [*bars, end], strict=True)]
        self._is_paired = self._is_paired and all(_is_paired(self._text[place:bar]) for place, bar in cells)
        for place, bar in cells:
            self.passages.append(Passage(self._text[place:bar], [place], has_code=self._is_paired))


_BACKTICKS = re.compile(r"`+")
_RUN = re.compile(r"(?:(?<!\\)(?P<escapes>\\+))?(?P<run>`+)")


class Backticks:
    """Runs of backticks in a text: each begins code that ends at the next of the same length.

    https://spec.commonmark.org/0.31.2/#code-spans
    """

    def __init__(self, text: str) -> None:
        self._ends: defaultdict[int, list[Span]] = defaultdict(list)
        for found in reversed(list(_BACKTICKS.finditer(text))):
            self._ends[found.end() - found.start()].append(found.span())

    def end_of_code(self, start: int, end: int) -> int:
        """Return where the code ends that the run from `start` to `end` begins; 0 if it begins none."""
        closers = self._ends[end - start]
        while closers and closers[-1][0] < end:
            closers.pop()
        return closers[-1][1] if closers else 0


def _is_paired(text: str) -> bool:
    """Return whether no run of backticks in `text` is left over, which could begin code that ends later."""
    if "`" not in text:
        return True
    backticks, end = Backticks(text), 0
    for run in _RUN.finditer(text):
        opening = run.start("run") + len(run["escapes"] or "") % 2
        if opening < end or opening == run.end():
            continue
        end = backticks.end_of_code(opening, run.end())
        if not end:
            return False
    return True
