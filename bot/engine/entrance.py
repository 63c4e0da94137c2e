"""Threads for questions that have none: slash commands, and questions where Slack lets nobody post."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

from bot.core import markdown
from bot.core.errors import ContentRefused, RateLimited, SetupFault, SlackError, Unreachable
from bot.core.frames import for_people, quote
from bot.core.message import Content, Kind, Outgoing, posted_key
from bot.core.question import Place, Question
from bot.core.safety import Safe, naming, neutralise
from bot.core.slack_markdown import for_slack
from bot.core.texts import texts_in
from bot.engine.asides import Whispers, tell_alone

log = logging.getLogger(__name__)

# Where nobody says anything any more, an answer in another place would surprise its reader.
_CLOSED = "is_archived"


class Rooms(Whispers, Protocol):
    """What an entrance needs of Slack. Every method raises SlackError."""

    def post(self, channel: str, thread_ts: str | None, message: Outgoing) -> str:
        """Post a message and return its ts."""

    def find(self, channel: str, thread_ts: str | None, message: Outgoing) -> str | None:
        """The ts of `message`, if it was posted after all."""

    def direct_message(self, user: str) -> str:
        """The channel id of the bot's direct messages with `user`."""

    def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""

    def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot's away."""


def open_thread(question: Question, rooms: Rooms, *, again: bool, refused: str = "") -> Place:
    """Post the question as a message that names its asker, and return the thread in which it is answered: the
    one that it belongs to, or else the one under it.

    Where the bot may not post, for which Slack has `refused` a post already or refuses this one, that is in
    the asker's direct messages, and the asker is told so, privately. `again` means that this was tried before
    with an unclear outcome: what was posted then is used.
    """
    if refused and question.user == question.bot:  # an app that speaks for nobody reads no direct messages
        raise SlackError(refused)
    message = _posted(question)
    if not refused:
        try:
            return _put(rooms, question.channel, question.thread_ts, message, again=again)
        except SlackError as error:
            if not error.forbids_posting:
                texts = texts_in(question.language)
                if error.setup is SetupFault.PERMISSION:
                    _tell(rooms, question, texts.not_set_up)
                elif isinstance(error, ContentRefused):
                    _tell(rooms, question, texts.failed)
                raise
            refused = error.code
    elif question.ts is None:
        _take_back(rooms, question, message)
    texts = texts_in(question.language)
    if refused == _CLOSED:
        _tell(rooms, question, texts.channel_archived, or_directly=True)
        raise SlackError(refused)
    try:
        message = replace(message, content=replace(message.content, note=_reason(rooms, question)))
        place = _put(rooms, rooms.direct_message(question.user), None, message, again=again)
    except (RateLimited, Unreachable):
        raise
    except SlackError as error:
        if error.setup is not SetupFault.TOKEN:  # else it is answered later
            _tell(rooms, question, texts.not_set_up if error.setup else texts.nowhere_to_answer)
        raise
    _tell(rooms, question, texts.moved_to_dm)
    return place


def explain_break(question: Question, rooms: Rooms) -> None:
    """Tell the asker alone that the answer, which stands in part, cannot go on: Slack lets nobody post there
    any more.
    """
    _tell(rooms, question, texts_in(question.language).no_longer_posting, or_directly=True)


def _posted(question: Question) -> Outgoing:
    quoted = for_slack(markdown.pages(neutralise(quote(for_people(question.text))))[0])
    lead = naming(texts_in(question.language).asks, question.user)
    return Outgoing(Kind.QUESTION, Content(quoted, lead=lead), posted_key(question.key))


def _put(rooms: Rooms, channel: str, thread_ts: str | None, message: Outgoing, *, again: bool) -> Place:
    found = rooms.find(channel, thread_ts, message) if again else None
    try:
        ts = found or rooms.post(channel, thread_ts, message)
    except ContentRefused:
        plain = replace(message, content=replace(message.content, is_plain=True))
        ts = rooms.post(channel, thread_ts, plain)
    return Place(channel, thread_ts or ts)


def _take_back(rooms: Rooms, question: Question, message: Outgoing) -> None:
    """Delete a question that the bot could post, but cannot answer there."""
    try:
        if found := rooms.find(question.channel, question.thread_ts, message):
            rooms.delete(question.channel, found)
    except SlackError as error:
        log.warning("question.stands", extra={**question.names, "code": error.code})


def _reason(rooms: Rooms, question: Question) -> Safe:
    """Return why the answer is not where the question was asked, with a link to it where it is a message."""
    texts = texts_in(question.language)
    try:
        link = rooms.permalink(question.channel, question.ts) if question.ts else ""
    except SlackError as error:
        log.info("permalink.unknown", extra={**question.names, "code": error.code})
        link = ""
    return neutralise(texts.answered_here_of.format(link=link) if link else texts.answered_here)


def _tell(rooms: Rooms, question: Question, sentence: str, *, or_directly: bool = False) -> None:
    """Say a fixed `sentence` to nobody but the asker, once: where the question was asked, else directly."""
    try:
        try:
            tell_alone(rooms, question.asker, sentence)
        except SlackError:
            if not or_directly:
                raise
            notice = Outgoing(Kind.NOTICE, Content(neutralise(sentence)), f"{question.key}/notice")
            rooms.post(rooms.direct_message(question.user), None, notice)
    except SlackError as error:  # the answer itself does not depend on it
        log.warning("notice.refused", extra={"code": error.code})
