"""Where a slash command is answered: it is no message, so its thread has to be made."""

from __future__ import annotations

import logging
from typing import Protocol

from bot.core import markdown
from bot.core.errors import RateLimited, SetupFault, SlackError, Unreachable
from bot.core.message import Content, Kind, Outgoing, posted_key
from bot.core.mrkdwn import quote
from bot.core.question import Place, Question, Recipient
from bot.core.safety import naming, neutralise
from bot.core.texts import texts_in
from bot.engine.asides import Whispers, tell_alone

log = logging.getLogger(__name__)

_MAY_NOT_POST = {"not_in_channel", "channel_not_found"}


class Rooms(Whispers, Protocol):
    """What an entrance needs of Slack. Every method raises SlackError."""

    def post(self, channel: str, thread_ts: str | None, message: Outgoing) -> str:
        """Post a message and return its ts."""

    def find(self, channel: str, thread_ts: str | None, message: Outgoing) -> str | None:
        """The ts of `message`, if it was posted after all."""

    def direct_message(self, user: str) -> str:
        """The channel id of the bot's direct messages with `user`."""


def open_thread(question: Question, rooms: Rooms, *, again: bool) -> Place:
    """Post the question as a message that names its asker, and return the thread in which it is answered: the
    one that it belongs to, or else the one under it.

    Where the bot may not post, that is in the asker's direct messages, and the asker is told so, privately.
    `again` means that this was tried before with an unclear outcome: what was posted then is used.
    """
    texts = texts_in(question.language)
    quoted = neutralise(quote(question.text))
    content = Content(markdown.pages(quoted)[0], lead=naming(texts.asks, question.user))
    message = Outgoing(Kind.QUESTION, content, posted_key(question.key))

    def put(channel: str, thread_ts: str | None = None) -> Place:
        found = rooms.find(channel, thread_ts, message) if again else None
        ts = found or rooms.post(channel, thread_ts, message)
        return Place(channel, thread_ts or ts)

    try:
        return put(question.channel, question.thread_ts)
    except SlackError as error:
        if error.setup is SetupFault.PERMISSION:
            tell(rooms, question.asker, texts.not_set_up)
        if error.code not in _MAY_NOT_POST:
            raise
    try:
        place = put(rooms.direct_message(question.user))
    except (RateLimited, Unreachable):
        raise
    except SlackError as error:
        if error.setup is not SetupFault.TOKEN:  # else it is answered later
            tell(rooms, question.asker, texts.not_set_up if error.setup else texts.nowhere_to_answer)
        raise
    tell(rooms, question.asker, texts.moved_to_dm)
    return place


def tell(rooms: Rooms, recipient: Recipient, sentence: str) -> None:
    """Say a fixed `sentence` to nobody but `recipient`."""
    try:
        tell_alone(rooms, recipient, sentence)
    except SlackError as error:  # the answer itself does not depend on it
        log.warning("notice.refused", extra={"code": error.code})
