"""The journal with a store that fails, and with one that works again."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import pytest

from bot.core.errors import OverBudget, StoreError, TakenOver
from bot.core.journal import Beat, CallKind, Charge, Entry, Grant, Hold, Noted, Owner, Spent
from bot.core.message import Standing
from bot.core.question import Place, Question
from bot.engine.backlog import Backlog, Rank
from bot.engine.journal import LEASE_SECONDS, Journal

QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
OTHER = Question("T1", "C1", "U1", "Why?", ts="2.0")
PLACE = Place("C1", "1.0")
EDIT, POST = (Charge(kind, "C1") for kind in (CallKind.EDIT, CallKind.POST))


class Recorder:
    """A store that keeps what it is told, and fails while it is `broken`."""

    def __init__(self) -> None:
        self.broken = False
        self.wait, self.hold = 0.0, Hold.OURS
        self.owned: frozenset[str] = frozenset()
        self.others: set[str] = set()  # questions that another process took
        self.adopted: tuple[Entry, ...] = ()
        self.peers = 0
        self.may_leave = threading.Event()
        self.may_leave.set()
        self.told: list[tuple[object, ...]] = []

    def _tell(self, *told: object) -> None:
        if self.broken:
            raise StoreError("disk full")
        self.told.append(told)

    def take(self, question: Question, event_id: str, owner: str) -> bool:
        self._tell("take", question.id, event_id)
        return question.id not in self.others

    def note(self, entry_id: str, owner: str, place: Place, noted: Noted) -> None:
        self._tell("note", entry_id, dict(noted.messages))

    def close(self, entry_id: str, owner: str) -> None:
        self._tell("close", entry_id)

    def drop(self, entry_id: str, owner: str) -> None:
        self._tell("drop", entry_id)

    def join(self, question: Question, line_id: str, owner: str) -> None:
        self._tell("join", question.id, line_id)

    def stop(self, entry_id: str) -> None:
        self._tell("stop", entry_id)

    def beat(self, owner: Owner, lease_seconds: float) -> Beat:
        self._tell("beat", owner.state, owner.reserved)
        return Beat(self.adopted, self.owned, others=Spent({CallKind.EDIT: 3}), peers=self.peers)

    def leave(self, owner_id: str) -> None:
        self.may_leave.wait(5.0)
        self._tell("leave")

    def spend(self, owner_id: str, charge: Charge) -> Grant:
        self._tell("spend", charge)
        return Grant(self.wait, self.hold)


@pytest.fixture
def store() -> Recorder:
    store = Recorder()
    store.others.add(OTHER.id)
    return store


@pytest.fixture
def journal(store: Recorder) -> Journal:
    return Journal(store, "here/1", "here", clock=lambda: 0.0)


def beat(journal: Journal, store: Recorder) -> list[Beat]:
    """Let it beat once, and wait until that, and all that was to be written before, is done."""
    heard: list[Beat] = []
    journal.beat("connected", 2, heard.append)
    for lane in (journal._beating, journal._writing):  # noqa: SLF001 - the ends of the lines
        lane.submit(lambda: None).result(5.0)
    return heard


def test_a_question_is_taken_once_and_not_if_another_process_took_it(journal: Journal) -> None:
    assert journal.take(QUESTION, "Ev1")
    assert not journal.take(QUESTION, "Ev2")
    assert not journal.take(OTHER, "Ev3")
    assert not journal.holds(OTHER.id)


def test_what_is_dropped_can_be_taken_again(journal: Journal, store: Recorder) -> None:
    journal.take(QUESTION, "Ev1")
    journal.drop(QUESTION.id)
    assert not journal.holds(QUESTION.id)
    journal.leave(5.0)

    assert store.told[-2:] == [("drop", QUESTION.id), ("leave",)]
    assert journal.take(QUESTION, "Ev2")


def test_what_is_written_is_written_in_order_and_the_lease_ends_last(
    journal: Journal, store: Recorder
) -> None:
    messages = {"C1/9.0/answer/0": Standing("3.0", "Be")}
    journal.note(replace(QUESTION, ts="9.0"), PLACE, Noted(messages))  # closing it would drop that
    journal.close(QUESTION.id, OTHER.id)
    journal.stop("T1/C1/3.0")
    journal.leave(5.0)

    assert store.told == [
        ("note", "T1/C1/9.0", messages),
        ("close", "T1/C1/1.0"),
        ("close", "T1/C1/2.0"),
        ("stop", "T1/C1/3.0"),
        ("leave",),
    ]


def test_a_beat_tells_of_this_process_and_what_it_told_is_heard(journal: Journal, store: Recorder) -> None:
    assert beat(journal, store) == [Beat(others=Spent({CallKind.EDIT: 3}))]
    assert store.told == [("beat", "connected", 2)]


def test_what_a_beat_adopts_it_holds(journal: Journal, store: Recorder) -> None:
    store.adopted, store.owned = (Entry(OTHER),), frozenset({OTHER.id})
    beat(journal, store)

    assert journal.holds(OTHER.id)


def test_only_what_another_has_is_taken_and_what_the_store_forgot_is_written_again(
    journal: Journal, store: Recorder
) -> None:
    journal.take(QUESTION, "Ev1")
    store.others = {OTHER.id}
    store.adopted, store.owned = (Entry(OTHER),), frozenset({QUESTION.id, OTHER.id})
    beat(journal, store)
    store.adopted, store.owned = (), frozenset()
    (after,) = beat(journal, store)

    assert after.taken == {OTHER.id}  # of which the store says that it is another's
    asked = {each for each in store.told if each[0] == "take"} - {("take", QUESTION.id, "Ev1")}
    assert asked == {("take", QUESTION.id, ""), ("take", OTHER.id, "")}
    assert journal.holds(QUESTION.id)


def test_a_call_for_what_another_answers_is_not_made(journal: Journal, store: Recorder) -> None:
    journal.take(QUESTION, "Ev1")
    store.hold = Hold.TAKEN

    with pytest.raises(TakenOver):
        journal.spend(Charge(CallKind.EDIT, "C1", entry_id=QUESTION.id))


def test_what_was_allowed_before_a_pause_is_asked_again_after_it(store: Recorder) -> None:
    """Another has adopted the question while this process was paused as it waited for the store."""
    now = [0.0]
    journal = Journal(store, "here/1", "here", clock=lambda: now[0])
    journal.take(QUESTION, "Ev1")
    store.peers, store.owned = 1, frozenset({QUESTION.id})
    beat(journal, store)
    allowed = store.spend

    def spend(owner_id: str, charge: Charge) -> Grant:
        now[0] += LEASE_SECONDS + 1.0
        return allowed(owner_id, charge)

    store.spend = spend  # type: ignore[method-assign]
    with pytest.raises(OverBudget):
        journal.spend(Charge(CallKind.EDIT, "C1", entry_id=QUESTION.id))


@pytest.mark.parametrize("store_works", [True, False])
def test_who_had_no_beat_for_a_lease_writes_nothing_that_others_may_write(
    store: Recorder, *, store_works: bool
) -> None:
    now = [0.0]
    journal = Journal(store, "here/1", "here", clock=lambda: now[0])
    journal.take(QUESTION, "Ev1")
    store.peers, store.owned = 1, frozenset({QUESTION.id})
    beat(journal, store)
    ours, edit = Charge(CallKind.EDIT, "C1", entry_id=QUESTION.id), Charge(CallKind.EDIT, "C1")
    journal.spend(ours)
    store.broken = not store_works
    now[0] = LEASE_SECONDS + 1.0

    with pytest.raises(OverBudget):
        journal.spend(ours)
    journal.spend(edit)  # of a question that nobody else can know
    store.broken = False
    beat(journal, store)
    journal.spend(ours)


def test_alone_and_without_a_store_it_goes_on(store: Recorder) -> None:
    now = [0.0]
    journal = Journal(store, "here/1", "here", clock=lambda: now[0])
    journal.take(QUESTION, "Ev1")
    store.broken = True
    beat(journal, store)
    now[0] = LEASE_SECONDS + 1.0

    journal.spend(Charge(CallKind.POST, "C1", entry_id=QUESTION.id))


def test_where_others_may_take_over_nothing_is_posted_that_they_would_not_know_of(store: Recorder) -> None:
    journal = Journal(store, "here/1", "here", clock=lambda: 0.0)
    journal.take(QUESTION, "Ev1")
    store.peers, store.owned = 1, frozenset({QUESTION.id})
    beat(journal, store)
    store.broken = True

    with pytest.raises(OverBudget):
        journal.spend(Charge(CallKind.POST, "C1", entry_id=QUESTION.id))
    journal.spend(Charge(CallKind.EDIT, "C1", entry_id=QUESTION.id))


@pytest.mark.parametrize("is_slow", [False, True])
def test_what_was_not_written_in_time_at_the_end_is_said(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture, *, is_slow: bool
) -> None:
    if is_slow:
        store.may_leave.clear()
    journal.leave(0.0 if is_slow else 5.0)
    store.may_leave.set()

    assert caplog.messages == ["journal.unfinished"] * is_slow


def test_a_call_for_which_there_is_no_room_is_over_budget(journal: Journal, store: Recorder) -> None:
    journal.spend(EDIT)
    store.wait = 2.5
    with pytest.raises(OverBudget) as refused:
        journal.spend(EDIT)

    assert refused.value.retry_after == 2.5


def test_without_a_store_questions_are_taken_all_the_same_and_still_once(
    journal: Journal, store: Recorder
) -> None:
    store.broken = True

    assert journal.take(QUESTION, "Ev1")
    assert not journal.take(QUESTION, "Ev1")
    journal.spend(POST)
    assert not journal.works


def test_a_store_that_fails_is_said_once_and_left_alone_until_a_beat_finds_it_working(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    store.broken = True
    journal.spend(EDIT)
    assert beat(journal, store) == []
    store.broken = False
    journal.spend(POST)
    assert store.told == []

    for _ in range(2):
        beat(journal, store)
    journal.spend(POST)

    assert [told[0] for told in store.told if told[0] != "take"] == ["beat", "beat", "spend"]
    said = [(record.levelno, record.message) for record in caplog.records]
    assert said == [(logging.ERROR, "store.failed"), (logging.WARNING, "store.works_again")]
    assert vars(caplog.records[0])["error"] == "disk full"


def test_what_was_to_be_written_while_the_store_failed_is_written_in_order_when_it_works_again(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    store.broken = True
    assert journal.take(QUESTION, "Ev1")
    for text in ("Be", "Becau"):
        journal.note(QUESTION, PLACE, Noted({"C1/1.0/answer/0": Standing("3.0", text)}))
    journal.stop("T1/C1/3.0")
    journal.note(QUESTION, PLACE, Noted({"C1/1.0/answer/0": Standing("3.0", "Because.")}))
    beat(journal, store)
    store.broken = False
    beat(journal, store)

    assert store.told[1:] == [
        ("take", QUESTION.id, "Ev1"),
        ("note", QUESTION.id, {"C1/1.0/answer/0": Standing("3.0", "Because.")}),
        ("stop", "T1/C1/3.0"),
    ]
    assert vars(caplog.records[-1])["waiting"] == 3
    journal.leave(5.0)
    assert store.told[-1] == ("leave",)


def test_what_was_answered_meanwhile_leaves_nothing_but_that(journal: Journal, store: Recorder) -> None:
    store.broken = True
    journal.take(QUESTION, "Ev1")
    journal.note(QUESTION, PLACE, Noted({"C1/1.0/answer/0": Standing("3.0", "Because.")}))
    journal.close(QUESTION.id)
    store.broken = False
    beat(journal, store)

    assert store.told[1:] == [("take", QUESTION.id, "Ev1"), ("close", QUESTION.id)]
    assert not journal.holds(QUESTION.id)


def test_more_than_there_is_room_for_is_given_up_and_said(
    store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(store, "here/1", "here", clock=lambda: 0.0, backlog=Backlog(max_characters=10))
    store.broken = True
    journal.take(QUESTION, "Ev1")
    journal.note(QUESTION, PLACE, Noted({"C1/1.0/answer/0": Standing("3.0", "Because of that.")}))
    store.broken = False
    beat(journal, store)

    assert store.told[1:] == [("take", QUESTION.id, "Ev1")]
    assert "store.backlog_full" in caplog.messages
    assert vars(caplog.records[-1])["dropped"] == 1


def test_what_the_store_never_takes_keeps_the_rest_from_being_written_for_some_beats_only(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def refused() -> None:
        raise StoreError("string or blob too big")

    journal.write(refused, Rank.FIGURES)
    journal.close(QUESTION.id)
    for _ in range(20):
        beat(journal, store)

    assert ("close", QUESTION.id) in store.told
    assert "store.write_refused" in caplog.messages
    assert journal.works


def test_a_lease_is_renewed_while_a_write_takes_its_time(journal: Journal, store: Recorder) -> None:
    is_over = threading.Event()
    journal.write(lambda: is_over.wait(5.0), Rank.FIGURES)
    heard = threading.Event()
    journal.beat("connected", 2, lambda _beat: heard.set())

    assert heard.wait(4.0)
    is_over.set()
    journal.leave(5.0)


def test_of_beats_that_take_long_one_is_under_way(journal: Journal, store: Recorder) -> None:
    is_over, heard = threading.Event(), list[Beat]()

    def hear(beat: Beat) -> None:
        heard.append(beat)
        is_over.wait(5.0)

    for _ in range(5):
        journal.beat("connected", 2, hear)
    is_over.set()
    journal.leave(5.0)

    assert len(heard) == 1


def test_it_knows_what_it_holds_for_others_to_go_on_with(journal: Journal, store: Recorder) -> None:
    assert not journal.holds(QUESTION.id)
    journal.take(QUESTION, "Ev1")
    assert journal.holds(QUESTION.id)
    store.broken = True
    journal.spend(POST)
    assert not journal.holds(QUESTION.id)  # who takes over could not read it
    store.broken = False
    beat(journal, store)
    assert journal.holds(QUESTION.id)
    journal.close(QUESTION.id)
    assert not journal.holds(QUESTION.id)


def test_what_was_taken_without_a_store_is_held_once_it_works_again_unless_another_took_it(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    store.broken = True
    assert journal.take(QUESTION, "Ev1")
    assert journal.take(OTHER, "Ev2")
    assert not journal.holds(QUESTION.id)
    store.broken = False
    beat(journal, store)

    assert journal.holds(QUESTION.id)
    assert not journal.holds(OTHER.id)
    assert caplog.messages[-1] == "question.taken_by_another"


def test_a_mistake_in_what_is_written_is_logged_and_keeps_nothing_else_from_being_written(
    journal: Journal, store: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken() -> None:
        raise ZeroDivisionError

    journal.write(mistaken, Rank.FIGURES)
    journal.close(QUESTION.id)
    beat(journal, store)

    assert caplog.messages == ["work.crashed"]
    assert ("close", QUESTION.id) in store.told
