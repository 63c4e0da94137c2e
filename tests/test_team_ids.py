"""Presses that name another team than the events of the messages under which they are made, or none.

As in Slack Connect and Enterprise Grid; a press that names no team comes from an org-wide installation.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import ADA, TEAM, Message, Origin
from tests.workbench import Workbench

EN = texts_in(Language.EN)
BECAUSE = Reply(text="Because.", pace=Pace(0, 0.3, 1000))
ANEW = f"Because.\n{EN.regenerated}"


@pytest.fixture(
    params=[
        {ADA.id: Origin("TOTHER")},
        {channel: Origin("TOTHER", "EGRID") for channel in ("CGENERAL", "CRANDOM", "CKOREAN")},
        {ADA.id: Origin(None, "EGRID")},
    ],
    ids=["Slack Connect", "Enterprise Grid", "org-wide installation"],
)
def bench(bench: Workbench, request: pytest.FixtureRequest) -> Workbench:
    origins: Mapping[str, Origin] = request.param
    bench.servers.do(lambda: bench.slack.workspace.origins.update(origins))
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    return bench


def test_an_answer_is_stopped_tried_again_and_rated(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    bench.start_bot()
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    bench.press("stop", question)
    bench.until(lambda: bench.texts(question)[-1:] == [f"Be\n{EN.stopped}"] and bench.at_rest())
    bench.press("retry", question)
    bench.until(lambda: bench.texts(question)[-1:] == [ANEW] and bench.at_rest())
    bench.press("feedback", question, value="down")
    (view,) = bench.until(lambda: bench.servers.do(lambda: bench.slack.open_views(ADA.id)))
    reason = {"reason": {"reason": "too short"}}
    assert bench.servers.wait_for(lambda: bench.slack.submit(ADA.id, view.id, reason)) == {}

    votes = bench.until(lambda: [vote for vote in bench.votes() if vote.reason])
    asked, again = bench.written(2)
    assert [asked.id, again.id] == [f"{TEAM}/CGENERAL/{question.ts}", f"{TEAM}/CGENERAL/{question.ts}/1"]
    assert [vote.interaction_id for vote in votes] == [again.id]
    assert len(bench.votes()) == 1


def test_every_other_way_to_ask_is_answered_once(bench: Workbench) -> None:
    bench.start_bot(follow_ups=1)
    question = bench.mention("why?")
    bench.until(lambda: "follow_up_1" in str(bench.messages(thread=question)[-1:]) and bench.at_rest())
    answer = bench.messages(thread=question)[-1]
    for _ in range(2):
        assert bench.servers.wait_for(lambda: bench.slack.click(ADA.id, answer, "follow_up_1"))
    bench.until(lambda: len(bench.prompts()) == 2 and bench.at_rest())

    said = bench.say("We ship on Friday.", channel="CRANDOM")  # each channel takes a few posts at once
    ask_about(bench, said, "Is that wise?")
    bench.ask("why not?", channel="CKOREAN")
    bench.until(lambda: len(bench.prompts()) == 4 and bench.at_rest())
    assert "Is that wise?" in str(bench.texts(said))

    bench.servers.do(lambda: bench.slack.events.of_home_opened(ADA.id))
    home = bench.until(lambda: bench.servers.do(lambda: bench.slack.workspace.homes.get(ADA.id)))
    assert "Questions: 4" in str(home.body)
    for _ in range(2):
        assert bench.servers.wait_for(lambda: bench.slack.click(ADA.id, home, "example_1"))

    assert {one.team for one in bench.written(6)} == {TEAM}


def ask_about(bench: Workbench, message: Message, words: str) -> None:
    assert bench.servers.wait_for(lambda: bench.slack.message_shortcut(ADA.id, message, "ask_about_message"))
    (view,) = bench.until(lambda: bench.servers.do(lambda: bench.slack.open_views(ADA.id)))
    asked = {"about": {"about": words}}
    assert bench.servers.wait_for(lambda: bench.slack.submit(ADA.id, view.id, asked)) == {}
