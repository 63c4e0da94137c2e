"""Socket Mode, with the real slack_sdk on the other end of the connection."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.webhook import WebhookClient

from bot.adapters.slack_access import connection_url, greeting
from bot.core.errors import RateLimited
from bot.playground.limits import Limits
from bot.playground.servers import Servers
from bot.playground.slack import APP_TOKEN, Slack
from bot.playground.socket_mode import MAX_CONNECTIONS, SocketMode
from bot.playground.web_api import as_slack_shows
from bot.playground.workspace import ADA, BOT_USER, MINJI, TEAM, Message
from tests.playground.serving import Listener, serving, web_client

Listen = Callable[..., Listener]
LABEL = {"type": "plain_text", "text": "Stop"}
STOP = {"type": "button", "text": LABEL, "action_id": "stop", "value": "17", "style": "danger"}
RETRY = {"type": "button", "text": LABEL, "action_id": "retry"}
METADATA = {"event_type": "mark", "event_payload": {"kind": "answer"}}


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving() as servers:
        yield servers


@pytest.fixture
def impatient() -> Iterator[Servers]:
    """Servers that wait half a second where Slack waits three, and send an event again twice, at once."""
    with serving(lambda: Slack(sockets=SocketMode(ack_seconds=0.5, event_retries=(0.0, 0.0)))) as servers:
        yield servers


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Lets an app listen to servers. It must be asked for after them, to end before them."""
    listeners: list[Listener] = []

    def listen(servers: Servers, **options: Any) -> Listener:
        listeners.append(Listener(servers, **options))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


def never(_request: SocketModeRequest) -> None:
    """No acknowledgement."""


def send(servers: Servers, event: dict[str, Any], event_id: str = "") -> None:
    servers.do(lambda: servers.slack.events.send(event, event_id))


def command(servers: Servers, text: str = "why?", channel: str = "CGENERAL", user: str = ADA.id) -> None:
    """Give `/ask`; returns when it was acknowledged, or when Slack stopped waiting for that."""
    servers.wait_for(lambda: servers.slack.command(user, channel, "/ask", text))


def post_buttons(servers: Servers, channel: str = "CGENERAL", thread_ts: str | None = None) -> Message:
    """Let the app post a message with two buttons."""
    actions: dict[str, Any] = {"type": "actions", "elements": [STOP, RETRY]}
    blocks = [{"type": "markdown", "text": "hi"}, actions]
    ts = web_client(servers).chat_postMessage(
        channel=channel, text="hi", blocks=blocks, thread_ts=thread_ts, metadata=METADATA
    )["ts"]
    return servers.slack.workspace.messages[channel, str(ts)]


def click(servers: Servers, message: Message, action_id: str = "stop", user: str = ADA.id) -> bool:
    """Click a button; whether that was acknowledged."""
    return servers.wait_for(lambda: servers.slack.click(user, message, action_id))


def response_url(listener: Listener) -> str:
    (envelope,) = (each for each in listener.envelopes() if each["type"] != "events_api")
    return str(envelope["payload"]["response_url"])


def test_a_connection_begins_with_hello(servers: Servers, listen: Listen) -> None:
    first, second = listen(servers), listen(servers)

    assert first.frames[0].items() >= {"type": "hello", "num_connections": 1}.items()
    assert second.frames[0]["num_connections"] == 2
    assert first.frames[0]["connection_info"]["app_id"]


def greeted(servers: Servers) -> dict[str, Any]:
    """What Slack says first on a new connection."""
    client = web_client(servers)
    return dict(greeting(client, connection_url(client, APP_TOKEN)))


def test_hello_counts_connections_that_slack_believes_to_be_open(servers: Servers) -> None:
    servers.slack.sockets.ghosts = MAX_CONNECTIONS - 1

    assert greeted(servers)["num_connections"] == MAX_CONNECTIONS


@pytest.mark.parametrize("reason", ["too_many_websockets", "link_disabled"])
def test_a_connection_that_slack_does_not_want_is_told_why_in_place_of_hello(
    servers: Servers, reason: str
) -> None:
    servers.slack.sockets.ghosts = MAX_CONNECTIONS if reason == "too_many_websockets" else 0
    servers.slack.sockets.is_enabled = reason != "link_disabled"

    said = greeted(servers)
    assert (said["type"], said["reason"]) == ("disconnect", reason)
    assert said["debug_info"]["host"]
    assert servers.slack.sockets.connections == 0


def test_socket_mode_that_is_switched_off_ends_all_connections(servers: Servers, listen: Listen) -> None:
    listener = listen(servers)
    servers.wait_for(lambda: servers.slack.sockets.disconnect("link_disabled"))
    listener.until(lambda: {"disconnect"} & {frame["type"] for frame in listener.frames})

    assert listener.frames[-1]["reason"] == "link_disabled"
    assert greeted(servers)["reason"] == "link_disabled"


def test_connections_are_opened_as_often_as_tier_3_allows_and_each_call_is_written_down() -> None:
    with serving(lambda: Slack(Limits(per_minute=2))) as servers:
        for _ in range(2):
            connection_url(web_client(servers), APP_TOKEN)
        with pytest.raises(RateLimited):
            connection_url(web_client(servers), APP_TOKEN)
        called = [(call.method, call.error) for call in servers.slack.calls]

    assert called == [("apps.connections.open", "")] * 2 + [("apps.connections.open", "ratelimited")]


def test_an_acknowledged_event_is_sent_once(servers: Servers, listen: Listen) -> None:
    listener = listen(servers)
    send(servers, {"type": "tick", "ts": "1.5"}, "Ev1")
    listener.hears(lambda _slack: None)

    envelope = listener.envelopes()[0]
    assert envelope["type"] == "events_api"
    assert envelope["accepts_response_payload"] is False
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert envelope["payload"].items() >= {"type": "event_callback", "event_id": "Ev1"}.items()
    assert envelope["payload"]["event"] == {"type": "tick", "ts": "1.5", "event_ts": "1.5"}
    assert len(listener.envelopes()) == 2
    assert not servers.slack.sockets.unacknowledged


def test_an_event_that_is_not_acknowledged_is_sent_again_until_slack_gives_up(
    impatient: Servers, listen: Listen
) -> None:
    listener = listen(impatient, answer=never)
    send(impatient, {"type": "tick"}, "Ev1")
    listener.until(lambda: len(listener.envelopes()) == 3)

    assert [envelope["retry_attempt"] for envelope in listener.envelopes()] == [0, 1, 2]
    assert [envelope["retry_reason"] for envelope in listener.envelopes()] == ["", "timeout", "timeout"]
    assert {envelope["payload"]["event_id"] for envelope in listener.envelopes()} == {"Ev1"}


def test_an_event_that_is_acknowledged_at_last_is_sent_no_more(impatient: Servers, listen: Listen) -> None:
    listener = listen(impatient, answer=lambda request: {} if request.retry_attempt else None)
    send(impatient, {"type": "tick"}, "Ev1")
    listener.until(lambda: len(listener.envelopes()) == 2)
    listener.until(lambda: listener.hears(lambda _slack: None) == [])

    assert [envelope["retry_attempt"] for envelope in listener.envelopes()][:2] == [0, 1]
    assert [envelope["retry_attempt"] for envelope in impatient.slack.sockets.unacknowledged].count(1) == 0


def test_slacks_own_numbers_are_the_defaults() -> None:
    """Three seconds; again at once, after one minute and after five: docs.slack.dev/apis/events-api."""
    parameters = inspect.signature(SocketMode).parameters

    assert parameters["ack_seconds"].default == 3
    assert parameters["event_retries"].default == (0, 60, 300)


def test_what_happens_before_the_app_connects_is_told_when_it_does(servers: Servers, listen: Listen) -> None:
    send(servers, {"type": "tick"}, "Ev1")
    listener = listen(servers)
    listener.until(listener.envelopes)

    assert listener.envelopes()[0]["payload"]["event_id"] == "Ev1"


def test_of_two_connections_each_envelope_goes_to_one(servers: Servers, listen: Listen) -> None:
    listeners = [listen(servers), listen(servers)]
    names = {f"Ev{number}" for number in range(40)}
    for name in names:
        send(servers, {"type": "tick"}, name)

    def got() -> list[list[str]]:
        return [[envelope["payload"]["event_id"] for envelope in one.envelopes()] for one in listeners]

    for listener in listeners:
        listener.until(lambda: sum(map(len, got())) >= len(names))
    assert sorted(got()[0] + got()[1]) == sorted(names)
    assert all(got())


def test_an_event_that_a_lost_connection_took_along_goes_to_another_one(
    impatient: Servers, listen: Listen
) -> None:
    lost = listen(impatient, answer=never)
    send(impatient, {"type": "tick"}, "Ev1")
    lost.until(lost.envelopes)
    lost.close()
    listener = listen(impatient)
    listener.until(listener.envelopes)

    assert listener.envelopes()[0]["payload"]["event_id"] == "Ev1"
    assert listener.envelopes()[0]["retry_attempt"] >= 1
    assert impatient.do(lambda: impatient.slack.sockets.connections) == 1


def test_a_command_carries_what_slack_says_of_it(servers: Servers, listen: Listen) -> None:
    listener = listen(servers)
    command(servers, "why?", "DADA")

    (envelope,) = listener.envelopes()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert (
        envelope["payload"].items()
        >= {
            "command": "/ask",
            "text": "why?",
            "user_id": ADA.id,
            "channel_id": "DADA",
            "channel_name": "directmessage",
        }.items()
    )
    assert listener.shown == []


def test_a_command_that_is_not_acknowledged_fails_before_its_asker_alone_and_is_not_sent_again(
    impatient: Servers, listen: Listen
) -> None:
    listener = listen(impatient, answer=never)
    command(impatient, user=MINJI.id)

    (shown,) = listener.shown
    assert "operation_timeout" in shown.text
    assert (shown.channel, shown.only_for) == ("CGENERAL", MINJI.id)
    assert len(listener.envelopes()) == 1


def test_the_text_of_an_acknowledgement_is_seen_by_the_asker_alone(servers: Servers, listen: Listen) -> None:
    listener = listen(servers, answer=lambda _request: {"text": "Ask me something."})
    command(servers)

    (shown,) = listener.shown
    assert (shown.text, shown.user, shown.only_for) == ("Ask me something.", BOT_USER, ADA.id)
    assert servers.slack.workspace.thread(shown.channel, shown.ts) == []


def test_a_response_url_takes_five_posts_that_the_asker_alone_sees(servers: Servers, listen: Listen) -> None:
    listener = listen(servers)
    command(servers, channel="CQUIET")
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    answers = [hook.send(text=f"{number}") for number in range(6)]

    assert [(answer.status_code, answer.body) for answer in answers] == [(200, "ok")] * 5 + [
        (404, "used_url")
    ]
    assert [shown.text for shown in listener.shown] == ["0", "1", "2", "3", "4"]
    assert {(shown.channel, shown.only_for) for shown in listener.shown} == {("CQUIET", ADA.id)}


def test_a_response_url_wants_text_and_does_not_count_what_it_refuses(
    servers: Servers, listen: Listen
) -> None:
    listener = listen(servers)
    command(servers)
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    refused = [hook.send_dict({"markdown_text": "hi"}) for _ in range(6)]

    assert {answer.status_code for answer in refused} == {400}
    assert "no_text" in refused[0].body
    assert hook.send(text="hi").status_code == 200


def test_a_response_url_that_was_not_given_out_is_refused(servers: Servers, listen: Listen) -> None:
    listener = listen(servers)
    answer = WebhookClient(f"{servers.slack.base_url}/commands/guessed", retry_handlers=[]).send(text="hi")

    assert answer.status_code == 404
    assert listener.shown == []


def test_a_response_url_is_good_for_half_an_hour() -> None:
    now = [1_750_000_000.0]
    with serving(lambda: Slack(clock=lambda: now[0])) as servers, closing(Listener(servers)) as listener:
        command(servers)
        hook = WebhookClient(response_url(listener), retry_handlers=[])
        now[0] += 30 * 60 - 1
        in_time = hook.send(text="hi")
        now[0] += 1
        late = hook.send(text="hi")

    assert in_time.status_code == 200
    assert (late.status_code, late.body) == (404, "expired_url")


@pytest.mark.parametrize(("channel", "name"), [("CGENERAL", "general"), ("DADA", "directmessage")])
def test_a_click_carries_what_slack_says_of_it(
    servers: Servers, listen: Listen, channel: str, name: str
) -> None:
    message = post_buttons(servers, channel)
    listener = listen(servers)

    assert click(servers, message)
    (envelope,) = (e for e in listener.envelopes() if e["type"] == "interactive")
    payload = envelope["payload"]
    assert envelope["accepts_response_payload"] is True
    assert payload["trigger_id"]
    assert payload["response_url"].startswith(f"{servers.slack.base_url}/actions/")
    assert payload["message"] == as_slack_shows(message)
    assert payload["message"]["metadata"] == METADATA
    assert (
        payload.items()
        >= {
            "type": "block_actions",
            "user": {"id": ADA.id, "username": "Ada", "name": "Ada", "team_id": TEAM},
            "api_app_id": "ADUET",
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel,
                "is_ephemeral": False,
            },
            "channel": {"id": channel, "name": name},
        }.items()
    )
    (action,) = payload["actions"]
    assert action.pop("action_ts") > message.ts
    assert action == {**STOP, "block_id": message.blocks[1]["block_id"]}


def test_a_click_tells_which_button_it_was(servers: Servers, listen: Listen) -> None:
    message = post_buttons(servers)
    listener = listen(servers)
    click(servers, message, "retry")

    (action,) = listener.envelopes()[0]["payload"]["actions"]
    assert action["action_id"] == "retry"
    assert not action.keys() & {"value", "style"}


def test_a_button_that_is_not_there_cannot_be_clicked(servers: Servers, listen: Listen) -> None:
    message = post_buttons(servers)
    listener = listen(servers)

    with pytest.raises(KeyError):
        click(servers, message, "another")
    assert listener.envelopes() == []


def test_a_click_that_is_not_acknowledged_is_known_and_not_sent_again(
    impatient: Servers, listen: Listen
) -> None:
    message = post_buttons(impatient)
    listener = listen(impatient, answer=never)

    assert not click(impatient, message)
    assert len(listener.envelopes()) == 1
    assert listener.shown == []


@pytest.mark.parametrize("is_reply", [True, False])
@pytest.mark.parametrize("body", [{}, {"response_type": "ephemeral"}, {"replace_original": True}])
def test_what_is_posted_to_a_clicks_response_url_replaces_the_message_for_everybody(
    servers: Servers, listen: Listen, is_reply: bool, body: dict[str, Any]
) -> None:
    """https://github.com/howdyai/botkit/issues/1408"""
    root = post_buttons(servers)
    message = post_buttons(servers, thread_ts=root.ts) if is_reply else root
    listener = listen(servers)
    click(servers, message, user=MINJI.id)
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    answers = [hook.send_dict({"text": "That is Ada's.", **body}).status_code for _ in range(6)]

    assert answers == [200] * 5 + [404]
    assert {(shown.ts, shown.text, shown.only_for) for shown in listener.shown} == {
        (message.ts, "That is Ada's.", "")
    }
    assert listener.shown[-1].blocks == []


@pytest.mark.parametrize("is_reply", [True, False])
def test_what_is_not_to_replace_a_message_is_seen_in_the_channel_by_the_clicker_alone(
    servers: Servers, listen: Listen, is_reply: bool
) -> None:
    """https://github.com/slackapi/bolt-js/issues/963"""
    root = post_buttons(servers)
    message = post_buttons(servers, thread_ts=root.ts) if is_reply else root
    listener = listen(servers)
    click(servers, message, user=MINJI.id)
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    body = {"text": "That is Ada's.", "replace_original": False, "thread_ts": root.ts}
    assert hook.send_dict(body).status_code == 200
    (shown,) = listener.shown

    assert (shown.thread_ts, shown.text, shown.only_for) == (None, "That is Ada's.", MINJI.id)
    assert servers.slack.workspace.messages["CGENERAL", message.ts] == message


def test_a_response_url_can_post_for_everybody_in_a_thread_and_delete_the_message(
    servers: Servers, listen: Listen
) -> None:
    root = post_buttons(servers, "DADA")
    listener = listen(servers)
    click(servers, root)
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    said = {"text": "Hello.", "response_type": "in_channel", "replace_original": False}
    hook.send_dict({**said, "thread_ts": root.ts})
    assert hook.send_dict({"delete_original": True}).status_code == 200

    assert (listener.shown[0].thread_ts, listener.shown[0].only_for) == (root.ts, "")
    assert servers.slack.workspace.messages["DADA", root.ts].subtype == "tombstone"
    listener.until(lambda: listener.events()[-1].get("subtype") == "message_changed")


def test_a_slash_command_has_no_message_that_could_be_replaced(servers: Servers, listen: Listen) -> None:
    """https://github.com/slackapi/bolt-js/issues/2287"""
    listener = listen(servers)
    command(servers)
    hook = WebhookClient(response_url(listener), retry_handlers=[])
    for text in ("Thinking", "Done"):
        hook.send_dict({"text": text, "replace_original": True})

    assert [(shown.text, shown.only_for) for shown in listener.shown] == [
        ("Thinking", ADA.id),
        ("Done", ADA.id),
    ]
    assert hook.send_dict({"delete_original": True}).status_code == 400


def test_who_is_told_something_in_a_thread_without_replies_does_not_see_it(
    servers: Servers, listen: Listen
) -> None:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    root = post_buttons(servers)
    listener = listen(servers)
    whisper = partial(
        web_client(servers).chat_postEphemeral,
        channel="CGENERAL",
        user=ADA.id,
        thread_ts=root.ts,
        text="Psst.",
    )
    whisper()
    assert listener.shown == []

    post_buttons(servers, thread_ts=root.ts)
    whisper()
    assert (listener.shown[-1].text, listener.shown[-1].thread_ts) == ("Psst.", root.ts)
