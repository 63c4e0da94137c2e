"""Questions, processes and calls to Slack, in a file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from math import ceil

from bot.adapters.sqlite.database import SqliteDatabase
from bot.core.journal import (
    BEGINNING,
    REMEMBERED_SECONDS,
    WINDOW_SECONDS,
    Allowance,
    Beat,
    CallKind,
    Charge,
    Entry,
    Grant,
    Hold,
    Noted,
    Owner,
    Spent,
    encoded,
    read_back,
)
from bot.core.question import Place, Question

log = logging.getLogger(__name__)

_TAKE_EVENT = "INSERT INTO events (id, taken_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING"
_TAKE = """INSERT INTO questions (id, taken_at, owner, tries, question, intent) VALUES (?, ?, ?, 1, ?, '')
ON CONFLICT (id) DO NOTHING"""
_IS_TAKEN_BY = "SELECT 1 FROM questions WHERE id = ? AND owner = ? AND tries = 1"
# Not over what a later call wrote down before it was made.
_NOTE = """UPDATE questions SET channel = ?, thread_ts = ?, messages = ?, intent = ''
WHERE id = ? AND owner = ? AND intent IN ('', ?)"""
_NOTE_BEFORE = """UPDATE questions SET messages = ?, intent = ?, channel = coalesce(?, channel),
thread_ts = coalesce(?, thread_ts) WHERE id = ? AND owner = ?"""
_OWNER = "SELECT owner FROM questions WHERE id = ?"
_CLOSE = """UPDATE questions SET owner = NULL, tries = NULL, question = NULL, channel = NULL,
thread_ts = NULL, messages = NULL, intent = NULL WHERE id = ? AND owner = ?"""
_DROP = "DELETE FROM questions WHERE id = ? AND owner = ?"
_REWRITE = "UPDATE questions SET question = ? WHERE id = ? AND owner = ?"
_STOP = "UPDATE questions SET stopped = 1 WHERE id = ? AND owner IS NOT NULL"
_RENEW = "INSERT OR REPLACE INTO owners (id, host, state, reserved, until) VALUES (?, ?, ?, ?, ?)"
# Who had a longer lease than anybody can have now had it of a clock that was put back.
_CLAMP_LEASES = "UPDATE owners SET until = ? WHERE until > ?"
_PEERS = "SELECT count(*) FROM owners WHERE id != ? AND until > ?"
_OWNERS = "SELECT id, host, state, reserved FROM owners WHERE until > ? ORDER BY id"
# What was let go of in good order has the owner "".
_ORPHANS = """SELECT id, taken_at, tries + 1, deaths + (owner != ''), question, channel, thread_ts, messages,
intent FROM questions
WHERE owner IS NOT NULL AND taken_at >= ? AND owner NOT IN (SELECT id FROM owners WHERE until > ?)
AND (owner = '' OR ?) ORDER BY taken_at, rowid"""
_ADOPT = "UPDATE questions SET owner = ?, tries = tries + 1, deaths = deaths + (owner != '') WHERE id = ?"
_LET_GO = "UPDATE questions SET owner = '' WHERE owner = ?"
# When a process beat last, and until when nobody adopts.
_LAST_BEAT = "SELECT beaten_at, grace_until FROM beats"
_BEATEN = "INSERT OR REPLACE INTO beats (id, beaten_at, grace_until) VALUES (1, ?, ?)"
_RESERVE = "UPDATE owners SET reserved = ? WHERE id = ?"
_COUNT = "INSERT INTO calls (kind, owner, until) VALUES (?, ?, ?)"
# New messages in a channel are paid off one by one; `until` is when the last of them will be.
_COUNT_IN_CHANNEL = """INSERT INTO channels (id, until) VALUES (:channel, :now + :seconds)
ON CONFLICT (id) DO UPDATE SET until = max(:now, until) + :seconds"""
_SPENT = "SELECT count(*) FROM calls WHERE kind = ? AND until > ?"
_OLDEST = """SELECT max(until) FROM
(SELECT until FROM calls WHERE kind = ? AND until > ? ORDER BY until LIMIT ?)"""
_SPENT_BY_OTHERS = "SELECT kind, count(*) FROM calls WHERE owner != ? AND until > ? GROUP BY kind"
_RESERVED = "SELECT total(reserved) FROM owners WHERE id != ? AND until > ?"


class SqliteJournal:
    """The questions, processes and calls to Slack that are written down in `database`.

    Thread-safe. Every method raises StoreError, within about a second, when the file cannot be used; the
    next call tries it anew.
    """

    def __init__(self, database: SqliteDatabase, allowance: Allowance) -> None:
        self._transaction = database.transaction
        self._allowance = allowance

    def take(self, question: Question, event_id: str, owner: str) -> bool:
        """Write `question` down as `owner`'s; False if it, or `event_id`, was taken before.

        Not by `owner` itself: it is taken still while it is open, and nothing changes. What it adopted it did
        not take. An `event_id` of "" is none. Whose lease does not run loses what it takes to the next that
        beats.
        """
        with self._transaction() as (db, now):
            is_new = not event_id or db.execute(_TAKE_EVENT, (event_id, now)).rowcount == 1
            if is_new and db.execute(_TAKE, (question.id, now, owner, encoded(question))).rowcount:
                return True
            return db.execute(_IS_TAKEN_BY, (question.id, owner)).fetchone() is not None

    def note(self, entry_id: str, owner: str, place: Place, noted: Noted) -> None:
        """Write down where a question is answered, and what stands now that an intent's outcome is known.

        Nothing happens if it is closed, not `owner`'s any more, or if another call is under way.
        """
        written = (place.channel, place.thread_ts, noted.encoded())
        with self._transaction() as (db, _):
            db.execute(_NOTE, (*written, entry_id, owner, noted.intent))

    def close(self, entry_id: str, owner: str) -> None:
        """A question is answered to the end: all is forgotten but that it was taken.

        Nothing happens if it is not `owner`'s any more.
        """
        with self._transaction() as (db, _):
            db.execute(_CLOSE, (entry_id, owner))

    def drop(self, entry_id: str, owner: str) -> None:
        """A question is not answered after all: nothing is kept of it, and it can be taken again.

        Nothing happens if it is closed, or not `owner`'s any more.
        """
        with self._transaction() as (db, _):
            db.execute(_DROP, (entry_id, owner))

    def join(self, question: Question, line_id: str, owner: str) -> None:
        """Write down that `question` says now what was taken as `line_id`, too, which is closed by that.

        Nothing happens if it is closed, or not `owner`'s any more.
        """
        with self._transaction() as (db, _):
            if db.execute(_REWRITE, (encoded(question), question.id, owner)).rowcount:
                db.execute(_CLOSE, (line_id, owner))

    def stop(self, entry_id: str) -> None:
        """Tell whoever owns a question, with each beat, that it is to be stopped."""
        with self._transaction() as (db, _):
            db.execute(_STOP, (entry_id,))

    def beat(self, owner: Owner, lease_seconds: float) -> Beat:
        """Renew the lease of `owner`, and let it adopt what owners without a lease left open.

        After a time in which nobody could beat, the others have as long as a lease to do so before anybody
        adopts what is theirs.
        """
        with self._transaction() as (db, now):
            until = now + lease_seconds
            beaten_at, grace_until = db.execute(_LAST_BEAT).fetchone() or (now, now)
            grace_until = until if abs(now - beaten_at) > lease_seconds else min(grace_until, until)
            db.execute(_BEATEN, (now, grace_until))
            db.execute(_CLAMP_LEASES, (until, until))
            db.execute(_RENEW, (owner.id, owner.host, owner.state, owner.reserved, until))
            adopted = tuple(_adopted(db, owner.id, now, is_grace_over=now >= grace_until))
            owned = dict(db.execute("SELECT id, stopped FROM questions WHERE owner = ?", (owner.id,)))
            stopped = frozenset(entry_id for entry_id, is_stopped in owned.items() if is_stopped)
            (peers,) = db.execute(_PEERS, (owner.id, now)).fetchone()
            return Beat(adopted, frozenset(owned), stopped, _spent(db, owner.id, now), peers)

    def leave(self, owner_id: str) -> None:
        """The owner's lease ends now, and what it left open is anybody's."""
        with self._transaction() as (db, _):
            db.execute(_LET_GO, (owner_id,))
            db.execute("DELETE FROM owners WHERE id = ?", (owner_id,))

    def owners(self) -> list[Owner]:
        """Those whose lease runs.

        This is what tells whether the file can be used, so it waits for who writes, as all but reading does.
        """
        with self._transaction() as (db, now):
            return [Owner(*row) for row in db.execute(_OWNERS, (now,))]

    def spend(self, owner_id: str, charge: Charge) -> Grant:
        """Count a call to Slack, or say after how many seconds it is worth asking again.

        A new message has to find room in its channel, too, and what is spare beside the reserved edits. It is
        not counted if its question is not `owner_id`'s any more; else what is noted of that is written down.
        """
        with self._transaction() as (db, now):
            hold = _hold(db, owner_id, charge.entry_id)
            wait = 0.0 if hold is Hold.TAKEN else self._wait(db, owner_id, charge, now)
            if wait or hold is Hold.TAKEN:
                return Grant(wait, hold)
            if charge.noted:
                place = (charge.place.channel, charge.place.thread_ts) if charge.place else (None, None)
                written = (charge.noted.encoded(), charge.noted.intent, *place)
                db.execute(_NOTE_BEFORE, (*written, charge.entry_id, owner_id))
            db.execute(_COUNT, (charge.kind.value, owner_id, now + WINDOW_SECONDS))
            if charge.reserved is not None:
                db.execute(_RESERVE, (charge.reserved, owner_id))
            if charge.kind in BEGINNING:
                values = {"channel": charge.channel, "now": now, "seconds": 1 / self._allowance.per_second}
                db.execute(_COUNT_IN_CHANNEL, values)
            return Grant(hold=hold)

    def _wait(self, db: sqlite3.Connection, owner_id: str, charge: Charge, now: float) -> float:
        edits = self._allowance.edits_per_minute
        if charge.is_spare:
            edits -= _reserved(db, owner_id, now) + (charge.reserved or 0)
        if charge.kind is CallKind.EDIT:
            return _wait_of_window(db, CallKind.EDIT, edits, now)
        wait = _wait_of_window(db, charge.kind, self._allowance.per_minute(charge.kind), now)
        if charge.kind in BEGINNING:
            wait = max(wait, self._wait_of_channel(db, charge.channel, now))
        if charge.is_spare:  # the edit that it will need is reserved already
            wait = max(wait, _wait_of_window(db, CallKind.EDIT, edits + 1, now))
        return wait

    def _wait_of_channel(self, db: sqlite3.Connection, channel: str, now: float) -> float:
        (until,) = db.execute("SELECT max(until) FROM channels WHERE id = ?", (channel,)).fetchone()
        if until is None:
            return 0.0
        latest = now + self._allowance.longest_wait_in_channel
        if until > latest:  # of a clock that was put back: it counts as now
            db.execute("UPDATE channels SET until = ? WHERE id = ?", (latest, channel))
        at_once = (self._allowance.burst - 1) / self._allowance.per_second
        return max(0.0, min(float(until), latest) - at_once - now)


def _hold(db: sqlite3.Connection, owner: str, entry_id: str) -> Hold:
    row = db.execute(_OWNER, (entry_id,)).fetchone() if entry_id else (owner,)
    if row is None:
        return Hold.MISSING
    return Hold.OURS if row[0] == owner else Hold.TAKEN


def _adopted(db: sqlite3.Connection, owner: str, now: float, *, is_grace_over: bool) -> Iterator[Entry]:
    orphans = db.execute(_ORPHANS, (now - REMEMBERED_SECONDS, now, is_grace_over)).fetchall()
    for entry_id, taken_at, *written in orphans:
        db.execute(_ADOPT, (owner, entry_id))
        try:
            yield read_back(max(0.0, now - taken_at), *written)
        except (TypeError, ValueError):
            log.exception("entry.unreadable", extra={"entry": entry_id})
            db.execute(_CLOSE, (entry_id, owner))


def _spent(db: sqlite3.Connection, owner: str, now: float) -> Spent:
    """What others than `owner` spend."""
    calls = dict(db.execute(_SPENT_BY_OTHERS, (owner, now)))
    # A newer version, which is about to take over, can count kinds that this one does not know.
    known = {kind: calls[kind.value] for kind in CallKind if kind.value in calls}
    return Spent(known, _reserved(db, owner, now))


def _reserved(db: sqlite3.Connection, owner: str, now: float) -> int:
    """The edits that others than `owner` reserve."""
    (reserved,) = db.execute(_RESERVED, (owner, now)).fetchone()
    return int(reserved)


def _wait_of_window(db: sqlite3.Connection, kind: CallKind, limit: float, now: float) -> float:
    """Seconds until the oldest calls have left the window, so that one more is within `limit`."""
    (spent,) = db.execute(_SPENT, (kind.value, now)).fetchone()
    surplus = ceil(max(0.0, spent + 1 - limit))
    if not surplus:
        return 0.0
    (until,) = db.execute(_OLDEST, (kind.value, now, surplus)).fetchone()
    return min(float(until - now), WINDOW_SECONDS) if until else WINDOW_SECONDS
