"""What people are called, looked up once in a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from bot.core.errors import SlackError
from bot.engine.budget import Bucket

log = logging.getLogger(__name__)

# users.info takes 100 calls a minute: https://docs.slack.dev/apis/web-api/rate-limits, Tier 4.
_PER_SECOND, _AT_ONCE = 1.0, 30
_REMEMBERED_SECONDS = 3600.0
_MOST_PEOPLE = 10_000


class Directory(Protocol):
    """What naming people needs of Slack."""

    def name(self, user: str) -> str:
        """The display name of a user. Raises SlackError."""


class People:
    """Knows names. Thread-safe; who cannot be looked up now has none."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self._directory, self._clock = directory, clock
        self._lock = threading.Lock()
        self._bucket = Bucket(_PER_SECOND, _AT_ONCE)
        self._names: dict[str, tuple[float, str]] = {}

    def names(self, users: Iterable[str]) -> Mapping[str, str]:
        """The display names of `users`, by their ids; without those that are not known."""
        found = ((user, self._name(user)) for user in users)
        return {user: name for user, name in found if name}

    def _name(self, user: str) -> str:
        now = self._clock()
        since, name = self._names.get(user, (now, ""))
        if name and now - since < _REMEMBERED_SECONDS:
            return name
        with self._lock:
            if self._bucket.free_at(now) > now:
                return name
            self._bucket.begin()
        try:
            name = self._directory.name(user)
        except SlackError as error:
            log.warning("name.unknown", extra={"code": error.code})
            return name
        finally:
            with self._lock:
                self._bucket.end(self._clock())
        with self._lock:
            self._names.pop(user, None)
            self._names[user] = (now, name)
            while len(self._names) > _MOST_PEOPLE:
                del self._names[next(iter(self._names))]
        return name
