"""The store as the engine uses it: what it does not do is logged once, and done without."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Protocol, TypeVar

from bot.core.errors import OverBudget, StoreError
from bot.core.journal import Beat, Charge, Owner
from bot.core.question import Place, Question
from bot.engine.claims import Claims
from bot.engine.lanes import unattended

log = logging.getLogger(__name__)

LEASE_SECONDS = 6.0
MAX_NOTED_CHARACTERS = 50_000  # of an answer: more than a model writes at once
BEAT_SECONDS = 1.0  # a lease outlives several beats, so that a busy moment costs no question

_T = TypeVar("_T")


class Store(Protocol):
    """What all processes remember together. Thread-safe; every method raises StoreError."""

    def take(self, question: Question, event_id: str, owner: str) -> bool:
        """Write `question` down as `owner`'s; False if it, or `event_id`, was taken before."""

    def note(self, entry_id: str, owner: str, place: Place, messages: Mapping[str, str], text: str) -> None:
        """Write down where it is answered, the ts of its messages by their keys, and the `text` they show."""

    def close(self, entry_id: str, owner: str) -> None:
        """It is answered to the end."""

    def join(self, question: Question, line_id: str, owner: str) -> None:
        """Write down that `question` says now what was taken as `line_id`, too, which is closed by that."""

    def stop(self, entry_id: str) -> None:
        """Let its owner know that it is to be stopped."""

    def beat(self, owner: Owner, lease_seconds: float) -> Beat:
        """Renew the lease of `owner`, and let it adopt what owners without a lease left open."""

    def leave(self, owner_id: str) -> None:
        """End the lease now."""

    def spend(self, owner_id: str, charge: Charge) -> float:
        """Count a call to Slack, or say after how many seconds it is worth asking again."""


class Journal:
    """What one process writes down. Thread-safe; nothing here raises for a store that fails.

    Without a store that works, questions are still taken once in this process, and calls are counted by the
    pacer alone. `beat` is what tries a failed store again.
    """

    def __init__(
        self, store: Store, owner_id: str, host: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.works = True
        self._store, self.owner_id, self._host = store, owner_id, host
        self._clock = clock
        self._claims = Claims()
        self._held: set[str] = set()
        self._writing = ThreadPoolExecutor(1, "journal")  # in order, and nobody waits

    def take(self, question: Question, event_id: str) -> bool:
        """Claim `question` and write it down; False if it was taken before, by any process."""
        if not self._claims.take(filter(None, (event_id, question.id)), self._clock()):
            return False
        return self.asked(lambda: self._taken(question, event_id), True)

    def _taken(self, question: Question, event_id: str) -> bool:
        is_taken = self._store.take(question, event_id, self.owner_id)
        if is_taken:
            self._held.add(question.id)
        return is_taken

    def holds(self, entry_id: str) -> bool:
        """Whether it is written down, so that another process can go on with it."""
        return self.works and entry_id in self._held

    def note(self, question: Question, place: Place, messages: Mapping[str, str], text: str) -> None:
        """Write down, soon, which messages `question` owns, and the `text` of its answer that they show.

        It is bounded, and forgotten when the question is closed.
        """
        noted = text[:MAX_NOTED_CHARACTERS]
        self.write(partial(self._store.note, question.id, self.owner_id, place, dict(messages), noted))

    def close(self, *entry_ids: str) -> None:
        """Write down, soon, that these are answered to the end."""
        self._held.difference_update(entry_ids)
        for entry_id in entry_ids:
            self.write(partial(self._store.close, entry_id, self.owner_id))

    def join(self, question: Question, line_id: str) -> None:
        """Write down, soon, that `question` says now what was taken as `line_id`, too."""
        self._held.discard(line_id)
        self.write(partial(self._store.join, question, line_id, self.owner_id))

    def stop(self, entry_id: str) -> None:
        """Let whichever process answers a question know, soon, that it is to be stopped."""
        self.write(partial(self._store.stop, entry_id))

    def spend(self, charge: Charge) -> None:
        """Count a call to Slack. Raises OverBudget if all processes together have no room for it."""
        wait = self.asked(lambda: self._store.spend(self.owner_id, charge), 0.0)
        if wait:
            raise OverBudget(wait)

    def beat(self, state: str, reserved: int, heed: Callable[[Beat], None]) -> None:
        """Renew, soon, this process's lease, telling of itself, and let `heed` know what that told."""
        self._writing.submit(self._beat, Owner(self.owner_id, self._host, state, reserved), heed)

    @unattended
    def _beat(self, owner: Owner, heed: Callable[[Beat], None]) -> None:
        try:
            beat = self._store.beat(owner, LEASE_SECONDS)
        except StoreError as error:
            self._failed(error)
            return
        if not self.works:
            self.works = True
            log.warning("store.works_again")
        self._held.update(beat.owned)
        heed(beat)

    def leave(self, seconds: float) -> None:
        """Finish writing, within `seconds`, and leave what is open to others. It is the last call."""
        left = self._writing.submit(self.asked, lambda: self._store.leave(self.owner_id), None)
        self._writing.shutdown(wait=False)
        if not wait([left], seconds).done:
            log.warning("journal.unfinished")

    def write(self, write: Callable[[], None]) -> None:
        """Do it soon, in the order of these calls."""
        self._writing.submit(self._written, write)

    @unattended
    def _written(self, write: Callable[[], None]) -> None:
        self.asked(write, None)

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
