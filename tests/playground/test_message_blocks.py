"""The blocks of a message: translated when it is posted, limited as Slack limits them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.faults import Fault
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.workspace import ADA, Message
from tests.playground.serving import Listener, serving, web_client
from tests.sample_blocks import kinds, markdown, section, table

HERE = "CGENERAL"


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving(lambda: Slack(UNLIMITED)) as servers:
        yield servers


@pytest.fixture
def client(servers: Servers) -> WebClient:
    return web_client(servers)


def message(servers: Servers, ts: str) -> Message:
    return servers.slack.workspace.messages[HERE, ts]


def refused(client: WebClient, *blocks: dict[str, Any], method: str = "chat.postMessage") -> str:
    """The error of a call with these `blocks`."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json={"channel": HERE, "text": "x", "blocks": blocks})
    return str(refusal.value.response["error"])


def test_markdown_at_the_limits_is_taken_and_beyond_them_refused(client: WebClient) -> None:
    """Each heading, rule and table is one of the 50, and so is each run of text between them."""
    wide, long = table(2, 2, "x" * 1240), table(2, 2, "x" * 1260)
    for blocks in (
        [markdown("x")] * 50,
        [markdown("x" * 6000), markdown("x" * 6000)],
        [markdown("# x\n\ny\n\n" * 25)],
        [markdown("x" * 10_000), section("x" * 3000)],
        [markdown(table(100, 20))],
        [markdown(f"{wide}\n\n{wide}")],
    ):
        answer = client.chat_postMessage(channel=HERE, text="x", blocks=blocks)
        assert "markdown" not in {block["type"] for block in answer["message"]["blocks"]}

    assert refused(client, markdown("x" * 6000), markdown("x" * 6001)) == "msg_too_long"
    assert refused(client, markdown("x" * 10_200), section("x" * 3000)) == "msg_blocks_too_long"
    assert refused(client, markdown("# x\n\ny\n\n" * 25 + "---")) == "invalid_blocks"
    assert refused(client, markdown("# x\n" * 49), section("x"), {"type": "divider"}) == "invalid_blocks"
    assert refused(client, markdown(table(101, 1))) == "invalid_blocks"
    assert refused(client, markdown(table(2, 21))) == "invalid_blocks"
    assert refused(client, markdown(f"{long}\n\n{long}")) == "invalid_blocks"


def test_where_slack_allows_one_table_a_message_two_are_refused() -> None:
    with serving(lambda: Slack(tables_per_message=1)) as servers:
        client = web_client(servers)
        client.chat_postMessage(channel=HERE, text="x", blocks=[markdown(table(2, 2))])

        assert refused(client, markdown(f"{table(2, 2)}\n\n{table(2, 2)}")) == "only_one_table_allowed"


@pytest.mark.parametrize("send", ["json", "data"])
def test_calls_with_certain_parameters_can_fail(servers: Servers, client: WebClient, send: str) -> None:
    """As those of a Slack that takes no tables, whether they come as JSON or as a form."""
    fault = Fault(error="invalid_blocks")
    servers.do(lambda: servers.slack.faults.always("chat.postMessage", fault, lambda p: "table" in kinds(p)))

    for text, is_taken in (("so", True), (table(2, 2), False)):
        blocks = [markdown(text)] if send == "json" else json.dumps([markdown(text)])
        arguments: dict[str, Any] = {send: {"channel": HERE, "text": "x", "blocks": blocks}}
        if is_taken:
            client.api_call("chat.postMessage", **arguments)
        else:
            with pytest.raises(SlackApiError, match="invalid_blocks"):
                client.api_call("chat.postMessage", **arguments)


def test_no_method_gives_markdown_back(servers: Servers, client: WebClient) -> None:
    """https://github.com/yc-software/qm/issues/651"""
    root = servers.do(lambda: servers.slack.say(ADA.id, HERE, "hi"))
    posted = client.chat_postMessage(channel=HERE, thread_ts=root.ts, text="hi", blocks=[markdown("**hi**")])
    edited = client.chat_update(channel=HERE, ts=posted["ts"], text="ho", blocks=[markdown("# ho")])
    (_, reply) = client.conversations_replies(channel=HERE, ts=root.ts)["messages"]

    hi = {"type": "text", "text": "hi", "style": {"bold": True}}
    assert posted["message"]["blocks"][0]["elements"] == [{"type": "rich_text_section", "elements": [hi]}]
    assert edited["message"]["blocks"] == reply["blocks"]
    assert (reply["text"], [block["type"] for block in reply["blocks"]]) == ("ho", ["header"])
    assert message(servers, reply["ts"]).sent == [markdown("# ho")]


def test_the_app_hears_of_its_message_as_it_was_translated(servers: Servers, client: WebClient) -> None:
    with closing(Listener(servers)) as listener:
        client.chat_postMessage(channel="DADA", text="hi", blocks=[markdown("**hi**")])
        (event,) = listener.until(listener.events)

    assert [block["type"] for block in event["blocks"]] == ["rich_text"]


def test_the_id_of_a_markdown_block_goes_and_those_of_other_blocks_stay(client: WebClient) -> None:
    """https://docs.slack.dev/reference/block-kit/blocks/markdown-block"""
    blocks = [markdown("x") | {"block_id": "a"}, section("x") | {"block_id": "b"}]
    shown = client.chat_postMessage(channel=HERE, text="x", blocks=blocks)["message"]["blocks"]

    assert shown[0]["block_id"] != "a"
    assert shown[1] == blocks[1]


def test_a_private_message_has_blocks_as_well(servers: Servers, client: WebClient) -> None:
    blocks = [markdown("**hi**")]
    answer = client.chat_postEphemeral(channel=HERE, user=ADA.id, text="hi", blocks=blocks)

    said = message(servers, answer["message_ts"])
    assert ([block["type"] for block in said.blocks], said.sent) == (["rich_text"], blocks)
