"""Memories that are bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.memory import SizedCache

STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "get"]), st.sampled_from("abcde"), st.integers(0, 60)), max_size=60
)


@given(STEPS)
def test_what_was_used_last_is_kept_and_no_more_than_there_is_room_for(
    steps: list[tuple[str, str, int]],
) -> None:
    cache, used = SizedCache[str, int](100), dict[str, int]()
    for verb, key, size in steps:
        if verb == "put":
            cache.put(key, size, size)
            used.pop(key, None)
            used[key] = size
        elif (found := cache.get(key)) is not None:
            used.pop(key)
            used[key] = found
        while sum(used.values()) > 100:
            used.pop(next(iter(used)))

        assert cache.size == sum(used.values()) <= 100
    assert {key: cache.get(key) for key in "abcde" if cache.get(key) is not None} == used
