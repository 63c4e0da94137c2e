"""Directories of people and channels as a process has them, on a store that others can share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.directory import SqliteDirectory
from bot.adapters.sqlite.journal import SqliteJournal
from bot.core.access import Room
from bot.core.directory import Page
from bot.core.errors import RateLimited, SlackError
from bot.core.journal import Allowance
from bot.core.person import Person
from bot.engine.journal import Journal
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.read_budget import ReadBudget
from bot.engine.lookups.users import UserDirectory
from bot.playground.limits import Limits, Meter


@dataclass
class Directory:
    """A Slack that knows people and channels and has its limits, and a clock.

    `users` and `rooms_there` are by their ids; a `broken` method fails so. `refused` are the methods of
    calls that came too often.
    """

    now: float = 1_000_000.0
    users: dict[str, Person] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    rooms_there: dict[str, Room] = field(default_factory=dict)
    broken: dict[str, SlackError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    page_size: int = 1000
    meter: Meter = field(default_factory=lambda: Meter(Limits()))

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False

    def person(self, user: str) -> Person:
        self._count("users.info")
        if user not in self.users:
            raise SlackError("user_not_found")
        return self.users[user]

    def people(self, cursor: str) -> Page[Person]:
        self._count("users.list")
        return self._page(self.users, cursor)

    def room(self, channel: str) -> Room:
        self._count("conversations.info")
        return self.rooms_there[channel]

    def rooms(self, cursor: str) -> Page[Room]:
        self._count("users.conversations")
        start, found = int(cursor or 0), list(self.rooms_there.items())
        return Page(dict(found[start : start + self.page_size]), cursor=self._next(start, len(found)))

    def _page(self, people: Mapping[str, Person], cursor: str) -> Page[Person]:
        start, found = int(cursor or 0), list(people.items())
        listed = dict(found[start : start + self.page_size])
        there = {user: person for user, person in listed.items() if user not in self.deleted}
        return Page(there, frozenset(listed.keys() & self.deleted), self._next(start, len(found)))

    def _next(self, start: int, count: int) -> str:
        return str(start + self.page_size) if start + self.page_size < count else ""

    def _count(self, method: str) -> None:
        self.calls.append(method)
        if error := self.broken.get(method):
            raise error
        if wait := self.meter.take(method, "", self.now):
            self.refused.append(method)
            raise RateLimited(wait)


class Process:
    """One of the processes that share the store at `path`."""

    def __init__(
        self,
        slack: Directory,
        path: Path,
        name: str = "p1",
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        database = SqliteDatabase(str(path / "bot.db"), slack.clock)
        allowance = Allowance()
        self.store = SqliteDirectory(database)
        self.journal = Journal(SqliteJournal(database, allowance), name, "host", slack.clock)
        self.budget = ReadBudget(allowance, self.journal.spend, slack.clock)
        parts = (slack, self.store, self.journal, self.budget, slack.clock, wait or slack.wait)
        self.users, self.channels = UserDirectory(*parts), ChannelDirectory(*parts)
