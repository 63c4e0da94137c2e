"""Slack's own streaming, switched on: over the wire, to the last word, and back to edits where it ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.limits import Limits
from bot.playground.workspace import Message
from tests.conftest import offer
from tests.processes import Processes
from tests.workbench import Workbench

EN = texts_in(Language.EN)
STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream")
HELD = Reply(text=["Because it ", "is so."], after=1, then="hold", pace=Pace(0, 0.3, 1000))
GROWING = Reply(text="word " * 40, after=0, then="hold", pace=Pace(0, 0, 30))


@pytest.fixture
def native(bench: Workbench) -> Workbench:
    """A workbench with a running bot that streams natively; its answers wait after their first words."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", HELD)
    bench.start_bot(slack_streaming="native", footer="short")
    return bench


def begun(bench: Workbench, question: Message) -> Message:
    """The message in which an answer has begun to stand."""
    bench.until(lambda: bench.texts(question)[-1:] in (["Because"], ["Because it"]))
    return bench.messages(thread=question)[-1]


def end(bench: Workbench, question: Message) -> str:
    """Let an answer be written to its end; the words of its message then."""
    bench.bedrock.release()
    bench.until(bench.at_rest)
    return bench.texts(question)[-1].split("\n")[0]


@pytest.mark.parametrize("channel", ["CGENERAL", "DADA"])
def test_an_answer_is_streamed_by_slack_and_ends_with_all_that_one_can_do_with_it(
    native: Workbench, channel: str
) -> None:
    question = native.say("why?", channel=channel) if channel == "DADA" else native.mention("why?")
    begun(native, question)

    assert end(native, question) == "Because it is so."
    assert [len(native.calls(method)) for method in STREAM[::2]] == [1, 1]
    assert not native.calls("chat.update")
    answer = native.messages(thread=question)[-1]
    assert [block["type"] for block in answer.sent] == ["markdown", "context", "context_actions", "actions"]
    native.press("menu", question, value="regenerate")
    native.until(lambda: len(native.prompts()) == 2)
    assert end(native, question) == "Because it is so."


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream"])
def test_where_slack_fails_a_stream_the_answer_is_edited(native: Workbench, method: str) -> None:
    native.slack.faults.enqueue(
        method, Fault(error="channel_type_not_supported" if method == STREAM[0] else "internal_error")
    )
    question = native.mention("why?")
    begun(native, question)

    assert end(native, question) == "Because it is so."
    assert native.calls("chat.update")


def test_a_stream_that_slack_ended_after_five_minutes_is_gone_on_with(native: Workbench) -> None:
    question = native.mention("why?")
    answer = begun(native, question)
    native.servers.do(lambda: native.slack.workspace.put(replace(answer, streams_until=0.0)))

    assert end(native, question) == "Because it is so."
    assert native.calls("chat.stopStream")[-1].error == "message_not_in_streaming_state"
    assert native.calls("chat.update")


@pytest.fixture
def slack_with_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    bench = Workbench(Limits())
    offer(monkeypatch, bench)
    yield bench
    bench.close()


def test_when_streams_are_used_up_the_others_are_edited_and_no_call_is_refused(
    slack_with_limits: Workbench,
) -> None:
    bench = slack_with_limits
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", GROWING)
    bench.start_bot(slack_streaming="native")
    questions = [bench.mention(f"why {n}?", channel=channel) for n, channel in enumerate(bench.channels(30))]
    bench.answered_whole(("word " * 40).strip(), *questions, seconds=40)

    assert len(bench.calls("chat.startStream")) == 20
    calls = bench.servers.do(lambda: list(bench.slack.calls))
    assert not [call for call in calls if call.error]


def test_an_answer_whose_process_is_killed_while_it_streams_is_finished_by_another(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", HELD)
    first = processes.start(SLACK_STREAMING="native")
    question = bench.mention("why?")
    answer = begun(bench, question)
    bench.until(lambda: str(answer.ts) in noted(tmp_path))
    processes.kill(first)
    processes.start(SLACK_STREAMING="native")

    bench.until(lambda: len(bench.prompts()) == 2)

    def is_whole() -> bool:
        bench.bedrock.release()
        return bench.stands_whole(question, "Because it is so.")

    bench.until(is_whole)
    assert bench.messages(thread=question)[-1].ts == answer.ts


def noted(folder: Path) -> str:
    """What is written down of the messages that answers own."""
    with closing(sqlite3.connect(folder / "bot.db")) as db:
        return str(db.execute("SELECT messages FROM questions").fetchall())
