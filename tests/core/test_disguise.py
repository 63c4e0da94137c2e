"""Links that lie about where they lead, and images, become text, or show their host; all others stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.disguise import undisguised
from bot.core.markdown_inline import BREAK
from bot.core.safety import restored
from bot.core.slack_markdown import for_slack
from bot.playground.markdown_blocks import translated
from tests.sample_links import HONEST, LYING

Link = tuple[str, str]
SIGNS = [
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "|",
    "!",
    "`",
    "\n",
    "]: ",
    "https://a.com",
    "b.org",
    " x",
    "\\",
    "&#46;",
]


def links(blocks: object) -> Iterator[Link]:
    """The address and the text of each link and each date that leads somewhere; neighbours are one."""
    if isinstance(blocks, dict):
        for value in blocks.values():
            yield from links(value)
    elif isinstance(blocks, list):
        last: Link | None = None
        for each in blocks:
            found = link_in(each)
            if last and (found is None or found[0] != last[0]):
                yield last
                last = None
            if found:
                last = (found[0], (last[1] if last else "") + found[1])
            else:
                yield from links(each)
        yield from [last] if last else []


def link_in(element: Any) -> Link | None:
    if not isinstance(element, dict) or "url" not in element:
        return None
    url = str(element["url"])
    return unseen(url), unseen(str(element.get("text", element.get("fallback", url))))


def unseen(text: str) -> str:
    return re.sub("[\u200b\u2060]", "", text)


def shown(text: str) -> list[Link]:
    return list(links(translated(for_slack(text))))


def lies(url: str, text: str) -> bool:
    """Tell whether a reader of `text` is led astray; what lies here leads to evil.example, or looks alike."""
    if not re.match(r"(?i)(?:https?:|mailto:|tel:)", url):
        return True
    if text == url:
        return "@" in url.partition("//")[2] or not (url.isascii() or "。" in url)
    return not re.search(r"evil(?:\.example)?|\(xn--", text)


@pytest.mark.parametrize("text", LYING)
def test_no_link_leads_elsewhere_than_it_says(text: str) -> None:
    assert [link for link in shown(text) if lies(*link)] == []


@pytest.mark.parametrize("text", LYING)
def test_no_link_lies_while_a_text_grows(text: str) -> None:
    """A link to the host that it shows leads there while the rest of that is not written yet."""
    for end in range(len(text)):
        for url, label in shown(text[:end]):
            assert not lies(url, label) or re.match(r"\w+:/*(?:\w+[.@])*\w*(?:\.c?o?m?)?[/:?#]?\Z", url)


@pytest.mark.parametrize(("text", "label"), HONEST)
def test_honest_links_stay_links(text: str, label: str) -> None:
    labels = [words.removeprefix("mailto:") for _, words in shown(text)]

    assert [
        each for each in labels if each == label or re.fullmatch(rf"{re.escape(label)} \([a-z.]+\)", each)
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[socket.io](https://github.com/socketio/socket.io)", "socket.io (github.com)"),
        ("[bank.zone](https://www.evil.example/x)", "bank.zone (evil.example)"),
        ("[asyncio.run](https://문서.example)", "asyncio.run (xn--z92bu1i.example)"),
    ],
)
def test_a_name_that_may_be_a_host_shows_where_it_leads(text: str, words: str) -> None:
    ((_, label),) = shown(text)

    assert label == words
    assert for_slack(for_slack(text)) == for_slack(text)
    assert restored(for_slack(text)) == text


@pytest.mark.parametrize(
    "text", ["![a picture](https://evil.example/?said=secret)", "![a][b]\n\n[b]: https://x.example"]
)
def test_images_are_links(text: str) -> None:
    assert for_slack(text).startswith(f"!{BREAK}[a")


def test_code_shows_what_is_written_and_words_beside_it_do_not() -> None:
    code = "`[bank.com](https://evil.example)` <https://evil.example|bank.com>"

    assert for_slack(code) == code.replace("<", f"<{BREAK}")


@given(st.lists(st.sampled_from(SIGNS), max_size=40))
def test_nothing_is_changed_but_by_breaks_and_doing_it_twice_changes_nothing(pieces: list[str]) -> None:
    text = "".join(pieces)
    for change in (undisguised, for_slack):
        once = change(text)

        assert re.sub(r"\u2060 \([^)]*\)\u2060|[\u200b\u2060]", "", once) == text
        assert change(once) == once
