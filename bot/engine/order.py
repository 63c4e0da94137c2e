"""Order of turns: the most urgent first, and among equals each person once before anybody twice.

Who was given much within a minute is behind all others, however urgent it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from math import inf
from typing import TypeAlias

from bot.core.journal import BEGINNING
from bot.engine.budget import WINDOW_SECONDS
from bot.engine.exchange import Exchange
from bot.engine.forecast import Forecast
from bot.engine.steps import Need, Wish

_MUCH = 6  # new messages within a minute: about those of three questions

Guard: TypeAlias = Callable[[Exchange], AbstractContextManager[None]]


def unguarded(_exchange: Exchange) -> AbstractContextManager[None]:
    """Let what fails on an exchange fail for all."""
    return nullcontext()


class Order:
    """Remembers when each person was given new messages within the last minute."""

    def __init__(self) -> None:
        self._served: defaultdict[str, deque[float]] = defaultdict(deque)

    def served(self, exchange: Exchange, now: float) -> None:
        """The asker of `exchange` is given a new message."""
        self._served[exchange.question.user].append(now)

    def given(self, exchange: Exchange) -> int:
        """Return the number of new messages that its asker was given within the last minute."""
        return len(self._served.get(exchange.question.user, ()))

    def has_much(self, exchange: Exchange) -> bool:
        """Return whether others come before its asker, who was given so much."""
        return self.given(exchange) >= _MUCH

    def wishes(
        self, live: Collection[Exchange], forecast: Forecast, now: float, guard: Guard = unguarded
    ) -> list[tuple[Wish, Exchange]]:
        """All that is wished for, in the order in which it is to be granted.

        Within one need a turn goes to whoever had none for longest, and to what that person asked first; for
        progress, to what its reader is furthest behind with. New messages for who was given much come last.
        One whose wish fails is left out, if its `guard` lets that pass.
        """
        self._forget(now)
        wishes: list[tuple[Wish, Exchange]] = []
        for exchange in live:
            with guard(exchange):
                if wish := exchange.wish():
                    wishes.append((_aged(wish, exchange, forecast, now), exchange))
        wishes.sort(key=lambda pair: _precedence(pair[0], pair[1], now))
        turns: Counter[tuple[Need, str]] = Counter()
        given: Counter[str] = Counter()
        keys: dict[Exchange, tuple[bool, Need, int, float]] = {}
        for wish, exchange in wishes:
            person, is_new = exchange.question.user, wish.kind in BEGINNING
            turns[wish.need, person] += 1
            is_last = is_new and self.given(exchange) + given[person] >= _MUCH
            given[person] += is_new
            waits_since = self._waits_since(wish, exchange)
            keys[exchange] = is_last, wish.need, turns[wish.need, person], waits_since
        return sorted(wishes, key=lambda pair: keys[pair[1]])

    def _waits_since(self, wish: Wish, exchange: Exchange) -> float:
        if wish.need is Need.PROGRESS:
            return 0.0
        served = self._served.get(exchange.question.user)
        return max(exchange.asked_at, served[-1] if served else -inf)

    def _forget(self, now: float) -> None:
        for person, served in list(self._served.items()):
            while served and served[0] <= now - WINDOW_SECONDS:
                served.popleft()
            if not served:
                del self._served[person]


def _aged(wish: Wish, exchange: Exchange, forecast: Forecast, now: float) -> Wish:
    """A sign is as urgent as a final text, once its answer turns out to take long."""
    is_owed = wish.need is Need.SIGN and forecast.takes_long(exchange, now)
    return replace(wish, need=Need.WHOLE) if is_owed else wish


def _precedence(wish: Wish, exchange: Exchange, now: float) -> float:
    """Within one need: who asked first; for progress, whose reader is furthest behind."""
    if wish.need is Need.PROGRESS:
        return -exchange.unseen * (now - exchange.granted_at)
    return exchange.asked_at
