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


class Action(Enum):
    """What a button under an answer does."""

    STOP = "stop"
    RETRY = "retry"


@dataclass(frozen=True)
class Button:
    """A button, and what stands on it."""

    action: Action
    label: str


@dataclass(frozen=True)
class Content:
    """What one message says: `body` in Markdown, under an optional `lead` and over an optional `note`, and a
    `button` under it all.

    Lead and note are the bot's own words, not the model's: they do not enter a conversation's history.
    """

    body: Safe
    lead: Safe = Safe("")
    note: Safe = Safe("")
    button: Button | None = None


@dataclass(frozen=True)
class Press:
    """What a button's value tells: whose question it belongs to, its key, and which retry of it is meant."""

    asker: str
    retry: int
    question_key: str

    def __str__(self) -> str:
        return f"{self.asker} {self.retry} {self.question_key}"

    @classmethod
    def read(cls, value: str) -> Press:
        """The press that was written as `value`. Raises ValueError if it was not."""
        asker, retry, question_key = value.split(" ", 2)
        return cls(asker, int(retry), question_key)


@dataclass(frozen=True)
class Outgoing:
    """What a message is to be. `key` tells it from every other, so that it can be found if nobody knows
    whether it was posted; `is_end` means that with it the answer is whole on screen; `press` goes with its
    button.
    """

    kind: Kind
    content: Content
    key: str
    is_end: bool = False
    press: Press | None = None


@dataclass(frozen=True)
class Standing:
    """A message of the bot's as it was found in Slack, with what it says in Markdown."""

    ts: str
    body: str = ""
    is_end: bool = False
    kind: Kind = Kind.ANSWER
