"""The calls that let a message of an answer be seen."""

from __future__ import annotations

import logging
from typing import Protocol

from bot.core.errors import RateLimited, SlackError, ThreadGone, Unreachable
from bot.core.journal import CallKind
from bot.core.message import Outgoing
from bot.core.question import Place, Question
from bot.core.safety import Safe
from bot.engine.entrance import Rooms
from bot.engine.steps import Show

log = logging.getLogger(__name__)


class Slack(Rooms, Protocol):
    """All that an answer needs of Slack. Every method raises SlackError."""

    def edit(self, channel: str, ts: str, message: Outgoing) -> None:
        """Let a message of the bot's become `message`; if Slack streams it, that ends."""

    def strays(self, channel: str, question_key: str) -> list[str]:
        """The ts of what stands newly at top level in a channel of the answer to a question."""

    def start_stream(self, place: Place, text: Safe, user: str, team: str) -> str:
        """Begin a message that Slack streams, for `user` of `team`, and return its ts."""

    def append(self, channel: str, ts: str, more: Safe) -> None:
        """Add to what a stream says."""

    def stop_stream(self, channel: str, ts: str, more: Safe, message: Outgoing | None) -> None:
        """Add the last words of a stream, with what stands under `message`."""


def show(slack: Slack, question: Question, step: Show) -> tuple[Show, str]:
    """Let the answer to `question` be seen as `step` wants it; what is seen then, and its ts.

    That is an earlier try where one was made after all, and can say less. Raises SlackError.
    """
    place, message, ts = step.place, step.message, step.ts
    for tried in step.unsure:
        if found := slack.find(place.channel, place.thread_ts, tried.message):
            return tried, found
    if step.kind is CallKind.START:
        return step, slack.start_stream(place, step.more, question.user, question.user_team or question.team)
    if ts is None:
        return step, slack.post(place.channel, place.thread_ts, message)
    if step.kind is CallKind.APPEND:
        slack.append(place.channel, ts, step.more)
    elif step.kind is CallKind.STOP:
        slack.stop_stream(place.channel, ts, step.more, None if step.grows else message)
    else:
        slack.edit(place.channel, ts, message)
    return step, ts


def take_back(slack: Slack, question: Question, channel: str, error: ThreadGone) -> None:
    """Delete what of an answer was posted at top level in `channel`, since its thread is gone.

    Raises Unreachable if it may stand still, and can be deleted later.
    """
    try:
        for ts in [error.stray] if error.stray else slack.strays(channel, question.key):
            slack.delete(channel, ts)
    except (RateLimited, Unreachable) as failure:
        raise Unreachable("stray_stands", str(failure)) from failure
    except SlackError as failure:
        log.warning("stray.stands", extra={**question.names, "code": failure.code})
