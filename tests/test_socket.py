"""A connection that is lost is noticed, said and made anew, however it is lost."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.slack_errors import translated
from bot.core import connection
from bot.engine.health import Health
from bot.listeners.connection import Client, Connection
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.socket_mode import MAX_CONNECTIONS, Loss
from tests.workbench import Workbench


@pytest.mark.parametrize("how", Loss)
def test_a_lost_connection_is_made_anew_within_ten_seconds_and_the_next_question_is_answered(
    bench: Workbench, how: Loss, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    with caplog.at_level(logging.INFO, "bot.app"):
        bench.start_bot()
        bench.until(lambda: "socket.connected" in caplog.messages)
        caplog.clear()
        bench.servers.wait_for(lambda: bench.slack.sockets.lose(how))
        question = bench.mention("why?")

        bench.until(lambda: "socket.connected" in caplog.messages, seconds=10.0)
        assert bench.answered(question) == ["On it.", "Because."]


def test_a_mistake_in_watching_the_connection_is_logged_and_does_not_end_that(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    look = Connection.look

    def mistaken(_connection: Connection) -> None:
        monkeypatch.setattr(Connection, "look", look)
        raise ZeroDivisionError

    monkeypatch.setattr(Connection, "look", mistaken)
    with caplog.at_level(logging.INFO, "bot"):
        bench.start_bot()
        bench.until(lambda: "socket.connected" in caplog.messages)

    assert caplog.messages.index("work.crashed") < caplog.messages.index("socket.connected")


# Connections that Slack does not want


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the bot itself logged as errors; slack_sdk logs some of its own in some releases."""
    ours = (record for record in caplog.records if record.name.startswith("bot."))
    return [record for record in ours if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("reason", ["too_many_websockets", "link_disabled"])
def test_a_connection_that_slack_refuses_is_told_with_its_fix_and_made_when_slack_takes_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    monkeypatch.setattr(connection, "_FIRST_PAUSE_REFUSED", 0.5)
    sockets = bench.slack.sockets
    running = bench.start_bot()
    bench.until(lambda: running.health.is_healthy)
    sockets.ghosts = MAX_CONNECTIONS if reason == "too_many_websockets" else 0
    bench.servers.wait_for(lambda: sockets.disconnect(reason))
    bench.until(lambda: len(bench.calls("apps.connections.open")) == 3)  # of which two were in vain

    assert running.orchestrator.state.startswith("disconnected: ")
    assert f"({reason})" in running.orchestrator.state
    (error,) = errors(caplog)
    assert (error.message, vars(error)["reason"]) == ("socket.refused", reason)
    assert vars(error)["fix"] in running.orchestrator.state
    sockets.ghosts, sockets.is_enabled = 0, True
    bench.until(lambda: running.orchestrator.state == "connected")


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked"])
def test_an_app_token_that_slack_takes_no_more_is_told_once(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    monkeypatch.setattr(connection, "_FIRST_PAUSE_REFUSED", 0.3)
    running = bench.start_bot()
    bench.until(lambda: running.health.is_healthy)
    bench.slack.faults.always("apps.connections.open", Fault(error=code))
    bench.servers.wait_for(lambda: bench.slack.sockets.lose(Loss.CLOSE))
    bench.until(lambda: len(bench.calls("apps.connections.open")) == 4)

    (error,) = errors(caplog)
    assert (error.message, vars(error)["reason"]) == ("socket.refused", code)
    assert "connections:write" in vars(error)["fix"]
    assert not running.health.is_suspended  # the bot's token is another


class Line:
    """A client on whose connections Slack first says "hello", a reason to refuse, or ("") nothing.

    An error is raised instead.
    """

    def __init__(self, told: str | Exception) -> None:
        self.told, self.opened, self.now = told, list[float](), 0.0
        self.on_message_listeners: list[Callable[[str], None]] = []
        self.current_session: object = None
        self.health, self.processes, self.connections = Health(), 1, 1
        self.connection = Connection(
            cast("Client", self),
            self.health,
            lambda: self.processes,
            translated,
            lambda: self.now,
            lambda: 0.5,
        )

    def session_id(self) -> str | None:
        return str(len(self.opened)) if self.current_session else None

    def is_connected(self) -> bool:
        return self.current_session is not None

    def open(self) -> None:
        self.opened.append(self.now)
        if isinstance(self.told, Exception):
            raise self.told
        self.current_session = object()
        if self.told:
            self.say(self.told)

    def say(self, told: str) -> None:
        frame = {"type": "hello", "num_connections": self.connections}
        said = frame if told == "hello" else {"type": "disconnect", "reason": told}
        self.connection.hear(json.dumps(said))

    def disconnect(self) -> None:
        self.current_session = None

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        while self.now < end:
            self.connection.look()
            self.now = min(end, self.now + 0.5)
        self.connection.look()


def limited() -> SlackApiError:
    """The answer to a call that comes too soon."""
    answer = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": False, "error": "ratelimited"},
        headers={"Retry-After": "30"},
        status_code=429,
    )
    return SlackApiError("limited", answer)  # type: ignore[no-untyped-call] # slack_sdk gives it no types


@pytest.mark.parametrize(
    ("told", "in_5_s", "in_an_hour"),
    [
        ("too_many_websockets", 1, 75),
        ("link_disabled", 1, 75),
        ("a reason of tomorrow", 1, 75),
        (ConnectionRefusedError(), 3, 420),
        (limited(), 1, 121),
    ],
)
def test_connections_that_fail_are_tried_ever_more_slowly(
    told: str | Exception, in_5_s: int, in_an_hour: int
) -> None:
    line = Line(told)
    line.wait(5)
    assert len(line.opened) == in_5_s
    line.wait(3595)

    pauses = [after - before for before, after in pairwise(line.opened)]
    assert pauses == sorted(pauses)
    assert in_an_hour * 0.8 < len(line.opened) <= in_an_hour


def test_a_connection_that_slack_ends_as_soon_as_it_greeted_is_not_tried_faster() -> None:
    line = Line("hello")
    for _ in range(10):
        line.wait(2)
        if line.is_connected():
            line.say("too_many_websockets")
    line.wait(1)

    assert len(line.opened) <= 3
    assert not line.health.is_healthy


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_a_connection_that_is_refreshed_is_replaced_at_once_and_not_said_to_be_lost(reason: str) -> None:
    line = Line("hello")
    line.wait(100)
    line.say(reason)
    line.connection.look()

    assert line.opened == [0.0, 100.0]
    assert line.health.is_healthy


def test_what_an_older_connection_said_is_not_taken_for_the_new_ones() -> None:
    line = Line("hello")
    line.wait(100)
    line.say("refresh_requested")
    line.say("warning")
    line.wait(100)

    assert line.opened == [0.0, 100.0]


def test_a_connection_without_hello_is_given_up() -> None:
    line = Line("")
    line.wait(30)

    assert len(line.opened) > 1
    assert not line.health.is_healthy


@pytest.mark.parametrize(
    ("connections", "processes", "warnings"), [(1, 1, 0), (3, 3, 0), (2, 1, 1), (10, 3, 1), (1, 2, 0)]
)
def test_connections_that_belong_to_no_process_are_warned_of_once(
    caplog: pytest.LogCaptureFixture, connections: int, processes: int, warnings: int
) -> None:
    line = Line("hello")
    line.connections, line.processes = connections, processes
    line.wait(100)
    line.say("refresh_requested")
    line.connections += 1  # its own, which overlap
    line.wait(100)

    told = [vars(record) for record in caplog.records if record.message == "socket.ghosts"]
    assert len(told) == warnings
    for each in told:
        assert "ghosts" in each["fix"]
        assert (each["connections"], each["processes"]) == (connections, processes)


def test_processes_that_come_and_go_while_slack_counts_are_no_ghosts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line("hello")
    line.connections, line.processes = 2, 2
    line.connection.look()
    line.connection.look()
    line.processes = 1
    line.wait(100)
    line.connections, line.processes = 3, 1
    line.say("refresh_requested")
    line.connection.look()
    line.connection.look()
    line.processes = 2
    line.wait(100)

    assert "socket.ghosts" not in caplog.messages


def test_ghosts_on_the_real_connection_are_warned_of(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.listeners.connection._COUNT_SECONDS", 0.1)
    bench.slack.sockets.ghosts = 2
    bench.start_bot()
    bench.until(lambda: "socket.ghosts" in caplog.messages)
