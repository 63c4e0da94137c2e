"""Nothing grows with the number of questions that were answered."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.engine.long_run import LongRun


@pytest.fixture
def quiet() -> Iterator[None]:
    """Without logs, and without the collector, which takes a quarter of the time."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    yield
    gc.enable()
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
@pytest.mark.timeout(300)  # it computes for five seconds, however long that takes beside others
def test_what_is_kept_after_ten_thousand_questions_is_what_was_kept_after_two_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = LongRun(monkeypatch)
    run.ask(2_000)
    run.rest()
    before = run.sizes()
    run.ask(8_000)
    run.rest()
    after = run.sizes()

    # Channels are forgotten in batches, so some tens of them come and go; a leak keeps thousands.
    grown = {kind: (before[kind], size) for kind, size in after.items() if size > before[kind] * 1.02 + 150}
    assert not grown
    assert before.total() > 1_000  # all of it was looked at
