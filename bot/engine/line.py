"""The line for what is scarce: a queue for each person, and each person in turn."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Hashable
from math import inf
from typing import Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)

MAX_HELD_PER_FREE = 2  # of what is shared, so that whoever comes finds some left


class Line(Generic[_T]):
    """Items that wait, each for one person or for several, for one of so many `places`. Thread-safe.

    Of three places or more nobody is given the last: one person holds at most twice as many as are free, so
    who comes then finds one. That does not hold for what is nobody's (""), nor where places are not counted.
    """

    def __init__(self, places: float = inf) -> None:
        self._lock = threading.Lock()
        self._waiting: set[_T] = set()
        self._queues: dict[str, deque[_T]] = {}  # by person, in turn; some have left or were taken
        self._free = places
        self._held: Counter[str] = Counter()
        self._holders: dict[_T, str] = {}

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
        """The next item, which waits no more; None if nothing waits that may have a place."""
        with self._lock:
            for person in list(self._queues) if self._free > 0 else ():
                if person and self._held[person] >= MAX_HELD_PER_FREE * self._free:
                    continue
                item = _next_of(self._queues, self._waiting, person)
                if item is not None:
                    self._give_place(person, item)
                    return item
            return None

    def _give_place(self, person: str, item: _T) -> None:
        if self._free < inf:
            self._free -= 1
            self._held[person] += 1
            self._holders[item] = person

    def done(self, item: _T) -> None:
        """The place of `item`, which was taken, is free."""
        with self._lock:
            person = self._holders.pop(item, None)
            if person is not None:
                self._free += 1
                self._held -= Counter([person])

    def leave(self, item: _T) -> None:
        """Nobody waits for `item` any more."""
        with self._lock:
            self._waiting.discard(item)

    def clear(self) -> set[_T]:
        """All that waited, which waits no more."""
        with self._lock:
            waited, self._waiting, self._queues = self._waiting, set(), {}
            return waited

    def waits(self, item: _T) -> bool:
        """Return True if `item` was not taken yet, and somebody waits for it."""
        with self._lock:
            return item in self._waiting

    def ahead(self, item: _T) -> int | None:
        """How many items are taken before `item` unless others join; None if it does not wait."""
        with self._lock:
            queues = {person: deque(queue) for person, queue in self._queues.items()}
            waiting, ahead = set(self._waiting), 0
        while queues:
            taken = _next_of(queues, waiting, next(iter(queues)))
            if taken == item:
                return ahead
            ahead += taken is not None
        return None


def _next_of(queues: dict[str, deque[_T]], waiting: set[_T], person: str) -> _T | None:
    """Take the next that waits for a person, who is behind all others then; None if nothing does."""
    queue = queues.pop(person)
    while queue:
        item = queue.popleft()
        if item in waiting:
            waiting.remove(item)
            if queue:
                queues[person] = queue
            return item
    return None
