"""What processes write down together: one contract over SQLite and Redis, and how each of them fails."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.adapters.redis.connection import RedisConnection
from bot.adapters.redis.journal import RedisJournal
from bot.adapters.sqlite.database import MIGRATIONS, SqliteDatabase
from bot.adapters.sqlite.journal import SqliteJournal
from bot.core.errors import StoreError
from bot.core.files import SharedFile
from bot.core.journal import (
    REMEMBERED_SECONDS,
    Allowance,
    Beat,
    CallKind,
    Charge,
    Entry,
    Hold,
    Noted,
    Owner,
    Spent,
)
from bot.core.message import Kind, Standing
from bot.core.question import Place, Question
from bot.playground.limits import Limits, Meter
from tests.adapters.conftest import ALLOWANCE, SECRET, Journal, Shelf, at_once, fails, until
from tests.adapters.redis_server import free_port, redis_server

QUESTION = Question(
    "T1", "C1", "U1", "왜?", ts="1.0", files=(SharedFile("F1", "계획.pdf", size=9), SharedFile("F2", "b"))
)
PLACE = Place("C1", "1.0")
ANSWERED = {
    "ack": Standing("1.1", kind=Kind.ACKNOWLEDGEMENT),
    "answer": Standing("1.3", "왜냐하면", is_end=True),
}
NOTED = Noted(ANSWERED)
UNLIMITED = Allowance(inf, inf, inf)
EDIT, POST = CallKind.EDIT, CallKind.POST


@pytest.fixture
def store(shelf: Shelf) -> Journal:
    return shelf.journal()


@pytest.fixture
def other(shelf: Shelf) -> Journal:
    """The store as another process has it."""
    return shelf.journal()


def asked(number: int) -> Question:
    return replace(QUESTION, ts=f"{number}.0")


def works(store: Journal) -> bool:
    return store.owners() == []


# Questions are taken once


def test_a_question_is_taken_once_by_whichever_process(store: Journal, other: Journal) -> None:
    assert store.take(QUESTION, "Ev1", "A")
    assert not other.take(QUESTION, "Ev1", "B")
    assert not store.take(QUESTION, "Ev1", "C")


def test_who_asks_again_because_no_answer_came_has_taken_its_question_still(
    store: Journal, other: Journal
) -> None:
    """But not once it is closed or adopted, and not under an event that was another question's.

    Slack may deliver an event again to a process that goes on with its question already.
    """
    assert [store.take(QUESTION, "Ev1", "A") for _ in range(2)] == [True, True]
    assert not store.take(asked(2), "Ev1", "A")
    assert store.take(asked(3), "Ev3", "A")
    store.close(asked(3).id, "A")
    assert not store.take(asked(3), "Ev3", "A")

    store.leave("A")
    assert [entry.tries for entry in other.beat(Owner("B"), 60).adopted] == [2]
    assert not store.take(QUESTION, "Ev1", "A")
    assert not other.take(QUESTION, "Ev1", "B")


def test_one_message_that_comes_as_two_events_is_taken_once(store: Journal) -> None:
    assert store.take(QUESTION, "Ev1", "A")
    assert not store.take(QUESTION, "Ev2", "B")


def test_a_refused_event_is_remembered_all_the_same(store: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.take(QUESTION, "Ev2", "A")

    assert not store.take(asked(2), "Ev2", "A")


def test_other_questions_are_taken(store: Journal) -> None:
    others = [asked(2), replace(QUESTION, channel="C2"), replace(QUESTION, team="T2")]

    assert store.take(QUESTION, "Ev1", "A")
    assert all(store.take(question, f"Ev-{question.id}", "A") for question in others)


def test_a_question_without_an_event_is_taken_by_its_own_id_alone(store: Journal) -> None:
    assert store.take(asked(1), "", "A")
    assert store.take(asked(2), "", "A")
    assert not store.take(asked(2), "", "B")


def test_an_event_is_not_taken_for_a_question_of_that_name(store: Journal) -> None:
    assert store.take(asked(1), asked(2).id, "A")
    assert store.take(asked(2), "Ev2", "A")


def test_an_answered_question_is_not_taken_again(store: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.close(QUESTION.id, "A")

    assert not store.take(QUESTION, "Ev2", "A")


def test_after_its_time_a_question_is_forgotten(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "REMEMBERED_SECONDS", 0.2)
    store = shelf.journal()
    taken_at = time.monotonic()
    store.take(asked(1), "Ev1", "A")
    store.take(asked(2), "Ev2", "A")
    store.close(asked(2).id, "A")

    until(lambda: store.take(asked(1), "Ev1", "B"))
    assert time.monotonic() - taken_at >= 0.2
    until(lambda: store.take(asked(2), "Ev2", "B"))


def test_of_many_that_take_a_question_at_once_exactly_one_gets_it(store: Journal, other: Journal) -> None:
    for number in range(5):
        question = asked(number)
        takes = [
            partial((store, other)[turn % 2].take, question, f"Ev{number}-{turn}", f"P{turn}")
            for turn in range(20)
        ]

        assert sorted(at_once(takes)) == [False] * 19 + [True]


def test_what_is_dropped_can_be_taken_again_but_not_by_the_same_event(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.drop(QUESTION.id, "A")

    assert not other.beat(Owner("B"), 60).adopted
    assert not other.take(QUESTION, "Ev1", "B")
    assert other.take(QUESTION, "Ev2", "B")


def test_what_is_anothers_or_answered_is_not_dropped(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.take(asked(2), "Ev2", "A")
    store.close(asked(2).id, "A")
    other.drop(QUESTION.id, "B")
    store.drop(asked(2).id, "A")

    assert not other.take(QUESTION, "", "B")
    assert not other.take(asked(2), "", "B")


# Questions are written down, and taken up by another


def test_whoever_has_a_lease_keeps_its_questions(store: Journal, other: Journal) -> None:
    store.beat(Owner("A"), 60)
    store.take(QUESTION, "Ev1", "A")

    assert other.beat(Owner("B"), 60) == Beat(peers=1)
    assert store.beat(Owner("A"), 60) == Beat(owned=frozenset({QUESTION.id}), peers=1)


def test_what_is_left_open_is_adopted_with_all_that_was_noted(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.note(QUESTION.id, "A", Place("C0", "0.0"), Noted({"dropped": Standing("1.2")}))
    store.note(QUESTION.id, "A", PLACE, NOTED)
    beat = other.beat(Owner("B"), 60)

    (entry,) = beat.adopted
    assert entry == Entry(QUESTION, entry.age, 2, PLACE, NOTED, deaths=1)
    assert 0 <= entry.age < 5
    assert beat.owned == {QUESTION.id}
    assert other.beat(Owner("B"), 60) == Beat(owned=frozenset({QUESTION.id}))


def test_it_is_adopted_when_the_lease_runs_out(store: Journal, other: Journal) -> None:
    store.beat(Owner("A"), 0.2)
    begun = time.monotonic()
    store.take(QUESTION, "Ev1", "A")
    until(lambda: other.beat(Owner("B"), 60).adopted)

    assert time.monotonic() - begun >= 0.15
    assert store.beat(Owner("A"), 60) == Beat(peers=1)


def test_it_is_adopted_at_once_from_who_leaves(store: Journal, other: Journal) -> None:
    store.beat(Owner("A"), 60)
    store.take(QUESTION, "Ev1", "A")
    store.leave("A")

    assert [entry.question for entry in other.beat(Owner("B"), 60).adopted] == [QUESTION]


def test_what_is_left_in_good_order_is_anybodys(store: Journal) -> None:
    store.beat(Owner("A"), 60)
    store.take(QUESTION, "Ev1", "A")
    store.leave("A")

    assert [entry.question for entry in store.beat(Owner("A"), 60).adopted] == [QUESTION]


def test_the_oldest_is_adopted_first_and_every_process_that_had_it_is_counted(store: Journal) -> None:
    questions = [asked(number) for number in (3, 1, 2)]
    for question in questions:
        store.take(question, "", "A")
        time.sleep(0.002)  # the server's clock tells milliseconds
    for tries, owner in enumerate("BCD", 2):
        adopted = store.beat(Owner(owner), 60).adopted
        store.leave(owner)

        assert [(entry.question, entry.tries) for entry in adopted] == [(q, tries) for q in questions]


def adopted_by(store: Journal, owner: str) -> tuple[Entry, ...]:
    """Return what `owner` adopts, whose lease is short."""
    return store.beat(Owner(owner), 0.2).adopted


def test_a_process_that_ends_in_good_order_is_none_that_died_with_its_questions(
    store: Journal, other: Journal
) -> None:
    """Whoever takes a question and never beats is dead to the others."""
    assert store.take(QUESTION, "Ev1", "A")
    deaths = []
    for owner, ends_well in (("B", True), ("C", False), ("D", True), ("E", False), ("F", True)):
        (entry,) = until(partial(adopted_by, other, owner))
        deaths.append(entry.deaths)
        if ends_well:
            store.leave(owner)

    assert deaths == [1, 1, 2, 2, 3]
    assert (entry.question, entry.tries) == (QUESTION, 6)


def test_an_answered_question_is_not_adopted(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.close(QUESTION.id, "A")
    store.note(QUESTION.id, "A", PLACE, NOTED)

    assert other.beat(Owner("B"), 60) == Beat()


def test_who_lost_a_question_can_neither_note_nor_close_it(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    other.beat(Owner("B"), 60)
    store.note(QUESTION.id, "A", PLACE, NOTED)
    store.close(QUESTION.id, "A")
    other.leave("B")

    (entry,) = other.beat(Owner("C"), 60).adopted
    assert (entry.place, entry.noted) == (None, Noted())


def test_an_owner_hears_that_a_question_is_to_be_stopped_until_it_is_closed(
    store: Journal, other: Journal
) -> None:
    store.beat(Owner("A"), 60)
    store.take(QUESTION, "", "A")
    other.stop(QUESTION.id)
    other.stop("T1/C1/never taken")
    assert [store.beat(Owner("A"), 60).stopped for _ in range(2)] == [{QUESTION.id}, {QUESTION.id}]
    assert other.beat(Owner("B"), 60).stopped == frozenset()

    store.leave("A")
    assert other.beat(Owner("B"), 60).stopped == {QUESTION.id}
    other.close(QUESTION.id, "B")
    other.stop(QUESTION.id)
    assert other.beat(Owner("B"), 60).stopped == frozenset()


def test_a_note_of_what_was_never_taken_is_none(store: Journal) -> None:
    store.note(QUESTION.id, "A", PLACE, NOTED)
    store.close(QUESTION.id, "A")

    assert store.take(QUESTION, "Ev1", "A")
    assert store.beat(Owner("B"), 60).adopted[0].noted == Noted()


def test_a_question_that_has_more_to_say_is_adopted_with_it_and_its_line_is_not(
    store: Journal, other: Journal
) -> None:
    whole = replace(QUESTION, text="왜?\n언제?", lines=("2.0",))
    for question in (QUESTION, asked(2)):
        store.take(question, "", "A")
    store.join(whole, asked(2).id, "A")

    assert [entry.question for entry in other.beat(Owner("B"), 9).adopted] == [whole]
    assert not other.take(asked(2), "", "B")


def test_who_lost_a_question_can_add_no_line_to_it(store: Journal, other: Journal) -> None:
    for question in (QUESTION, asked(2)):
        store.take(question, "", "A")
    other.beat(Owner("B"), 9)
    store.join(replace(QUESTION, text="another"), asked(2).id, "A")

    other.leave("B")

    assert [entry.question for entry in store.beat(Owner("C"), 9).adopted] == [QUESTION, asked(2)]


def test_of_many_that_beat_at_once_exactly_one_adopts_a_question(shelf: Shelf) -> None:
    stores = [shelf.journal() for _ in range(8)]
    questions = [asked(number) for number in range(30)]
    for question in questions:
        stores[0].take(question, "", "gone")
    beats = at_once([partial(store.beat, Owner(f"P{n}"), 60) for n, store in enumerate(stores)])

    adopted = [entry.question for beat in beats for entry in beat.adopted]
    assert sorted(adopted, key=repr) == sorted(questions, key=repr)


@pytest.mark.parametrize("text", ["{", "[]", "7", '"text"', "{}", '{"files": 1}', "\xff\xfe"])
def test_a_question_that_nobody_can_read_is_closed_and_the_others_go_on(
    shelf: Shelf, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = shelf.journal()
    for number in (1, 2, 3):
        store.take(asked(number), "", "A")
    shelf.spoil("question", asked(2).id, text)
    beat = store.beat(Owner("B"), 60)
    store.leave("B")

    assert {entry.question for entry in beat.adopted} == {asked(1), asked(3)}
    assert beat.owned == {asked(1).id, asked(3).id}
    assert [record.message for record in caplog.records] == ["entry.unreadable"]
    assert len(store.beat(Owner("C"), 60).adopted) == 2
    assert not store.take(asked(2), "", "C")


TEXTS = st.text(max_size=40)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # a store takes many questions
@given(
    st.builds(
        Question,
        TEXTS,
        TEXTS,
        TEXTS,
        TEXTS,
        st.none() | TEXTS,
        files=st.tuples(st.builds(SharedFile, TEXTS, TEXTS)),
    ),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
)
def test_what_is_written_is_what_is_read(shelf: Shelf, question: Question, messages: dict[str, str]) -> None:
    store = shelf.journal()
    taken = store.take(question, "", "A")
    noted = Noted({key: Standing(ts, key) for key, ts in messages.items()})
    store.note(question.id, "A", PLACE, noted)
    adopted = store.beat(Owner("B"), 60).adopted
    store.close(question.id, "B")
    store.leave("B")

    assert [(entry.question, entry.noted) for entry in adopted] == [(question, noted)] * taken


# Who writes to Slack


def test_a_call_is_counted_for_whoever_owns_its_question_alone(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    call = Charge(EDIT, "C1", entry_id=QUESTION.id, noted=NOTED)
    assert store.spend("A", call).hold is Hold.OURS

    other.beat(Owner("B"), 60)  # A has no lease
    assert store.spend("A", call).hold is Hold.TAKEN
    other.close(QUESTION.id, "B")
    assert store.spend("A", call).hold is Hold.TAKEN
    assert other.spend("B", Charge(EDIT, "C1", entry_id="T1/C1/9.0")).hold is Hold.MISSING
    assert other.beat(Owner("C"), 60).others.calls == {EDIT: 2}


def test_what_a_call_is_about_to_change_is_written_down_with_it(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.spend("A", Charge(POST, "C1", entry_id=QUESTION.id, noted=Noted({}, "answer"), place=PLACE))
    store.spend("A", Charge(POST, "C1", entry_id=QUESTION.id, noted=Noted({}, "answer")))
    (entry,) = other.beat(Owner("B"), 60).adopted
    assert (entry.noted, entry.place) == (Noted({}, "answer"), PLACE)

    other.note(QUESTION.id, "B", PLACE, replace(NOTED, intent="answer"))
    other.leave("B")
    assert store.beat(Owner("A"), 60).adopted[0].noted == NOTED


def test_a_note_does_not_hide_that_another_call_is_under_way(store: Journal, other: Journal) -> None:
    store.take(QUESTION, "Ev1", "A")
    store.spend("A", Charge(POST, "C1", entry_id=QUESTION.id, noted=Noted(ANSWERED, "answer/1")))
    store.note(QUESTION.id, "A", PLACE, Noted({}, "answer"))

    assert other.beat(Owner("B"), 60).adopted[0].noted == Noted(ANSWERED, "answer/1")


def test_after_a_time_in_which_nobody_beat_nobody_adopts_for_a_lease(shelf: Shelf) -> None:
    """All leases have run out meanwhile, also those of processes that are well."""
    one, other = shelf.journal(), shelf.journal()
    one.beat(Owner("A"), 0.3)
    one.take(QUESTION, "Ev1", "A")
    time.sleep(0.5)

    begun = time.monotonic()
    assert other.beat(Owner("B"), 0.3).adopted == ()
    until(lambda: other.beat(Owner("B"), 0.3).adopted)
    assert time.monotonic() - begun >= 0.25


# Processes know of each other


def test_processes_describe_themselves(store: Journal, other: Journal) -> None:
    ours, theirs = Owner("A", "one", "ready", 3), Owner("B", "two", "stopping", 0)
    store.beat(ours, 60)
    store.beat(Owner("B"), 60)
    other.beat(theirs, 60)

    assert store.owners() == [ours, theirs]
    store.leave("A")
    assert store.owners() == [theirs]


def test_a_process_whose_lease_runs_out_is_gone(store: Journal) -> None:
    store.beat(Owner("A", reserved=5), 0.1)

    until(lambda: store.owners() == [])
    assert store.beat(Owner("B"), 60) == Beat()


def test_a_process_hears_what_the_others_spend_and_still_need(store: Journal, other: Journal) -> None:
    for owner, kind in (("A", EDIT), ("A", EDIT), ("A", POST), ("gone", EDIT), ("B", POST), ("B", EDIT)):
        assert store.spend(owner, Charge(kind, "C1")).wait == 0
    store.beat(Owner("A", reserved=2), 60)
    store.beat(Owner("C", reserved=3), 60)

    assert other.beat(Owner("B", reserved=7), 60).others == Spent({EDIT: 3, POST: 1}, reserved=5)
    assert other.beat(Owner("A", reserved=2), 60).others == Spent({EDIT: 2, POST: 1}, reserved=10)


# One budget for all


def test_all_processes_together_spend_what_slack_takes(shelf: Shelf) -> None:
    stores = [shelf.journal(Allowance(edits_per_minute=3)) for _ in range(2)]
    waits = [stores[turn % 2].spend(f"P{turn}", Charge(EDIT, "C1")).wait for turn in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(60 < wait <= 61 for wait in waits[3:])
    assert stores[0].spend("A", Charge(POST, "C1")).wait == 0


def test_an_edit_leaves_as_many_as_are_kept(shelf: Shelf) -> None:
    store = shelf.journal(Allowance(edits_per_minute=4))

    charges = [Charge(EDIT, "C1", keep, is_spare=True) for keep in (4, 3, 3, 2, 2, 1, 1, 0, 0)]

    assert [store.spend("A", charge).wait > 0 for charge in charges] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_what_is_spare_leaves_what_others_have_reserved(store: Journal, other: Journal) -> None:
    """They tell with each call and each beat how many that are."""
    edits = int(ALLOWANCE.edits_per_minute)
    store.beat(Owner("A"), 60)
    other.beat(Owner("B", reserved=edits), 60)
    assert store.spend("A", Charge(EDIT, "C1", is_spare=True)).wait > 0
    assert store.spend("A", Charge(EDIT, "C1")).wait == 0  # last words

    other.spend("B", Charge(POST, "C1", reserved=edits - 3))
    assert store.spend("A", Charge(EDIT, "C1", is_spare=True)).wait == 0
    assert store.spend("A", Charge(POST, "C1", reserved=2, is_spare=True)).wait > 0
    assert store.spend("A", Charge(POST, "C1", reserved=1, is_spare=True)).wait == 0
    assert other.beat(Owner("B"), 60).others.reserved == 1


def test_one_that_keeps_more_waits_until_more_calls_are_over(shelf: Shelf) -> None:
    store = shelf.journal(Allowance(edits_per_minute=2))
    store.spend("A", Charge(EDIT, "C1"))
    time.sleep(0.05)
    store.spend("A", Charge(EDIT, "C1"))

    spare, needed = Charge(EDIT, "C1", 1, is_spare=True), Charge(EDIT, "C1")
    assert store.spend("A", spare).wait - store.spend("A", needed).wait > 0.04
    assert 60 < store.spend("A", Charge(EDIT, "C1", 100, is_spare=True)).wait <= 61


def test_posts_of_all_channels_count_together(shelf: Shelf) -> None:
    store = shelf.journal(Allowance(posts_per_minute=2))

    assert [store.spend("A", Charge(POST, channel, 9)).wait > 0 for channel in ("C1", "C2", "C3")] == [
        False,
        False,
        True,
    ]
    assert store.spend("A", Charge(EDIT, "C1")).wait == 0


def test_each_call_of_slacks_own_streaming_has_a_budget_and_a_start_is_a_new_message_too(
    shelf: Shelf,
) -> None:
    allowance = Allowance(
        per_second=1.0, burst=4, starts_per_minute=3, appends_per_minute=2, stops_per_minute=1
    )
    store = shelf.journal(allowance)
    kinds = (CallKind.APPEND, CallKind.APPEND, CallKind.STOP, CallKind.START, CallKind.START, CallKind.START)
    assert [store.spend("A", Charge(kind, "C1")).wait for kind in kinds] == [0] * 6

    for kind in (CallKind.APPEND, CallKind.STOP, CallKind.START):
        assert store.spend("A", Charge(kind, "C2")).wait > 50
    assert store.spend("A", Charge(POST, "C1")).wait == 0
    assert 0 < store.spend("A", Charge(POST, "C1")).wait <= 1
    assert store.beat(Owner("B"), 60).others.calls[CallKind.START] == 3


def test_a_channel_takes_a_burst_and_then_one_after_the_other(shelf: Shelf) -> None:
    stores = [shelf.journal(Allowance(per_second=5.0, burst=3)) for _ in range(2)]
    begun = time.monotonic()
    waits = [stores[turn % 2].spend("A", Charge(POST, "C1")).wait for turn in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert 0 < waits[3] <= 0.2
    assert stores[0].spend("A", Charge(POST, "C2")).wait == 0
    until(lambda: stores[0].spend("A", Charge(POST, "C1")).wait == 0)
    until(lambda: stores[1].spend("A", Charge(POST, "C1")).wait == 0)
    assert time.monotonic() - begun >= 0.39


def test_what_is_refused_is_not_counted(shelf: Shelf) -> None:
    store = shelf.journal(Allowance(posts_per_minute=3, per_second=1.0, burst=1))
    waits = [store.spend("A", Charge(POST, channel)).wait for channel in ("C1", "C1", "C1", "C2", "C3", "C4")]

    assert [wait > 0 for wait in waits] == [False, True, True, False, False, True]
    assert waits[2] <= 1
    assert store.beat(Owner("B"), 60).others == Spent({POST: 3})


def test_what_leaves_the_window_can_be_spent_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "WINDOW_SECONDS", 0.2)
    store = shelf.journal(Allowance(edits_per_minute=1))
    begun = time.monotonic()
    store.spend("A", Charge(EDIT, "C1"))

    assert 0 < store.spend("B", Charge(EDIT, "C1")).wait <= 0.2
    until(lambda: store.spend("B", Charge(EDIT, "C1")).wait == 0)
    assert time.monotonic() - begun >= 0.19
    until(lambda: store.beat(Owner("A"), 60).others == Spent())


def test_unlimited_means_unlimited(shelf: Shelf) -> None:
    store = shelf.journal(UNLIMITED)

    assert not any(
        store.spend("A", Charge(kind, "C1", 10, is_spare=True)).wait
        for kind in (EDIT, POST)
        for _ in range(50)
    )
    assert store.beat(Owner("B"), 60).others == Spent({EDIT: 50, POST: 50})


def test_many_that_spend_at_once_never_spend_more_than_there_is(shelf: Shelf) -> None:
    stores = [shelf.journal(Allowance(edits_per_minute=30)) for _ in range(2)]

    def spend(store: Journal) -> int:
        return sum(store.spend("A", Charge(EDIT, "C1")).wait == 0 for _ in range(5))

    assert sum(at_once([partial(spend, stores[turn % 2]) for turn in range(20)])) == 30


# SQLite


def in_file(
    path: Path, allowance: Allowance = ALLOWANCE, clock: Callable[[], float] = time.time
) -> SqliteJournal:
    return SqliteJournal(SqliteDatabase(str(path), clock), allowance)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.5, 1.0, 4.0, 25.5, 61.0]), st.booleans()), max_size=40)
)
def test_slack_takes_all_that_two_processes_may_spend(steps: list[tuple[float, bool]]) -> None:
    """Even if it counts a call a second after it was spent."""
    allowance = Allowance(edits_per_minute=3, posts_per_minute=4, per_second=0.25, burst=2)
    meters = Meter(Limits(3, 4, 0.25, 2)), Meter(Limits(3, 4, 0.25, 2))
    now = 0.0
    with tempfile.TemporaryDirectory() as folder:
        stores = [in_file(Path(folder) / "bot.db", allowance, lambda: now) for _ in range(2)]
        for turn, (pause, is_post) in enumerate(steps):
            now += pause
            wait = stores[turn % 2].spend("A", Charge(POST if is_post else EDIT, "C1")).wait
            if wait:
                now += wait
                assert stores[turn % 2].spend("A", Charge(POST if is_post else EDIT, "C1")).wait == 0
            method = "chat.postMessage" if is_post else "chat.update"
            assert meters[0].take(method, "C1", now) == 0
            assert is_post or meters[1].take(method, "C1", now + turn % 2) == 0


def test_what_is_older_than_a_day_leaves_the_file(tmp_path: Path) -> None:
    now, path = 0.0, tmp_path / "bot.db"
    store = in_file(path, clock=lambda: now)
    store.take(asked(1), "Ev1", "A")
    store.take(asked(2), "Ev2", "A")
    store.close(asked(2).id, "A")
    store.spend("A", Charge(POST, "C1"))
    now = REMEMBERED_SECONDS
    assert store.beat(Owner("B"), 60).adopted == (Entry(asked(1), REMEMBERED_SECONDS, 2, deaths=1),)
    now += 61

    assert store.beat(Owner("C"), 60) == Beat()
    with closing(sqlite3.connect(path)) as db:
        for table in ("questions", "events", "calls", "channels"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


def test_a_closed_question_keeps_nothing_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store = in_file(path, clock=lambda: 7.0)
    store.take(QUESTION, "Ev1", "A")
    store.note(QUESTION.id, "A", PLACE, NOTED)
    store.close(QUESTION.id, "A")

    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT * FROM questions").fetchall() == [(QUESTION.id, 7.0, *[None] * 8, 0)]


def test_what_was_said_leaves_the_bytes_of_the_file_and_its_log(tmp_path: Path) -> None:
    now = [7.0]
    store = in_file(tmp_path / "bot.db", clock=lambda: now[0])
    question = replace(QUESTION, text="needle " * 5_000)  # on pages of its own, which become free
    store.take(question, "Ev1", "A")
    assert b"needle" in all_bytes(tmp_path)
    store.close(question.id, "A")
    now[0] += 60.0
    assert works(store)

    assert b"needle" not in all_bytes(tmp_path)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("bot.db*"))


@pytest.mark.parametrize("had", [None, 0o644, 0o666])
def test_the_file_and_what_sqlite_writes_beside_it_are_their_owners_alone(
    tmp_path: Path, had: int | None
) -> None:
    """From the first moment: a new file is opened so, whatever the umask is."""
    path = tmp_path / "bot.db"
    older, store = in_file(path), in_file(path)
    if had:
        assert works(older)
        for each in tmp_path.iterdir():
            each.chmod(had)
    assert works(store)

    assert {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == dict.fromkeys(
        ("bot.db", "bot.db-wal", "bot.db-shm"), 0o600
    )


def test_a_new_file_is_never_open_to_others(tmp_path: Path) -> None:
    """Not even before SQLite writes to it: whoever opened it then could read it for good."""
    seen: list[int] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "sqlite3.connect" and str(arguments[0]).startswith(str(tmp_path)):
            seen.append(Path(str(arguments[0])).stat().st_mode & 0o777)

    sys.addaudithook(note)
    assert works(in_file(tmp_path / "bot.db"))

    assert set(seen) == {0o600}


def test_a_file_that_another_holds_is_not_waited_for_long(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    store, late = in_file(path), in_file(path)
    assert works(store)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        errors = at_once([partial(error_of, each) for each in (store, store, store, store, late)])
        assert time.monotonic() - begun < 2.5

    assert all("bot.db" in error for error in errors)
    assert "locked" in errors[-1]
    assert sum("locked" in error for error in errors[:-1]) == 1  # the others that waited fail with it
    assert works(store)
    assert works(late)


def test_no_thread_gives_up_because_many_are_before_it(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "bot.db"))

    def take_a_while() -> bool:
        with database.transaction():
            time.sleep(0.1)
        return True

    assert all(at_once([take_a_while] * 30))  # of whom the last has waited for three seconds


def test_a_thread_that_is_stuck_in_the_file_is_not_waited_for_long(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "bot.db"))
    with database.transaction():
        (error,) = at_once([partial(error_of, SqliteJournal(database, ALLOWANCE))])

    assert "stuck" in error


def error_of(store: Journal) -> str:
    with pytest.raises(StoreError) as caught:
        store.take(QUESTION, "Ev1", "A")
    return str(caught.value)


def handicap(monkeypatch: pytest.MonkeyPatch, pragma: str) -> None:
    """Let every connection to SQLite begin with `pragma`."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def handicapped(*args: Any, **options: Any) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.execute(pragma)
        return db

    monkeypatch.setattr(sqlite3, "connect", handicapped)


@pytest.mark.parametrize(
    ("pragma", "saying"),
    [("PRAGMA query_only = ON", "readonly"), ("PRAGMA max_page_count = 1", "disk is full")],
)
def test_a_file_that_cannot_be_written_is_used_again_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str, saying: str
) -> None:
    """Such as one on a full disk. What was to be written is not written in part."""
    works(in_file(tmp_path / "bot.db"))
    store = in_file(tmp_path / "bot.db")
    long = replace(QUESTION, text="why? " * 10_000)
    with monkeypatch.context() as handicapped:
        handicap(handicapped, pragma)
        with fails(saying):
            store.take(long, "Ev1", "A")

    assert store.take(long, "Ev1", "A")


def test_a_new_file_on_a_full_disk_is_made_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = in_file(tmp_path / "bot.db")
    with monkeypatch.context() as handicapped:
        handicap(handicapped, "PRAGMA max_page_count = 4")
        with fails("disk is full"):
            works(store)

    assert works(store)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_text("Dear diary, " * 1000)
    store = in_file(path)
    with fails("bot.db: file is not a database"):
        works(store)

    assert path.read_text() == "Dear diary, " * 1000
    path.unlink()
    assert works(store)


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    store = in_file(tmp_path / "none" / "bot.db")
    with fails("none/bot.db: unable to open"):
        works(store)

    (tmp_path / "none").mkdir()
    assert works(store)


def test_a_folder_that_disappears_is_missed(tmp_path: Path) -> None:
    """What is written into a deleted file would be gone without a sign."""
    folder = tmp_path / "data"
    folder.mkdir()
    store = in_file(folder / "bot.db")
    assert works(store)
    shutil.rmtree(folder)
    with fails("unable to open"):
        works(store)

    folder.mkdir()
    assert store.take(QUESTION, "Ev1", "A")


@pytest.mark.parametrize("done", range(len(MIGRATIONS)))
def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path: Path, done: int) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as db:
        for statement in MIGRATIONS[:done]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {done}")
    store = in_file(path)

    assert store.take(QUESTION, "Ev1", "A")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    with fails("newer version"):
        works(in_file(path))


def test_processes_that_make_the_file_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(5):
        stores = [in_file(tmp_path / f"{number}.db") for _ in range(6)]

        takes = [partial(store.take, QUESTION, "", f"P{n}") for n, store in enumerate(stores)]

        assert sorted(at_once(takes)) == [*[False] * 5, True]


# Redis


def in_redis(url: str, prefix: str = "duet:") -> RedisJournal:
    return RedisJournal(RedisConnection(url, prefix), ALLOWANCE)


def test_nothing_stays_in_redis_for_ever(redis_url: str) -> None:
    store = in_redis(redis_url, "ttl:")
    store.beat(Owner("A"), 60)
    for number in (1, 2):
        store.take(asked(number), f"Ev{number}", "A")
        store.note(asked(number).id, "A", PLACE, NOTED)
    store.close(asked(1).id, "A")
    store.spend("A", Charge(EDIT, "C1"))
    store.spend("A", Charge(POST, "C1"))
    store.beat(Owner("A"), 60)

    with Redis.from_url(redis_url, decode_responses=True) as redis:
        lives = {key: redis.pttl(key) / 1000 for key in redis.keys("ttl:*")}
        assert set(redis.hgetall(f"ttl:question:{asked(1).id}")) == {"taken_at"}
    memories = {key: life for key, life in lives.items() if life > 61}
    assert all(0 < life <= REMEMBERED_SECONDS for life in lives.values())
    assert all(life > REMEMBERED_SECONDS - 60 for life in memories.values())
    assert {key.split(":")[1] for key in memories} == {"question", "event", "open", "owners", "beaten_at"}
    assert {key.split(":")[1] for key in lives.keys() - memories} == {"owner", "calls", "channel"}


def test_stores_with_different_prefixes_share_nothing(redis_url: str) -> None:
    assert in_redis(redis_url, "one:").take(QUESTION, "Ev1", "A")
    assert in_redis(redis_url, "two:").take(QUESTION, "Ev1", "A")


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """At once, whether or not anybody noticed that it was gone."""
    port = free_port()
    store = in_redis(f"redis://:{SECRET}@127.0.0.1:{port}")
    for _ in range(2):
        with fails("refused|closed"):
            works(store)
        for _ in range(2):
            with redis_server(tmp_path, port, "--requirepass", SECRET):
                assert store.take(QUESTION, "Ev1", "A")


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """The Redis at `url` hangs until the block is left; then it does what it was told meanwhile."""
    with Redis.from_url(url) as redis:
        process = redis.info("server")["process_id"]
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)
        until(redis.ping)


def test_a_server_that_hangs_is_given_up_and_what_it_adopted_is_told_again(redis_url: str) -> None:
    store = in_redis(redis_url, "hung:")
    store.take(QUESTION, "Ev1", "A")
    assert works(store)
    with stopped(redis_url), fails("Timeout", within=2.5):
        store.beat(Owner("B"), 60)

    (entry,) = store.beat(Owner("B"), 60).adopted
    assert (entry.question, entry.tries, entry.deaths) == (QUESTION, 2, 1)
    assert store.beat(Owner("B"), 60) == Beat(owned=frozenset({QUESTION.id}))


def test_a_refused_password_is_not_told(tmp_path: Path) -> None:
    with redis_server(tmp_path, 0, "--requirepass", "another") as url:
        port = urlsplit(url).port
        for who in (f":{SECRET}@", f"duet:{SECRET}@"):
            with fails("WRONGPASS|invalid"):
                works(in_redis(f"redis://{who}127.0.0.1:{port}"))
        with fails("Authentication required"):
            works(in_redis(url))
        with fails("Timeout"):  # it speaks no TLS
            works(in_redis(f"rediss://:{SECRET}@127.0.0.1:{port}"))


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@localhost",
        f"redis://user:{SECRET}/more@localhost",
        f"redis://:{SECRET}@localhost:port",
        f"redis://:{SECRET}@localhost?db=first",
        f"redis://:{SECRET}@localhost?pasword={SECRET}",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with fails("address"):
        in_redis(url)
