"""What waits for the store: in order, the newest of each key, and no more than there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.backlog import Backlog, Rank, Write

RANKS = st.sampled_from(list(Rank))
WRITES = st.lists(st.tuples(RANKS, st.sampled_from(["", "a", "b"]), st.integers(0, 30)), max_size=60)


def write(rank: Rank = Rank.QUESTION, key: str = "", characters: int = 0) -> Write:
    return Write(lambda: None, rank, key, characters)


def all_of(backlog: Backlog) -> list[Write]:
    """What waits, as it would be written."""
    found = []
    while first := backlog.first():
        found.append(first)
        backlog.remove(first)
    return found


def test_what_waits_is_written_in_order_and_the_newest_of_a_key_in_the_place_of_the_oldest() -> None:
    backlog = Backlog()
    writes = [write(), write(Rank.TEXT, "Q1"), write(Rank.FIGURES), write(Rank.TEXT, "Q2"), write()]
    newest = write(Rank.TEXT, "Q1")
    for each in (*writes, newest):
        backlog.add(each)

    assert all_of(backlog) == [writes[0], newest, *writes[2:]]


def test_what_took_its_place_while_one_was_written_is_written_too() -> None:
    backlog = Backlog()
    backlog.add(write(Rank.TEXT, "Q1"))
    first, newest = backlog.first(), write(Rank.TEXT, "Q1")
    assert first
    backlog.add(newest)
    backlog.remove(first)

    assert all_of(backlog) == [newest]


def test_where_there_is_no_room_texts_go_first_then_figures_then_money_then_questions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backlog = Backlog(max_writes=2)
    for rank in (Rank.QUESTION, Rank.MONEY, Rank.TEXT, Rank.FIGURES):
        backlog.add(write(rank))
    assert [each.rank for each in all_of(backlog)] == [Rank.QUESTION, Rank.MONEY]
    assert backlog.dropped == 2
    assert caplog.messages == ["store.backlog_full"]

    questions = [write() for _ in range(3)]
    for each in questions:
        backlog.add(each)
    assert all_of(backlog) == questions[1:]


def test_what_is_of_no_use_any_more_is_not_written() -> None:
    backlog = Backlog()
    backlog.add(write(Rank.TEXT, "Q1", 10))
    backlog.discard(Rank.TEXT, "Q1")
    backlog.discard(Rank.TEXT, "Q1")

    assert (len(backlog), backlog.first()) == (0, None)


@given(WRITES)
def test_no_more_waits_than_there_is_room_for_and_no_more_is_dropped_than_that_takes(
    writes: list[tuple[Rank, str, int]],
) -> None:
    backlog = Backlog(max_writes=10, max_characters=100)
    for rank, key, characters in writes:
        backlog.add(write(rank, key, characters))
        assert len(backlog) <= 10
    dropped, left = backlog.dropped, all_of(backlog)

    assert sum(each.characters for each in left) <= 100
    assert [each.number for each in left] == sorted(each.number for each in left)
    is_short = len(writes) <= 10 and sum(characters for _, _, characters in writes) <= 100
    assert not (is_short and dropped)
    assert backlog.first() is None
