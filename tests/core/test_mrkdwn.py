"""Slack's markup is read as people see it, and a notification's text never says more than it is allowed."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.mrkdwn import FALLBACK_LIMIT, addresses, fallback, mentioned, naming, plain
from bot.core.safety import Safe

BROKEN = [
    "<",
    ">",
    "|",
    "<|x>",
    "<@>",
    "<#|>",
    "<!>",
    "<!^>",
    "@",
    "#",
    "!",
    "&lt;",
    "&gt;",
    "&amp;",
    "\n",
    "<a|b>",
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@UBOT> why?", "why?"),
        ("<@UBOT|duet> why?", "why?"),
        ("why, <@UBOT>, and who?", "why, , and who?"),
        ("<@UBOT>", ""),
        ("<@UBOTHER> why?", "<@UBOTHER> why?"),
        ("ask <@U2|ada>", "ask @ada"),
        ("ask <@U2>", "ask <@U2>"),
        ("in <#C1|general>", "in #general"),
        ("in <#C1|>", "in <#C1>"),
        ("in <#C1>", "in <#C1>"),
        ("<!subteam^S1|@devs> go", "@devs go"),
        ("<!subteam^S1> go", "@subteam go"),
        ("<!here> go", "@here go"),
        ("<!channel|channel> go", "channel go"),
        ("<!date^1392734382^{date_short}|Feb 18, 2014>", "Feb 18, 2014"),
        ("see <https://example.com>", "see https://example.com"),
        ("see <https://example.com|the docs>", "see the docs (https://example.com)"),
        ("see <https://example.com|https://example.com>", "see https://example.com"),
        ("<https://example.com/?a=1&amp;b=2>", "https://example.com/?a=1&b=2"),
        ("<mailto:ada@example.com|ada@example.com>", "ada@example.com"),
        ("<mailto:ada@example.com|Ada>", "Ada (ada@example.com)"),
        ("List&lt;String&gt; &amp;&amp; a &lt; b", "List<String> && a < b"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("*bold* _it_ `a * b`", "*bold* _it_ `a * b`"),
        ("  파이썬 GIL이 뭔가요? \n", "파이썬 GIL이 뭔가요?"),
    ],
)
def test_a_text_is_read_as_its_writer_saw_it(text: str, words: str) -> None:
    assert plain(text, me="UBOT") == words


def test_without_a_bot_every_mention_is_somebody() -> None:
    assert plain("<@UBOT> and <@U2|ada>", me="") == "<@UBOT> and @ada"


@pytest.mark.parametrize(
    "text", ["&lt;@U1&gt; said", "`&lt;@U1&gt;`", "&lt;@U1&gt;&lt;@W2&gt;", "&amp;lt;@U1&amp;gt;"]
)
def test_what_only_reads_like_a_mention_names_nobody(text: str) -> None:
    words = plain(text, "UBOT")

    assert mentioned(words) == []
    assert naming(words, {"U1": "Ada"}) == html.unescape(text)
    assert mentioned(plain(f"<@U3> {text}", "UBOT")) == ["U3"]


def test_people_are_named_where_their_names_are_known() -> None:
    text = plain("<@U1>, ask <@U2> &amp; <@W3|bo>", me="")

    assert mentioned(text) == ["U1", "U2"]
    assert naming(text, {"U1": "민지"}) == "@민지, ask @someone & @bo"


@pytest.mark.parametrize(
    ("text", "is_addressed"),
    [
        ("<@U2> look", True),
        ("and <!subteam^S1|@devs>?", True),
        ("<!here> lunch", True),
        ("<!channel>", True),
        ("at <!date^1392734382^{date_short}|Feb 18>", False),
        ("in <#C1|general>", False),
        ("why?", False),
        ("mail @ada", False),
    ],
)
def test_a_text_that_speaks_to_somebody_is_told_from_one_that_does_not(text: str, is_addressed: bool) -> None:
    assert addresses(text) is is_addressed


@given(st.lists(st.sampled_from(BROKEN) | st.text(max_size=3)).map("".join))
@example("<|x>")
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(plain(text, me="UBOT"), str)


@given(st.text(max_size=200) | st.lists(st.sampled_from(BROKEN)).map("".join))
def test_what_was_written_for_notifications_is_read_back_unchanged(text: str) -> None:
    """Entities are made once and undone once."""
    assert plain(fallback(Safe(text)), me="UBOT") == text.strip()


@settings(deadline=None)
@given(st.lists(st.sampled_from("&<>aé😀;") | st.text(max_size=3)).map("".join), st.integers(1, 60))
def test_a_notification_is_escaped_whole_and_within_its_limit(text: str, limit: int) -> None:
    short = fallback(Safe(text), limit)

    assert len(short) <= limit
    assert not set("&<>") & set(re.sub("&(?:amp|lt|gt);", "", short))
    assert short.endswith("…") or html.unescape(short) == text
    assert text.startswith(html.unescape(short.removesuffix("…"))) or short == text


def test_a_notification_stays_far_below_what_slack_refuses() -> None:
    assert len(fallback(Safe("&" * 20_000))) <= FALLBACK_LIMIT < 4_000


def test_a_short_notification_is_not_marked_as_cut() -> None:
    assert fallback(Safe("x" * 10), limit=10) == "x" * 10
    assert fallback(Safe("x" * 11), limit=10) == "x" * 9 + "…"
