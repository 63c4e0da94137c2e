"""Bytes of files are held up to a limit; who waits for them does so in turn, and while that is of use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from bot.core.files import MOST_BYTES, SharedFile, chosen, peak_bytes
from bot.engine.bytes_in_flight import MAX_BYTES_IN_FLIGHT, BytesInFlight


class Desk:
    """Questions that wait for bytes, each on a thread of its own, and hold them until they are to end."""

    def __init__(self, limit: int) -> None:
        self.bytes = BytesInFlight(limit)
        self.held: list[str] = []
        self.most = 0
        self._threads = ThreadPoolExecutor(20)
        self._ends: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}

    def ask(self, name: str, size: int, is_awaited: Callable[[], bool] = lambda: True) -> Future[bool]:
        """Let a question of the person with whose letter `name` begins wait; it waits when this returns."""
        end = self._ends[name] = threading.Event()
        waits = threading.Event()

        def looked() -> bool:
            waits.set()
            return is_awaited()

        def work() -> bool:
            with self.bytes.hold(name[0], looked) as hold:
                is_held = hold.take(size)
                if is_held:
                    with self._lock:
                        self.held.append(name)
                        self._sizes[name] = size
                        self.most = max(self.most, sum(self._sizes.values()))
                waits.set()
                end.wait(10.0)
                with self._lock:
                    self._sizes.pop(name, None)
            return is_held

        asked = self._threads.submit(work)
        assert waits.wait(10.0)
        return asked

    def end(self, name: str) -> None:
        self._ends[name].set()

    def until_held(self, count: int) -> list[str]:
        deadline = threading.Event()
        for _ in range(1000):
            if len(self.held) >= count:
                return self.held
            deadline.wait(0.01)
        raise AssertionError(self.held)


def test_the_largest_request_fits() -> None:
    """All that is taken at once, each of it with what Slack made of it."""
    size = MOST_BYTES // 11
    film = SharedFile("F0", "a.mp4", size=size, url="a")
    images = [SharedFile(f"FI{n}", "a.png", size=size, url="a", thumbnail="b") for n in range(5)]
    documents = [SharedFile(f"FD{n}", "a.docx", size=size, url="a", pdf="b") for n in range(5)]
    large = SharedFile("F1", "a.docx", size=MOST_BYTES, url="a", pdf="b")
    for shared in ([film, *images, *documents], [large], [large, *images]):
        choices, _ = chosen(shared)
        assert 7 * MOST_BYTES / 2 < peak_bytes(choices) <= MAX_BYTES_IN_FLIGHT


def test_no_more_is_held_than_may_be_and_people_take_turns() -> None:
    desk = Desk(10)
    names = ["A1", "A2", "A3", "A4", "B1"]
    asked = [desk.ask(name, 6) for name in names]
    for number in range(len(names)):
        desk.end(desk.until_held(number + 1)[-1])

    assert [each.result(10.0) for each in asked] == [True] * 5
    assert desk.held == ["A1", "A2", "B1", "A3", "A4"]
    assert desk.most == 6


def test_what_is_small_does_not_overtake_what_waits_for_more() -> None:
    desk = Desk(10)
    desk.ask("A1", 6)
    desk.ask("B1", 10)
    desk.ask("C1", 1)
    assert desk.held == ["A1"]
    for number in (1, 2, 3):
        desk.end(desk.until_held(number)[-1])

    assert desk.held == ["A1", "B1", "C1"]


def test_who_is_not_awaited_any_more_lets_the_next_pass() -> None:
    desk, awaited = Desk(10), threading.Event()
    desk.ask("A1", 10)
    gone = desk.ask("B1", 10, lambda: not awaited.is_set())
    desk.ask("C1", 10)
    awaited.set()
    desk.end("B1")
    assert gone.result(10.0) is False
    desk.end("A1")

    assert desk.until_held(2) == ["A1", "C1"]
    desk.end("C1")


@pytest.mark.parametrize("early", [True, False])
def test_whatever_happens_all_is_given_back_once(early: bool) -> None:
    everything = BytesInFlight(10)
    for _ in range(3):
        with pytest.raises(OSError), everything.hold("A", lambda: False) as hold:  # noqa: PT011, PT012
            assert hold.take(10)
            if early:
                hold.release()
            raise OSError


def test_at_the_end_nobody_waits() -> None:
    desk = Desk(10)
    desk.ask("A1", 10)
    waiting = desk.ask("B1", 1)
    desk.bytes.close()
    desk.end("B1")

    assert waiting.result(10.0) is False
    desk.end("A1")
