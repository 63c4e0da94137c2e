"""Threads of which it is not known whether they are the bot's are read in turn; in simulated time."""

from __future__ import annotations

from math import inf

import pytest

from bot.core.question import Place, Question
from bot.engine.follow_queue import Followed, FollowQueue


def said(thread: int, ts: int = 1, at: float = 0.0, user: str = "U1") -> Followed:
    """Return what was said in a thread."""
    place = Place("C1", f"{thread}.0")
    question = Question("T1", "C1", user, "why?", ts=f"{thread}.{ts}", thread_ts=place.thread_ts)
    return Followed(question, place, at, lambda _question, _age: None)


def test_all_that_is_said_in_a_thread_is_decided_by_one_read_in_the_order_of_threads() -> None:
    queue = FollowQueue()
    for followed in (said(1), said(2), said(1, ts=2)):
        assert queue.add(followed, 0.0)

    assert queue.next(0.0) == said(1).place
    assert [each.question.ts for each in queue.take(said(1).place)] == ["1.1", "1.2"]
    assert queue.next(0.0) == said(2).place
    queue.take(said(2).place)
    assert (queue.next(0.0), queue.due_at(), len(queue)) == (None, inf, 0)


def test_what_does_not_fit_is_refused_and_what_waits_already_is_not_counted_twice() -> None:
    queue = FollowQueue(max_questions=2)

    assert [queue.add(each, 0.0) for each in (said(1), said(1), said(2), said(3))] == [
        True,
        True,
        True,
        False,
    ]
    queue.take(said(1).place)
    assert queue.add(said(3), 0.0)


def test_what_one_person_says_in_many_threads_delays_nobody_else_and_leaves_room() -> None:
    queue = FollowQueue(max_questions=9)
    for thread in range(9):
        queue.add(said(thread), 0.0)
    assert len(queue) == 6
    for thread in (10, 11):
        assert queue.add(said(thread, user="U2"), 1.0)

    order = []
    while place := queue.next(1.0):
        (found, *_) = queue.take(place)
        order.append(found.question.user)
    assert order == ["U1", "U2", "U1", "U2", "U1", "U1", "U1", "U1"]


def test_a_thread_that_is_put_back_keeps_no_other_waiting() -> None:
    queue = FollowQueue()
    for thread in (1, 2):
        queue.add(said(thread), 0.0)
    queue.postpone(said(1).place, 30.0, -inf)

    assert (queue.next(0.0), queue.tries(said(1).place)) == (said(2).place, 1)
    queue.take(said(2).place)
    assert (queue.next(29.0), queue.due_at(), queue.next(30.0)) == (None, 30.0, said(1).place)


def test_what_was_asked_too_long_ago_is_not_put_back() -> None:
    queue = FollowQueue()
    for ts, at in ((1, 0.0), (2, 50.0)):
        queue.add(said(1, ts, at), at)

    assert [each.question.ts for each in queue.postpone(said(1).place, 60.0, 10.0)] == ["1.1"]
    assert [each.question.ts for each in queue.postpone(said(1).place, 120.0, 60.0)] == ["1.2"]
    assert (len(queue), queue.due_at()) == (0, inf)
    assert queue.postpone(said(1).place, 0.0, 0.0) == []


@pytest.mark.parametrize("others", [0, 1])
def test_what_waits_can_be_changed_and_withdrawn(others: int) -> None:
    queue = FollowQueue()
    for ts in range(1, others + 2):
        queue.add(said(1, ts), 0.0)
    question = said(1).question
    changed = Question("T1", "C1", "U1", "how?", ts="1.1", thread_ts="1.0")
    assert queue.amend(changed)
    withdrawn = queue.withdraw(question.id)

    assert withdrawn
    assert withdrawn.question.text == "how?"
    assert len(queue) == others
    assert (queue.next(0.0) is None) == (not others)
    assert not queue.amend(changed)
    assert queue.withdraw(question.id) is None
