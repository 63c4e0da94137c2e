"""What operators read of how it went: the store's figures, a collector, Prometheus, the log."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
import urllib.request
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from bot.cli import main
from bot.core.figures import Kept
from bot.core.interaction import Interaction, Vote
from bot.core.journal import Allowance
from bot.playground.bedrock import Reply
from bot.stats import as_table, read, seconds_in
from bot.stores import open_store
from tests.collector import collector
from tests.processes import Processes
from tests.workbench import Workbench

WORDS = [f"word{number} " for number in range(500)]


@pytest.fixture
def bot(bench: Workbench) -> Workbench:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, after=0, then="hold"))
    bench.start_bot(cache_ttl=60.0)
    return bench


def test_an_answer_is_written_down_with_what_both_models_used(bot: Workbench) -> None:
    bot.answered(bot.mention("why?"))
    (kept,) = bot.written(1)

    assert (kept.outcome, kept.way_in, kept.language, kept.tries) == ("whole", "mention", "en", 1)
    assert kept.usage.output > 500
    assert not kept.usage.is_estimate
    assert kept.dollars
    assert Decimal("0.0016") < kept.dollars < Decimal("0.004")
    assert kept.ack_s is not None
    assert kept.first_words_s is not None
    assert kept.whole_s is not None
    assert kept.ack_s <= kept.whole_s
    assert (kept.question, kept.answer) == (None, None)


def test_no_text_is_written_into_the_store_but_what_is_kept_for_others(
    bench: Workbench,
) -> None:
    bench.bedrock.always("converse-stream", Reply(text="A secret answer.", after=0, then="hold"))
    bench.start_bot()
    bench.answered(bench.mention("a secret question?"))
    bench.written(1)
    bench.until(bench.at_rest)
    rows = str(list(sqlite3.connect(bench.store_url.removeprefix("sqlite:///")).iterdump()))

    assert "secret" not in rows


def test_texts_are_written_down_where_the_operator_says_so(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(keep_text=True)
    bench.answered(bench.mention("왜요?"))
    (kept,) = bench.written(1)

    assert (kept.question, kept.answer) == ("왜요?", "Because.")


@pytest.mark.parametrize("change", ["deleted", "changed"])
def test_texts_of_a_message_that_was_deleted_or_changed_are_kept_no_longer(
    bench: Workbench, change: str
) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(keep_text=True, cache_ttl=60.0)
    question = bench.dm("왜 하늘은 파란가요?")
    bench.answered(question)
    (kept,) = bench.written(1)
    ledger = open_store(bench.store_url, Allowance()).ledger
    assert ledger.recall(kept.answer_key)
    act = (
        partial(bench.slack.delete, question)
        if change == "deleted"
        else partial(bench.slack.edit, question, "x")
    )
    bench.servers.do(act)

    bench.until(lambda: bench.written(1) == [replace(kept, question=None, answer=None, answer_key="")])
    assert ledger.recall(kept.answer_key) is None


def test_what_is_kept_no_longer_goes_when_the_bot_starts(bench: Workbench) -> None:
    ledger = open_store(bench.store_url, Allowance()).ledger
    now = time.time()
    old, new = (
        Interaction(f"Q{at}", "T1", "C1", "U1", at, "mention", "en", "whole", answer="Because.")
        for at in (now - 8 * 86_400, now)
    )
    for each in (old, new):
        ledger.record(each, 90 * 86_400.0)
    bench.start_bot(keep_days=7)

    bench.until(lambda: ledger.interactions(0) == [replace(new, answer=None)])


def test_a_stopped_answer_is_an_estimate(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=["Be", "cause"], after=1, then="hold"))
    bench.start_bot()
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    bench.press("stop", question)
    (kept,) = bench.written(1)

    assert (kept.outcome, kept.fault, kept.usage.is_estimate) == ("cut", "stopped", True)
    assert "1 of them estimated in part" in as_table(
        read(open_store(bench.store_url, Allowance()).ledger, 0.0)
    )
    assert kept.dollars


def test_fifty_who_share_an_answer_pay_for_it_once(bot: Workbench) -> None:
    questions = [bot.mention("why?", channel=channel) for channel in bot.channels(50)]
    bot.until(lambda: all(bot.texts(question) for question in questions) and bot.prompts())
    bot.bedrock.release()
    kept = bot.written(50)

    assert sum(one.tries for one in kept) == 1
    assert len([one for one in kept if one.dollars]) == 1


def test_the_stats_tell_what_was_asked_what_it_cost_and_which_promises_were_kept(
    bot: Workbench, tmp_path: Path
) -> None:
    bot.answered(bot.mention("why?"))
    bot.answered(bot.mention("Why?"), count=1)
    bot.written(2)
    open_store(bot.store_url, Allowance()).ledger.vote(Vote("T1/C1/1.0", "U1", is_up=True), 60.0)
    processes = Processes(bot, tmp_path, bot.store_url)
    status, told = processes.run("stats", "--since", "1h")

    assert status == 0
    assert "asked            2 (mention 2)" in told
    assert "from the cache   1" in told
    assert "votes that are up" in told
    assert "100.0%   1 of 1" in told
    status, as_json = processes.run("stats", "--json")
    figures = json.loads(as_json)
    assert (status, figures["asked"], figures["first_words"]) == (0, 2, {"times": 2, "of": 2})
    assert Decimal(figures["dollars"]) > 0


def test_where_nothing_was_asked_the_stats_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["stats"]) == 0
    assert capsys.readouterr().out == "Nothing was asked in that time.\n"


@pytest.mark.parametrize("period", ["", "7", "d", "0d", "-1d", "7 d", "1y", "٣d"])
def test_a_period_that_is_none_is_told(period: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", f"--since={period}"]) == 2
    assert "is no period like 90m, 12h, 7d or 2w" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("period", "seconds"), [("90m", 5400), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_a_period_is_read_in_its_unit(period: str, seconds: float) -> None:
    assert seconds_in(period) == seconds


def test_a_store_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORE_URL", f"sqlite:///{tmp_path}/no/such/folder/bot.db")

    assert main(["stats"]) == 1
    assert capsys.readouterr().err.startswith("The store fails: ")


def test_what_has_no_price_is_told_with_what_to_do(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(pro_model_id="us.amazon.nova-next-v1:0")
    bench.answered(bench.mention("why?"))
    bench.written(1)
    told = as_table(read(open_store(bench.store_url, Allowance()).ledger, 0.0))

    assert "1 without: the model's price is not known, set PRICES_FILE" in told
    assert "tokens           " in told


def test_votes_are_one_of_the_two_senses_of_satisfaction(tmp_path: Path) -> None:
    ledger = open_store(f"sqlite:///{tmp_path}/bot.db", Allowance()).ledger
    for voter, is_up in (("U1", True), ("U2", True), ("U1", False)):
        ledger.vote(Vote("T1/C1/1.0", voter, is_up), 60.0)

    assert read(ledger, 0.0).satisfied_votes == Kept(1, 2)


def test_a_log_for_machines_is_one_object_a_line_without_texts(bench: Workbench, tmp_path: Path) -> None:
    bench.bedrock.always("converse-stream", Reply(text="A secret answer.", after=0, then="hold"))
    processes = Processes(bench, tmp_path, bench.store_url)
    processes.start(LOG_FORMAT="json")
    try:
        bench.until(lambda: "socket.connected" in processes.log)
        bench.answered(bench.mention("a secret question?"))
        bench.until(lambda: "answer.done" in processes.log)
    finally:
        processes.close()

    lines = [json.loads(line) for line in processes.log.splitlines()]
    (done,) = (line for line in lines if line["event"] == "answer.done")
    assert {
        "time",
        "level",
        "outcome",
        "ack_s",
        "whole_s",
        "dollars",
        "tokens_in",
        "tokens_out",
    } <= done.keys()
    assert (done["level"], done["outcome"], done["edits"]) == ("INFO", "whole", 0)
    assert "secret" not in processes.log


def test_a_port_for_metrics_tells_prometheus_and_a_probe(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bot = bench.start_bot(metrics_port=free_port())
    assert bot.page
    page = f"http://127.0.0.1:{bot.page.port}"
    bench.until(lambda: bot.orchestrator.state == "connected")
    bench.answered(bench.mention("why?"))
    bench.written(1)

    assert fetched(f"{page}/healthz") == "ok"
    scraped = fetched(f"{page}/metrics")
    assert "gen_ai_client_operation_duration_seconds_count" in scraped
    assert "duet_interaction_cost_count{" in scraped


def test_a_collector_hears_of_both_calls_and_of_the_question(bench: Workbench, tmp_path: Path) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="A secret answer.", after=0, then="hold"))
    processes = Processes(bench, tmp_path, bench.store_url)
    with collector() as listening:
        bot = processes.start(OTEL_EXPORTER_OTLP_ENDPOINT=listening.endpoint)
        bench.until(lambda: "socket.connected" in processes.log)
        bench.answered(bench.mention("a secret question?"))
        bench.until(lambda: "answer.done" in processes.log)
        assert processes.stop(bot) == 0

        names = sorted(span.name for span in listening.spans)
        assert names == [
            "chat us.amazon.nova-micro-v1:0",
            "chat us.amazon.nova-pro-v1:0",
            "duet.interaction",
        ]
        assert {"gen_ai.client.token.usage", "duet.interaction.cost"} <= listening.metrics.keys()
        assert not any(b"secret" in sent.body for sent in listening.received)


def free_port() -> int:

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a page of our own
        return str(answer.read().decode())
