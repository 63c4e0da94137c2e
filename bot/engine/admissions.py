"""Questions until it is known whether they are answered: none is turned away because Slack is slow to say."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import inf

from bot.core.access import Denial
from bot.core.admission import Admitted, told
from bot.core.errors import RateLimited, Unreachable
from bot.core.question import Question
from bot.core.spending import Refusal
from bot.core.stream import Notice
from bot.engine.admission_control import AdmissionControl
from bot.engine.asides import Asides
from bot.engine.exchange import Exchange
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
    """A question that is to be decided on: `admitted` is called on the loop once it may be answered.

    `failed` is called with what keeps that from being found out, from any thread.
    """

    exchange: Exchange
    admitted: Callable[[Admitted], None]
    failed: Callable[[Exception], None]
    tries: int = 0


class Admissions:
    """Decides on questions, each as soon as Slack lets that be known. Thread-safe; nothing here waits.

    Who cannot be looked up now waits without a thread, acknowledged, and is looked up again when Slack takes
    that, or when the directory knows more (`wake`); for `within` seconds after the question was asked.
    """

    def __init__(
        self,
        control: AdmissionControl,
        asides: Asides,
        inbox: Inbox,
        clock: Callable[[], float] = time.monotonic,
        *,
        within: float,
    ) -> None:
        self._control, self._asides, self._inbox = control, asides, inbox
        self._clock, self._within = clock, max(_MIN_WAIT_SECONDS, within)
        self._pool = Lane("admissions", _CALLS_AT_ONCE)
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Admission]] = []
        self._number = count()
        self._is_closed = False
        self._told: dict[str, float] = {}
        threading.Thread(target=self._run, name="admissions", daemon=True).start()

    def decide(self, admission: Admission) -> None:
        """Decide now if Slack need not be asked; else soon, in the pool."""
        if self._control.is_known(admission.exchange.question):
            self._decide(admission)
        else:
            self.decide_soon(admission)

    def decide_soon(self, admission: Admission) -> None:
        """Decide in the pool, so that its caller waits for nothing."""
        self._pool.submit_for(admission.exchange.question.user, self._decide, admission)

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
            self._pool.submit_for(admission.exchange.question.user, self._decide, admission)

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
        if not _is_open(admission.exchange):
            return
        asked = admission.exchange.question
        try:
            verdict = self._control.admit(asked, admission.exchange.starts)
        except (RateLimited, Unreachable) as error:
            self._postpone(admission, error)
            self._inbox.put(look)
        except Exception as error:
            admission.failed(error)
        else:
            self._inbox.put(partial(self._decided, admission, asked, verdict))

    def _decided(
        self, admission: Admission, asked: Question, verdict: Admitted | Denial | Refusal, now: float
    ) -> None:
        if not _is_open(admission.exchange):
            return
        try:
            if admission.exchange.question is not asked:  # it was edited, or goes on, and is judged anew
                self.decide_soon(admission)
            elif isinstance(verdict, Denial):
                self._turn_away(admission, verdict, now)
            elif isinstance(verdict, Refusal):
                sentence = told(admission.exchange.texts, verdict)
                admission.exchange.receive(Notice(sentence, is_over_budget=True), now)
            else:
                admission.exchange.admit(verdict)
                admission.admitted(verdict)
        except Exception as error:  # a mistake costs this answer
            admission.failed(error)

    def _postpone(self, admission: Admission, error: RateLimited | Unreachable) -> None:
        exchange, now = admission.exchange, self._clock()
        if exchange.age + now - exchange.asked_at > self._within:
            self._inbox.put(partial(self._turn_away, admission, Denial.UNKNOWN))
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

    def _turn_away(self, admission: Admission, why: Denial, now: float) -> None:
        exchange = admission.exchange
        log.info("question.denied", extra={**exchange.question.names, "why": why.value})
        sentence = told(exchange.texts, why)
        is_told = exchange.deny(sentence, now) or not exchange.is_addressed or why is Denial.BOTS
        if not is_told and self._is_to_be_told(exchange.question.user, why):
            self._asides.tell(exchange.question.asker, sentence)

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


def _is_open(exchange: Exchange) -> bool:
    """Return whether it is still to be decided on: not if it was withdrawn meanwhile, or handed over."""
    return exchange.grows and not exchange.ending and not exchange.is_admitted
