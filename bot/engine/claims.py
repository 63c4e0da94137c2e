"""Answering once what Slack delivers twice."""

from __future__ import annotations

import threading
from collections.abc import Iterable

# Slack redelivers an event at once, after one minute and after five
# (https://docs.slack.dev/apis/events-api#retries).
REMEMBERED_SECONDS = 3600.0


class Claims:
    """Which events are taken already. Thread-safe; time is an argument, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, float] = {}

    def take(self, keys: Iterable[str], now: float) -> bool:
        """Claim all `keys` at once; False if any of them was claimed in the last hour."""
        with self._lock:
            self._forget(now - REMEMBERED_SECONDS)
            wanted = list(keys)
            taken = any(key in self._taken for key in wanted)
            for key in wanted:
                self._taken.setdefault(key, now)
            return not taken

    def release(self, key: str) -> None:
        """Let `key` be claimed again."""
        with self._lock:
            self._taken.pop(key, None)

    def _forget(self, before: float) -> None:
        """Drop what was claimed `before` that time; a dict keeps the order in which keys came."""
        while self._taken and (oldest := next(iter(self._taken))) and self._taken[oldest] < before:
            del self._taken[oldest]
