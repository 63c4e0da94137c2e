"""The items that a Markdown text becomes in Slack, of which a message holds a limited number.

Each heading, rule and table is one, and each run of text between them: see `bot/core/layout.py`.
"""

from __future__ import annotations

import re

from bot.core.layout import MAX_TABLE_ROWS, MAX_TABLE_UNITS, Limits, units
from bot.core.markdown_context import Context

# Each of these is an item of its own in Slack, wherever it stands; so is what underlines a heading, or may.
_HEADING_OR_RULE = re.compile(
    r"[ >\t]{0,12}(?:(?:[-*+]|\d{1,2}[.)])[ \t]{1,4})?#{1,6}(?:\s|$)"
    r"|[ >\t]{0,12}(?:=+|-+|(?P<mark>[-*_])(?:[ \t]*(?P=mark)){2,})[ \t]*$"
)


class Items:
    """Counter of items, fed line by line. It counts rather too many than too few."""

    def __init__(self) -> None:
        self._items = self._tables = self._rows = self._in_table = 0
        self._is_text = self.has_begun_table = False

    def add(self, line: str, before: Context, context: Context) -> None:
        """Count `line`, which leads from one context to another."""
        self.has_begun_table = bool(context.table) and not before.table
        if self.has_begun_table:
            self._items, self._tables = self._items + 1, self._tables + 1
            self._rows, self._in_table, self._is_text = 1, units(context.table), False
        elif context.table:
            self._rows, self._in_table = self._rows + 1, self._in_table + units(line)
        elif not (before.marks or context.marks) and _HEADING_OR_RULE.match(line):
            self._items, self._is_text = self._items + 1, False
        elif line.strip() and not self._is_text:
            self._items, self._is_text = self._items + 1, True

    def exceed(self, limits: Limits) -> bool:
        """Return True if that is more than one message can hold."""
        is_large = self._rows > MAX_TABLE_ROWS or self._in_table > MAX_TABLE_UNITS
        return is_large or self._items > limits.items or self._tables > limits.tables
