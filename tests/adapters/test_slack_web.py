"""Calls of the Web API: what is found again, what streams, and what an error means."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.slack_errors import translated
from bot.adapters.slack_web import SlackWeb
from bot.core.conversation import Role
from bot.core.errors import ContentRefused, RateLimited, SetupFault, SlackError, Unreachable
from bot.core.message import Content, Kind, Outgoing, Standing
from bot.core.question import Place
from bot.core.safety import Safe
from bot.playground.limits import UNLIMITED
from bot.playground.servers import Servers
from bot.playground.slack import BOT_TOKEN, Slack
from bot.playground.workspace import ADA, BOT_USER, TEAM

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
    assert error.method == "chat.update"


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
        ("invalid_blocks", {"errors": ["only_one_table_allowed"]}, "only_one_table_allowed"),
        ("msg_too_long", {}, "msg_too_long"),
    ],
)
def test_a_refusal_for_good_keeps_its_code_and_its_reason(code: str, more: dict[str, Any], text: str) -> None:
    error = translated(refusal(200, failed(code, **more)))

    is_of_content = code in ("invalid_blocks", "msg_too_long")
    assert type(error) is (ContentRefused if is_of_content else SlackError)
    assert error.code == code
    assert text in str(error)


@pytest.mark.parametrize(
    ("code", "setup"),
    [
        *((code, SetupFault.TOKEN) for code in ("token_revoked", "account_inactive", "invalid_auth")),
        *((code, SetupFault.TOKEN) for code in ("token_expired", "not_authed", "org_login_required")),
        *((code, SetupFault.TOKEN) for code in ("team_access_not_granted", "enterprise_is_restricted")),
        *((code, SetupFault.PERMISSION) for code in ("missing_scope", "no_permission", "invalid_scopes")),
        ("not_allowed_token_type", SetupFault.PERMISSION),
        *((code, None) for code in ("channel_not_found", "is_archived", "internal_error", "ratelimited")),
    ],
)
def test_a_fault_of_the_set_up_is_told_from_others(code: str, setup: SetupFault | None) -> None:
    error = translated(refusal(200, failed(code, needed="a:read", provided="b:read,c:read")))

    assert error.setup is setup
    if setup:
        assert (error.needed, error.provided) == ("a:read", "b:read,c:read")


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
        SlackWeb(WebClient(), BOT_USER, TEAM).tell_privately(url, Safe("Hello"))
