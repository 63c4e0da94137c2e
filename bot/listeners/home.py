"""The App Home: who opens it, and the examples there.

https://docs.slack.dev/reference/events/app_home_opened
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltContext

from bot.core.question import Question
from bot.engine.home import Homes
from bot.engine.reception import Reception
from bot.listeners.interaction import asking, installed_in, user_team_in


def home_listener(homes: Homes) -> Callable[..., None]:
    """Hears `app_home_opened`, which also comes for the messages beside the Home."""

    def hear_opened(event: Mapping[str, Any], context: BoltContext) -> None:
        if event.get("tab") == "home":
            homes.open(installed_in(context), str(event["user"]), str(event.get("channel") or ""))

    return hear_opened


def example_listener(reception: Reception) -> Callable[..., None]:
    """Hears the buttons that ask an example."""
    return asking(reception, question_in)


def question_in(body: Mapping[str, Any], team: str) -> Question:
    """The question that a press in the Home asks: as a slash command's, its thread is yet to be made."""
    return Question(
        team=team,
        channel=str(body["view"].get("private_metadata") or ""),
        user=str(body["user"]["id"]),
        text=str(body["actions"][0]["value"]),
        trigger_id=str(body.get("trigger_id") or ""),
        user_team=user_team_in(body),
    )
