"""Processes that share a Redis: each question is answered once, within one budget, whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.bedrock import Pace, Reply
from bot.playground.limits import UNLIMITED, Limits
from bot.playground.workspace import ADA, BOT_USER
from tests.adapters.redis_server import redis_server
from tests.conftest import offer
from tests.processes import Processes, two_on
from tests.workbench import Workbench

WHOLE = [f"word{number:03} " for number in range(80)]


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> Limits:
    return getattr(request, "param", UNLIMITED)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limits: Limits) -> Iterator[Processes]:
    """Two bots on one Redis."""
    bench = Workbench(limits)
    offer(monkeypatch, bench)
    with two_on("redis", bench, tmp_path) as processes:
        yield processes
    bench.close()


@pytest.mark.parametrize("limits", [Limits()], indirect=True)
def test_two_processes_stay_within_the_limits_of_one_workspace(two: Processes) -> None:
    """Sixteen answers of four seconds: each process by itself would spend fifty edits on its eight."""
    bench = two.bench
    bench.bedrock.always("converse-stream", Reply(text=WHOLE, pace=Pace(0, 0.3, 20)))
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(16)]
    bench.until(lambda: two.log.count("answer.done") == 16, seconds=30.0)

    assert [bench.texts(question)[-1] for question in questions] == ["".join(WHOLE).strip()] * 16
    assert not [call for call in bench.slack.calls if call.error]
    assert len(bench.calls("chat.update")) >= 32  # and the room there is was used


def test_what_a_killed_process_leaves_at_any_moment_is_finished_by_the_other(two: Processes) -> None:
    """Twenty questions, one every tenth of a second, so that each is at another point of its life."""
    bench = two.bench
    bench.bedrock.always("converse", Reply(text="On it.", pace=Pace(0.3, 0, 0)))
    bench.bedrock.always("converse-stream", Reply(text=WHOLE, pace=Pace(0, 0.5, 80)))
    questions = []
    for channel in bench.channels(20):
        questions.append(bench.mention("why?", channel=channel))
        bench.servers.wait_for(lambda: asyncio.sleep(0.1))
    two.kill(two.running[0])
    bench.until(lambda: all(bench.stands_whole(q, "".join(WHOLE).strip()) for q in questions), seconds=30.0)

    assert "answer.resumed" in two.log


def test_an_event_that_reaches_both_is_answered_once(two: Processes) -> None:
    """Slack sends each delivery to any one connection."""
    bench = two.bench
    bench.bedrock.always("converse-stream", Reply(text="Because."))
    event = {"type": "app_mention", "user": ADA.id, "channel": "CGENERAL", "text": f"<@{BOT_USER}> why?"}
    root = bench.say("a root to answer under")
    for number in range(20):
        event_id = f"Ev{number // 2}"
        bench.servers.do(lambda e=event_id: bench.slack.events.send(event | {"ts": root.ts}, event_id=e))  # type: ignore[misc]
    bench.until(lambda: "answer.done" in two.log)
    last = bench.mention("another")
    bench.until(lambda: two.log.count("answer.done") == 2)

    assert len(bench.prompts()) == 2
    assert [text for text in bench.texts(root) if text == "Because."] == ["Because."]
    assert bench.texts(last)[-1] == "Because."


def test_when_redis_is_gone_both_go_on_answering(bench: Workbench, tmp_path: Path) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    with redis_server(tmp_path) as url:
        processes = Processes(bench, tmp_path, url)
        processes.start()
    try:
        bench.until(lambda: "store.failed" in processes.log)
        assert bench.answered(bench.mention("why?")) == ["On it.", "Because."]

        status, said = processes.run("health")
        assert (status, said.startswith("The store fails: Redis: ")) == (1, True)
    finally:
        processes.close()
