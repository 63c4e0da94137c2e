"""What the Web API's methods share: how they refuse, read their arguments, and show a message."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
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


def where_bot_is(workspace: Workspace, channel: Any) -> Conversation:
    """The conversation with the id `channel`. Raises ApiError if the bot is not in it."""
    conversation = where_bot_may_read(workspace, channel)
    if BOT_USER not in conversation.members:
        raise ApiError("not_in_channel")
    return conversation


def where_bot_may_post(
    workspace: Workspace, parameters: Parameters, refused: Container[str] | None = None
) -> tuple[Conversation, str | None]:
    """The conversation and the thread (None: top level) that a post goes to.

    Raises ApiError if the bot may not post there; of what admins forbid, only for the codes `refused` (None:
    all).

    A thread whose start is gone is ignored, and the message is posted at top level:
    https://github.com/slack-go/slack/issues/1571
    """
    conversation = where_bot_is(workspace, parameters.get("channel"))
    thread_ts = parameters.get("thread_ts")
    parent = workspace.messages.get((conversation.id, str(thread_ts))) if thread_ts else None
    code = conversation.refusal(is_reply=thread_ts is not None)
    if code and (refused is None or code in refused):
        raise ApiError(code)
    if parent is None or parent.only_for:
        return conversation, None
    # Slack's own notes, as that a channel was renamed: https://github.com/NousResearch/hermes-agent/issues/98285
    if parent.is_reply or parent.subtype.startswith(("channel_", "group_")):
        raise ApiError("cannot_reply_to_message")
    return conversation, parent.ts


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
