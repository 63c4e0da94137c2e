"""Clocks that are set while bots run: nobody is muted, and nobody's questions are adopted, for a step."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

import bot.adapters.sqlite.steps
from bot.adapters.redis.connection import RedisConnection
from bot.adapters.redis.journal import RedisJournal
from bot.adapters.redis.ledger import RedisLedger
from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.journal import SqliteJournal
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.interaction import Vote
from bot.core.journal import REMEMBERED_SECONDS, WINDOW_SECONDS, Allowance, CallKind, Charge, Owner
from bot.core.question import Question
from bot.core.spending import MINUTE_SECONDS, Budget
from tests.adapters.conftest import ALLOWANCE, until

QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
EDIT, POST = Charge(CallKind.EDIT, "C1"), Charge(CallKind.POST, "C1")
STEPS = [600.0, -600.0, 3 * REMEMBERED_SECONDS, -3 * REMEMBERED_SECONDS]


@dataclass
class Machine:
    """A machine whose clock can be set, and the file that its processes share."""

    path: Path
    wall: float = 1_000_000_000.0
    steady: float = 500.0

    def step(self, seconds: float) -> None:
        self.wall += seconds

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def database(self, *, has_steady: bool = True) -> SqliteDatabase:
        steady = (lambda: self.steady) if has_steady else None
        return SqliteDatabase(str(self.path), lambda: self.wall, steady)

    def journal(self, allowance: Allowance = ALLOWANCE, *, has_steady: bool = True) -> SqliteJournal:
        return SqliteJournal(self.database(has_steady=has_steady), allowance)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(bot.adapters.sqlite.steps, "_boot", lambda: "boot")
    return Machine(tmp_path / "bot.db")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_adopts_nothing_and_who_dies_after_it_is_missed_as_ever(machine: Machine, step: float) -> None:
    one, other = machine.journal(), machine.journal()
    one.beat(Owner("A"), 6)
    other.beat(Owner("B"), 6)
    one.take(QUESTION, "Ev1", "A")
    machine.pass_time(2)
    machine.step(step)
    assert other.beat(Owner("B"), 6).adopted == ()
    assert machine.journal().beat(Owner("just started"), 6).adopted == ()
    machine.pass_time(3)
    assert other.beat(Owner("B"), 6).adopted == ()
    machine.pass_time(2)

    (entry,) = other.beat(Owner("B"), 6).adopted
    assert entry.age == pytest.approx(7)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_for_two_seconds_mutes_nothing_and_gives_nothing_away(machine: Machine, step: float) -> None:
    store, other = (machine.journal(Allowance(edits_per_minute=3)) for _ in range(2))
    for charge in (POST, POST, POST, POST, POST, EDIT, EDIT):
        assert store.spend("A", charge).wait == 0
    machine.step(step)
    assert 0 < other.spend("B", POST).wait <= 1
    machine.pass_time(2)
    assert [other.spend("B", charge).wait for charge in (POST, EDIT)] == [0, 0]
    assert store.spend("A", EDIT).wait == pytest.approx(WINDOW_SECONDS - 2)
    machine.step(-step)

    assert store.spend("A", EDIT).wait == pytest.approx(WINDOW_SECONDS - 2)
    assert store.spend("A", POST).wait == 0
    machine.pass_time(WINDOW_SECONDS - 2)
    assert other.spend("B", EDIT).wait == 0


@pytest.mark.parametrize("step", STEPS)
def test_a_step_prolongs_no_minute_and_no_lead(machine: Machine, step: float) -> None:
    ledger, budget = SqliteLedger(machine.database()), Budget(questions_per_minute=1)
    ledger.admit("Q1", "U1", 0, budget)
    ledger.lead("why?", "A")
    machine.step(step)
    refusal = ledger.admit("Q2", "U1", 0, budget)
    assert refusal
    assert refusal.seconds == pytest.approx(MINUTE_SECONDS)
    assert not ledger.lead("why?", "B")
    machine.pass_time(MINUTE_SECONDS)

    assert ledger.lead("why?", "B")
    assert ledger.admit("Q2", "U1", 0, budget) is None


def test_a_clock_that_is_put_forward_for_a_moment_costs_nothing_that_is_kept(machine: Machine) -> None:
    store, ledger = machine.journal(), SqliteLedger(machine.database())
    store.beat(Owner("A"), 6)
    store.take(QUESTION, "Ev1", "A")
    ledger.vote(Vote("Q1", "U1", is_up=True), 3600)
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 3600)
    machine.step(365 * REMEMBERED_SECONDS)
    for _ in range(3):
        machine.pass_time(2)
        store.beat(Owner("A"), 6)
        ledger.claim("anything")
        list(ledger.prune(60, keep_text=False))
    machine.step(-365 * REMEMBERED_SECONDS)

    assert not store.take(QUESTION, "Ev1", "B")
    assert ledger.votes(0) == [Vote("Q1", "U1", is_up=True)]
    assert ledger.recall("why?") == "Because."


def test_after_some_minutes_a_clock_is_believed(machine: Machine) -> None:
    ledger = SqliteLedger(machine.database())
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)
    machine.step(3600)
    ledger.claim("anything")
    assert rows(machine.path, "votes") == 1
    machine.pass_time(700)
    ledger.claim("anything else")

    assert rows(machine.path, "votes") == 0


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(count)


def test_a_step_that_could_not_be_written_down_is_heeded_by_the_next_call(machine: Machine) -> None:
    store, other = machine.journal(), machine.journal()
    store.beat(Owner("A"), 6)
    store.take(QUESTION, "Ev1", "A")
    machine.step(600)
    database = machine.database()
    with pytest.raises(ZeroDivisionError), database.transaction():
        raise ZeroDivisionError
    with database.transaction():
        pass

    assert other.beat(Owner("B"), 6).adopted == ()
    assert [owner.id for owner in other.owners()] == ["A", "B"]


def test_after_a_boot_nothing_waits_for_what_was_before_longer_than_it_would_have(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the machine woke up in the past."""
    store = machine.journal()
    store.beat(Owner("A"), 6)
    store.take(QUESTION, "Ev1", "A")
    for charge in (POST, POST, POST, POST, POST):
        store.spend("A", charge)
    monkeypatch.setattr(bot.adapters.sqlite.steps, "_boot", lambda: "next boot")
    machine.wall, machine.steady = machine.wall - 3600, 1.0
    other = machine.journal()
    assert other.spend("B", POST).wait <= 1
    assert other.beat(Owner("B"), 6).adopted == ()
    machine.pass_time(6)

    assert len(other.beat(Owner("B"), 6).adopted) == 1
    machine.pass_time(WINDOW_SECONDS)
    assert other.beat(Owner("B"), 6).others.calls == {}


def test_where_steps_cannot_be_told_no_wait_is_longer_than_its_window_all_the_same(machine: Machine) -> None:
    store = machine.journal(Allowance(edits_per_minute=2, posts_per_minute=5), has_steady=False)
    ledger = SqliteLedger(machine.database(has_steady=False))
    budget = Budget(questions_per_minute=1)
    for charge in (POST, POST, POST, POST, EDIT, EDIT):
        store.spend("A", charge)
    ledger.admit("Q1", "U1", 0, budget)
    ledger.lead("why?", "A")
    machine.step(-3600)

    refusal = ledger.admit("Q2", "U1", 0, budget)
    assert refusal
    assert refusal.seconds <= MINUTE_SECONDS
    assert ledger.lead("why?", "B")
    assert store.spend("A", EDIT).wait <= WINDOW_SECONDS
    waits = [store.spend("A", POST).wait for _ in range(2)]
    assert waits[0] <= 1
    machine.pass_time(WINDOW_SECONDS + 2)
    assert [store.spend("A", charge).wait for charge in (EDIT, EDIT, POST, POST)] == [0] * 4


def test_a_question_from_the_future_was_asked_now(machine: Machine) -> None:
    store = machine.journal(has_steady=False)
    store.take(QUESTION, "Ev1", "gone")
    machine.step(-3600)
    (entry,) = store.beat(Owner("A"), 6).adopted

    assert entry.age == 0


# Redis, whose clock nobody can set here: it is as if it had been


@pytest.fixture
def redis(redis_url: str, tmp_path: Path) -> Iterator[Redis]:
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        yield redis


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return f"{tmp_path.name}:"


@pytest.fixture
def connection(redis_url: str, prefix: str) -> RedisConnection:
    return RedisConnection(redis_url, prefix)


def test_calls_that_redis_knows_from_the_future_are_as_of_now(
    redis: Redis, connection: RedisConnection, prefix: str
) -> None:
    store = RedisJournal(connection, Allowance(edits_per_minute=1, burst=2))
    ledger, budget = RedisLedger(connection), Budget(questions_per_minute=1)
    ahead = time.time() * 1000 + 600_000
    redis.zadd(f"{prefix}calls:edit", {"A 1": ahead})
    redis.zadd(f"{prefix}admitted:U1", {"Q1": ahead})
    redis.set(f"{prefix}channel:C1", int(ahead))
    redis.set(f"{prefix}lead:why?", "A", px=600_000)

    assert 60 < store.spend("A", EDIT).wait <= WINDOW_SECONDS
    assert 0 < store.spend("A", POST).wait <= 1
    until(lambda: store.spend("A", POST).wait == 0)
    assert (redis.zscore(f"{prefix}calls:edit", "A 1") or 0) < ahead - 500_000
    refusal = ledger.admit("Q2", "U1", 0, budget)
    assert refusal
    assert refusal.seconds <= MINUTE_SECONDS
    assert ledger.lead("why?", "B")


def test_when_the_clock_of_redis_is_put_back_a_dead_process_is_missed_in_time(
    redis: Redis, connection: RedisConnection, prefix: str
) -> None:
    store = RedisJournal(connection, ALLOWANCE)
    store.beat(Owner("A"), 0.2)
    store.take(QUESTION, "Ev1", "A")
    redis.pexpire(f"{prefix}owner:A", 600_000)

    until(lambda: store.beat(Owner("B"), 0.2).adopted)


def test_when_redis_loses_all_leases_at_once_nobody_adopts_before_all_had_time_to_beat(
    redis: Redis, redis_url: str, prefix: str
) -> None:
    """As when its clock is put forward, or when it comes back from a snapshot."""
    one, other = (RedisJournal(RedisConnection(redis_url, prefix), ALLOWANCE) for _ in range(2))
    one.beat(Owner("A"), 0.5)
    other.beat(Owner("B"), 0.5)
    one.take(QUESTION, "Ev1", "A")
    redis.delete(f"{prefix}owner:A", f"{prefix}owner:B")
    begun = time.monotonic()

    assert other.beat(Owner("B"), 0.5).adopted == ()
    assert one.beat(Owner("A"), 0.5).owned == {QUESTION.id}
    until(lambda: other.beat(Owner("B"), 0.5).adopted)
    assert time.monotonic() - begun >= 0.49
