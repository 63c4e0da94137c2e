"""Names of people, and the languages they use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.core.errors import SlackError
from bot.core.person import Person
from bot.core.texts import Language, language_of_locale
from bot.engine.lookups.cached_lookup import CachedLookup

_STRANGER = Person("")


class People:
    """Knows people by their ids. Who cannot be looked up now has no name, and reads English."""

    def __init__(self, lookup: CachedLookup[Person], language: Language | None = None) -> None:
        self.lookup = lookup
        self._language = language

    def names(self, users: Iterable[str]) -> Mapping[str, str]:
        """The display names of `users`, by their ids; without those that are not known."""
        found = ((user, self._person(user).name) for user in users)
        return {user: name for user, name in found if name}

    def language(self, user: str) -> Language:
        """The language in which `user` uses Slack, or the nearest to it that there is."""
        return self._language or language_of_locale(self._person(user).locale)

    def known(self, user: str) -> Person | None:
        """What is known of `user` without asking Slack, however old."""
        return self.lookup.last(user)

    def _person(self, user: str) -> Person:
        try:
            return self.lookup.get(user)
        except SlackError:
            return self.lookup.last(user) or _STRANGER
