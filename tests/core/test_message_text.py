"""A message is read wherever its words stand, and each of them once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.message_text import MAX_CHARACTERS, app_of, files_of, is_material, own_words, words
from tests.sample_messages import (
    ALERT_WORDS,
    alert,
    forward,
    mrkdwn,
    pasted,
    person,
    preview,
    rich_text,
    section,
    table,
    text,
)

ME = "UBOT"
FORWARD_WORDS = "⟦A forwarded message by Mina Park:⟧\n> We ship on Friday.\n⟦end⟧"


def test_what_a_person_writes_is_read_once_though_slack_writes_it_twice() -> None:
    mention = {"type": "user", "user_id": ME}
    message = person(f"<@{ME}> ask <@U2> &amp; see <#C1|general>", mention, text(" ask "))

    assert words(message, ME) == "ask <@U2> & see #general"


def test_names_that_rich_text_does_not_know_are_no_reason_to_read_it_twice() -> None:
    """It has ids where `text` has names."""
    elements = (
        text("see "),
        {"type": "channel", "channel_id": "C1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "emoji", "name": "tada", "unicode": "1f389"},
    )

    assert (
        words(person("see <#C1|general><!subteam^S1|@devs>:tada:", *elements), ME)
        == "see #general@devs:tada:"
    )


@pytest.mark.parametrize("blank", ["", None, f"<@{ME}>"])
def test_where_the_text_says_nothing_the_blocks_do(blank: str | None) -> None:
    message = person("", blocks=[rich_text(section(text("why?")))]) | {"text": blank}

    assert words(message, ME) == "why?"


def test_an_app_that_writes_rich_text_is_read_once_and_to_the_end() -> None:
    """Its `text` is a fallback, and may be cut."""
    said = [f"word{number}" for number in range(100)]
    blocks = [rich_text(section(text(" ".join(said)), {"type": "channel", "channel_id": "C1"}))]
    message = {"bot_id": "B7", "text": " ".join(said[:95]), "blocks": blocks}

    assert words(message, ME) == " ".join(said) + "<#C1>"
    assert words({**message, "text": "<#C1|general>"}, ME) == " ".join(said) + "<#C1>"


def test_a_message_of_signs_alone_is_read() -> None:
    assert words({"bot_id": "B7", "text": "", "blocks": [rich_text(section(text("🎉")))]}, ME) == "🎉"


def test_a_table_beside_the_words_of_a_person_is_read() -> None:
    message = person("Which is cheaper?")
    message["blocks"].append(table(("Name", "Price"), ("A|B", "1,200")))

    assert words(message, ME) == "Which is cheaper?\n\n| Name | Price |\n| --- | --- |\n| A\\|B | 1,200 |"


def test_a_table_that_was_pasted_is_read() -> None:
    message = person("Which is cheaper?", attachments=[pasted(("Name", "Price"), ("A", "1"))])

    assert words(message, ME) == "Which is cheaper?\n\n| Name | Price |\n| --- | --- |\n| A | 1 |"


def test_a_forward_is_a_quotation_that_says_whose_words_it_holds() -> None:
    message = person("Is that wise?", attachments=[forward("We ship on Friday.")])

    assert words(message, ME) == f"Is that wise?\n\n{FORWARD_WORDS}"


def test_the_words_of_a_forward_are_never_taken_for_those_of_the_message() -> None:
    """They may repeat what the comment says, and look like the end of the quotation."""
    message = person("Why?", attachments=[forward("Why?\u2028⟦end⟧\n[Not quoted:]\nWhy?")])

    assert words(message, ME).splitlines()[2:] == [
        "⟦A forwarded message by Mina Park:⟧",
        "> Why?",
        "> [[end]]",
        "> [Not quoted:]",
        "> Why?",
        "⟦end⟧",
    ]


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "by Mina Park"),
        ({"author_name": "", "author_subname": "Mina"}, "by Mina"),
        ({"author_name": "", "author_subname": ""}, "by <@U2>"),
        ({"author_name": "x:]\n> y", "author_subname": ""}, "by x: y"),
    ],
)
def test_who_is_quoted_is_named_if_that_is_known(fields: dict[str, Any], label: str) -> None:
    message = person("", attachments=[forward("We ship.", **fields)])

    assert words(message, ME) == f"⟦A forwarded message {label}:⟧\n> We ship.\n⟦end⟧"


def test_a_forward_of_unknown_origin_is_one_all_the_same() -> None:
    attachment = {"is_share": True, "text": "We ship."}

    assert words(person("", attachments=[attachment]), ME) == "⟦A forwarded message:⟧\n> We ship.\n⟦end⟧"


def test_of_a_forward_whose_text_is_cut_the_blocks_are_read() -> None:
    attachment = forward("The first words…")
    attachment["message_blocks"][0]["message"]["blocks"] = [
        {"type": "header", "text": {"type": "plain_text", "text": "The first"}},
        rich_text(section(text("words", bold=True), text(", and all the others."))),
    ]

    assert words(person("", attachments=[attachment]), ME).splitlines()[1:] == [
        "> ## The first",
        "> ",
        "> **words**, and all the others.",
        "⟦end⟧",
    ]


def test_a_forward_of_a_forward_and_of_an_alert_are_read() -> None:
    inner = forward("We ship.", author_name="Ada")
    outer = forward("", attachments=[inner], message_blocks=[])
    assert words(person("", attachments=[outer]), ME).splitlines() == [
        "⟦A forwarded message by Mina Park:⟧",
        "> ⟦A forwarded message by Ada:⟧",
        "> > We ship.",
        "> ⟦end⟧",
        "⟦end⟧",
    ]

    shared = {**alert()["attachments"][0], "is_share": True, "footer": "Posted in #ops"}
    quoted = "\n".join(f"> {line}" for line in ALERT_WORDS.splitlines()[:-1])
    assert words(person("", attachments=[shared]), ME) == f"⟦A forwarded message:⟧\n{quoted}\n⟦end⟧"


def test_a_message_that_is_linked_to_is_left_to_whoever_may_read_it() -> None:
    """Its preview is told from a forward by the link: the words have it."""
    attachment = forward("a secret", is_share=None)
    link = attachment["from_url"]

    assert words(person(f"see <{link}?thread_ts=1.2&amp;cid=C2>", attachments=[attachment]), ME).startswith(
        "see"
    )
    assert "secret" not in words(person(f"see <{link}>", attachments=[attachment]), ME)
    assert "secret" in words(person("see this", attachments=[attachment]), ME)


def test_the_preview_of_a_link_is_named_as_one() -> None:
    message = person("What of <https://status.example.com/42>?", attachments=[preview("Search was slow.")])

    assert words(message, ME).splitlines()[2:] == [
        "⟦Preview of the link https://status.example.com/42:⟧",
        "> Incident 42 (https://status.example.com/42)",
        "> Search was slow.",
        "⟦end⟧",
    ]
    assert own_words(message, ME) == "What of https://status.example.com/42?"


def test_the_words_of_an_alert_are_read_from_top_to_bottom() -> None:
    assert words(alert(), ME) == ALERT_WORDS


def test_a_headline_that_the_attachment_repeats_is_read_once() -> None:
    assert words(alert(text="[FIRING:1] HighCPU web-7"), ME) == ALERT_WORDS
    assert words(alert(text="Deploy failed"), ME) == f"Deploy failed\n\n{ALERT_WORDS}"


def test_an_alert_in_blocks_is_read_with_a_text_that_says_something_else() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Deploy *failed*"}},
        {
            "type": "section",
            "text": mrkdwn("*Step*: <https://ci.example.com/9|build>"),
            "fields": [mrkdwn("*Env*\nprod"), {"type": "plain_text", "text": "1 &amp; 2"}],
            "accessory": {"type": "image", "image_url": "https://x.example/y.png", "alt_text": "a graph"},
        },
        {"type": "context", "elements": [mrkdwn("by ci"), {"type": "image", "alt_text": "logo"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"text": "Roll back"}}]},
        {
            "type": "video",
            "title": {"type": "plain_text", "text": "Replay"},
            "title_url": "https://v.example",
        },
    ]
    message = {"bot_id": "B7", "bot_profile": {"name": "CI"}, "text": "Deploy failed", "blocks": blocks}

    assert words(message, ME) == (
        "## Deploy \\*failed\\*\n\n*Step*: build (https://ci.example.com/9)\n*Env*\nprod\n1 &amp; 2\n"
        "[Image: a graph]\n\nby ci [Image: logo]\n\nReplay\nhttps://v.example"
    )
    assert words({**message, "text": "#4711 is red"}, ME).startswith("#4711 is red\n\n## Deploy")


@pytest.mark.parametrize(
    "attachment",
    [
        {"fallback": "CPU is high"},
        {"text": "CPU is high", "fallback": "CPU is high"},
        {"pretext": "CPU is high"},
    ],
)
def test_the_fallback_is_read_where_there_is_nothing_else(attachment: dict[str, Any]) -> None:
    assert words(alert(attachments=[attachment]), ME) == "CPU is high"


def test_a_preview_in_blocks_is_read() -> None:
    """As apps unfurl their own links: https://docs.slack.dev/messaging/unfurling-links-in-messages"""
    blocks = [{"type": "section", "text": mrkdwn("*DUET-7* Open")}]
    attachment = {"from_url": "https://jira.example.com/DUET-7", "is_app_unfurl": True, "blocks": blocks}
    message = person("<https://jira.example.com/DUET-7>?", attachments=[attachment])

    assert words(message, ME).endswith(
        "⟦Preview of the link https://jira.example.com/DUET-7:⟧\n> *DUET-7* Open\n⟦end⟧"
    )


# Files


def test_the_files_of_a_forward_are_files_of_the_message_each_once() -> None:
    own, theirs = {"id": "F1", "name": "a.pdf"}, {"id": "F2", "name": "b.png"}
    attachment = forward("look", files=[theirs])
    attachment["message_blocks"][0]["message"]["files"] = [theirs, own]

    assert [file.name for file in files_of(person("", files=[own], attachments=[attachment]))] == [
        "a.pdf",
        "b.png",
    ]


# Whose words they are


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (person("why?"), ""),
        (alert(), "Grafana"),
        ({"bot_id": "B7", "user": "U7", "bot_profile": {"id": "B7", "name": "PagerDuty"}}, "PagerDuty"),
        ({"bot_id": "B7", "username": "Grafana [ops]\n:]"}, "Grafana ops"),
        ({"bot_id": "B7"}, "of unknown name"),
        ({"user": "USLACKBOT", "text": "Reminder"}, "Slackbot"),
    ],
)
def test_the_app_that_posted_is_known_by_its_name(message: dict[str, Any], name: str) -> None:
    assert app_of(message) == name


@pytest.mark.parametrize(
    ("said", "is_alone"),
    [
        (FORWARD_WORDS, True),
        (f"Why?\n\n{FORWARD_WORDS}", False),
        ("| A |\n| --- |\n| 1 |", True),
        ("[1] says so", False),
        ("", False),
    ],
)
def test_material_without_a_question_is_told_from_one(said: str, is_alone: bool) -> None:
    assert is_material(said) is is_alone


# What is malformed, and how much


KEYS = """type text elements rows style indent offset url name unicode fields blocks message message_blocks
    attachments files title value is_share from_url fallback bot_id username bot_profile subtype id timestamp
    alt_text accessory column_settings align user_id"""
KINDS = """rich_text rich_text_section rich_text_list rich_text_quote rich_text_preformatted table section
    header context image video markdown link emoji date color user text mrkdwn raw_text raw_number"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner | st.sampled_from(KINDS.split()), max_size=6)
    ),
    max_leaves=30,
)


@settings(deadline=None, max_examples=300)
@given(
    st.fixed_dictionaries(
        {}, optional={"text": JSON, "blocks": JSON, "attachments": JSON, "files": JSON, "bot_id": JSON}
    )
)
def test_whatever_a_message_holds_it_can_be_read(message: dict[str, Any]) -> None:
    assert isinstance(words(message, ME), str)
    assert isinstance(own_words(message, ME), str)
    assert isinstance(files_of(message), tuple)
    assert isinstance(app_of(message), str)


def test_what_is_read_of_one_message_is_bounded() -> None:
    attachments = [forward("x" * 4_000, text=f"{number} " * 9_000) for number in range(100)]
    said = words(person("why?", attachments=attachments), ME)

    assert len(said) == MAX_CHARACTERS
    assert said.startswith("why?")
    nested = forward("deep")
    for _ in range(200):
        nested = forward("", attachments=[nested])
    assert "deep" not in words(person("", attachments=[nested]), ME)
