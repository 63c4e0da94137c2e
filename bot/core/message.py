"""A message of the bot's own: what it says, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.safety import Safe


class Kind(Enum):
    """What a message is for. It travels with the message, so that a thread can be read back."""

    QUESTION = "question"
    ACKNOWLEDGEMENT = "acknowledgement"
    ANSWER = "answer"
    NOTICE = "notice"


@dataclass(frozen=True)
class Content:
    """What one message says: `body` in Markdown, under an optional `lead` and over an optional `note`.

    Lead and note are the bot's own words, not the model's: they do not enter a conversation's history.
    """

    body: Safe
    lead: Safe = Safe("")
    note: Safe = Safe("")


@dataclass(frozen=True)
class Outgoing:
    """A message to be posted. `key` tells it from every other, so that it can be found if nobody knows
    whether it was posted.
    """

    kind: Kind
    content: Content
    key: str
