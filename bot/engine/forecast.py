"""Expectations of the answers that are on their way, by how long answers take."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from bot.engine.budget import WINDOW_SECONDS
from bot.engine.exchange import Exchange

_FIRST_GUESS = 6.0  # seconds that an answer takes, before any was seen: 500 tokens at 90 a second
_LEARNING = 0.2
_LONG_SECONDS = 10.0  # that an answer may take until its reader is owed a sign


class Forecast:
    """Learns from the answers that ended, and watches those that are being written."""

    def __init__(self) -> None:
        self.typical_seconds = _FIRST_GUESS
        self._ended: deque[float] = deque()  # when the answers of the last minute ended
        self._written_since: dict[Exchange, float] = {}

    def learn(self, exchange: Exchange) -> None:
        """Take note of how long a finished answer took to be written."""
        took = exchange.ended_at - exchange.began_at
        self.typical_seconds += _LEARNING * (took - self.typical_seconds)
        self._ended.append(exchange.ended_at)

    def watch(self, live: Collection[Exchange], now: float) -> None:
        """Take note of which answers a model is at work on."""
        writing = (exchange for exchange in live if exchange.grows and not exchange.is_in_line)
        self._written_since = {exchange: self._written_since.get(exchange, now) for exchange in writing}

    def recently_ended(self, now: float) -> int:
        """How many answers ended in the last minute: about as many may be asked for in the next."""
        while self._ended and self._ended[0] <= now - WINDOW_SECONDS:
            self._ended.popleft()
        return len(self._ended)

    def will_end(self, now: float) -> float:
        """How many answers the models can end within a minute, if those that wait in line are enough."""
        if not self._written_since:
            return 0.0
        ages = [now - since for since in self._written_since.values()]
        # Half of an answer is behind it on the mean; where that is more than ever, the models are slow today.
        seconds = max(self.typical_seconds, 2 * sum(ages) / len(ages))
        return len(ages) * WINDOW_SECONDS / seconds

    def takes_long(self, exchange: Exchange, now: float) -> bool:
        """Return whether a model has worked on it for longer than a reader can be left without a sign."""
        return now - self._written_since.get(exchange, now) >= _LONG_SECONDS
