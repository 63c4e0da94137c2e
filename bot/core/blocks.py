"""Slack's blocks as Markdown: Slack keeps and returns those into which it translated a `markdown` block.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block. Nothing here raises: blocks without words,
blocks that are malformed and those not known yet are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest
from typing import Any

from bot.core import mrkdwn
from bot.core.rich_line import dicts, escaped, inline, integer, string
from bot.core.rich_text import rich_text

TRANSLATED = {"markdown", "rich_text", "header", "divider", "table", "image"}
"""The kinds of block that a `markdown` block can become."""

_DELIMITERS = {"left": ":--", "center": ":-:", "right": "--:"}
_HEADING = 2  # where a header does not tell its level, as Slack shows all of them in one size


def markdown_of(blocks: Any, me: str = "", kinds: Collection[str] | None = None) -> str:
    """Return `blocks` as Markdown, without mentions of the bot user `me`; of all `kinds` if None.

    Texts in Slack's own markup are read as `mrkdwn.plain` reads them.
    """
    wanted = (each for each in dicts(blocks) if kinds is None or each.get("type") in kinds)
    return "\n\n".join(text for block in wanted if (text := _written(block, me).strip("\n")).strip())


def _written(block: Mapping[str, Any], me: str) -> str:
    match block.get("type"):
        case "rich_text":
            text = rich_text(block.get("elements"))
            return text.replace(f"<@{me}>", "") if me else text
        case "markdown":
            return string(block.get("text"))
        case "header":
            level = min(max(integer(block.get("level")) or _HEADING, 1), 6)
            title = escaped(" ".join(_text(block.get("text"), me).split("\n")).strip())
            title = re.sub(r"(?<!\S)(?=#+$)", r"\\", title)  # else it were the end of the heading
            return f"{'#' * level} {title}" if title else ""
        case "divider":
            return "---"
        case "table":
            return _table(block)
        case "section":
            accessory = block.get("accessory")
            words = [_text(block.get("text"), me), *(_text(each, me) for each in dicts(block.get("fields")))]
            return "\n".join(filter(None, [*words, _image(accessory)]))
        case "context":
            elements = dicts(block.get("elements"))
            return " ".join(filter(None, (_text(each, me) or _image(each) for each in elements)))
        case "image":
            return "\n".join(filter(None, (_text(block.get("title"), me), _image(block))))
        case "video":
            texts = (_text(block.get(name), me) for name in ("title", "description"))
            return "\n".join(filter(None, (*texts, string(block.get("title_url")))))
        case _:
            return ""


def _table(block: Mapping[str, Any]) -> str:
    """A `table` block: https://docs.slack.dev/reference/block-kit/blocks/table-block"""
    given = block.get("rows")
    rows = [row for row in given if isinstance(row, list) and row] if isinstance(given, list) else []
    if not rows:
        return ""
    width = max(map(len, rows))
    settings = block.get("column_settings")
    columns = settings if isinstance(settings, list) else []
    rules = (
        _DELIMITERS.get(_alignment(column), "---") for column, _ in zip_longest(columns[:width], range(width))
    )
    written = [_row(map(_cell, [*row, *[None] * (width - len(row))])) for row in rows]
    return "\n".join((written[0], _row(rules), *written[1:]))


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _alignment(column: Any) -> str:
    return string(column.get("align")) if isinstance(column, Mapping) else ""


def _cell(cell: Any) -> str:
    if not isinstance(cell, Mapping):
        return ""
    if cell.get("type") == "rich_text":
        sections = dicts(cell.get("elements"))
        text = " ".join(inline(each.get("elements"), begins_line=False) for each in sections)
    else:
        value = cell.get("value")
        text = escaped(string(cell.get("text")) or (str(value) if isinstance(value, int | float) else ""))
    return text.replace("|", r"\|").replace("\n", " ").strip()


def _text(value: Any, me: str) -> str:
    """The words of a text object, or of what stands for one."""
    if not isinstance(value, Mapping):
        return string(value)
    text = string(value.get("text"))
    return mrkdwn.plain(text, me) if value.get("type") == "mrkdwn" else text


def _image(value: Any) -> str:
    """The words that its sender has for an image."""
    if not (isinstance(value, Mapping) and value.get("type") == "image"):
        return ""
    return f"[Image: {alt}]" if (alt := string(value.get("alt_text")).strip()) else ""
