"""Steps of the machine's clock, and what of the file is moved along with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

_MIN_STEP = 1.0  # seconds; less than that harms nothing
_PURGE_PAUSE = 600.0  # seconds: a clock that was put wrong is put right again, and what is gone is gone

# What lasts for seconds or minutes, and how long ago open questions were asked.
_MOVED = [
    *(
        f"UPDATE {table} SET until = until + :step"  # noqa: S608 - of these words
        for table in ("owners", "calls", "channels", "admissions", "leads", "claims")
    ),
    "UPDATE beats SET beaten_at = beaten_at + :step, grace_until = grace_until + :step",
    "UPDATE questions SET taken_at = taken_at + :step WHERE owner IS NOT NULL",
]


class Steps:
    """Tells steps of the clock from time that passes, by `steady`, which all processes of a machine share.

    Without `steady`, or where a machine does not say since when it counts, no step is noticed. Not
    thread-safe.
    """

    def __init__(self, steady: Callable[[], float] | None) -> None:
        self._boot = _boot()
        self._steady = steady if self._boot else None
        self._ahead: float | None = None  # the clock of `steady`, in seconds
        self._purge_from = -inf

    @property
    def are_over(self) -> bool:
        """Return whether the clock has not stepped for some minutes."""
        return self._steady is None or self._steady() >= self._purge_from

    def heed(self, db: sqlite3.Connection, now: float) -> None:
        """Move what was written along with a clock that has stepped to `now`, once for all processes."""
        if self._steady is None:
            return
        ahead = now - self._steady()
        if self._ahead is not None and abs(ahead - self._ahead) < _MIN_STEP:
            return
        boot, written = db.execute("SELECT boot, ahead FROM clock").fetchone() or ("", 0.0)
        step = ahead - written if boot == self._boot else 0.0
        if abs(step) >= _MIN_STEP:
            for statement in _MOVED:
                db.execute(statement, {"step": step})
        if abs(step) >= _MIN_STEP or boot != self._boot:
            db.execute("DELETE FROM clock")
            db.execute("INSERT INTO clock (boot, ahead) VALUES (?, ?)", (self._boot, ahead))
        if abs(step) >= _MIN_STEP or self._ahead is not None:
            self._purge_from = self._steady() + _PURGE_PAUSE
        self._ahead = ahead

    @contextmanager
    def undone_by_failure(self) -> Iterator[None]:
        """Look again where what was moved was not written."""
        try:
            yield
        except BaseException:
            self._ahead = None
            raise


def _boot() -> str:
    """Name that from which `time.monotonic` counts on this machine; "" where it has no name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/time")  # noqa: PTH115 - a link to nothing
    return f"{boot} {namespace}"
