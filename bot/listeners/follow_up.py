"""The questions that are suggested under an answer, and asked in its thread by a press."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.frames import unframed
from bot.core.question import Question
from bot.engine.reception import Reception
from bot.listeners.interaction import asking, user_team_in


def follow_up_listener(reception: Reception) -> Callable[..., None]:
    """Hears the buttons that ask what was suggested. Each asks once, whoever presses it how often."""
    return asking(reception, question_in)


def question_in(body: Mapping[str, Any], team: str) -> Question:
    """The question that a press asks: as a slash command's, it is yet to be posted, in that thread."""
    message, action = body["message"], body["actions"][0]
    retry, _, text = str(action["value"]).partition(" ")
    _, _, number = str(action["action_id"]).rpartition("_")
    return Question(
        team=team,
        channel=str(body["channel"]["id"]),
        user=str(body["user"]["id"]),
        text=unframed(text),
        thread_ts=str(message.get("thread_ts") or message["ts"]),
        trigger_id=f"{message['ts']}-{retry}-{number}",
        response_url=str(body.get("response_url") or ""),
        user_team=user_team_in(body),
    )
