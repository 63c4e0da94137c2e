"""The Web API methods that the bot uses, with Slack's checks and Slack's error codes.

Each is documented at https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import uuid4

from bot.playground.workspace import BOT_ID, BOT_USER, TEAM, Conversation, Message, Workspace

_POST_TEXT_LIMIT = 40_000
_UPDATE_TEXT_LIMIT = 4_000
_MARKDOWN_LIMIT = 12_000
_TEXT_LIMITS = {"section": 3_000, "header": 150}
_MOST_BLOCKS = 50
_MOST_ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}
_KNOWN_BLOCKS = {"markdown", "section", "header", "divider", *_MOST_ELEMENTS}
# https://docs.slack.dev/reference/block-kit/block-elements/button-element
_BUTTON_LIMITS = {"text": 75, "value": 2_000, "action_id": 255}
_BUTTON_STYLES = ("primary", "danger")

Parameters: TypeAlias = Mapping[str, Any]


class ApiError(Exception):
    """A refusal: `code`, and more that Slack says with it."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class Method:
    """A method: what it does, and the scope it needs in each kind of conversation ("" for any kind)."""

    call: Callable[[Workspace, Parameters, float], dict[str, Any]]
    scopes: Mapping[str, str]

    def scope(self, workspace: Workspace, parameters: Parameters) -> str:
        """The scope that a call with these parameters needs; empty for none."""
        conversation = workspace.conversations.get(str(parameters.get("channel")))
        return self.scopes.get(conversation.kind if conversation else "", self.scopes.get("", ""))


def auth_test(workspace: Workspace, _parameters: Parameters, _now: float) -> dict[str, Any]:
    name = workspace.users[BOT_USER].name
    return {"team": "Duet playground", "team_id": TEAM, "user": name, "user_id": BOT_USER, "bot_id": BOT_ID}


def chat_post_message(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    conversation = _where_bot_may_write(workspace, parameters)
    blocks = _checked_blocks(parameters)
    text = str(parameters.get("text") or "")
    if not text and not blocks:
        raise ApiError("no_text")
    thread_ts = parameters.get("thread_ts")
    if thread_ts is not None:
        parent = workspace.messages.get((conversation.id, str(thread_ts)))
        if parent is None or parent.is_reply or parent.only_for:
            raise ApiError("cannot_reply_to_message")
    message = workspace.put(
        Message(
            conversation.id,
            workspace.new_ts(now),
            BOT_USER,
            text[:_POST_TEXT_LIMIT],
            thread_ts=thread_ts,
            blocks=blocks,
            metadata=_checked_metadata(parameters),
            bot_id=BOT_ID,
        )
    )
    return {"channel": message.channel, "ts": message.ts, "message": as_slack_shows(message)}


def chat_update(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = _where_bot_may_write(workspace, parameters)
    message = workspace.messages.get((conversation.id, str(parameters.get("ts"))))
    if message is None or message.only_for:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError("cant_update_message")
    text = str(parameters.get("text") or "")
    if len(text) > _UPDATE_TEXT_LIMIT:
        raise ApiError("msg_too_long")
    blocks = _checked_blocks(parameters)
    if not text and not blocks:
        raise ApiError("no_text")
    metadata = _checked_metadata(parameters) if "metadata" in parameters else message.metadata
    # Slack marks a message as edited when its text was, not when its blocks were.
    changed = replace(message, text=text, blocks=blocks, metadata=metadata, edited=not blocks)
    workspace.put(changed)
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": as_slack_shows(changed)}


def conversations_replies(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = _where_bot_may_read(workspace, parameters)
    thread = workspace.thread(conversation.id, str(parameters.get("ts")))
    if not thread:
        raise ApiError("thread_not_found")
    root, *rest = thread
    oldest = str(parameters.get("oldest") or "0")
    is_inclusive = str(parameters.get("inclusive")).lower() in ("1", "true")
    thread = [root, *(m for m in rest if m.ts > oldest or (is_inclusive and m.ts == oldest))]
    start = _number(parameters.get("cursor") or 0, "invalid_cursor")
    limit = min(_number(parameters.get("limit") or 1000, "invalid_limit"), 1000)
    with_metadata = _is_set(parameters, "include_all_metadata")
    more = start + limit < len(thread)
    return {
        "messages": [as_slack_shows(message, with_metadata) for message in thread[start : start + limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def conversations_history(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = _where_bot_may_read(workspace, parameters)
    if BOT_USER not in conversation.members:
        raise ApiError("not_in_channel")
    limit = min(_number(parameters.get("limit") or 100, "invalid_limit"), 999)
    found = [m for m in workspace.messages.values() if m.channel == conversation.id and not m.is_reply]
    newest = sorted((m for m in found if not m.only_for), key=lambda message: message.ts, reverse=True)
    with_metadata = _is_set(parameters, "include_all_metadata")
    return {"messages": [as_slack_shows(message, with_metadata) for message in newest[:limit]]}


def conversations_info(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = _where_bot_may_read(workspace, parameters)
    shown = {
        "id": conversation.id,
        "name": conversation.name,
        "is_channel": conversation.kind in ("channel", "private"),
        "is_im": conversation.kind == "im",
        "is_mpim": conversation.kind == "mpim",
        "is_private": conversation.kind != "channel",
        "is_archived": conversation.is_archived,
    }
    return {"channel": shown}


def conversations_open(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = workspace.direct_messages(str(parameters.get("users")))
    if conversation is None:
        raise ApiError("user_not_found")
    return {"channel": {"id": conversation.id}}


def files_info(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    file = workspace.files.get(str(parameters.get("file")))
    if file is None:
        raise ApiError("file_not_found")
    if file.is_deleted:
        raise ApiError("file_deleted")
    return {"file": dict(file.shown)}


def users_info(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    user = workspace.users.get(str(parameters.get("user")))
    if user is None:
        raise ApiError("user_not_found")
    shown = {
        "id": user.id,
        "team_id": TEAM,
        "name": user.name,
        "real_name": user.name,
        "profile": {"real_name": user.name, "display_name": user.name},
        "is_bot": user.is_bot,
        "tz": user.tz,
    }
    return {"user": shown | ({"locale": user.locale} if _is_set(parameters, "include_locale") else {})}


_WRITE = {"": "chat:write"}
READ_SCOPES = {
    "": "channels:history",
    "channel": "channels:history",
    "private": "groups:history",
    "mpim": "mpim:history",
    "im": "im:history",
}

_INFO_SCOPES = {
    "": "channels:read",
    "channel": "channels:read",
    "private": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}

METHODS = {
    "auth.test": Method(auth_test, {}),
    "chat.postMessage": Method(chat_post_message, _WRITE),
    "chat.update": Method(chat_update, _WRITE),
    "conversations.history": Method(conversations_history, READ_SCOPES),
    "conversations.info": Method(conversations_info, _INFO_SCOPES),
    "conversations.open": Method(conversations_open, {"": "im:write"}),
    "conversations.replies": Method(conversations_replies, READ_SCOPES),
    "files.info": Method(files_info, {"": "files:read"}),
    "users.info": Method(users_info, {"": "users:read"}),
}


def as_slack_shows(message: Message, with_metadata: bool = True) -> dict[str, Any]:
    """A message as the API and events show it."""
    shown = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    optional = {
        "bot_id": message.bot_id,
        "thread_ts": message.thread_ts,
        "blocks": list(message.blocks),
        "files": list(message.files),
        "metadata": message.metadata if with_metadata else None,
        "edited": {"user": message.user, "ts": message.ts} if message.edited else None,
    }
    return shown | {name: value for name, value in optional.items() if value}


def _where_bot_may_read(workspace: Workspace, parameters: Parameters) -> Conversation:
    conversation = workspace.conversations.get(str(parameters.get("channel")))
    if conversation is None or (conversation.kind != "channel" and BOT_USER not in conversation.members):
        raise ApiError("channel_not_found")  # Slack does not tell what the bot must not know
    return conversation


def _where_bot_may_write(workspace: Workspace, parameters: Parameters) -> Conversation:
    conversation = _where_bot_may_read(workspace, parameters)
    if BOT_USER not in conversation.members:
        raise ApiError("not_in_channel")
    if conversation.is_archived:
        raise ApiError("is_archived")
    return conversation


def _checked_blocks(parameters: Parameters) -> Sequence[Mapping[str, Any]]:
    blocks = _decoded(parameters.get("blocks") or [], "invalid_blocks_format")
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    problems = [problem for number, block in enumerate(blocks) for problem in _block_problems(number, block)]
    if len(blocks) > _MOST_BLOCKS:
        problems.append(f"no more than {_MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    problems = problems or _repetitions(blocks)
    if problems:
        raise ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})
    if sum(_characters(block["text"]) for block in blocks if block["type"] == "markdown") > _MARKDOWN_LIMIT:
        raise ApiError("msg_blocks_too_long")
    return [_identified(block) for block in blocks]


def _block_problems(number: int, block: Any) -> list[str]:
    kind = str(block.get("type")) if isinstance(block, dict) else ""
    if kind not in _KNOWN_BLOCKS:
        return [f"unsupported type: {kind} [json-pointer:/blocks/{number}/type]"]
    problems = []
    text, elements = block.get("text"), block.get("elements")
    if kind == "markdown" and not (isinstance(text, str) and text):
        problems.append(f"must be more than 0 characters [json-pointer:/blocks/{number}/text]")
    if most := _TEXT_LIMITS.get(kind):
        words = text.get("text") if isinstance(text, dict) else None
        if not _fits(words, most):
            problems.append(f"must be 1 to {most} characters [json-pointer:/blocks/{number}/text]")
    most = _MOST_ELEMENTS.get(kind)
    if most and not (isinstance(elements, list) and 0 < len(elements) <= most):
        problems.append(f"must be 1 to {most} items [json-pointer:/blocks/{number}/elements]")
    elif kind == "actions":
        for place, element in enumerate(elements):
            problems += _button_problems(f"/blocks/{number}/elements/{place}", element)
    return problems


def _button_problems(where: str, button: Any) -> list[str]:
    kind = button.get("type") if isinstance(button, dict) else ""
    if kind != "button":
        return [f"unsupported type: {kind} [json-pointer:{where}/type]"]
    label = button.get("text")
    if not (isinstance(label, dict) and label.get("type") == "plain_text"):
        return [f"must be plain_text [json-pointer:{where}/text]"]
    problems = []
    given = {**button, "text": label.get("text")}
    for name, most in _BUTTON_LIMITS.items():
        if name in given and not _fits(given[name], most):
            problems.append(f"must be 1 to {most} characters [json-pointer:{where}/{name}]")
    if button.get("style", "primary") not in _BUTTON_STYLES:
        problems.append(f"must be {' or '.join(_BUTTON_STYLES)} [json-pointer:{where}/style]")
    return problems


def _repetitions(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Slack refuses an action_id that comes twice in a block, and advises against one in another block."""
    ids = [
        (element["action_id"], f"/blocks/{number}/elements/{place}/action_id")
        for number, block in enumerate(blocks)
        for place, element in enumerate(block["elements"] if block["type"] == "actions" else ())
        if "action_id" in element
    ]
    first = dict(reversed(ids))
    return [f"must be unique: {name} [json-pointer:{where}]" for name, where in ids if first[name] != where]


def _identified(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """The block as Slack keeps it: with ids where the app gave it, or its buttons, none."""
    identified = {"block_id": uuid4().hex, **block}
    if block["type"] == "actions":
        identified["elements"] = [{"action_id": uuid4().hex, **element} for element in block["elements"]]
    return identified


def _fits(words: Any, most: int) -> bool:
    return isinstance(words, str) and 0 < _characters(words) <= most


def _characters(text: str) -> int:
    """The strictest reading of what Slack counts: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def _checked_metadata(parameters: Parameters) -> Mapping[str, Any] | None:
    metadata = _decoded(parameters.get("metadata") or {}, "invalid_metadata_format")
    if not metadata:
        return None
    match metadata:
        case {"event_type": str(), "event_payload": dict()}:
            return dict(metadata)
        case _:
            raise ApiError("invalid_metadata_format")


def _decoded(value: Any, code: str) -> Any:
    """A structured argument: as it is in a JSON body, JSON in a form."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ApiError(code) from None


def _is_set(parameters: Parameters, name: str) -> bool:
    return str(parameters.get(name)).lower() in ("1", "true")


def _number(value: Any, code: str) -> int:
    if not str(value).isdecimal():
        raise ApiError(code)
    return int(value)
