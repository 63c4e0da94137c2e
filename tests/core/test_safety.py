"""Nothing that is shown can ping people, and no secret can be read in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.safety import Safe, naming, neutralise, restored
from bot.core.slack_markdown import for_slack
from bot.core.texts import Language, texts_in

SEQUENCES = [
    "<!channel>",
    "<!here|x>",
    "<!HERE>",
    "<!everyone>",
    "<!group>",
    "<!subteam^S1>",
    "<!subteam^S1|@devs>",
    "<@U123>",
    "<@W123|ada>",
    "<@B1>",
    "<#C1|x>",
    "<#D1>",
    "&lt;!channel&gt;",
    "&lt;@U123&gt;",
    "@here",
    "@channel은",
    "@Everyone!",
]
SPLINTERS = [
    "<",
    "&lt;",
    "!",
    "@",
    "#",
    "here",
    "channel",
    "subteam^",
    "U1",
    "C",
    "|",
    "^",
    ">",
    "&gt;",
    "\u200b",
]
TOKENS = [
    "xoxb-",
    "xapp-",
    "1-A2b",
    "AKIA",
    "IOSFODNN7EXAMPLE",
    "ABSK",
    "QmVkcm9ja0FQSQ",
    "Bearer ",
    "\n",
    " ",
]
HALVES = ["\ud83d", "\ude00"]


def pieced(*fragments: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(fragments) | st.text(max_size=4), max_size=12).map("".join)


def live(text: str) -> list[str]:
    """What Slack could act on in `text`, read as a parser of its markup would, finished or not."""
    decoded = text.replace("&lt;", "<").replace("&gt;", ">")
    bodies = [after.partition(">")[0] for after in decoded.split("<")[1:]]
    names = [re.split(r"[|^\s]", body)[0] for body in bodies]
    found = [name for name in names if re.fullmatch(r"@[UWB][A-Z0-9]+|#[CDG][A-Z0-9]+", name)]
    found += [
        name for name in names if name.lower() in ("!here", "!channel", "!everyone", "!group", "!subteam")
    ]
    return found + re.findall(r"(?i)@(?:here|channel|everyone)(?![a-z0-9_])", decoded)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_oracle_sees_what_is_live(sequence: str) -> None:
    assert live(sequence)


@settings(deadline=None, max_examples=300)
@given(pieced(*SEQUENCES, *SPLINTERS, *TOKENS, *HALVES))
def test_nothing_live_is_left(text: str) -> None:
    assert live(neutralise(text)) == []


@settings(deadline=None)
@given(pieced(*SEQUENCES, *SPLINTERS, *HALVES))
def test_nothing_is_live_while_a_text_grows(text: str) -> None:
    assert [live(neutralise(text[:end])) for end in range(len(text))] == [[]] * len(text)


@settings(deadline=None, max_examples=300)
@given(pieced(*SEQUENCES, *SPLINTERS, *TOKENS, *HALVES))
def test_neutralising_twice_changes_nothing_more(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@settings(deadline=None)
@given(pieced(*SEQUENCES, *SPLINTERS))
def test_a_text_reads_the_same(text: str) -> None:
    assert neutralise(text).replace("\u200b", "") == text.replace("\u200b", "")


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>",
        "<!-- a comment -->",
        "List<@NonNull String>",
        "#include <stdio.h>",
        "std::vector<#T>",
        "ada@example.com",
        "here@example.com and @hereafter, @channels, @here_it_is",
        "a < b && c > d &lt;br&gt;",
        "<https://example.com|a link>",
        "안녕하세요 👩‍👩‍👧‍👦 \ufeff",
    ],
)
def test_what_can_ping_nobody_can_be_copied(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize(
    ("cut", "mended"),
    [
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00b", "\ufffdb"),
        ("\ud83dx\ude00", "\ufffdx\ufffd"),
    ],
)
def test_cut_surrogates_are_mended(cut: str, mended: str) -> None:
    assert neutralise(cut) == mended


@pytest.mark.parametrize("language", Language)
def test_the_asker_is_the_only_one_who_is_named(language: Language) -> None:
    sentence = naming(texts_in(language).asks + " <!channel> <@U999> @here", "U123")

    assert live(sentence) == ["@U123"]


@pytest.mark.parametrize(
    "stranger", ["", "u123", "U", "C123", "ada", "U1|x", "U1>", "U1><!channel", "U1 U2", "U1\n", "!here"]
)
def test_naming_refuses_what_is_no_user_id(stranger: str) -> None:
    with pytest.raises(ValueError, match="not a Slack user id"):
        naming("{asker} asks:", stranger)


# What is read again


@pytest.mark.parametrize(
    "written",
    [
        "`<@U123>`, <!here>, @channel and &lt;!everyone&gt;",
        "[https://bank.example](https://evil.example) and ![x](https://evil.example/?q=1)",
        "<https://evil.com|bank.com>",
        '**GIL(전역 락)**은 *"굵게"*가 List<String>',
    ],
)
def test_what_was_shown_is_read_as_it_was_written(written: str) -> None:
    shown = for_slack(neutralise(written))

    assert shown != written
    assert restored(shown) == written


@settings(deadline=None)
@given(pieced(*SEQUENCES, *SPLINTERS, "[", "](", "https://a.b", ")", "**", "가", "_"))
def test_whatever_was_shown_is_read_as_it_was_written(text: str) -> None:
    written = re.sub("[\u200b\u2060]", "", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    assert restored(for_slack(neutralise(written))) == written


def test_zero_width_characters_that_the_writer_put_in_stay() -> None:
    assert restored(Safe("ไทย\u200bภาษา a\u2060b")) == "ไทย\u200bภาษา a\u2060b"
