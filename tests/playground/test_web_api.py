"""The Web API methods, called by the real slack_sdk over loopback sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.faults import Fault
from bot.playground.limits import UNLIMITED, Limits
from bot.playground.servers import Servers
from bot.playground.slack import ALL_SCOPES, APP_TOKEN, BOT_TOKEN, Slack
from bot.playground.workspace import ADA, BOT_ID, BOT_USER, MINJI, RELAY, TEAM, Conversation, Message
from tests.playground.serving import serving, web_client
from tests.sample_blocks import markdown, section

ADAS, BOTS, REPLY, WHISPER, RENAMED, LATER = (f"1500000000.00000{number}" for number in range(6))
METADATA = {"event_type": "mark", "event_payload": {"kind": "answer"}}


def slack() -> Slack:
    """A workspace in which something was said already."""
    slack = Slack(UNLIMITED)
    put = slack.workspace.put
    put(Message("CGENERAL", ADAS, ADA.id, "Ada's"))
    put(Message("CGENERAL", BOTS, BOT_USER, "the bot's", metadata=METADATA, bot_id=BOT_ID))
    put(Message("CGENERAL", REPLY, BOT_USER, "a reply", thread_ts=ADAS, bot_id=BOT_ID))
    put(Message("CGENERAL", WHISPER, BOT_USER, "psst", only_for=ADA.id, bot_id=BOT_ID))
    put(Message("CGENERAL", RENAMED, ADA.id, "renamed the channel", subtype="channel_name"))
    slack.workspace.conversations["COLD"] = Conversation(
        "COLD", "old", "channel", frozenset({ADA.id, BOT_USER}), is_archived=True
    )
    return slack


@pytest.fixture(scope="module")
def module_servers() -> Iterator[Servers]:
    """Servers for calls that change nothing."""
    with serving(slack) as servers:
        yield servers


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving(slack) as servers:
        yield servers


@pytest.fixture
def client(servers: Servers) -> WebClient:
    return web_client(servers)


def message(servers: Servers, ts: str, channel: str = "CGENERAL") -> Message:
    return servers.slack.workspace.messages[channel, ts]


def call(client: WebClient, body: str, method: str, arguments: Mapping[str, Any]) -> Any:
    """A call with its arguments in a JSON body, or in a form, where lists and objects are JSON."""
    if body == "json":
        return client.api_call(method, json=dict(arguments))
    flat = {name: v if isinstance(v, str) else json.dumps(v) for name, v in arguments.items()}
    return client.api_call(method, data=flat)


def context(elements: int) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": "so"}] * elements}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": label("Stop"), **more}


def overflow(count: int, text: str = "Say why", value: str = "why") -> dict[str, Any]:
    options = [{"text": label(text), "value": value}] * count
    return {"type": "overflow", "action_id": "more", "options": options}


def feedback(**positive: Any) -> dict[str, Any]:
    sides: dict[str, Any] = {
        f"{side}_button": {"text": label("x"), "value": side} for side in ("positive", "negative")
    }
    sides["positive_button"] |= positive
    return {"type": "feedback_buttons", "action_id": "feedback", **sides}


def context_actions(*elements: Any) -> dict[str, Any]:
    return {"type": "context_actions", "elements": list(elements)}


def label(text: str, kind: str = "plain_text") -> dict[str, str]:
    return {"type": kind, "text": text}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


HERE = {"channel": "CGENERAL"}
STOP = button(action_id="stop")
TRASH = {"type": "icon_button", "icon": "trash", "text": label("Delete"), "action_id": "delete"}
OWN = {**HERE, "ts": BOTS}
POSITIVE = "/blocks/0/elements/0/positive_button"
THREAD = {**HERE, "ts": ADAS}
STATUS = {"channel_id": "CGENERAL", "thread_ts": ADAS, "status": "is thinking…"}


@pytest.mark.parametrize("body", ["json", "form"])
@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("users.ban", {}, "unknown_method"),
        ("chat.postMessage", {"text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "CNOWHERE", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "GSECRET", "text": "hi"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "CQUIET", "text": "hi"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "COLD", "text": "hi"}, "is_archived"),
        ("chat.postMessage", HERE, "no_text"),
        ("chat.postMessage", {**HERE, "text": "", "blocks": []}, "no_text"),
        ("chat.postMessage", {**HERE, "text": "hi", "thread_ts": REPLY}, "cannot_reply_to_message"),
        ("chat.postMessage", {**HERE, "text": "hi", "thread_ts": RENAMED}, "cannot_reply_to_message"),
        ("chat.postMessage", {**HERE, "text": "hi", "metadata": {"kind": "a"}}, "invalid_metadata_format"),
        ("chat.postMessage", {**HERE, "text": "hi", "metadata": [1]}, "invalid_metadata_format"),
        ("chat.update", {"channel": "GSECRET", "ts": BOTS, "text": "hi"}, "channel_not_found"),
        ("chat.update", {"channel": "CQUIET", "ts": BOTS, "text": "hi"}, "not_in_channel"),
        ("chat.update", {"channel": "COLD", "ts": BOTS, "text": "hi"}, "is_inactive"),
        ("chat.update", {**HERE, "ts": "9.9", "text": "hi"}, "message_not_found"),
        ("chat.update", {**HERE, "ts": WHISPER, "text": "hi"}, "message_not_found"),
        ("chat.update", {**HERE, "ts": ADAS, "text": "hi"}, "cant_update_message"),
        ("chat.update", OWN, "no_text"),
        ("chat.update", {**OWN, "text": "x" * 4001}, "msg_too_long"),
        ("chat.update", {**OWN, "text": "x" * 4001, "blocks": [markdown("x")]}, "msg_too_long"),
        ("chat.update", {**OWN, "blocks": [markdown("x")] * 51}, "invalid_blocks"),
        ("conversations.replies", {"channel": "GSECRET", "ts": ADAS}, "channel_not_found"),
        ("conversations.replies", {**HERE, "ts": "9.9"}, "thread_not_found"),
        ("conversations.replies", {**HERE, "ts": WHISPER}, "thread_not_found"),
        ("conversations.replies", {**THREAD, "cursor": "next"}, "invalid_cursor"),
        ("conversations.replies", {**THREAD, "cursor": "-1"}, "invalid_cursor"),
        ("conversations.replies", {**THREAD, "limit": "-1"}, "invalid_limit"),
        ("conversations.open", {"users": "UNOBODY"}, "user_not_found"),
        ("chat.delete", {"channel": "GSECRET", "ts": BOTS}, "channel_not_found"),
        ("chat.delete", {**HERE, "ts": "9.9"}, "message_not_found"),
        ("chat.delete", {**HERE, "ts": WHISPER}, "message_not_found"),
        ("chat.delete", {**HERE, "ts": ADAS}, "cant_delete_message"),
        ("chat.getPermalink", {"channel": "GSECRET", "message_ts": BOTS}, "channel_not_found"),
        ("chat.getPermalink", {**HERE, "message_ts": "9.9"}, "message_not_found"),
        ("assistant.threads.setStatus", {**STATUS, "channel_id": "GSECRET"}, "channel_not_found"),
        ("assistant.threads.setStatus", {**STATUS, "channel_id": "CQUIET"}, "channel_not_found"),
        ("assistant.threads.setStatus", {**STATUS, "thread_ts": "9.9"}, "invalid_thread_ts"),
        ("assistant.threads.setStatus", {**STATUS, "thread_ts": REPLY}, "invalid_thread_ts"),
    ],
)
def test_a_call_is_refused_with_slacks_code_in_a_json_body_and_in_a_form(
    module_servers: Servers, body: str, method: str, arguments: Mapping[str, Any], code: str
) -> None:
    before = dict(module_servers.slack.workspace.messages)

    with pytest.raises(SlackApiError) as refusal:
        call(web_client(module_servers), body, method, arguments)

    assert refusal.value.response.status_code == 200
    assert refusal.value.response["error"] == code
    assert module_servers.slack.calls[-1].error == code
    assert module_servers.slack.workspace.messages == before


@pytest.mark.parametrize(
    ("posting", "alone", "in_thread"),
    [
        ("some", "restricted_action", "restricted_action"),
        ("admins", "restricted_action_read_only_channel", "restricted_action_read_only_channel"),
        ("threads", "restricted_action_thread_only_channel", ""),
        ("top_level", "", "restricted_action_non_threadable_channel"),
        ("locked_threads", "", "restricted_action_thread_locked"),
        ("suspended", "ekm_access_denied", "ekm_access_denied"),
        ("other_apps", "app_access_restricted", "app_access_restricted"),
        ("no_messages_tab", "messages_tab_disabled", "messages_tab_disabled"),
    ],
)
def test_what_admins_forbid_to_post_is_refused_with_its_own_code(
    servers: Servers, client: WebClient, posting: str, alone: str, in_thread: str
) -> None:
    channels = servers.slack.workspace.conversations
    servers.do(lambda: channels.update(CGENERAL=replace(channels["CGENERAL"], posting=posting)))
    stream = {"recipient_user_id": ADA.id, "recipient_team_id": TEAM, "thread_ts": ADAS}

    assert refused(client, "chat.postMessage", {**HERE, "text": "hi"}) == alone
    assert refused(client, "chat.postMessage", {**HERE, "text": "hi", "thread_ts": ADAS}) == in_thread
    assert refused(client, "chat.startStream", {**HERE, **stream}) == in_thread
    privately = refused(client, "chat.postEphemeral", {**HERE, "text": "hi", "user": ADA.id})
    assert privately == (alone if posting in ("some", "no_messages_tab") else "")
    assert not refused(client, "chat.update", {**OWN, "text": "hi"})


def refused(client: WebClient, method: str, arguments: Mapping[str, Any]) -> str:
    """The code with which a call is refused, "" if it is made."""
    try:
        client.api_call(method, json=dict(arguments))
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


@pytest.mark.parametrize("gone", ["9.9", WHISPER])
def test_a_reply_whose_thread_is_gone_is_posted_at_top_level_and_says_so(
    servers: Servers, client: WebClient, gone: str
) -> None:
    answer = client.chat_postMessage(channel="CGENERAL", text="hi", thread_ts=gone)

    assert message(servers, answer["ts"]).thread_ts is None
    assert "thread_ts" not in answer["message"]
    assert (
        client.chat_postMessage(channel="CGENERAL", text="hi", thread_ts=ADAS)["message"]["thread_ts"] == ADAS
    )
    whispered = client.chat_postEphemeral(channel="CGENERAL", user=ADA.id, text="hi", thread_ts=gone)
    assert message(servers, whispered["message_ts"]).thread_ts is None


@pytest.mark.parametrize("body", ["json", "form"])
@pytest.mark.parametrize(
    ("blocks", "code", "where"),
    [
        ([markdown("x")] * 51, "invalid_blocks", "/blocks"),
        ([markdown("x"), markdown("")], "invalid_blocks", "/blocks/1/text"),
        ([{"type": "markdown", "text": {"text": "x"}}], "invalid_blocks", "/blocks/0/text"),
        ([section("")], "invalid_blocks", "/blocks/0/text"),
        ([section("x" * 3001)], "invalid_blocks", "/blocks/0/text"),
        ([{"type": "section", "text": "x"}], "invalid_blocks", "/blocks/0/text"),
        ([{"type": "header", "text": {"text": "x" * 151}}], "invalid_blocks", "/blocks/0/text"),
        ([context(0)], "invalid_blocks", "/blocks/0/elements"),
        ([context(11)], "invalid_blocks", "/blocks/0/elements"),
        ([{"type": "actions", "elements": "x"}], "invalid_blocks", "/blocks/0/elements"),
        ([actions(*[button()] * 26)], "invalid_blocks", "/blocks/0/elements"),
        ([actions("x")], "invalid_blocks", "/blocks/0/elements/0/type"),
        ([actions(button(), {"type": "datepicker"})], "invalid_blocks", "/blocks/0/elements/1/type"),
        ([actions(button(text="Stop"))], "invalid_blocks", "/blocks/0/elements/0/text"),
        ([actions(button(text=label("Stop", "mrkdwn")))], "invalid_blocks", "/blocks/0/elements/0/text"),
        ([actions(button(text=label("")))], "invalid_blocks", "/blocks/0/elements/0/text"),
        ([actions(button(text=label("x" * 76)))], "invalid_blocks", "/blocks/0/elements/0/text"),
        ([actions(button(value="x" * 2001))], "invalid_blocks", "/blocks/0/elements/0/value"),
        ([actions(button(value=1))], "invalid_blocks", "/blocks/0/elements/0/value"),
        ([actions(button(action_id="x" * 256))], "invalid_blocks", "/blocks/0/elements/0/action_id"),
        ([actions(button(action_id=""))], "invalid_blocks", "/blocks/0/elements/0/action_id"),
        ([actions(button(style="loud"))], "invalid_blocks", "/blocks/0/elements/0/style"),
        ([actions(STOP, STOP)], "invalid_blocks", "/blocks/0/elements/1/action_id"),
        ([actions(STOP), markdown("x"), actions(STOP)], "invalid_blocks", "/blocks/2/elements/0/action_id"),
        ([actions(button(url="https://" + "x" * 3000))], "invalid_blocks", "/blocks/0/elements/0/url"),
        ([actions(button(url="javascript:alert(1)"))], "invalid_blocks", "/blocks/0/elements/0/url"),
        ([actions(overflow(0))], "invalid_blocks", "/blocks/0/elements/0/options"),
        ([actions(overflow(6))], "invalid_blocks", "/blocks/0/elements/0/options"),
        ([actions(overflow(1, "x" * 76))], "invalid_blocks", "/blocks/0/elements/0/options/0/text"),
        ([actions(overflow(1, "x", "x" * 151))], "invalid_blocks", "/blocks/0/elements/0/options/0/value"),
        ([section("x") | {"accessory": TRASH}], "invalid_blocks", "/blocks/0/accessory/type"),
        ([section("x") | {"accessory": overflow(6)}], "invalid_blocks", "/blocks/0/accessory/options"),
        (
            [actions(STOP), section("x") | {"accessory": STOP}],
            "invalid_blocks",
            "/blocks/1/accessory/action_id",
        ),
        ([context_actions(STOP)], "invalid_blocks", "/blocks/0/elements/0/type"),
        ([actions(feedback())], "invalid_blocks", "/blocks/0/elements/0/type"),
        ([context_actions(*[TRASH] * 6)], "invalid_blocks", "/blocks/0/elements"),
        ([context_actions(TRASH, TRASH)], "invalid_blocks", "/blocks/0/elements/1/action_id"),
        ([context_actions({**TRASH, "icon": "bin"})], "invalid_blocks", "/blocks/0/elements/0/icon"),
        (
            [context_actions({"type": "feedback_buttons", "positive_button": feedback()["positive_button"]})],
            "invalid_blocks",
            "/blocks/0/elements/0/negative_button",
        ),
        *(
            ([context_actions(feedback(**{name: wrong}))], "invalid_blocks", f"{POSITIVE}/{name}")
            for name, wrong in (
                ("text", label("x" * 76)),
                ("value", "x" * 2001),
                ("accessibility_label", "x" * 76),
            )
        ),
        ([section("x") | {"block_id": "x" * 256}], "invalid_blocks", "/blocks/0/block_id"),
        ([section("x") | {"block_id": "a"}] * 2, "invalid_blocks", "/blocks/1/block_id"),
        ([{"type": "input"}], "invalid_blocks", "/blocks/0/type"),
        ([{"type": "marquee"}], "invalid_blocks", "/blocks/0/type"),
        (["x"], "invalid_blocks", "/blocks/0/type"),
        ([markdown("x" * 6000), markdown("x" * 6001)], "msg_too_long", None),
        ([markdown("😀" * 6001)], "msg_too_long", None),
        ({"type": "markdown"}, "invalid_blocks_format", None),
        ("[", "invalid_blocks_format", None),
    ],
)
def test_blocks_that_slack_would_not_take_are_refused_and_it_is_said_which(
    module_servers: Servers, body: str, blocks: Any, code: str, where: str | None
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        call(web_client(module_servers), body, "chat.postMessage", {**HERE, "text": "x", "blocks": blocks})

    answer = refusal.value.response
    assert answer["error"] == code
    if where:
        (problem,) = answer["response_metadata"]["messages"]
        assert problem.endswith(f"[json-pointer:{where}]")


@pytest.mark.parametrize("body", ["json", "form"])
@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3000), {"type": "divider"}, context(10)],
        [actions(button(action_id="x" * 255, text=label("x" * 75), value="x" * 2000, style="danger"))],
        [actions(*(button(action_id=f"{number}") for number in range(25)))],
        [actions(overflow(5, "x" * 75, "x" * 150)), section("x") | {"accessory": STOP}],
        [context_actions(feedback(text=label("x" * 75), value="x" * 2000), TRASH)],
    ],
)
def test_blocks_at_the_limits_are_taken(
    module_servers: Servers, body: str, blocks: list[dict[str, Any]]
) -> None:
    answer = call(web_client(module_servers), body, "chat.postMessage", {**HERE, "blocks": blocks})

    shown = answer["message"]["blocks"]
    assert [{**block, "block_id": ""} for block in shown] == [{**block, "block_id": ""} for block in blocks]


def test_a_block_and_a_button_without_an_id_are_given_one_of_their_own(client: WebClient) -> None:
    named = {**actions(STOP), "block_id": "mine"}
    blocks = [markdown("x"), markdown("x"), named, actions(button(), button())]
    shown = client.chat_postMessage(channel="CGENERAL", text="x", blocks=blocks)["message"]["blocks"]

    assert len({block["block_id"] for block in shown}) == 4
    assert shown[2] == named
    assert len({element["action_id"] for element in shown[3]["elements"]}) == 2


@pytest.mark.parametrize(
    ("method", "token", "code"),
    [
        ("auth.test", None, "not_authed"),
        ("auth.test", "xoxb-another", "invalid_auth"),
        ("auth.test", "nonsense", "invalid_auth"),
        ("chat.postMessage", APP_TOKEN, "not_allowed_token_type"),
        ("apps.connections.open", None, "not_authed"),
        ("apps.connections.open", "xapp-another", "invalid_auth"),
        ("apps.connections.open", BOT_TOKEN, "not_allowed_token_type"),
    ],
)
def test_a_method_is_closed_to_the_wrong_token(
    module_servers: Servers, method: str, token: str | None, code: str
) -> None:
    with pytest.raises(SlackApiError) as refusal:
        web_client(module_servers, token).api_call(method)

    assert refusal.value.response["error"] == code


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("chat.postMessage", {**HERE, "text": "hi"}, "chat:write"),
        ("chat.update", {**OWN, "text": "hi"}, "chat:write"),
        ("conversations.open", {"users": ADA.id}, "im:write"),
        ("conversations.replies", THREAD, "channels:history"),
        ("conversations.replies", {"channel": "GTEAM", "ts": "1.1"}, "groups:history"),
        ("conversations.replies", {"channel": "GGROUP", "ts": "1.1"}, "mpim:history"),
        ("conversations.replies", {"channel": "DADA", "ts": "1.1"}, "im:history"),
        ("conversations.info", {"channel": "CGENERAL"}, "channels:read"),
        ("conversations.info", {"channel": "GTEAM"}, "groups:read"),
        ("conversations.info", {"channel": "GGROUP"}, "mpim:read"),
        ("users.conversations", {"types": "public_channel,private_channel"}, "groups:read"),
    ],
)
def test_a_scope_that_was_not_granted_is_named(
    method: str, arguments: Mapping[str, Any], needed: str
) -> None:
    granted = ALL_SCOPES - {needed}
    with serving(lambda: Slack(granted=granted)) as servers, pytest.raises(SlackApiError) as refusal:
        call(web_client(servers), "json", method, arguments)

    answer = refusal.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", needed)
    assert set(answer["provided"].split(",")) == granted


def test_scopes_that_were_used_are_known(servers: Servers, client: WebClient) -> None:
    client.auth_test()
    client.conversations_open(users=ADA.id)

    assert servers.slack.used_scopes == {"im:write"}


def test_the_bot_is_told_who_it_is(client: WebClient) -> None:
    answer = client.auth_test()

    assert (answer["user_id"], answer["bot_id"]) == (BOT_USER, BOT_ID)


def test_direct_messages_with_a_person_are_found(client: WebClient) -> None:
    assert client.conversations_open(users=ADA.id)["channel"]["id"] == "DADA"


@pytest.mark.parametrize("body", ["json", "form"])
def test_a_post_is_said_in_the_conversation_and_returned(
    servers: Servers, client: WebClient, body: str
) -> None:
    arguments = {
        **HERE,
        "text": "hi",
        "thread_ts": ADAS,
        "blocks": [markdown("**hi**")],
        "metadata": METADATA,
        "unfurl_links": False,
    }
    answer = call(client, body, "chat.postMessage", arguments)

    said = message(servers, answer["ts"])
    assert (said.user, said.text, said.thread_ts) == (BOT_USER, "hi", ADAS)
    assert [block["text"] for block in said.sent] == ["**hi**"]
    assert said.metadata == METADATA
    assert answer["channel"] == "CGENERAL"
    assert answer["message"].items() >= {"bot_id": BOT_ID, "text": "hi", "thread_ts": ADAS}.items()


def test_posts_have_rising_timestamps(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="CGENERAL", text="hi")["ts"] for _ in range(5)]

    assert stamps == sorted(set(stamps))


def test_the_text_of_a_post_is_cut_at_forty_thousand_characters(servers: Servers, client: WebClient) -> None:
    answer = client.chat_postMessage(channel="CGENERAL", text="x" * 40_001)

    assert len(message(servers, answer["ts"]).text) == 40_000


@pytest.mark.parametrize("body", ["json", "form"])
def test_an_update_of_the_text_takes_the_blocks_away_and_shows_as_edited(
    servers: Servers, client: WebClient, body: str
) -> None:
    ts = client.chat_postMessage(channel="CGENERAL", text="one", blocks=[markdown("one")])["ts"]
    answer = call(client, body, "chat.update", {**HERE, "ts": ts, "text": "x" * 4000})

    said = message(servers, ts)
    assert (said.text, said.blocks, said.edited) == ("x" * 4000, [], True)
    assert (answer["ts"], answer["text"]) == (ts, "x" * 4000)
    assert answer["message"]["edited"]["user"] == BOT_USER


@pytest.mark.parametrize("body", ["json", "form"])
def test_an_update_of_the_blocks_does_not_show_as_edited(
    servers: Servers, client: WebClient, body: str
) -> None:
    answer = call(client, body, "chat.update", {**OWN, "text": "two", "blocks": [markdown("two")]})

    assert message(servers, BOTS).edited is False
    assert "edited" not in answer["message"]


@pytest.mark.parametrize("body", ["json", "form"])
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, METADATA),
        ({"metadata": {}}, None),
        (
            {"metadata": {"event_type": "b", "event_payload": {}}},
            {"event_type": "b", "event_payload": {}},
        ),
    ],
)
def test_metadata_stays_on_an_update_until_it_is_replaced_or_emptied(
    servers: Servers, client: WebClient, body: str, more: dict[str, Any], expected: Any
) -> None:
    call(client, body, "chat.update", {**OWN, "text": "two", **more})

    assert message(servers, BOTS).metadata == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_a_thread_is_read_page_by_page_and_only_what_all_can_see(
    servers: Servers, client: WebClient, limit: int
) -> None:
    posted = [
        client.chat_postMessage(channel="CGENERAL", thread_ts=ADAS, text=f"{number}")["ts"]
        for number in range(4)
    ]
    servers.do(
        lambda: servers.slack.workspace.put(Message("CGENERAL", LATER, BOT_USER, "psst", ADAS, only_for="U"))
    )

    pages = [
        page["messages"] for page in client.conversations_replies(channel="CGENERAL", ts=ADAS, limit=limit)
    ]

    assert [found["ts"] for page in pages for found in page] == [ADAS, REPLY, *posted]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, None), ({"include_all_metadata": False}, None), ({"include_all_metadata": True}, METADATA)],
)
def test_metadata_is_read_only_where_it_is_asked_for(
    client: WebClient, more: dict[str, Any], expected: Any
) -> None:
    (found,) = client.conversations_replies(channel="CGENERAL", ts=BOTS, **more)["messages"]

    assert found.get("metadata") == expected


def test_another_bots_message_is_told_by_its_bot_id(servers: Servers, client: WebClient) -> None:
    said = servers.do(lambda: servers.slack.say(RELAY.id, "CGENERAL", "deployed"))

    (found,) = client.conversations_replies(channel="CGENERAL", ts=said.ts)["messages"]

    assert found["bot_id"] not in ("", BOT_ID)


def test_a_message_that_is_deleted_is_gone(servers: Servers, client: WebClient) -> None:
    client.chat_delete(channel="CGENERAL", ts=BOTS)

    assert ("CGENERAL", BOTS) not in servers.slack.workspace.messages


@pytest.mark.parametrize(
    ("ts", "more"), [(ADAS, ""), (REPLY, f"?thread_ts={ADAS}&cid=CGENERAL")], ids=["message", "reply"]
)
def test_a_permalink_leads_to_a_message_in_its_thread(client: WebClient, ts: str, more: str) -> None:
    link = client.chat_getPermalink(channel="CGENERAL", message_ts=ts)["permalink"]

    assert link == f"https://playground.slack.com/archives/CGENERAL/p{ts.replace('.', '')}{more}"


def test_a_status_stays_until_it_is_emptied_or_the_bot_speaks_in_its_thread(
    servers: Servers, client: WebClient
) -> None:
    statuses, thread = servers.slack.workspace.statuses, ("CGENERAL", ADAS)

    client.api_call("assistant.threads.setStatus", json=STATUS)
    client.chat_postMessage(channel="CGENERAL", text="elsewhere")
    client.chat_update(channel="CGENERAL", ts=REPLY, text="changed")
    assert statuses == {thread: "is thinking…"}
    client.chat_postMessage(channel="CGENERAL", thread_ts=ADAS, text="because")
    assert statuses == {}
    client.api_call("assistant.threads.setStatus", json=STATUS)
    client.api_call("assistant.threads.setStatus", json={**STATUS, "status": ""})
    assert statuses == {}


def test_a_workspace_may_not_offer_a_status(servers: Servers, client: WebClient) -> None:
    servers.slack.offers_status = False

    with pytest.raises(SlackApiError, match="method_not_supported_for_channel_type"):
        client.api_call("assistant.threads.setStatus", json=STATUS)


@pytest.mark.parametrize(("more", "expected"), [({}, None), ({"include_locale": True}, "ko-KR")])
def test_a_persons_language_is_told_where_it_is_asked_for(
    client: WebClient, more: dict[str, Any], expected: str | None
) -> None:
    assert client.users_info(user=MINJI.id, **more)["user"].get("locale") == expected


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_method_over_its_limit_is_told_when_to_come_back_and_the_others_go_on() -> None:
    clock = Clock()
    with serving(lambda: Slack(Limits(per_minute=2), clock=clock)) as servers:
        client = web_client(servers)
        ts = client.chat_postMessage(channel="CGENERAL", text="one")["ts"]
        client.chat_update(channel="CGENERAL", ts=ts, text="two")
        clock.now += 10.5
        client.chat_update(channel="CGENERAL", ts=ts, text="three")

        with pytest.raises(SlackApiError) as refusal:
            client.chat_update(channel="CGENERAL", ts=ts, text="four")

        assert refusal.value.response.status_code == 429
        assert refusal.value.response["error"] == "ratelimited"
        assert refusal.value.response.headers["Retry-After"] == "50"
        assert message(servers, ts).text == "three"
        assert servers.slack.calls[-1].error == "ratelimited"
        client.conversations_replies(channel="CGENERAL", ts=ts)
        clock.now += 50
        client.chat_update(channel="CGENERAL", ts=ts, text="four")
        assert message(servers, ts).text == "four"


def test_a_channel_with_too_many_posts_is_closed_for_a_second_and_the_others_are_not() -> None:
    clock = Clock()
    with serving(lambda: Slack(clock=clock)) as servers:
        client = web_client(servers)
        for _ in range(5):
            client.chat_postMessage(channel="CGENERAL", text="hi")

        with pytest.raises(SlackApiError) as refusal:
            client.chat_postMessage(channel="CGENERAL", text="hi")

        assert refusal.value.response.status_code == 429
        assert refusal.value.response.headers["Retry-After"] == "1"
        client.chat_postMessage(channel="CRANDOM", text="hi")
        clock.now += 1
        client.chat_postMessage(channel="CGENERAL", text="hi")


def test_calls_fail_as_they_are_told_to_and_then_no_more(servers: Servers, client: WebClient) -> None:
    limited = Fault(429, "ratelimited", retry_after=7)
    servers.do(
        lambda: servers.slack.faults.enqueue(
            "auth.test", limited, Fault(502, body="<html>"), Fault(error="fatal_error")
        )
    )
    refusals = []
    for _ in range(3):
        with pytest.raises(SlackApiError) as refusal:
            client.auth_test()
        refusals.append(refusal.value.response)

    assert [refusal.status_code for refusal in refusals] == [429, 502, 200]
    assert refusals[0].headers["Retry-After"] == "7"
    assert "non-JSON" in refusals[1]["error"]
    assert refusals[2]["error"] == "fatal_error"
    assert client.auth_test()["ok"]
    assert [call.error for call in servers.slack.calls] == ["ratelimited", "HTTP 502", "fatal_error", ""]


def test_a_fault_can_last_until_it_is_ended_and_one_for_all_methods_leaves_the_others(
    servers: Servers, client: WebClient
) -> None:
    slack = servers.slack

    def error() -> str:
        try:
            client.auth_test()
        except SlackApiError as refusal:
            return str(refusal.response["error"])
        return ""

    servers.do(lambda: slack.faults.always("auth.test", Fault(429, "ratelimited", retry_after=7)))
    servers.do(lambda: slack.faults.always("", Fault(500, "internal_error")))
    servers.do(lambda: slack.faults.enqueue("auth.test", Fault(error="fatal_error")))
    assert [error(), error(), error()] == ["fatal_error", "ratelimited", "ratelimited"]
    servers.do(lambda: slack.faults.always("auth.test", None))
    assert error() == "internal_error"
    servers.do(lambda: slack.faults.always("", None))
    assert error() == ""

    seen = [(call.status, call.error, call.retry_after) for call in slack.calls[1:]]
    assert seen[0] == (429, "ratelimited", 7)
    assert seen[2:] == [(500, "internal_error", None), (200, "", None)]
    assert all(call.seconds >= 0 for call in slack.calls)
