"""What the Web API's methods share: how they refuse, read their arguments, and show a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from bot.playground.workspace import BOT_USER, Conversation, Message, Workspace

Parameters: TypeAlias = Mapping[str, Any]


class ApiError(Exception):
    """A refusal: `code`, and more that Slack says with it."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def refusal(code: str, problems: list[str]) -> ApiError:
    """A refusal that says what is wrong with the arguments."""
    return ApiError(code, response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]})


def as_slack_shows(message: Message, with_metadata: bool = True) -> dict[str, Any]:
    """A message as the API and events show it.

    That of an app carries its profile, that of a webhook its name alone:
    https://docs.slack.dev/reference/events/message/bot_message
    """
    shown = {"type": "message", "text": message.text, "ts": message.ts}
    is_webhooks = message.subtype == "bot_message"
    optional = {
        "user": message.user,
        "username": message.app if is_webhooks else "",
        "bot_profile": {"id": message.bot_id, "name": message.app}
        if message.app and not is_webhooks
        else None,
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "thread_ts": message.thread_ts,
        "blocks": list(message.blocks),
        "files": list(message.files),
        "attachments": list(message.attachments),
        "metadata": message.metadata if with_metadata else None,
        "edited": {"user": message.user, "ts": message.ts} if message.edited else None,
    }
    return shown | {name: value for name, value in optional.items() if value}


def where_bot_may_read(workspace: Workspace, channel: Any) -> Conversation:
    """The conversation with the id `channel`. Raises ApiError if the bot must not know of it."""
    conversation = workspace.conversations.get(str(channel))
    if conversation is None or (conversation.kind != "channel" and BOT_USER not in conversation.members):
        raise ApiError("channel_not_found")  # Slack does not tell what the bot must not know
    return conversation


def where_bot_may_write(workspace: Workspace, channel: Any) -> Conversation:
    """The conversation with the id `channel`. Raises ApiError if the bot cannot speak there."""
    conversation = where_bot_may_read(workspace, channel)
    if BOT_USER not in conversation.members:
        raise ApiError("not_in_channel")
    if conversation.is_archived:
        raise ApiError("is_archived")
    return conversation


def thread_to_reply_in(workspace: Workspace, conversation: Conversation, thread_ts: Any) -> str | None:
    """The thread a message goes to, None for none. Raises ApiError if there is no such thread."""
    if thread_ts is None:
        return None
    parent = workspace.messages.get((conversation.id, str(thread_ts)))
    if parent is None or parent.is_reply or parent.only_for:
        raise ApiError("cannot_reply_to_message")
    return parent.ts


def checked_metadata(parameters: Parameters) -> Mapping[str, Any] | None:
    """The metadata of a message. Raises ApiError if it is not what Slack takes for that."""
    metadata = decoded(parameters.get("metadata") or {}, "invalid_metadata_format")
    if not metadata:
        return None
    match metadata:
        case {"event_type": str(), "event_payload": dict()}:
            return dict(metadata)
        case _:
            raise ApiError("invalid_metadata_format")


def decoded(value: Any, code: str) -> Any:
    """A structured argument: as it is in a JSON body, JSON in a form. Raises ApiError with `code`."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ApiError(code) from None


def is_set(parameters: Parameters, name: str) -> bool:
    """Whether a flag was given, and not as false."""
    return str(parameters.get(name)).lower() in ("1", "true")


def number(value: Any, code: str) -> int:
    """A count. Raises ApiError with `code` if it is none."""
    if not str(value).isdecimal():
        raise ApiError(code)
    return int(value)
