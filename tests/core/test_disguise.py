"""Links that lie about where they lead, and images, become text; all others stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.disguise import BREAK, undisguised


@pytest.mark.parametrize(
    "text",
    [
        "[https://bank.com](https://evil.example/x)",
        "[bank.com](https://evil.example)",
        "[Log in at www.bank.com now](http://evil.example)",
        "[https://bank.com](https://bank.com.evil.example)",
        "[https://bank.com](https://bank.com@evil.example)",
        "[**https://bank.com**](<https://evil.example>)",
        "<https://evil.example|https://bank.com>",
        "[은행 https://bank.co.kr 입니다](https://evil.example)",
        "![a picture](https://evil.example/?said=secret)",
        "![a picture][there]",
    ],
)
def test_what_leads_elsewhere_or_is_fetched_unasked_is_broken_and_reads_the_same(text: str) -> None:
    broken = undisguised(text)

    assert broken != text
    assert broken.replace(BREAK, "") == text
    assert undisguised(broken) == broken
    assert "](" not in broken or "![" not in broken


@pytest.mark.parametrize(
    "text",
    [
        "[the documentation](https://docs.python.org/3/)",
        "[docs.python.org](https://docs.python.org/3/library/re.html)",
        "[python.org](https://docs.python.org)",
        "[https://www.python.org](https://python.org)",
        "[Node.js](https://nodejs.org/en)",
        "[`bot/core/safety.py`](https://github.com/ours/duet)",
        "[version 3.12.1](https://docs.python.org)",
        "[write to ada@bank.com](https://ours.example)",
        "[한국어 문서](https://docs.python.org/ko/3/)",
        "<https://docs.python.org|the documentation>",
        "<https://docs.python.org>",
        "Hello! [see](https://python.org)",
        "a[0](1) and x = y[i](https)",
    ],
)
def test_honest_links_stay_as_they_are(text: str) -> None:
    assert undisguised(text) == text


@given(
    st.lists(
        st.sampled_from(["[", "]", "(", ")", "<", ">", "|", "!", "https://a.com", "b.org", " x"]), max_size=40
    )
)
def test_nothing_is_changed_but_by_breaks_and_doing_it_twice_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    once = undisguised(text)

    assert once.replace(BREAK, "") == text
    assert undisguised(once) == once


@pytest.mark.parametrize("piece", ["[", "[a](", "[a](https://", "<https://a|", "!["])
def test_a_hundred_thousand_characters_of_broken_links_are_read_in_one_go(piece: str) -> None:
    text = piece * (100_000 // len(piece))

    assert undisguised(text).replace(BREAK, "") == text
