"""Threads as they stand in Slack, read no faster than Slack takes it.

None of it is remembered: what was changed or deleted is read as it is now, whoever heard of that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Protocol

from bot.core.conversation import Remark, Replies, Role
from bot.core.errors import OverBudget, RateLimited, SlackError, Unreachable
from bot.core.journal import CallKind, Charge
from bot.core.message import Standing
from bot.core.question import Place
from bot.engine.budget import WINDOW_SECONDS, Bucket
from bot.engine.memory import remember

# conversations.replies takes 50 calls a minute (Tier 3 of https://docs.slack.dev/apis/web-api/rate-limits).
# What a process may burst and then make in a minute is a little less, as is what all processes may.
_PER_SECOND, _AT_ONCE = 0.5, 15
# Of these at once, some are left to others by who has read as many within the last minute.
_LEFT_TO_OTHERS = 5
_MAX_READERS = 1_000
_MOST_TRIES = 5  # for one page of what must be known
_PAUSE_SECONDS = 2.0  # before what must be known is asked for as often again
_MOST_PATIENCE = 4.0  # seconds that somebody who asks in a thread waits for what was said in it
_MOST_JOINED = 500
# Codes of Slack's for a message that is not there: https://docs.slack.dev/reference/methods/conversations.replies
_GONE = {"thread_not_found", "message_not_found"}


class Source(Protocol):
    """What reading threads needs of Slack."""

    def replies(self, place: Place, since: str, cursor: str) -> Replies:
        """A page of a thread, without what is older than the message `since`. Raises SlackError."""

    def between(self, channel: str, first: str, last: str) -> tuple[Remark, ...]:
        """Return what was said at top level in a channel from `first` to `last`. Raises SlackError."""


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
        self._readers: dict[str, Bucket] = {}
        self._joined: dict[Place, None] = {}

    def remarks(self, place: Place, user: str = "") -> list[Remark]:
        """Return what stands in a thread now, for `user`, who asks there.

        Where that takes too long to read, as much of it as was read. Raises SlackError if that is nothing.
        """
        until = self._clock() + _MOST_PATIENCE
        read: dict[str, Remark] = {}
        cursor = ""
        try:
            while True:
                patience = until - self._clock()
                page = self._page(place, "", cursor, patience, kept=self._left_by(user))
                read.update((remark.ts, remark) for remark in page.remarks)
                cursor = page.cursor
                if not cursor:
                    break
        except (RateLimited, Unreachable):
            if not read:
                raise
        return list(read.values())

    def message(self, place: Place, ts: str) -> Remark | None:
        """One message of a thread, or None if it is not there or Slack is too busy to say. Raises SlackError.

        It is not waited for: who needs it can do without.
        """
        try:
            return self.current(place, ts, patience=0.0)
        except (RateLimited, Unreachable):
            return None

    def current(self, place: Place, ts: str, patience: float = _MOST_PATIENCE) -> Remark | None:
        """One message of a thread as it reads now, or None if it is gone. Raises SlackError."""
        try:
            page = self._page(place, ts, "", patience=patience)
        except SlackError as error:
            if error.code in _GONE:
                return None
            raise
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
        return self._is_noted(place)

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
        read: dict[str, Remark] = {}
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
            read.update((remark.ts, remark) for remark in page.remarks)
            standing.update(page.standing)
            cursor = page.cursor
            if not cursor:
                break
        return Replies(tuple(read.values()), standing)

    def _left_by(self, user: str) -> int:
        """Count a read for `user` ("": for nobody); how many are to be left to others."""
        if not user:
            return 0
        now = self._clock()
        with self._lock:
            own = self._readers.get(user) or Bucket(_LEFT_TO_OTHERS / WINDOW_SECONDS, _LEFT_TO_OTHERS)
            remember(self._readers, user, own, _MAX_READERS)
            if own.free_at(now) > now:
                return _LEFT_TO_OTHERS
            own.begin()
            own.end(now)
            return 0

    def _page(
        self, place: Place, since: str, cursor: str, patience: float | None = None, kept: int = 0
    ) -> Replies:
        """A page, when its turn comes. Raises SlackError; RateLimited, too, if that takes over `patience`."""
        self._begin(inf if patience is None else self._clock() + patience, kept)
        try:
            return self._source.replies(place, since, cursor)
        except RateLimited as error:
            with self._lock:
                self._bucket.pause(self._clock() + error.retry_after)
            raise
        finally:
            with self._lock:
                self._bucket.end(self._clock())

    def _begin(self, until: float, kept: int) -> None:
        """Wait for room here and then among all processes. Raises RateLimited if there is none by `until`."""
        while True:
            with self._lock:
                now = self._clock()
                pause = self._bucket.free_at(now, kept) - now
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
    return any(remark.role is Role.ASSISTANT and remark.text for remark in remarks)
