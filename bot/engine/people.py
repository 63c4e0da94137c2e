"""What people are called, which language they use, and whether they may ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from bot.core.errors import SlackError
from bot.core.person import Person
from bot.core.texts import Language, language_of_locale
from bot.engine.lookups import Lookups

# users.info takes 100 calls a minute: https://docs.slack.dev/apis/web-api/rate-limits, Tier 4.
_PER_MINUTE = 90
_FRESH_SECONDS = 3600.0
_STRANGER = Person("")
_BOT = Person("", is_bot=True)


class Directory(Protocol):
    """What knowing people needs of Slack."""

    def person(self, user: str) -> Person:
        """What Slack tells of a user. Raises SlackError."""


class People:
    """Knows people by their ids. Who cannot be looked up now has no name, and reads English."""

    def __init__(
        self,
        directory: Directory,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        language: Language | None = None,
    ) -> None:
        def person(user: str) -> Person:
            # The id of a bot that has no user, which users.info does not know.
            return _BOT if user.startswith("B") else directory.person(user)

        self.lookups = Lookups(person, clock, wait, per_minute=_PER_MINUTE, seconds=_FRESH_SECONDS)
        self._language = language

    def names(self, users: Iterable[str]) -> Mapping[str, str]:
        """The display names of `users`, by their ids; without those that are not known."""
        found = ((user, self._person(user).name) for user in users)
        return {user: name for user, name in found if name}

    def language(self, user: str) -> Language:
        """The language in which `user` uses Slack, or the nearest to it that there is."""
        return self._language or language_of_locale(self._person(user).locale)

    def _person(self, user: str) -> Person:
        try:
            found = self.lookups.get(user)
        except SlackError:
            found = None
        return found or self.lookups.last(user) or _STRANGER
