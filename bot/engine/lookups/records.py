"""Records of one kind, as this process and the store know them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Generic, Protocol, TypeVar

from bot.core.directory import Found
from bot.engine.journal import Journal
from bot.engine.memory import remember

log = logging.getLogger(__name__)

MAX_IN_MEMORY = 10_000
# After that the store is asked again: another process may have heard of a change.
_CHECKED_SECONDS = 60.0
_T = TypeVar("_T")


class Store(Protocol):
    """Records of people and channels that all processes share. Every method raises StoreError."""

    def find(self, kind: str, record_id: str) -> Found | None:
        """The record of an id, if there is one."""

    def keep(self, kind: str, records: Mapping[str, str]) -> None:
        """Keep `records`, by their ids, as seen now."""

    def forget(self, kind: str, ids: Collection[str]) -> None:
        """Keep nothing of `ids`."""

    def lease(self, name: str, owner: str, seconds: float) -> bool:
        """Let `owner` alone do what `name` says for `seconds`; False if another does."""


@dataclass(frozen=True)
class Codec(Generic[_T]):
    """How records of a `kind` are written. `read` raises ValueError or TypeError."""

    kind: str
    write: Callable[[_T], str]
    read: Callable[[str], _T]


@dataclass
class _Held(Generic[_T]):
    value: _T
    seen_at: float
    checked_at: float


class Records(Generic[_T]):
    """Reads and writes records; while the store fails, what is in memory has to do. Thread-safe.

    No method waits for anything but the store.
    """

    def __init__(self, codec: Codec[_T], store: Store, journal: Journal, clock: Callable[[], float]) -> None:
        self._codec, self._store, self._journal, self._clock = codec, store, journal, clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held[_T]] = {}

    def get(self, record_id: str, within: float = inf) -> _T | None:
        """Return what was seen in Slack at most `within` seconds ago; None if nothing was."""
        now, held = self._clock(), self._held.get(record_id)
        if held is None or now - held.checked_at >= _CHECKED_SECONDS or now - held.seen_at >= within:
            held = self._found(record_id, now) or held
        return held.value if held and now - held.seen_at < within else None

    def put(self, records: Mapping[str, _T]) -> None:
        """Keep what Slack tells now."""
        now = self._clock()
        with self._lock:
            for record_id, value in records.items():
                remember(self._held, record_id, _Held(value, now, now), MAX_IN_MEMORY)
        written = {record_id: self._codec.write(value) for record_id, value in records.items()}
        if written:
            self._journal.asked(partial(self._store.keep, self._codec.kind, written), None)

    def remove(self, ids: Collection[str]) -> None:
        """Keep nothing of `ids`, which are gone."""
        with self._lock:
            for record_id in ids:
                self._held.pop(record_id, None)
        if ids:
            self._journal.asked(partial(self._store.forget, self._codec.kind, ids), None)

    def _found(self, record_id: str, now: float) -> _Held[_T] | None:
        found = self._journal.asked(partial(self._store.find, self._codec.kind, record_id), None)
        if found is None:
            return None
        try:
            held = _Held(self._codec.read(found.record), now - found.age, now)
        except (TypeError, ValueError):
            log.warning("record.unreadable", extra={"kind": self._codec.kind, "record_id": record_id})
            return None
        with self._lock:
            remember(self._held, record_id, held, MAX_IN_MEMORY)
        return held
