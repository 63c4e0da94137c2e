"""Messages that apps post: rules for which of them ask, and for how often they are answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

SLACKBOT = "USLACKBOT"
"""A user whom Slack does not tell of as a bot: https://docs.slack.dev/reference/objects/user-object"""

# Two bots that answer each other would go on for ever. People's questions are not counted.
MAX_ANSWERS_IN_THREAD = 5
MAX_ANSWERS_IN_CHANNEL = 30
WINDOW_SECONDS = 3_600.0


def bot_in(event: Mapping[str, Any]) -> str:
    """Return the id of the bot that posted a message, also in a person's name; "" where a person wrote it.

    https://docs.slack.dev/reference/events/message/bot_message
    """
    is_bot = event.get("bot_id") or event.get("subtype") == "bot_message"
    return str(event.get("bot_id") or event.get("app_id") or "unknown") if is_bot else ""


def is_own(message: Mapping[str, Any], me: str, my_bot: str = "") -> bool:
    """Return whether the bot user `me` posted `message` through its own bot, as auth.test names them.

    Whatever else a message says of itself, as in its metadata, any app can write.
    """
    bot = message.get("bot_id") if my_bot else None
    return bool(me) and message.get("user") == me and bot in (None, my_bot)


def ids_in(event: Mapping[str, Any]) -> set[str]:
    """Return the ids by which an operator can name a message's sender: of the bot, its app, and its user."""
    profile = event.get("bot_profile")
    app_id = profile.get("app_id") if isinstance(profile, Mapping) else None
    found = (event.get("bot_id"), event.get("app_id"), app_id, event.get("user"))
    return {str(each) for each in found if each}


def may_answer(in_thread: Collection[float], in_channel: Collection[float], now: float) -> bool:
    """Return whether to answer a bot's question at `now`, after others in its thread and its channel."""
    return (
        _recent(in_thread, now) < MAX_ANSWERS_IN_THREAD and _recent(in_channel, now) < MAX_ANSWERS_IN_CHANNEL
    )


def _recent(answered_at: Iterable[float], now: float) -> int:
    return sum(at > now - WINDOW_SECONDS for at in answered_at)
