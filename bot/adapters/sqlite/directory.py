"""People and channels, in a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.adapters.sqlite.database import SqliteDatabase
from bot.core.directory import KEEP_SECONDS, Found

_KEEP = "INSERT OR REPLACE INTO directory (kind, id, until, record) VALUES (?, ?, ?, ?)"
_FIND = "SELECT until, record FROM directory WHERE kind = ? AND id = ? AND until > ?"
_FORGET = "DELETE FROM directory WHERE kind = ? AND id = ?"
_LEASE = "lease"


class SqliteDirectory:
    """Records of people and channels, by their kind and id, in `database`.

    Thread-safe. Every method raises StoreError, within about a second, when the file cannot be used.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._transaction, self._reading = database.transaction, database.reading

    def find(self, kind: str, record_id: str) -> Found | None:
        """The record of an id, if there is one."""
        with self._reading() as (db, now):
            found = db.execute(_FIND, (kind, record_id, now)).fetchone()
        # A time that a clock wrote before it was put back counts as now.
        return Found(max(0.0, now + KEEP_SECONDS - found[0]), found[1]) if found else None

    def keep(self, kind: str, records: Mapping[str, str]) -> None:
        """Keep `records`, by their ids, as seen now; they go by themselves after KEEP_SECONDS."""
        with self._transaction() as (db, now):
            until = now + KEEP_SECONDS
            db.executemany(_KEEP, [(kind, each, until, record) for each, record in records.items()])

    def forget(self, kind: str, ids: Collection[str]) -> None:
        """Keep nothing of `ids`."""
        with self._transaction() as (db, _):
            db.executemany(_FORGET, [(kind, each) for each in ids])

    def lease(self, name: str, owner: str, seconds: float) -> bool:
        """Let `owner` alone do what `name` says for `seconds`, or longer; False if another does."""
        with self._transaction() as (db, now):
            until, holder = db.execute(_FIND, (_LEASE, name, now)).fetchone() or (0.0, owner)
            if holder != owner and until <= now + seconds:  # one that is longer was given by another clock
                return False
            db.execute(_KEEP, (_LEASE, name, now + seconds, owner))
            return True
