"""Places in which stores keep what processes remember together, of either vendor."""

from __future__ import annotations

import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeAlias, TypeVar

import pytest
from redis import Redis

import bot.adapters.redis.directory
import bot.adapters.redis.journal
import bot.adapters.redis.ledger
import bot.adapters.sqlite.database
import bot.adapters.sqlite.directory
import bot.adapters.sqlite.journal
import bot.adapters.sqlite.ledger
from bot.adapters.redis.connection import RedisConnection
from bot.adapters.redis.directory import RedisDirectory
from bot.adapters.redis.journal import RedisJournal
from bot.adapters.redis.ledger import RedisLedger
from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.directory import SqliteDirectory
from bot.adapters.sqlite.journal import SqliteJournal
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.errors import StoreError
from bot.core.journal import Allowance
from tests.adapters.redis_server import redis_server

T = TypeVar("T")
Journal: TypeAlias = SqliteJournal | RedisJournal
Ledger: TypeAlias = SqliteLedger | RedisLedger
Directory: TypeAlias = SqliteDirectory | RedisDirectory

ALLOWANCE = Allowance()
SECRET = "s3cret"


class Shelf(Protocol):
    """A place that stores share: each that is opened is like another process."""

    def journal(self, allowance: Allowance = ALLOWANCE) -> Journal: ...

    def ledger(self, most_answers: int = 1000) -> Ledger: ...

    def directory(self) -> Directory: ...

    def spoil(self, kind: str, entry_id: str, text: str) -> None:
        """Let something else be written where the question, or interaction, of an id was."""

    def shorten(self, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float) -> None:
        """Let a constant be shorter wherever this vendor's modules use it."""


@dataclass(frozen=True)
class SqliteShelf:
    path: str

    def journal(self, allowance: Allowance = ALLOWANCE) -> Journal:
        return SqliteJournal(SqliteDatabase(self.path), allowance)

    def ledger(self, most_answers: int = 1000) -> Ledger:
        return SqliteLedger(SqliteDatabase(self.path), most_answers)

    def directory(self) -> Directory:
        return SqliteDirectory(SqliteDatabase(self.path))

    def spoil(self, kind: str, entry_id: str, text: str) -> None:
        statement = f"UPDATE {kind}s SET {kind} = CAST(? AS TEXT) WHERE id = ?"  # noqa: S608
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(statement, (text.encode("latin-1"), entry_id))

    def shorten(self, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float) -> None:
        vendor = bot.adapters.sqlite
        shorten(
            (vendor.database, vendor.directory, vendor.journal, vendor.ledger), monkeypatch, name, seconds
        )


@dataclass(frozen=True)
class RedisShelf:
    url: str
    prefix: str

    def journal(self, allowance: Allowance = ALLOWANCE) -> Journal:
        return RedisJournal(RedisConnection(self.url, self.prefix), allowance)

    def ledger(self, most_answers: int = 1000) -> Ledger:
        return RedisLedger(RedisConnection(self.url, self.prefix), most_answers)

    def directory(self) -> Directory:
        return RedisDirectory(RedisConnection(self.url, self.prefix))

    def spoil(self, kind: str, entry_id: str, text: str) -> None:
        name, spoilt = f"{self.prefix}{kind}:{entry_id}", text.encode("latin-1")
        with Redis.from_url(self.url) as redis:
            if kind == "question":
                redis.hset(name, "question", spoilt)
            else:
                redis.set(name, spoilt, keepttl=True)

    def shorten(self, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float) -> None:
        vendor = bot.adapters.redis
        shorten((vendor.directory, vendor.journal, vendor.ledger), monkeypatch, name, seconds)


def shorten(
    modules: Sequence[ModuleType], monkeypatch: pytest.MonkeyPatch, name: str, seconds: float
) -> None:
    users = [module for module in modules if hasattr(module, name)]
    assert users, f"nobody uses {name}"
    for module in users:
        monkeypatch.setattr(module, name, seconds)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=["sqlite", "redis"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "sqlite":
        return SqliteShelf(str(tmp_path / "bot.db"))
    return RedisShelf(request.getfixturevalue("redis_url"), f"{tmp_path.name}:")


def until(seen: Callable[[], T], seconds: float = 5.0) -> T:
    """What `seen` returns once that is true; a failure if it does not become true in time."""
    deadline = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < deadline, f"not seen within {seconds} s"
        time.sleep(0.01)
    return found


def at_once(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """What the jobs return, each begun in its own thread when all are ready."""
    ready = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        ready.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


@contextmanager
def fails(saying: str, within: float = 1.5) -> Iterator[None]:
    """What is done in the block raises a StoreError in bounded time, and the error keeps secrets."""
    begun = time.monotonic()
    with pytest.raises(StoreError, match=saying) as caught:
        yield
    assert time.monotonic() - begun < within
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    del caught  # a cycle, by way of its frames, that would keep the stores and their connections
