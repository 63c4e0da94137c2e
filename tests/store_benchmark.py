"""Measure how long writers wait for the file while `stats` reads it: `python -m tests.store_benchmark`.

One process takes questions and spends calls without pause; another prints the figures of 90 days.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bot.core.errors import StoreError
from bot.core.interaction import Interaction
from bot.core.journal import Allowance, CallKind, Charge, Owner
from bot.core.question import Question
from bot.core.stream import Usage
from bot.stores import open_store

_DAY = 86_400.0
_ROW = "INSERT INTO interactions (id, team, user, asked_at, until, interaction) VALUES (?, ?, ?, ?, ?, ?)"


def _rows(count: int, now: float) -> Iterator[tuple[str, str, str, float, float, str]]:
    usage = Usage(1200, 340, 1024, 7)
    one = Interaction(
        "", "T1", "C1", "U1", 0.0, "mention", "en", "whole", usage=usage, dollars=Decimal("0.0018")
    )
    one = replace(one, ack_s=0.41, first_words_s=0.9, whole_s=4.25, first_token_s=0.6, tokens_per_s=101.5)
    for number in range(count):
        asked_at = now - 89 * _DAY * (1 - number / count)
        entry = replace(one, id=f"T1/C1/{asked_at:.6f}", user=f"U{number % 500}", asked_at=asked_at)
        yield entry.id, entry.team, entry.user, asked_at, asked_at + 90 * _DAY, entry.encoded()


def measure(path: Path, count: int) -> None:
    """Print the longest waits with `count` interactions in a new file at `path`."""
    url = f"sqlite:///{path}"
    store = open_store(url, Allowance(1e9, 1e9, 1e9)).journal
    store.beat(Owner("bench"), 60.0)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(_ROW, _rows(count, time.time()))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    print(f"{count} interactions, {path.stat().st_size / 1e6:.0f} MB")  # noqa: T201
    begun = time.monotonic()
    command = [sys.executable, "-m", "bot", "stats", "--since", "90d"]
    stats = subprocess.Popen(command, env={**os.environ, "STORE_URL": url}, stdout=subprocess.DEVNULL)
    waits: dict[str, list[float]] = {"take": [], "spend": [], "failed": []}
    while stats.poll() is None:
        number = sum(map(len, waits.values()))
        question = Question("T1", "C1", "U1", "Why?", ts=f"{number}.0")
        for name, call in (
            ("take", lambda: store.take(question, f"Ev{number}", "bench")),  # noqa: B023 - called at once
            ("spend", lambda: store.spend("bench", Charge(CallKind.EDIT, "C1"))),
        ):
            asked_at = time.monotonic()
            try:
                call()
            except StoreError:
                name = "failed"
            waits[name].append(time.monotonic() - asked_at)
        time.sleep(0.005)
    print(f"stats took {time.monotonic() - begun:.1f} s, exit status {stats.returncode}")  # noqa: T201
    for name, seconds in waits.items():
        longest = max(seconds, default=0.0)
        print(f"{name}: {len(seconds)} calls, the longest waited {longest * 1000:.0f} ms")  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interactions", type=int, default=900_000)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "bot.db", parser.parse_args().interactions)
