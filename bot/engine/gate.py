"""Whether a question is answered at all, which is known before a model is called."""

from __future__ import annotations

from bot.core import access
from bot.core.access import Access, Denial, Room
from bot.core.errors import RateLimited, SetupFault, SlackError, Unreachable
from bot.core.person import Person
from bot.core.question import Question
from bot.engine.lookups.cached_lookup import CachedLookup

_DIRECT = Room()


class Gate:
    """Lets questions in by the rules of `access`. Thread-safe."""

    def __init__(self, access: Access, people: CachedLookup[Person], channels: CachedLookup[Room]) -> None:
        self._access, self._people, self._channels = access, people, channels

    def is_known(self, question: Question) -> bool:
        """Return whether all is known that `decide` and `is_open` tell, without asking Slack."""
        is_channel_known = not question.channel.startswith("C") or self._channels.known(question.channel)
        return bool(is_channel_known) and self._known(question) is not Denial.UNKNOWN

    def decide(self, question: Question, patience: float = 0.0) -> Denial | None:
        """Return why `question` is not answered; None if it is. It can wait for a call or two.

        Raises RateLimited or Unreachable while Slack does not say, and SlackError while it takes no call.
        """
        why = self._known(question)
        if why is not Denial.UNKNOWN:
            return why
        try:
            person = room = None
            if access.needs_person(self._access, question):
                person = self._people.get(question.user, patience)
            if not self._access.external:
                room = self._room_of(question, patience)
        except (RateLimited, Unreachable):
            raise
        except SlackError as error:
            if error.setup is SetupFault.TOKEN:
                raise
            return Denial.NOT_SET_UP if error.setup else Denial.UNKNOWN
        return access.denial(self._access, question, person, room)

    def _known(self, question: Question) -> Denial | None:
        """Return what can be told without asking Slack."""
        room = self._told(question) or self._channels.known(question.channel)
        return access.denial(self._access, question, self._people.known(question.user), room)

    def _room_of(self, question: Question, patience: float) -> Room:
        return self._told(question) or self._channels.get(question.channel, patience)

    @staticmethod
    def _told(question: Question) -> Room | None:
        """Return what the question itself tells of where it stands."""
        if question.channel.startswith("D"):
            return _DIRECT
        if question.is_external_room is not None:  # its event told
            return Room(is_external=question.is_external_room)
        return None

    def may_read(self, question: Question, channel: str) -> bool:
        """Whether what stands in `channel` may be used for `question`: it is no secret to its readers."""
        if channel == question.channel:
            return True
        try:
            person = self._people.get(question.user)
        except SlackError:
            return False
        return not person.is_guest and not person.is_external and self.is_open(channel)

    def channel_name(self, question: Question, channel: str, *, may_look: bool) -> str:
        """Return what a channel is called; "" if that is not known, or not for whoever asks `question`.

        Slack is asked for it only if one `may_look`.
        """
        if may_look and not self._channels.known(channel):
            self.is_open(channel)
        room = self._channels.known(channel)
        return room.name if room and self.may_read(question, channel) else ""

    def is_open(self, channel: str) -> bool:
        """Whether every member of the workspace may read a channel; not, if that is not known."""
        try:
            return channel.startswith("C") and self._channels.get(channel).is_open
        except SlackError:
            return False
