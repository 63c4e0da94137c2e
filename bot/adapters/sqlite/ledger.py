"""Money, kept answers and figures, in a file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence

from bot.adapters.sqlite.database import PURGE_BATCH, SqliteDatabase, legible
from bot.core.answers import LEAD_SECONDS
from bot.core.interaction import Interaction, Vote, read_interaction, without_texts
from bot.core.journal import REMEMBERED_SECONDS
from bot.core.spending import DAY_SECONDS, MINUTE_SECONDS, Budget, DaySpending, Limit, NanoDollars, Refusal

log = logging.getLogger(__name__)

_ADMIT = "INSERT OR REPLACE INTO admissions (user, question, until) VALUES (?, ?, ?)"
_ADMITTED = "SELECT until FROM admissions WHERE user = ? AND until > ? ORDER BY until"
_SPEND = "INSERT OR REPLACE INTO spendings (question, user, day, price) VALUES (?, ?, ?, ?)"
_DAY_OF = "SELECT day FROM spendings WHERE question = ? AND day >= ?"
_RESERVED = "SELECT day, price FROM spendings WHERE question = ? AND day >= ?"
# `total` would add in floating point.
_SPENT = "SELECT coalesce(sum(price), 0) FROM spendings WHERE day = ?"
_SPENT_BY_USER = "SELECT coalesce(sum(price), 0) FROM spendings WHERE day = ? AND user = ?"

_RECALL = "SELECT answer FROM answers WHERE key = ? AND until > ?"
_LEADER = "SELECT owner FROM leads WHERE key = ? AND until > ? AND until <= ?"
_LEAD = "INSERT OR REPLACE INTO leads (key, owner, until) VALUES (?, ?, ?)"
_END_LEAD = "DELETE FROM leads WHERE key = ? AND owner = ?"
# What is replaced gets a new rowid, too: their order is that in which answers were kept.
_KEEP = "INSERT OR REPLACE INTO answers (key, until, answer) VALUES (?, ?, ?)"
_MAKE_ROOM = "DELETE FROM answers WHERE until <= ?"
_KEEP_NEWEST = """DELETE FROM answers WHERE rowid IN
(SELECT rowid FROM answers ORDER BY rowid DESC LIMIT -1 OFFSET ?)"""

_RECORD = """INSERT OR REPLACE INTO interactions (id, team, user, asked_at, until, interaction)
VALUES (?, ?, ?, ?, ?, ?)"""
# From the first of a second on, or from one of that second on, in the order of their ids.
_RECORDED = """SELECT id, asked_at, interaction FROM interactions
WHERE asked_at >= :asked_at AND (asked_at > :asked_at OR :id IS NULL OR id > :id) AND until > :now
ORDER BY asked_at, id LIMIT :most"""
_RECORDED_OF = """SELECT id, interaction FROM interactions
WHERE team = ? AND user = ? AND asked_at >= ? AND until > ? ORDER BY asked_at DESC, id DESC LIMIT ?"""
_RECORDED_AS = "SELECT id, interaction FROM interactions WHERE id = ? AND until > ?"
_WRITTEN = "SELECT rowid, interaction FROM interactions WHERE rowid > ? ORDER BY rowid LIMIT ?"
_REWRITE = "UPDATE interactions SET interaction = ? WHERE rowid = ? AND interaction = ?"
_OLDER = [
    f"DELETE FROM {table} WHERE rowid IN "  # noqa: S608 - of these words
    f"(SELECT rowid FROM {table} WHERE {at} < ? LIMIT {PURGE_BATCH})"
    for table, at in (("interactions", "asked_at"), ("votes", "cast_at"))
]
_VOTE = """INSERT OR REPLACE INTO votes (interaction, voter, is_up, reason, cast_at, until)
VALUES (?, ?, ?, ?, ?, ?)"""
_VOTED = """SELECT interaction, voter, is_up, reason FROM votes WHERE cast_at >= ? AND until > ?
ORDER BY cast_at, rowid"""
_CLAIM = """INSERT INTO claims (name, until) VALUES (:name, :until)
ON CONFLICT (name) DO UPDATE SET until = :until WHERE until <= :now"""
_IS_CLAIMED = "SELECT 1 FROM claims WHERE name = ? AND until > ?"

_READ_AT_ONCE = 1000  # rows, so that others who read need not wait for long


class SqliteLedger:
    """What is spent, which answers are kept, and how questions went, as written down in `database`.

    Of answers there are at most `most_answers`. Thread-safe. Every method raises StoreError, within about a
    second, when the file cannot be used; the next call tries it anew.
    """

    def __init__(self, database: SqliteDatabase, most_answers: int = 1000) -> None:
        self._database = database
        self._transaction, self._reading = database.transaction, database.reading
        self._most_answers = most_answers

    # Money

    def admit(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Count a question of `user` and reserve `price` for it today, or say why that is over `budget`.

        One that was admitted before is so still, and nothing changes.
        """
        with self._transaction() as (db, now):
            if db.execute(_DAY_OF, (question_id, _day(now) - 1)).fetchone():
                return None
            if refusal := _refusal(db, user, budget, now):
                return refusal
            db.execute(_ADMIT, (user, question_id, now + MINUTE_SECONDS))
            db.execute(_SPEND, (question_id, user, _day(now), price))
            return None

    def reserve(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Reserve `price` for a question of `user` in place of what was, or say why that is over `budget`.

        No more than before is reserved always.
        """
        with self._transaction() as (db, now):
            reserved = db.execute(_RESERVED, (question_id, _day(now) - 1)).fetchone()
            day, earlier = reserved or (_day(now), 0)
            if price > earlier and (refusal := _over(db, user, budget, now, day, earlier)):
                return refusal
            db.execute(_SPEND, (question_id, user, day, price))
            return None

    def settle(self, question_id: str, user: str, price: NanoDollars) -> DaySpending:
        """Let what a question cost replace what was reserved for it, or was settled before.

        Returns what all spend on the day on which it was reserved; that is today if nothing was.
        """
        with self._transaction() as (db, now):
            (day,) = db.execute(_DAY_OF, (question_id, _day(now) - 1)).fetchone() or (_day(now),)
            db.execute(_SPEND, (question_id, user, day, price))
            return DaySpending(day, _sum(db, _SPENT, day))

    # Answers that are kept

    def recall(self, key: str) -> str | None:
        """The answer that is kept under `key`."""
        with self._reading() as (db, now):
            (answer,) = db.execute(_RECALL, (key, now)).fetchone() or (None,)
            return answer

    def lead(self, key: str, owner: str) -> bool:
        """Let `owner` generate the answer for `key`; False if it is kept already, or another generates it.

        Who does not ask again in time, as it gets on, loses the lead to the next who asks.
        """
        with self._transaction() as (db, now):
            if db.execute(_RECALL, (key, now)).fetchone():
                return False
            (leader,) = db.execute(_LEADER, (key, now, now + LEAD_SECONDS)).fetchone() or (owner,)
            if leader != owner:
                return False
            db.execute(_LEAD, (key, owner, now + LEAD_SECONDS))
            return True

    def keep(self, key: str, owner: str, answer: str, seconds: float) -> None:
        """Keep what `owner` generated for `seconds`; the oldest answers make room. Its lead is over.

        Nothing happens if it does not lead.
        """
        with self._transaction() as (db, now):
            if db.execute(_END_LEAD, (key, owner)).rowcount:
                db.execute(_MAKE_ROOM, (now,))
                db.execute(_KEEP, (key, now + seconds, legible(answer)))
                db.execute(_KEEP_NEWEST, (self._most_answers,))

    def forget(self, key: str) -> None:
        """Keep the answer under `key` no longer."""
        with self._transaction() as (db, _):
            db.execute("DELETE FROM answers WHERE key = ?", (key,))

    def abandon(self, key: str, owner: str) -> None:
        """The lead of `owner` is over, and there is no answer. Nothing happens if it does not lead."""
        with self._transaction() as (db, _):
            db.execute(_END_LEAD, (key, owner))

    # How questions went

    def record(self, interaction: Interaction, seconds: float) -> None:
        """Keep `interaction` for `seconds`, in place of one with the same id."""
        with self._transaction() as (db, now):
            asker = (interaction.team, interaction.user)
            written = (interaction.asked_at, now + seconds, interaction.encoded())
            db.execute(_RECORD, (interaction.id, *asker, *written))

    def interactions(self, since: float) -> list[Interaction]:
        """Those asked at or after `since` (seconds since 1970, UTC), oldest first."""
        return [interaction for row in self._recorded(since) if (interaction := _interaction(*row))]

    def _recorded(self, since: float) -> Iterator[tuple[str, str]]:
        asked_at: float = since
        last: str | None = None
        while True:
            with self._reading() as (db, now):
                values = {"asked_at": asked_at, "id": last, "now": now, "most": _READ_AT_ONCE}
                rows = db.execute(_RECORDED, values).fetchall()
            yield from ((interaction_id, written) for interaction_id, _, written in rows)
            if len(rows) < _READ_AT_ONCE:
                return
            last, asked_at, _ = rows[-1]

    def interactions_of(self, user: str, team: str, since: float, most: int) -> list[Interaction]:
        """The newest of what `user` of `team` asked at or after `since`, newest first, at most `most`."""
        with self._reading() as (db, now):
            rows = db.execute(_RECORDED_OF, (team, user, since, now, most)).fetchall()
        return [interaction for row in rows if (interaction := _interaction(*row))]

    def interactions_with(self, ids: Sequence[str]) -> list[Interaction]:
        """Return those of the questions that have these ids."""
        with self._reading() as (db, now):
            rows = [row for each in ids for row in db.execute(_RECORDED_AS, (each, now))]
        return [interaction for row in rows if (interaction := _interaction(*row))]

    def vote(self, vote: Vote, seconds: float) -> None:
        """Keep `vote` for `seconds`, in place of what its voter thought of the same answer before."""
        with self._transaction() as (db, now):
            opinion = (vote.interaction_id, vote.voter, vote.is_up, legible(vote.reason))
            db.execute(_VOTE, (*opinion, now, now + seconds))

    def votes(self, since: float) -> list[Vote]:
        """Those cast at or after `since` (seconds since 1970, UTC), oldest first."""
        with self._reading() as (db, now):
            rows = db.execute(_VOTED, (since, now)).fetchall()
        return [Vote(answer, voter, bool(is_up), reason) for answer, voter, is_up, reason in rows]

    def claim(self, name: str, seconds: float | None = None) -> bool:
        """True for the first who claims `name` within so many `seconds`, a day if None."""
        until = REMEMBERED_SECONDS if seconds is None else seconds
        with self._transaction() as (db, now):
            values = {"name": name, "until": now + until, "now": now}
            return db.execute(_CLAIM, values).rowcount == 1

    def is_claimed(self, name: str) -> bool:
        """Return True if somebody claimed `name`, and that lasts still."""
        with self._reading() as (db, now):
            return db.execute(_IS_CLAIMED, (name, now)).fetchone() is not None

    def prune(self, seconds: float, *, keep_text: bool) -> Iterator[None]:
        """Forget what is older than `seconds`, and texts unless they are kept, a batch with each step.

        Nothing goes within minutes of a step of the clock.
        """
        while self._forget_older(seconds):
            yield
        after = 0
        while not keep_text and (rows := self._without_texts(after)):
            after = rows[-1]
            yield

    def _forget_older(self, seconds: float) -> bool:
        """Return whether a batch was forgotten."""
        with self._transaction() as (db, now):
            if not self._database.may_purge:
                return False
            return sum(db.execute(older, (now - seconds,)).rowcount for older in _OLDER) > 0

    def _without_texts(self, after: int) -> list[int]:
        """Let a batch of rows after that one be without texts; which rows those are."""
        with self._reading() as (db, _):
            rows = db.execute(_WRITTEN, (after, PURGE_BATCH)).fetchall()
        bare = [(text, row, written) for row, written in rows if (text := without_texts(written)) is not None]
        if bare:
            with self._transaction() as (db, _):
                db.executemany(_REWRITE, bare)
        return [row for row, _ in rows]


def _refusal(db: sqlite3.Connection, user: str, budget: Budget, now: float) -> Refusal | None:
    """Why one more question is over `budget`."""
    if wait := _wait(db, user, budget.questions_per_minute, now):
        return Refusal(Limit.QUESTIONS_PER_MINUTE, wait)
    return _over(db, user, budget, now, _day(now))


def _over(
    db: sqlite3.Connection, user: str, budget: Budget, now: float, day: int, own: NanoDollars = 0
) -> Refusal | None:
    """Why nothing more is to be spent on a `day`, of which `own` is what the same question spends already."""
    begins_anew_in = (_day(now) + 1) * DAY_SECONDS - now
    if budget.user_daily is not None and _sum(db, _SPENT_BY_USER, day, user) - own >= budget.user_daily:
        return Refusal(Limit.USER_DAILY, begins_anew_in)
    if budget.daily is not None and _sum(db, _SPENT, day) - own >= budget.daily:
        return Refusal(Limit.DAILY, begins_anew_in)
    return None


def _wait(db: sqlite3.Connection, user: str, limit: int | None, now: float) -> float:
    """Seconds until the oldest questions have left the minute, so that one more is within `limit`."""
    if limit is None:
        return 0.0
    untils = [until for (until,) in db.execute(_ADMITTED, (user, now))]
    surplus = len(untils) + 1 - limit
    if surplus <= 0:
        return 0.0
    return min(float([*untils, now + MINUTE_SECONDS][surplus - 1] - now), MINUTE_SECONDS)


def _sum(db: sqlite3.Connection, statement: str, *values: str | int) -> NanoDollars:
    (prices,) = db.execute(statement, values).fetchone()
    return int(prices)


def _day(now: float) -> int:
    return int(now // DAY_SECONDS)


def _interaction(interaction_id: str, written: str) -> Interaction | None:
    """An interaction as it was written, if anybody can read it."""
    try:
        return read_interaction(written)
    except (TypeError, ValueError):
        log.exception("interaction.unreadable", extra={"interaction": interaction_id})
        return None
