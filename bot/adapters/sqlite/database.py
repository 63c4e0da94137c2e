"""The SQLite file that processes of one machine share: its tables, and what leaves them with time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

from bot.core.errors import NewerStore, StoreError
from bot.core.journal import REMEMBERED_SECONDS
from bot.core.spending import DAY_SECONDS

_PATIENCE_SECONDS = 1.0  # with other processes
_STUCK_SECONDS = 2.0  # in which one of many threads that wait should have had its turn, even in a storm

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
    "ALTER TABLE questions ADD COLUMN text TEXT",
)

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
}
# Each statement lets go of the interpreter and gets it back behind all other threads. In a storm that is what
# a transaction takes its time for, so one statement asks before all.
_ONE_PAST = [
    f"EXISTS (SELECT 1 FROM {table} WHERE {is_past})"  # noqa: S608 - of the words above
    for table, is_past in _PAST.items()
]
_IS_ANYTHING_PAST = f"SELECT {' OR '.join(_ONE_PAST)}"
_FORGET = [
    f"DELETE FROM {table} WHERE {is_past}"  # noqa: S608 - likewise
    for table, is_past in _PAST.items()
]


class SqliteDatabase:
    """The file at `path`, which is made when it is first needed, in a folder that is there.

    `clock` tells seconds since 1970 (UTC), the same to all processes. Thread-safe.
    """

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._turns = 0
        self._connection: sqlite3.Connection | None = None
        self._failed_at = -inf  # of time.monotonic

    def __del__(self) -> None:
        self._disconnect()

    @contextmanager
    def transaction(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The database without what is past, and the time; all that is done to it is done, or nothing.

        Raises StoreError within about a second when the file cannot be used, and after two in which no thread
        has got its turn. The next call tries it anew.
        """
        asked_at = time.monotonic()
        self._wait_for_turn()
        try:
            with self._connected(asked_at) as db:
                db.execute("BEGIN IMMEDIATE")
                now = self._clock()
                past = {"now": now, "today": now // DAY_SECONDS, "remembered": REMEMBERED_SECONDS}
                (is_anything_past,) = db.execute(_IS_ANYTHING_PAST, past).fetchone()
                for statement in _FORGET if is_anything_past else ():
                    db.execute(statement, past)
                yield db, now
        except BaseException as error:
            self._disconnect()
            if isinstance(error, sqlite3.Error | OSError):  # the file's fault; a spoilt text is nobody else's
                self._failed_at = time.monotonic()
            if isinstance(error, sqlite3.Error | OSError | UnicodeError):
                raise StoreError(f"{self._path}: {error}") from error
            raise
        finally:
            self._lock.release()

    def _wait_for_turn(self) -> None:
        """However many wait: what is given up because of a crowd is not there after a crash."""
        seen = self._turns
        while not self._lock.acquire(timeout=_STUCK_SECONDS):
            if self._turns == seen:
                raise StoreError(f"{self._path}: another thread is stuck in it")
            seen = self._turns
        self._turns += 1

    def _connected(self, asked_at: float) -> sqlite3.Connection:
        if self._failed_at > asked_at:  # and would take as long to fail again
            raise StoreError(f"{self._path}: it has just failed")
        if self._connection and not Path(self._path).exists():
            self._disconnect()  # a deleted file could still be written to, and nobody would read it
        if self._connection:
            return self._connection
        self._connection = sqlite3.connect(
            self._path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
        )
        # One spoilt text is to be told from the others, not to keep all from being read.
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(self._connection)
        with suppress(sqlite3.OperationalError):  # locked, when another process is just doing the same
            self._connection.execute("PRAGMA journal_mode = WAL")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


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
