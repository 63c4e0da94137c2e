"""A defect costs the one answer that it is in, and a process whose loop is broken makes way for others."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from math import inf
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.slack_web import SlackWeb
from bot.core.draft import Draft
from bot.core.texts import Language, texts_in
from bot.engine.exchange import Exchange
from bot.engine.ledger import Ledger
from bot.engine.pacer import Pacer, Turn
from bot.engine.screen import Screen
from bot.playground.bedrock import Reply
from tests import forks
from tests.processes import Processes
from tests.workbench import Workbench

EN = texts_in(Language.EN)
MARKER = "unspeakable"


def answer(turns: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """What the question asks, where it has the marker."""
    found = re.search(f"{MARKER} [a-z_]+", str(turns[-1]))
    return ["Be", found[0] if found else "cause."]


def fail_on_marker(patch: pytest.MonkeyPatch, owner: type, name: str, label: str = "") -> None:
    """Let a method, or a property, fail for what has the marker and its name, or `label`."""
    real = vars(owner)[name]
    call: Any = real.fget if isinstance(real, property) else real

    def defective(*arguments: Any, **named: Any) -> Any:
        if any(f"{MARKER} {label or name}" in words_of(each) for each in arguments):
            raise ZeroDivisionError
        return call(*arguments, **named)

    patch.setattr(owner, name, property(defective) if isinstance(real, property) else defective)


def words_of(argument: object) -> str:
    match argument:
        case Exchange():
            return argument.question.text
        case Screen():
            return argument.question.text
        case _:
            return str(argument)


def open_questions(store: Path) -> int:
    with closing(sqlite3.connect(store)) as db:
        return int(db.execute("SELECT count(*) FROM questions WHERE owner IS NOT NULL").fetchone()[0])


DEFECTS: list[tuple[type, str]] = [
    (Draft, "contents"),
    (Draft, "apply"),
    (Exchange, "wish"),
    (Exchange, "grant"),
    (Exchange, "is_over"),
    (Exchange, "unseen"),
    (Exchange, "receive"),
    (Exchange, "shown"),
    (Exchange, "greet"),
    (Screen, "next"),
    (Ledger, "close"),
]
LABELS = [*(name for _, name in DEFECTS), "call"]


def test_each_of_many_defects_ends_its_own_answer_and_ten_others_go_on(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=answer, after=1, then="hold"))
    running = bench.start_bot()
    channels = bench.channels(10 + len(LABELS))
    others = [bench.mention("why?", channel=channel) for channel in channels[:10]]
    bench.until(lambda: all(bench.begins(question, "Be") for question in others))
    for owner, name in DEFECTS:
        fail_on_marker(monkeypatch, owner, name)
    for name in ("post", "edit"):
        fail_on_marker(monkeypatch, SlackWeb, name, "call")
    with caplog.at_level(logging.ERROR, "bot"):
        broken = {
            name: bench.mention(f"{MARKER} {name}", channel=channel)
            for name, channel in zip(LABELS, channels[10:], strict=True)
        }

        def have_ended() -> bool:
            bench.bedrock.release()
            crashed = {vars(record).get("ts") for record in caplog.records}
            return len(crashed - {None}) == len(LABELS) and not running.orchestrator.live

        bench.until(have_ended)
    assert all(bench.stands_whole(question, "Because.") for question in others)
    crashes = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert {record.message for record in crashes} == {"answer.crashed"}
    assert all(record.exc_info for record in crashes)

    said = {name: bench.texts(question) for name, question in broken.items()}
    for name in ("contents", "apply", "greet", "receive", "shown", "call"):
        assert said[name][-1].endswith(EN.failed)
    for name in ("wish", "grant", "is_over", "unseen", "next"):  # with which the apology fails, too
        assert EN.failed in (*said[name], *bench.told_privately(channel=broken[name].channel))
    assert "close" in said["close"][-1]


def test_an_answer_that_fails_again_after_a_restart_ends_alone_and_is_not_handed_on(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=answer, after=1, then="silence"))
    first = bench.start_bot()
    broken, *others = (
        bench.mention(text, channel=channel)
        for text, channel in zip([f"{MARKER} contents", *["why?"] * 4], bench.channels(5), strict=True)
    )
    bench.until(lambda: all(bench.begins(question, "Be") for question in (broken, *others)))
    bench.stop_bot(first)
    fail_on_marker(monkeypatch, Draft, "contents")
    fail_on_marker(monkeypatch, Exchange, "opened")
    bench.bedrock.always("converse-stream", Reply(text=answer))
    second = bench.start_bot()
    bench.until(lambda: all(bench.stands_whole(question, "Because.") for question in others))
    bench.until(lambda: bench.texts(broken)[-1:] == [f"Be\n{EN.failed}"])
    bench.until(lambda: not open_questions(Path(second.settings.store_url.removeprefix("sqlite:///"))))


def break_the_loop() -> None:
    def turns(_pacer: Pacer, live: Collection[Exchange], *_: object) -> tuple[list[Turn], float]:
        if live:
            raise ZeroDivisionError
        return [], inf

    Pacer.turns = turns  # type: ignore[method-assign, assignment]


def test_a_process_whose_loop_is_broken_leaves_its_questions_to_others_and_says_so(
    bench: Workbench, processes: Processes
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because."))
    broken = processes.start(break_the_loop)
    question = bench.mention("why?")

    assert forks.exit_status(broken) == 1
    processes.running.remove(broken)
    assert "loop.broken" in processes.log
    assert processes.run("health") == (1, "No bot is at work on this host.\n")  # its lease has ended
    processes.start()
    bench.until(lambda: bench.stands_whole(question, "Because."))
