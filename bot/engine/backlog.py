"""Writes that wait for the store: in order, and bounded while the store is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import count

log = logging.getLogger(__name__)

MAX_WRITES = 20_000  # some hours of a busy workspace
MAX_CHARACTERS = 20_000_000  # of texts in them


class Rank(IntEnum):
    """Order in which waiting writes are given up: the first rank first, and of each the oldest."""

    TEXT = 0  # how far an answer has come: it stands in Slack, too
    FIGURES = 1
    MONEY = 2
    QUESTION = 3  # that a question was taken, or is answered


@dataclass(eq=False)
class Write:
    """Something to write. `characters` is how long its texts are; `failures` counts its tries."""

    do: Callable[[], object]
    rank: Rank
    key: str
    characters: int = 0
    number: int = 0
    failures: int = 0


class Backlog:
    """Writes that wait, oldest first. Of those with one key only the newest is kept. Thread-safe."""

    def __init__(self, max_writes: int = MAX_WRITES, max_characters: int = MAX_CHARACTERS) -> None:
        self._max_writes, self._max_characters = max_writes, max_characters
        self._lock = threading.Lock()
        self._numbers = count()
        self._waiting: dict[Rank, dict[str, Write]] = {rank: {} for rank in Rank}  # each in order
        self._characters = 0
        self.dropped = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, write: Write) -> None:
        """Let `write` wait, in the place of an older one with its key, if there is one."""
        with self._lock:
            writes = self._waiting[write.rank]
            number = next(self._numbers)
            write.key = write.key or str(number)
            replaced = writes.get(write.key)
            write.number = replaced.number if replaced else number
            self._characters += write.characters - (replaced.characters if replaced else 0)
            writes[write.key] = write
            while len(self) > self._max_writes or self._characters > self._max_characters:
                self._drop()

    def _drop(self) -> None:
        writes = next(writes for writes in self._waiting.values() if writes)
        self._forget(next(iter(writes.values())))
        if not self.dropped:
            log.error("store.backlog_full", extra={"waiting": len(self)})
        self.dropped += 1

    def discard(self, rank: Rank, key: str) -> None:
        """Discard what waits under `key`."""
        with self._lock:
            if write := self._waiting[rank].get(key):
                self._forget(write)

    def first(self) -> Write | None:
        """Return what is to be written next."""
        with self._lock:
            oldest = (next(iter(writes.values())) for writes in self._waiting.values() if writes)
            return min(oldest, key=lambda write: write.number, default=None)

    def remove(self, write: Write) -> None:
        """`write` waits no more; what took its place does."""
        with self._lock:
            if self._waiting[write.rank].get(write.key) is write:
                self._forget(write)

    def _forget(self, write: Write) -> None:
        del self._waiting[write.rank][write.key]
        self._characters -= write.characters
