"""What stands in threads, read no faster than Slack takes it, and no more often than needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from sys import getsizeof
from typing import Protocol

from bot.core.conversation import Remark, Replies, Role
from bot.core.errors import OverBudget, RateLimited, Unreachable
from bot.core.journal import CallKind, Charge
from bot.core.message import Standing
from bot.core.question import Place
from bot.engine.budget import Bucket
from bot.engine.memory import SizedCache, remember

# conversations.replies takes 50 calls a minute (Tier 3 of https://docs.slack.dev/apis/web-api/rate-limits).
# What a process may burst and then make in a minute is a little less, as is what all processes may.
_PER_SECOND, _AT_ONCE = 0.5, 15
_MOST_TRIES = 5  # for one page of what must be known
_PAUSE_SECONDS = 2.0  # before what must be known is asked for as often again
_MOST_PATIENCE = 4.0  # seconds that somebody who asks in a thread waits for what was said in it
_FRESH_SECONDS = 600.0  # after that a thread is read anew: what was edited or deleted is seen then
_MOST_JOINED = 500
MAX_BYTES = 20_000_000  # of all threads that are kept
_BYTES_OF_THREAD, _BYTES_OF_REMARK, _BYTES_OF_FILE = 300, 500, 1_000  # besides texts


class Source(Protocol):
    """What reading threads needs of Slack."""

    def replies(self, place: Place, since: str, cursor: str) -> Replies:
        """A page of a thread, without what is older than the message `since`. Raises SlackError."""

    def between(self, channel: str, first: str, last: str) -> tuple[Remark, ...]:
        """Return what was said at top level in a channel from `first` to `last`. Raises SlackError."""


@dataclass
class _Known:
    """What was read of a thread, and when it was read whole."""

    read_at: float
    remarks: dict[str, Remark] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        return max(self.remarks, default="")

    @property
    def size(self) -> int:
        """About so many bytes."""
        return _BYTES_OF_THREAD + sum(
            _BYTES_OF_REMARK + _BYTES_OF_FILE * len(remark.files) + getsizeof(remark.text)
            for remark in list(self.remarks.values())  # another thread may read on meanwhile
        )


class Threads:
    """Reads threads. Thread-safe; `wait` waits so many seconds, and says True if it is cut short.

    `spend` counts a call over all processes, and raises OverBudget where others left no room. `note` has all
    processes know of a thread in which the bot takes part, which `is_noted` then.
    """

    def __init__(
        self,
        source: Source,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        spend: Callable[[Charge], None] = lambda _charge: None,
        note: Callable[[Place], None] = lambda _place: None,
        is_noted: Callable[[Place], bool] = lambda _place: False,
    ) -> None:
        self._source, self._clock, self._wait, self._spend = source, clock, wait, spend
        self._note, self._is_noted = note, is_noted
        self._lock = threading.Lock()
        self._bucket = Bucket(_PER_SECOND, _AT_ONCE)
        self._known = SizedCache[Place, _Known](MAX_BYTES)
        self._joined: dict[Place, None] = {}

    def remarks(self, place: Place) -> list[Remark]:
        """What was said in a thread, as new as Slack lets it be read now.

        Where that takes too long, it is what was known before. Raises SlackError if that is nothing.
        """
        now = self._clock()
        known = self._known.get(place)
        if known and now - known.read_at > _FRESH_SECONDS:
            known = None
        fresh = known or _Known(now)
        until = now + _MOST_PATIENCE
        since, cursor = fresh.newest, ""
        try:
            while True:
                page = self._page(place, since, cursor, patience=until - self._clock())
                fresh.remarks.update((remark.ts, remark) for remark in page.remarks)
                cursor = page.cursor
                if not cursor:
                    break
        except (RateLimited, Unreachable):
            stale = known or self._known.get(place)
            if stale is None:
                raise
            return list(stale.remarks.values())
        self._known.put(place, fresh, fresh.size)
        return list(fresh.remarks.values())

    def message(self, place: Place, ts: str) -> Remark | None:
        """One message of a thread, or None if it is not there or Slack is too busy to say. Raises SlackError.

        It is not waited for: who needs it can do without.
        """
        try:
            page = self._page(place, ts, "", patience=0.0)
        except (RateLimited, Unreachable):
            return None
        return next((remark for remark in page.remarks if remark.ts == ts), None)

    def lines(self, channel: str, first: str, last: str) -> Sequence[Remark]:
        """Return what was said at top level in a channel from one message to another. Raises SlackError."""
        return self._source.between(channel, first, last)

    def join(self, place: Place) -> None:
        """The bot has its part in a thread from now on."""
        with self._lock:
            is_new = place not in self._joined
            remember(self._joined, place, None, _MOST_JOINED)
        if is_new:
            self._note(place)

    def is_joined(self, place: Place) -> bool:
        """Return True if it is known without asking Slack that the bot has its part in a thread."""
        with self._lock:
            if place in self._joined:
                return True
        known = self._known.get(place)
        is_read = known is not None and _has_answer(known.remarks.values())
        return is_read or self._is_noted(place)

    def takes_part(self, place: Place) -> bool:
        """Return True if Slack shows a message of the bot's in a thread, which is read as far as that.

        Raises SlackError.
        """
        cursor = ""
        while True:
            page = self._page(place, "", cursor)
            cursor = page.cursor
            if _has_answer(page.remarks) or not cursor:
                return _has_answer(page.remarks)

    def standing(
        self, place: Place, question_key: str, noted: Mapping[str, Standing], until: float = -inf
    ) -> Mapping[str, Standing]:
        """The bot's messages for a question, by their keys; where Slack does not say, what was `noted`.

        While Slack is away it is asked again and again until that time. Raises SlackError if there is nothing
        to be read for good: the thread is gone, or the bot.
        """
        while True:
            try:
                return self.whole(place).standing_for(question_key, noted)
            except RateLimited:  # noqa: PERF203 - each is waited for
                return noted
            except Unreachable:
                if self._clock() >= until or self._wait(_PAUSE_SECONDS):
                    return noted

    def whole(self, place: Place) -> Replies:
        """All of a thread, read anew, however long that has to be waited for. Raises SlackError."""
        read = _Known(self._clock())
        standing: dict[str, Standing] = {}
        cursor, tries = "", 0
        while True:
            try:
                page = self._page(place, "", cursor)
            except (RateLimited, Unreachable) as error:
                tries += 1
                pause = error.retry_after if isinstance(error, RateLimited) else 1.0
                if tries == _MOST_TRIES or self._wait(pause):
                    raise
                continue
            read.remarks.update((remark.ts, remark) for remark in page.remarks)
            standing.update(page.standing)
            cursor = page.cursor
            if not cursor:
                break
        self._known.put(place, read, read.size)
        return Replies(tuple(read.remarks.values()), standing)

    def _page(self, place: Place, since: str, cursor: str, patience: float | None = None) -> Replies:
        """A page, when its turn comes. Raises SlackError; RateLimited, too, if that takes over `patience`."""
        self._begin(inf if patience is None else self._clock() + patience)
        try:
            return self._source.replies(place, since, cursor)
        except RateLimited as error:
            with self._lock:
                self._bucket.pause(self._clock() + error.retry_after)
            raise
        finally:
            with self._lock:
                self._bucket.end(self._clock())

    def _begin(self, until: float) -> None:
        """Wait for room here and then among all processes. Raises RateLimited if there is none by `until`."""
        while True:
            with self._lock:
                now = self._clock()
                pause = self._bucket.free_at(now) - now
                if pause > max(0.0, until - now):
                    raise RateLimited(pause)
                self._bucket.begin()
            is_cut = self._wait(pause)
            try:
                self._spend(Charge(CallKind.THREAD, "", reserved=None))
            except OverBudget as error:
                with self._lock:
                    self._bucket.refuse(self._clock() + error.retry_after)
                if not is_cut:
                    continue
                raise
            return


def _has_answer(remarks: Iterable[Remark]) -> bool:
    return any(remark.role is Role.ASSISTANT for remark in list(remarks))
