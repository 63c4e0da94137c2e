"""The line for the answering model: a queue for each person, and each person in turn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)


class Line(Generic[_T]):
    """Items that wait, each for one person or for several. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[_T] = set()
        self._queues: dict[str, deque[_T]] = {}  # by person, in turn; some have left or were taken

    def join(self, person: str, item: _T) -> None:
        """Let `item` wait behind what waits for `person` already."""
        with self._lock:
            self._waiting.add(item)
            self._queues.setdefault(person, deque()).append(item)

    def share(self, person: str, item: _T) -> None:
        """If `item` waits, `person` waits for it, too: it is taken when the first of its turns comes."""
        with self._lock:
            if item in self._waiting:
                self._queues.setdefault(person, deque()).append(item)

    def take(self) -> _T | None:
        """The next item, which waits no more; None if nothing waits."""
        with self._lock:
            item = next(self._in_turn(self._queues), None)
            if item is not None:
                self._waiting.remove(item)
            return item

    def leave(self, item: _T) -> None:
        """Nobody waits for `item` any more."""
        with self._lock:
            self._waiting.discard(item)

    def ahead(self, item: _T) -> int | None:
        """How many items are taken before `item` unless others join; None if it does not wait."""
        with self._lock:
            copy = {person: deque(queue) for person, queue in self._queues.items()}
            in_turn = dict.fromkeys(self._in_turn(copy))
        return next((ahead for ahead, each in enumerate(in_turn) if each == item), None)

    def _in_turn(self, queues: dict[str, deque[_T]]) -> Iterator[_T]:
        """Empty `queues`, one item for each person before a second for any."""
        while queues:
            person = next(iter(queues))
            queue = queues.pop(person)
            item = queue.popleft()
            if queue:
                queues[person] = queue
            if item in self._waiting:
                yield item
