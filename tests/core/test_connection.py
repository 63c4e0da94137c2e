"""The pauses between connections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.connection import pause

CHANCES = st.floats(0, 1)


@given(st.integers(1, 10_000), CHANCES, CHANCES, st.booleans())
def test_pauses_grow_by_half_or_more_up_to_a_cap_whatever_the_chance(
    attempts: int, first: float, second: float, is_refused: bool
) -> None:
    cap = 60.0 if is_refused else 10.0
    before = pause(attempts, first, is_refused=is_refused)
    after = pause(attempts + 1, second, is_refused=is_refused)

    assert 0.75 <= before <= cap
    assert after >= min(1.5 * before, 0.75 * cap)


@given(CHANCES)
def test_slack_is_left_alone_for_seconds_once_it_said_that_it_wants_no_connection(chance: float) -> None:
    assert pause(1, chance, is_refused=True) >= 4.5
