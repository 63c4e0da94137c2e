"""Questions until it is known whether they are answered: none is turned away because Slack is slow to say."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf

from bot.core import access
from bot.core.access import Denial
from bot.core.errors import RateLimited, Unreachable
from bot.engine.asides import Asides
from bot.engine.exchange import Exchange
from bot.engine.gate import Gate
from bot.engine.inbox import Inbox, look
from bot.engine.lanes import Lane, unattended
from bot.engine.lookups.cached_lookup import pause_after
from bot.engine.memory import remember

log = logging.getLogger(__name__)

_TELL_SECONDS = 3600.0  # between two whispers of a denial to one person
_MAX_TOLD = 10_000
_CALLS_AT_ONCE = 32
_MIN_WAIT_SECONDS = 60.0  # of a question, however soon it is given up after a restart
_MAX_PAUSE = 60.0  # seconds, after which it is looked whether a question is worth waiting for still
_POLICIES = {Denial.PERSON, Denial.ROOM, Denial.DIRECT_MESSAGES}


@dataclass
class Admission:
    """A question that is to be decided on: `admitted` is called once it may be answered, from any thread.

    `failed` is called with what keeps that from being found out.
    """

    exchange: Exchange
    admitted: Callable[[], None]
    failed: Callable[[Exception], None]
    tries: int = 0


class Admissions:
    """Decides on questions, each as soon as Slack lets that be known. Thread-safe; nothing here waits.

    Who cannot be looked up now waits without a thread, acknowledged, and is looked up again when Slack takes
    that, or when the directory knows more (`wake`); for `within` seconds after the question was asked.
    """

    def __init__(
        self,
        gate: Gate,
        asides: Asides,
        inbox: Inbox,
        clock: Callable[[], float] = time.monotonic,
        *,
        within: float,
    ) -> None:
        self._gate, self._asides, self._inbox = gate, asides, inbox
        self._clock, self._within = clock, max(_MIN_WAIT_SECONDS, within)
        self._pool = Lane("admissions", _CALLS_AT_ONCE)
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Admission]] = []
        self._number = count()
        self._is_closed = False
        self._told: dict[str, float] = {}
        threading.Thread(target=self._run, name="admissions", daemon=True).start()

    def decide(self, admission: Admission, *, calls: bool = False) -> None:
        """Decide now if all is known and `admitted` makes no `calls` to Slack; else soon, in the pool."""
        if calls or not self._gate.is_known(admission.exchange.question):
            self._pool.submit(self._decide, admission)
        else:
            self._decide(admission)

    def wake(self) -> None:
        """Look again at all that wait: more is known."""
        with self._changed:
            self._waiting = [(-inf, number, admission) for _, number, admission in self._waiting]
            heapq.heapify(self._waiting)
            self._changed.notify()

    @property
    def waiting(self) -> int:
        """Return how many questions wait for Slack to say who asks, or where."""
        return len(self._waiting)

    def close(self) -> None:
        """Decide nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._pool.shutdown(cancel_futures=True)

    @unattended
    def _run(self) -> None:
        while admission := self._next():
            self._pool.submit(self._decide, admission)

    def _next(self) -> Admission | None:
        """Return the next question whose time has come, which is waited for; None at the end."""
        with self._changed:
            while not self._is_closed:
                pause = self._waiting[0][0] - self._clock() if self._waiting else None
                if pause is not None and pause <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(pause)
            return None

    def _decide(self, admission: Admission) -> None:
        exchange = admission.exchange
        if exchange.ending or not exchange.grows:  # it was withdrawn meanwhile, or handed over
            return
        try:
            why = self._gate.decide(exchange.question)
        except (RateLimited, Unreachable) as error:
            self._postpone(admission, error)
        except Exception as error:
            admission.failed(error)
        else:
            self._decided(admission, why)
        self._inbox.put(look)

    def _decided(self, admission: Admission, why: Denial | None) -> None:
        if why:
            self._turn_away(admission, why)
            return
        admission.exchange.admit()
        try:
            admission.admitted()
        except Exception as error:  # a mistake costs this answer
            admission.failed(error)

    def _postpone(self, admission: Admission, error: RateLimited | Unreachable) -> None:
        exchange, now = admission.exchange, self._clock()
        if exchange.age + now - exchange.asked_at > self._within:
            self._turn_away(admission, Denial.UNKNOWN)
            return
        admission.tries += 1
        if admission.tries == 1 and exchange.is_addressed:
            log.info("question.waits", extra={**exchange.question.names, "code": error.code})
            if exchange.place:
                exchange.await_admission(now)
            else:  # its thread is not opened for who may not ask
                self._asides.tell(exchange.question.asker, exchange.texts.awaits_admission)
        pause = min(_MAX_PAUSE, pause_after(error, admission.tries))
        with self._changed:
            heapq.heappush(self._waiting, (now + pause, next(self._number), admission))
            self._changed.notify()

    def _turn_away(self, admission: Admission, why: Denial) -> None:
        exchange = admission.exchange
        log.info("question.denied", extra={**exchange.question.names, "why": why.value})

        def deny(now: float) -> None:
            sentence = access.told(exchange.texts, why)
            is_told = exchange.deny(sentence, now) or not exchange.is_addressed
            if not is_told and self._is_to_be_told(exchange.question.user, why):
                self._asides.tell(exchange.question.asker, sentence)

        self._inbox.put(deny)

    def _is_to_be_told(self, user: str, why: Denial) -> bool:
        """Return whether `user` was not told of a policy within the last hour; from now on, that is so.

        What is no policy is told each time.
        """
        if why not in _POLICIES:
            return True
        now = self._clock()
        is_told = now - self._told.get(user, -inf) < _TELL_SECONDS
        if not is_told:
            remember(self._told, user, now, _MAX_TOLD)
        return not is_told
