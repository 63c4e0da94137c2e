"""Secrets in a column of a table, or of values between commas, whose head names them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.core.named_secrets import Name
from bot.core.secret_values import Trust, is_mixed, is_secret

Cell = tuple[int, int]

_MAX_LINE = 500  # characters; of a longer one no column is read
_HEAD = re.compile(r"[ \t>\"']{0,4}[\w .-]{1,30}[ \t\"'\r]{0,20}")
_DELIMITERS = ("|", "\t", ",", ";")


def cell_spans(text: str, names: Sequence[Name]) -> Iterator[Cell]:
    """Yield where in a folded text cells stand whose head has one of `names`, which are in their order."""
    starts, done = [name.start for name in names if name.trust is not Trust.SERVICE], 0
    for start in starts:
        begin, end = _line(text, start)
        if start < done or end - begin >= _MAX_LINE:
            continue
        done = end
        line = text[begin:end]
        mark = next((mark for mark in _DELIMITERS if mark in line), "\n")
        cells = _cells(text, begin, end, mark)
        columns = {number for number, cell in enumerate(cells) if _has_name(starts, *cell)}
        if len(cells) > 1 and all(
            _HEAD.fullmatch(text, *cell) for cell in cells if mark != "|" or cell[0] < cell[1]
        ):
            while (row := _row(text, done + 1, mark)) and _is_below(row, cells, len(text)):
                if _has_name(starts, row[0][0], row[-1][1]):
                    break
                yield from _secrets(text, [cell for number, cell in enumerate(row) if number in columns])
                done = row[-1][1]


def _line(text: str, place: int) -> tuple[int, int]:
    """Return where the line around `place` begins and ends, as far as a line of a table goes."""
    begin = text.rfind("\n", max(place - _MAX_LINE, 0), place)
    end = text.find("\n", place, place + _MAX_LINE)
    return max(begin + 1, place - _MAX_LINE), min(place + _MAX_LINE, len(text)) if end < 0 else end


def _row(text: str, start: int, mark: str) -> list[Cell]:
    return _cells(text, start, _line(text, start)[1], mark) if start < len(text) else []


def _is_below(row: Sequence[Cell], heads: Sequence[Cell], end: int) -> bool:
    """Return whether `row` has as many cells as there are `heads`, or is still being written."""
    return len(row) == len(heads) or (1 < len(row) < len(heads) and row[-1][1] == end)


def _cells(text: str, begin: int, end: int, mark: str) -> list[Cell]:
    bounds = [begin - 1, *(place for place in range(begin, end) if text[place] == mark), end]
    return [(one + 1, other) for one, other in pairwise(bounds)]


def _has_name(starts: Sequence[int], begin: int, end: int) -> bool:
    return bisect_left(starts, begin) < bisect_left(starts, end)


def _secrets(text: str, cells: Sequence[Cell]) -> Iterator[Cell]:
    for begin, end in cells:
        value = text[begin:end].strip(" \t\r\"'")
        if is_mixed(value) and is_secret(value, Trust.PASSWORD, is_quoted=True, is_setting=True):
            start = text.index(value, begin)
            yield start, start + len(value)
