"""Questions that come by `/ask`, from anywhere but a thread: https://docs.slack.dev/interactivity/implementing-slash-commands"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, BoltContext

from bot.core import mrkdwn
from bot.core.frames import unframed
from bot.core.question import Question
from bot.engine.asides import Asides
from bot.engine.reception import Reception
from bot.listeners.interaction import installed_in


def ask_listener(reception: Reception, asides: Asides) -> Callable[..., None]:
    """Hears `/ask`. An empty acknowledgement shows nothing."""

    def hear_ask(ack: Ack, command: Mapping[str, Any], context: BoltContext) -> None:
        question = question_in(command, installed_in(context))
        if question.text:
            reception.ask(question)  # first: what was acknowledged must not be lost
        else:
            asides.explain(question.asker)
        ack()

    return hear_ask


def question_in(command: Mapping[str, Any], team: str) -> Question:
    """The question that a slash command asks. It is no message: its thread is yet to be made."""
    return Question(
        team=team,
        channel=str(command["channel_id"]),
        user=str(command["user_id"]),
        text=unframed(mrkdwn.plain(str(command.get("text") or ""), me="")),
        trigger_id=str(command.get("trigger_id") or ""),
        response_url=str(command.get("response_url") or ""),
        user_team=str(command.get("team_id") or ""),
    )
