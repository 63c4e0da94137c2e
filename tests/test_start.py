"""`python -m bot` as operators meet it: a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.journal import Allowance
from bot.monitoring import open_telemetry
from bot.playground.bedrock import Pace, Reply
from bot.settings import SettingsError, read
from bot.stores import open_store
from tests import forks
from tests.processes import end_of, environment_on, kill_another_thread, needs_proc
from tests.workbench import Workbench


@pytest.fixture
def environment(bench: Workbench) -> dict[str, str]:
    return environment_on(bench)


def run(environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run the bot to its end: its exit status, and what it wrote."""
    status, log = forks.run(environment, folder)
    assert "Traceback" not in log
    return status, log


def test_without_any_setting_all_that_is_missing_is_named_at_once(
    environment: dict[str, str], tmp_path: Path
) -> None:
    bare = {
        name: value for name, value in environment.items() if not name.startswith(("AWS_A", "AWS_S", "SLACK"))
    }
    del bare["AWS_REGION"]
    status, complaint = run(bare | {"AWS_SHARED_CREDENTIALS_FILE": os.devnull}, tmp_path)

    assert status == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "AWS_REGION", "AWS_ACCESS_KEY_ID"):
        assert f"{name}" in complaint
    assert "api.slack.com/apps" in complaint
    assert "python -m bot playground" in complaint


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN must begin with xoxb-, and it is xapp"),
        ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN must begin with xapp-, and it is xoxb"),
        ({"ACK_DEADLINE": "soon"}, "ACK_DEADLINE must be a number of seconds"),
        ({"MAX_LIVE_ANSWERS": "0"}, "MAX_LIVE_ANSWERS must be a whole number from 1"),
        ({"SLACK_BOT_TOKEN": "xoxb-unknown"}, "Slack refuses SLACK_BOT_TOKEN (invalid_auth)"),
        ({"SLACK_APP_TOKEN": "xapp-unknown"}, "Slack refuses SLACK_APP_TOKEN (invalid_auth)"),
        ({"AWS_PROFILE": "nobody"}, "AWS is not set up"),
        ({"PRICES_FILE": "none.json"}, "PRICES_FILE cannot be used, none.json: "),
        ({"PRICES_FILE": "/dev/null"}, "PRICES_FILE cannot be used, /dev/null: it is not JSON"),
        (
            {"PRO_MODEL_ID": "us.amazon.nova-next-v1:0", "DAILY_BUDGET_USD": "1"},
            "A budget needs the price of us.amazon.nova-next-v1:0",
        ),
        (
            {"METRICS_PORT": "1", "OTEL_METRICS_EXPORTER": "console"},
            "OTEL_METRICS_EXPORTER must be otlp or none",
        ),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    environment: dict[str, str], tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    status, complaint = run(environment | wrong, tmp_path)

    assert (status, said in complaint) == (2, True), complaint


def test_a_slack_that_cannot_be_reached_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/api/"
        status, complaint = run(environment | {"SLACK_API_URL": address}, tmp_path)

    assert status == 2
    assert f"Slack cannot be reached at {address}" in complaint


def test_a_port_for_metrics_that_is_taken_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, complaint = run(environment | {"METRICS_PORT": str(port)}, tmp_path)

    assert status == 2
    assert f"METRICS_PORT {port} cannot be had: Address already in use. Choose another." in complaint


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Let an adapter be imported as where the package that it needs is not installed."""

    def lack(package: str, adapter: str) -> None:
        for name in [name for name in sys.modules if name.startswith(adapter)]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(adapter, raising=False)
        for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
            monkeypatch.setitem(sys.modules, name, None)

    return lack


def test_a_package_that_the_store_needs_is_named(lacking: Callable[[str, str], None]) -> None:
    lacking("redis", "bot.adapters.redis")

    with pytest.raises(SettingsError, match="STORE_URL needs the package redis"):
        open_store("redis://localhost", Allowance())


def test_a_package_that_the_metrics_need_is_named_and_a_collector_for_others_is_done_without(
    lacking: Callable[[str, str], None], caplog: pytest.LogCaptureFixture
) -> None:
    lacking("opentelemetry", "bot.adapters.telemetry")
    settings, _ = read({})

    assert open_telemetry(settings, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}) is None
    assert "telemetry.not_installed" in caplog.messages
    with pytest.raises(SettingsError, match="METRICS_PORT needs the package opentelemetry"):
        open_telemetry(replace(settings, metrics_port=9464), {})


def test_a_file_env_is_read_and_the_environment_goes_before_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ACK_DEADLINE=soon\nIDLE_TIMEOUT=later\n")
    status, complaint = run(environment | {"ACK_DEADLINE": "1.5"}, tmp_path)

    assert status == 2
    assert "IDLE_TIMEOUT" in complaint
    assert "ACK_DEADLINE" not in complaint


def test_names_that_are_no_settings_are_told_with_the_nearest(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("FOLOW_THREADS=true\nPASSWORD=s3cret\nIDLE_TIMEOUT=later\n")
    _, log = run(environment | {"LOGLEVEL": "DEBUG"}, tmp_path)

    told = [line.partition("WARNING ")[2] for line in log.splitlines() if "setting.unknown" in line]
    assert told == [
        "bot.cli setting.unknown setting=FOLOW_THREADS nearest=FOLLOW_THREADS",
        "bot.cli setting.unknown setting=LOGLEVEL nearest=LOG_LEVEL",
        "bot.cli setting.unknown setting=PASSWORD",
    ]


@pytest.fixture
def process(environment: dict[str, str], bench: Workbench, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A bot that listens, in a process of its own."""
    environment["SLACK_CLIENT_ID"] = environment["SLACK_CLIENT_SECRET"] = "of another app"
    process = subprocess.Popen(
        [sys.executable, "-m", "bot"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    bench.until(lambda: bench.slack.sockets.connections)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("kill", "number"),
    [
        pytest.param(os.kill, signal.SIGTERM, id="SIGTERM"),
        pytest.param(kill_another_thread, signal.SIGINT, id="SIGINT to any thread", marks=needs_proc),
    ],
)
def test_a_signal_ends_an_idle_bot_at_once_and_cleanly(
    process: subprocess.Popen[str], kill: Callable[[int, int], None], number: int
) -> None:
    kill(process.pid, number)
    status, log = end_of(process)

    assert status == 0
    assert "Traceback" not in log


def test_a_signal_lets_live_answers_end(process: subprocess.Popen[str], bench: Workbench) -> None:
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])

    process.send_signal(signal.SIGTERM)
    bench.until(lambda: not bench.slack.sockets.connections)
    bench.bedrock.release()
    status, log = end_of(process)

    assert bench.texts(question)[-1] == "Because."
    assert (status, "outcome=whole" in log) == (0, True)


def test_a_second_signal_ends_the_bot_at_once(process: subprocess.Popen[str], bench: Workbench) -> None:
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="silence"))
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])

    process.send_signal(signal.SIGTERM)
    bench.until(lambda: not bench.slack.sockets.connections)
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=10) == -signal.SIGTERM


def test_no_token_is_in_the_log_even_when_all_is_logged(
    environment: dict[str, str], bench: Workbench, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot"], env=environment | {"LOG_LEVEL": "DEBUG"}, cwd=tmp_path, stderr=log
        )
        bench.bedrock.enqueue("converse-stream", Reply(text="Because.", pace=Pace(0, 0.1, 100)))
        question = bench.mention("why?")
        bench.until(lambda: bench.texts(question)[-1:] == ["Because."])
        process.terminate()
        process.wait(timeout=10)

    written = (tmp_path / "log").read_text()
    assert "answer.done" in written
    assert environment["SLACK_BOT_TOKEN"] not in written
    assert environment["SLACK_APP_TOKEN"] not in written
