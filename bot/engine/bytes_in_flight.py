"""Bytes of files that the process holds at once: bounded, and people take turns for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.engine.line import Line

MAX_BYTES_IN_FLIGHT = 256_000_000  # at the peak of what each file comes to until it is sent
_BETWEEN_LOOKS = 0.25  # seconds, for whether somebody still waits


class Hold:
    """Share of the bytes that a question holds, none at first; it is released with its end, or before."""

    def __init__(self, taken: Callable[[Hold, int], bool], given_back: Callable[[Hold], None]) -> None:
        self._taken, self._given_back = taken, given_back
        self.size = 0

    def take(self, size: int) -> bool:
        """Wait for so many bytes; False if nobody waits for the question any more."""
        return self._taken(self, size)

    def release(self) -> None:
        """Let others have them: what they were taken for is kept no longer."""
        self._given_back(self)


class BytesInFlight:
    """At most `limit` bytes are held at once. Thread-safe. Who may hold no more waits, and people take turns.

    Nobody overtakes a question that waits for more than is free: small files do not keep a large one waiting.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._line: Line[Hold] = Line()
        self._changed = threading.Condition()
        self._is_closed = False

    @contextmanager
    def hold(self, person: str, is_awaited: Callable[[], bool]) -> Iterator[Hold]:
        """Yield the share of a question of `person`, which is released at the end."""
        hold = Hold(lambda hold, size: self._take(hold, person, size, is_awaited), self._give_back)
        try:
            yield hold
        finally:
            hold.release()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _take(self, hold: Hold, person: str, size: int, is_awaited: Callable[[], bool]) -> bool:
        with self._changed:
            self._line.join(person, hold)
            while not (size <= self._free and self._line.ahead(hold) == 0):
                if self._is_closed or not is_awaited():
                    self._line.leave(hold)
                    self._changed.notify_all()
                    return False
                self._changed.wait(_BETWEEN_LOOKS)
            self._line.take()
            self._free -= size
            hold.size += size
            self._changed.notify_all()  # there may be enough for the next, too
            return True

    def _give_back(self, hold: Hold) -> None:
        with self._changed:
            self._free, hold.size = self._free + hold.size, 0
            self._changed.notify_all()
