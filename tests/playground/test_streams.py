"""Messages that are written before the reader's eyes, with the real slack_sdk as their writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.workspace import ADA, BOT_ID, BOT_USER, TEAM, Message
from tests.playground.serving import Clock, Listener, serving, web_client

ADAS, REPLY, BOTS = (f"1500000000.00000{number}" for number in range(3))
METADATA = {"event_type": "mark", "event_payload": {"kind": "answer"}}
TO_ADA = {
    "channel": "CGENERAL",
    "thread_ts": ADAS,
    "recipient_user_id": ADA.id,
    "recipient_team_id": TEAM,
}


@pytest.fixture
def servers(clock: Clock) -> Iterator[Servers]:
    def slack() -> Slack:
        slack = Slack(UNLIMITED, clock=clock)
        for channel in ("CGENERAL", "DADA"):
            slack.workspace.put(Message(channel, ADAS, ADA.id, "why?"))
        slack.workspace.put(Message("CGENERAL", REPLY, ADA.id, "well?", thread_ts=ADAS))
        slack.workspace.put(Message("CGENERAL", BOTS, BOT_USER, "hello", bot_id=BOT_ID))
        return slack

    with serving(slack) as servers:
        yield servers


@pytest.fixture
def client(servers: Servers) -> WebClient:
    return web_client(servers)


def start(client: WebClient, **more: Any) -> str:
    return str(client.api_call("chat.startStream", json={**TO_ADA, **more})["ts"])


def append(client: WebClient, ts: str, text: str) -> Any:
    return client.api_call("chat.appendStream", json={"channel": "CGENERAL", "ts": ts, "markdown_text": text})


def stop(client: WebClient, ts: str, **more: Any) -> Any:
    return client.api_call("chat.stopStream", json={"channel": "CGENERAL", "ts": ts, **more})


def code(client: WebClient, method: str, arguments: Mapping[str, Any]) -> str:
    """The error of a call that is refused."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json=dict(arguments))
    return str(refusal.value.response["error"])


def message(servers: Servers, ts: str) -> Message:
    return servers.slack.workspace.messages["CGENERAL", ts]


def test_a_stream_grows_and_ends_with_blocks_under_its_words(servers: Servers, client: WebClient) -> None:
    ts = start(client, markdown_text="Be")
    append(client, ts, "cause")
    assert (message(servers, ts).text, message(servers, ts).thread_ts) == ("Because", ADAS)
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": "so"}]}
    answer = stop(client, ts, markdown_text=" **so**.", blocks=[context], metadata=METADATA)

    said = message(servers, ts)
    assert [block["type"] for block in said.blocks] == ["rich_text", "context"]
    assert said.sent[0]["text"] == said.text == "Because **so**."
    assert answer["message"]["blocks"] == said.blocks
    assert (said.user, said.bot_id, said.metadata, said.edited) == (BOT_USER, BOT_ID, METADATA, False)
    assert answer["message"].items() >= {"text": said.text, "ts": ts, "bot_id": BOT_ID}.items()


def test_a_table_in_a_stream_stays_text(servers: Servers, client: WebClient) -> None:
    ts = start(client, markdown_text="| a | b |\n|---|---|\n")
    append(client, ts, "| 1 | 2 |")

    (block,) = message(servers, ts).blocks
    (section,) = block["elements"]
    assert section["elements"] == [{"type": "text", "text": "| a | b |\n|---|---|\n| 1 | 2 |"}]


def test_the_app_hears_of_its_stream_as_of_any_message(servers: Servers, client: WebClient) -> None:
    with closing(Listener(servers)) as listener:
        answer = client.api_call("chat.startStream", json={"channel": "DADA", "thread_ts": ADAS})
        client.api_call("chat.stopStream", json={**answer.data, "markdown_text": "Because."})  # type: ignore[dict-item]
        listener.hears(lambda _slack: None)
        begun, ended, _last = listener.events()

    assert begun.items() >= {"type": "message", "user": BOT_USER, "ts": answer["ts"]}.items()
    assert (ended["subtype"], ended["message"]["text"]) == ("message_changed", "Because.")


def test_a_stream_takes_the_status_of_its_thread_away(servers: Servers, client: WebClient) -> None:
    client.assistant_threads_setStatus(channel_id="CGENERAL", thread_ts=ADAS, status="is thinking…")
    start(client)

    assert servers.slack.workspace.statuses == {}


@pytest.mark.parametrize("name", ["recipient_user_id", "recipient_team_id"])
def test_a_stream_outside_direct_messages_names_its_reader(client: WebClient, name: str) -> None:
    assert code(client, "chat.startStream", {**TO_ADA, name: ""}) == f"missing_{name}"
    assert client.api_call("chat.startStream", json={"channel": "DADA", "thread_ts": ADAS})["ts"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"channel": "GSECRET"}, "channel_not_found"),
        ({"channel": "CQUIET"}, "not_in_channel"),
        ({"thread_ts": None}, "invalid_arguments"),
        ({"thread_ts": REPLY}, "cannot_reply_to_message"),
        ({"recipient_user_id": "UNOBODY"}, "user_not_found"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
    ],
)
def test_a_stream_is_not_begun_where_slack_would_not(
    client: WebClient, wrong: dict[str, Any], expected: str
) -> None:
    assert code(client, "chat.startStream", {**TO_ADA, **wrong}) == expected


def test_a_stream_whose_thread_is_gone_stands_at_top_level(servers: Servers, client: WebClient) -> None:
    ts = start(client, thread_ts="9.9", markdown_text="Be")

    assert message(servers, ts).thread_ts is None
    assert "thread_ts" not in stop(client, ts)["message"]


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("9.9", "message_not_found"),
        (ADAS, "message_not_owned_by_app"),
        (BOTS, "message_not_in_streaming_state"),
    ],
)
def test_only_the_apps_own_streams_go_on(client: WebClient, method: str, ts: str, expected: str) -> None:
    assert code(client, method, {"channel": "CGENERAL", "ts": ts, "markdown_text": "x"}) == expected


def test_a_part_has_words_and_not_too_many(servers: Servers, client: WebClient) -> None:
    ts = start(client, markdown_text="x" * 12_000)
    append(client, ts, "x" * 12_000)

    part = {"channel": "CGENERAL", "ts": ts}
    assert code(client, "chat.appendStream", part) == "no_text"
    assert code(client, "chat.appendStream", {**part, "markdown_text": "x" * 12_001}) == "msg_too_long"
    assert len(message(servers, ts).text) == 24_000


@pytest.mark.parametrize("end", ["stop", "time"])
def test_a_stream_that_has_ended_takes_no_more_and_can_be_updated(
    servers: Servers, client: WebClient, clock: Clock, end: str
) -> None:
    ts = start(client, markdown_text="Be")
    own = {"channel": "CGENERAL", "ts": ts}
    clock.now += 299
    append(client, ts, "cause.")
    assert code(client, "chat.update", {**own, "text": "No."}) == "streaming_state_conflict"
    if end == "stop":
        stop(client, ts)
    else:
        clock.now += 1

    for method in ("chat.appendStream", "chat.stopStream"):
        assert code(client, method, {**own, "markdown_text": "x"}) == "message_not_in_streaming_state"
    assert message(servers, ts).text == "Because."
    client.api_call("chat.update", json={**own, "text": "No."})
    assert message(servers, ts).text == "No."
