"""The page: what it shows and what it sends, over the same server as Slack's API."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.playground.rendering import blocks_of, rendered
from bot.playground.slack import Slack
from bot.playground.workspace import ADA, BOT_USER, Conversation, Message, View

_FILES = Path(__file__).parent / "page"
_COMMANDS = [{"name": "/ask", "usage_hint": "your question", "description": "Ask Duet, here or anywhere"}]
_SHORTCUTS = [{"callback_id": "ask_about_message", "name": "Ask Duet about this"}]
_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_OWN_HOSTS = {"127.0.0.1", "localhost"}


@web.middleware
async def own_pages_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another site's page could send: a foreign Host (DNS rebinding) or a foreign Origin."""
    origin = request.headers.get("Origin")
    if request.url.host not in _OWN_HOSTS or (origin and origin != f"http://{request.host}"):
        raise web.HTTPForbidden(text="This server answers its own page only.")
    return await handler(request)


class Page:
    """The page of one person, on the workspace of `slack`, whose app it adds itself to."""

    def __init__(self, slack: Slack, me: str = ADA.id) -> None:
        self._slack, self._me = slack, me
        self._readers: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._chosen: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        slack.workspace.watchers.append(self._changed)
        slack.workspace.onlookers.append(self._surroundings_changed)
        slack.app.middlewares.append(own_pages_only)
        slack.app.add_routes(
            [
                web.get("/", self._index),
                web.get("/page/state", self._state),
                web.get("/page/events", self._events),
                web.post("/page/say", self._say),
                web.post("/page/command", self._command),
                web.post("/page/click", self._click),
                web.post("/page/edit", self._edit),
                web.post("/page/delete", self._delete),
                web.post("/page/shortcut", self._shortcut),
                web.post("/page/home", self._home),
                web.post("/page/submit", self._submit),
                web.post("/page/close", self._close_modal),
                web.get("/page/{name}", self._file),
            ]
        )
        slack.app.on_response_prepare.append(_add_security_headers)
        slack.app.on_shutdown.append(self._end_streams)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_FILES / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        known = {path.name: path for path in _FILES.iterdir()}
        path = known.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _state(self, _request: web.Request) -> web.Response:
        workspace = self._slack.workspace
        users = {user.id: vars(user) for user in workspace.users.values()}
        conversations = [_shown(c) for c in workspace.conversations.values() if self._me in c.members]
        messages = [self._as_shown(m) for m in workspace.messages.values() if self._sees(m)]
        return web.json_response(
            {
                "me": self._me,
                "bot": BOT_USER,
                "workspace": "Duet playground",
                "users": users,
                "conversations": conversations,
                "commands": _COMMANDS,
                "shortcuts": _SHORTCUTS,
                "surroundings": self._surroundings(),
                "messages": messages,
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: what comes, changes or goes while the page is open."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        news: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._readers.add(news)
        try:
            await response.prepare(request)
            while (event := await news.get()) is not None:
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
        except ConnectionResetError:
            pass  # the page was left
        finally:
            self._readers.discard(news)
        return response

    async def _end_streams(self, _app: web.Application) -> None:
        for reader in self._readers:  # or the server would wait for them
            reader.put_nowait(None)

    async def _say(self, request: web.Request) -> web.Response:
        words = await request.json()
        message = self._slack.say(self._me, words["channel"], words["text"], words.get("thread_ts"))
        return web.json_response({"ok": True, "ts": message.ts})

    async def _command(self, request: web.Request) -> web.Response:
        words = await request.json()
        await self._slack.command(self._me, words["channel"], words["command"], words["text"])
        return web.json_response({"ok": True})

    async def _click(self, request: web.Request) -> web.Response:
        words = await request.json()
        action, value = words["action_id"], words.get("value", "")
        try:
            place = self._clickable(words)
            is_acknowledged = await self._slack.click(self._me, place, action, value)
        except KeyError:  # a change took the button away while the click was on its way
            return web.json_response({"ok": False})
        if is_acknowledged and value and isinstance(place, Message):
            self._choose(place, action, value)
        return web.json_response({"ok": is_acknowledged})

    def _clickable(self, words: Mapping[str, Any]) -> Message | View:
        workspace = self._slack.workspace
        if "view_id" not in words:
            return workspace.messages[words["channel"], words["ts"]]
        home = workspace.homes.get(self._me)
        views = [*self._slack.open_views(self._me), *([home] if home else [])]
        return {view.id: view for view in views}[words["view_id"]]

    def _choose(self, place: Message, action: str, value: str) -> None:
        """Remember what the person thinks of a message, and show it."""
        self._chosen[place.channel, place.ts][action] = value
        message = self._slack.workspace.messages.get((place.channel, place.ts))
        if message:
            self._changed(message, False)

    async def _edit(self, request: web.Request) -> web.Response:
        words = await request.json()
        self._slack.edit(self._own(words), words["text"])
        return web.json_response({"ok": True})

    async def _delete(self, request: web.Request) -> web.Response:
        self._slack.delete(self._own(await request.json()))
        return web.json_response({"ok": True})

    def _own(self, words: Mapping[str, Any]) -> Message:
        message = self._slack.workspace.messages.get((words["channel"], words["ts"]))
        if message is None or message.user != self._me:
            raise web.HTTPNotFound
        return message

    async def _shortcut(self, request: web.Request) -> web.Response:
        words = await request.json()
        message = self._slack.workspace.messages.get((words["channel"], words["ts"]))
        if message is None or not self._sees(message):
            raise web.HTTPNotFound
        is_acknowledged = await self._slack.message_shortcut(self._me, message, words["callback_id"])
        return web.json_response({"ok": is_acknowledged})

    async def _home(self, _request: web.Request) -> web.Response:
        self._slack.open_home(self._me)
        return web.json_response({"ok": True})

    async def _submit(self, request: web.Request) -> web.Response:
        words = await request.json()
        try:
            problems = await self._slack.submit(self._me, words["view_id"], words["values"])
        except KeyError:  # the app closed it meanwhile
            problems = None
        return web.json_response({"ok": problems == {}, "errors": problems or {}})

    async def _close_modal(self, request: web.Request) -> web.Response:
        view_id = (await request.json())["view_id"]
        views = [view for view in self._slack.open_views(self._me) if view.id == view_id]
        self._slack.workspace.close_modals(*views)
        return web.json_response({"ok": True})

    def _changed(self, message: Message, is_gone: bool) -> None:
        if not self._sees(message):
            return
        identity = {"channel": message.channel, "ts": message.ts}
        event = (
            {"type": "deleted", **identity}
            if is_gone
            else {"type": "message", "message": self._as_shown(message)}
        )
        self._send(event)

    def _surroundings_changed(self) -> None:
        self._send({"type": "surroundings", "surroundings": self._surroundings()})

    def _send(self, event: dict[str, Any]) -> None:
        for reader in self._readers:
            reader.put_nowait(event)

    def _surroundings(self) -> dict[str, Any]:
        """What is around the messages: what the bot is doing, the person's Home and the uppermost modal."""
        workspace = self._slack.workspace
        home, modals = workspace.homes.get(self._me), self._slack.open_views(self._me)
        statuses = [
            {"channel": channel, "thread_ts": ts, "status": status}
            for (channel, ts), status in workspace.statuses.items()
            if self._me in workspace.conversations[channel].members
        ]
        return {
            "statuses": statuses,
            "home": self._as_view(home) if home else None,
            "modal": self._as_view(modals[-1]) if modals else None,
        }

    def _as_view(self, view: View) -> dict[str, Any]:
        labels = {name: (view.body.get(name) or {}).get("text", "") for name in ("title", "submit", "close")}
        blocks = rendered(view.body["blocks"], self._slack.workspace.users)
        return {"id": view.id, "hash": view.hash, "blocks": blocks, **labels}

    def _sees(self, message: Message) -> bool:
        members = self._slack.workspace.conversations[message.channel].members
        return self._me in members and message.only_for in ("", self._me)

    def _as_shown(self, message: Message) -> dict[str, Any]:
        return {
            "channel": message.channel,
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "user": message.user,
            "blocks": blocks_of(message, self._slack.workspace.users),
            "text": message.text if message.user == self._me else "",
            "chosen": self._chosen.get((message.channel, message.ts), {}),
            "edited": message.edited,
            "only_you": bool(message.only_for),
        }


def _shown(conversation: Conversation) -> dict[str, Any]:
    kinds = {"im": "dm", "mpim": "private"}
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": kinds.get(conversation.kind, conversation.kind),
        "member": BOT_USER in conversation.members,
        "topic": conversation.topic,
    }


async def _add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SECURITY)
