"""Presses of buttons and modals, and clients that lie about them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.core.message import Press
from bot.core.signature import key_of, signed
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.slack import BOT_TOKEN
from bot.playground.workspace import ADA, MINJI, NOOR, SAM, Message
from tests.workbench import Workbench, words

EN = texts_in(Language.EN)
SLOWLY = Reply(text=["Be", "cause."], after=1, then="hold")


def asked(bench: Workbench, **where: Any) -> Message:
    question = bench.mention("why?", **where)
    bench.answered(question)
    return question


def answer_to(bench: Workbench, question: Message) -> Message:
    return [each for each in bench.messages(thread=question) if not each.only_for][-1]


def forge(bench: Workbench, question: Message, action: str, forged: dict[str, Any], user: str) -> None:
    """Let a client of `user` press something under an answer, and lie about it."""
    answer = answer_to(bench, question)
    begins = {"feedback": "up", "menu": "regenerate"}.get(action)
    chosen = next((value for value in _values(answer.blocks) if begins and value.startswith(begins)), "")
    click = bench.slack.click
    assert bench.servers.wait_for(lambda: click(user, answer, action, chosen, forged))


def _values(part: Any) -> list[str]:
    """All values in blocks."""
    if isinstance(part, dict):
        own = [part["value"]] if isinstance(part.get("value"), str) else []
        return own + [value for each in part.values() for value in _values(each)]
    return [value for each in part for value in _values(each)] if isinstance(part, list | tuple) else []


def forgeries(question: Message, user: str) -> list[str]:
    """Yield what a client could send in place of a value: made up, and signed with a key of its own."""
    press = Press(user, 0, f"{question.channel}/{question.ts}", "0" * 64)
    made_up = [str(press), f"up {press}", f"regenerate {press}", "0 What else?", ""]
    wrong = key_of(BOT_TOKEN + "x")
    return [*made_up, *(signed(each, "stop", question.channel, wrong) for each in made_up)]


@pytest.mark.parametrize("action", ["feedback", "menu", "follow_up_1"])
def test_a_value_that_a_client_made_up_does_nothing(ready: Workbench, action: str) -> None:
    ready.bedrock.always("converse", Reply(text="On it.\nWhat next?\nWhat else?"))
    ready.start_bot(follow_ups=2)
    question = asked(ready)
    calls = len(ready.bedrock.requests)
    values = forgeries(question, MINJI.id)
    for value in values:
        forged = {"selected_option": {"value": value}} if action == "menu" else {"value": value}
        forge(ready, question, action, forged, MINJI.id)
    ready.until(lambda: ready.told_privately(MINJI.id) == [EN.question_gone] * len(values))
    ready.until(ready.at_rest)

    assert len(ready.bedrock.requests) == calls
    assert not ready.votes()


def test_a_made_up_asker_stops_nothing_and_retries_nothing(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", SLOWLY, Reply(text=["Be"], then="cut"))
    ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.begins(question, "Be"))
    for value in forgeries(question, MINJI.id):
        forge(ready, question, "stop", {"value": value}, MINJI.id)
    ready.bedrock.release()
    ready.until(lambda: words(answer_to(ready, question)) == "Because." and ready.at_rest())
    other = ready.mention("how?", channel="CRANDOM")
    ready.until(lambda: ready.begins(other, f"Be\n{EN.cut}") and ready.at_rest())
    calls = len(ready.bedrock.requests)
    for value in forgeries(other, MINJI.id):
        forge(ready, other, "retry", {"value": value}, MINJI.id)
    ready.until(lambda: set(ready.told_privately(MINJI.id, "CRANDOM")) == {EN.question_gone})

    assert len(ready.bedrock.requests) == calls


def test_a_value_of_another_channel_or_of_another_control_does_nothing(ready: Workbench) -> None:
    ready.start_bot()
    here, there = asked(ready), asked(ready, channel="CRANDOM")
    up = next(v for v in _values(answer_to(ready, there).blocks) if v.startswith("up "))
    regenerate = next(v for v in _values(answer_to(ready, here).blocks) if v.startswith("regen"))
    for value in (up, regenerate):
        forge(ready, here, "feedback", {"value": value}, MINJI.id)
    ready.until(lambda: ready.told_privately(MINJI.id) == [EN.question_gone] * 2)

    assert not ready.votes()


def test_a_home_and_a_modal_that_a_client_changed_ask_nothing(ready: Workbench) -> None:
    ready.start_bot()
    ready.servers.do(lambda: ready.slack.events.of_home_opened(ADA.id))
    (home,) = ready.until(lambda: ready.servers.do(lambda: list(ready.slack.workspace.homes.values())))
    forged = {"value": "What did they say?"}
    assert ready.servers.wait_for(lambda: ready.slack.click(ADA.id, home, "example_1", forged=forged))
    message = ready.say("We ship on Friday.", user=MINJI.id)
    ready.servers.wait_for(lambda: ready.slack.message_shortcut(ADA.id, message, "ask_about_message"))
    (view,) = ready.until(lambda: ready.servers.do(lambda: ready.slack.open_views(ADA.id)))
    carried = json.loads(view.body["private_metadata"].rpartition(" ")[0])
    elsewhere = json.dumps({**carried, "channel": "CRANDOM"})
    for metadata in (elsewhere, f"{elsewhere} {view.body['private_metadata'].rpartition(' ')[2]}", ""):
        sent = {"about": {"about": "Why?"}}, {"private_metadata": metadata}
        ready.servers.wait_for(lambda sent=sent: ready.slack.submit(ADA.id, view.id, *sent))  # type: ignore[misc]
        ready.servers.do(lambda: ready.slack.workspace.put_modal(view))
    ready.until(ready.at_rest)

    assert not ready.bedrock.requests
    assert not ready.messages("CRANDOM") + ready.messages("DADA")


@pytest.mark.parametrize(
    ("voter", "channel", "settings", "sentence"),
    [
        (SAM.id, "CGENERAL", {}, EN.denied_person),
        (NOOR.id, "CGENERAL", {}, EN.denied_person),
        (MINJI.id, "CGENERAL", {"blocked_users": (MINJI.id,)}, EN.denied_person),
        (MINJI.id, "CGENERAL", {"allowed_users": (ADA.id,)}, EN.denied_person),
    ],
)
def test_who_may_not_ask_has_no_vote(
    ready: Workbench, voter: str, channel: str, settings: dict[str, Any], sentence: str
) -> None:
    ready.start_bot(**settings)
    question = asked(ready, channel=channel)
    for verdict in ("up", "down"):
        ready.press("feedback", question, user=voter, value=verdict)
    ready.until(lambda: ready.told_privately(voter, channel) == [sentence] * 2)
    ready.press("feedback", question, value="up")
    ready.until(ready.votes)

    assert [vote.voter for vote in ready.votes()] == [ADA.id]
    assert not ready.servers.do(lambda: ready.slack.open_views(voter))


def test_who_may_not_ask_any_more_gives_no_reason(ready: Workbench) -> None:
    stopped = ready.start_bot()
    question = asked(ready)
    ready.press("feedback", question, value="down")
    (view,) = ready.until(lambda: ready.servers.do(lambda: ready.slack.open_views(ADA.id)))
    ready.until(ready.votes)
    ready.stop_bot(stopped)
    ready.start_bot(blocked_users=(ADA.id,))
    reason = {"reason": {"reason": "It was wrong."}}
    ready.servers.wait_for(lambda: ready.slack.submit(ADA.id, view.id, reason))
    ready.until(lambda: ready.told_privately() == [EN.denied_person])

    assert [vote.reason for vote in ready.votes()] == [""]
