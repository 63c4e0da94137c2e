"""What Slack tells of people and rooms by their ids, asked once in a while and no faster than it is taken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from bot.core.errors import SlackError
from bot.engine.budget import Window
from bot.engine.memory import remember

log = logging.getLogger(__name__)

_MOST_KNOWN = 10_000
_T = TypeVar("_T")


class Lookups(Generic[_T]):
    """Thread-safe. Who wants to know what somebody else just looks up waits for that one's answer.

    `per_minute` calls are made at most in any 60 s; an answer is fresh for so many `seconds`. `wait` waits so
    many seconds, and says True if it is cut short.
    """

    def __init__(
        self,
        fetch: Callable[[str], _T],
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        *,
        per_minute: float,
        seconds: float,
    ) -> None:
        self._fetch, self._clock, self._wait, self._seconds = fetch, clock, wait, seconds
        self._lock = threading.Lock()
        self._window = Window(per_minute)
        self._known: dict[str, tuple[float, _T]] = {}
        self._pending: dict[str, Future[_T | None]] = {}

    def known(self, name: str) -> _T | None:
        """What is known without asking, while it is fresh."""
        since, value = self._known.get(name, (0.0, None))
        return value if value is not None and self._clock() - since < self._seconds else None

    def last(self, name: str) -> _T | None:
        """What was known last, however long ago."""
        return self._known.get(name, (0.0, None))[1]

    def get(self, name: str, patience: float = 0.0) -> _T | None:
        """Return what is true now; None if Slack does not say, or cannot be asked within `patience` seconds.

        Raises SlackError where Slack does not say because of how the app is set up.
        """
        with self._lock:
            if (known := self.known(name)) is not None:
                return known
            pending = self._pending.get(name)
            if pending is None:
                mine = self._pending[name] = Future()
        if pending:
            return pending.result()
        try:
            mine.set_result(self._looked_up(name, patience))
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._pending[name]
        return mine.result()

    def _looked_up(self, name: str, patience: float) -> _T | None:
        until = self._clock() + patience
        while not self._begin():
            pause = self._window.next_room() - self._clock()
            if pause > until - self._clock() or self._wait(max(0.0, pause)):
                return None
        try:
            value = self._fetch(name)
        except SlackError as error:
            if error.setup:
                raise
            log.warning("lookup.refused", extra={"name_of": name, "code": error.code})
            return None
        finally:
            with self._lock:
                self._window.end(self._clock())
        with self._lock:
            remember(self._known, name, (self._clock(), value), _MOST_KNOWN)
        return value

    def _begin(self) -> bool:
        with self._lock:
            return self._window.begin_if_room(self._clock())
