"""What an exchange may wish for, and the calls of Slack that its wishes become."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from bot.core.journal import CallKind
from bot.core.message import Kind, Outgoing
from bot.core.question import Place
from bot.core.safety import Safe

METHODS = {
    CallKind.POST: "chat.postMessage",
    CallKind.EDIT: "chat.update",
    CallKind.START: "chat.startStream",
    CallKind.APPEND: "chat.appendStream",
    CallKind.STOP: "chat.stopStream",
}
OF_STREAMS = {CallKind.START, CallKind.APPEND, CallKind.STOP}


class Need(IntEnum):
    """What a call would give the reader, the most urgent first."""

    WHOLE = 0  # the final text
    SIGN = 1  # nothing at all is on screen yet
    FIRST_WORDS = 2
    NEXT_PAGE = 3
    TURN = 4  # the acknowledgement told of a line, and the wait is over
    PROGRESS = 5
    FOLLOW_UPS = 6  # what can be asked next, under an answer that is complete


class Start(Enum):
    """Whether a post can be the start of a stream of Slack's instead, which will need to be stopped."""

    NEVER = "never"
    SOON = "soon"  # once there are more words
    NOW = "now"


@dataclass(frozen=True)
class Wish:
    """A call that an exchange would like to make in `channel`, not before `earliest`.

    `opens` means that a post shows a text that still grows, and so will need an edit later.
    """

    need: Need
    channel: str
    kind: CallKind
    earliest: float
    opens: bool = False
    start: Start = Start.NEVER


@dataclass(frozen=True)
class OpenThread:
    """A call to make: a question is posted, so that there is a thread to answer in.

    That is a slash command's, or one that stands where Slack refused to post, with the code `refused`.
    `again` means that it was tried before, and may have been posted.
    """

    again: bool = False
    refused: str = ""


@dataclass(frozen=True)
class Show:
    """A call to make in `place`: one of a `kind` that lets the message `ts`, or a new one, say `message`.

    `number` counts the answer's messages from 0; it means nothing for an acknowledgement. `grows` means that
    the message will have more to say. A stream is given `more`. `unsure` are posts that were tried before, of
    which one may stand.
    """

    place: Place
    message: Outgoing
    number: int = 0
    ts: str | None = None
    grows: bool = False
    unsure: tuple[Show, ...] = ()
    kind: CallKind = CallKind.POST
    more: Safe = Safe("")

    @property
    def is_acknowledgement(self) -> bool:
        return self.message.kind is Kind.ACKNOWLEDGEMENT
