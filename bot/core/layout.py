"""Limits of one message of an answer, and the smaller ones after Slack refused its content.

All `markdown` blocks of a message together hold 12,000 characters, and one block can become several
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block). Measured on real workspaces: 50 items, of
which each heading, rule and table is one and each run of text between them
(https://github.com/slackapi/bolt-js/issues/2509, https://github.com/archestra-ai/archestra/issues/4724).
A table has 100 rows, 20 columns and 10,000 characters
(https://docs.slack.dev/reference/block-kit/blocks/table-block); some workspaces take one table a message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

MAX_TABLE_ROWS = 100
MAX_TABLE_UNITS = 9_500


@dataclass(frozen=True)
class Limits:
    """Size of one message: its length in UTF-16 units, and what it becomes in Slack: items and tables.

    A message that `is_plain` has no blocks, and so nothing to press.
    """

    units: int
    items: float = inf
    tables: float = inf
    is_plain: bool = False


# Slack does not say what it calls a character, so UTF-16 units are counted, of which an emoji is two. A
# thousand of them and ten items are left for notes and buttons under the text. `chat.update` takes 4,000
# characters of plain `text` (https://docs.slack.dev/reference/methods/chat.update).
LEVELS = (Limits(11_000, items=40), Limits(3_000, items=12, tables=1), Limits(3_000, is_plain=True))
# Of what is told above an answer, such as which files were not read.
MAX_LEAD, MAX_PLAIN_LEAD = 1_100, 500


@dataclass(frozen=True)
class Layout:
    """Rules by which an answer is cut into messages, numbered from 0, given what Slack refused so far.

    From message `since[n]` on, the limits are those of level n + 1. `accepted` is the text of messages of
    which Slack took so much and then no more: they stay as they are, and the next message goes on. Those
    that are `plain` besides could not even lose their button, and are to be text without blocks.
    """

    since: tuple[int, ...] = ()
    accepted: tuple[tuple[int, str], ...] = ()
    plain: tuple[int, ...] = ()
    levels: tuple[Limits, ...] = LEVELS

    def limits(self, number: int) -> Limits:
        """Return the limits of message `number`."""
        return self.levels[sum(number >= first for first in self.since)]

    def is_plain(self, number: int) -> bool:
        """Return whether message `number` is text without blocks."""
        return number in self.plain or self.limits(number).is_plain

    def accepted_text(self, number: int) -> str | None:
        """Return the text at which message `number` ends; None if it may take more."""
        return dict(self.accepted).get(number)

    def smaller(self, number: int, accepted: str | None) -> Layout | None:
        """Return the layout after Slack refused message `number`, of which it had `accepted` some text.

        None if there is no smaller one.
        """
        first = number if accepted is None else number + 1
        if len(self.since) + 1 == len(self.levels):
            return None
        taken = self.accepted if accepted is None else (*self.accepted, (number, accepted))
        return replace(self, since=(*self.since, first), accepted=taken)

    def plainer(self, number: int) -> Layout | None:
        """Return the layout after Slack refused message `number` with the text that it had accepted.

        None if it was refused without blocks, too.
        """
        return None if self.is_plain(number) else replace(self, plain=(*self.plain, number))


DEFAULT = Layout()


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
