"""Hostile texts in labels, values, modals and the Home: Slack takes what the bot makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from unittest.mock import create_autospec

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import BoltContext

from bot.adapters.slack_messages import as_modal, as_view, rendered
from bot.core import prompts
from bot.core.home import Own, home
from bot.core.message import Action, Button, Content, Feedback, Form, Kind, Outgoing, Press
from bot.core.question import Question
from bot.core.safety import Safe, neutralise
from bot.core.texts import Language, Texts, texts_in
from bot.engine.asides import Asides
from bot.listeners.follow_up import question_in
from bot.listeners.shortcut import question_in as question_about
from bot.listeners.shortcut import shortcut_listener
from bot.playground.blocks import problems_of
from bot.playground.views import checked_view
from tests.core.test_home import GOOD, NOW
from tests.core.test_lengths import hostile

TEXTS = [texts_in(language) for language in Language]
LONG = [
    "가" * 5_000,
    "<!here> " * 800,
    '\\"' * 4_000,
    "😀" * 3_000,
    "&" * 4_000,
    "\n" * 4_000,
    "e\u0301" * 3_000,
]


def under(content: Content, press: Press) -> list[dict[str, Any]]:
    """The blocks of an answer."""
    message = Outgoing(Kind.ANSWER, content, "C1/1.0/answer/0", is_end=True, press=press)
    return list(rendered(message)["blocks"])


def finished(texts: Texts, **more: Any) -> Content:
    menu = (Button(Action.REGENERATE, texts.regenerate),)
    return Content(Safe("Because."), feedback=Feedback(texts.good, texts.bad), menu=menu, **more)


@given(st.lists(hostile() | st.sampled_from(["한" * 75, "😀" * 75, "<!here>" * 10, "@here " * 12, "&" * 75])))
def test_a_suggested_question_is_shown_as_far_as_it_fits_and_asked_in_full(replies: list[str]) -> None:
    follow_ups = prompts.suggestions("\n".join(replies), 3)
    blocks = under(finished(TEXTS[0], follow_ups=follow_ups), Press("U1", 0, "C1/1.0"))

    assert problems_of(blocks, "message", "") == []
    pressed = [e for b in blocks if b["type"] == "actions" for e in b["elements"] if e["type"] == "button"]
    assert [question_in(pressing(button), "T1").text for button in pressed] == list(follow_ups)


def pressing(button: dict[str, Any]) -> dict[str, Any]:
    """What Slack tells of a press."""
    where = {"channel": {"id": "C1"}, "message": {"ts": "2.0", "thread_ts": "1.0"}, "user": {"id": "U1"}}
    return {**where, "actions": [button]}


@given(hostile() | st.sampled_from(LONG))
def test_whatever_a_questions_key_is_slack_takes_the_answer_and_tells_it_whole(trigger_id: str) -> None:
    asked = Question("T1", "C012AB3CD", "U012AB3CD", "why?", trigger_id="".join(trigger_id.split()))
    press = Press(asked.user, 12, asked.key, "a" * 64)
    blocks = under(finished(TEXTS[0], button=Button(Action.RETRY, TEXTS[0].retry)), press)

    assert problems_of(blocks, "message", "") == []
    values = [
        option["value"].partition(" ")[2]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
        for option in element.get("options", ())
    ]
    assert [Press.read(value) for value in values] == [replace(press, answer_key="")]


def test_a_usual_slash_commands_answer_can_be_given_anew() -> None:
    """Slack's trigger ids are the longest keys there are."""
    key = "C012AB3CD/1234567890123.1234567890123.0123456789abcdef0123456789abcdef"
    blocks = under(finished(TEXTS[0]), Press("U012AB3CDEF", 120, key, "a" * 64))

    assert "overflow" in str(blocks)


@pytest.mark.parametrize("text", LONG)
def test_a_long_line_over_or_under_an_answer_does_not_keep_it_from_being_shown(text: str) -> None:
    told = neutralise(text)
    blocks = under(finished(TEXTS[0], lead=told, note=told, footer=told), Press("U1", 0, "C1/1.0"))

    assert problems_of(blocks, "message", "") == []


@pytest.mark.parametrize("texts", TEXTS)
def test_every_fixed_label_is_shown_whole(texts: Texts) -> None:
    content = finished(texts, button=Button(Action.RETRY, texts.retry))
    shown = json.dumps(under(content, Press("U1", 0, "C1/1.0")), ensure_ascii=False)
    about = Form("about", "", texts.about_title, texts.about_label, texts.about_send, texts.close)
    reason = Form("reason", "", texts.reason_title, texts.reason_label, texts.reason_send, texts.close)
    for form in (about, reason):
        checked_view(as_modal(form), "modal")
        shown += json.dumps(as_modal(form), ensure_ascii=False)
    shown += json.dumps(as_view(home("D1", texts, NOW, None, None)), ensure_ascii=False)

    assert "…" not in shown.replace(texts.thinking, "")


@given(st.lists(hostile() | st.sampled_from(LONG), max_size=5), hostile())
def test_a_home_full_of_hostile_questions_is_taken(questions: list[str], link: str) -> None:
    own = Own([replace(GOOD, id=str(n), question=q) for n, q in enumerate(questions)], {"0": link})
    for texts in TEXTS:
        checked_view(as_view(home("D1", texts, NOW, own, None)), "home")


@given(hostile() | st.sampled_from(LONG))
def test_a_shortcut_carries_as_much_of_its_message_as_a_modal_takes(text: str) -> None:
    asides = create_autospec(Asides)
    message = {"text": text, "ts": "1.0"}
    body = {"message": message, "channel": {"id": "C1"}, "trigger_id": "3", "user": {"id": "U1"}}
    url = "https://hooks.slack.com/app/T012AB3CD/1234567890123/0123456789abcdefghijklmn"
    shortcut_listener(asides)(lambda: None, {**body, "response_url": url}, BoltContext())
    (_, carries, _), _ = asides.ask_about.call_args
    form = Form("about", carries, TEXTS[0].about_title, "Question", "Ask", "Close")
    view = checked_view(as_modal(form), "modal")

    asked = {"values": {"about": {"about": {"value": "why?"}}}}
    question = question_about({"view": {**view, "id": "V1", "state": asked}, "user": {"id": "U1"}}, "T1")
    assert (question.channel, question.thread_ts, question.response_url) == ("C1", "1.0", url)
    assert question.text.startswith("why?")
