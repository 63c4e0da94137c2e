"""Nothing that is shown can ping people, and no secret can be read in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.safety import mask_secrets, naming, neutralise
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


# A marker, what follows it, and how much of that can be read before it must be a secret.
SECRETS = [
    ("xoxb-", "1234567890-0987654321-aBcDeFgHiJ", 0),
    ("xoxp-", "1234567890-0987654321-aBcDeFgHiJ", 0),
    ("xoxe.xoxp-", "1-Mi0yLTEyMzQ1Njc4OTA", 0),
    ("xapp-", "1-A012345-0987654321-abcdef", 0),
    ("AKIA", "IOSFODNN7EXAMPLE", 3),
    ("ASIA", "IOSFODNN7EXAMPLE", 3),
    ("ABSK", "QmVkcm9ja0FQSUtleS1leGFtcGxl", 7),
    ("bedrock-api-key-", "YmVkcm9jay5hbWF6b25hd3MuY29t", 0),
    ("Bearer ", "eyJhbGciOiJIUzI1NiJ9.e30.abc_123-456", 15),
    ("authorization: bearer ", "eyJhbGciOiJIUzI1NiJ9.e30.abc_123-456", 15),
    ("aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 7),
    ("AWS_SESSION_TOKEN=", "FwoGZXIvYXdzEJr/////wEaDEXAMPLE==", 7),
]


@pytest.mark.parametrize(("marker", "secret", "_unclear"), SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "see {} !", "`{}`", "_{}_", "**{}**", "키는 {}입니다", "키는{}을 쓰세요"]
)
def test_a_secret_is_cut_to_what_names_it(marker: str, secret: str, _unclear: int, around: str) -> None:
    """In Korean a particle follows without a space, and a name can precede without one."""
    shown = neutralise(around.format(marker + secret))

    assert marker + "***" in shown
    assert secret[-6:] not in shown


@pytest.mark.parametrize(("marker", "secret", "unclear"), SECRETS)
def test_a_secret_stays_hidden_while_it_is_being_written(marker: str, secret: str, unclear: int) -> None:
    grown = [neutralise(f"It is {marker}{secret[:end]}") for end in range(unclear + 1, len(secret) + 1)]

    assert set(grown) == {f"It is {marker}***"}


@pytest.mark.parametrize(
    "text",
    [
        "A bot token begins with xoxb- and an app token with `xapp-`.",
        "The xapp token, the xoxb token",
        "AKIA means an access key, ABSK a Bedrock key.",
        "a Bearer token, the bearer of bad news",
        "aws_secret_access_key = ..., AWS_SESSION_TOKEN=value",
        "ASIAN and ASIATIC, an ABSKEY",
        "boxoxb-1",
    ],
)
def test_talk_about_secrets_is_no_secret(text: str) -> None:
    assert mask_secrets(text) == text


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
