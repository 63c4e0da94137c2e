"""Thousands of payloads that Slack's documentation does not know, through the real listeners.

Each is a payload as Slack sends it, in which one to three values were exchanged or left out.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, ClassVar
from unittest.mock import create_autospec

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot import listeners
from bot.adapters.slack_messages import signed
from bot.adapters.slack_web import SlackWeb
from bot.core.journal import encoded
from bot.core.question import Question
from bot.core.signature import key_of
from bot.core.texts import language_of
from bot.engine.asides import Asides
from bot.engine.home import Homes
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.users import UserDirectory
from bot.engine.orchestrator import Orchestrator
from bot.engine.reception import Reception
from bot.listeners.envelopes import Envelopes
from bot.playground.slack import BOT_TOKEN
from bot.playground.workspace import BOT_ID, BOT_USER, TEAM
from tests.workbench import Workbench

TOKEN = "xoxb-1"
EACH = 200  # for each of the payloads below: 2,600 in all

USER, TEAM_OF = {"id": "UADA", "name": "ada"}, {"id": TEAM}
STOOD = {"ts": "2.0", "thread_ts": "1.0", "text": "Because.", "user": BOT_USER, "blocks": []}
PRESS = "UADA 0 C1/1.0 abc"


def event(**told: Any) -> dict[str, Any]:
    outer = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "is_ext_shared_channel": False}
    return {**outer, "event": told}


def press(action: dict[str, Any]) -> dict[str, Any]:
    where = {"channel": {"id": "C1"}, "message": STOOD, "response_url": "https://hooks.slack.com/a"}
    return {
        "type": "block_actions",
        "team": TEAM_OF,
        "user": USER,
        "trigger_id": "3",
        **where,
        "actions": [action],
    }


def button(action_id: str, value: str) -> dict[str, Any]:
    return press({"type": "button", "block_id": "b", "action_id": action_id, "value": value})


def submission(name: str, carries: str) -> dict[str, Any]:
    state = {"values": {name: {name: {"type": "plain_text_input", "value": "why?"}}}}
    view = {"id": "V1", "type": "modal", "callback_id": name, "private_metadata": carries, "state": state}
    return {"type": "view_submission", "team": TEAM_OF, "user": USER, "view": view}


SAID = {"channel": "C1", "user": "UADA", "text": f"<@{BOT_USER}> why?", "ts": "1.0"}
FILE = {
    "id": "F1",
    "name": "a.png",
    "mimetype": "image/png",
    "filetype": "png",
    "size": 9,
    "url_private": "https://a",
}
ABOUT = {"channel": "C1", "thread_ts": "1.0", "opens_thread": False, "subject": "that", "response_url": ""}
PAYLOADS = {
    "mention": event(type="app_mention", files=[FILE], thread_ts="0.5", **SAID),
    "direct": event(type="message", channel_type="im", **{**SAID, "channel": "D1"}),
    "changed": event(
        type="message",
        subtype="message_changed",
        channel="D1",
        channel_type="im",
        message=SAID,
        previous_message={**SAID, "text": "how?"},
    ),
    "deleted": event(type="message", subtype="message_deleted", channel="D1", deleted_ts="1.0"),
    "opened": event(type="app_home_opened", user="UADA", channel="D1", tab="home"),
    "command": {
        "command": "/ask",
        "text": "why?",
        "team_id": TEAM,
        "channel_id": "C1",
        "user_id": "UADA",
        "trigger_id": "3",
        "response_url": "https://hooks.slack.com/a",
    },
    "stop": button("stop", PRESS),
    "retry": button("retry", PRESS),
    "follow-up": button("follow_up_1", "0 And then?"),
    "feedback": press(
        {"type": "feedback_buttons", "block_id": "b", "action_id": "feedback", "value": f"up {PRESS}"}
    ),
    "reason": submission("reason", f"down {PRESS}"),
    "about": submission("about", json.dumps(ABOUT)),
    "shortcut": {
        "type": "message_action",
        "callback_id": "ask_about_message",
        "team": TEAM_OF,
        "user": USER,
        "channel": {"id": "C1"},
        "message": SAID,
        "trigger_id": "3",
        "response_url": "https://hooks.slack.com/a",
    },
}


def as_sent(payload: dict[str, Any], token: str = TOKEN) -> dict[str, Any]:
    """A copy of `payload` whose values a bot with that token signed."""
    found, key = deepcopy(payload), key_of(token)
    if view := found.get("view"):
        found["view"] = signed(view, found["user"]["id"], key)
    if actions := found.get("actions"):
        found["actions"] = signed(actions, found["channel"]["id"], key)
    return found


STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 10**30, 1.5e300, -0.0),
        *([], {}, [None], {"id": {}}, [[]], {"value": [1]}, {"": ""}, [{"text": None}]),
        "",
        "-1e999",
        "<!channel> <!here|x> @everyone <@U1> <#C1>",
        "\u202e\u2066right to left\u2069",
        "\"'`\\\"'`" * 3,
        "&lt;!here&gt; &amp;amp;",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U000e0001\U0010ffff\x00\x1b[31m",
        "질문 " * 4_000,
        "<" * 5_000,
    ]
) | st.text(max_size=30)
GONE = object()
SPOILS = STRANGE | st.just(GONE)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all values in a payload."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield from places(each, (*path, name))


@st.composite
def spoiled(draw: st.DrawFn, payload: dict[str, Any]) -> dict[str, Any]:
    """`payload` with one to three of its values exchanged or left out; not what tells Bolt whom to call."""
    found = deepcopy(payload)
    told = {("type",), ("event", "type"), ("command",), ("callback_id",), ("view", "callback_id")}
    paths = [
        path for path in places(payload) if path not in told and path[-1] not in ("action_id", "block_id")
    ]
    for _ in range(draw(st.integers(1, 3))):
        put(found, draw(st.sampled_from(paths)), draw(SPOILS))
    return found


def put(payload: Any, path: tuple[Any, ...], value: Any) -> None:
    *way, name = path
    for step in way:
        payload = payload[step] if has(payload, step) else None  # what it stood in can be gone already
    if isinstance(payload, dict) and value is GONE:
        payload.pop(name, None)
    elif has(payload, name):
        payload[name] = None if value is GONE else deepcopy(value)  # else a list could be put into itself


def has(payload: Any, name: Any) -> bool:
    if isinstance(payload, list):
        return isinstance(name, int) and name < len(payload)
    return isinstance(payload, dict) and name in payload


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return []


@pytest.fixture(scope="module")
def envelopes(asked: list[Question]) -> Envelopes:
    """Bolt with all listeners, and nobody behind them."""
    me = AuthorizeResult(
        enterprise_id=None, team_id=TEAM, bot_user_id=BOT_USER, bot_id=BOT_ID, bot_token=TOKEN
    )
    app = App(
        client=WebClient(TOKEN),
        authorize=lambda: me,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    key = key_of(TOKEN)
    reception, asides = create_autospec(Reception), create_autospec(Asides)
    reception.ask.side_effect = lambda question, *_: asked.append(question)
    reception.follow.side_effect = lambda question, *_: asked.append(question)
    reception.amend.side_effect = asked.append
    reception.restart.side_effect = asked.append
    asides.language_for.side_effect = language_of
    orchestrator, homes = map(create_autospec, (Orchestrator, Homes))
    users, channels = create_autospec(UserDirectory), create_autospec(ChannelDirectory)
    person_in = SlackWeb(WebClient(TOKEN), BOT_USER, TEAM).person_in
    parts = (reception, orchestrator, homes, asides, users, channels)
    listeners.register(app, *parts, person_in=person_in, key=key, follow_threads=True)
    return Envelopes(app, "xapp-1")


class Client(BaseSocketModeClient):
    """A socket of which only what is sent is of interest."""

    logger = logging.getLogger("slack_bolt")
    sent: ClassVar[list[str]] = []

    def send_socket_mode_response(self, response: Any) -> None:
        self.sent.append(response.envelope_id)


def kind_of(payload: dict[str, Any]) -> str:
    """How Slack calls the envelope that a payload comes in."""
    return {"event_callback": "events_api", None: "slash_commands"}.get(payload.get("type"), "interactive")


def is_acknowledged(envelopes: Envelopes, payload: dict[str, Any]) -> bool:
    """Whether the envelope with `payload` is acknowledged."""
    client, sent = Client(), Client.sent
    sent.clear()
    envelopes.handle(client, SocketModeRequest(kind_of(payload), "E1", payload))
    return sent == ["E1"]


@pytest.mark.parametrize("name", PAYLOADS)
@settings(max_examples=EACH, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_whatever_comes_is_acknowledged_and_what_is_asked_can_be_written_down(
    name: str, envelopes: Envelopes, asked: list[Question], data: st.DataObject
) -> None:
    logging.disable(logging.CRITICAL)
    payload = data.draw(spoiled(as_sent(PAYLOADS[name])))
    asked.clear()
    try:
        assert is_acknowledged(envelopes, payload)
    finally:
        logging.disable(logging.NOTSET)
    for question in asked:
        encoded(question).encode()
        told = (question.team, question.channel, question.user, question.text, question.key)
        assert all(isinstance(each, str) for each in told)
        assert isinstance(question.thread_ts, str | None)
        assert isinstance(question.is_external_room, bool | None)


@pytest.mark.parametrize("name", PAYLOADS)
def test_as_slack_sends_it_each_is_heard(
    name: str, envelopes: Envelopes, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_acknowledged(envelopes, as_sent(PAYLOADS[name]))
    assert not caplog.records


PINGS = "<!channel> <!here|x> @everyone <@UMINJI> <!subteam^S1> why?"
FIRES = re.compile(r"<!(channel|here|everyone|subteam)|@(channel|here|everyone)|<@UMINJI")

SHOWN = {"text", "blocks", "markdown_text", "status", "view", "title", "submit", "close"}


def pinging() -> Iterator[dict[str, Any]]:
    """Each payload once for each of its texts, which would ping."""
    for payload in PAYLOADS.values():
        real = json.loads(json.dumps(payload).replace('"C1"', '"CGENERAL"'))
        for path in places(real):
            found = deepcopy(real)
            put(found, path, PINGS)
            if path[-1] in ("text", "value", "name", "title", "user", "message", "private_metadata"):
                yield as_sent(found, BOT_TOKEN) if isinstance(found.get("user"), dict) else found


def shown_in(parameters: Mapping[str, Any]) -> list[Any]:
    """What people see of a call, and not what Slack keeps for the bot."""
    here = [value for name, value in parameters.items() if name in SHOWN and name != "view"]
    return here + (shown_in(parameters["view"]) if "view" in parameters else [])


def test_nothing_that_is_shown_pings_anybody_wherever_a_payload_would(bench: Workbench) -> None:
    """The real bot, whose scripted models say again what they were asked."""
    bench.start_bot()
    for number, payload in enumerate(pinging(), 1):
        text = json.dumps(payload).replace('"Ev1"', f'"Ev{number}"').replace('"1.0"', f'"{number}.0"')
        sent = json.loads(text)  # none is taken for one that came before
        bench.servers.wait_for(
            lambda sent=sent: bench.slack.sockets.deliver_interaction(kind_of(sent), sent)  # type: ignore[misc]
        )
    bench.until(bench.at_rest)

    calls = bench.servers.do(lambda: list(bench.slack.calls))
    shown = [str(shown_in(call.parameters)) for call in calls]
    assert any("channel" in said and "why?" in said for said in shown)  # what would ping is shown
    assert not [said for said in shown if FIRES.search(said)]
