"""The SQLite file that processes of one machine share: its tables, and what leaves them with time."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import inf

from bot.adapters.sqlite.connection import BUSY_TIMEOUT, SqliteConnection
from bot.adapters.sqlite.steps import Steps
from bot.core.errors import NewerStore
from bot.core.journal import REMEMBERED_SECONDS, WINDOW_SECONDS
from bot.core.spending import DAY_SECONDS, MINUTE_SECONDS

log = logging.getLogger(__name__)

PURGE_BATCH = 200  # rows of a table in one transaction, which takes some milliseconds
_PURGE_SECONDS = 1.0  # from one batch to the next
_EMPTY_LOG_SECONDS = 60.0  # what was said leaves bot.db-wal so long after it left the file, too
_MAX_FREE_PAGES = 256  # a megabyte that the file keeps for what is written next
_PAGES_AT_ONCE = 500
_MAX_WAL_BYTES = 8_000_000  # of bot.db-wal, once it was read back into the file
_INCREMENTAL = 2  # https://www.sqlite.org/pragma.html#pragma_auto_vacuum

# Append only: a file keeps how many of these were done to it. A question without an owner is closed.
MIGRATIONS = (
    """CREATE TABLE questions (id TEXT PRIMARY KEY, taken_at REAL NOT NULL, owner TEXT, tries INTEGER,
    question TEXT, channel TEXT, thread_ts TEXT, messages TEXT, stopped INTEGER)""",
    "CREATE INDEX questions_by_age ON questions (taken_at)",
    "CREATE TABLE events (id TEXT PRIMARY KEY, taken_at REAL NOT NULL)",
    "CREATE INDEX events_by_age ON events (taken_at)",
    """CREATE TABLE owners (id TEXT PRIMARY KEY, host TEXT NOT NULL, state TEXT NOT NULL,
    reserved INTEGER NOT NULL, until REAL NOT NULL)""",
    "CREATE TABLE calls (kind TEXT NOT NULL, owner TEXT NOT NULL, until REAL NOT NULL)",
    "CREATE TABLE channels (id TEXT PRIMARY KEY, until REAL NOT NULL)",
    """CREATE TABLE admissions (user TEXT NOT NULL, question TEXT NOT NULL, until REAL NOT NULL,
    PRIMARY KEY (user, question))""",
    """CREATE TABLE spendings (question TEXT PRIMARY KEY, user TEXT NOT NULL, day INTEGER NOT NULL,
    price INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX spendings_by_day ON spendings (day, user, price)",
    "CREATE TABLE answers (key TEXT PRIMARY KEY, until REAL NOT NULL, answer TEXT NOT NULL)",
    "CREATE INDEX answers_by_end ON answers (until)",
    "CREATE TABLE leads (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL)",
    """CREATE TABLE interactions (id TEXT PRIMARY KEY, asked_at REAL NOT NULL, until REAL NOT NULL,
    interaction TEXT NOT NULL)""",
    "CREATE INDEX interactions_by_age ON interactions (asked_at)",
    "CREATE INDEX interactions_by_end ON interactions (until)",
    """CREATE TABLE votes (interaction TEXT NOT NULL, voter TEXT NOT NULL, cast_at REAL NOT NULL,
    until REAL NOT NULL, is_up INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (interaction, voter))""",
    "CREATE INDEX votes_by_age ON votes (cast_at)",
    "CREATE INDEX votes_by_end ON votes (until)",
    "CREATE TABLE claims (name TEXT PRIMARY KEY, until REAL NOT NULL)",
    "ALTER TABLE interactions ADD COLUMN team TEXT",  # older ones belong to nobody
    "ALTER TABLE interactions ADD COLUMN user TEXT",
    "CREATE INDEX interactions_by_user ON interactions (team, user, asked_at)",
    "ALTER TABLE questions ADD COLUMN intent TEXT",
    "CREATE TABLE beats (id INTEGER PRIMARY KEY, beaten_at REAL NOT NULL, grace_until REAL NOT NULL)",
    "CREATE INDEX questions_of_owners ON questions (owner) WHERE owner IS NOT NULL",
    "CREATE TABLE clock (boot TEXT NOT NULL, ahead REAL NOT NULL)",
    """CREATE TABLE directory (kind TEXT NOT NULL, id TEXT NOT NULL, until REAL NOT NULL,
    record TEXT NOT NULL, PRIMARY KEY (kind, id))""",
    "CREATE INDEX directory_by_end ON directory (until)",
    "ALTER TABLE questions ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0",
)

# What is past is read by nobody, and leaves the file in batches.
_PAST = {
    "questions": "taken_at < :now - :remembered",
    "events": "taken_at < :now - :remembered",
    "owners": "until <= :now",
    "calls": "until <= :now",
    "channels": "until <= :now",
    "admissions": "until <= :now",
    "spendings": "day < :today - 1",
    "answers": "until <= :now",
    "leads": "until <= :now",
    "interactions": "until <= :now",
    "votes": "until <= :now",
    "claims": "until <= :now",
    "directory": "until <= :now",
}
_KEYS = {"spendings": "question"}  # of tables without a rowid
# Times that no call can have written yet are those of a clock that was put back: they count as now.
_AHEAD = {"calls": WINDOW_SECONDS, "admissions": MINUTE_SECONDS}
# Each statement lets go of the interpreter and gets it back behind all other threads. In a storm that is what
# a transaction takes its time for, so one statement asks before all.
_ANY_PAST = [
    f"EXISTS (SELECT 1 FROM {table} WHERE {is_past})"  # noqa: S608 - of the words above
    for table, is_past in _PAST.items()
] + [
    f"EXISTS (SELECT 1 FROM {table} WHERE until > :now + {seconds})"  # noqa: S608 - likewise
    for table, seconds in _AHEAD.items()
]
_IS_ANYTHING_PAST = f"SELECT {' OR '.join(_ANY_PAST)}"
_FORGET = [
    f"DELETE FROM {table} WHERE {key} IN "  # noqa: S608 - likewise
    f"(SELECT {key} FROM {table} WHERE {is_past} LIMIT {PURGE_BATCH})"
    for table, is_past in _PAST.items()
    for key in (_KEYS.get(table, "rowid"),)
] + [
    f"UPDATE {table} SET until = :now + {seconds} WHERE until > :now + {seconds}"  # noqa: S608 - likewise
    for table, seconds in _AHEAD.items()
]


class SqliteDatabase:
    """The file at `path`, which is made when it is first needed, in a folder that is there.

    `clock` tells seconds since 1970 (UTC). Where it is a machine's clock, which can be set, `steady` counts
    seconds as `time.monotonic` does, so that a step is told from time that passes. Thread-safe.
    """

    def __init__(
        self,
        path: str,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock
        self._writing = SqliteConnection(path, partial(_prepare, clock))
        self._reading = SqliteConnection(path, partial(_prepare_to_read, clock))
        self._steps = Steps(steady)
        self._purged_at, self._emptied_at = -inf, clock()

    @contextmanager
    def transaction(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The database to write to, and the time; all that is done to it is done, or nothing.

        What is past may be in it still. Raises StoreError as a connection's turn does.
        """
        with self._steps.undone_by_failure(), self._writing.turn() as db:
            is_time = abs(self._clock() - self._purged_at) >= _PURGE_SECONDS
            if is_time:
                _shrink(db)
            if abs(self._clock() - self._emptied_at) >= _EMPTY_LOG_SECONDS:
                self._emptied_at = self._clock()
                _empty_log(db)
            db.execute("BEGIN IMMEDIATE")
            now = self._clock()
            self._steps.heed(db, now)
            if is_time:
                self._purged_at = now
            if is_time and self._steps.are_over:
                _purge(db, now)
            yield db, now

    @contextmanager
    def reading(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The database to read from, and the time. Whoever writes meanwhile does not wait for it.

        What is past may be in it still. Raises StoreError as a connection's turn does.
        """
        with self._reading.turn() as db:
            yield db, self._clock()

    @property
    def may_purge(self) -> bool:
        """Return whether the clock can be relied on for what is to go for good."""
        return self._steps.are_over


def legible(text: str) -> str:
    """`text` without halves of characters, which JSON can carry and SQLite refuses."""
    return text.encode(errors="replace").decode()


def _purge(db: sqlite3.Connection, now: float) -> None:
    """Let a batch of what is past leave the database."""
    past = {"now": now, "today": now // DAY_SECONDS, "remembered": REMEMBERED_SECONDS}
    (is_anything_past,) = db.execute(_IS_ANYTHING_PAST, past).fetchone()
    for statement in _FORGET if is_anything_past else ():
        db.execute(statement, past)


def _shrink(db: sqlite3.Connection) -> None:
    """Let some of the pages on which nothing stands leave the file."""
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    if free > _MAX_FREE_PAGES:
        # `execute` would let one of them go: each is a step of the statement, which it does not know.
        db.executescript(f"PRAGMA incremental_vacuum({min(free - _MAX_FREE_PAGES, _PAGES_AT_ONCE)})")


def _empty_log(db: sqlite3.Connection) -> None:
    """Read the log back into the file and empty it, unless somebody reads or writes just now.

    https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
    """
    db.execute("PRAGMA busy_timeout = 0")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1_000:.0f}")


def _prepare_to_read(clock: Callable[[], float], db: sqlite3.Connection) -> None:
    if not _is_up_to_date(db):
        _prepare(clock, db)
    db.execute("PRAGMA query_only = ON")


def _prepare(clock: Callable[[], float], db: sqlite3.Connection) -> None:
    """Bring a file of an older version up to date."""
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA secure_delete = ON")  # what was said leaves the free pages of the file as well
    db.execute(f"PRAGMA journal_size_limit = {_MAX_WAL_BYTES}")
    if db.execute("PRAGMA page_count").fetchone() == (0,):  # it is new; an older one has to be rebuilt
        db.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
    if not _is_up_to_date(db):
        _migrate(db)
    with suppress(sqlite3.OperationalError):  # locked, when another process is just doing the same
        db.execute("PRAGMA journal_mode = WAL")
    _rebuild(db, clock())


def _is_up_to_date(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),))


def _migrate(db: sqlite3.Connection) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        (done,) = db.execute("PRAGMA user_version").fetchone()
        if done > len(MIGRATIONS):
            raise NewerStore
        for number, statement in enumerate(MIGRATIONS[done:], done + 1):
            db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        columns = {column for _, column, *_ in db.execute("PRAGMA table_info(questions)")}
        if "stopped" not in columns:  # in the first files the first of these statements had none
            db.execute("ALTER TABLE questions ADD COLUMN stopped INTEGER")


def _rebuild(db: sqlite3.Connection, now: float) -> None:
    """Rebuild a file that cannot shrink, unless a process is at work: it would have to wait for seconds."""
    if db.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,):
        return
    if db.execute("SELECT 1 FROM owners WHERE until > ? LIMIT 1", (now,)).fetchone():
        return
    try:
        db.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:  # a full disk, or another process: it goes on as it is
        log.warning("store.not_rebuilt", extra={"error": str(error)})
