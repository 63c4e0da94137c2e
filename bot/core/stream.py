"""What a model's stream says. It always ends with a value: `Finished` or `Failed`, never with silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bot.core.errors import ModelError


@dataclass(frozen=True)
class Usage:
    """Tokens that a call was billed for."""

    input: int
    output: int


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


StreamEvent: TypeAlias = Text | Finished | Failed
