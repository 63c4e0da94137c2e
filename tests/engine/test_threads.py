"""Threads are read within Slack's limits, and only as often as needed; in simulated time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from bot.core.conversation import Remark, Replies, Role
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.message import Standing
from bot.core.question import Place
from bot.engine.threads import Threads

PLACE = Place("C1", "1.0")


@dataclass
class Thread:
    """A thread in pages of two messages, and a clock that waiting moves."""

    remarks: list[Remark] = field(default_factory=list)
    now: float = 0.0
    calls: list[float] = field(default_factory=list)
    errors: list[SlackError] = field(default_factory=list)

    def replies(self, place: Place, since: str, cursor: str) -> Replies:
        self.calls.append(self.now)
        if self.errors:
            raise self.errors.pop(0)
        found = [remark for remark in self.remarks if remark.ts >= since]
        start = int(cursor or 0)
        standing = {f"C1/1.0/answer/{r.ts}": Standing(r.ts) for r in found if r.role is Role.ASSISTANT}
        more = start + 2 < len(found)
        return Replies(tuple(found[start : start + 2]), standing, str(start + 2) if more else "")

    def between(self, channel: str, first: str, last: str) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if first <= remark.ts <= last)

    def wait(self, seconds: float) -> bool:
        self.now += max(0.0, seconds)
        return False

    def say(self, *texts: str, role: Role = Role.USER) -> None:
        for text in texts:
            self.remarks.append(Remark(f"{len(self.remarks) + 1}.0", role, text, "U1"))


@pytest.fixture
def thread() -> Thread:
    thread = Thread()
    thread.say("a", "b", "c", "d", "e")
    return thread


@pytest.fixture
def threads(thread: Thread) -> Threads:
    return Threads(thread, lambda: thread.now, thread.wait)


def texts(remarks: Iterable[Remark]) -> str:
    return "".join(remark.text for remark in remarks)


def test_a_thread_is_read_to_its_end_as_it_stands_now(thread: Thread, threads: Threads) -> None:
    """Another process may be the one that heard of a change, or none."""
    assert texts(threads.remarks(PLACE)) == "abcde"
    assert len(thread.calls) == 3
    thread.say("f")
    thread.remarks[1] = replace(thread.remarks[1], text="B")
    del thread.remarks[2]

    assert texts(threads.remarks(PLACE)) == texts(threads.whole(PLACE).remarks) == "aBdef"


@pytest.mark.parametrize("error", [RateLimited(30.0), Unreachable("timeout")])
def test_while_slack_does_not_say_nothing_is_told_that_may_be_gone(
    thread: Thread, threads: Threads, error: SlackError
) -> None:
    threads.remarks(PLACE)
    thread.errors.append(error)
    with pytest.raises(type(error)):
        threads.remarks(PLACE)


def test_what_was_read_of_a_thread_is_told_if_the_rest_is_not_to_be_had(
    thread: Thread, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = thread.replies

    def first_page_alone(place: Place, since: str, cursor: str) -> Replies:
        if cursor:
            raise Unreachable("timeout")
        return replies(place, since, cursor)

    monkeypatch.setattr(thread, "replies", first_page_alone)
    assert texts(threads.remarks(PLACE)) == "ab"


def test_one_message_is_read_as_it_is_now_or_gone(thread: Thread, threads: Threads) -> None:
    thread.remarks[1] = replace(thread.remarks[1], text="B")
    found = threads.current(PLACE, "2.0")
    assert found
    assert found.text == "B"
    del thread.remarks[1]
    assert threads.current(PLACE, "2.0") is None
    thread.errors.append(SlackError("thread_not_found"))
    assert threads.current(PLACE, "2.0") is None
    thread.errors.append(Unreachable("timeout"))
    with pytest.raises(Unreachable):
        threads.current(PLACE, "2.0")


def test_a_429_is_a_deadline_for_all(thread: Thread, threads: Threads) -> None:
    thread.errors.append(RateLimited(30.0))
    with pytest.raises(RateLimited):
        threads.remarks(PLACE)
    for _ in range(3):
        with pytest.raises(RateLimited):
            threads.remarks(PLACE)

    assert len(thread.calls) == 1
    thread.now += 30.0
    assert texts(threads.remarks(PLACE)) == "abcde"


def test_who_asks_in_many_threads_leaves_reads_to_who_asks_then(thread: Thread, threads: Threads) -> None:
    del thread.remarks[2:]  # one page
    for number in range(50):
        with suppress(RateLimited):
            threads.remarks(Place(f"C{number}", "1.0"), "U1")
    asked_at = thread.now

    for number in range(5):
        assert texts(threads.remarks(Place(f"D{number}", "1.0"), "U2")) == "ab"
    assert thread.now == asked_at


def test_no_more_is_read_in_any_minute_than_slack_allows(thread: Thread, threads: Threads) -> None:
    for number in range(200):
        with suppress(RateLimited):
            threads.remarks(Place(f"C{number}", "1.0"))
        thread.now += 0.3

    within_a_minute = [sum(at <= other < at + 60 for other in thread.calls) for at in thread.calls]
    assert max(within_a_minute) <= 50


def test_one_message_is_looked_up_only_if_that_takes_no_waiting(thread: Thread, threads: Threads) -> None:
    found = threads.message(PLACE, "1.0")
    assert found
    assert found.text == "a"
    while threads.message(PLACE, "1.0"):
        pass

    before = thread.now
    assert threads.message(PLACE, "1.0") is None
    assert thread.now == before


def test_what_must_be_known_is_waited_for(thread: Thread, threads: Threads) -> None:
    thread.say("f", role=Role.ASSISTANT)
    thread.errors += [RateLimited(3.0), Unreachable("timeout")]

    assert list(threads.standing(PLACE, "C1/1.0", {})) == ["C1/1.0/answer/6.0"]
    assert thread.now >= 4.0
    assert threads.standing(PLACE, "C1/2.0", {}) == {}


def test_in_the_end_what_was_noted_has_to_do(thread: Thread, threads: Threads) -> None:
    thread.errors += [Unreachable("timeout")] * 5
    noted = {"key": Standing("7.0", "Be")}

    assert threads.standing(PLACE, "C1/1.0", noted) == noted
    thread.errors.append(SlackError("channel_not_found"))
    with pytest.raises(SlackError, match="channel_not_found"):
        threads.standing(PLACE, "C1/1.0", {})


def test_while_slack_is_away_what_must_be_known_is_asked_for_until_a_certain_time(
    thread: Thread, threads: Threads
) -> None:
    thread.say("Because.", role=Role.ASSISTANT)
    thread.errors = [Unreachable("timeout")] * 25
    assert "C1/1.0/answer/6.0" in threads.standing(PLACE, "C1/1.0", {}, until=900.0)

    thread.errors = [Unreachable("timeout")] * 1000
    assert threads.standing(PLACE, "C1/1.0", {}, until=thread.now + 900.0) == {}


def test_a_thread_is_the_bots_when_it_asked_there_or_spoke_there(thread: Thread, threads: Threads) -> None:
    assert not threads.takes_part(PLACE)
    assert len(thread.calls) == 3
    assert not threads.is_joined(PLACE)
    threads.join(PLACE)
    assert threads.is_joined(PLACE)

    thread.remarks[0] = replace(thread.remarks[0], role=Role.ASSISTANT)
    other = Threads(thread, lambda: thread.now, thread.wait)
    assert other.takes_part(PLACE)
    assert len(thread.calls) == 4  # it is read no further than that


def test_all_processes_know_the_threads_of_each(thread: Thread) -> None:
    noted: list[Place] = []
    wiring = (thread, lambda: thread.now, thread.wait, lambda _charge: None, noted.append, noted.__contains__)
    here, other = Threads(*wiring), Threads(*wiring)
    for _ in range(2):
        here.join(PLACE)

    assert noted == [PLACE]
    assert other.is_joined(PLACE)
    assert not thread.calls
