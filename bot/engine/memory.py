"""Memory that keeps the newest and forgets the oldest."""

from __future__ import annotations

from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


def remember(known: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Let `known` have `value` as its newest, and no more than `most` in all; a dict keeps the order."""
    known.pop(key, None)
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]
