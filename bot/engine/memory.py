"""Memories that keep the newest and forget the oldest."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


def remember(known: dict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Let `known` have `value` as its newest, and no more than `most` in all; a dict keeps the order."""
    known.pop(key, None)
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]


class SizedCache(Generic[_K, _V]):
    """Values of at most `max_size` together; those that were used longest ago make room. Thread-safe."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._lock = threading.Lock()
        self._kept: dict[_K, tuple[_V, int]] = {}  # the last used last
        self.size = 0

    def get(self, key: _K) -> _V | None:
        """Return what was put under `key`, if it is kept still."""
        with self._lock:
            if found := self._kept.pop(key, None):
                self._kept[key] = found
            return found[0] if found else None

    def put(self, key: _K, value: _V, size: int) -> None:
        """Keep `value`, whose size is that now; one that is larger than all may be is not kept."""
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (value, size)
            self.size += size - before
            while self.size > self._max_size:
                _, dropped = self._kept.pop(next(iter(self._kept)))
                self.size -= dropped
