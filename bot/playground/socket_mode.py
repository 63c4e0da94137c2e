"""Socket Mode: envelopes to the bot, acknowledgements back.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.playground.records import Records

_ACK_SECONDS = 3.0
MAX_CONNECTIONS = 10  # of one app: https://docs.slack.dev/apis/events-api/using-socket-mode
# After how many seconds an event that was not acknowledged is sent again: https://docs.slack.dev/apis/events-api
_EVENT_RETRIES = (0.0, 60.0, 300.0)


class Loss(Enum):
    """How a connection can end."""

    WARNING = "Slack tells that it will close the connection soon"
    REFRESH = "Slack asks the app to connect anew"
    CLOSE = "a CLOSE frame"
    RESET = "the TCP connection is gone"
    SILENCE = "nothing is read or answered any more, and nobody says so"


@dataclass
class Delivery:
    """An envelope that was sent: what is in it, when, and when it was acknowledged (Unix seconds)."""

    kind: str
    payload: Mapping[str, Any]
    sent_at: float
    acknowledged_at: float | None = None


class SocketMode:
    """The connections of one app. `unacknowledged` names the envelopes that were not answered in time, and
    `deliveries` are all in the order of sending.

    An envelope has `ack_seconds` to be acknowledged; an event that was not is sent again after the pauses.
    A connection that Slack does not want gets a `disconnect` with the reason in place of `hello`, and is
    closed: https://github.com/slackapi/java-slack-sdk/issues/1223 has one of too many.

    From `hold` to `release` envelopes are kept, and then they come without a gap. An app gets up to 30,000
    events an hour in a workspace, in no even flow: https://docs.slack.dev/reference/events/app_rate_limited/
    """

    def __init__(
        self, ack_seconds: float = _ACK_SECONDS, event_retries: Sequence[float] = _EVENT_RETRIES
    ) -> None:
        self._ack_seconds = ack_seconds
        self._event_retries = event_retries
        self.unacknowledged: list[dict[str, Any]] = []
        self.deliveries = Records[Delivery]()
        self._connections: dict[web.WebSocketResponse, web.Request] = {}
        self._connected = asyncio.Event()
        self._is_refusing = False
        self.is_enabled = True  # the switch "Enable Socket Mode" of the app's settings
        self.ghosts = 0  # connections that are gone, and that Slack has not noticed
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._held: list[tuple[bytes, asyncio.Future[None]]] | None = None
        self._tickets = itertools.count(1)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def new_path(self) -> str:
        """The path of a connection that may be opened now."""
        return f"/link/?ticket={next(self._tickets)}&app_id=ADUET"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from hello to its end."""
        if self._is_refusing:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if reason := self._reason_to_refuse():
            await socket.send_json(_disconnect(reason))
            await socket.close()
            return socket
        # Slack counts what it believes to be open: https://github.com/slackapi/python-slack-sdk/issues/1940
        info = {"connection_info": {"app_id": "ADUET"}, "num_connections": self.ghosts + self.connections + 1}
        debug = {"host": "applink-1", "approximate_connection_time": 3600}
        await socket.send_json({"type": "hello", **info, "debug_info": debug})
        self._connections[socket] = request
        self._connected.set()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._take_acknowledgement(json.loads(frame.data))
        finally:
            self._connections.pop(socket, None)
            if not self._connections:
                self._connected.clear()
        return socket

    def _reason_to_refuse(self) -> str:
        if not self.is_enabled:
            return "link_disabled"
        return "too_many_websockets" if self.ghosts + self.connections >= MAX_CONNECTIONS else ""

    def _take_acknowledgement(self, answer: dict[str, Any]) -> None:
        waiting = self._waiting.get(answer.get("envelope_id", ""))
        if waiting and not waiting.done():
            waiting.set_result(answer.get("payload") or {})

    async def deliver_event(self, payload: dict[str, Any]) -> None:
        """Send an Events API payload, and again as often as Slack would."""
        for attempt, pause in enumerate((0.0, *self._event_retries)):
            await asyncio.sleep(pause)
            retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            answer = await self._deliver("events_api", payload, accepts_response_payload=False, **retry)
            if answer is not None:
                return

    async def deliver_interaction(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Send a slash command or a click, once; the acknowledgement's payload, or None if none came."""
        return await self._deliver(kind, payload, accepts_response_payload=True)

    async def _deliver(self, kind: str, payload: dict[str, Any], **more: Any) -> dict[str, Any] | None:
        while not self._connections:
            await self._connected.wait()
        envelope = {"envelope_id": str(uuid4()), "type": kind, "payload": payload, **more}
        answered = self._waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        connection = random.choice(list(self._connections))  # noqa: S311 - any one will do
        try:
            delivery = Delivery(kind, payload, time.time())
            self.deliveries.append(delivery)
            await self._send(connection, envelope)
            await asyncio.wait_for(answered, self._ack_seconds)
        except (asyncio.TimeoutError, ConnectionError):  # the latter from a connection that is going
            self.unacknowledged.append(envelope)
            return None
        else:
            delivery.acknowledged_at = time.time()
            answer: dict[str, Any] = answered.result()
            return answer
        finally:
            self._waiting.pop(envelope["envelope_id"], None)

    async def _send(self, connection: web.WebSocketResponse, envelope: dict[str, Any]) -> None:
        if self._held is None:
            await connection.send_json(envelope)
            return
        is_sent = asyncio.get_running_loop().create_future()
        self._held.append((frame(json.dumps(envelope).encode()), is_sent))
        await is_sent

    @property
    def held(self) -> int:
        """Return the number of envelopes that wait for `release`."""
        return len(self._held or ())

    def hold(self) -> None:
        """Keep what is to be sent."""
        self._held = []

    def release(self, between: bytes = b"") -> None:
        """Send what was kept, in one write over one connection, with `between` before each envelope."""
        held, self._held = self._held or [], None
        request = next(iter(self._connections.values()))
        assert request.transport  # noqa: S101 - it has one while it is open
        request.transport.write(b"".join(between + sent for sent, _ in held))
        for _, is_sent in held:
            is_sent.set_result(None)

    def refuse(self) -> None:
        """Take no new connections."""
        self._is_refusing = True

    async def lose(self, how: Loss) -> None:
        """Let every connection end so. What is sent next waits for a new one."""
        for socket, request in tuple(self._connections.items()):
            match how:
                case Loss.WARNING:
                    await socket.send_json(_disconnect("warning"))
                case Loss.REFRESH:
                    await socket.send_json(_disconnect("refresh_requested"))
                case Loss.CLOSE:
                    await socket.close()
                case Loss.RESET if request.transport:
                    request.transport.abort()
                case Loss.SILENCE if isinstance(request.transport, asyncio.ReadTransport):
                    request.transport.pause_reading()
            self._connections.pop(socket, None)
        self._connected.clear()

    async def disconnect(self, reason: str) -> None:
        """Tell the app why every connection ends, and end it.

        That is "too_many_websockets", or "link_disabled", after which Slack takes none until `is_enabled`.
        """
        self.is_enabled = self.is_enabled and reason != "link_disabled"
        for socket in tuple(self._connections):
            self._connections.pop(socket, None)
            await socket.send_json(_disconnect(reason))
            await socket.close()
        self._connected.clear()

    async def close(self) -> None:
        """End every connection."""
        for socket in tuple(self._connections):
            await socket.close()


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """Return a frame as a server sends it: https://www.rfc-editor.org/rfc/rfc6455#section-5.2

    `first` is its first byte; that of a text in one frame is 0x81.
    """
    if len(payload) < 126:
        return struct.pack("!BB", first, len(payload)) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", first, 126, len(payload)) + payload
    return struct.pack("!BBQ", first, 127, len(payload)) + payload


def _disconnect(reason: str) -> dict[str, Any]:
    """As in https://github.com/slackapi/bolt-js/issues/2238"""
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}}
