"""Retention: questions are kept no longer than the settings say, whatever they said when it was written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from bot.core.errors import StoreError
from bot.core.spending import DAY_SECONDS

log = logging.getLogger(__name__)

_BETWEEN_BATCHES = 0.1  # seconds, so that whoever writes comes in between
_TRY_AGAIN_SECONDS = 60.0


class Records(Protocol):
    """Records of how questions went. Thread-safe; raises StoreError."""

    def prune(self, seconds: float, *, keep_text: bool) -> Iterator[None]:
        """Forget what is older than `seconds`, and texts unless they are kept, a batch with each step."""


def prune_daily(
    records: Records, keep_days: float, *, keep_text: bool, wait: Callable[[float], bool]
) -> None:
    """Prune `records` now and once a day.

    `wait` waits so many seconds, and says True if it is cut short: then it ends.
    """
    pause = 0.0
    while not wait(pause):
        pause = DAY_SECONDS
        try:
            for _ in records.prune(keep_days * DAY_SECONDS, keep_text=keep_text):
                if wait(_BETWEEN_BATCHES):
                    return
        except StoreError as error:
            log.warning("store.not_pruned", extra={"error": str(error)})
            pause = _TRY_AGAIN_SECONDS
        except Exception:
            log.exception("work.crashed", extra={"work": "prune"})
