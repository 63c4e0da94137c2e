"""Slack's rate limits, as published: https://docs.slack.dev/apis/web-api/rate-limits"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

_WINDOW_SECONDS = 60.0
_TIER_2, _TIER_4 = 20.0, 100.0
_PER_MINUTE = {
    "chat.startStream": _TIER_2,
    "chat.stopStream": _TIER_2,
    "chat.appendStream": _TIER_4,
    "chat.postEphemeral": _TIER_4,
    "users.info": _TIER_4,
    "users.list": _TIER_2,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
}


@dataclass(frozen=True)
class Limits:
    """Calls a workspace takes. `per_minute` is for each method that `of_method` has no number of its own for;
    posts are limited by channel as well.

    "Several hundred" messages a minute in a workspace is Slack's wording; 300 is the cautious reading.
    """

    per_minute: float = 50  # Tier 3
    posts_per_minute: float = 300
    posts_per_second_in_channel: float = 1.0
    post_burst_in_channel: float = 5
    of_method: Mapping[str, float] = field(default_factory=lambda: _PER_MINUTE)


UNLIMITED = Limits(inf, inf, inf, inf, {})


@dataclass(frozen=True)
class Gauge:
    """How full a budget is: `used` of `allowed`, which is infinite without a limit.

    Of a method, calls in the last minute; of a `channel`, posts of its burst that are not earned back yet.
    """

    method: str
    channel: str
    used: float
    allowed: float


class Meter:
    """Counts calls against `limits`. Times are seconds of any clock that does not go back."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, method: str, channel: str, now: float) -> float:
        """Count a call, or say after how many seconds it may be made again; 0 means that it was counted."""
        is_post = method == "chat.postMessage"
        wait = self._wait_of_window(method, now)
        if is_post:
            wait = max(wait, self._wait_of_bucket(channel, now))
        if not wait:
            self._calls[method].append(now)
            if is_post:
                self._buckets[channel] = (self._level(channel, now) - 1, now)
        return wait

    def gauges(self, methods: Iterable[str], now: float) -> list[Gauge]:
        """The budget of each of the `methods`, and of each channel that was posted in lately."""
        of_methods = [
            Gauge(name, "", sum(at + _WINDOW_SECONDS > now for at in self._calls[name]), self._allowed(name))
            for name in methods
        ]
        burst = self._limits.post_burst_in_channel
        levels = {channel: self._level(channel, now) for channel in self._buckets}
        channels = [
            Gauge("chat.postMessage", channel, burst - level, burst)
            for channel, level in levels.items()
            if level < burst
        ]
        return [*of_methods, *channels]

    def _allowed(self, method: str) -> float:
        if method == "chat.postMessage":
            return self._limits.posts_per_minute
        return self._limits.of_method.get(method, self._limits.per_minute)

    def _wait_of_window(self, method: str, now: float) -> float:
        allowed = self._allowed(method)
        calls = self._calls[method]
        while calls and calls[0] + _WINDOW_SECONDS <= now:
            calls.popleft()
        return calls[0] + _WINDOW_SECONDS - now if len(calls) >= allowed else 0.0

    def _wait_of_bucket(self, channel: str, now: float) -> float:
        level = self._level(channel, now)
        return 0.0 if level >= 1 else (1 - level) / self._limits.posts_per_second_in_channel

    def _level(self, channel: str, now: float) -> float:
        rate, burst = self._limits.posts_per_second_in_channel, self._limits.post_burst_in_channel
        if rate == inf:
            return burst
        level, since = self._buckets.get(channel, (burst, now))
        return min(burst, level + (now - since) * rate)
