"""The page: what it shows and what it sends, over the same server as Slack's API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.playground.rendering import blocks_of
from bot.playground.slack import Slack
from bot.playground.workspace import ADA, BOT_USER, Conversation, Message

_FILES = Path(__file__).parent / "page"
_COMMANDS = [{"name": "/ask", "usage_hint": "your question", "description": "Ask Duet, here or anywhere"}]
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
        slack.workspace.watchers.append(self._changed)
        slack.app.middlewares.append(own_pages_only)
        slack.app.add_routes(
            [
                web.get("/", self._index),
                web.get("/page/state", self._state),
                web.get("/page/events", self._events),
                web.post("/page/say", self._say),
                web.post("/page/command", self._command),
                web.post("/page/click", self._click),
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
                "messages": messages,
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every message that comes, changes or goes while the page is open."""
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
        try:
            message = self._slack.workspace.messages[words["channel"], words["ts"]]
            is_acknowledged = await self._slack.click(self._me, message, words["action_id"])
        except KeyError:  # an edit took the button away while the click was on its way
            is_acknowledged = False
        return web.json_response({"ok": is_acknowledged})

    def _changed(self, message: Message, is_gone: bool) -> None:
        if not self._sees(message):
            return
        identity = {"channel": message.channel, "ts": message.ts}
        event = (
            {"type": "deleted", **identity}
            if is_gone
            else {"type": "message", "message": self._as_shown(message)}
        )
        for reader in self._readers:
            reader.put_nowait(event)

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
