"""Slack's limits and a Slack that loses answers, over sockets. The rules themselves: tests/engine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.limits import Limits
from tests.conftest import offer
from tests.workbench import Workbench, words

LOST = [Fault(0, made=True), Fault(500, "internal_error", made=True), Fault(502, body="<html>", made=True)]


@pytest.mark.parametrize("fault", LOST)
def test_a_post_whose_answer_was_lost_stands_once(bot: Workbench, fault: Fault) -> None:
    """The acknowledgement first, then the answer."""
    bot.slack.faults.enqueue("chat.postMessage", fault)
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question) == ["On it."] and bot.calls("conversations.replies"))
    bot.slack.faults.enqueue("chat.postMessage", fault)

    assert bot.answered(question) == ["On it.", "Because."]
    assert len(bot.calls("chat.postMessage")) == 2


@pytest.mark.parametrize("fault", LOST)
def test_a_commands_question_whose_answer_was_lost_stands_once(bot: Workbench, fault: Fault) -> None:
    bot.slack.faults.enqueue("chat.postMessage", fault)
    bot.ask("why?")

    assert bot.answered(bot.posted_question()) == ["On it.", "Because."]
    assert len([message for message in bot.messages() if not message.is_reply]) == 1


@pytest.mark.parametrize("fault", [Fault(0), Fault(500, "internal_error")])
def test_a_post_that_was_never_made_is_made_again(bot: Workbench, fault: Fault) -> None:
    bot.slack.faults.enqueue("chat.postMessage", fault)

    assert bot.answered(bot.mention("why?")) == ["On it.", "Because."]


@pytest.mark.parametrize("method", ["conversations.replies", "conversations.open"])
def test_the_limit_of_a_look_up_holds_up_no_other_post(bot: Workbench, method: str) -> None:
    """It is looked up, in the middle of a turn, whether a post stands, or where its asker is written to."""

    def looks_up(parameters: Mapping[str, Any]) -> bool:
        return "oldest" not in parameters  # else the message is read that mentions the bot

    limited, shut = Fault(429, "ratelimited", retry_after=2), Fault(error="not_in_channel")
    bot.slack.faults.always(method, limited, looks_up)
    if method == "conversations.open":
        bot.slack.faults.always("chat.postMessage", shut, lambda post: post["channel"] == "CRANDOM")
        bot.ask("why?", channel="CRANDOM")
    else:
        bot.slack.faults.enqueue("chat.postMessage", LOST[1])
        bot.mention("why?", channel="CRANDOM")
    (first,) = bot.until(lambda: [call for call in bot.calls(method) if call.error])
    bot.slack.faults.always(method, None)

    other = bot.mention("how?")
    bot.answered(other)
    bot.until(bot.at_rest)
    *before, second = [call for call in bot.calls(method) if looks_up(call.parameters)]
    assert before == [first]
    assert second.at - first.at >= 2.0
    assert [call.at < second.at for call in bot.calls("chat.postMessage") if "CGENERAL" in str(call)] == [
        True
    ] * 2
    stand = bot.messages("DADA" if method == "conversations.open" else "CRANDOM")
    assert [words(message) for message in stand if "Because." in words(message)] == ["Because."]


def test_after_a_limit_the_next_edit_carries_the_newest_text(bench: Workbench) -> None:
    numbers = [f"{number} " for number in range(100)]
    bench.bedrock.enqueue("converse-stream", Reply(text=numbers, pace=Pace(0, 0, 50)))
    bench.slack.faults.enqueue("chat.update", Fault(429, "ratelimited", retry_after=1))
    bench.start_bot()
    question = bench.mention("count")
    bench.until(lambda: bench.texts(question)[-1:] == ["".join(numbers).strip()])

    limited, after, *_ = bench.calls("chat.update")
    assert after.at - limited.at >= 1.0
    shown = after.parameters["blocks"][0]["text"].split()
    assert len(shown) > len(limited.parameters["blocks"][0]["text"].split()) + 25


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A workbench whose Slack limits as the real one does."""
    bench = Workbench(Limits())
    offer(monkeypatch, bench)
    yield bench
    bench.close()


def test_four_questions_in_one_channel_stay_within_its_limit_and_all_get_a_sign_first(
    strict: Workbench,
) -> None:
    strict.bedrock.always("converse", Reply(text="On it."))
    strict.bedrock.always("converse-stream", Reply(text="Because.", pace=Pace(0, 0.8, 1000)))
    strict.start_bot()
    questions = [strict.mention("why?") for _ in range(4)]
    strict.until(lambda: all(len(strict.texts(question)) == 2 for question in questions))

    assert not [call for call in strict.slack.calls if call.error]
    signs, answers = strict.messages()[:4], strict.messages()[4:]
    assert not [message for message in signs if words(message) == "Because."]
    assert [words(message) for message in answers] == ["Because."] * 4


def test_a_full_house_has_a_thread_and_a_connection_for_every_answer(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    people = bench.servers.do(lambda: bench.slack.workspace.add_people(130))
    bench.start_bot(max_live_answers=130)
    with caplog.at_level(logging.WARNING, "urllib3"):
        questions = [
            bench.mention("why?", user=person.id, channel=channel)
            for person, channel in zip(people, bench.channels(130), strict=True)
        ]
        bench.until(lambda: len(bench.prompts()) == 130 and all(map(bench.texts, questions)))
        bench.bedrock.release()
        bench.until(lambda: all("Because." in bench.texts(question) for question in questions))

    assert not [record for record in caplog.records if "pool is full" in record.message]
