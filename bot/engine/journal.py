"""The store as the engine uses it: while it fails, that is logged once, done without, and made up for.

Here it is known which questions are this process's own. Another process takes them up when this one's lease
runs out, so who has had no good beat for a lease writes nothing to Slack that another may be writing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from bot.core.errors import OverBudget, StoreError, TakenOver
from bot.core.journal import BEGINNING, Beat, Charge, Grant, Hold, Noted, Owner
from bot.core.question import Place, Question
from bot.core.redaction import redacted, redacted_question
from bot.engine.backlog import Backlog, Rank, Write
from bot.engine.claims import Claims
from bot.engine.lanes import Lane, unattended

log = logging.getLogger(__name__)

LEASE_SECONDS = 6.0
BEAT_SECONDS = 1.0  # a lease outlives several beats, so that a busy moment costs no question
_MAX_FAILURES = 10  # of one write, while beats succeed: then it is the write, and not the store

_T = TypeVar("_T")


class Store(Protocol):
    """What all processes remember together. Thread-safe; every method raises StoreError."""

    def take(self, question: Question, event_id: str, owner: str) -> bool:
        """Write `question` down as `owner`'s; False if it, or `event_id`, was taken before by another."""

    def note(self, entry_id: str, owner: str, place: Place, noted: Noted) -> None:
        """Write down where it is answered, and what stands of its answer."""

    def close(self, entry_id: str, owner: str) -> None:
        """It is answered to the end."""

    def drop(self, entry_id: str, owner: str) -> None:
        """It is not answered after all: nothing is kept of it, and it can be taken again."""

    def join(self, question: Question, line_id: str, owner: str) -> None:
        """Write down that `question` says now what was taken as `line_id`, too, which is closed by that."""

    def stop(self, entry_id: str) -> None:
        """Let its owner know that it is to be stopped."""

    def beat(self, owner: Owner, lease_seconds: float) -> Beat:
        """Renew the lease of `owner`, and let it adopt what owners without a lease left open."""

    def leave(self, owner_id: str) -> None:
        """End the lease now."""

    def spend(self, owner_id: str, charge: Charge) -> Grant:
        """Count a call to Slack, or say that it is not to be made, or not yet."""


class Journal:
    """What one process writes down. Thread-safe; nothing here raises for a store that fails.

    Without a store that works, questions are still taken once in this process, and calls are counted by the
    pacer alone, which keeps to a part of them; what is to be written down waits, in order. `beat` is what
    tries a failed store again. Of questions, secrets are masked before they are written, and what is of the
    kinds to `redact`: what was written once is in the store's files for a while, whatever becomes of it.
    """

    def __init__(
        self,
        store: Store,
        owner_id: str,
        host: str,
        clock: Callable[[], float] = time.monotonic,
        backlog: Backlog | None = None,
        redact: Collection[str] = (),
    ) -> None:
        self.works = True
        # Called when the store fails, and (None) when it works again.
        self.observe: Callable[[StoreError | None], None] = lambda _error: None
        self._store, self.owner_id, self._host = store, owner_id, host
        self._clock, self._redact = clock, redact
        self._claims = Claims()
        self._held: dict[str, Question] = {}  # what is written down as this process's own, by ids
        self._beaten_at, self._peers = clock(), 0
        self._backlog = Backlog() if backlog is None else backlog
        self._writing = Lane("journal", 1)  # in order, and nobody waits
        self._beating = Lane("beat", 1)  # a lease does not wait for what is to be written
        self._last_beat: Future[None] | None = None

    def take(self, question: Question, event_id: str) -> bool:
        """Claim `question` and write it down; False if it was taken before, by any process.

        Where that cannot be written now it is claimed here, and is written soon.
        """
        if not self._claims.take(filter(None, (event_id, question.id)), self._clock()):
            return False
        question = redacted_question(question, self._redact)
        is_taken = self.asked(lambda: self._store.take(question, event_id, self.owner_id), None)
        if is_taken is None:
            taken = partial(self._take_late, question, event_id)
            self.write(taken, Rank.QUESTION, characters=len(question.text))
        elif is_taken:
            self._held[question.id] = question
        return is_taken is not False

    def masked(self, text: str) -> str:
        """Return `text` as it may be written down."""
        return redacted(text, self._redact)

    def _take_late(self, question: Question, event_id: str) -> None:
        if self._store.take(question, event_id, self.owner_id):
            self._held[question.id] = question
        else:
            log.warning("question.taken_by_another", extra=question.names)

    def holds(self, entry_id: str) -> bool:
        """Whether it is written down, so that another process can go on with it."""
        return self.works and entry_id in self._held

    def note(self, question: Question, place: Place, noted: Noted) -> None:
        """Write down, soon, what stands of an answer, now that the outcome of `noted.intent` is known."""
        noted = self._without_masked(noted)
        note = partial(self._store.note, question.id, self.owner_id, place, noted)
        characters = sum(len(each.body) for each in noted.messages.values())
        self.write(note, Rank.TEXT, key=question.id, characters=characters)

    def _without_masked(self, noted: Noted) -> Noted:
        """Return notes without words that are not to be written down: they are read in Slack, if need be.

        Secrets are masked before they are on screen.
        """
        if not self._redact:
            return noted
        kept = {
            key: each if self.masked(each.body) == each.body else replace(each, body="")
            for key, each in noted.messages.items()
        }
        return replace(noted, messages=kept)

    def close(self, *entry_ids: str) -> None:
        """Write down, soon, that these are answered to the end."""
        for entry_id in entry_ids:
            self._backlog.discard(Rank.TEXT, entry_id)
            self.write(partial(self._close, entry_id), Rank.QUESTION)
            self._held.pop(entry_id, None)

    def _close(self, entry_id: str) -> None:
        self._store.close(entry_id, self.owner_id)
        self._held.pop(entry_id, None)  # it may have been taken late, just before

    def drop(self, entry_id: str) -> None:
        """Write down, soon, that a question is not answered after all: it can be taken again."""
        self.write(partial(self._drop, entry_id), Rank.QUESTION)
        self._held.pop(entry_id, None)

    def _drop(self, entry_id: str) -> None:
        self._store.drop(entry_id, self.owner_id)
        self._held.pop(entry_id, None)
        self._claims.release(entry_id)

    def join(self, question: Question, line_id: str) -> None:
        """Write down, soon, that `question` says now what was taken as `line_id`, too."""
        self._held.pop(line_id, None)
        question = redacted_question(question, self._redact)
        if question.id in self._held:
            self._held[question.id] = question
        join = partial(self._store.join, question, line_id, self.owner_id)
        self.write(join, Rank.QUESTION, characters=len(question.text))

    def stop(self, entry_id: str) -> None:
        """Let whichever process answers a question know, soon, that it is to be stopped."""
        self.write(partial(self._store.stop, entry_id), Rank.QUESTION)

    def spend(self, charge: Charge) -> None:
        """Count a call to Slack, and write down what it is about to change.

        Raises OverBudget if it is not to be made now, since all processes together have no room for it or
        another may have taken up its question, and TakenOver if another has.
        """
        if self._may_be_taken(charge.entry_id) and (self.works or self._peers):
            raise OverBudget(BEAT_SECONDS)
        self._backlog.discard(Rank.TEXT, charge.entry_id)  # it tells of what was before
        if charge.noted:
            charge = replace(charge, noted=self._without_masked(charge.noted))
        asked_at = self._clock()
        grant = self.asked(lambda: self._store.spend(self.owner_id, charge), None)
        if self._peers and self._clock() - asked_at > LEASE_SECONDS:
            raise OverBudget(0.0)  # this process was paused meanwhile, and what was true need not be now
        if grant is None:
            if self._peers and charge.kind in BEGINNING and charge.entry_id in self._held:
                raise OverBudget(BEAT_SECONDS)  # nobody who takes it up would know of the message
            return
        if grant.hold is Hold.TAKEN:
            raise TakenOver
        if grant.wait:
            raise OverBudget(grant.wait)

    def _may_be_taken(self, entry_id: str) -> bool:
        """Return whether this process's lease may have run out, so that others may adopt `entry_id`."""
        return entry_id in self._held and self._clock() - self._beaten_at > LEASE_SECONDS

    def _write_again(self, entry_id: str) -> bool:
        """Write a question down that the store may have forgotten; False if another process has it.

        That is after a beat, since whose lease does not run loses what it takes.
        """
        question = self._held.get(entry_id)
        if question is None:
            return True
        is_ours = self.asked(lambda: self._store.take(question, "", self.owner_id), True)
        if not is_ours:
            self._held.pop(entry_id, None)
        return is_ours

    def beat(self, state: str, reserved: int, heed: Callable[[Beat], None]) -> None:
        """Renew, soon, this process's lease, telling of itself, and let `heed` know what that told."""
        if self._last_beat is None or self._last_beat.done():
            owner = Owner(self.owner_id, self._host, state, reserved)
            self._last_beat = self._beating.submit(self._beat, owner, heed)

    @unattended
    def _beat(self, owner: Owner, heed: Callable[[Beat], None]) -> None:
        begun_at, held = self._clock(), frozenset(self._held)
        try:
            beat = self._store.beat(owner, LEASE_SECONDS)
        except StoreError as error:
            self._failed(error)
            return
        if not self.works:
            self.works = True
            fields = {"waiting": len(self._backlog), "dropped": self._backlog.dropped}
            log.warning("store.works_again", extra=fields)
            self.observe(None)
            self._backlog.dropped = 0
            self._writing.submit(self._catch_up)
        self._beaten_at, self._peers = begun_at, beat.peers
        for entry in beat.adopted:
            self._held[entry.question.id] = entry.question
            self._claims.take((entry.question.id,), begun_at)  # Slack may deliver it again
        lost = (held & self._held.keys()) - beat.owned  # not what was taken while it beat
        heed(replace(beat, taken=frozenset(each for each in lost if not self._write_again(each))))

    def leave(self, seconds: float) -> None:
        """Finish writing, within `seconds`, and leave what is open to others. It is the last call."""
        until = self._clock() + seconds
        written = self._writing.submit(self._catch_up)
        self._writing.shutdown()
        wait([written], seconds)
        left = self._beating.submit(self.asked, lambda: self._store.leave(self.owner_id), None)
        self._beating.shutdown()
        if not wait([left], max(0.0, until - self._clock())).done or len(self._backlog):
            log.warning("journal.unfinished", extra={"waiting": len(self._backlog)})

    def write(self, write: Callable[[], object], rank: Rank, *, key: str = "", characters: int = 0) -> None:
        """Do it soon, in the order of these calls; as soon as the store works, if it does not now.

        One with a `key` takes the place of an older one that waits still. `characters` is how long its texts
        are, of which only so much can wait.
        """
        self._backlog.add(Write(write, rank, key, characters))
        self._writing.submit(self._catch_up)

    @unattended
    def _catch_up(self) -> None:
        """Write what waits, as long as the store works."""
        while self.works and (write := self._backlog.first()):
            try:
                write.do()
            except StoreError as error:
                self._failed(error)
                write.failures += 1
                if write.failures < _MAX_FAILURES:
                    return
                log.error("store.write_refused", extra={"error": str(error)})  # noqa: TRY400 - no defect
            except Exception:
                log.exception("work.crashed", extra={"work": "write"})
            self._backlog.remove(write)

    def asked(self, ask: Callable[[], _T], otherwise: _T) -> _T:
        """What the store says, or `otherwise` while it fails."""
        if not self.works:
            return otherwise
        try:
            return ask()
        except StoreError as error:
            self._failed(error)
            return otherwise

    def _failed(self, error: StoreError) -> None:
        if self.works:
            self.works = False
            log.error("store.failed", extra={"error": str(error)})
            self.observe(error)
