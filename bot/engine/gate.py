"""Whether a question is answered at all, which is known before a model is called."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.core.access import Access, Denial, Room, denial
from bot.core.errors import SetupFault, SlackError
from bot.core.question import Question
from bot.engine.asides import Asides
from bot.engine.lookups import Lookups
from bot.engine.memory import remember
from bot.engine.people import People

log = logging.getLogger(__name__)

# conversations.info and users.conversations take 50 calls a minute each (Tier 3 of
# https://docs.slack.dev/apis/web-api/rate-limits); a list of all rooms can be several.
_PER_MINUTE, _LISTS_PER_MINUTE = 45, 8
_ALL = ""
_FRESH_SECONDS = 600.0
_PATIENCE = 5.0  # seconds that a question waits for Slack to say who asks it
_TOLD_EVERY = 3600.0
# Nobody was turned away: as this may be over by the next question, it is told each time.
_FAULTS = {Denial.UNKNOWN, Denial.NOT_SET_UP}
_MOST_TOLD = 10_000
_DIRECT, _CLOSED = Room(), Room()


class Rooms(Protocol):
    """What knowing rooms needs of Slack."""

    def room(self, channel: str) -> Room:
        """What Slack tells of a conversation; of one that the bot cannot see, that it is closed.

        Raises SlackError.
        """

    def rooms(self) -> Mapping[str, Room]:
        """The channels that the bot is in, by their ids. Raises SlackError."""


class Gate:
    """Lets questions in by the rules of `access`. Thread-safe."""

    def __init__(
        self,
        access: Access,
        people: People,
        rooms: Rooms,
        asides: Asides,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        self._access, self._people, self._asides, self._clock = access, people, asides, clock
        self._rooms = Lookups(rooms.room, clock, wait, per_minute=_PER_MINUTE, seconds=_FRESH_SECONDS)
        self._joined = Lookups(
            lambda _all: rooms.rooms(), clock, wait, per_minute=_LISTS_PER_MINUTE, seconds=_FRESH_SECONDS
        )
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}

    def is_known(self, question: Question) -> bool:
        """Whether all is known that `denial` and `is_open` tell, without asking Slack."""
        is_room_known = not question.channel.startswith("C") or self._looked_up(question.channel) is not None
        return is_room_known and self._people.lookups.known(question.user) is not None

    def admits(self, question: Question) -> bool:
        """Return whether `question` is answered. It can wait for Slack. Who is turned away is told so.

        Raises SlackError while Slack takes no call at all.
        """
        why = self.denial(question)
        if why:
            log.info("question.denied", extra={**question.names, "why": why.value})
            if why in _FAULTS or not self._is_told(question.user):
                self._asides.deny(question, why)
        return why is None

    def denial(self, question: Question) -> Denial | None:
        """Return why `question` is not answered; None if it is. It can wait for Slack.

        Raises SlackError while Slack takes no call at all.
        """
        try:
            person = self._people.lookups.get(question.user, _PATIENCE)
            room = self._room_of(question)
        except SlackError as error:
            if error.setup is SetupFault.TOKEN:
                raise
            # What needs no look-up is told first.
            found = denial(self._access, question, None, None)
            return Denial.NOT_SET_UP if found is Denial.UNKNOWN else found
        return denial(self._access, question, person, room)

    def _room_of(self, question: Question) -> Room | None:
        if question.channel.startswith("D"):
            return _DIRECT
        if question.is_external_room is not None:  # its event told
            return Room(is_external=question.is_external_room)
        return self._room(question.channel, _PATIENCE)

    def may_read(self, question: Question, channel: str) -> bool:
        """Whether what stands in `channel` may be used for `question`: it is no secret to its readers."""
        if channel == question.channel:
            return True
        try:
            person = self._people.lookups.get(question.user)
        except SlackError:
            return False
        is_member = person is not None and not person.is_guest and not person.is_external
        return is_member and self.is_open(channel)

    def is_open(self, channel: str) -> bool:
        """Whether every member of the workspace may read a channel; not, if that is not known."""
        try:
            return channel.startswith("C") and (self._room(channel) or _CLOSED).is_open
        except SlackError:
            return False

    def _room(self, channel: str, patience: float = 0.0) -> Room | None:
        """Return what Slack tells of a channel; all that the bot is in are told at once.

        Raises SlackError where Slack does not say because of how the app is set up.
        """
        try:
            joined = self._joined.get(_ALL) or {}
        except SlackError as error:
            if error.setup is SetupFault.TOKEN:
                raise
            joined = {}  # the list needs the scope of every type of channel, the channel that of its own
        return joined.get(channel) or self._rooms.get(channel, patience)

    def _looked_up(self, channel: str) -> Room | None:
        return (self._joined.known(_ALL) or {}).get(channel) or self._rooms.known(channel)

    def _is_told(self, user: str) -> bool:
        """Whether `user` was told within the last hour of a denial; from now on, that is so."""
        now = self._clock()
        with self._lock:
            is_told = now - self._told.get(user, -_TOLD_EVERY) < _TOLD_EVERY
            if not is_told:
                remember(self._told, user, now, _MOST_TOLD)
            return is_told
