"""The bot under test is the real one, in an environment without anybody's accounts or proxies."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.engine.orchestrator import Orchestrator
from bot.playground.bedrock import Reply
from tests.processes import Processes
from tests.workbench import Workbench

# Else every bot that a test starts would compile its whole source, and every worker all tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long anything takes is measured in the benchmark: here, others run at the same time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_MISLEADING = ("AWS_", "OTEL_", "SLACK_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files come in the order of their names, whatever their folder.

    Else all that compute come first, and those that start bots, and wait, are left to the end.
    """
    items.sort(key=lambda item: (item.path.name, item.path))


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the garbage collector need not look at it again and again.

    Nor as often as it would at all that tests have made since, which takes it a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 100)


@pytest.fixture(autouse=True, scope="session")
def threads_on_demand() -> Iterator[None]:
    """A bot starts a hundred and fifty threads ahead, for storms; to start them for each test takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Orchestrator, "warm_up", lambda _orchestrator: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def clean_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(_MISLEADING):
                environment.delenv(name)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("AWS_CONFIG_FILE", os.devnull)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A workbench on which nothing runs yet but the two platforms."""
    bench = Workbench()
    offer(monkeypatch, bench)
    yield bench
    bench.close()


@pytest.fixture
def processes(bench: Workbench, tmp_path: Path) -> Iterator[Processes]:
    """Bots in processes of their own, on the workbench and a SQLite file."""
    processes = Processes(bench, tmp_path, f"sqlite:///{tmp_path}/bot.db")
    yield processes
    processes.close()


def offer(monkeypatch: pytest.MonkeyPatch, bench: Workbench) -> None:
    """Let boto3 find the workbench's Bedrock, in the way that an operator would."""
    for name, value in bench.servers.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def ready(bench: Workbench) -> Workbench:
    """A workbench whose models say "On it." and, after that, "Because.", and on which no bot runs yet."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    return bench


@pytest.fixture
def bot(ready: Workbench) -> Workbench:
    """That, with a running bot."""
    ready.start_bot()
    return ready
