"""The Slack-compatible server: the Web API over HTTP, and what people do, sent on as events.

It is as strict as Slack: tokens, scopes, membership, lengths and rate limits are checked, and an event that
is not acknowledged is sent again.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from aiohttp import web

from bot.playground.attachments import forwarded
from bot.playground.events import ALL_EVENTS, Events
from bot.playground.faults import Fault, Faults, faulty
from bot.playground.files import FileHost
from bot.playground.interactions import (
    action_on,
    chosen_for_message,
    clicked_in_message,
    clicked_in_view,
    interaction,
    name_of,
    submitted,
)
from bot.playground.limits import Gauge, Limits, Meter
from bot.playground.own_pages import own_pages_only
from bot.playground.records import Records
from bot.playground.response_urls import ResponseUrls
from bot.playground.socket_mode import SocketMode
from bot.playground.views import changed_view, unfit
from bot.playground.web_api import METHODS, ApiError, as_slack_shows
from bot.playground.workspace import TEAM, Message, User, View, Workspace

BOT_TOKEN = "xoxb-playground"  # noqa: S105 - it opens nothing but this server
APP_TOKEN = "xapp-playground"  # noqa: S105 - likewise
ALL_SCOPES = frozenset(
    {
        "app_mentions:read",
        "commands",
        *(scope for method in METHODS.values() for scope in method.scopes.values()),
    }
)
_TOKEN_KINDS = {"xoxb", "xoxp", "xapp"}


@dataclass(frozen=True)
class Call:
    """A Web API call as it came, and how it was answered: `error` is empty where it was ok.

    It was answered `at` (Unix seconds), after so many `seconds`. `status` is HTTP's, `retry_after` seconds,
    and `ts` that of the message it made or changed.
    """

    method: str
    parameters: Mapping[str, Any]
    at: float
    error: str
    seconds: float = 0.0
    status: int = 200
    retry_after: int | None = None
    ts: str = ""


class Slack:
    """The server. `granted` and `subscribed` are the app's scopes and events, from its manifest. A call takes
    `answering_seconds`, which may change. A message may have `tables_per_message`.

    All of it runs on the event loop that serves `app`.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        granted: Iterable[str] = ALL_SCOPES,
        subscribed: Iterable[str] = ALL_EVENTS,
        clock: Callable[[], float] = time.time,
        sockets: SocketMode | None = None,
        answering_seconds: float = 0.0,
        tables_per_message: int = 50,
    ) -> None:
        self.workspace = Workspace(tables_per_message=tables_per_message)
        self.files = FileHost(self.workspace, self._may_read_files)
        self.sockets = sockets or SocketMode()
        self.calls = Records[Call]()
        self.faults = Faults()
        self.used_scopes: set[str] = set()
        self.granted = frozenset(granted)
        self._clock = clock
        self.events = Events(self.workspace, self.sockets, clock, subscribed, self._needs_scope)
        self.answering_seconds = answering_seconds
        self._meter = Meter(limits or Limits())
        self._urls = ResponseUrls(self.workspace, clock, self._tell_of_own)
        self.app = web.Application(middlewares=[own_pages_only])
        self.app.add_routes(
            [
                web.post("/api/apps.connections.open", self._open_connection),
                web.post("/api/{method}", self._call),
                web.get("/link/", self.sockets.serve),
                *self._urls.routes(),
                *self.files.routes(),
            ]
        )
        self.app.on_shutdown.append(self._close)

    def gauges(self, methods: Iterable[str]) -> list[Gauge]:
        """How full the budgets of the `methods` and of the channels are at this moment."""
        return self._meter.gauges(methods, self._clock())

    # What people do

    offers_status = True
    """Whether threads can tell what the bot is doing, as they do in apps for agents."""

    channels_without_status: frozenset[str] = frozenset()
    """Where they cannot, although they can elsewhere."""

    def upload(
        self, name: str, data: bytes, thumbnail: bytes = b"", pdf: bytes = b"", **fields: Any
    ) -> dict[str, Any]:
        """Let somebody upload a file, and return the file object to `say` something with.

        Slack makes a `thumbnail` of an image, and a `pdf` of a presentation or document. `fields` are more of
        the file object, or what it wrongly claims: `subtype="slack_audio"` is that of a voice clip, which has
        the `mimetype` "video/mp4" at times (https://github.com/openclaw/openclaw/pull/14941).
        """
        return self.files.add(self.base_url, name, data, thumbnail, pdf, fields)

    @staticmethod
    def stub(file: Mapping[str, Any]) -> dict[str, Any]:
        """A file object as events in Slack Connect channels show it.

        https://docs.slack.dev/reference/events/message/file_share
        """
        return {"id": file["id"], "mode": "file_access", "file_access": "check_file_info"}

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        files: Sequence[Mapping[str, Any]] = (),
        bot_id: str = "",
        app_id: str = "",
        *,
        app: str = "",
        blocks: Sequence[Mapping[str, Any]] = (),
        attachments: Sequence[Mapping[str, Any]] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> Message:
        """Let `user` say `text` (mrkdwn), and the bot hear of it.

        With a `bot_id`, an app says it: in the name of `user`, or ("") of nobody, as workflows do
        (https://docs.slack.dev/reference/events/message/bot_message).
        """
        ts = self.workspace.new_ts(self._clock())
        speaker = self.workspace.users.get(user)
        is_bot = speaker is not None and speaker.is_bot
        message = self.workspace.put(
            Message(
                channel,
                ts,
                user,
                text,
                thread_ts=thread_ts,
                files=files,
                bot_id=bot_id or (f"B{user}" if is_bot else ""),
                app_id=app_id,
                app=app or (speaker.name if speaker and is_bot else ""),
                subtype="" if user else "bot_message",
                blocks=blocks,
                attachments=tuple(attachments),
                metadata=metadata,
            )
        )
        event = as_slack_shows(message) | ({"subtype": "file_share"} if files else {})
        if speaker and speaker.team != TEAM:
            event |= {"team": speaker.team, "user_team": speaker.team, "source_team": speaker.team}
        self.events.of_message(message, event)
        self.events.of_mention(message, event)
        return message

    def forward(
        self, user: str, message: Message, channel: str, comment: str = "", thread_ts: str | None = None
    ) -> Message:
        """Let `user` forward `message` to `channel`, with a comment if there is one."""
        writer = self.workspace.users[message.user].name if message.user else message.app
        shown = forwarded(message, writer, self.workspace.conversations[message.channel])
        return self.say(user, channel, comment, thread_ts, attachments=[shown])

    def post_as_app(
        self,
        app: str,
        channel: str,
        text: str = "",
        thread_ts: str | None = None,
        *,
        blocks: Sequence[Mapping[str, Any]] = (),
        attachments: Sequence[Mapping[str, Any]] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> Message:
        """Let a webhook of the app named `app` post, as alerts are posted, and the bot hear of it."""
        return self.say(
            "",
            channel,
            text,
            thread_ts,
            bot_id=f"B{app.upper()}",
            app=app,
            blocks=blocks,
            attachments=attachments,
            metadata=metadata,
        )

    def unfurl(self, message: Message, *attachments: Mapping[str, Any]) -> Message:
        """Let Slack show previews of the links in `message`, of which apps hear as of a change."""
        changed = self.workspace.put(replace(message, attachments=(*message.attachments, *attachments)))
        self.events.of_change(changed, message)
        return changed

    def edit(self, message: Message, text: str) -> Message:
        """Let the writer of `message` change it."""
        changed = self.workspace.put(replace(message, text=text, edited=True))
        self.events.of_change(changed, message)
        self.events.of_mention(changed, as_slack_shows(changed))
        return changed

    def delete(self, message: Message) -> None:
        """Let the writer of `message` delete it."""
        grave = self.workspace.delete(message)
        if grave:
            self.events.of_change(grave, message)
        else:
            self.events.of_deletion(message)

    def join(self, user: User) -> None:
        """Let somebody join the workspace."""
        self.workspace.users[user.id] = user
        self.events.of_user("team_join", user)

    def change(self, user: User) -> None:
        """Let somebody's name, rights or account be what `user` tells now."""
        self.workspace.users[user.id] = user
        self.events.of_user("user_change", user)

    def share(self, channel: str, *, is_shared: bool = True) -> None:
        """Share a channel with another company, or no longer."""
        changed = replace(self.workspace.conversations[channel], is_shared=is_shared)
        self.workspace.conversations[channel] = changed
        self.events.of_sharing(changed)

    async def command(self, user: str, channel: str, command: str, text: str) -> None:
        """Let `user` give a slash command."""
        self._needs_scope("commands")
        origin = self.workspace.origin(user, channel)
        payload = {
            "team_id": origin.team or self.workspace.users[user].team,
            "enterprise_id": origin.organisation,
            "is_enterprise_install": str(origin.team is None).lower(),
            "channel_id": channel,
            "channel_name": name_of(self.workspace.conversations[channel]),
            "user_id": user,
            "user_name": self.workspace.users[user].name,
            "command": command,
            "text": text,
            "api_app_id": "ADUET",
            "response_url": self._urls.new(self.base_url, "commands", user, channel),
            "trigger_id": self.workspace.new_trigger(user, self._clock()),
        }
        answer = await self.sockets.deliver_interaction("slash_commands", payload)
        if answer is None:
            self.workspace.whisper(
                self._clock(), user, channel, f"{command} failed with the error “operation_timeout”."
            )
        elif answer.get("text"):
            self.workspace.whisper(self._clock(), user, channel, str(answer["text"]))

    async def click(
        self,
        user: str,
        place: Message | View,
        action_id: str,
        value: str = "",
        forged: Mapping[str, Any] | None = None,
    ) -> bool:
        """Let `user` click something in a message, a Home or a modal; whether that was acknowledged in time.

        `value` is that of the side of feedback buttons, or of the option of an overflow menu. A client that
        lies tells what is `forged` of the action instead. Raises KeyError if there is no such thing.
        """
        now = self._clock()
        blocks = place.body["blocks"] if isinstance(place, View) else place.blocks
        action = action_on(blocks, action_id, value) | {"action_ts": self.workspace.new_ts(now)}
        action |= forged or {}
        where = clicked_in_view(place) if isinstance(place, View) else self._in_message(user, place)
        return await self._interact("block_actions", user, where | {"actions": [action]}) is not None

    async def submit(
        self,
        user: str,
        view_id: str,
        values: Mapping[str, Mapping[str, str]],
        forged: Mapping[str, Any] | None = None,
    ) -> Mapping[str, str] | None:
        """Let `user` send a modal with `values`, by block and action. What is wrong with them, by block; None
        if the app did not acknowledge them in time, or with what Slack does not take.

        A client that lies tells what is `forged` of the view instead. Raises KeyError if `user` has no such
        modal open.
        """
        view = {view.id: view for view in self.open_views(user)}[view_id]
        if problems := unfit(view, values):
            return problems
        sent = submitted(view, values)
        sent["view"] |= forged or {}
        answer = await self._interact("view_submission", user, sent)
        return None if answer is None else self._follow(view, answer)

    def open_views(self, user: str) -> list[View]:
        """The modals that `user` has open, the uppermost last."""
        return [view for view in self.workspace.modals.values() if view.user == user]

    async def message_shortcut(self, user: str, message: Message, callback_id: str) -> bool:
        """Let `user` choose a shortcut of `message`; whether the app acknowledged that in time."""
        self._needs_scope("commands")
        conversation = self.workspace.conversations[message.channel]
        url = self._urls.new(self.base_url, "actions", user, message.channel)
        chosen = chosen_for_message(message, conversation, callback_id, url)
        chosen["action_ts"] = self.workspace.new_ts(self._clock())
        return await self._interact("message_action", user, chosen) is not None

    def _in_message(self, user: str, message: Message) -> dict[str, Any]:
        url = self._urls.new(self.base_url, "actions", user, message.channel, message.ts)
        return clicked_in_message(message, self.workspace.conversations[message.channel], url)

    async def _interact(self, kind: str, user: str, told: dict[str, Any]) -> dict[str, Any] | None:
        """Tell the app; what it acknowledges that with, None if it did not in time."""
        channel = str(told.get("channel", {}).get("id", ""))
        payload = interaction(kind, self.workspace.users[user], self.workspace.origin(user, channel)) | told
        if kind != "view_submission":
            payload["trigger_id"] = self.workspace.new_trigger(user, self._clock())
        return await self.sockets.deliver_interaction("interactive", payload)

    def _follow(self, view: View, answer: Mapping[str, Any]) -> Mapping[str, str] | None:
        """Do with a modal that was sent what the app says: https://docs.slack.dev/surfaces/modals#close_views"""
        match answer:
            case {"response_action": "errors", "errors": dict(errors)}:
                inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
                return errors if errors and errors.keys() <= inputs else None
            case {"response_action": "update", "view": body}:
                try:
                    self.workspace.put_modal(changed_view(view, body))
                except ApiError:
                    return None
            case {"response_action": "clear"}:
                self.workspace.close_modals(*self.open_views(view.user))
            case {"response_action": _}:
                return None
            case _:
                self.workspace.close_modals(view)
        return {}

    base_url = ""  # where the server is reached, known once it listens

    # What the bot calls

    async def _open_connection(self, request: web.Request) -> web.Response:
        name = "apps.connections.open"
        fault = self.faults.next(name, {}) or self._limit(name, {})
        code = fault.error if fault else _refusal_of_token(_token(request), APP_TOKEN)
        self._note(Call(name, {}, self._clock(), code or (f"HTTP {fault.status}" if fault else "")), fault)
        if fault:
            return await faulty(fault, request)
        if code:
            return web.json_response({"ok": False, "error": code})
        url = f"{self.base_url.replace('http', 'ws', 1)}{self.sockets.new_path()}"
        return web.json_response({"ok": True, "url": url})

    def _limit(self, name: str, parameters: Mapping[str, Any]) -> Fault | None:
        """Return how a call fails that comes too soon; else it is counted."""
        wait = self._meter.take(name, str(parameters.get("channel")), self._clock())
        return Fault(429, "ratelimited", retry_after=math.ceil(wait)) if wait else None

    async def _call(self, request: web.Request) -> web.Response:
        name, came = request.match_info["method"], self._clock()
        parameters = await _parameters(request)
        fault = self.faults.next(name, parameters) or self.faults.next("", parameters)
        if not fault or fault.made:
            fault = self._limit(name, parameters) or fault
        if fault and not fault.made:
            self._note(Call(name, parameters, came, fault.error or f"HTTP {fault.status}"), fault)
            return await faulty(fault, request)
        await asyncio.sleep(self.answering_seconds)
        try:
            answer = {"ok": True} | self._made(name, parameters, _token(request))
        except ApiError as error:
            answer = {"ok": False, "error": error.code, **error.details}
        call = Call(name, parameters, came, str(answer.get("error", "")), ts=str(answer.get("ts", "")))
        self._note(call, fault)
        if fault:
            return await faulty(fault, request)
        headers = {"Date": formatdate(self._clock(), usegmt=True)}
        if "error" not in answer:
            headers["x-oauth-scopes"] = ",".join(sorted(self.granted))
        return web.json_response(answer, headers=headers)

    def _note(self, call: Call, fault: Fault | None) -> None:
        """Write down a call that came at `call.at` and is answered now, with `fault` if there is one."""
        now, fault = self._clock(), fault or Fault()
        seconds = now - call.at
        self.calls.append(
            replace(call, at=now, seconds=seconds, status=fault.status, retry_after=fault.retry_after)
        )

    def _made(self, name: str, parameters: Mapping[str, Any], token: str) -> dict[str, Any]:
        if code := _refusal_of_token(token, BOT_TOKEN):
            raise ApiError(code)
        if name not in METHODS:
            raise ApiError("unknown_method")
        is_status = name == "assistant.threads.setStatus"
        if is_status and not (
            self.offers_status and parameters.get("channel_id") not in self.channels_without_status
        ):
            raise ApiError("method_not_supported_for_channel_type")
        method = METHODS[name]
        for scope in method.scopes_for(self.workspace, parameters):
            self._needs_scope(scope)
        place = str(parameters.get("channel")), str(parameters.get("ts"))
        before = self.workspace.messages.get(place)
        answer = method.call(self.workspace, parameters, self._clock())
        self._tell_of_own(before, place if before else (str(answer.get("channel")), str(answer.get("ts"))))
        return answer

    def _tell_of_own(self, before: Message | None, place: tuple[str, str]) -> None:
        """Slack tells an app of its own messages, too, and of every edit."""
        after = self.workspace.messages.get(place)
        if before and after is None:
            self.events.of_deletion(before)
        elif before and after and after is not before:
            self.events.of_change(after, before)
        elif after and before is None:
            self.events.of_message(after, as_slack_shows(after))

    def _needs_scope(self, scope: str) -> None:
        if scope not in self.granted:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(self.granted)))
        self.used_scopes.add(scope)

    def _may_read_files(self, request: web.Request) -> bool:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return False
        try:
            self._needs_scope("files:read")
        except ApiError:
            return False
        return True

    async def _close(self, _app: web.Application) -> None:
        self.events.close()
        await self.sockets.close()


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def _refusal_of_token(token: str, wanted: str) -> str:
    """The error of a call that needs the token `wanted`; empty for none."""
    if not token:
        return "not_authed"
    kind = token.partition("-")[0]
    if kind in _TOKEN_KINDS and not wanted.startswith(kind):
        return "not_allowed_token_type"
    return "" if token == wanted else "invalid_auth"


async def _parameters(request: web.Request) -> Mapping[str, Any]:
    """The arguments, from a JSON body or a form: Slack takes both."""
    if request.content_type == "application/json":
        return dict(json.loads(await request.text() or "{}"))
    return dict(await request.post())
