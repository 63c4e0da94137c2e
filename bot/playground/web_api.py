"""The Web API methods that the bot uses, with Slack's checks and Slack's error codes.

Each is documented at https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.playground.api_rules import (
    ApiError,
    Parameters,
    as_slack_shows,
    checked_metadata,
    is_set,
    number,
    where_bot_is,
    where_bot_may_post,
    where_bot_may_read,
)
from bot.playground.message_blocks import content_of
from bot.playground.streams import chat_append_stream, chat_start_stream, chat_stop_stream
from bot.playground.views import views_open, views_publish
from bot.playground.workspace import BOT_ID, BOT_USER, TEAM, Conversation, Message, User, Workspace

__all__ = ["METHODS", "READ_SCOPES", "ApiError", "Method", "as_slack_shows"]

_POST_TEXT_LIMIT = 40_000
_UPDATE_TEXT_LIMIT = 4_000
# Of what keeps an app from posting, that which keeps it from whispering, too:
# https://docs.slack.dev/reference/methods/chat.postEphemeral#errors
_REFUSED_PRIVATELY = {"is_archived", "messages_tab_disabled", "restricted_action"}
_MAX_USERS, _MAX_UNLIMITED = 1_000, 500


@dataclass(frozen=True)
class Method:
    """A method: what it does, and the scope it needs in each kind of conversation ("" for any kind)."""

    call: Callable[[Workspace, Parameters, float], dict[str, Any]]
    scopes: Mapping[str, str]

    def scopes_for(self, workspace: Workspace, parameters: Parameters) -> list[str]:
        """The scopes that a call with these parameters needs.

        What asks for conversations of certain `types` needs the scope of each.
        """
        conversation = workspace.conversations.get(str(parameters.get("channel")))
        kinds = [conversation.kind if conversation else ""]
        if "types" in parameters:
            kinds = kinds_in(parameters)
        needed = (self.scopes.get(kind, self.scopes.get("", "")) for kind in kinds)
        return [scope for scope in needed if scope]


def auth_test(workspace: Workspace, _parameters: Parameters, _now: float) -> dict[str, Any]:
    name, team = workspace.users[BOT_USER].name, workspace.teams[TEAM]
    return {"team": team, "team_id": TEAM, "user": name, "user_id": BOT_USER, "bot_id": BOT_ID}


def chat_post_message(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    conversation, thread_ts = where_bot_may_post(workspace, parameters)
    content = content_of(parameters, workspace.tables_per_message)
    text = str(parameters.get("text") or "")
    if not text and not content.blocks:
        raise ApiError("no_text")
    message = workspace.put(
        Message(
            conversation.id,
            workspace.new_ts(now),
            BOT_USER,
            text[:_POST_TEXT_LIMIT],
            thread_ts=thread_ts,
            blocks=content.blocks,
            sent=content.sent,
            metadata=checked_metadata(parameters),
            bot_id=BOT_ID,
        )
    )
    if thread_ts:
        workspace.set_status(conversation.id, thread_ts, "")
    return {"channel": message.channel, "ts": message.ts, "message": as_slack_shows(message)}


def chat_post_ephemeral(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    conversation, thread_ts = where_bot_may_post(workspace, parameters, _REFUSED_PRIVATELY)
    user, text = str(parameters.get("user")), str(parameters.get("text") or "")
    content = content_of(parameters, workspace.tables_per_message)
    if not text and not content.blocks:
        raise ApiError("no_text")
    if user not in conversation.members:
        raise ApiError("user_not_in_channel")
    ts = workspace.new_ts(now)
    message = Message(conversation.id, ts, BOT_USER, text, thread_ts, only_for=user, bot_id=BOT_ID)
    # "Ephemeral messages in threads are only shown if there is already an active thread."
    if thread_ts is None or len(workspace.thread(conversation.id, thread_ts)) > 1:
        workspace.put(replace(message, blocks=content.blocks, sent=content.sent))
    return {"message_ts": ts}


def chat_update(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    conversation = where_bot_is(workspace, parameters.get("channel"))
    if conversation.is_archived:
        raise ApiError("is_inactive")
    message = _visible(workspace, conversation, parameters.get("ts"))
    if message.user != BOT_USER:
        raise ApiError("cant_update_message")
    if message.is_streaming(now):
        raise ApiError("streaming_state_conflict")
    text = str(parameters.get("text") or "")
    if len(text) > _UPDATE_TEXT_LIMIT:
        raise ApiError("msg_too_long")
    content = content_of(parameters, workspace.tables_per_message)
    if not text and not content.blocks:
        raise ApiError("no_text")
    metadata = checked_metadata(parameters) if "metadata" in parameters else message.metadata
    # Slack marks a message as edited when its text was, not when its blocks were.
    changed = replace(message, text=text, metadata=metadata, edited=not content.blocks)
    changed = workspace.put(replace(changed, blocks=content.blocks, sent=content.sent))
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": as_slack_shows(changed)}


def chat_delete(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    message = _visible(
        workspace, where_bot_may_read(workspace, parameters.get("channel")), parameters.get("ts")
    )
    if message.user != BOT_USER:
        raise ApiError("cant_delete_message")
    workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def chat_get_permalink(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = where_bot_may_read(workspace, parameters.get("channel"))
    message = _visible(workspace, conversation, parameters.get("message_ts"))
    link = f"https://playground.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else ""
    return {"channel": message.channel, "permalink": link + thread}


def assistant_threads_set_status(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = where_bot_may_read(workspace, parameters.get("channel_id"))
    if BOT_USER not in conversation.members:
        raise ApiError("channel_not_found")
    root = workspace.messages.get((conversation.id, str(parameters.get("thread_ts"))))
    if root is None or root.is_reply or root.only_for:
        raise ApiError("invalid_thread_ts")
    if parameters.get("status") is None:
        raise ApiError("invalid_arguments")
    workspace.set_status(conversation.id, root.ts, str(parameters["status"]))
    return {}


def conversations_replies(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = where_bot_may_read(workspace, parameters.get("channel"))
    thread = workspace.thread(conversation.id, str(parameters.get("ts")))
    if not thread:
        raise ApiError("thread_not_found")
    root, *rest = thread
    oldest = str(parameters.get("oldest") or "0")
    is_inclusive = str(parameters.get("inclusive")).lower() in ("1", "true")
    thread = [root, *(m for m in rest if m.ts > oldest or (is_inclusive and m.ts == oldest))]
    start = number(parameters.get("cursor") or 0, "invalid_cursor")
    limit = min(number(parameters.get("limit") or 1000, "invalid_limit"), 1000)
    with_metadata = is_set(parameters, "include_all_metadata")
    more = start + limit < len(thread)
    return {
        "messages": [as_slack_shows(message, with_metadata) for message in thread[start : start + limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def conversations_history(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    conversation = where_bot_may_read(workspace, parameters.get("channel"))
    if BOT_USER not in conversation.members:
        raise ApiError("not_in_channel")
    limit = min(number(parameters.get("limit") or 100, "invalid_limit"), 999)
    oldest, latest = str(parameters.get("oldest") or "0"), str(parameters.get("latest") or "9999999999")
    bounds = {oldest, latest} if is_set(parameters, "inclusive") else set()
    found = (m for m in workspace.messages.values() if m.channel == conversation.id and not m.is_reply)
    within = (m for m in found if oldest < m.ts < latest or m.ts in bounds)
    newest = sorted((m for m in within if not m.only_for), key=lambda message: message.ts, reverse=True)
    with_metadata = is_set(parameters, "include_all_metadata")
    return {"messages": [as_slack_shows(message, with_metadata) for message in newest[:limit]]}


def conversations_info(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    return {"channel": _as_conversation(where_bot_may_read(workspace, parameters.get("channel")))}


def users_conversations(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    """https://docs.slack.dev/reference/methods/users.conversations"""
    wanted = kinds_in(parameters)
    joined = [c for c in workspace.conversations.values() if BOT_USER in c.members and c.kind in wanted]
    start = number(parameters.get("cursor") or 0, "invalid_cursor")
    limit = min(number(parameters.get("limit") or 100, "invalid_limit"), 999)
    return {
        "channels": [_as_conversation(each) for each in joined[start : start + limit]],
        "response_metadata": {"next_cursor": str(start + limit) if start + limit < len(joined) else ""},
    }


def kinds_in(parameters: Parameters) -> list[str]:
    """The kinds of conversations that a call asks for by `types`."""
    kinds = {"public_channel": "channel", "private_channel": "private", "mpim": "mpim", "im": "im"}
    return [kinds.get(each, "") for each in str(parameters.get("types") or "public_channel").split(",")]


def _as_conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "is_channel": conversation.kind in ("channel", "private"),
        "is_im": conversation.kind == "im",
        "is_mpim": conversation.kind == "mpim",
        "is_private": conversation.kind != "channel",
        "is_member": BOT_USER in conversation.members,
        "is_archived": conversation.is_archived,
        "is_ext_shared": conversation.is_shared,
    }


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
    if file.becomes and not file.still:
        file = replace(file, shown={**file.shown, **file.becomes}, becomes={})
    elif file.becomes:
        file = replace(file, still=file.still - 1)
    workspace.files[str(parameters.get("file"))] = file
    return {"file": dict(file.shown)}


def users_info(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    """https://docs.slack.dev/reference/objects/user-object"""
    user = workspace.users.get(str(parameters.get("user")))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": as_user(workspace, user, with_locale=is_set(parameters, "include_locale"))}


def users_list(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    """All members of the workspace, deactivated accounts and bots included; nobody of another company.

    Slack takes no more than 1,000 a page, and wants a limit where there are many:
    https://docs.slack.dev/reference/methods/users.list
    """
    members = [user for user in workspace.users.values() if user.team == TEAM]
    if "limit" not in parameters and len(members) > _MAX_UNLIMITED:
        raise ApiError("limit_required")
    start = number(parameters.get("cursor") or 0, "invalid_cursor")
    limit = min(number(parameters.get("limit") or _MAX_UNLIMITED, "invalid_limit"), _MAX_USERS)
    with_locale = is_set(parameters, "include_locale")
    return {
        "members": [as_user(workspace, user, with_locale) for user in members[start : start + limit]],
        "response_metadata": {"next_cursor": str(start + limit) if start + limit < len(members) else ""},
    }


def as_user(workspace: Workspace, user: User, with_locale: bool = False) -> dict[str, Any]:
    """A user object: https://docs.slack.dev/reference/objects/user-object"""
    shown = {
        "id": user.id,
        "team_id": user.team,
        "deleted": user.is_deleted,
        "name": user.name,
        "real_name": user.name,
        "profile": {"real_name": user.name, "display_name": user.name},
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_stranger": workspace.is_stranger(user),
        "tz": user.tz,
        "tz_offset": user.tz_offset,
    }
    return shown | ({"locale": user.locale} if with_locale else {})


def _visible(workspace: Workspace, conversation: Conversation, ts: Any) -> Message:
    message = workspace.messages.get((conversation.id, str(ts)))
    if message is None or message.only_for:
        raise ApiError("message_not_found")
    return message


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
    "assistant.threads.setStatus": Method(assistant_threads_set_status, _WRITE),
    "auth.test": Method(auth_test, {}),
    "chat.appendStream": Method(chat_append_stream, _WRITE),
    "chat.delete": Method(chat_delete, _WRITE),
    "chat.getPermalink": Method(chat_get_permalink, {}),
    "chat.postEphemeral": Method(chat_post_ephemeral, _WRITE),
    "chat.postMessage": Method(chat_post_message, _WRITE),
    "chat.startStream": Method(chat_start_stream, _WRITE),
    "chat.stopStream": Method(chat_stop_stream, _WRITE),
    "chat.update": Method(chat_update, _WRITE),
    "conversations.history": Method(conversations_history, READ_SCOPES),
    "conversations.info": Method(conversations_info, _INFO_SCOPES),
    "conversations.open": Method(conversations_open, {"": "im:write"}),
    "conversations.replies": Method(conversations_replies, READ_SCOPES),
    "files.info": Method(files_info, {"": "files:read"}),
    "users.conversations": Method(users_conversations, _INFO_SCOPES),
    "users.info": Method(users_info, {"": "users:read"}),
    "users.list": Method(users_list, {"": "users:read"}),
    "views.open": Method(views_open, {}),
    "views.publish": Method(views_publish, {}),
}
