"""Look-ups in Slack by an id: kept, or asked for once, however many want to know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Generic, TypeAlias, TypeVar

from bot.core.errors import RateLimited, Unreachable
from bot.engine.lookups.records import Records

_RETRY_SECONDS = 1.0  # after a call that got no clear answer
_T = TypeVar("_T")
Turn: TypeAlias = Callable[[], AbstractContextManager[None]]


class CachedLookup(Generic[_T]):
    """Thread-safe. Who wants to know what somebody else just looks up waits for that one's answer.

    A record is fresh for `seconds`. Before Slack is asked for one alone, `ahead` may find many. `turn` is
    entered around each call, and raises RateLimited where there is no room for one. `wait` waits so many
    seconds, and says True if it is cut short.
    """

    def __init__(
        self,
        fetch: Callable[[str], _T],
        records: Records[_T],
        turn: Turn,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        *,
        seconds: float,
        ahead: Callable[[], None] = lambda: None,
    ) -> None:
        self._fetch, self._records, self._turn = fetch, records, turn
        self._clock, self._wait, self._seconds = clock, wait, seconds
        self._ahead = ahead
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, Turn], Future[_T]] = {}

    def known(self, record_id: str) -> _T | None:
        """Return what is known without asking Slack, while it is fresh."""
        return self._records.get(record_id, self._seconds)

    def last(self, record_id: str) -> _T | None:
        """Return what was known last, however long ago."""
        return self._records.get(record_id)

    def get(self, record_id: str, patience: float = 0.0) -> _T:
        """Return what is true now. Raises SlackError; what can pass, if it has not in `patience` seconds."""
        until = self._clock() + patience
        while True:
            if (known := self.known(record_id)) is not None:
                return known
            self._ahead()
            if (known := self.known(record_id)) is not None:
                return known
            try:
                return self.refresh(record_id)
            except (RateLimited, Unreachable) as error:
                pause = pause_after(error)
                if self._clock() + pause <= until and not self._wait(pause):
                    continue
                raise

    def refresh(self, record_id: str, turn: Turn | None = None) -> _T:
        """Return what Slack tells now, in one call, for which `turn` finds room. Raises SlackError.

        Who waits for a call waits for none that other room is to be found for: that can be used up.
        """
        turn = turn or self._turn
        with self._lock:
            pending = self._pending.get((record_id, turn))
            if pending is None:
                mine = self._pending[record_id, turn] = Future[_T]()
        if pending:
            return pending.result()
        try:
            with turn():
                value = self._fetch(record_id)
            self._records.put({record_id: value})
            mine.set_result(value)
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._pending[record_id, turn]
        return mine.result()


def pause_after(error: RateLimited | Unreachable, tries: int = 1) -> float:
    """Return for how many seconds to wait before a call is made again that failed for the `tries`th time."""
    if isinstance(error, RateLimited):
        return error.retry_after
    return min(15.0, _RETRY_SECONDS * 2.0 ** min(tries - 1, 10))
