"""The directory of people and channels: read once for all, kept, and refreshed; in simulated time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import Access, Denial, Room
from bot.core.directory import encoded_channel, encoded_person, read_channel, read_person
from bot.core.errors import OverBudget, RateLimited, SetupFault, SlackError, StoreError, Unreachable
from bot.core.journal import CallKind
from bot.core.person import Person
from bot.core.question import Question
from bot.engine.gate import Gate
from tests.engine.directories import Directory, Process

ADA = Person("Ada", "en-GB")


@pytest.fixture
def slack() -> Directory:
    return Directory(users={f"U{number}": Person(f"P{number}", "en-GB") for number in range(2500)})


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def look(process: Process) -> None:
    """Let a process look once whether its lists are to be read."""
    process.users.reader.look()
    process.channels.reader.look()


FLAGS = (st.booleans(), st.booleans(), st.booleans())


@given(st.builds(Person, st.text(), st.text(), *FLAGS, st.text(), st.none() | st.integers(-50_000, 50_000)))
def test_a_person_is_read_as_it_was_written(person: Person) -> None:
    assert read_person(encoded_person(person)) == person


@given(st.builds(Room, st.booleans(), st.booleans(), st.text()))
def test_a_channel_is_read_as_it_was_written(channel: Room) -> None:
    assert read_channel(encoded_channel(channel)) == channel


def test_records_of_older_versions_are_read() -> None:
    assert read_person('["Ada","en-GB",1,0,0]') == Person("Ada", "en-GB", is_guest=True)
    assert read_channel("[1,0]") == Room(is_open=True)


def test_whoever_is_in_the_list_is_never_looked_up_alone(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    slack.rooms_there = {"C1": Room(is_open=True), "C2": Room(is_external=True)}
    look(process)

    assert process.users.lookup.get("U2499") == Person("P2499", "en-GB")
    assert process.channels.lookup.get("C2") == Room(is_external=True)
    assert slack.calls == ["users.list"] * 3 + ["users.conversations"]


def test_a_restart_knows_everybody_without_a_call(slack: Directory, tmp_path: Path) -> None:
    look(Process(slack, tmp_path))
    slack.calls.clear()
    again = Process(slack, tmp_path, "p2")
    look(again)

    assert all(again.users.lookup.known(user) for user in slack.users)
    assert not slack.calls


def test_of_several_processes_one_reads_the_list_and_the_others_the_store(
    slack: Directory, tmp_path: Path
) -> None:
    slack.page_size = 100
    other = Process(slack, tmp_path, "p2")
    first = Process(slack, tmp_path, "p1")
    first.users.changed = lambda: look(other)  # after each page
    look(first)
    look(other)

    assert other.users.lookup.known("U2499")
    assert slack.calls.count("users.list") == 25


def test_what_a_process_began_to_read_when_it_died_another_reads(slack: Directory, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    first, other = Process(slack, tmp_path, "p1"), Process(slack, tmp_path, "p2")
    first.users.changed = kill
    with pytest.raises(Killed):
        look(first)
    look(other)
    assert not other.users.lookup.known("U2499")
    slack.now += 121.0
    look(other)

    assert other.users.lookup.known("U2499")


def test_the_list_is_read_again_after_an_hour_and_the_deactivated_are_forgotten(
    slack: Directory, tmp_path: Path
) -> None:
    process = Process(slack, tmp_path)
    look(process)
    slack.now += 3_500.0
    look(process)
    assert slack.calls.count("users.list") == 3
    slack.deleted.add("U7")
    slack.users["U8"] = Person("P8", "en-GB", is_guest=True)
    slack.now += 200.0
    look(process)

    assert process.users.lookup.last("U7") is None
    assert process.store.find("user", "U7") is None
    known = process.users.lookup.known("U8")
    assert known
    assert known.is_guest


def test_fifty_thousand_people_are_read_within_slacks_limit_and_hold_up_nobody(
    slack: Directory, tmp_path: Path
) -> None:
    slack.users = {f"U{number}": ADA for number in range(50_000)}
    began = slack.now
    looked_up: list[Person] = []
    process = Process(slack, tmp_path)
    # Somebody at the end of the list asks while it is read.
    process.users.changed = lambda: looked_up.append(process.users.lookup.get("U49999"))
    look(process)

    assert not slack.refused
    assert looked_up[0] == ADA
    assert slack.calls.count("users.info") == 1
    assert slack.now - began < 240
    assert process.users.lookup.known("U0")  # of those that memory does not hold


@pytest.mark.parametrize("error", [RateLimited(30.0), Unreachable("internal_error")])
def test_a_page_that_is_not_had_is_waited_for(slack: Directory, tmp_path: Path, error: SlackError) -> None:
    def wait(seconds: float) -> bool:
        slack.broken.clear()
        return slack.wait(seconds)

    slack.broken["users.list"] = error
    process = Process(slack, tmp_path, wait=wait)
    look(process)

    assert process.users.lookup.known("U2499")


def test_a_list_that_slack_refuses_is_asked_for_again_after_a_while(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    slack.broken["users.list"] = SlackError("missing_scope", setup=SetupFault.PERMISSION)
    for _ in range(10):
        look(process)
        slack.now += 10.0
    assert slack.calls.count("users.list") == 1
    slack.broken.clear()
    slack.now += 300.0
    look(process)

    assert process.users.lookup.known("U2499")


def test_while_the_store_fails_the_list_is_kept_in_memory(
    slack: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(slack, tmp_path)

    def fail(*_: object) -> None:
        raise StoreError("full")

    for method in ("find", "keep", "forget", "lease"):
        monkeypatch.setattr(process.store, method, fail)
    look(process)
    look(process)

    assert process.users.lookup.known("U2499")
    assert slack.calls.count("users.list") == 3


def test_what_slack_tells_of_a_change_is_known_at_once_and_soon_by_other_processes(
    slack: Directory, tmp_path: Path
) -> None:
    process, other = Process(slack, tmp_path), Process(slack, tmp_path, "p2")
    look(process)
    assert other.users.lookup.known("U1") == Person("P1", "en-GB")
    process.users.heed("U1", Person("P1", "", is_guest=True))  # events need not tell the locale
    process.users.heed("U2", None)
    process.users.heed("U9999", Person("New", "ko-KR"))
    until(lambda: process.users.lookup.known("U9999") is not None)

    assert process.users.lookup.known("U1") == Person("P1", "en-GB", is_guest=True)
    assert process.users.lookup.last("U2") is None
    slack.now += 61.0
    assert other.users.lookup.known("U1") == Person("P1", "en-GB", is_guest=True)
    assert "users.info" not in slack.calls


def test_a_channel_that_is_shared_is_looked_up_anew(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    slack.rooms_there = {"C1": Room(is_open=True)}
    look(process)
    slack.rooms_there["C1"] = Room(is_open=True, is_external=True)
    process.channels.heed("C1")
    until(lambda: process.channels.lookup.known("C1") == Room(is_open=True, is_external=True))

    slack.broken["conversations.info"] = Unreachable("internal_error")
    process.channels.heed("C1")  # what is not known anew is not believed any more
    until(lambda: process.channels.lookup.last("C1") is None)


def test_a_channel_is_looked_up_only_for_who_may_ask(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    gate = Gate(Access(), process.users.lookup, process.channels.lookup)
    slack.users["USAM"] = Person("Sam", is_guest=True)
    slack.rooms_there = {"C1": Room()}

    assert gate.decide(Question("T1", "C1", "USAM", "why?", ts="1.0")) is Denial.PERSON
    assert slack.calls == ["users.info"]
    assert gate.decide(Question("T1", "C1", "U1", "why?", ts="2.0")) is None
    assert slack.calls == ["users.info", "users.info", "users.conversations"]


def test_many_channels_that_the_bot_just_joined_are_one_call(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    look(process)
    slack.calls.clear()
    slack.rooms_there = {f"C{number}": Room(is_open=True) for number in range(250)}

    assert all(process.channels.lookup.get(channel).is_open for channel in slack.rooms_there)
    assert slack.calls == ["users.conversations"]


def test_two_processes_together_stay_within_what_slack_lets_be_read(slack: Directory, tmp_path: Path) -> None:
    """Each of them alone would spend all of it."""
    one, other = Process(slack, tmp_path, "p1"), Process(slack, tmp_path, "p2")
    slack.rooms_there = {f"C{number}": Room() for number in range(2500)}
    slack.page_size = 10
    for number in range(1200):
        slack.now += 0.1
        for process, offset in ((one, 0), (other, 1200)):
            for lookup, name in ((process.users.lookup, "U"), (process.channels.lookup, "C")):
                with suppress(RateLimited):
                    lookup.get(f"{name}{number + offset}")

    assert not slack.refused
    assert slack.calls.count("users.info") > 170  # in two minutes; the room there is was used
    assert slack.calls.count("conversations.info") > 85


def test_a_429_pauses_its_kind_of_call_alone(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    slack.rooms_there["C1"] = Room()
    slack.broken["users.info"] = RateLimited(20.0)
    with pytest.raises(RateLimited):
        process.users.lookup.get("U1")
    slack.broken.clear()
    slack.now += 19.0
    for turn in (partial(process.budget.turn, CallKind.USER), process.users.name_turn):
        with pytest.raises(OverBudget), turn():
            pass
    assert process.channels.lookup.get("C1") == Room()
    slack.now += 1.1

    assert process.users.lookup.get("U1")
