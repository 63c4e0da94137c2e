"""Order of turns: the most urgent first, and among equals each person once before anybody twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from math import inf
from typing import TypeAlias

from bot.engine.exchange import Exchange
from bot.engine.forecast import Forecast
from bot.engine.steps import Need, Wish

Guard: TypeAlias = Callable[[Exchange], AbstractContextManager[None]]


def unguarded(_exchange: Exchange) -> AbstractContextManager[None]:
    """Let what fails on an exchange fail for all."""
    return nullcontext()


class Order:
    """Remembers when each person who waits for an answer was last given a new message."""

    def __init__(self) -> None:
        self._served_at: dict[str, float] = {}

    def served(self, exchange: Exchange, now: float) -> None:
        """The asker of `exchange` is given a new message."""
        self._served_at[exchange.question.user] = now

    def wishes(
        self, live: Collection[Exchange], forecast: Forecast, now: float, guard: Guard = unguarded
    ) -> list[tuple[Wish, Exchange]]:
        """All that is wished for, in the order in which it is to be granted.

        Within one need a turn goes to whoever had none for longest, and to what that person asked first; for
        progress, to what its reader is furthest behind with. One whose wish fails is left out, if its `guard`
        lets that pass.
        """
        people = {exchange.question.user for exchange in live}
        self._served_at = {person: at for person, at in self._served_at.items() if person in people}
        wishes: list[tuple[Wish, Exchange]] = []
        for exchange in live:
            with guard(exchange):
                if wish := exchange.wish():
                    wishes.append((_aged(wish, exchange, forecast, now), exchange))
        wishes.sort(key=lambda pair: _precedence(pair[0], pair[1], now))
        turns: Counter[tuple[Need, str]] = Counter()
        keys: dict[Exchange, tuple[Need, int, float]] = {}
        for wish, exchange in wishes:
            person = exchange.question.user
            turns[wish.need, person] += 1
            keys[exchange] = wish.need, turns[wish.need, person], self._waits_since(wish, exchange)
        return sorted(wishes, key=lambda pair: keys[pair[1]])

    def _waits_since(self, wish: Wish, exchange: Exchange) -> float:
        if wish.need is Need.PROGRESS:
            return 0.0
        return max(exchange.asked_at, self._served_at.get(exchange.question.user, -inf))


def _aged(wish: Wish, exchange: Exchange, forecast: Forecast, now: float) -> Wish:
    """A sign is as urgent as a final text, once its answer turns out to take long."""
    is_owed = wish.need is Need.SIGN and forecast.takes_long(exchange, now)
    return replace(wish, need=Need.WHOLE) if is_owed else wish


def _precedence(wish: Wish, exchange: Exchange, now: float) -> float:
    """Within one need: who asked first; for progress, whose reader is furthest behind."""
    if wish.need is Need.PROGRESS:
        return -exchange.unseen * (now - exchange.granted_at)
    return exchange.asked_at
