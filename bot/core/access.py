"""Who may ask, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.core.person import Person
from bot.core.question import Question
from bot.core.texts import Texts


@dataclass(frozen=True)
class Room:
    """A conversation: whether all full members of the workspace may read it, and other companies' people.

    Its `name` is "" where that is not told.
    """

    is_open: bool = False
    is_external: bool = False
    name: str = ""


@dataclass(frozen=True)
class Access:
    """Who may ask, by ids. No `channels` and no `users` mean all; direct messages are no channels.

    `guests` are people with a restricted account, `external` people of other companies (Slack Connect), and
    channels that are shared with them.
    """

    channels: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    guests: bool = False
    external: bool = False
    direct_messages: bool = True


class Denial(Enum):
    """Why somebody may not ask."""

    PERSON = "person"
    ROOM = "room"
    DIRECT_MESSAGES = "direct_messages"
    BOTS = "bots"  # ask each other too much there
    UNKNOWN = "unknown"
    NOT_SET_UP = "not_set_up"


def denial(access: Access, question: Question, person: Person | None, room: Room | None) -> Denial | None:
    """Why `question` is not answered; None if it is.

    `person` is who asks it and `room` where; None where that is not known. UNKNOWN if it would have to be.
    """
    is_direct = question.channel.startswith("D")
    may_be_named_bot = bool(question.bot) and (person is None or person.is_bot)
    is_named = not access.users or question.user in access.users or may_be_named_bot
    if question.user in access.blocked or not is_named:
        return Denial.PERSON
    if is_direct and not access.direct_messages:
        return Denial.DIRECT_MESSAGES
    if not is_direct and access.channels and question.channel not in access.channels:
        return Denial.ROOM
    if person is None and needs_person(access, question):
        return Denial.UNKNOWN
    if person and ((person.is_guest and not access.guests) or (person.is_external and not access.external)):
        return Denial.PERSON
    if room is None and not access.external:
        return Denial.UNKNOWN
    return Denial.ROOM if room and room.is_external and not access.external else None


def needs_person(access: Access, question: Question) -> bool:
    """Return whether it matters who asks: a guest, somebody of another company, or a bot in its own name."""
    is_named = not access.users or question.user in access.users
    return not (access.guests and access.external and is_named)


def told(texts: Texts, why: Denial) -> str:
    """What the asker is told."""
    return {
        Denial.PERSON: texts.denied_person,
        Denial.ROOM: texts.denied_room,
        Denial.BOTS: texts.denied_bots,
        Denial.DIRECT_MESSAGES: texts.denied_direct_messages,
        Denial.UNKNOWN: texts.denied_unknown,
        Denial.NOT_SET_UP: texts.not_set_up,
    }[why]
