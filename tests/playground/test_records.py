"""What the workbench tells of the servers' records, and what it switches and asks."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from bot.core.prices import price_of
from bot.core.stream import Usage
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.bedrock_prices import dollars
from bot.playground.faults import Fault
from bot.playground.marks import shown as as_shown
from bot.playground.records import Records
from bot.playground.slack import Slack
from bot.playground.switches import Switches
from bot.playground.thirty import ask_thirty
from bot.playground.timeline import Timelines
from bot.playground.workspace import ADA, MINJI
from tests.playground.serving import serving
from tests.workbench import Workbench

TEXTS = texts_in(Language.EN)
GROWING = Reply(text="word " * 40, after=0, then="hold", pace=Pace(0, 0, 30))


def timelines_of(bench: Workbench) -> Timelines:
    return Timelines(bench.slack.sockets.deliveries, bench.slack.calls, bench.bedrock.requests)


def shown(timelines: Timelines, name: str) -> dict[str, Any]:
    timelines.catch_up()
    return as_shown(timelines.answers[name], timelines.skew)


def marks(answer: dict[str, Any]) -> list[str]:
    return [what for _, what, _ in answer["marks"]]


def test_of_the_same_question_asked_twice_each_has_the_calls_of_its_own(bot: Workbench) -> None:
    timelines = timelines_of(bot)
    first, second = bot.mention("why?"), bot.mention("why?", user=MINJI.id)
    bot.until(lambda: bot.texts(first) and bot.texts(second))
    bot.answered(first)
    bot.answered(second)

    for question in (first, second):
        answer = shown(timelines, question.ts)
        assert sorted(model["operation"] for model in answer["models"]) == ["converse", "converse-stream"]
        assert all(model["is_told"] for model in answer["models"])
        assert marks(answer).count("acknowledgement") == 1
        assert answer["is_whole"]


def test_what_is_read_late_is_told_as_it_was_at_the_time(bot: Workbench) -> None:
    early = timelines_of(bot)
    questions = [bot.mention("one?"), bot.dm("two?")]

    def is_whole(name: str) -> bool:
        bot.bedrock.release()
        early.catch_up()
        return name in early.answers and early.answers[name].is_whole and bot.at_rest()

    for question in questions:
        bot.until(partial(is_whole, question.ts))
    late = timelines_of(bot)

    for question in questions:
        assert marks(shown(late, question.ts)) == marks(shown(early, question.ts))
        assert "whole" in marks(shown(late, question.ts))


def test_a_question_by_command_begins_with_the_command(bot: Workbench) -> None:
    timelines = timelines_of(bot)
    bot.ask("why by command?")
    bot.answered(bot.posted_question())

    timelines.catch_up()
    (answer,) = (shown(timelines, name) for name in timelines.answers)
    assert marks(answer)[0] == "event"
    assert marks(answer).count("envelope") == 1
    assert answer["text"] == "why by command?"
    assert sorted(model["operation"] for model in answer["models"]) == ["converse", "converse-stream"]
    assert answer["is_whole"]


def test_a_question_asked_again_by_a_button_goes_on_in_its_timeline(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="ValidationException"))
    timelines = timelines_of(bot)
    question = bot.mention("why?")
    bot.until(lambda: TEXTS.failed in " ".join(bot.texts(question)))
    bot.press("retry", question)

    def is_answered() -> bool:
        bot.bedrock.release()
        return "proSaid" in marks(shown(timelines, question.ts)) and bot.at_rest()

    bot.until(is_answered)
    answer = shown(timelines, question.ts)
    broken, told = [model for model in answer["models"] if model["operation"] == "converse-stream"]
    assert (broken["error"], told["is_told"]) == ("ValidationException", True)
    order = [marks(answer).index(what) for what in ("event", "proFailed", "press", "proSaid")]
    assert order == sorted(order)


def test_an_answer_that_slack_streams_has_a_mark_for_all_that_was_appended(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", GROWING)
    ready.start_bot(slack_streaming="native")
    timelines = timelines_of(ready)
    questions = [ready.mention("why?"), ready.mention("why not?", user=MINJI.id)]
    ready.answered_whole(("word " * 40).strip(), *questions)

    appended = 0
    for question in questions:
        answer = shown(timelines, question.ts)
        appended += marks(answer).count("append")
        assert marks(answer).index("firstWords") < marks(answer).index("append")
        assert (marks(answer).count("firstWords"), marks(answer).count("whole")) == (1, 1)
        assert timelines.streamed(ready.messages(thread=question)[-1].ts) == question.ts
    assert appended == len(ready.calls("chat.appendStream"))


def test_a_stream_that_slack_refuses_is_told_and_gone_on_with(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", GROWING)
    ready.start_bot(slack_streaming="native")
    ready.slack.faults.enqueue("chat.startStream", Fault(error="channel_type_not_supported"))
    timelines = timelines_of(ready)
    question = ready.mention("why?")
    ready.answered_whole(("word " * 40).strip(), question)

    answer = shown(timelines, question.ts)
    assert [note for _, what, note in answer["marks"] if what == "refused"] == [
        "chat.startStream channel_type_not_supported"
    ]
    assert answer["is_whole"]


def test_of_a_long_session_the_newest_records_are_kept_and_counted() -> None:
    records = Records[int](3)
    for number in range(10):
        records.append(number)

    assert (list(records)[-3:], records.total) == ([7, 8, 9], 10)
    assert len(records) < 6
    assert records.since(8) == [8, 9]
    assert records.since(0) == list(records)


@pytest.mark.parametrize("model", ["amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"])
def test_the_playground_asks_what_the_bot_expects_to_pay(model: str) -> None:
    usage = Usage(1000, 200, 3000, 400)
    price = price_of(model, "us-east-1", {})
    assert price

    told = {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": usage.cache_write,
    }
    assert dollars(model, told) == pytest.approx(float(price.of(usage)))
    assert dollars("eu.amazon.nova-pro-v1:0", told) is None


def test_a_model_has_one_fault_at_a_time_and_all_can_be_ended() -> None:
    switches = Switches(Slack(), Bedrock())
    for name in ("slackSlow", "proCut", "microFails", "proSilent"):
        switches.switch(name, is_on=True)
    assert switches.on == ["slackSlow", "microFails", "proSilent"]

    switches.end()
    assert switches.on == []
    with pytest.raises(KeyError):
        switches.switch("coffee", is_on=True)


def test_real_models_are_not_offered_to_be_disturbed() -> None:
    assert Switches(Slack(), None).names == ("slackSlow", "editsLimited", "postsLimited", "slackFails")


def test_thirty_are_asked_in_two_languages_by_several_people_in_several_channels_and_threads() -> None:
    with serving() as servers:
        round_ = servers.do(partial(ask_thirty, servers.slack))
        said = list(servers.slack.workspace.messages.values())

    assert [message.ts for message in said] == list(round_.names)
    assert len({message.text for message in said}) == 30
    assert {bool(re.search("[가-힣]", message.text)) for message in said} == {True, False}
    assert len({message.channel for message in said}) >= 4
    assert {ADA.id, MINJI.id} <= {message.user for message in said}
    assert sum(message.is_reply for message in said) == 6
