"""The Homes of people: published soon after they are opened, from what the store knows."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Protocol

from bot.core.errors import RateLimited, SlackError, StoreError
from bot.core.home import MOST_OWN, WEEK_SECONDS, Home, Own, Workspace, home, last_answers, workspace
from bot.core.interaction import Interaction, Vote
from bot.core.spending import DAY_SECONDS
from bot.core.texts import texts_in
from bot.engine.health import level
from bot.engine.lanes import Lane
from bot.engine.memory import remember
from bot.engine.people import People

log = logging.getLogger(__name__)

_THREADS = 2
_FIGURES_SECONDS = 30.0
_MOST_LINKS = 10_000


class Records(Protocol):
    """What all processes wrote down together. Every method raises StoreError."""

    def interactions_of(self, user: str, team: str, since: float, most: int) -> list[Interaction]:
        """The newest of what `user` asked since then (seconds since 1970, UTC), newest first."""

    def interactions(self, since: float) -> list[Interaction]:
        """What anybody asked since then."""

    def votes(self, since: float) -> list[Vote]:
        """Votes cast since then."""


class Walls(Protocol):
    """What publishing needs of Slack. Every method raises SlackError."""

    def publish_home(self, user: str, page: Home) -> None:
        """Let `page` be what `user` sees in the Home."""

    def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""


@dataclass(frozen=True)
class _Visit:
    """Somebody opened the Home; `room` is the channel id of their direct messages with the bot."""

    team: str
    user: str
    room: str


class Homes:
    """Publishes Homes in a lane of its own. Thread-safe; nothing is raised, and nobody waits.

    `admins` see the figures of the workspace; `daily` is how many dollars one person may spend in a day.
    """

    def __init__(
        self,
        slack: Walls,
        people: People,
        records: Records,
        *,
        admins: Collection[str] = (),
        daily: Decimal | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._slack, self._people, self._records = slack, people, records
        self._admins, self._daily, self._clock = admins, daily, clock
        self._lock = threading.Lock()
        self._wanted: dict[str, _Visit] = {}
        self._busy: set[str] = set()
        self._figuring = threading.Lock()
        self._everybody: Workspace | None = None
        self._figured_at = -inf
        self._links: dict[str, str] = {}  # addresses by "channel/ts"
        self._links_from = -inf  # when Slack tells such again
        self._lane = Lane("home", _THREADS)

    def open(self, team: str, user: str, room: str) -> None:
        """Publish the Home of `user` soon, once for all that open it meanwhile."""
        with self._lock:
            self._wanted[user] = _Visit(team, user, room)
            if user in self._busy:
                return
            self._busy.add(user)
        self._lane.submit_for(user, self._serve, user)

    def stop(self) -> None:
        """Publish nothing more."""
        self._lane.shutdown(cancel_futures=True)

    def _serve(self, user: str) -> None:
        while visit := self._next(user):
            self._publish(visit)

    def _next(self, user: str) -> _Visit | None:
        with self._lock:
            visit = self._wanted.pop(user, None)
            if visit is None:
                self._busy.discard(user)
            return visit

    def _publish(self, visit: _Visit) -> None:
        try:
            self._slack.publish_home(visit.user, self._page(visit))
        except SlackError as error:
            log.log(level(error), "home.refused", extra={"code": error.code})
        except Exception:  # a mistake in a page costs that page, not those that are opened later
            log.exception("home.crashed")

    def _page(self, visit: _Visit) -> Home:
        now = self._clock()
        texts = texts_in(self._people.language(visit.user))
        everybody = self._figures(now) if visit.user in self._admins else None
        return home(visit.room, texts, now, self._own(visit), everybody)

    def _own(self, visit: _Visit) -> Own | None:
        try:
            found = self._records.interactions_of(visit.user, visit.team, 0.0, MOST_OWN)
        except StoreError as error:
            log.warning("home.unread", extra={"error": str(error)})
            return None
        return Own(found, self._linked(last_answers(found)), self._daily)

    def _linked(self, answers: Sequence[Interaction]) -> Mapping[str, str]:
        """Links to those answers that stand, by the interactions' ids."""
        return {one.id: link for one in answers if (link := self._link(one.first_message))}

    def _link(self, message: str) -> str:
        with self._lock:
            if message in self._links:
                return self._links[message]
        if not message or self._clock() < self._links_from:
            return ""
        try:
            link = self._slack.permalink(*message.split("/"))
        except SlackError as error:  # the message is gone, or the bot has left the channel, or asked a lot
            if isinstance(error, RateLimited):
                self._links_from = self._clock() + error.retry_after
            log.info("link.refused", extra={"code": error.code})
            return ""
        with self._lock:
            remember(self._links, message, link, _MOST_LINKS)
        return link

    def _figures(self, now: float) -> Workspace | None:
        """What all questions came to, read at most once in a while, also while the store fails."""
        with self._figuring:
            if now - self._figured_at >= _FIGURES_SECONDS:
                self._figured_at, self._everybody = now, self._read_figures(now)
            return self._everybody

    def _read_figures(self, now: float) -> Workspace | None:
        day, week = now - DAY_SECONDS, now - WEEK_SECONDS
        try:
            asked, votes = self._records.interactions(week), self._records.votes(week)
            return workspace(asked, votes, self._records.votes(day), now)
        except StoreError as error:
            log.warning("home.unread", extra={"error": str(error)})
            return None
