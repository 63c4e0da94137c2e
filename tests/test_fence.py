"""Each answer has one writer: processes that were paused or cut off, and stores that forget."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from bot.engine.journal import LEASE_SECONDS
from bot.playground.bedrock import Pace, Reply
from tests.adapters.redis_server import free_port, redis_server
from tests.processes import Processes, two_on
from tests.workbench import Workbench, grows

WORDS = [f"word{number:03} " for number in range(120)]
WHOLE = "".join(WORDS).strip()


def test_a_process_that_was_paused_writes_nothing_over_what_another_finished(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, pace=Pace(0, 0.3, 60)))
    with two_on("redis", bench, tmp_path) as two:
        questions = [bench.mention("why?", channel=channel) for channel in bench.channels(8)]
        bench.until(lambda: all(bench.begins(question, "word") for question in questions))
        paused = two.running[0]
        assert paused.pid
        os.kill(paused.pid, signal.SIGSTOP)
        bench.until(lambda: all(bench.stands_whole(question, WHOLE) for question in questions), 30.0)
        bench.until(lambda: not any(grows(bench.messages(thread=question)[-1]) for question in questions))
        before = len(bench.calls("chat.update"))
        os.kill(paused.pid, signal.SIGCONT)
        bench.until(lambda: "answer.handed_over" in two.log)

        answers = [bench.messages(thread=question)[-1] for question in questions]
        assert [bench.texts(question)[-1] for question in questions] == [WHOLE] * 8
        assert not any(map(grows, answers))
        assert len(bench.calls("chat.update")) == before


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_what_the_store_forgot_is_written_down_again_and_nothing_is_dropped(
    bench: Workbench, tmp_path: Path, store: str
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, pace=Pace(0, 0.3, 60)))
    with two_on(store, bench, tmp_path) as two:
        questions = [bench.mention("why?", channel=channel) for channel in bench.channels(4)]
        bench.until(lambda: all(bench.begins(question, "word") for question in questions))
        if store == "redis":
            with Redis.from_url(two.store) as redis:
                redis.flushall()
        else:
            for file in tmp_path.glob("bot.db*"):
                file.unlink()
        bench.until(lambda: all(bench.stands_whole(question, WHOLE) for question in questions), 20.0)

    assert "handed_over" not in two.log
    assert len(bench.prompts()) == 4


def test_after_an_outage_of_the_store_nobody_adopts_what_others_answer(
    bench: Workbench, tmp_path: Path
) -> None:
    """Redis is away for longer than a lease, and comes back with what it had."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, pace=Pace(0, 0.3, 9)))
    port = free_port()
    saving = ("--save", "3600 1")  # and when it ends
    with redis_server(tmp_path, port, *saving) as url:
        processes = Processes(bench, tmp_path, url)
        for _ in range(2):
            processes.start()
        with Redis.from_url(url) as redis:
            for _ in range(3):  # beats, of which one is of each process at least: it then knows the other
                last = redis.get("duet:beaten_at")
                bench.until(partial(_is_later, redis, last))
        questions = [bench.mention("why?", channel=channel) for channel in bench.channels(4)]
        bench.until(lambda: all(bench.begins(question, "word") for question in questions))
    try:
        bench.until(lambda: processes.log.count("store.failed") == 2)
        bench.servers.wait_for(lambda: asyncio.sleep(LEASE_SECONDS + 1.0))
        with redis_server(tmp_path, port, *saving):
            bench.until(lambda: all(bench.stands_whole(question, WHOLE) for question in questions), 30.0)
        assert "answer.resumed" not in processes.log
        assert len(bench.prompts()) == 4
    finally:
        processes.close()


def _is_later(redis: Redis, beaten_at: object) -> bool:
    """Return whether a process has beaten since."""
    return redis.get("duet:beaten_at") != beaten_at
