"""What one person sees of the workspace: their conversations, their messages, their own Home and modals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.playground.files import file_as_seen
from bot.playground.rendering import blocks_of, rendered
from bot.playground.workspace import BOT_USER, TEAM, Conversation, Message, View, Workspace

_COMMANDS = [{"name": "/ask", "usage_hint": "your question", "description": "Ask Duet, here or anywhere"}]
_SHORTCUTS = [{"callback_id": "ask_about_message", "name": "Ask Duet about this"}]
_ABOUT = "Ask anything. One voice says at once that it heard you, the other answers in depth."
_KINDS = {"im": "dm", "mpim": "group"}


def sees(workspace: Workspace, me: str, message: Message) -> bool:
    """Whether the person `me` sees a message."""
    return me in workspace.conversations[message.channel].members and message.only_for in ("", me)


def may_command(workspace: Workspace, me: str) -> bool:
    """Whether Slack offers the app's command and shortcuts to the person `me`: not to other companies'."""
    return workspace.users[me].team == TEAM


def everything(workspace: Workspace, me: str) -> dict[str, Any]:
    """What a page that is opened shows, but for the messages and what is around them."""
    return {
        "me": me,
        "bot": BOT_USER,
        "workspace": workspace.teams[workspace.users[me].team],
        "about": _ABOUT,
        "users": {user.id: vars(user) for user in workspace.users.values()},
        "teams": workspace.teams,
        "conversations": [_conversation(c, me) for c in workspace.conversations.values() if me in c.members],
        "commands": _COMMANDS if may_command(workspace, me) else [],
        "shortcuts": _SHORTCUTS if may_command(workspace, me) else [],
    }


def surroundings(workspace: Workspace, me: str) -> dict[str, Any]:
    """What is around the messages: what the bot is doing, the person's Home and the uppermost modal."""
    home = workspace.homes.get(me)
    modals = [view for view in workspace.modals.values() if view.user == me]
    statuses = [
        {"channel": channel, "thread_ts": ts, "status": status}
        for (channel, ts), status in workspace.statuses.items()
        if me in workspace.conversations[channel].members
    ]
    return {
        "statuses": statuses,
        "home": _view(workspace, home) if home else None,
        "modal": _view(workspace, modals[-1]) if modals else None,
    }


def message_as_seen(
    workspace: Workspace, me: str, message: Message, chosen: Mapping[str, str]
) -> dict[str, Any]:
    """A message for the person `me`, who chose the sides `chosen` of what it asks, by action."""
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user or message.app,
        "blocks": blocks_of(message, workspace.users),
        "files": [
            file_as_seen(workspace.files[file["id"]])
            for file in message.files
            if file["id"] in workspace.files
        ],
        "text": message.text if message.user == me else "",
        "chosen": chosen,
        "edited": message.edited,
        "only_you": bool(message.only_for),
    }


def _conversation(conversation: Conversation, me: str) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": _KINDS.get(conversation.kind, conversation.kind),
        "member": BOT_USER in conversation.members,
        "others": sorted(conversation.members - {me}) if conversation.kind == "mpim" else [],
        "topic": conversation.topic,
    }


def _view(workspace: Workspace, view: View) -> dict[str, Any]:
    labels = {name: (view.body.get(name) or {}).get("text", "") for name in ("title", "submit", "close")}
    return {
        "id": view.id,
        "hash": view.hash,
        "blocks": rendered(view.body["blocks"], workspace.users),
        **labels,
    }
