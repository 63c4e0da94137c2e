"""What is kept is kept for as long as it should be, and no longer: on both stores, and in the file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite.database import MIGRATIONS, PURGE_BATCH, SqliteDatabase
from bot.adapters.sqlite.journal import SqliteJournal
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.interaction import Vote
from bot.core.journal import Owner
from bot.core.question import Question
from tests.adapters.conftest import ALLOWANCE, Ledger, Shelf, fails
from tests.adapters.test_ledgers import DAY, INTERACTION

QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")


@pytest.fixture
def ledger(shelf: Shelf) -> Ledger:
    return shelf.ledger()


def record(ledger: Ledger, age: float, name: str) -> None:
    """Keep for ninety days what was asked so many seconds ago."""
    ledger.record(replace(INTERACTION, id=name, asked_at=time.time() - age), 90 * DAY)


def kept(ledger: Ledger) -> list[tuple[str, str | None]]:
    return [(one.id, one.answer) for one in ledger.interactions(0)]


def test_what_is_older_than_is_kept_now_is_forgotten_and_the_rest_stays(ledger: Ledger) -> None:
    for days in (30, 8, 6, 0):
        record(ledger, days * DAY, f"{days} days")
    ledger.vote(Vote("0 days", "U1", is_up=True), 90 * DAY)
    assert len(ledger.interactions_of("U1", "T1", 0, 10)) == 4
    list(ledger.prune(7 * DAY, keep_text=True))

    assert kept(ledger) == [("6 days", INTERACTION.answer), ("0 days", INTERACTION.answer)]
    assert len(ledger.interactions_of("U1", "T1", 0, 10)) == 2
    assert len(ledger.votes(0)) == 1
    time.sleep(0.01)
    list(ledger.prune(0.005, keep_text=True))
    assert (ledger.votes(0), kept(ledger)) == ([], [])


def test_texts_that_are_not_kept_now_go_and_the_figures_stay(ledger: Ledger) -> None:
    bare = replace(INTERACTION, question=None, answer=None)
    now = time.time()
    for number in range(7):
        ledger.record(replace(INTERACTION, id=f"Q{number}", asked_at=now + number), 90 * DAY)
    list(ledger.prune(7 * DAY, keep_text=False))

    assert ledger.interactions(0) == [replace(bare, id=f"Q{n}", asked_at=now + n) for n in range(7)]


def test_what_nobody_can_read_is_left_alone(shelf: Shelf) -> None:
    ledger = shelf.ledger()
    for name in ("Q1", "Q2"):
        record(ledger, 0, name)
    shelf.spoil("interaction", "Q1", "{")
    list(ledger.prune(7 * DAY, keep_text=False))

    assert kept(ledger) == [("Q2", None)]


def test_it_goes_in_batches_and_others_come_in_between(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = shelf.ledger()
    monkeypatch.setattr("bot.adapters.redis.ledger._READ_AT_ONCE", 2)
    monkeypatch.setattr("bot.adapters.sqlite.ledger.PURGE_BATCH", 2)
    for number in range(5):
        record(ledger, number, f"Q{number}")
    steps = ledger.prune(7 * DAY, keep_text=False)
    next(steps)
    record(ledger, 0, "new")

    assert len([name for name, answer in kept(ledger) if answer]) == 4
    list(steps)
    assert len(kept(ledger)) == 6


# The file


def files(tmp_path: Path, clock: Callable[[], float] = time.time) -> tuple[SqliteJournal, SqliteLedger]:
    database = SqliteDatabase(str(tmp_path / "bot.db"), clock)
    return SqliteJournal(database, ALLOWANCE), SqliteLedger(database)


def fill(path: Path, count: int, until: float) -> None:
    """Let many interactions stand in the file, each of a kilobyte."""
    with closing(sqlite3.connect(path)) as db, db:
        rows = [(f"Q{number}", 1.0, until, "x" * 1000) for number in range(count)]
        db.executemany(
            "INSERT INTO interactions (id, asked_at, until, interaction) VALUES (?, ?, ?, ?)", rows
        )


def size(path: Path) -> int:
    """Bytes of the file once all is in it that was written."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.stat().st_size


def test_who_reads_waits_for_nobody_who_writes_and_keeps_nobody_from_writing(tmp_path: Path) -> None:
    journal, ledger = files(tmp_path)
    journal.beat(Owner("A"), 60)
    with closing(sqlite3.connect(tmp_path / "bot.db")) as another:
        another.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        assert (ledger.recall("why?"), ledger.votes(0), ledger.interactions(0)) == (None, [], [])
        assert ledger.interactions_of("U1", "T1", 0, 5) == []
        assert time.monotonic() - begun < 0.5
        with fails("locked"):
            journal.owners()
        another.rollback()

        another.execute("BEGIN")
        another.execute("SELECT * FROM owners").fetchall()
        assert journal.take(QUESTION, "Ev1", "A")


def test_what_is_past_leaves_the_file_in_batches_and_is_read_by_nobody_meanwhile(tmp_path: Path) -> None:
    now = 1000.0
    journal, ledger = files(tmp_path, lambda: now)
    journal.beat(Owner("A"), 60)
    fill(tmp_path / "bot.db", 3 * PURGE_BATCH, until=2000.0)
    now = 2000.0
    left = []
    for _ in range(4):
        now += 1.5
        journal.beat(Owner("A"), 60)
        assert ledger.interactions(0) == []
        with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
            left.append(db.execute("SELECT count(*) FROM interactions").fetchone()[0])

    assert left == [2 * PURGE_BATCH, PURGE_BATCH, 0, 0]


def test_the_file_shrinks_when_what_was_in_it_is_gone(tmp_path: Path) -> None:
    now, path = 1000.0, tmp_path / "bot.db"
    journal, _ = files(tmp_path, lambda: now)
    journal.beat(Owner("A"), 60)
    fill(path, 4000, until=2000.0)
    full = size(path)
    now = 3000.0
    for _ in range(30):
        now += 1.5
        journal.beat(Owner("A"), 60)

    assert full > 4_000_000
    assert size(path) < 1_500_000


def older_file(path: Path, count: int, *, at_work: bool) -> None:
    """A file as the version before left it."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement in MIGRATIONS[:-2]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 2}")
        if at_work:
            db.execute("INSERT INTO owners VALUES ('other', 'host', '', 0, ?)", (time.time() + 60,))
    fill(path, count, until=time.time() + 1000)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM interactions")


def test_a_file_of_an_older_version_shrinks_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    older_file(path, 4000, at_work=False)
    journal, _ = files(tmp_path)

    assert journal.take(QUESTION, "Ev1", "A")
    assert size(path) < 500_000


def test_a_file_is_not_rebuilt_while_another_process_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    older_file(path, 4000, at_work=True)
    journal, _ = files(tmp_path)
    assert journal.take(QUESTION, "Ev1", "A")
    assert size(path) > 4_000_000

    journal.leave("other")
    journal, _ = files(tmp_path)
    assert journal.take(QUESTION, "Ev1", "A")
    assert size(path) < 500_000


def test_a_file_that_took_the_place_of_a_deleted_one_is_the_one_that_is_used(tmp_path: Path) -> None:
    journal, _ = files(tmp_path)
    journal.beat(Owner("A"), 60)
    for name in ("bot.db", "bot.db-wal", "bot.db-shm"):
        (tmp_path / name).unlink()
    other, _ = files(tmp_path)
    assert other.take(QUESTION, "Ev1", "B")

    assert journal.owners() == []
    assert not journal.take(QUESTION, "Ev1", "A")
