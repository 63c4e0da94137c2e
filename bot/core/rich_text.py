"""Slack's rich text as Markdown, which is what models read and write.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. Nothing here raises: what is malformed or
not known yet is left out, or read as the words that it carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.rich_line import BACKTICKS, dicts, inline, integer, raw, string

# https://docs.slack.dev/reference/types/expanded_rich_text-type
_TASKS = {"checked": "[x] ", "unchecked": "[ ] "}
_MAX_INDENT = 8  # https://docs.slack.dev/reference/block-kit/block-elements/rich-text-list-element
_OTHER_SIGNS = {".": ")", ")": ".", "-": "*", "*": "-"}
_EMPTY_ITEM = re.compile(r"(?:[ ]*(?:[-*]|\d+[.)]))+")


def rich_text(elements: Any) -> str:
    """The `elements` of a `rich_text` block, or of a table's cell, as Markdown."""
    rest, parts = dicts(elements), []
    while rest:
        length = _length_of_lists(rest)
        text = _lists(rest[:length]) if length else _part(rest[0])
        parts.append(quoted(text) if _is_quoted(rest[0]) and text.strip() else text)
        rest = rest[length or 1 :]
    return "\n\n".join(part for part in parts if part.strip())


def fenced(code: str, language: str = "") -> str:
    """`code` in a fence that is longer than any run of backticks in it."""
    marks = "`" * max(3, 1 + max(map(len, BACKTICKS.findall(code)), default=0))
    info = re.sub(r"[`\s\\&]", "", language)
    return f"{marks}{info}\n{code}\n{marks}"


def quoted(text: str) -> str:
    """`text` as a quotation."""
    return "\n".join(f"> {line}" if line.strip() else ">" for line in text.split("\n"))


# Sections, code and quotes


def _part(element: Mapping[str, Any]) -> str:
    match element.get("type"):
        case "rich_text_preformatted":
            code = "".join(raw(each) for each in dicts(element.get("elements")))
            return fenced(code, string(element.get("language")))
        case "rich_text_section" | "rich_text_quote":
            return inline(element.get("elements")).strip()
        case _:
            return ""


def _is_quoted(element: Mapping[str, Any]) -> bool:
    """Return whether a line stands at the side of `element`."""
    return element.get("type") == "rich_text_quote" or integer(element.get("border")) == 1


# Lists


def _length_of_lists(elements: Sequence[Mapping[str, Any]]) -> int:
    """Return how many of `elements` belong to the lists with which they begin, with code in their items."""
    if not _is_list(elements[0]):
        return 0
    length, number = 1, _last_number(elements[0])
    for place in (place for place, each in enumerate(elements) if place and _is_list(each)):
        between, following = elements[length:place], elements[place]
        is_nested = integer(following.get("indent")) > 0
        goes_on = is_nested or number == integer(following.get("offset")) > 0
        is_inside = not between or (goes_on and between[0].get("type") != "rich_text_section")
        if not is_inside or _is_quoted(following) != _is_quoted(elements[0]):
            break
        length, number = place + 1, number if is_nested else _last_number(following)
    return length


def _last_number(element: Mapping[str, Any]) -> int:
    return integer(element.get("offset")) + len(dicts(element.get("elements")))


def _is_list(element: Mapping[str, Any]) -> bool:
    return element.get("type") == "rich_text_list"


@dataclass
class _Level:
    """A list that can still grow: its sign, its last number, and where the text of its last item begins."""

    style: str
    sign: str
    number: int = 0
    column: int = 0

    @property
    def is_ordered(self) -> bool:
        return self.style == "ordered"


def _lists(elements: Sequence[Mapping[str, Any]]) -> str:
    """Lists that follow each other: Slack nests none, but says how far each is indented."""
    lines: list[str] = []
    levels: list[_Level] = []
    depth_before = -1
    for element in elements:
        if not _is_list(element):
            text = _part(element)
            text = quoted(text) if _is_quoted(element) and not _is_quoted(elements[0]) else text
            _add(lines, _indented(text, levels[-1].column), is_apart=True)
            lines.append("")
            depth_before = -1
            continue
        depth = min(max(integer(element.get("indent")), 0), _MAX_INDENT, len(levels))
        level = _level(element, levels[depth] if depth < len(levels) else None, depth == depth_before)
        levels[depth:] = [level]
        indent = levels[depth - 1].column if depth else 0
        items = [_item(each, level.style) for each in dicts(element.get("elements"))]
        # Items with these beginnings would be read as more of the item above.
        is_apart = depth > depth_before >= 0 and (level.number > 0 or not all(items[:1]))
        _add(lines, [line for item in items for line in _item_lines(level, indent, item)], is_apart=is_apart)
        depth_before = depth
    return "\n".join(lines)


def _add(lines: list[str], more: Sequence[str], *, is_apart: bool) -> None:
    """Add what stands under, or within, the last item, which may have no words of its own."""
    within = len(lines[-1]) < len(more[0]) - len(more[0].lstrip()) + 1 if lines and more else False
    if lines and within and _EMPTY_ITEM.fullmatch(lines[-1]):
        lines.append(f"{lines.pop()} {more[0].lstrip()}")
        more = more[1:]
    elif is_apart:
        lines.append("")
    lines += more


def _indented(text: str, column: int) -> list[str]:
    return [f"{' ' * column}{line}" if line else "" for line in text.split("\n")]


def _level(element: Mapping[str, Any], known: _Level | None, is_neighbour: bool) -> _Level:
    """The list that the items of `element` belong to: the one that is `known` at its depth, or another."""
    style, offset = string(element.get("style")), max(integer(element.get("offset")), 0)
    fresh = _Level(style, "." if style == "ordered" else "-", offset)
    if known is None or known.is_ordered != fresh.is_ordered:
        return fresh
    is_another = known.number != offset if fresh.is_ordered else is_neighbour and known.style == style
    if is_another:  # with the same sign the two would be one
        return replace(fresh, sign=_OTHER_SIGNS[known.sign])
    return replace(known, style=style, number=offset)


def _item(element: Mapping[str, Any], style: str) -> str:
    text = _part(element) if "elements" in element else inline([element]).strip()
    return f"{_TASKS.get(style, '')}{text}"


def _item_lines(level: _Level, indent: int, text: str) -> Iterator[str]:
    level.number += 1
    mark = f"{level.number}{level.sign}" if level.is_ordered else level.sign
    level.column = indent + len(mark) + 1
    first, *others = _indented(text, level.column)
    yield f"{' ' * indent}{mark} {first.lstrip()}".rstrip()
    yield from others
