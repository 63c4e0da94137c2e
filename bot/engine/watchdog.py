"""Lag of the threads that everybody waits for: measured on another thread, and logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

# Slack waits 3 s for an acknowledgement: https://docs.slack.dev/apis/events-api#responding
MAX_LAG_SECONDS = 1.0
WATCH_SECONDS = 0.5


class Watchdog:
    """Tells of threads that are late, and of a process that was frozen as a whole.

    `lags` say by how many seconds each thread is late, by its name. `observe` is told all that is measured.
    """

    def __init__(
        self,
        lags: Mapping[str, Callable[[], float]],
        observe: Callable[[str, float], None] = lambda _thread, _seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lags, self._observe, self._clock = lags, observe, clock
        self._due_at = clock() + WATCH_SECONDS
        self._told: dict[str, float] = {}  # the lags of late threads, when they were logged last

    def look(self) -> None:
        """Measure all lags. To be called every WATCH_SECONDS: nothing runs while that is late."""
        now = self._clock()
        overslept, self._due_at = max(0.0, now - self._due_at), now + WATCH_SECONDS
        self._measured("process", overslept)
        for thread, lag in self._lags.items():
            self._measured(thread, lag())

    def _measured(self, thread: str, seconds: float) -> None:
        """Log a lag that is too long, and again each time that it has doubled."""
        self._observe(thread, seconds)
        if seconds < MAX_LAG_SECONDS:
            self._told.pop(thread, None)
        elif seconds >= 2 * self._told.get(thread, 0.0):
            self._told[thread] = seconds
            log.warning("thread.late", extra={"late": thread, "seconds": round(seconds, 1)})
