"""What all interactions have in common: https://docs.slack.dev/reference/interaction-payloads"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, BoltContext

from bot.core.question import Question
from bot.engine.reception import Reception


def installed_in(context: BoltContext) -> str:
    """The id of the workspace that the app is installed in, as auth.test tells it.

    The team of a payload is no such id. In Slack Connect and Enterprise Grid a press names another one than
    the event of the message it belongs to, or none: https://github.com/slackapi/bolt-python/pull/23.
    """
    found = context.authorize_result
    return str(found.team_id or found.enterprise_id or "") if found else ""


def user_team_in(body: Mapping[str, Any]) -> str:
    """The id of the workspace to which whoever did something belongs."""
    return str((body.get("user") or {}).get("team_id") or "")


def asking(
    reception: Reception, question_in: Callable[[Mapping[str, Any], str], Question]
) -> Callable[..., None]:
    """Hears an interaction that asks a question."""

    def hear(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        asked = question_in(body, installed_in(context))
        reception.ask(asked)  # first: what was acknowledged must not be lost
        ack()

    return hear
