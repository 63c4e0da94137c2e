"""Between Slack's JSON and what the engine knows."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.slack_messages import as_view, remark, rendered
from bot.core.conversation import Remark, Role
from bot.core.files import SharedFile
from bot.core.home import Home, Section
from bot.core.message import Content, Kind, Outgoing
from bot.core.safety import Safe

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
