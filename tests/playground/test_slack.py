"""What the bot hears of what people do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from bot.playground.events import ALL_EVENTS
from bot.playground.limits import UNLIMITED
from bot.playground.slack import ALL_SCOPES, Slack
from bot.playground.web_api import ApiError
from bot.playground.workspace import ADA, BOT_ID, BOT_USER, MINJI, NOOR, OTHER_TEAM, RELAY
from tests.playground.serving import Listener, serving, web_client

MENTION = f"<@{BOT_USER}> why?"
EVERY_MESSAGE = ALL_EVENTS | {"message.channels", "message.groups", "message.mpim"}

Heard = list[dict[str, Any]]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """An app that hears what Duet hears: mentions and direct messages."""
    with serving() as servers:
        listener = Listener(servers)
        yield listener
        listener.close()


@pytest.fixture(scope="module")
def keen() -> Iterator[Listener]:
    """An app that hears every message."""
    with serving(lambda: Slack(UNLIMITED, subscribed=EVERY_MESSAGE)) as servers:
        listener = Listener(servers)
        yield listener
        listener.close()


def kinds(heard: Heard) -> list[tuple[str, str]]:
    return [(event["type"], event.get("subtype", "")) for event in heard]


@pytest.mark.parametrize(
    ("channel", "text", "expected"),
    [
        ("CGENERAL", MENTION, ["app_mention"]),
        ("CGENERAL", f"why, <@{BOT_USER}|duet>?", ["app_mention"]),
        ("GTEAM", MENTION, ["app_mention"]),
        ("GGROUP", MENTION, ["app_mention"]),
        ("CGENERAL", "why?", []),
        ("CGENERAL", f"<@{ADA.id}> why?", []),
        ("CQUIET", MENTION, []),
        ("GSECRET", MENTION, []),
        ("DADA", "why?", ["message"]),
        ("DADA", MENTION, ["message"]),
    ],
)
def test_a_message_is_heard_where_the_bot_is_mentioned_or_written_to(
    listener: Listener, channel: str, text: str, expected: list[str]
) -> None:
    heard = listener.hears(lambda slack: slack.say(ADA.id, channel, text))

    assert [event["type"] for event in heard] == expected
    for event in heard:
        assert event.items() >= {"user": ADA.id, "channel": channel, "text": text}.items()
        assert event["ts"] == event["event_ts"]
        assert "bot_id" not in event
        assert event.get("channel_type") == ("im" if event["type"] == "message" else None)


def test_a_reply_names_its_thread(listener: Listener) -> None:
    (event,) = listener.hears(lambda slack: slack.say(ADA.id, "CGENERAL", MENTION, thread_ts="1.5"))

    assert event["thread_ts"] == "1.5"


@pytest.mark.parametrize("channel", ["DADA", "CGENERAL"])
def test_a_message_with_a_file_comes_as_file_share(listener: Listener, channel: str) -> None:
    files = [{"id": "F1", "name": "map.png"}]
    (event,) = listener.hears(lambda slack: slack.say(ADA.id, channel, MENTION, files=files))

    assert (event["subtype"], event["files"]) == ("file_share", files)


def test_what_somebody_of_another_company_says_names_their_team_and_a_shared_channel(
    listener: Listener,
) -> None:
    """https://docs.slack.dev/apis/slack-connect"""
    hers = listener.hears(lambda slack: slack.say(ADA.id, "CPARTNERS", f"<@{BOT_USER}> hi"))
    (event,) = listener.hears(lambda slack: slack.say(NOOR.id, "CPARTNERS", f"<@{BOT_USER}> hi"))
    payloads = [envelope["payload"] for envelope in listener.envelopes()]
    told = {p["event"].get("user"): p["is_ext_shared_channel"] for p in payloads}

    assert (event["user"], event["user_team"], event["source_team"]) == (NOOR.id, OTHER_TEAM, OTHER_TEAM)
    assert "user_team" not in hers[0]
    assert (told[NOOR.id], told[None]) == (True, False)


def test_a_direct_message_that_is_edited_and_deleted_is_heard_of_as_that(listener: Listener) -> None:
    def change_of_mind(slack: Slack) -> None:
        slack.delete(slack.edit(slack.say(ADA.id, "DADA", "why?"), MENTION))

    said, changed, deleted = listener.hears(change_of_mind)

    assert kinds([changed, deleted]) == [("message", "message_changed"), ("message", "message_deleted")]
    assert changed["message"].items() >= {"text": MENTION, "ts": said["ts"], "user": ADA.id}.items()
    assert changed["message"]["edited"]
    assert changed["previous_message"]["text"] == "why?"
    assert deleted["deleted_ts"] == said["ts"]
    assert deleted["previous_message"]["text"] == MENTION
    assert len({said["ts"], changed["ts"], deleted["ts"]}) == 3
    assert "user" not in changed
    assert {event["channel_type"] for event in (changed, deleted)} == {"im"}


def test_whoever_hears_a_channel_hears_what_is_edited_and_deleted_there(keen: Listener) -> None:
    def change_of_mind(slack: Slack) -> None:
        slack.delete(slack.edit(slack.say(ADA.id, "CGENERAL", "why?"), "why not?"))

    _said, changed, deleted = keen.hears(change_of_mind)

    assert kinds([changed, deleted]) == [("message", "message_changed"), ("message", "message_deleted")]
    assert {event["channel_type"] for event in (changed, deleted)} == {"channel"}


def test_a_message_with_replies_that_is_deleted_is_changed_into_its_own_grave(listener: Listener) -> None:
    """Its thread would have no start otherwise."""

    def ask_and_delete(slack: Slack) -> None:
        question = slack.say(ADA.id, "DADA", "why?")
        slack.say(ADA.id, "DADA", "well?", thread_ts=question.ts)
        slack.delete(question)

    said, _reply, changed = listener.hears(ask_and_delete)

    assert changed["subtype"] == "message_changed"
    assert (
        changed["message"].items()
        >= {
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "ts": said["ts"],
            "thread_ts": said["ts"],
        }.items()
    )
    assert changed["previous_message"].items() >= {"user": ADA.id, "text": "why?"}.items()


def test_the_bots_own_deletion_comes_back_to_it() -> None:
    with serving() as servers, closing(Listener(servers)) as listener:
        client = web_client(servers)
        ts = client.chat_postMessage(channel="DADA", text="wrong")["ts"]
        client.chat_delete(channel="DADA", ts=ts)
        listener.hears(lambda _slack: None)
        deleted = listener.events()[1]

    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"].items() >= {"user": BOT_USER, "bot_id": BOT_ID}.items()


def test_reading_a_thread_tells_nobody_anything() -> None:
    with serving() as servers, closing(Listener(servers)) as listener:
        said = servers.do(lambda: servers.slack.say(ADA.id, "DADA", "why?"))
        web_client(servers).conversations_replies(channel="DADA", ts=said.ts)
        listener.hears(lambda _slack: None)

        assert [event["type"] for event in listener.events()] == ["message", "last"]


def test_a_mention_that_is_edited_comes_again_marked_as_edited(listener: Listener) -> None:
    said, again = listener.hears(
        lambda slack: slack.edit(slack.say(ADA.id, "CGENERAL", MENTION), f"{MENTION} please")
    )

    assert (said["type"], again["type"]) == ("app_mention", "app_mention")
    assert (again["ts"], again["text"]) == (said["ts"], f"{MENTION} please")
    assert again["edited"]


def test_the_bots_own_posts_and_edits_in_a_direct_message_come_back_to_it(listener: Listener) -> None:
    with serving() as servers:
        listener = Listener(servers)
        client = web_client(servers)
        ts = client.chat_postMessage(channel="DADA", text="on it")["ts"]
        client.chat_update(channel="DADA", ts=ts, text="done")
        client.chat_postMessage(channel="CGENERAL", text="not heard of")
        listener.hears(lambda _slack: None)
        posted, changed, _last = listener.events()
        listener.close()

    assert posted.items() >= {"ts": ts, "user": BOT_USER, "bot_id": BOT_ID, "text": "on it"}.items()
    assert changed["subtype"] == "message_changed"
    assert changed["message"].items() >= {"user": BOT_USER, "bot_id": BOT_ID, "text": "done"}.items()
    assert changed["previous_message"]["text"] == "on it"


@pytest.mark.parametrize("channel", ["DADA", "CGENERAL"])
def test_another_bots_message_carries_its_bot_id(listener: Listener, channel: str) -> None:
    (event,) = listener.hears(lambda slack: slack.say(RELAY.id, channel, MENTION))

    assert event["user"] == RELAY.id
    assert event["bot_id"] not in ("", BOT_ID)


def test_a_mention_comes_as_two_events_to_whoever_hears_all_messages(keen: Listener) -> None:
    before = len(keen.envelopes())
    message, mention = keen.hears(lambda slack: slack.say(MINJI.id, "CGENERAL", MENTION))

    assert {message["type"], mention["type"]} == {"message", "app_mention"}
    assert (message["channel"], message["ts"]) == (mention["channel"], mention["ts"])
    ids = [envelope["payload"]["event_id"] for envelope in keen.envelopes()[before : before + 2]]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("CGENERAL", ["channel"]),
        ("GTEAM", ["group"]),
        ("GGROUP", ["mpim"]),
        ("DADA", ["im"]),
        ("CQUIET", []),
        ("GSECRET", []),
    ],
)
def test_every_message_names_the_kind_of_its_conversation(
    keen: Listener, channel: str, expected: list[str]
) -> None:
    heard = keen.hears(lambda slack: slack.say(ADA.id, channel, "why?"))

    assert [event["channel_type"] for event in heard] == expected


@pytest.mark.parametrize(
    ("act", "needed"),
    [
        (lambda slack: slack.say(ADA.id, "CGENERAL", MENTION), "app_mentions:read"),
        (lambda slack: slack.say(ADA.id, "DADA", "why?"), "im:history"),
    ],
)
def test_an_event_needs_its_scope(act: Callable[[Slack], object], needed: str) -> None:
    slack = Slack(granted=ALL_SCOPES - {needed})

    with pytest.raises(ApiError, match="missing_scope") as refusal:
        act(slack)

    assert refusal.value.details["needed"] == needed


def test_who_is_invited_is_heard(listener: Listener) -> None:
    def invite_and_ask(slack: Slack) -> None:
        slack.workspace.invite("CQUIET", BOT_USER)
        slack.say(ADA.id, "CQUIET", MENTION)

    with serving() as servers:
        listener = Listener(servers)
        heard = listener.hears(invite_and_ask)
        listener.close()

    assert [event["type"] for event in heard] == ["app_mention"]


# What comes with attachments


def test_a_forward_has_the_message_in_an_attachment_and_an_empty_text(keen: Listener) -> None:
    """https://github.com/slackapi/java-slack-sdk/issues/1179"""
    header = {"type": "header", "text": {"type": "plain_text", "text": "Plan"}}

    def share(slack: Slack) -> None:
        file = slack.upload("plan.txt", b"Friday")
        message = slack.say(MINJI.id, "CRANDOM", "We ship.", files=[file], blocks=[header])
        slack.forward(ADA.id, message, "DADA")

    message, event = keen.hears(share)
    (attachment,) = event["attachments"]

    assert event["text"] == ""
    assert attachment.items() >= {"is_share": True, "text": "We ship.", "author_name": MINJI.name}.items()
    assert attachment["author_id"] == MINJI.id
    assert attachment["from_url"].endswith(f"/archives/CRANDOM/p{message['ts'].replace('.', '')}")
    assert [each["name"] for each in attachment["files"]] == ["plan.txt"]
    assert attachment["message_blocks"][0]["message"] == {"blocks": [header]}


def test_what_a_webhook_posts_has_no_user_and_what_an_app_says_has_its_profile(keen: Listener) -> None:
    """https://docs.slack.dev/reference/events/message/bot_message"""
    (alert,) = keen.hears(lambda slack: slack.post_as_app("Grafana", "CGENERAL", "CPU is high"))
    (said,) = keen.hears(lambda slack: slack.say(RELAY.id, "CGENERAL", "Hello"))

    assert alert.items() >= {"subtype": "bot_message", "username": "Grafana", "bot_id": "BGRAFANA"}.items()
    assert not {"user", "bot_profile"} & alert.keys()
    assert said["bot_profile"] == {"id": f"B{RELAY.id}", "name": RELAY.name}


def test_a_preview_is_heard_of_as_a_change_of_the_message(keen: Listener) -> None:
    preview = {"from_url": "https://x.example", "text": "X"}
    said, event = keen.hears(
        lambda slack: slack.unfurl(slack.say(ADA.id, "DADA", "see <https://x.example>"), preview)
    )

    assert "attachments" not in said
    assert event["subtype"] == "message_changed"
    assert "edited" not in event["message"]
    assert event["message"]["attachments"] == [preview]
    assert "attachments" not in event["previous_message"]
