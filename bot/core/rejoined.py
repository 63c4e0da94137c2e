"""Several messages of one answer as the one text that they were cut from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_FENCE = re.compile(r"(?P<prefix>[ >\t]*)(?P<marks>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>\S*)[ \t]*$")


def rejoined(pages: Iterable[str]) -> str:
    """Return `pages` of Markdown as one text: code that was closed for a cut goes on, and so does a table."""
    text = ""
    for page in pages:
        text = _continued(text, page) if text else page
    return text


def _continued(text: str, page: str) -> str:
    lines, more = text.rstrip("\n").split("\n"), page.lstrip("\n").split("\n")
    if code := _continued_code(lines, more):
        return "\n".join(code)
    head = _table_head(lines)
    if head and more[:2] == head:
        return "\n".join((*lines, *more[2:]))
    return f"{text}\n\n{page}"


def _continued_code(lines: Sequence[str], more: Sequence[str]) -> list[str]:
    """Lines that end with code and others that begin with it, as one; none if the code is not the same."""
    (before, opening), (_, reopening) = _last_fence(lines), _last_fence([more[0]])
    if not (opening and reopening) or opening["info"] != reopening["info"]:
        return []
    if before == len(lines) - 1 or not _closes(lines[-1], opening):
        return []
    marks = max(opening["marks"], reopening["marks"], key=len)
    ends = (place for place, line in enumerate(more) if place and _closes(line, reopening))
    end = next(ends, len(more))
    closing = [f"{opening['prefix']}{marks}"] if end < len(more) else []
    indent = " " * (len(opening["prefix"]) - len(reopening["prefix"]))
    code = [*lines[before + 1 : -1], *(f"{indent}{line}" if line else line for line in more[1:end])]
    return [
        *lines[:before],
        f"{opening['prefix']}{marks}{opening['info']}",
        *code,
        *closing,
        *more[end + 1 :],
    ]


def _last_fence(lines: Sequence[str]) -> tuple[int, re.Match[str] | None]:
    """Return the place and the first line of the code with which `lines` end, if they end with code."""
    start, opening = 0, None
    for place, line in enumerate(lines):
        if opening is None:
            start, opening = place, _FENCE.match(line)
        elif _closes(line, opening) and place < len(lines) - 1:
            opening = None
    return start, opening


def _closes(line: str, opening: re.Match[str]) -> bool:
    found = _FENCE.match(line)
    return bool(found and found["marks"].startswith(opening["marks"]) and not found["info"])


def _table_head(lines: Sequence[str]) -> list[str]:
    """The first two lines of the table with which `lines` end; none if they end with something else."""
    start = len(lines)
    while start and lines[start - 1].startswith("|"):
        start -= 1
    return list(lines[start : start + 2])
