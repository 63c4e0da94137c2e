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
    """What a message is to be. `key` tells it from every other, so that it can be found if nobody knows
    whether it was posted; `is_end` means that with it the answer is whole on screen.
    """

    kind: Kind
    content: Content
    key: str
    is_end: bool = False


@dataclass(frozen=True)
class Standing:
    """A message of the bot's as it was found in Slack, with what it says in Markdown."""

    ts: str
    body: str = ""
    is_end: bool = False
