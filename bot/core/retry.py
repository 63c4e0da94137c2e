"""When to try a model again."""

from __future__ import annotations

from bot.core.errors import ModelError

_BASE_SECONDS = 0.5
_LONGEST_SECONDS = 4.0


def delay(error: ModelError, tries: int, chance: float) -> float | None:
    """Seconds to wait before the next try after `tries` of them failed, or None to give up.

    `chance`, 0 to 1, spreads the waits of many answers that failed at the same moment (full jitter,
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    if tries >= error.tries:
        return None
    return chance * min(_LONGEST_SECONDS, _BASE_SECONDS * 2.0**tries)
