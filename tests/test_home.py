"""What people find in the Home, and what they can do there."""

from __future__ import annotations

import threading
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.slack_web import SlackWeb
from bot.core.home import Home
from bot.core.texts import Language, texts_in
from bot.engine.home import Homes
from bot.playground.bedrock import Reply
from bot.playground.workspace import ADA, MINJI, View
from tests.workbench import Workbench, acknowledged

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    return bench


def view(bench: Workbench, user: str = ADA.id) -> View | None:
    return bench.servers.do(lambda: bench.slack.workspace.homes.get(user))


def opened(bench: Workbench, user: str = ADA.id) -> View:
    """What somebody sees who opens the Home now."""
    before = view(bench, user)
    bench.servers.do(partial(bench.slack.events.of_home_opened, user))

    def newer() -> View | None:
        now = view(bench, user)
        return now if now and (before is None or now.hash != before.hash) else None

    return bench.until(newer)


def told(seen: View) -> str:
    """All that a Home says, from top to bottom."""
    return "\n".join(text for block in seen.body["blocks"] for text in _texts(block))


def _texts(block: Any) -> list[str]:
    match block:
        case {"type": "actions" | "context", "elements": elements}:
            return [text for element in elements for text in _texts(element)]
        case {"text": {"text": text}} | {"text": str(text)}:
            return [text]
        case _:
            return []


def test_a_newcomer_is_told_how_to_ask(bench: Workbench) -> None:
    bench.start_bot()
    said = told(opened(bench))

    assert EN.home_title in said
    assert EN.usage in said
    assert EN.home_no_answers in said
    assert "Questions: 0 · Cost: $0" in said
    assert EN.home_day not in said


def test_a_regular_finds_the_last_answers_with_links(bench: Workbench) -> None:
    bench.start_bot(user_daily_budget_usd=Decimal("0.5"))
    question = bench.mention("why?")
    bench.answered(question)
    bench.ask("why not?", channel="CQUIET")
    bench.answered(bench.posted_question("DADA"))
    bench.written(2)
    said = told(opened(bench))

    answer = bench.messages(thread=question)[-1]
    assert "in a channel · answered" in said
    assert f"/archives/CGENERAL/p{answer.ts.replace('.', '')}" in said
    assert "by `/ask` · answered" in said
    assert "/archives/DADA/p" in said  # where the bot may not post, it answers in direct messages
    assert "Questions: 2 · Cost: $" in said
    assert " of $0.5" in said
    assert "why" not in said.partition(EN.home_answers)[2]


def test_questions_are_quoted_where_they_are_kept(bench: Workbench) -> None:
    bench.start_bot(keep_text=True)
    bench.answered(bench.mention("why <!channel>?"))
    bench.written(1)
    said = told(opened(bench))

    assert "\n> why " in said
    assert "@channel" not in said


def test_people_see_only_their_own(bench: Workbench) -> None:
    bench.start_bot(keep_text=True)
    bench.answered(bench.mention("what does Ada ask?"))
    bench.answered(bench.mention("what does Minji ask?", user=MINJI.id))
    bench.written(2)

    assert "Ada" in told(opened(bench)).partition(EN.home_answers)[2]
    assert "Minji" not in told(opened(bench))
    assert "Ada" not in told(opened(bench, MINJI.id))


def test_who_uses_slack_in_korean_reads_korean(bench: Workbench) -> None:
    bench.start_bot()
    said = told(opened(bench, MINJI.id))

    assert KO.home_title in said
    assert KO.example_1 in said
    assert KO.home_no_answers in said
    assert EN.home_title not in said


def test_an_admin_sees_the_figures_of_the_workspace(bench: Workbench) -> None:
    bench.start_bot(admin_users=(ADA.id,))
    bench.answered(bench.mention("why?", user=MINJI.id))
    bench.written(1)
    said = told(opened(bench))

    assert EN.home_no_answers in said
    for title in (EN.home_day, EN.home_week):
        _, _, figures = said.partition(title)
        assert figures.startswith("\nAnswers: 1 · Errors: 0 · Cost: $")
    assert "Satisfied: 100% (1/1) in time" in said
    assert EN.home_day not in told(opened(bench, MINJI.id))
    assert KO.home_day not in told(opened(bench, MINJI.id))


@pytest.mark.parametrize(("user", "room", "texts"), [(ADA.id, "DADA", EN), (MINJI.id, "DMINJI", KO)])
def test_an_example_is_asked_and_answered_in_direct_messages(
    bench: Workbench, user: str, room: str, texts: Any
) -> None:
    bench.start_bot()
    seen = opened(bench, user)
    assert bench.servers.wait_for(partial(bench.slack.click, user, seen, "example_2"))
    question = bench.posted_question(room)

    assert bench.answered(question) == [acknowledged(texts.example_2), "Because."]
    assert question.sent[-1]["text"] == f"> {texts.example_2}"
    (interaction,) = bench.written(1)
    assert (interaction.user, interaction.channel) == (user, room)
    assert "/archives/" in told(opened(bench, user))


def test_every_press_of_an_example_is_a_question_of_its_own(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because."))
    bench.start_bot()
    seen = opened(bench)
    for action in ("example_1", "example_3", "example_3"):
        assert bench.servers.wait_for(partial(bench.slack.click, ADA.id, seen, action))

    bench.written(3)
    asked = sorted(message.text for message in bench.messages("DADA") if not message.is_reply)
    assert asked == sorted((EN.example_1, EN.example_3, EN.example_3))


def test_a_store_that_fails_still_gives_a_home_that_tells_how_to_ask(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.start_bot(store_url=f"sqlite:///{tmp_path}/none/bot.db", admin_users=(ADA.id,))
    said = told(opened(bench))

    assert EN.usage in said
    assert EN.example_1 in said
    assert EN.home_unread in said


def test_opening_it_fifty_times_at_once_publishes_few_times(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what else people want is done meanwhile."""
    begun, gate, publish, hear = threading.Event(), threading.Event(), SlackWeb.publish_home, Homes.open
    heard: list[str] = []

    def wait_and_publish(slack: SlackWeb, user: str, page: Home) -> None:
        begun.set()
        gate.wait(15.0)
        publish(slack, user, page)

    def note_and_hear(homes: Homes, team: str, user: str, room: str) -> None:
        hear(homes, team, user, room)
        heard.append(user)

    monkeypatch.setattr(SlackWeb, "publish_home", wait_and_publish)
    monkeypatch.setattr(Homes, "open", note_and_hear)
    bench.start_bot()
    bench.servers.do(partial(bench.slack.events.of_home_opened, ADA.id))
    assert begun.wait(15.0)
    for _ in range(49):
        bench.servers.do(partial(bench.slack.events.of_home_opened, ADA.id))
    bench.answered(bench.mention("still there?"))
    bench.written(1)
    bench.until(lambda: len(heard) == 50)
    assert view(bench) is None
    gate.set()
    bench.until(lambda: len(bench.calls("views.publish")) == 2)

    assert EN.home_no_answers not in told(opened(bench))
    assert len(bench.calls("views.publish")) == 3


def test_the_messages_beside_the_home_publish_nothing(bench: Workbench) -> None:
    bench.start_bot()
    event = {"type": "app_home_opened", "user": ADA.id, "channel": "DADA", "tab": "messages"}
    bench.servers.do(lambda: bench.slack.events.send(event))
    bench.answered(bench.mention("why?"))

    assert view(bench) is None


def test_an_answer_that_is_gone_is_told_without_a_link(bench: Workbench) -> None:
    bench.start_bot()
    question = bench.mention("why?")
    bench.answered(question)
    bench.written(1)
    answer = bench.messages(thread=question)[-1]
    bench.servers.do(lambda: bench.slack.workspace.remove(answer))
    said = told(opened(bench))

    assert "in a channel · answered" in said
    assert "/archives/" not in said
