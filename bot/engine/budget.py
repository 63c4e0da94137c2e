"""How many calls Slack takes, and how many of them are spent.

A call is counted from the moment it is begun. Slack counts it when it arrives, which is somewhere between its
beginning and its end, so a window is left only when a call's end is older than the window.
"""

from __future__ import annotations

from collections import deque
from math import inf

WINDOW_SECONDS = 60.0


class Window:
    """At most `limit` calls in any 60 seconds, `others` of which are taken by other processes."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.others = 0.0
        self._in_flight = 0
        self._ended: deque[float] = deque()

    def room(self, now: float) -> float:
        """How many calls may be begun."""
        while self._ended and self._ended[0] + WINDOW_SECONDS <= now:
            self._ended.popleft()
        return self._limit - self.others - self._in_flight - len(self._ended)

    def next_room(self) -> float:
        """When there is more room, if nothing is begun; `inf` when only the end of a call can tell."""
        return self._ended[0] + WINDOW_SECONDS if self._ended else inf

    def begin(self) -> None:
        """A call is made."""
        self._in_flight += 1

    def begin_if_room(self, now: float) -> bool:
        """Whether a call may be made, which then is."""
        has_room = self.room(now) >= 1
        if has_room:
            self.begin()
        return has_room

    def end(self, now: float, *, made: bool = True) -> None:
        """A call was answered, or given up, or not `made` after all."""
        self._in_flight -= 1
        if made:
            self._ended.append(now)


class Bucket:
    """At most `burst` calls at once and `rate` a second after that."""

    def __init__(self, rate: float, burst: float) -> None:
        self._seconds, self._burst = 1 / rate, burst
        self._in_flight = 0
        self._full_at = -inf  # when the calls that ended will be paid off
        self._paused_until = -inf

    def free_at(self, now: float, kept: int = 0) -> float:
        """When the next call may be begun: `now`, or later, and later still while calls are in flight.

        So many are `kept` of those that could be made at once.
        """
        paid_off = max(now, self._full_at) + self._in_flight * self._seconds
        return max(now, self._paused_until, paid_off - (self._burst - 1 - kept) * self._seconds)

    def is_unused(self, now: float) -> bool:
        """Return whether it is as one that is new."""
        return not self._in_flight and max(self._full_at, self._paused_until) <= now

    def begin(self) -> None:
        """A call is made."""
        self._in_flight += 1

    def end(self, now: float) -> None:
        """A call was answered, or given up."""
        self._in_flight -= 1
        self._full_at = max(now, self._full_at) + self._seconds

    def refuse(self, until: float) -> None:
        """A call was not made after all: other processes' calls fill the bucket until then."""
        self._in_flight -= 1
        self.pause(until)

    def pause(self, until: float) -> None:
        """Begin no call before that."""
        self._paused_until = max(self._paused_until, until)
