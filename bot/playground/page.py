"""The page: what it shows and what it sends, over the same server as Slack's API."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.playground.bedrock import Bedrock
from bot.playground.page_files import PageFiles
from bot.playground.sight import everything, may_command, message_as_seen, sees, surroundings
from bot.playground.slack import Slack
from bot.playground.workbench import Workbench
from bot.playground.workspace import ADA, Message, View

_FILES = Path(__file__).parent / "page"
_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Page:
    """The page, on the workspace of `slack`, whose app it adds itself to.

    Who speaks travels with each request, as the parameter `as`, so that two tabs can be two people. The
    workbench is part of it; it can disturb the models of `bedrock`, if they are not the real ones.
    """

    def __init__(self, slack: Slack, bedrock: Bedrock | None = None) -> None:
        self._slack = slack
        Workbench(slack, bedrock)
        self._readers: dict[asyncio.Queue[dict[str, Any] | None], str] = {}
        self._chosen: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        self._files = PageFiles(slack, self._person)
        slack.workspace.watchers.append(self._changed)
        slack.workspace.onlookers.append(self._surroundings_changed)
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
                web.post("/page/upload", self._files.upload),
                web.get("/page/file/{file}", self._files.show),
                web.get("/page/{name}", self._file),
            ]
        )
        slack.app.on_response_prepare.append(_add_security_headers)
        slack.app.on_shutdown.append(self._end_streams)

    def _person(self, request: web.Request) -> str:
        """Who speaks in a request: the id of a person, Ada's if it names none."""
        me = request.query.get("as", ADA.id)
        user = self._slack.workspace.users.get(me)
        if user is None or user.is_bot:
            raise web.HTTPNotFound(text="There is nobody of this id. Try / for Ada.")
        return me

    async def _index(self, request: web.Request) -> web.StreamResponse:
        self._person(request)
        return web.FileResponse(_FILES / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        known = {path.name: path for path in _FILES.iterdir()}
        path = known.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _state(self, request: web.Request) -> web.Response:
        me, workspace = self._person(request), self._slack.workspace
        messages = [self._as_seen(me, m) for m in workspace.messages.values() if sees(workspace, me, m)]
        shown = {"surroundings": surroundings(workspace, me), "messages": messages}
        return web.json_response(everything(workspace, me) | shown)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: what comes, changes or goes while the page is open."""
        me = self._person(request)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        news: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._readers[news] = me
        try:
            await response.prepare(request)
            while (event := await news.get()) is not None:
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
        except ConnectionResetError:
            pass  # the page was left
        finally:
            del self._readers[news]
        return response

    async def _end_streams(self, _app: web.Application) -> None:
        for reader in self._readers:  # or the server would wait for them
            reader.put_nowait(None)

    async def _say(self, request: web.Request) -> web.Response:
        me, words = self._person(request), await request.json()
        try:
            files = self._files.uploaded(me, words.get("files", []))
        except KeyError:
            raise web.HTTPNotFound from None
        message = self._slack.say(me, self._channel(me, words), words["text"], words.get("thread_ts"), files)
        return web.json_response({"ok": True, "ts": message.ts})

    def _channel(self, me: str, words: Mapping[str, Any]) -> str:
        conversation = self._slack.workspace.conversations.get(words["channel"])
        if conversation is None or me not in conversation.members:
            raise web.HTTPNotFound
        return conversation.id

    async def _command(self, request: web.Request) -> web.Response:
        me, words = self._person(request), await request.json()
        if not may_command(self._slack.workspace, me):
            raise web.HTTPNotFound
        await self._slack.command(me, self._channel(me, words), words["command"], words["text"])
        return web.json_response({"ok": True})

    async def _click(self, request: web.Request) -> web.Response:
        me, words = self._person(request), await request.json()
        action, value = words["action_id"], words.get("value", "")
        try:
            place = self._clickable(me, words)
            is_acknowledged = await self._slack.click(me, place, action, value)
        except KeyError:  # a change took the button away while the click was on its way
            return web.json_response({"ok": False})
        if is_acknowledged and value and isinstance(place, Message):
            self._choose(me, place, action, value)
        return web.json_response({"ok": is_acknowledged})

    def _clickable(self, me: str, words: Mapping[str, Any]) -> Message | View:
        workspace = self._slack.workspace
        if "view_id" not in words:
            return self._seen(me, words)
        home = workspace.homes.get(me)
        views = [*self._slack.open_views(me), *([home] if home else [])]
        return {view.id: view for view in views}[words["view_id"]]

    def _seen(self, me: str, words: Mapping[str, Any]) -> Message:
        """The message that a request is about. Raises KeyError if the person `me` does not see it."""
        message = self._slack.workspace.messages[words["channel"], words["ts"]]
        if not sees(self._slack.workspace, me, message):
            raise KeyError
        return message

    def _choose(self, me: str, place: Message, action: str, value: str) -> None:
        """Remember what the person thinks of a message, and show it."""
        self._chosen[me, place.channel, place.ts][action] = value
        message = self._slack.workspace.messages.get((place.channel, place.ts))
        if message:
            self._changed(message, False)

    async def _edit(self, request: web.Request) -> web.Response:
        words = await request.json()
        self._slack.edit(self._own(request, words), words["text"])
        return web.json_response({"ok": True})

    async def _delete(self, request: web.Request) -> web.Response:
        self._slack.delete(self._own(request, await request.json()))
        return web.json_response({"ok": True})

    def _own(self, request: web.Request, words: Mapping[str, Any]) -> Message:
        message = self._slack.workspace.messages.get((words["channel"], words["ts"]))
        if message is None or message.user != self._person(request):
            raise web.HTTPNotFound
        return message

    async def _shortcut(self, request: web.Request) -> web.Response:
        me, words = self._person(request), await request.json()
        try:
            message = self._seen(me, words)
        except KeyError:
            raise web.HTTPNotFound from None
        is_acknowledged = await self._slack.message_shortcut(me, message, words["callback_id"])
        return web.json_response({"ok": is_acknowledged})

    async def _home(self, request: web.Request) -> web.Response:
        self._slack.events.of_home_opened(self._person(request))
        return web.json_response({"ok": True})

    async def _submit(self, request: web.Request) -> web.Response:
        me, words = self._person(request), await request.json()
        try:
            problems = await self._slack.submit(me, words["view_id"], words["values"])
        except KeyError:  # the app closed it meanwhile
            problems = None
        return web.json_response({"ok": problems == {}, "errors": problems or {}})

    async def _close_modal(self, request: web.Request) -> web.Response:
        me, view_id = self._person(request), (await request.json())["view_id"]
        views = [view for view in self._slack.open_views(me) if view.id == view_id]
        self._slack.workspace.close_modals(*views)
        return web.json_response({"ok": True})

    def _changed(self, message: Message, is_gone: bool) -> None:
        identity = {"channel": message.channel, "ts": message.ts}
        for reader, me in self._readers.items():
            if sees(self._slack.workspace, me, message):
                reader.put_nowait(
                    {"type": "deleted", **identity}
                    if is_gone
                    else {"type": "message", "message": self._as_seen(me, message)}
                )

    def _surroundings_changed(self) -> None:
        for reader, me in self._readers.items():
            seen = surroundings(self._slack.workspace, me)
            reader.put_nowait({"type": "surroundings", "surroundings": seen})

    def _as_seen(self, me: str, message: Message) -> dict[str, Any]:
        chosen = self._chosen.get((me, message.channel, message.ts), {})
        return message_as_seen(self._slack.workspace, me, message, chosen)


async def _add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SECURITY)
