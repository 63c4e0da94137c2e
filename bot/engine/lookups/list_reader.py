"""A list of Slack's that is read page by page in the background, by one of all processes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from bot.core.directory import Found, Page
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.engine.journal import Journal
from bot.engine.lanes import unattended
from bot.engine.lookups.cached_lookup import pause_after
from bot.engine.lookups.records import Records, Store

log = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0  # between two looks whether it is to be read again
_LEASE_SECONDS = 120.0  # without a page, after which another process reads it
_RETRY_SECONDS = 300.0  # after Slack refused it
_MAX_FAILURES = 20  # of one page
_LISTS = "list"
_T = TypeVar("_T")


@dataclass(frozen=True)
class ListSource(Generic[_T]):
    """A list: its `name`, how a page is read (which raises SlackError) in a `turn`, and how often in seconds.

    No more than `max_pages` are read of it.
    """

    name: str
    page: Callable[[str], Page[_T]]
    turn: Callable[[], AbstractContextManager[None]]
    every: float
    max_pages: int


class ListReader(Generic[_T]):
    """Lets `records` have what `source` lists; `changed` is called after each page.

    `wait` waits so many seconds, and says True when it is time to end.
    """

    def __init__(
        self,
        source: ListSource[_T],
        records: Records[_T],
        store: Store,
        journal: Journal,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
        changed: Callable[[], None],
    ) -> None:
        self._source, self._records, self._changed = source, records, changed
        self._store, self._journal, self._clock, self._wait = store, journal, clock, wait
        self._read_at, self._not_before = -inf, -inf

    def run(self) -> None:
        """Read the list now, if it is time, and whenever it is, until `wait` says that it is time to end."""
        while True:
            self.look()
            if self._wait(_LOOK_SECONDS):
                return

    @unattended
    def look(self) -> None:
        """Read the list if it is time for that, and no other process does."""
        if self._is_due() and self._leads():
            self._not_before = self._clock() + _RETRY_SECONDS
            if self._read():
                self._not_before = -inf

    def _is_due(self) -> bool:
        now, every = self._clock(), self._source.every
        if now < self._not_before:
            return False
        own: Found | None = Found(now - self._read_at, "")  # what holds while the store fails
        last = self._journal.asked(lambda: self._store.find(_LISTS, self._source.name), own)
        return last is None or last.age >= every

    def _leads(self) -> bool:
        name, owner = self._source.name, self._journal.owner_id
        return self._journal.asked(lambda: self._store.lease(name, owner, _LEASE_SECONDS), True)

    def _read(self) -> bool:
        """Read all pages; False if that was given up, or another process took over."""
        cursor, count = "", 0
        for _ in range(self._source.max_pages):
            page = self._page(cursor)
            if page is None:
                return False
            self._records.put(page.found)
            self._records.remove(page.gone)
            self._changed()
            count, cursor = count + len(page.found), page.cursor
            if not cursor:
                break
            if not self._leads():
                return False
        self._read_at = self._clock()
        self._journal.asked(lambda: self._store.keep(_LISTS, {self._source.name: ""}), None)
        log.info("list.read", extra={"list": self._source.name, "count": count, "is_cut": bool(cursor)})
        return True

    def _page(self, cursor: str) -> Page[_T] | None:
        for tries in range(1, _MAX_FAILURES + 1):
            try:
                with self._source.turn():
                    return self._source.page(cursor)
            except (RateLimited, Unreachable) as error:
                if not self._wait(pause_after(error, tries)):
                    continue
            except SlackError as error:
                log.log(
                    logging.DEBUG if error.setup else logging.WARNING,  # set-up is told once for all calls
                    "list.refused",
                    extra={"list": self._source.name, "code": error.code},
                )
            break
        return None
