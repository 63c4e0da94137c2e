"""Pauses before a Socket Mode connection is opened again."""

from __future__ import annotations

# A connection that has lasted so long is none of a row that fail.
STABLE_SECONDS = 60.0
_FIRST_PAUSE, _MAX_PAUSE = 1.0, 10.0
# Slack said why it takes none, and somebody has to do something about it. Tier 1 of Slack's limits, the
# slowest, takes a call a minute: https://docs.slack.dev/apis/web-api/rate-limits
_FIRST_PAUSE_REFUSED, _MAX_PAUSE_REFUSED = 6.0, 60.0


def pause(attempts: int, chance: float, *, is_refused: bool = False) -> float:
    """Seconds between the last of so many attempts in a row (1 or more) and the next.

    They double up to a cap, less up to a quarter by `chance` (0 to 1), so that many processes do not come at
    once. `is_refused` means that Slack said that it wants no connection.
    """
    first, most = (_FIRST_PAUSE_REFUSED, _MAX_PAUSE_REFUSED) if is_refused else (_FIRST_PAUSE, _MAX_PAUSE)
    return min(most, first * 2.0 ** min(attempts - 1, 30)) * (1.0 - chance / 4)
