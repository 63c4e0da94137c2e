"""Whether a question is answered at all, which is known before a model is called."""

from __future__ import annotations

from bot.core import access
from bot.core.access import Access, Denial, Room
from bot.core.answers import EVERYBODY
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
        """Return whether all is known that `decide` and `audience` tell, without asking Slack."""
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
            return self._looked_up(question, patience)
        except (RateLimited, Unreachable):
            raise
        except SlackError as error:
            if error.setup is SetupFault.TOKEN:
                raise
            return Denial.NOT_SET_UP if error.setup else Denial.UNKNOWN

    def _looked_up(self, question: Question, patience: float) -> Denial | None:
        person = None
        if access.needs_person(self._access, question):
            person = self._people.get(question.user, patience)
        why = access.denial(self._access, question, person, self._known_room(question))
        if why is Denial.UNKNOWN:  # a channel is looked up for nobody who may not ask anyway
            room = self._channels.get(question.channel, patience)
            why = access.denial(self._access, question, person, room)
        return why

    def _known(self, question: Question) -> Denial | None:
        """Return what can be told without asking Slack."""
        person = self._people.known(question.user)
        return access.denial(self._access, question, person, self._known_room(question))

    def _known_room(self, question: Question) -> Room | None:
        return self._told(question) or self._channels.known(question.channel)

    @staticmethod
    def _told(question: Question) -> Room | None:
        """Return what the question itself tells of where it stands."""
        if question.channel.startswith("D"):
            return _DIRECT
        if question.is_external_room is not None:  # its event told
            return Room(is_external=question.is_external_room)
        return None

    def may_read(self, question: Question, channel: str) -> bool:
        """Return whether what stands in `channel` may be used for `question`: it is no secret to its readers.

        Nothing crosses to another company: neither to one of its people nor into a channel shared with it.
        """
        if channel == question.channel:
            return True
        return self._is_among_us(question) and self._room(channel).is_open

    def audience(self, question: Question) -> str:
        """Return who may share the answer to a first question: EVERYBODY, the channel, or "" for nobody.

        Guests and other companies neither get nor give one.
        """
        if not self._is_among_us(question):
            return ""
        return EVERYBODY if self._room(question.channel).is_open else question.channel

    def _is_among_us(self, question: Question) -> bool:
        """Return whether a full member asks where no other company reads; not, if that is not known."""
        try:
            person = self._people.get(question.user)
            room = _DIRECT if question.channel.startswith("D") else self._channels.get(question.channel)
        except SlackError:
            return False
        is_shared = room.is_external or bool(question.is_external_room)
        return not (person.is_guest or person.is_external or is_shared)

    def channel_name(self, question: Question, channel: str, *, may_look: bool) -> str:
        """Return what a channel is called; "" if that is not known, or not for whoever asks `question`.

        Slack is asked for it only if one `may_look`.
        """
        if may_look and not self._channels.known(channel):
            self._room(channel)
        room = self._channels.known(channel)
        return room.name if room and self.may_read(question, channel) else ""

    def _room(self, channel: str) -> Room:
        """Return what is known of a channel; that it is closed, if nothing is."""
        try:
            return self._channels.get(channel) if channel.startswith("C") else _DIRECT
        except SlackError:
            return _DIRECT
