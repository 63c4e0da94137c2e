"""Bound on answers to bots, so that no two keep each other busy."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from bot.core.bots import MAX_ANSWERS_IN_CHANNEL, WINDOW_SECONDS, may_answer
from bot.core.question import Question
from bot.engine.memory import remember

_MAX_PLACES = 10_000


class BotQuestions:
    """Counts the questions of bots that this process answers, by thread and by channel. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answered_at: dict[tuple[str, str], deque[float]] = {}

    def take(self, question: Question) -> bool:
        """Count a bot's `question`; False if bots ask too much there, and it is not to be answered."""
        now = self._clock()
        thread_ts = question.place.thread_ts if question.place else ""
        with self._lock:
            self._forget(now - WINDOW_SECONDS)
            in_thread, in_channel = (self._times(question.channel, ts) for ts in (thread_ts, ""))
            is_answered = may_answer(in_thread, in_channel, now)
            if is_answered:
                in_thread.append(now)
                in_channel.append(now)
            return is_answered

    def _forget(self, before: float) -> None:
        """Drop the places in which nothing counts any more, those first that were asked in longest ago."""
        while self._answered_at:
            place, times = next(iter(self._answered_at.items()))
            if times and times[-1] > before:
                return
            del self._answered_at[place]

    def _times(self, channel: str, thread_ts: str) -> deque[float]:
        place = channel, thread_ts
        times = self._answered_at.get(place) or deque[float](maxlen=MAX_ANSWERS_IN_CHANNEL)
        remember(self._answered_at, place, times, _MAX_PLACES)
        return times
