"""Prompt caching, as bedrock-runtime bills it: what of a request's input is read from and written to a cache.

https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.playground.bedrock_rules import block_tokens
from bot.playground.guardrail import plain_block

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEAST = 1_000  # tokens before a checkpoint of Nova's
_LIFETIME = 300.0  # seconds from the last use


@dataclass(frozen=True)
class InputTokens:
    """How a request's input is billed, in tokens: read from the cache, written to it, and the rest."""

    fresh: int
    read: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        """All of them, at least 1."""
        return self.fresh + self.read + self.written


class PromptCache:
    """What requests have marked with a cachePoint, for five minutes after the last one that did."""

    def __init__(self) -> None:
        self._ends: dict[bytes, float] = {}

    def take(self, model_id: str, body: Mapping[str, Any], now: float) -> InputTokens:
        """Read from the cache for a request that comes at `now` (seconds), and keep what the request marks.

        It reads up to its last checkpoint that was kept before, and writes from there to its last checkpoint.
        """
        marked, total = _prefixes(model_id, body)
        self._ends = {key: end for key, end in self._ends.items() if end > now}
        read = max((size for key, size in marked.items() if key in self._ends), default=0)
        longest = max(marked.values(), default=0)
        self._ends.update(dict.fromkeys(marked, now + _LIFETIME))
        return InputTokens(total - longest, read, longest - read)


def _prefixes(model_id: str, body: Mapping[str, Any]) -> tuple[dict[bytes, int], int]:
    """How many tokens stand before each checkpoint, by their digest, where they suffice; and all tokens."""
    marked: dict[bytes, int] = {}
    digest, size = sha256(model_id.encode()), 0
    for role, block in _blocks(body):
        if "cachePoint" not in block:
            digest.update(json.dumps([role, block], sort_keys=True).encode())
            size += block_tokens(block)
        elif size >= _LEAST:
            marked[digest.digest()] = size
    return marked, max(1, size)


def _blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every block of the input in the model's order, with its role."""
    yield from (("system", block) for block in body.get("system") or ())
    for turn in body["messages"]:
        yield from ((turn["role"], plain_block(block)) for block in turn["content"])
