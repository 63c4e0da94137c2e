"""The store is away for some seconds: people notice nothing, and nothing of it is lost."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal

import pytest

from bot.playground.bedrock import Reply
from tests.workbench import Workbench


@contextmanager
def held(store_url: str) -> Iterator[None]:
    """The file is another's until the block is left."""
    with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as another:
        another.execute("BEGIN IMMEDIATE")
        yield


def rows(bench: Workbench, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(bench.store_url.removeprefix("sqlite:///"))) as db:
        return db.execute(statement).fetchall()


def test_what_happens_while_the_store_is_away_is_written_down_when_it_is_back(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    """A question that was answered meanwhile, and one that another process has to go on with."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse-stream", Reply(text="Because."))
    bench.bedrock.always("converse-stream", Reply(text="And so on.", after=0, then="hold"))
    bot = bench.start_bot(daily_budget_usd=Decimal(5))
    with caplog.at_level(logging.WARNING, "bot"):
        with held(bench.store_url):
            answered = bench.mention("why?")
            bench.until(lambda: bench.texts(answered)[-1:] == ["Because."])
            bench.until(lambda: "store.failed" in caplog.messages)
            going_on = bench.mention("and then?", channel="CRANDOM")
            bench.until(lambda: bench.texts(going_on) == ["On it."] and len(bench.prompts()) == 2)
        bench.written(1)
    assert "store.works_again" in caplog.messages
    assert rows(bench, "SELECT price > 0 FROM spendings") == [(1,)]
    still_open = "SELECT count(messages) FROM questions WHERE owner IS NOT NULL"
    bench.until(lambda: rows(bench, still_open) == [(1,)])

    bench.stop_bot(bot)
    bench.start_bot()
    bench.until(lambda: len(bench.prompts()) == 3)
    bench.bedrock.release()
    bench.until(lambda: bench.texts(going_on) == ["On it.", "And so on."])
