"""What the bot hears of what happens: the events that it is subscribed to, with the scopes for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any
from uuid import uuid4

from bot.playground.socket_mode import SocketMode
from bot.playground.views import view_as_slack_shows
from bot.playground.web_api import READ_SCOPES, as_slack_shows, as_user
from bot.playground.workspace import (
    BOT_USER,
    OTHER_TEAM,
    TEAM,
    Conversation,
    Message,
    Origin,
    User,
    Workspace,
    mentions,
)

ALL_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "channel_shared",
        "channel_unshared",
        "message.im",
        "team_join",
        "user_change",
    }
)
_EVENTS_BY_KIND = {
    "channel": "message.channels",
    "private": "message.groups",
    "mpim": "message.mpim",
    "im": "message.im",
}


class Events:
    """Sends an event for what happens in `workspace`, if the app has `subscribed` to its kind.

    `needs_scope` raises ApiError if the app was not granted a scope. All of it runs on one event loop.
    """

    mentions_lack_files = False
    """True where app_mention tells nothing of files and attachments, as Slack documents it:
    https://docs.slack.dev/reference/events/app_mention"""

    def __init__(
        self,
        workspace: Workspace,
        sockets: SocketMode,
        clock: Callable[[], float],
        subscribed: Iterable[str],
        needs_scope: Callable[[str], None],
    ) -> None:
        self._workspace, self._sockets, self._clock = workspace, sockets, clock
        self._subscribed = frozenset(subscribed)
        self._needs_scope = needs_scope
        self._tasks: set[asyncio.Task[None]] = set()

    def of_message(self, message: Message, event: dict[str, Any]) -> None:
        """`event`, which tells of `message`."""
        conversation = self._workspace.conversations[message.channel]
        if _EVENTS_BY_KIND[conversation.kind] in self._subscribed and BOT_USER in conversation.members:
            self._needs_scope(READ_SCOPES[conversation.kind])
            kind = "group" if conversation.kind == "private" else conversation.kind
            self.send(event | {"channel": message.channel, "channel_type": kind})

    def of_mention(self, message: Message, event: dict[str, Any]) -> None:
        """`event` as a mention, if `message` is one."""
        conversation = self._workspace.conversations[message.channel]
        is_heard = BOT_USER in conversation.members and conversation.kind != "im"
        if "app_mention" in self._subscribed and is_heard and mentions(message.text, BOT_USER):
            self._needs_scope("app_mentions:read")
            event = _without_files(event) if self.mentions_lack_files else event
            self.send(event | {"type": "app_mention", "channel": message.channel})

    def of_change(self, changed: Message, before: Message) -> None:
        """That `before` is `changed` now."""
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "ts": self._workspace.new_ts(self._clock()),
            "message": as_slack_shows(changed),
            "previous_message": as_slack_shows(before),
        }
        self.of_message(changed, event)

    def of_deletion(self, message: Message) -> None:
        """That `message` is gone."""
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "ts": self._workspace.new_ts(self._clock()),
            "deleted_ts": message.ts,
            "previous_message": as_slack_shows(message),
        }
        self.of_message(message, event)

    def of_home_opened(self, user: str) -> None:
        """That `user` opened the app's Home: https://docs.slack.dev/reference/events/app_home_opened"""
        conversation = self._workspace.direct_messages(user)
        if "app_home_opened" not in self._subscribed or conversation is None:
            return
        home = self._workspace.homes.get(user)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": conversation.id,
            "tab": "home",
            "event_ts": self._workspace.new_ts(self._clock()),
        }
        self.send(event | ({"view": view_as_slack_shows(home)} if home else {}))

    def of_user(self, kind: str, user: User) -> None:
        """That `user` joined the workspace ("team_join") or changed ("user_change").

        https://docs.slack.dev/reference/events/user_change
        """
        if kind in self._subscribed:
            self._needs_scope("users:read")
            now = self._clock()
            shown = as_user(self._workspace, user, with_locale=True)
            self.send({"type": kind, "user": shown, "event_ts": self._workspace.new_ts(now)})

    def of_sharing(self, channel: Conversation) -> None:
        """That `channel` was shared with another company, or no longer is.

        https://docs.slack.dev/reference/events/channel_shared
        """
        kind = "channel_shared" if channel.is_shared else "channel_unshared"
        if kind in self._subscribed:
            self._needs_scope("groups:read" if channel.kind == "private" else "channels:read")
            team = {"connected_team_id" if channel.is_shared else "previously_connected_team_id": OTHER_TEAM}
            event_ts = self._workspace.new_ts(self._clock())
            self.send({"type": kind, "channel": channel.id, "event_ts": event_ts, **team})

    def send(self, event: dict[str, Any], event_id: str = "") -> None:
        """Send `event` as Slack's wrapper carries it; the same `event_id` twice is a redelivery."""
        event = {"event_ts": event.get("ts", "")} | event
        payload: dict[str, Any] = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "ADUET",
            "event": event,
            "event_id": event_id or f"Ev{uuid4().hex}",
            "event_time": int(self._clock()),
            "is_ext_shared_channel": self._is_shared(str(event.get("channel"))),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }
        if origin := self._origin(event):  # https://docs.slack.dev/apis/events-api#authorizations
            payload["enterprise_id"] = origin.organisation or None
            payload["authorizations"][0] |= {
                "enterprise_id": origin.organisation or None,
                "is_enterprise_install": origin.team is None,
            }
        self._begin(self._sockets.deliver_event(payload))

    def _origin(self, event: Mapping[str, Any]) -> Origin | None:
        """Return the origin of presses of whoever, or wherever, the event is about, if it was set."""
        origins = self._workspace.origins
        return origins.get(str(event.get("channel"))) or origins.get(str(event.get("user")))

    def _is_shared(self, channel: str) -> bool:
        conversation = self._workspace.conversations.get(channel)
        return conversation is not None and conversation.is_shared

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Send nothing more, nor again."""
        for task in tuple(self._tasks):
            task.cancel()


def _without_files(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ("files", "attachments", "subtype")}
