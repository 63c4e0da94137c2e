"""Values that come back as they were given, for what they were given and where."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.signature import LENGTH, key_of, signed, verified

KEY = key_of("xoxb-1")
STRANGE: list[Any] = [None, "", " ", 7, [], {}, "\ud800 \ud800"]


@given(st.text(), st.text(max_size=20), st.text(max_size=20))
def test_what_was_signed_is_verified_and_grows_by_a_known_length(
    value: str, purpose: str, scope: str
) -> None:
    text = signed(value, purpose, scope, KEY)

    assert verified(text, purpose, scope, KEY) == value
    assert len(text) == len(value) + LENGTH


def test_slack_may_escape_a_value() -> None:
    text = signed("0 Is 1 < 2 & 3?", "follow_up_1", "C1", KEY)

    assert verified(escape(text, quote=False), "follow_up_1", "C1", KEY) == "0 Is 1 &lt; 2 &amp; 3?"


@pytest.mark.parametrize(
    ("text", "purpose", "scope", "key"),
    [
        ("up U1 0 C1/1.0", "feedback", "C1", KEY),
        (signed("up U1 0 C1/1.0", "feedback", "C1", KEY) + "x", "feedback", "C1", KEY),
        (signed("up U1 0 C1/1.0", "feedback", "C1", KEY)[1:], "feedback", "C1", KEY),
        (signed("up U1 0 C1/1.0", "feedback", "C1", KEY), "stop", "C1", KEY),
        (signed("up U1 0 C1/1.0", "feedback", "C1", KEY), "feedback", "C2", KEY),
        (signed("up U1 0 C1/1.0", "feedback", "C1", KEY), "feedback", "C1", key_of("xoxb-2")),
        (signed("up", "feedbackC", "1", KEY), "feedback", "C1", KEY),
        *((text, "feedback", "C1", KEY) for text in STRANGE),
    ],
)
def test_what_was_not_signed_for_that_is_no_value(text: Any, purpose: str, scope: str, key: bytes) -> None:
    assert verified(text, purpose, scope, key) is None
