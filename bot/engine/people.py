"""What people are called and which language they use, looked up once in a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from bot.core.errors import SlackError
from bot.core.person import Person
from bot.core.texts import Language, language_of_locale
from bot.engine.budget import Bucket
from bot.engine.memory import remember

log = logging.getLogger(__name__)

# users.info takes 100 calls a minute: https://docs.slack.dev/apis/web-api/rate-limits, Tier 4.
_PER_SECOND, _AT_ONCE = 1.0, 30
_REMEMBERED_SECONDS = 3600.0
_MOST_PEOPLE = 10_000
_STRANGER = Person("")


class Directory(Protocol):
    """What knowing people needs of Slack."""

    def person(self, user: str) -> Person:
        """What Slack tells of a user. Raises SlackError."""


class People:
    """Knows names and languages. Thread-safe; who cannot be looked up now has no name, and reads English."""

    def __init__(
        self, directory: Directory, clock: Callable[[], float], language: Language | None = None
    ) -> None:
        self._directory, self._clock, self._language = directory, clock, language
        self._lock = threading.Lock()
        self._bucket = Bucket(_PER_SECOND, _AT_ONCE)
        self._known: dict[str, tuple[float, Person]] = {}

    def names(self, users: Iterable[str]) -> Mapping[str, str]:
        """The display names of `users`, by their ids; without those that are not known."""
        found = ((user, self._person(user).name) for user in users)
        return {user: name for user, name in found if name}

    def language(self, user: str) -> Language:
        """The language in which `user` uses Slack, or the nearest to it that there is."""
        return self._language or language_of_locale(self._person(user).locale)

    def _person(self, user: str) -> Person:
        now = self._clock()
        since, person = self._known.get(user, (now, _STRANGER))
        if person is not _STRANGER and now - since < _REMEMBERED_SECONDS:
            return person
        with self._lock:
            if self._bucket.free_at(now) > now:
                return person
            self._bucket.begin()
        try:
            person = self._directory.person(user)
        except SlackError as error:
            log.warning("name.unknown", extra={"code": error.code})
            return person
        finally:
            with self._lock:
                self._bucket.end(self._clock())
        with self._lock:
            remember(self._known, user, (now, person), _MOST_PEOPLE)
        return person
