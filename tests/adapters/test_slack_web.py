"""Between Slack's JSON and what the engine knows."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.slack_web import SlackWeb, remark, rendered, translated
from bot.core.conversation import Remark, Role
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.message import Content, Kind
from bot.core.safety import Safe

ME = "UBOT"


# Messages that are written


def test_a_message_is_markdown_with_a_text_for_notifications() -> None:
    assert rendered(Content(Safe("**a** & b"))) == {
        "text": "**a** &amp; b",
        "blocks": [{"type": "markdown", "text": "**a** & b"}],
    }


def test_a_lead_stands_above_and_a_note_below() -> None:
    assert rendered(Content(Safe("body"), lead=Safe("<@U1> asks:"), note=Safe("It broke off.")))[
        "blocks"
    ] == [
        {"type": "section", "text": {"type": "mrkdwn", "text": "<@U1> asks:", "verbatim": True}},
        {"type": "markdown", "text": "body"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "It broke off.", "verbatim": True}]},
    ]


def test_the_text_of_a_full_message_is_one_that_an_edit_may_carry() -> None:
    """Slack refuses to edit a message whose `text` is longer than 4,000 characters."""
    message = rendered(Content(Safe("<" * 11_000)))

    assert len(message["text"]) < 4_000
    assert message["blocks"][0]["text"] == "<" * 11_000


# Messages that are read


def own(kind: str, markdown: str, **fields: Any) -> dict[str, Any]:
    return {
        "user": ME,
        "bot_id": "B1",
        "ts": "2.0",
        "text": "the fallback",
        "blocks": [{"type": "markdown", "text": markdown}],
        "metadata": {"event_type": "duet_message", "event_payload": {"kind": kind}},
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
    assert remark(message, ME) == Remark("1.0", Role.USER, words)


def test_the_bots_answers_belong_to_the_conversation_as_they_were_written() -> None:
    assert remark(own("answer", "**a** &lt;"), ME) == Remark("2.0", Role.ASSISTANT, "**a** &lt;")


def test_a_note_under_an_answer_is_not_part_of_it() -> None:
    blocks = rendered(Content(Safe("Because"), note=Safe("It broke off.")))["blocks"]

    assert remark(own("answer", "", blocks=blocks), ME) == Remark("2.0", Role.ASSISTANT, "Because")


def test_a_commands_question_is_what_its_asker_said() -> None:
    blocks = rendered(Content(Safe("> Why?\n> \n> > Because?"), lead=Safe("<@U1> asks:")))["blocks"]

    assert remark(own("question", "", blocks=blocks), ME) == Remark("2.0", Role.USER, "Why?\n\n> Because?")


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
        SlackWeb(WebClient(), ME).tell_privately(url, Safe("Hello"))
