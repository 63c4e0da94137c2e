"""What a probe is told, and a bot whose store does not do as it should."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import app
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.socket_mode import Loss
from tests.processes import Processes
from tests.workbench import Workbench

pytestmark = pytest.mark.usefixtures("ready")


def is_told(processes: Processes, state: str) -> bool:
    """Whether a probe tells that `state` of the connection, which is not asked before the bot logs it."""
    return f"socket.{state}" in processes.log and processes.run("health")[1].endswith(f": {state}\n")


def assert_answers(bench: Workbench) -> None:
    assert bench.answered(bench.mention("why?"))[1] == "Because."


def test_a_bot_that_is_connected_is_healthy_and_one_that_is_gone_is_not(
    bench: Workbench, processes: Processes
) -> None:
    assert processes.run("health") == (1, "No bot is at work on this host.\n")
    bot = processes.start()
    bench.until(lambda: is_told(processes, "connected"))
    assert processes.run("health")[0] == 0
    processes.stop(bot)

    assert processes.run("health") == (1, "No bot is at work on this host.\n")


def test_a_bot_that_cannot_connect_is_not_healthy(bench: Workbench, processes: Processes) -> None:
    processes.start()
    bench.until(lambda: is_told(processes, "connected"))
    bench.servers.do(bench.slack.sockets.refuse)
    bench.servers.wait_for(lambda: bench.slack.sockets.lose(Loss.RESET))

    bench.until(lambda: is_told(processes, "disconnected"), seconds=20.0)
    assert processes.run("health")[0] == 1


def test_a_bot_whose_token_slack_takes_no_more_is_not_healthy_and_says_why(
    bench: Workbench, processes: Processes
) -> None:
    bench.slack.faults.always("users.list", Fault(error="limit_required"))  # so that who asks is looked up
    processes.start()
    bench.until(lambda: is_told(processes, "connected"))
    bench.slack.faults.always("", Fault(error="token_revoked"))
    bench.mention("why?")
    bench.until(lambda: "token.refused" in processes.log)
    bench.until(
        lambda: "suspended: Slack refuses SLACK_BOT_TOKEN (token_revoked)" in processes.run("health")[1]
    )

    assert processes.run("health")[0] == 1
    assert bench.bedrock.requests == []


def test_a_bot_that_lacks_a_scope_is_healthy_and_says_which(bench: Workbench, processes: Processes) -> None:
    bench.slack.granted -= {"mpim:read"}
    processes.start()
    bench.until(lambda: "socket.connected" in processes.log)
    bench.until(lambda: ": connected: the scope mpim:read is missing" in processes.run("health")[1])

    assert processes.run("health")[0] == 0


def test_a_bot_whose_store_is_locked_goes_on_answering_and_writes_again_when_it_can(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    processes.start()
    bench.until(lambda: is_told(processes, "connected"))
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        bench.until(lambda: "store.failed" in processes.log)
        assert_answers(bench)
        status, said = processes.run("health")
        assert (status, "database is locked" in said) == (1, True)
        other.execute("ROLLBACK")
    bench.until(lambda: "store.works_again" in processes.log)

    assert_answers(bench)
    assert processes.run("health")[0] == 0


def test_a_bot_whose_disk_is_full_goes_on_answering_and_writes_again_when_there_is_room(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    """The file may not grow any more: to SQLite that is a full disk."""
    bot = processes.start()
    bench.until(lambda: is_told(processes, "connected"))
    grown = (tmp_path / "bot.db-wal").stat().st_size
    assert bot.pid
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))
    bench.until(lambda: "store.failed" in processes.log)
    assert_answers(bench)

    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    bench.until(lambda: "store.works_again" in processes.log)
    assert_answers(bench)


def test_a_bot_without_a_place_for_its_store_says_so_and_answers(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    processes.start(STORE_URL=f"sqlite:///{tmp_path}/nowhere/bot.db")

    assert_answers(bench)
    assert "store.failed" in processes.log
    assert "unable to open database file" in processes.log


def test_a_bot_whose_model_aws_lets_it_call_no_more_is_not_healthy_until_it_does(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second refusal is heard without anybody's asking, and so is it that the model answers again."""
    monkeypatch.setattr(app, "_PROBE_SECONDS", 0.1)
    monkeypatch.setattr(app, "_PROBE_SECONDS_SUSPENDED", 0.05)
    bench.bedrock.always("converse-stream", Reply(error="ExpiredTokenException", status=403))
    running = bench.start_bot()
    bench.until(lambda: running.health.is_healthy)
    assert bench.bedrock.requests == []
    bench.mention("why?")
    bench.until(lambda: running.orchestrator.state.startswith("failing: "))
    assert "(ExpiredTokenException). Renew the credentials" in running.orchestrator.state

    bench.bedrock.always("converse-stream", Reply(text="Because."))
    bench.until(lambda: running.orchestrator.state == "connected")
    asked = len(bench.prompts())
    bench.answered_whole("Because.", bench.mention("why?"))
    assert len(bench.prompts()) == asked + 1  # it is not tried any more
