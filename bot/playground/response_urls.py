"""Response URLs: what is posted to them is seen by one person alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from aiohttp import web

from bot.playground.workspace import Workspace

# https://docs.slack.dev/interactivity/handling-user-interaction
_MOST_POSTS = 5
_SECONDS = 30 * 60.0


@dataclass(frozen=True)
class _Url:
    """What one is good for: `user` alone sees what is posted there, until `end` (Unix seconds)."""

    user: str
    channel: str
    thread_ts: str | None
    end: float
    posts: int = 0


class ResponseUrls:
    """Gives them out, and puts what is posted to them into `workspace`."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float]) -> None:
        self._workspace, self._clock = workspace, clock
        self._urls: dict[str, _Url] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where they lead."""
        return [web.post("/commands/{key}", self._respond), web.post("/actions/{key}", self._respond)]

    def new(self, base_url: str, kind: str, user: str, channel: str, thread_ts: str | None = None) -> str:
        """A response URL of a `kind`, "commands" or "actions", for what `user` did."""
        key = uuid4().hex
        self._urls[key] = _Url(user, channel, thread_ts, self._clock() + _SECONDS)
        return f"{base_url}/{kind}/{key}"

    async def _respond(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        url = self._urls.get(key)
        if url is None or url.posts >= _MOST_POSTS:
            return web.Response(status=404, text="used_url")
        now = self._clock()
        if now >= url.end:
            return web.Response(status=404, text="expired_url")
        text = (await request.json()).get("text")
        if not text:
            return web.json_response({"ok": False, "error": "no_text"}, status=400)
        self._urls[key] = replace(url, posts=url.posts + 1)
        self._workspace.whisper(now, url.user, url.channel, str(text), url.thread_ts)
        return web.Response(text="ok")
