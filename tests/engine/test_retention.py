"""When records are pruned, and in which steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.core.errors import StoreError
from bot.core.spending import DAY_SECONDS
from bot.engine.retention import prune_daily


@dataclass
class Records:
    """Records that take so many steps to prune; the first time they fail."""

    steps: int
    asked: list[tuple[float, bool]] = field(default_factory=list)

    def prune(self, seconds: float, *, keep_text: bool) -> Iterator[None]:
        self.asked.append((seconds, keep_text))
        if len(self.asked) == 1:
            raise StoreError("locked")
        for _ in range(self.steps):
            yield


def waits_of(records: Records, most: int) -> list[float]:
    """For how long it waited, until it was cut short."""
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) > most

    prune_daily(records, 7, keep_text=False, wait=wait)
    return waits


def test_records_are_pruned_at_the_start_and_daily_and_soon_again_if_that_fails() -> None:
    records = Records(2)

    assert waits_of(records, 5) == [0, 60, 0.1, 0.1, DAY_SECONDS, 0.1]
    assert records.asked == [(7 * DAY_SECONDS, False)] * 3


def test_between_two_steps_it_can_be_cut_short() -> None:
    assert waits_of(Records(100), 3) == [0, 60, 0.1, 0.1]
