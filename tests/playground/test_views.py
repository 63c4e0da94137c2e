"""Clicks, shortcuts, modals and Homes, with the real slack_sdk on the other side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.playground.events import ALL_EVENTS
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import ALL_SCOPES, Slack
from bot.playground.socket_mode import SocketMode
from bot.playground.web_api import ApiError, as_slack_shows
from bot.playground.workspace import ADA, BOT_USER, MINJI, TEAM, Message, View
from tests.playground.serving import Clock, Listener, serving, web_client


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(action_id: str) -> dict[str, Any]:
    return {"type": "button", "text": plain("Press"), "action_id": action_id, "value": "17"}


def question(**more: Any) -> dict[str, Any]:
    """An input block."""
    element = {"type": "plain_text_input", "action_id": "why"}
    return {"type": "input", "block_id": "reason", "label": plain("Why?"), "element": element, **more}


OPTIONS = [{"text": plain(text), "value": text.lower()} for text in ("Again", "Never")]
FEEDBACK = {
    "type": "feedback_buttons",
    "action_id": "feedback",
    "positive_button": {"text": plain("Good"), "value": "up"},
    "negative_button": {"text": plain("Bad"), "value": "down"},
}
BLOCKS: list[dict[str, Any]] = [
    {"type": "actions", "elements": [button("stop")]},
    {
        "type": "section",
        "text": plain("x"),
        "accessory": {"type": "overflow", "action_id": "more", "options": OPTIONS},
    },
    {
        "type": "context_actions",
        "elements": [
            FEEDBACK,
            {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "delete"},
        ],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": plain("Tell us"),
    "submit": plain("Send"),
    "callback_id": "tell",
    "private_metadata": "17",
    "blocks": [question(), {"type": "actions", "elements": [button("help")]}],
}
HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "actions", "elements": [button("forget")]}]}
FILLED = {"reason": {"why": "It was wrong."}}

Answer = Callable[[SocketModeRequest], dict[str, Any] | None]


@pytest.fixture
def servers(clock: Clock) -> Iterator[Servers]:
    with serving(lambda: Slack(UNLIMITED, clock=clock)) as servers:
        yield servers


@pytest.fixture
def client(servers: Servers) -> WebClient:
    return web_client(servers)


def posted(servers: Servers) -> Message:
    ts = web_client(servers).chat_postMessage(channel="CGENERAL", text="x", blocks=BLOCKS)["ts"]
    return servers.slack.workspace.messages["CGENERAL", str(ts)]


def payloads(app: Listener, kind: str) -> list[dict[str, Any]]:
    """What came to the app over the socket, of one type."""
    sent = [e["payload"] for e in app.envelopes() if e["type"] == "interactive"]
    return [payload for payload in sent if payload["type"] == kind]


def code(client: WebClient, method: str, **arguments: Any) -> str:
    """The error of a call that is refused."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json=arguments)
    return str(refusal.value.response["error"])


@contextmanager
def an_open_modal(
    servers: Servers, answer: Answer = lambda _request: {}, view: Mapping[str, Any] = MODAL
) -> Iterator[tuple[Listener, View]]:
    """An app that answers what is sent so, and the modal that it opened when Ada clicked."""
    message = posted(servers)
    with closing(Listener(servers, answer)) as app:
        click(servers, message, "stop")
        trigger_id = payloads(app, "block_actions")[0]["trigger_id"]
        web_client(servers).views_open(trigger_id=trigger_id, view=dict(view))
        yield app, servers.slack.open_views(ADA.id)[0]


def click(
    servers: Servers, place: Message | View, action_id: str, value: str = "", user: str = ADA.id
) -> bool:
    return servers.wait_for(lambda: servers.slack.click(user, place, action_id, value))


def submit(servers: Servers, view: View, values: Any = FILLED) -> Mapping[str, str] | None:
    return servers.wait_for(lambda: servers.slack.submit(view.user, view.id, values))


@pytest.mark.parametrize(
    ("action_id", "value", "expected"),
    [
        ("feedback", "up", {"type": "feedback_buttons", "text": plain("Good"), "value": "up"}),
        ("feedback", "down", {"type": "feedback_buttons", "text": plain("Bad"), "value": "down"}),
        ("more", "never", {"type": "overflow", "selected_option": OPTIONS[1]}),
        ("delete", "", {"type": "icon_button", "icon": "trash", "text": plain("Delete")}),
        ("stop", "", {"type": "button", "text": plain("Press"), "value": "17"}),
    ],
)
def test_a_click_tells_what_was_chosen(
    servers: Servers, action_id: str, value: str, expected: dict[str, Any]
) -> None:
    message = posted(servers)
    with closing(Listener(servers)) as app:
        assert click(servers, message, action_id, value)
        (payload,) = payloads(app, "block_actions")

    (action,) = payload["actions"]
    assert action.pop("action_ts")
    assert action.pop("block_id") in {block["block_id"] for block in message.blocks}
    assert action == {**expected, "action_id": action_id}


@pytest.mark.parametrize(("action_id", "value"), [("feedback", "sideways"), ("more", ""), ("less", "up")])
def test_what_is_not_offered_cannot_be_chosen(servers: Servers, action_id: str, value: str) -> None:
    message = posted(servers)

    with pytest.raises(KeyError):
        click(servers, message, action_id, value)


def test_a_trigger_opens_one_modal(servers: Servers, client: WebClient) -> None:
    with an_open_modal(servers) as (app, view):
        shown = client.views_open(trigger_id=fresh_trigger(servers, app), view=MODAL)["view"]

        assert view.body.items() >= {"title": MODAL["title"], "private_metadata": "17"}.items()
        assert shown.items() >= {"type": "modal", "callback_id": "tell", "state": {"values": {}}}.items()
        assert [view.id for view in servers.slack.open_views(ADA.id)] == [view.id, shown["id"]]
        assert servers.slack.open_views(MINJI.id) == []
        spent = payloads(app, "block_actions")[-1]["trigger_id"]
        assert code(client, "views.open", trigger_id=spent, view=MODAL) == "exchanged_trigger_id"


def fresh_trigger(servers: Servers, app: Listener) -> str:
    click(servers, posted(servers), "stop")
    return str(payloads(app, "block_actions")[-1]["trigger_id"])


def test_a_trigger_is_good_for_three_seconds(servers: Servers, client: WebClient, clock: Clock) -> None:
    with closing(Listener(servers)) as app:
        first, second = (fresh_trigger(servers, app) for _ in range(2))
        clock.now += 2.9
        assert client.views_open(trigger_id=first, view=MODAL)["ok"]
        clock.now += 0.1
        assert code(client, "views.open", trigger_id=second, view=MODAL) == "expired_trigger_id"

    assert code(client, "views.open", trigger_id="1.2.guessed", view=MODAL) == "invalid_trigger_id"
    assert code(client, "views.open", view=MODAL) == "invalid_arguments"


def test_a_modal_that_slack_would_not_take_leaves_the_trigger_as_it_is(
    servers: Servers, client: WebClient
) -> None:
    with closing(Listener(servers)) as app:
        trigger_id = fresh_trigger(servers, app)
        assert code(client, "views.open", trigger_id=trigger_id, view=HOME) == "invalid_arguments"
        assert client.views_open(trigger_id=trigger_id, view=MODAL)["ok"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"type": "home"}, "/view/type"),
        ({"title": None}, "/view/title"),
        ({"title": plain("x" * 25)}, "/view/title"),
        ({"submit": plain("x" * 25)}, "/view/submit"),
        ({"close": plain("x" * 25)}, "/view/close"),
        ({"submit": None}, "/view/submit"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"private_metadata": "가" * 1001}, "/view/private_metadata"),
        ({"private_metadata": '"' * 1501}, "/view/private_metadata"),
        ({"blocks": [{"type": "section", "text": plain("&" * 601)}]}, "/view/blocks/0/text"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": "x"}, "/view/blocks"),
        ({"blocks": ["x"]}, "/view/blocks/0/type"),
        ({"blocks": [{"type": "divider"}] * 101}, "/view/blocks"),
        ({"blocks": [{"type": "markdown", "text": "x"}]}, "/view/blocks/0/type"),
        ({"blocks": [BLOCKS[2]]}, "/view/blocks/0/type"),
        ({"blocks": [question(), question()]}, "/view/blocks/1/block_id"),
        ({"blocks": [question(label=None)]}, "/view/blocks/0/label"),
        ({"blocks": [question(hint=plain("x" * 2001))]}, "/view/blocks/0/hint"),
        ({"blocks": [question(element=None)]}, "/view/blocks/0/element/type"),
        ({"blocks": [question(element=button("x"))]}, "/view/blocks/0/element/type"),
        (
            {"blocks": [question(element={"type": "plain_text_input", "max_length": 3001})]},
            "/view/blocks/0/element/max_length",
        ),
        (
            {"blocks": [question(element={"type": "plain_text_input", "placeholder": plain("x" * 151)})]},
            "/view/blocks/0/element/placeholder",
        ),
    ],
)
def test_what_is_wrong_with_a_modal_is_said(
    servers: Servers, client: WebClient, wrong: dict[str, Any], where: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        client.api_call("views.open", json={"trigger_id": "1.2.any", "view": {**MODAL, **wrong}})

    answer = refusal.value.response
    assert answer["error"] == "invalid_arguments"
    assert [problem for problem in answer["response_metadata"]["messages"] if problem.endswith(f":{where}]")]


def test_a_modal_at_the_limits_is_taken(servers: Servers, client: WebClient) -> None:
    element = {
        "type": "plain_text_input",
        "action_id": "why",
        "multiline": True,
        "max_length": 3000,
        "placeholder": plain("x" * 150),
    }
    most = {
        **MODAL,
        "title": plain("x" * 24),
        "close": plain("x" * 24),
        "private_metadata": "x" * 1500 + "가" * 500,
        "blocks": [
            question(element=element, hint=plain("x" * 2000), optional=True),
            *[{"type": "divider"}] * 99,
        ],
    }
    with closing(Listener(servers)) as app:
        assert client.views_open(trigger_id=fresh_trigger(servers, app), view=most)["ok"]


def test_a_form_that_is_sent_tells_what_was_written_and_closes(servers: Servers) -> None:
    optional = question(block_id="more", optional=True)
    with an_open_modal(servers, view={**MODAL, "blocks": [question(), optional]}) as (app, view):
        assert submit(servers, view) == {}
        (payload,) = payloads(app, "view_submission")

    assert servers.slack.open_views(ADA.id) == []
    assert payload["user"]["id"] == ADA.id
    assert "trigger_id" not in payload  # it is not documented
    assert payload["view"].items() >= {"id": view.id, "callback_id": "tell", "private_metadata": "17"}.items()
    assert payload["view"]["state"]["values"] == {
        "reason": {"why": {"type": "plain_text_input", "value": "It was wrong."}},
        "more": {"why": {"type": "plain_text_input", "value": None}},
    }


@pytest.mark.parametrize("written", ["", "x" * 3001])
def test_what_does_not_fit_a_field_is_not_sent(servers: Servers, written: str) -> None:
    with an_open_modal(servers) as (app, view):
        problems = submit(servers, view, {"reason": {"why": written}})

        assert problems is not None
        assert problems.keys() == {"reason"}
        assert payloads(app, "view_submission") == []
        assert servers.slack.open_views(ADA.id) == [view]


def test_the_app_may_find_the_form_wrong(servers: Servers) -> None:
    errors = {"reason": "Too short."}
    answer = {"response_action": "errors", "errors": errors}
    with an_open_modal(servers, lambda _request: answer) as (_app, view):
        assert submit(servers, view) == errors
        assert servers.slack.open_views(ADA.id) == [view]


def test_the_app_may_put_another_form_in_its_place(servers: Servers) -> None:
    thanks = {"type": "modal", "title": plain("Thanks"), "blocks": [{"type": "divider"}]}
    answer = {"response_action": "update", "view": thanks}
    with an_open_modal(servers, lambda _request: answer) as (_app, view):
        assert submit(servers, view) == {}
        (changed,) = servers.slack.open_views(ADA.id)

    assert (changed.id, changed.body["title"]) == (view.id, plain("Thanks"))
    assert changed.hash != view.hash


def test_the_app_may_close_all_forms(servers: Servers, client: WebClient) -> None:
    with an_open_modal(servers, lambda _request: {"response_action": "clear"}) as (app, view):
        client.views_open(trigger_id=fresh_trigger(servers, app), view=MODAL)
        assert submit(servers, view) == {}

    assert servers.slack.open_views(ADA.id) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"another": "Wrong."}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "dance"},
    ],
)
def test_an_answer_that_slack_does_not_take_leaves_the_form(servers: Servers, answer: dict[str, Any]) -> None:
    with an_open_modal(servers, lambda _request: answer) as (_app, view):
        assert submit(servers, view) is None
        assert servers.slack.open_views(ADA.id) == [view]


def test_a_form_that_is_not_acknowledged_stays_open() -> None:
    def answer(request: SocketModeRequest) -> dict[str, Any] | None:
        return None if request.payload["type"] == "view_submission" else {}

    with (
        serving(lambda: Slack(UNLIMITED, sockets=SocketMode(ack_seconds=0.5))) as servers,
        an_open_modal(servers, answer) as (_app, view),
    ):
        assert submit(servers, view) is None
        assert servers.slack.open_views(ADA.id) == [view]


def test_a_button_of_a_modal_tells_of_its_view_and_of_no_message(servers: Servers) -> None:
    with an_open_modal(servers) as (app, view):
        assert click(servers, view, "help")
        payload = payloads(app, "block_actions")[-1]

    assert payload["container"] == {"type": "view", "view_id": view.id}
    assert payload["view"]["private_metadata"] == "17"
    assert payload["actions"][0]["action_id"] == "help"
    assert not payload.keys() & {"channel", "message", "response_url"}


def test_a_home_is_published_for_a_person_and_replaced(servers: Servers, client: WebClient) -> None:
    first = client.views_publish(user_id=ADA.id, view=HOME)["view"]
    second = client.views_publish(user_id=ADA.id, view=HOME, hash=first["hash"])["view"]

    assert first["id"] == second["id"]
    assert servers.slack.workspace.homes.keys() == {ADA.id}
    assert servers.slack.workspace.homes[ADA.id].hash == second["hash"] != first["hash"]
    assert code(client, "views.publish", user_id=ADA.id, view=HOME, hash=first["hash"]) == "hash_conflict"


@pytest.mark.parametrize(
    ("user", "view", "expected"),
    [
        ("UNOBODY", HOME, "invalid_arguments"),
        (BOT_USER, HOME, "invalid_arguments"),
        (ADA.id, MODAL, "invalid_arguments"),
        (ADA.id, "[", "invalid_arguments"),
        (ADA.id, None, "invalid_arguments"),
        (ADA.id, {"type": "home", "blocks": [{"type": "divider"}] * 101}, "invalid_arguments"),
        (ADA.id, {**HOME, "private_metadata": "가" * 84_000}, "view_too_large"),
    ],
)
def test_a_home_that_slack_would_not_take_is_refused(
    servers: Servers, client: WebClient, user: str, view: Any, expected: str
) -> None:
    assert code(client, "views.publish", user_id=user, view=view) == expected
    assert servers.slack.workspace.homes == {}


def test_opening_the_home_is_heard_and_so_are_its_buttons() -> None:
    events = ALL_EVENTS | {"app_home_opened"}
    with (
        serving(lambda: Slack(UNLIMITED, subscribed=events)) as servers,
        closing(Listener(servers)) as app,
    ):
        (first,) = app.hears(lambda slack: slack.events.of_home_opened(ADA.id))
        published = web_client(servers).views_publish(user_id=ADA.id, view=HOME)["view"]
        (second,) = app.hears(lambda slack: slack.events.of_home_opened(ADA.id))
        home = servers.slack.workspace.homes[ADA.id]
        assert click(servers, home, "forget")
        (payload,) = payloads(app, "block_actions")

    assert first.pop("event_ts")
    assert first == {"type": "app_home_opened", "user": ADA.id, "channel": "DADA", "tab": "home"}
    assert second["view"] == published
    assert payload["view"]["type"] == "home"
    assert payload["actions"][0]["action_id"] == "forget"


def test_who_does_not_subscribe_to_it_does_not_hear_of_the_home_opening() -> None:
    events = ALL_EVENTS - {"app_home_opened"}
    with (
        serving(lambda: Slack(UNLIMITED, subscribed=events)) as servers,
        closing(Listener(servers)) as app,
    ):
        assert app.hears(lambda slack: slack.events.of_home_opened(ADA.id)) == []


@pytest.mark.parametrize("channel", ["CGENERAL", "CQUIET"])
def test_a_shortcut_tells_of_its_message_wherever_that_is(servers: Servers, channel: str) -> None:
    said = servers.do(lambda: servers.slack.say(MINJI.id, channel, "what is this?"))
    with closing(Listener(servers)) as app:
        assert servers.wait_for(lambda: servers.slack.message_shortcut(ADA.id, said, "ask_about_message"))
        (payload,) = payloads(app, "message_action")

    assert payload["response_url"].startswith(f"{servers.slack.base_url}/actions/")
    assert payload["trigger_id"]
    assert (
        payload.items()
        >= {
            "type": "message_action",
            "callback_id": "ask_about_message",
            "user": {"id": ADA.id, "username": "Ada", "name": "Ada", "team_id": TEAM},
            "channel": {"id": channel, "name": channel[1:].lower()},
            "team": {"id": TEAM, "domain": "playground"},
            "message": as_slack_shows(said),
            "message_ts": said.ts,
        }.items()
    )


def test_a_shortcut_needs_the_scope_of_commands() -> None:
    with serving(lambda: Slack(granted=ALL_SCOPES - {"commands"})) as servers:
        said = servers.do(lambda: servers.slack.say(MINJI.id, "CGENERAL", "what is this?"))

        with pytest.raises(ApiError, match="missing_scope"):
            servers.wait_for(lambda: servers.slack.message_shortcut(ADA.id, said, "ask_about_message"))
