"""Texts are cut to what Slack takes, as Slack may count it, and nowhere that a reader would mind."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.graphemes import boundary
from bot.core.lengths import cut, escaped_units, json_bytes, shortened
from bot.core.safety import neutralise

GRAPHEMES = [
    "각",
    "\u1112\u1161\u11ab",  # 한, written in parts
    "e\u0301",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f44d\U0001f3fd",
    "\U0001f1f0\U0001f1f7",
    "❤\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "ｶﾞ",
]
HOSTILE = [
    "<!here>",
    "@channel",
    "@hereafter",
    "<@U123>",
    '"',
    "\\",
    "&",
    "&amp;",
    "<",
    ">",
    "한국어 ",
    "가" * 40,
]


def hostile() -> st.SearchStrategy[str]:
    """Texts that grow when they are neutralised, escaped or encoded."""
    pieces = st.sampled_from([*HOSTILE, *GRAPHEMES, "xoxb-1234-abcdefghij"]) | st.text(max_size=8)
    return st.lists(pieces, max_size=60).map("".join)


@pytest.mark.parametrize("grapheme", GRAPHEMES)
def test_a_grapheme_is_kept_whole_or_left_out(grapheme: str) -> None:
    text = f"ab{grapheme}cd{grapheme}"
    for most in range(1, escaped_units(text)):
        kept = shortened(neutralise(text), most)
        beginnings = {f"ab{grapheme}cd"[:end] for end in (0, 1, 2)}
        whole = f"ab{grapheme}"
        assert kept.removesuffix("…") in beginnings | {whole, f"{whole}c", f"{whole}cd"}


def test_a_run_of_joined_characters_that_is_no_text_is_cut_all_the_same() -> None:
    assert boundary("a" + "\u0301" * 500, 300) == 300


@given(hostile(), st.integers(1, 300))
def test_what_is_left_fits_however_slack_counts_and_pings_nobody(text: str, most: int) -> None:
    kept = shortened(neutralise(text), most)

    assert escaped_units(kept) <= most
    assert escaped_units(kept) >= len(kept.encode("utf-16-le")) // 2
    assert neutralise(kept) == kept


@given(hostile(), st.integers(1, 300))
def test_what_is_left_is_the_beginning_and_no_escape_is_cut_in_two(text: str, most: int) -> None:
    whole = neutralise(text)
    kept = shortened(whole, most)
    beginning = kept.removesuffix("…").replace("\u200b", "")

    assert kept == whole or whole.replace("\u200b", "").startswith(beginning)
    if kept != whole and (half := re.search(r"&(a|am|amp|l|lt|g|gt)?$", kept.removesuffix("…"))):
        assert not re.match(r"&(amp|lt|gt);", whole[half.start() :])


@given(hostile())
def test_what_fits_is_left_as_it_is(text: str) -> None:
    whole = neutralise(text)

    assert shortened(whole, max(1, escaped_units(whole))) == whole


@pytest.mark.parametrize(
    ("letter", "most", "left"), [("가", 75, 74), ("a", 75, 74), ("&", 75, 14), ("😀", 75, 37)]
)
def test_as_much_is_left_as_fits(letter: str, most: int, left: int) -> None:
    assert shortened(neutralise(letter * 100), most) == f"{letter * left}…"


@given(hostile(), st.integers(3, 400))
def test_a_text_can_be_cut_to_bytes_of_json(text: str, most: int) -> None:
    kept = cut(text, lambda words: json_bytes(words) <= most)

    assert len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2 <= most
    assert kept == text or text.startswith(kept.removesuffix("…"))


def test_the_beginning_of_a_harmless_word_does_not_ping() -> None:
    assert shortened(neutralise("@hereafter"), 6) == "@her…"
