"""Questions that mention nobody: each is answered if the bot takes part in its thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from math import inf

from bot.core.errors import RateLimited, SetupFault, SlackError, Unreachable
from bot.core.question import Place, Question
from bot.engine.follow_queue import Followed, FollowQueue
from bot.engine.health import level
from bot.engine.journal import Journal
from bot.engine.lanes import unattended
from bot.engine.lookups.cached_lookup import pause_after
from bot.engine.memory import remember
from bot.engine.threads import Threads

log = logging.getLogger(__name__)

_FOREIGN_SECONDS = 600.0  # for which a thread without the bot is not read again
_MAX_FOREIGN = 10_000
_MIN_WAIT_SECONDS = 60.0  # of a question, however soon it is given up after a restart
_TOKEN_PAUSE_SECONDS = 5.0  # while Slack takes no call at all


class Follower:
    """Finds out whether threads are the bot's. Thread-safe; no method waits for anything but the store.

    What memory and the store do not tell is read in Slack, by one thread and one read at a time; when Slack
    takes no read, that is tried again for `within` seconds after the question was asked. A question that is
    not answered is dropped from the journal.
    """

    def __init__(
        self,
        threads: Threads,
        journal: Journal,
        *,
        within: float,
        queue: FollowQueue | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads, self._journal, self._clock = threads, journal, clock
        self._within = max(_MIN_WAIT_SECONDS, within)
        self._queue = FollowQueue() if queue is None else queue
        self._foreign: dict[Place, float] = {}  # until when
        self._changed = threading.Condition()
        self._is_closed = False
        threading.Thread(target=self._run, name="follower", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Return how many questions wait for Slack to say whose their threads are."""
        return len(self._queue)

    def is_foreign(self, place: Place | None) -> bool:
        """Return True if the bot was found to take no part in a thread, and has not begun to since."""
        with self._changed:
            is_remembered = place is not None and self._foreign.get(place, -inf) > self._clock()
        return is_remembered and place is not None and not self._threads.is_joined(place)

    def decide(self, question: Question, go_on: Callable[[Question, float], None], age: float = 0.0) -> None:
        """Let `question`, asked `age` seconds ago and written down, `go_on` if its thread is the bot's."""
        place = question.place
        if place is None or self.is_foreign(place):
            self._journal.drop(question.id)
        elif self._threads.is_joined(place):
            go_on(question, age)
        else:
            self._enqueue(Followed(question, place, self._clock() - age, go_on))

    def _enqueue(self, followed: Followed) -> None:
        with self._changed:
            has_room = self._queue.add(followed, self._clock())
            self._changed.notify()
        if not has_room:
            log.warning("thread.unread", extra={**followed.question.names, "code": "queue_full"})
            self._journal.drop(followed.question.id)

    def amend(self, question: Question) -> bool:
        """Let a question that waits have the words of `question`; False if it does not wait."""
        with self._changed:
            return self._queue.amend(question)

    def withdraw(self, question_id: str) -> bool:
        """Decide on a question no more, which stays in the journal; False if it does not wait."""
        with self._changed:
            return self._queue.withdraw(question_id) is not None

    def close(self) -> None:
        """Read nothing more; what waits stays in the journal, for the next process."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    @unattended
    def _run(self) -> None:
        while place := self._next():
            self._read(place)

    def _next(self) -> Place | None:
        """Return the next thread to be read, which is waited for; None at the end."""
        with self._changed:
            while not self._is_closed:
                now = self._clock()
                if place := self._queue.next(now):
                    return place
                due_at = self._queue.due_at()
                self._changed.wait(None if due_at == inf else due_at - now)
            return None

    @unattended
    def _read(self, place: Place) -> None:
        try:
            is_ours = self._threads.is_joined(place) or self._threads.takes_part(place)
        except SlackError as error:
            pause = self._pause(error, place)
            if pause is None:
                self._drop(self._take(place), error)
            else:
                self._postpone(place, pause, error)
        except Exception:
            self._drop(self._take(place), None)
            raise
        else:
            self._decided(place, is_ours=is_ours)

    def _pause(self, error: SlackError, place: Place) -> float | None:
        """Return after how many seconds a read can succeed that failed with `error`; None if it cannot."""
        if isinstance(error, RateLimited | Unreachable):
            return pause_after(error, self._queue.tries(place) + 1)
        return _TOKEN_PAUSE_SECONDS if error.setup is SetupFault.TOKEN else None

    def _postpone(self, place: Place, pause: float, error: SlackError) -> None:
        with self._changed:
            now = self._clock()
            late = self._queue.postpone(place, now + pause, now - self._within)
        self._drop(late, error)

    def _decided(self, place: Place, *, is_ours: bool) -> None:
        if is_ours:
            self._threads.join(place)
        with self._changed:
            if not is_ours:
                remember(self._foreign, place, self._clock() + _FOREIGN_SECONDS, _MAX_FOREIGN)
            found = self._queue.take(place)
        for each in found:
            if is_ours:
                each.go_on(each.question, self._clock() - each.asked_at)
            else:
                self._journal.drop(each.question.id)

    def _take(self, place: Place) -> list[Followed]:
        with self._changed:
            return self._queue.take(place)

    def _drop(self, found: list[Followed], error: SlackError | None) -> None:
        for each in found:
            code = error.code if error else "crashed"
            names = {**each.question.names, "code": code}
            log.log(level(error) if error else logging.WARNING, "thread.unread", extra=names)
            self._journal.drop(each.question.id)
