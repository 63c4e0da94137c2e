"""Room for the calls that read, of which all processes together make no more than Slack takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

from bot.core.errors import OverBudget, RateLimited
from bot.core.journal import Allowance, CallKind, Charge
from bot.engine.budget import Window

_IN_FLIGHT_SECONDS = 0.1  # after which it is asked again for room that only the end of a call can make


# Kinds that are calls of one method, so that a 429 pauses both.
_METHOD = {CallKind.NAME: CallKind.USER}


class ReadBudget:
    """Counts calls in this process and, with `spend`, over all. Thread-safe.

    `spend` counts a call in the store and raises OverBudget where others left no room. Without a store that
    works, this process keeps to the whole allowance by itself.
    """

    def __init__(
        self, allowance: Allowance, spend: Callable[[Charge], None], clock: Callable[[], float]
    ) -> None:
        self._allowance, self._spend, self._clock = allowance, spend, clock
        self._lock = threading.Lock()
        self._windows: dict[CallKind, Window] = {}
        self._paused_until: dict[CallKind, float] = {}

    @contextmanager
    def turn(self, kind: CallKind) -> Iterator[None]:
        """Make one call. Raises OverBudget if there is no room now; a 429 of the call makes a pause."""
        window = self._begin(kind)
        try:
            self._spend(Charge(kind, "", reserved=None))
        except BaseException as error:
            self._end(kind, window, error, made=False)
            raise
        try:
            yield
        except BaseException as error:
            self._end(kind, window, error)
            raise
        self._end(kind, window)

    def _begin(self, kind: CallKind) -> Window:
        with self._lock:
            now = self._clock()
            window = self._windows.setdefault(kind, Window(self._allowance.per_minute(kind)))
            pause = self._paused_until.get(_METHOD.get(kind, kind), -inf) - now
            if pause <= 0 and window.begin_if_room(now):
                return window
            if pause <= 0:
                pause = window.next_room() - now
            raise OverBudget(_IN_FLIGHT_SECONDS if pause == inf else max(pause, _IN_FLIGHT_SECONDS))

    def _end(
        self, kind: CallKind, window: Window, error: BaseException | None = None, *, made: bool = True
    ) -> None:
        with self._lock:
            now = self._clock()
            window.end(now, made=made)
            if isinstance(error, RateLimited):
                self._paused_until[_METHOD.get(kind, kind)] = now + error.retry_after
