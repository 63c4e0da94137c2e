"""A message of the bot's own: what it says, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    REGENERATE = "regenerate"
    FEEDBACK = "feedback"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True)
class Button:
    """A button, and what stands on it. One that `replaces` asks for another answer in place of this one."""

    action: Action
    label: str
    replaces: bool = False


@dataclass(frozen=True)
class Feedback:
    """Two buttons to say what one thinks of an answer, and what is read out for each."""

    good: str
    bad: str


@dataclass(frozen=True)
class Content:
    """What one message says: `body` in Markdown, under an optional `lead` and over an optional `note` and
    `footer`, and a `button` under it all, or what one can do with a finished answer: ask on (`follow_ups`),
    rate it (`feedback`), and what a small `menu` offers.

    All but the body is the bot's own, not the model's: it does not enter a conversation's history. One that
    `is_plain` is sent as text without blocks, since Slack refused those, and has nothing to press.
    Who reads the thread later is told that it `is_blocked`, by a guardrail or a filter, and which files the
    model `refused`, by their ids: nothing that people see, so it is no reason for an edit.
    """

    body: Safe
    lead: Safe = Safe("")
    note: Safe = Safe("")
    footer: Safe = Safe("")
    button: Button | None = None
    follow_ups: tuple[Safe, ...] = ()
    feedback: Feedback | None = None
    menu: tuple[Button, ...] = ()
    is_plain: bool = False
    is_blocked: bool = field(default=False, compare=False)
    refused: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Form:
    """A modal with one field, and the words on it. `name` tells what it is for; it `carries` what is to be
    known when it comes back.
    """

    name: str
    carries: str
    title: str
    label: str
    send: str
    close: str
    is_optional: bool = False


@dataclass(frozen=True)
class Press:
    """What a button's value tells: whose question it belongs to, its key, which retry of it that is, and
    under which key its answer may be kept.
    """

    asker: str
    retry: int
    question_key: str
    answer_key: str = ""

    def __str__(self) -> str:
        return f"{self.asker} {self.retry} {self.question_key} {self.answer_key}".strip()

    @classmethod
    def read(cls, value: str) -> Press:
        """The press that was written as `value`. Raises ValueError if it was not."""
        asker, retry, question_key, *answer_key = value.split(" ")
        return cls(asker, int(retry), question_key, *answer_key[:1])


def posted_key(question_key: str) -> str:
    """The key of the message in which the bot posts a question that was none."""
    return f"{question_key}/question"


@dataclass(frozen=True)
class Outgoing:
    """What a message is to be. `key` tells it from every other, so that it can be found if nobody knows
    whether it was posted; `is_end` means that with it the answer is whole on screen; `press` goes with its
    button. `lines` are the ts of the messages that its question had besides the first.
    """

    kind: Kind
    content: Content
    key: str
    is_end: bool = False
    press: Press | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """A message of the bot's as it was found in Slack, with what it says in Markdown.

    `retry` is the number of the try that it was shown for.
    """

    ts: str
    body: str = ""
    is_end: bool = False
    kind: Kind = Kind.ANSWER
    lines: tuple[str, ...] = ()
    retry: int = 0
