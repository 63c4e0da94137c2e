"""The playground's servers for a test, and a real Socket Mode connection to them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.playground.bedrock import Bedrock
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import APP_TOKEN, BOT_TOKEN, Slack
from bot.playground.workspace import Message

T = TypeVar("T")
SOON = 15.0  # seconds, far more than anything here takes


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


def unlimited() -> Slack:
    return Slack(UNLIMITED)


@contextmanager
def serving(
    make_slack: Callable[[], Slack] = unlimited, make_bedrock: Callable[[], Bedrock] = Bedrock
) -> Iterator[Servers]:
    servers = Servers(make_slack, make_bedrock)
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()


def web_client(servers: Servers, token: str | None = BOT_TOKEN) -> WebClient:
    return WebClient(token, base_url=f"{servers.slack.base_url}/api/", retry_handlers=[])


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread or process is about to do."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class Listener:
    """An app that listens: what comes over its connection, and how it answers.

    `answer` makes an acknowledgement's payload; None in its place means that none is sent.
    """

    def __init__(
        self,
        servers: Servers,
        answer: Callable[[SocketModeRequest], dict[str, Any] | None] = lambda _request: {},
    ) -> None:
        self.frames: list[dict[str, Any]] = []
        """All that came, in order."""
        self.shown: list[Message] = []
        """Each message of the workspace that came or changed since."""
        self._servers = servers
        self._answer = answer
        self._news = threading.Condition()
        servers.do(lambda: servers.slack.workspace.watchers.append(self._saw))
        self._client = SocketModeClient(
            APP_TOKEN,
            web_client=web_client(servers, token=None),
            auto_reconnect_enabled=False,
            on_message_listeners=[self._heard],
        )
        self._client.socket_mode_request_listeners.append(self._asked)
        self._client.connect()
        self.until(lambda: self.frames)

    def close(self) -> None:
        """End the connection without the seconds that the client's threads would take to notice."""
        client = self._client
        client.current_session_runner.event.set()
        client.closed = client.current_session_state.terminated = True
        client.enqueue_message("")
        if client.current_session:
            client.current_session.ping("bye")
        client.close()

    def until(self, seen: Callable[[], T]) -> T:
        """What `seen` returns once that is true."""
        deadline = time.monotonic() + SOON
        with self._news:
            while not (found := seen()):
                assert time.monotonic() < deadline, f"not seen; there was {self.frames}"
                self._news.wait(0.1)
        return found

    def envelopes(self) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if "envelope_id" in frame]

    def events(self) -> list[dict[str, Any]]:
        return [frame["payload"]["event"] for frame in self.envelopes() if frame["type"] == "events_api"]

    def hears(self, act: Callable[[Slack], object]) -> list[dict[str, Any]]:
        """The events that `act` causes: all that come before another one, which is sent after them."""
        before = len(self.events())
        last = {"type": "last", "ts": str(before)}

        def act_and_end() -> None:
            act(self._servers.slack)
            self._servers.slack.events.send(last)

        self._servers.do(act_and_end)
        self.until(lambda: self.events()[before:] and self.events()[-1]["type"] == "last")
        return self.events()[before:-1]

    def _heard(self, frame: str) -> None:
        with self._news:
            if frame:
                self.frames.append(json.loads(frame))
            self._news.notify_all()

    def _asked(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        # slack_sdk hands a message to its listeners at the same time; whoever is answered shall find it heard
        self.until(lambda: any(each["envelope_id"] == request.envelope_id for each in self.envelopes()))
        payload = self._answer(request)
        if payload is not None:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload or None))

    def _saw(self, message: Message, _is_gone: bool) -> None:
        with self._news:
            self.shown.append(message)
            self._news.notify_all()
