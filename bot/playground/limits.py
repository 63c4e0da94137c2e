"""Slack's rate limits, as published: https://docs.slack.dev/apis/web-api/rate-limits"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from math import inf

_WINDOW_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """Calls a workspace takes. `per_minute` is by method; posts are limited by channel as well.

    "Several hundred" messages a minute in a workspace is Slack's wording; 300 is the cautious reading.
    """

    per_minute: float = 50  # Tier 3, for methods without a number of their own
    posts_per_minute: float = 300
    posts_per_second_in_channel: float = 1.0
    post_burst_in_channel: float = 5


UNLIMITED = Limits(inf, inf, inf, inf)


class Meter:
    """Counts calls against `limits`. Times are seconds of any clock that does not go back."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, method: str, channel: str, now: float) -> float:
        """Count a call, or say after how many seconds it may be made again; 0 means that it was counted."""
        posts = method == "chat.postMessage"
        allowed = self._limits.posts_per_minute if posts else self._limits.per_minute
        calls = self._calls[method]
        while calls and calls[0] <= now - _WINDOW_SECONDS:
            calls.popleft()
        if len(calls) >= allowed:
            return calls[0] + _WINDOW_SECONDS - now
        wait = self._take_from_bucket(channel, now) if posts else 0.0
        if not wait:
            calls.append(now)
        return wait

    def _take_from_bucket(self, channel: str, now: float) -> float:
        rate, burst = self._limits.posts_per_second_in_channel, self._limits.post_burst_in_channel
        if rate == inf:
            return 0.0
        level, since = self._buckets.get(channel, (burst, now))
        level = min(burst, level + (now - since) * rate)
        if level < 1:
            return (1 - level) / rate
        self._buckets[channel] = (level - 1, now)
        return 0.0
