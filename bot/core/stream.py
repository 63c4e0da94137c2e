"""What models say. A stream always ends with a value, never with silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bot.core.errors import ModelError


@dataclass(frozen=True)
class Usage:
    """Tokens that calls were billed for. Those read from or written to the prompt cache are not in `input`.

    One that `is_estimate` was guessed in part, of a call that ended without telling.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    is_estimate: bool = False

    @property
    def all_input(self) -> int:
        """Tokens of input, those of the prompt cache included."""
        return self.input + self.cache_read + self.cache_write

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.is_estimate or other.is_estimate,
        )


@dataclass(frozen=True)
class Text:
    """The next piece of the answer; it can be empty."""

    piece: str


@dataclass(frozen=True)
class Finished:
    """The model stopped by itself, for `reason` (Converse's `stopReason`)."""

    reason: str
    usage: Usage | None
    request_id: str = ""


@dataclass(frozen=True)
class Failed:
    """The stream broke, before or after its first piece."""

    error: ModelError


@dataclass(frozen=True)
class Recalled:
    """The whole answer, as the model gave it to somebody who asked the same before."""

    answer: str


@dataclass(frozen=True)
class Aside:
    """Fixed sentences, in mrkdwn, that people are told besides the answer.

    `refused` are the ids of files that the model refused, and that its thread is to be asked about without.
    """

    sentence: str
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A fixed sentence in place of an answer, which may be that this `is_over_budget`."""

    sentence: str
    is_over_budget: bool = False


@dataclass(frozen=True)
class Reply:
    """All that a model says where it does not stream."""

    text: str
    reason: str
    usage: Usage | None
    request_id: str = ""

    @property
    def is_blocked(self) -> bool:
        """Whether its text is not the model's own, but what a filter or a guardrail says instead."""
        return self.reason in ("guardrail_intervened", "content_filtered")


StreamEvent: TypeAlias = Text | Finished | Failed | Recalled | Aside | Notice
