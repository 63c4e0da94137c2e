"""The Socket Mode connection: opened, looked after, and opened again no faster than Slack wants it.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from queue import Empty, SimpleQueue
from random import random
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from bot.adapters.slack_socket import Session
from bot.core import slack_setup
from bot.core.connection import STABLE_SECONDS, pause
from bot.core.errors import RateLimited, SlackError, StoreError, Unreachable
from bot.engine.health import Health

log = logging.getLogger(__name__)

OPENING_ERRORS = (SlackApiError, OSError, HTTPException)
# Slack refreshes connections every few hours, and tells so; it closes the old one soon after.
_REFRESHES = {"warning", "refresh_requested"}
_HELLO_SECONDS = 10.0
# After so many seconds all processes that are connected have told the store that they live, too.
_COUNT_SECONDS = 3.0


class Client(SocketModeClient):
    """slack_sdk's client, which opens a connection of Duet's when it is told to, and at no other time.

    Of itself it opens one at once after each loss and each `disconnect`, and every second while that fails.
    """

    current_session: Session | None  # type: ignore[assignment] # it has the methods that are called

    def __init__(self, app_token: str, web: WebClient, logger: logging.Logger, ping_seconds: float) -> None:
        super().__init__(
            app_token, logger, web, auto_reconnect_enabled=False, proxy=web.proxy, ping_interval=ping_seconds
        )

    def issue_new_wss_url(self) -> str:
        """The address of a new connection. Raises SlackApiError, where slack_sdk would sleep after a 429."""
        return str(self.web_client.apps_connections_open(app_token=self.app_token)["url"])

    def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Do nothing: `Connection` hears what slack_sdk hears, and decides."""

    def open(self) -> None:
        """Open a connection and then close the one before.

        Raises OPENING_ERRORS, or SlackClientNotConnectedError if nothing can be opened where Slack says.
        """
        session = Session(
            self.issue_new_wss_url(),
            self._on_message,
            proxy=self.proxy,
            ssl_context=self.web_client.ssl,
            ping_seconds=self.ping_interval,
        )
        session.connect()
        before, self.current_session = self.current_session, session
        self.current_session_state = ConnectionState()  # type: ignore[no-untyped-call] # slack_sdk has no type
        if before:
            before.close()
        if not self.current_app_monitor_started:
            self.current_app_monitor_started = True
            self.current_app_monitor.start()

    @property
    def lag(self) -> float:
        """Seconds by which the connection, or the thread that reads it, is late."""
        return self.current_session.lag if self.current_session else 0.0


@dataclass(frozen=True)
class _Count:
    """Number of connections that Slack counted, of which `own` are of this process, and when to judge it.

    `processes` is how many of them the store knew of then.
    """

    connections: int
    own: int
    processes: int
    judged_at: float


class Connection:
    """The connection of `client`. All but `hear` and `wait` is called on one thread.

    `processes` is how many bots the store knows of. It raises StoreError. `translate` tells what an error
    of slack_sdk's means. Times are seconds of `clock`.
    """

    def __init__(
        self,
        client: Client,
        health: Health,
        processes: Callable[[], int],
        translate: Callable[[Exception], SlackError],
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random,
    ) -> None:
        self._client, self._health, self._processes = client, health, processes
        self._translate, self._clock, self._chance = translate, clock, chance
        self.session: str | None = None  # the id of the connection on which Slack said hello
        self._frames: SimpleQueue[tuple[str | None, dict[str, Any]]] = SimpleQueue()
        self._news = threading.Event()
        self._is_wanted = True  # whether a new one is to be opened
        self._attempts, self._refusals, self._not_before = 0, 0, 0.0
        self._opened_at = self._greeted_at = 0.0
        self._overlaps = False  # whether Slack may still count the connection before
        self._count: _Count | None = None
        self._has_warned = False
        client.on_message_listeners.append(self.hear)

    def hear(self, frame: str) -> None:
        """Take note of what Slack sent, if it is of the connection itself."""
        if not frame.startswith("{") or '"envelope_id"' in frame:
            return
        with suppress(ValueError):
            self._frames.put((self._client.session_id(), json.loads(frame)))
            self._news.set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until there is something to look at."""
        self._news.wait(seconds)
        self._news.clear()

    def wake(self) -> None:
        """End a wait."""
        self._news.set()

    def look(self) -> None:
        """Do what it is time for: open a connection, give one up, or judge how many there are."""
        self._take_in()
        now = self._clock()
        is_open = self._client.is_connected()
        if self.session and not is_open:
            self.session = None
            self._health.disconnected()
        if self.session and now - self._greeted_at >= STABLE_SECONDS:
            self._attempts = self._refusals = 0
        if is_open and not self.session and now - self._opened_at >= _HELLO_SECONDS:
            self._client.disconnect()
        if (self._is_wanted or not self._client.is_connected()) and now >= self._not_before:
            try:
                self.open()
            except OPENING_ERRORS as error:
                self._failed(self._translate(error))
        self._judge(now)

    def open(self) -> None:
        """Open a connection now. Raises OPENING_ERRORS; a connection that fails is only tried again."""
        self._attempts += 1
        self._not_before = self._clock() + pause(self._attempts, self._chance())
        overlaps = self._client.is_connected()
        try:
            self._client.open()
        except SlackClientNotConnectedError as error:
            log.warning("socket.not_opened", extra={"error": str(error)})
            return
        self._is_wanted, self._overlaps, self._opened_at = False, overlaps, self._clock()

    def _failed(self, error: SlackError) -> None:
        if isinstance(error, RateLimited):
            self._not_before = max(self._not_before, self._clock() + error.retry_after)
        elif not isinstance(error, Unreachable):
            self._refused(error)

    def _refused(self, error: SlackError) -> None:
        """Slack wants no connection, and says why."""
        self._refusals += 1
        self._not_before = self._clock() + pause(self._refusals, self._chance(), is_refused=True)
        self.session, self._count = None, None
        self._client.disconnect()
        self._health.disconnected(slack_setup.of_connection(error))

    def _take_in(self) -> None:
        try:
            while True:
                session, frame = self._frames.get_nowait()
                if session == self._client.session_id():  # else it is of one that was replaced meanwhile
                    self._take(session, frame)
        except Empty:
            return

    def _take(self, session: str | None, frame: dict[str, Any]) -> None:
        if frame.get("type") == "hello":
            self.session, self._greeted_at = session, self._clock()
            self._health.connected()
            self._begin_count(int(frame.get("num_connections") or 1))
        elif frame.get("type") == "disconnect" and frame.get("reason") in _REFRESHES:
            self._is_wanted = True
        elif frame.get("type") == "disconnect":
            self._refused(SlackError(str(frame.get("reason") or "disconnect")))

    # Who else is connected

    def _begin_count(self, connections: int) -> None:
        own = 2 if self._overlaps else 1
        known = self._known()
        judged_at = self._clock() + _COUNT_SECONDS
        self._count = None if known is None else _Count(connections, own, known, judged_at)

    def _judge(self, now: float) -> None:
        """Warn, once, of connections that belong to no process that the store knows of.

        Who had come or gone when Slack counted may not have been written down yet, or not any more.
        """
        count = self._count
        if count is None or now < count.judged_at or (known := self._known()) is None:
            return
        self._count = None
        processes = max(known, count.processes)
        has_ghosts = count.connections > processes - 1 + count.own
        if has_ghosts and not self._has_warned:
            fields = {"connections": count.connections, "processes": processes}
            log.warning("socket.ghosts", extra={**fields, "fix": slack_setup.ghosts(**fields)})
        self._has_warned = has_ghosts

    def _known(self) -> int | None:
        try:
            return self._processes()
        except StoreError:
            return None
