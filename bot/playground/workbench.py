"""The workbench beside the page: what goes over the wire, what it comes to, and what is to go wrong.

It reads what the servers write down anyway, and does so only while somebody watches.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from math import isinf
from typing import Any

from aiohttp import web

from bot.playground.bedrock import Bedrock
from bot.playground.limits import Gauge
from bot.playground.marks import shown
from bot.playground.records import Records
from bot.playground.slack import Call, Slack
from bot.playground.socket_mode import Loss
from bot.playground.switches import Switches
from bot.playground.thirty import Thirty, ask_thirty, summary
from bot.playground.timeline import Answer, Timelines, key_in

_PAUSE = 0.2  # seconds between two looks at what is new
_MOST_CALLS = 300  # that a page is told of when it begins to watch
# What the bot lives on, and the methods of Slack's own streaming.
_BUDGETS = (
    "chat.update",
    "chat.postMessage",
    "conversations.replies",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
)


@dataclass
class _Watcher:
    """What a page was told already."""

    calls: int
    version: int = 0
    told: dict[str, Any] = field(default_factory=dict)


class Workbench:
    """The workbench on `slack`, whose app it adds itself to, and on `bedrock`, if the models are its own."""

    def __init__(self, slack: Slack, bedrock: Bedrock | None) -> None:
        self._slack = slack
        self._switches = Switches(slack, bedrock)
        self._timelines = Timelines(
            slack.sockets.deliveries, slack.calls, bedrock.requests if bedrock else Records()
        )
        self._thirty: Thirty | None = None
        self._is_ending = False
        slack.app.add_routes(
            [
                web.get("/page/workbench/events", self._events),
                web.get("/page/workbench/faults", self._show_faults),
                web.post("/page/workbench/faults", self._switch),
                web.post("/page/workbench/cut", self._cut),
                web.post("/page/workbench/thirty", self._ask_thirty),
                web.get("/page/workbench/answer", self._find_answer),
            ]
        )
        slack.app.on_shutdown.append(self._end)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: what is new since the one before, from a first one with all that is known."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        watcher = _Watcher(max(0, self._slack.calls.total - _MOST_CALLS))
        while not self._is_ending and request.transport and not request.transport.is_closing():
            if news := self._news(watcher):
                await response.write(f"data: {json.dumps(news)}\n\n".encode())
            await asyncio.sleep(_PAUSE)
        return response

    async def _end(self, _app: web.Application) -> None:
        self._is_ending = True

    def _news(self, watcher: _Watcher) -> dict[str, Any]:
        """What a page is told next; nothing if it knows everything."""
        self._timelines.catch_up()
        calls, answers = self._slack.calls.since(watcher.calls), self._timelines.since(watcher.version)
        is_first = not watcher.told
        watcher.calls, watcher.version = self._slack.calls.total, self._timelines.version
        now = {
            "budgets": [self._gauge(gauge) for gauge in self._slack.gauges(_BUDGETS)],
            "faults": self._fault_names(),
            "thirty": summary(self._thirty, self._timelines, self._slack) if self._thirty else None,
        }
        changed = {name: value for name, value in now.items() if is_first or watcher.told[name] != value}
        watcher.told = now
        return {
            **({"begins": True} if is_first else {}),
            **({"calls": [_as_shown(call) for call in calls]} if calls else {}),
            **({"answers": [self._answer(answer) for answer in answers]} if answers else {}),
            **changed,
        }

    def _answer(self, answer: Answer) -> dict[str, Any]:
        user = self._slack.workspace.users.get(answer.user)
        return shown(answer, self._timelines.skew) | {"asker": user.name if user else answer.user}

    def _gauge(self, gauge: Gauge) -> dict[str, Any]:
        conversation = self._slack.workspace.conversations.get(gauge.channel)
        return {
            "method": gauge.method,
            "place": conversation.name if conversation else gauge.channel,
            "used": round(gauge.used, 1),
            "allowed": None if isinf(gauge.allowed) else gauge.allowed,
        }

    def _fault_names(self) -> dict[str, Any]:
        return {"all": list(self._switches.names), "on": self._switches.on}

    async def _show_faults(self, _request: web.Request) -> web.Response:
        return web.json_response(self._fault_names())

    async def _switch(self, request: web.Request) -> web.Response:
        """Let the fault `name` begin or end; without a name, all end."""
        words = await request.json()
        try:
            if "name" in words:
                self._switches.switch(words["name"], is_on=words["on"])
            else:
                self._switches.end()
        except KeyError:
            raise web.HTTPNotFound from None
        return web.json_response(self._fault_names())

    async def _cut(self, _request: web.Request) -> web.Response:
        await self._slack.sockets.lose(Loss.RESET)
        return web.json_response({"ok": True})

    async def _ask_thirty(self, _request: web.Request) -> web.Response:
        self._thirty = ask_thirty(self._slack)
        return web.json_response({"ok": True})

    async def _find_answer(self, request: web.Request) -> web.Response:
        """The name of the question that a message is, or belongs to; null if it is neither."""
        channel, ts = request.query.get("channel", ""), request.query.get("ts", "")
        message = self._slack.workspace.messages.get((channel, ts))
        key = key_in(message.metadata) if message else None
        self._timelines.catch_up()
        name = key.name if key else self._timelines.streamed(ts) or ts
        return web.json_response({"name": name if name in self._timelines.answers else None})


def _as_shown(call: Call) -> dict[str, Any]:
    """A call as the page gets it: nothing of what was said, and no token."""
    return {
        "method": call.method,
        "at": call.at,
        "seconds": round(call.seconds, 3),
        "status": call.status,
        "error": call.error,
        "retry_after": call.retry_after,
    }
