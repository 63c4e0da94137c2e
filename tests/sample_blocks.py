"""Blocks as an app sends them, and what Slack makes of those of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.playground.api_rules import decoded
from bot.playground.message_blocks import stored


def markdown(text: str) -> dict[str, Any]:
    return {"type": "markdown", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def table(rows: int, columns: int, cell: str = "x") -> str:
    """A table in Markdown, its header one of the `rows`."""
    row = f"| {cell} " * columns + "|\n"
    return row + "|---" * columns + "|\n" + row * (rows - 1)


def kinds(parameters: Mapping[str, Any]) -> list[str]:
    """The types of the blocks that Slack makes of those of a call with these `parameters`."""
    return [str(block["type"]) for block in stored(decoded(parameters.get("blocks") or [], ""))]
