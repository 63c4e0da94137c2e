"""What Slack tells an app of a click, of a form that was sent and of a shortcut.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.playground.api_rules import as_slack_shows
from bot.playground.blocks import elements_of
from bot.playground.views import filled_in, view_as_slack_shows
from bot.playground.workspace import Conversation, Message, Origin, User, View


def interaction(kind: str, user: User, origin: Origin) -> dict[str, Any]:
    """Return what every payload tells: who did something, and where that was."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": "ADUET",
        "token": "playground",
        **origin.told,
    }


def clicked_in_message(message: Message, conversation: Conversation, response_url: str) -> dict[str, Any]:
    """Where in a conversation a click was: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    return {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": False,
        },
        "channel": {"id": conversation.id, "name": name_of(conversation)},
        "message": as_slack_shows(message),
        "state": {"values": {}},
        "response_url": response_url,
    }


def clicked_in_view(view: View) -> dict[str, Any]:
    """Where in a Home or a modal a click was."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view_as_slack_shows(view)}


def submitted(view: View, values: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A modal that was sent. It has no `trigger_id`: that is not documented.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    """
    return {"view": view_as_slack_shows(view, filled_in(view, values)), "response_urls": []}


def chosen_for_message(
    message: Message, conversation: Conversation, callback_id: str, response_url: str
) -> dict[str, Any]:
    """A shortcut of a message: https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""
    return {
        "callback_id": callback_id,
        "channel": {"id": conversation.id, "name": name_of(conversation)},
        "message_ts": message.ts,
        "message": as_slack_shows(message),
        "response_url": response_url,
    }


def action_on(blocks: Sequence[Mapping[str, Any]], action_id: str, value: str) -> dict[str, Any]:
    """What was done to an element of `blocks`; `value` is the side or the option that was chosen.

    Raises KeyError if there is no such element, side or option.
    """
    elements = {
        element["action_id"]: {**element, "block_id": block["block_id"]}
        for block in blocks
        for _, element in elements_of(block)
    }
    element = elements[action_id]
    told = {name: element[name] for name in ("type", "action_id", "block_id")}
    match element:
        case {"type": "feedback_buttons", "positive_button": yes, "negative_button": no}:
            side = {side["value"]: side for side in (yes, no)}[value]
            return told | {"text": side["text"], "value": value}
        case {"type": "overflow", "options": options}:
            return told | {"selected_option": {option["value"]: option for option in options}[value]}
        case _:
            return element


def name_of(conversation: Conversation) -> str:
    """A conversation's name as payloads give it."""
    return "directmessage" if conversation.kind == "im" else conversation.name
