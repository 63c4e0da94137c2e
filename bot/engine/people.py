"""Names of people, and the languages they use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from math import inf

from bot.core.errors import RateLimited, SlackError
from bot.core.person import Person
from bot.core.texts import Language, language_of_locale
from bot.engine.lookups.users import UserDirectory
from bot.engine.memory import remember

MAX_LOOKUPS = 10  # for the names in one question: whoever mentions a hundred people does not mean each
_MISSING_SECONDS, _MAX_MISSING = 600.0, 10_000
# Codes of Slack's for an id that nobody has: https://docs.slack.dev/reference/methods/users.info
_MISSING = {"user_not_found", "user_not_visible", "users_not_found"}
_STRANGER = Person("")


class People:
    """Knows people by their ids. Who cannot be looked up now has no name, and reads English. Thread-safe.

    What it looks up takes none of the calls that are kept for telling who may ask.
    """

    def __init__(
        self,
        users: UserDirectory,
        language: Language | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users, self._language, self._clock = users, language, clock
        self._lock = threading.Lock()
        self._missing: dict[str, float] = {}  # ids that nobody has, and until when that is believed

    def names(self, users: Iterable[str]) -> Mapping[str, str]:
        """The display names of `users`, by their ids; without those that are not known.

        Not more than ten are asked of Slack, and none once it has no room.
        """
        unique = list(dict.fromkeys(users))
        people = {user: known for user in unique if (known := self._users.lookup.known(user))}
        unknown = [user for user in unique if user not in people and not self._is_missing(user)]
        for user in unknown[:MAX_LOOKUPS]:
            try:
                people[user] = self._looked_up(user)
            except RateLimited:  # noqa: PERF203 - of ten at most
                break
            except SlackError:
                continue
        found = ((user, people.get(user) or self._users.lookup.last(user)) for user in unique)
        return {user: person.name for user, person in found if person and person.name}

    def language(self, user: str) -> Language:
        """The language in which `user` uses Slack, or the nearest to it that there is."""
        return self._language or language_of_locale(self._person(user).locale)

    def known(self, user: str) -> Person | None:
        """Return what is known of `user` without asking Slack, however old."""
        return self._users.lookup.last(user)

    def _person(self, user: str) -> Person:
        lookup = self._users.lookup
        if known := lookup.known(user):
            return known
        try:
            return (lookup.last(user) or _STRANGER) if self._is_missing(user) else self._looked_up(user)
        except SlackError:
            return lookup.last(user) or _STRANGER

    def _is_missing(self, user: str) -> bool:
        return self._missing.get(user, -inf) > self._clock()

    def _looked_up(self, user: str) -> Person:
        try:
            return self._users.lookup.refresh(user, self._users.name_turn)
        except SlackError as error:
            if error.code in _MISSING:
                with self._lock:
                    remember(self._missing, user, self._clock() + _MISSING_SECONDS, _MAX_MISSING)
            raise
