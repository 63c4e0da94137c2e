from __future__ import annotations

import pytest

from bot.core.conversation import Remark, Role
from bot.core.links import Link, linked, quoted

LINK = "https://ours.slack.com/archives/C0AB12CD/p1700000000000100"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (f"What of {LINK}?", [Link("C0AB12CD", "1700000000.000100")]),
        (
            f"({LINK}?thread_ts=1699999999.000200&cid=C0AB12CD)",
            [Link("C0AB12CD", "1700000000.000100", "1699999999.000200")],
        ),
        (f"{LINK} and {LINK}", [Link("C0AB12CD", "1700000000.000100")]),
        (
            LINK.replace("ours.slack.com", "ours.enterprise.slack.com"),
            [Link("C0AB12CD", "1700000000.000100")],
        ),
        (LINK.replace("slack.com", "slack-gov.com"), [Link("C0AB12CD", "1700000000.000100")]),
        (LINK.replace("slack.com", "slack.com.evil.example"), []),
        (LINK.replace("https", "http"), []),
        ("https://ours.slack.com/archives/C0AB12CD", []),
        ("why?", []),
    ],
)
def test_links_to_messages_are_found_as_slack_writes_them(text: str, links: list[Link]) -> None:
    assert linked(text) == links


def test_no_more_than_three_are_read() -> None:
    text = " ".join(LINK.replace("000100", f"00010{number}") for number in range(5))

    assert len(linked(text)) == 3


def test_a_linked_message_is_quoted_with_its_writers_name_and_no_ids() -> None:
    remark = Remark("1700000000.000100", Role.USER, "We ship\non Friday, <@U2>", "U1")
    words = quoted(linked(LINK)[0], remark, {"U1": "민지", "U2": "Ada"})

    assert words == "⟦The linked message 1700000000.000100, by 민지:⟧\n> We ship\n> on Friday, @Ada\n⟦end⟧"


@pytest.mark.parametrize(
    ("remark", "label"),
    [
        (Remark("1.0", Role.USER, "CPU is high", "U9", app="Grafana"), "by the app Grafana"),
        (Remark("1.0", Role.ASSISTANT, "CPU is high"), "by you"),
        (Remark("1.0", Role.USER, "CPU is high", "U9"), "by somebody"),
    ],
)
def test_whose_words_are_linked_to_is_said(remark: Remark, label: str) -> None:
    words = quoted(linked(LINK)[0], remark, {})

    assert words == f"⟦The linked message 1700000000.000100, {label}:⟧\n> CPU is high\n⟦end⟧"


@pytest.mark.parametrize("remark", [None, Remark("1.0", Role.USER, " ", "U1")])
def test_a_message_that_cannot_be_read_is_told_to_the_model(remark: Remark | None) -> None:
    assert (
        quoted(linked(LINK)[0], remark, {}) == "⟦The linked message 1700000000.000100 cannot be read here.⟧"
    )
