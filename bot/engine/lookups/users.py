"""Directory of people: everybody in the workspace, and whoever else asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.core.directory import Page, encoded_person, read_person
from bot.core.journal import CallKind
from bot.core.person import Person
from bot.engine.journal import Journal
from bot.engine.lanes import Lane, unattended
from bot.engine.lookups.cached_lookup import CachedLookup
from bot.engine.lookups.list_reader import ListReader, ListSource
from bot.engine.lookups.read_budget import ReadBudget
from bot.engine.lookups.records import Codec, Records, Store

# The list is read so often that nobody in it is ever looked up alone: before a record is too old, it was read
# again, which takes minutes where there are tens of thousands of people.
LIST_SECONDS, FRESH_SECONDS = 3600.0, 7200.0
_MAX_PAGES = 200  # of about 1,000 people
_CODEC = Codec("user", encoded_person, read_person)
_BOT = Person("", is_bot=True)


class Users(Protocol):
    """Calls to Slack that knowing people needs. Every method raises SlackError."""

    def person(self, user: str) -> Person:
        """Return what Slack tells of a user."""

    def people(self, cursor: str) -> Page[Person]:
        """A page of the people of the workspace."""


class UserDirectory:
    """People by their ids. `changed`, which may be replaced, is called whenever more of them may be known.

    Thread-safe.
    """

    def __init__(
        self,
        slack: Users,
        store: Store,
        journal: Journal,
        budget: ReadBudget,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        self.changed: Callable[[], None] = lambda: None

        def person(user: str) -> Person:
            # The id of a bot that has no user, which users.info does not know.
            return _BOT if user.startswith("B") else slack.person(user)

        self._records = Records(_CODEC, store, journal, clock)
        self._budget = budget
        one, many = (partial(budget.turn, kind) for kind in (CallKind.USER, CallKind.USER_LIST))
        self.lookup = CachedLookup(person, self._records, one, clock, wait, seconds=FRESH_SECONDS)
        source = ListSource("users", slack.people, many, LIST_SECONDS, _MAX_PAGES)
        self.reader = ListReader(source, self._records, store, journal, clock, wait, lambda: self.changed())
        self._news = Lane("users", 1)

    @contextmanager
    def name_turn(self) -> Iterator[None]:
        """Make a call for somebody who asks nothing, which leaves most of the room to those who do.

        Raises OverBudget if there is no room now.
        """
        with self._budget.turn(CallKind.NAME), self._budget.turn(CallKind.USER):
            yield

    def start(self) -> None:
        """Read the list in the background, now and then."""
        threading.Thread(target=self.reader.run, name="user_list", daemon=True).start()

    def heed(self, user: str, person: Person | None) -> None:
        """Take note, soon, of what Slack tells of `user` now; None if the account is gone."""
        self._news.submit(self._heed, user, person)

    @unattended
    def _heed(self, user: str, person: Person | None) -> None:
        if person is None:
            self._records.remove([user])
            return
        last = self.lookup.last(user)
        if not person.locale:  # events need not tell it; who is not known is looked up with it
            if last is None:
                return
            person = replace(person, locale=last.locale)
        if person != self.lookup.known(user):  # most changes are of somebody's status
            self._records.put({user: person})
            self.changed()

    def close(self) -> None:
        """Take note of nothing more."""
        self._news.shutdown(cancel_futures=True)
