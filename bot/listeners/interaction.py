"""What all interactions have in common: https://docs.slack.dev/reference/interaction-payloads"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot.core.question import Question
from bot.engine.reception import Reception


def team_of(body: Mapping[str, Any]) -> str:
    """The id of the workspace in which somebody did something."""
    return str((body.get("team") or {}).get("id") or "")


def asking(reception: Reception, question_in: Callable[[Mapping[str, Any]], Question]) -> Callable[..., None]:
    """Hears an interaction that asks a question."""

    def hear(ack: Ack, body: Mapping[str, Any]) -> None:
        reception.ask(question_in(body))  # first: what was acknowledged must not be lost
        ack()

    return hear
