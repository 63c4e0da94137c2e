"""A connection to a SQLite file that many threads use, one after the other."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf

from bot.core.errors import StoreError

BUSY_TIMEOUT = 1.0  # seconds, for other processes
_STUCK_SECONDS = 2.0  # in which one of many threads that wait should have had its turn, even in a storm
# Closing a file ends all locks that this process has on it, SQLite's too, so no thread may open it meanwhile:
# https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
_MAKING = threading.Lock()


class SqliteConnection:
    """The file at `path`, opened when it is first needed; `prepare` gets each new connection. Thread-safe."""

    def __init__(self, path: str, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path, self._prepare = path, prepare
        self._lock = threading.Lock()
        self._turns = 0
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._failed_at = -inf  # of time.monotonic

    def __del__(self) -> None:
        self._disconnect()

    @contextmanager
    def turn(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread; a transaction in it is committed, or rolled back by an exception.

        Raises StoreError within about a second when the file cannot be used, and after two in which no thread
        has got its turn. The next call tries it anew.
        """
        asked_at = time.monotonic()
        self._wait_for_turn()
        try:
            with self._connected(asked_at) as db:
                yield db
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
        if self._connection and _identity(self._path) != self._file:
            self._disconnect()  # a deleted file could still be written to, and nobody would read it
        if self._connection:
            return self._connection
        _make_private(self._path)
        self._connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        # One spoilt text is to be told from the others, not to keep all from being read.
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        self._prepare(self._connection)
        self._file = _identity(self._path)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def _make_private(path: str) -> None:
    """Let the file at `path` be its owner's alone, from the first moment of a new one on.

    What SQLite writes beside it gets the same mode: https://www.sqlite.org/src/file/src/os_unix.c
    """
    path = os.path.realpath(path)
    with _MAKING, suppress(FileNotFoundError, PermissionError):  # SQLite finds the words for either
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            for each in (path, f"{path}-wal", f"{path}-shm"):
                _close_to_others(each)


def _close_to_others(path: str) -> None:
    with suppress(FileNotFoundError):
        if os.stat(path).st_mode & 0o077:  # noqa: PTH116 - as below
            os.chmod(path, 0o600)  # noqa: PTH101 - likewise


def _identity(path: str) -> tuple[int, int] | None:
    """Tell the file at `path` from one that takes its place; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path would be made for each call
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
