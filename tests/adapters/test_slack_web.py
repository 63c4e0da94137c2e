"""Between Slack's JSON and what the engine knows."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.slack_web import SlackWeb, as_view, remark, rendered, translated
from bot.core.conversation import Remark, Role
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.files import SharedFile
from bot.core.home import Home, Section
from bot.core.message import Content, Kind, Outgoing, Standing
from bot.core.question import Place
from bot.core.safety import Safe
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import BOT_TOKEN, Slack
from bot.playground.workspace import ADA, BOT_USER, TEAM

ME = "UBOT"


# Messages that are written


def saying(body: Safe, lead: Safe = Safe(""), note: Safe = Safe("")) -> Outgoing:
    return Outgoing(Kind.ANSWER, Content(body, lead, note), "C1/1.0/answer/0", is_end=True)


def test_a_message_is_markdown_with_a_text_for_notifications_and_knows_what_it_is_for() -> None:
    assert rendered(saying(Safe("**a** & b"))) == {
        "text": "**a** &amp; b",
        "blocks": [{"type": "markdown", "text": "**a** & b"}],
        "metadata": {
            "event_type": "duet_message",
            "event_payload": {"kind": "answer", "key": "C1/1.0/answer/0", "is_end": True},
        },
    }


def test_a_lead_stands_above_and_a_note_below() -> None:
    assert rendered(saying(Safe("body"), lead=Safe("<@U1> asks:"), note=Safe("It broke off.")))["blocks"] == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "<@U1> asks:", "verbatim": True}},
        {"type": "markdown", "text": "body"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "It broke off.", "verbatim": True}]},
    ]


def test_the_text_of_a_full_message_is_one_that_an_edit_may_carry() -> None:
    """Slack refuses to edit a message whose `text` is longer than 4,000 characters."""
    message = rendered(saying(Safe("<" * 11_000)))

    assert len(message["text"]) < 4_000
    assert message["blocks"][0]["text"] == "<" * 11_000


def test_the_text_may_be_edited_even_if_an_emoji_counts_twice() -> None:
    message = rendered(saying(Safe("😀" * 5_500)))

    assert len(message["text"].encode("utf-16-le")) // 2 < 4_000


# The Home


def test_a_home_is_a_view_whose_buttons_ask_in_direct_messages() -> None:
    section = Section("Your last answers", (Safe("answered"), Safe("broke off")))
    page = Home("D1", "Ask", Safe("How to"), Safe("Try:"), ("why?", "how?"), (section,))

    assert as_view(page) == {
        "type": "home",
        "private_metadata": "D1",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Ask"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "How to", "verbatim": True}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "Try:", "verbatim": True}]},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": action,
                        "text": {"type": "plain_text", "text": question},
                        "value": question,
                    }
                    for action, question in (("example_1", "why?"), ("example_2", "how?"))
                ],
            },
            {"type": "divider"},
            {"type": "header", "text": {"type": "plain_text", "text": "Your last answers"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "answered", "verbatim": True}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "broke off", "verbatim": True}},
        ],
    }


# Messages that are read


def own(kind: str, markdown: str, **fields: Any) -> dict[str, Any]:
    return {
        "user": ME,
        "bot_id": "B1",
        "ts": "2.0",
        "text": "the fallback",
        "blocks": [{"type": "markdown", "text": markdown}],
        "metadata": {"event_type": "duet_message", "event_payload": {"kind": kind, "key": "C1/1.0"}},
        **fields,
    }


def said(text: str, **fields: Any) -> dict[str, Any]:
    return {"user": "U1", "ts": "1.0", "text": text, **fields}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (said("Why?"), "Why?"),
        (said("<@UBOT> a &lt; b?"), "a < b?"),
        (said("look", subtype="file_share"), "look"),
        (said("look", subtype="thread_broadcast"), "look"),
        (said("edited", edited={"user": "U1", "ts": "1.1"}), "edited"),
        ({"user": "U1", "ts": "1.0"}, ""),
        ({"user": "U1", "ts": "1.0", "text": None}, ""),
    ],
)
def test_what_people_say_belongs_to_the_conversation(message: dict[str, Any], words: str) -> None:
    assert remark(message, ME) == Remark("1.0", Role.USER, words, "U1")


def test_the_files_of_a_message_are_read_with_it() -> None:
    message = said("look", subtype="file_share", files=[{"id": "F1", "name": "계획.pdf", "size": 9}])

    assert remark(message, ME) == Remark(
        "1.0", Role.USER, "look", "U1", (SharedFile("F1", "계획.pdf", size=9),)
    )


def test_the_bots_answers_belong_to_the_conversation_as_they_were_written() -> None:
    assert remark(own("answer", "**a** &lt;"), ME) == Remark("2.0", Role.ASSISTANT, "**a** &lt;")


def test_a_note_under_an_answer_is_not_part_of_it() -> None:
    blocks = rendered(saying(Safe("Because"), note=Safe("It broke off.")))["blocks"]

    assert remark(own("answer", "", blocks=blocks), ME) == Remark("2.0", Role.ASSISTANT, "Because")


def test_a_commands_question_is_what_its_asker_said() -> None:
    blocks = rendered(saying(Safe("> Why?\n> \n> > Because?"), lead=Safe("<@U1> asks:")))["blocks"]

    assert remark(own("question", "", blocks=blocks), ME) == Remark(
        "2.0", Role.USER, "Why?\n\n> Because?", "U1", key="C1/1.0"
    )


@pytest.mark.parametrize("blocks", [None, [], [{"type": "rich_text", "elements": []}]])
def test_an_answer_that_slack_translated_is_read_from_its_fallback(blocks: list[Any] | None) -> None:
    message = own("answer", "", text="a &lt; b", blocks=blocks)

    assert remark(message, ME) == Remark("2.0", Role.ASSISTANT, "a < b")


@pytest.mark.parametrize(
    "message",
    [
        own("acknowledgement", "On it."),
        own("notice", "Sorry."),
        own("something later", "?"),
        own("answer", "no metadata", metadata=None),
        own("answer", "no kind", metadata={"event_type": "duet_message"}),
        own("answer", "another's", metadata={"event_type": "other", "event_payload": {"kind": "answer"}}),
        said("I am a bot", bot_id="B2"),
        {"bot_id": "B2", "subtype": "bot_message", "ts": "1.0", "text": "I am a bot"},
        said("<@U1> has joined", subtype="channel_join"),
        said("", subtype="tombstone"),
    ],
)
def test_what_nobody_said_to_the_bot_is_no_part_of_the_conversation(message: dict[str, Any]) -> None:
    assert remark(message, ME) is None


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_message_is_recognised_or_left_out_on_purpose(kind: Kind) -> None:
    heard = remark(own(kind.value, "text"), ME)

    assert (heard is not None) is (kind in (Kind.QUESTION, Kind.ANSWER))


# Messages that are looked for


@pytest.fixture
def slack() -> Iterator[SlackWeb]:
    """The bot's Slack, with a question in it."""
    servers = Servers(lambda: Slack(UNLIMITED))
    servers.start()
    client = WebClient(BOT_TOKEN, base_url=f"{servers.slack.base_url}/api/", retry_handlers=[])
    yield SlackWeb(client, BOT_USER, TEAM)
    servers.stop()


def outgoing(key: str, kind: Kind = Kind.ANSWER) -> Outgoing:
    return Outgoing(kind, Content(Safe("Because.")), key)


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_message_is_found_by_the_key_that_it_was_posted_with(slack: SlackWeb, in_thread: bool) -> None:
    root = slack.post("CGENERAL", None, outgoing("question", Kind.QUESTION)) if in_thread else None
    first, second = (slack.post("CGENERAL", root, outgoing(key)) for key in ("first", "second"))

    assert slack.find("CGENERAL", root, outgoing("first")) == first
    assert slack.find("CGENERAL", root, outgoing("second")) == second
    assert slack.find("CGENERAL", root, outgoing("third")) is None


def test_a_message_is_found_after_it_was_edited(slack: SlackWeb) -> None:
    ts = slack.post("CGENERAL", None, outgoing("first"))
    slack.edit("CGENERAL", ts, outgoing("first"))

    assert slack.find("CGENERAL", None, outgoing("first")) == ts


def test_a_message_is_not_looked_for_in_other_threads(slack: SlackWeb) -> None:
    here, there = (slack.post("CGENERAL", None, outgoing(key)) for key in ("here", "there"))
    slack.post("CGENERAL", there, outgoing("first"))

    assert slack.find("CGENERAL", here, outgoing("first")) is None


def test_a_message_is_found_beyond_the_first_page_of_its_thread(slack: SlackWeb) -> None:
    root = slack.post("CGENERAL", None, outgoing("question", Kind.QUESTION))
    for number in range(205):
        last = slack.post("CGENERAL", root, outgoing(str(number)))

    assert slack.find("CGENERAL", root, outgoing("204")) == last


# Messages that Slack streams


def streamed(slack: SlackWeb, text: str) -> tuple[Place, str]:
    """The thread and the ts of a message that streams, for somebody in a channel."""
    place = Place("CGENERAL", slack.post("CGENERAL", None, outgoing("question", Kind.QUESTION)))
    return place, slack.start_stream(place, Safe(text), ADA.id, TEAM)


def test_a_stream_is_found_by_its_words_and_after_its_end_by_its_key(slack: SlackWeb) -> None:
    place, ts = streamed(slack, "Because.")
    assert slack.find("CGENERAL", place.thread_ts, outgoing("first")) == ts

    slack.stop_stream("CGENERAL", ts, Safe(""), outgoing("first"))
    assert slack.find("CGENERAL", place.thread_ts, outgoing("first")) == ts
    assert slack.find("CGENERAL", place.thread_ts, outgoing("second")) is None


def test_a_stream_stands_under_its_ts_until_it_ends_and_is_no_part_of_the_conversation(
    slack: SlackWeb,
) -> None:
    place, ts = streamed(slack, "Because")
    page = slack.replies(place, "", "")
    assert page.standing[ts] == Standing(ts, "Because")
    assert not [remark for remark in page.remarks if remark.role is Role.ASSISTANT]

    slack.stop_stream("CGENERAL", ts, Safe("."), outgoing("first"))
    page = slack.replies(place, "", "")
    assert page.standing["first"] == Standing(ts, "Because.")
    assert [remark.text for remark in page.remarks if remark.role is Role.ASSISTANT] == ["Because."]


def test_a_stream_that_is_given_up_can_be_edited(slack: SlackWeb) -> None:
    place, ts = streamed(slack, "")
    slack.append("CGENERAL", ts, Safe("Because"))
    slack.stop_stream("CGENERAL", ts, Safe(""), None)
    slack.edit("CGENERAL", ts, outgoing("first"))

    assert slack.replies(place, "", "").standing["first"].body == "Because."


def test_an_edit_ends_what_somebody_else_left_streaming(slack: SlackWeb) -> None:
    place, ts = streamed(slack, "Be")
    slack.edit("CGENERAL", ts, outgoing("first"))

    assert slack.replies(place, "", "").standing["first"].body == "Because."


# Errors


def refusal(status: int, data: dict[str, Any], headers: dict[str, str] | None = None) -> SlackApiError:
    """The error as slack_sdk raises it."""
    response = SlackResponse(
        client=WebClient(),
        http_verb="POST",
        api_url="https://slack.com/api/chat.update",
        req_args={},
        data=data,
        headers=headers or {},
        status_code=status,
    )
    with pytest.raises(SlackApiError) as raised:
        response.validate()  # type: ignore[no-untyped-call] # slack_sdk gives it no types
    return raised.value


def failed(code: str, **data: Any) -> dict[str, Any]:
    return {"ok": False, "error": code, **data}


@pytest.mark.parametrize(
    ("status", "code", "headers", "seconds"),
    [
        (429, "ratelimited", {"Retry-After": "30"}, 30.0),
        (429, "ratelimited", {"Retry-After": "0.5"}, 0.5),
        (429, "", {"Retry-After": "2"}, 2.0),
        (200, "rate_limited", {"Retry-After": "3"}, 3.0),
        (200, "ratelimited", {}, 1.0),
        (429, "ratelimited", {}, 1.0),
        (429, "ratelimited", {"Retry-After": ""}, 1.0),
        (429, "ratelimited", {"Retry-After": "soon"}, 1.0),
        (429, "ratelimited", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1.0),
        (429, "ratelimited", {"Retry-After": "-5"}, 0.0),
    ],
)
def test_a_limit_says_how_long_to_wait(
    status: int, code: str, headers: dict[str, str], seconds: float
) -> None:
    error = translated(refusal(status, failed(code), headers))

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize("value", ["inf", "nan", "1e999"])
def test_no_limit_lasts_for_ever(value: str) -> None:
    error = translated(refusal(429, failed("ratelimited"), {"Retry-After": value}))

    assert isinstance(error, RateLimited)
    assert isfinite(error.retry_after)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, "internal_error"),
        (200, "fatal_error"),
        (200, "request_timeout"),
        (200, "service_unavailable"),
        (200, "team_added_to_org"),
        (200, "update_failed"),
        (503, "service_unavailable"),
        (500, ""),
        (502, "Received a response in a non-JSON format: <html>Bad Gateway</html>"),
        (200, "Received a response in a non-JSON format: <html>Sorry</html>"),
    ],
)
def test_trouble_that_passes_is_told_from_a_refusal(status: int, code: str) -> None:
    error = translated(refusal(status, failed(code)))

    assert isinstance(error, Unreachable)
    assert error.code == (code or "unknown")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("refused"), TimeoutError("timed out"), OSError("no route to host")]
)
def test_a_network_in_trouble_is_out_of_reach(error: OSError) -> None:
    assert isinstance(translated(error), Unreachable)
    assert translated(error).code == type(error).__name__


@pytest.mark.parametrize(
    ("code", "more", "text"),
    [
        ("channel_not_found", {}, "channel_not_found"),
        ("not_in_channel", {}, "not_in_channel"),
        ("invalid_auth", {}, "invalid_auth"),
        ("missing_scope", {"needed": "chat:write", "provided": ""}, "missing_scope: chat:write"),
        ("invalid_blocks", {"response_metadata": {"messages": ["[ERROR] no text"]}}, "no text"),
    ],
)
def test_a_refusal_for_good_keeps_its_code_and_its_reason(code: str, more: dict[str, Any], text: str) -> None:
    error = translated(refusal(200, failed(code, **more)))

    assert type(error) is SlackError
    assert error.code == code
    assert text in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/commands/1",
        "http://hooks.slack.com/commands/1",
        "https://hooks.slack.com.example.com/commands/1",
        "https://notslack.com/commands/1",
        "file:///etc/passwd",
        "",
    ],
)
def test_nothing_is_sent_to_an_address_that_is_not_slacks(url: str) -> None:
    with pytest.raises(SlackError, match="foreign_response_url"):
        SlackWeb(WebClient(), ME, TEAM).tell_privately(url, Safe("Hello"))
