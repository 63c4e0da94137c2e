"""When Homes are published, how often, and what for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.errors import RateLimited, SlackError, StoreError
from bot.core.home import Home
from bot.core.interaction import Interaction, Vote
from bot.core.texts import Language, texts_in
from bot.engine.home import Homes
from bot.engine.people import People
from tests.engine.directories import Directory, Process

EN = texts_in(Language.EN)
NOW = 1_700_000_000.0


def asked(number: int) -> Interaction:
    return Interaction(
        id=f"Q{number}",
        team="T1",
        channel="C1",
        user="U1",
        asked_at=NOW - number,
        way_in="mention",
        language="en",
        outcome="whole",
        first_message=f"C1/{number}.0",
    )


@dataclass
class Desk:
    """Slack and the store in one: what was published, and what was asked of either."""

    own: list[Interaction] = field(default_factory=list)
    published: list[tuple[str, Home]] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    most_at_once: int = 0
    now: float = NOW

    def publish_home(self, user: str, page: Home) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.gate.wait(5.0)
        self.at_once -= 1
        self.published.append((user, page))
        self._fail("publish_home")

    def permalink(self, channel: str, ts: str) -> str:
        self.linked.append(f"{channel}/{ts}")
        self._fail(f"{channel}/{ts}")
        return f"https://ours.slack.com/archives/{channel}/p{ts}"

    def interactions_of(self, user: str, team: str, since: float, most: int) -> list[Interaction]:
        self._fail("interactions_of")
        return self.own[:most]

    def interactions(self, since: float) -> list[Interaction]:
        self.read.append("interactions")
        self._fail("interactions")
        return self.own

    def votes(self, since: float) -> list[Vote]:
        return []

    def _fail(self, what: str) -> None:
        if error := self.errors.get(what):
            raise error

    def rooms(self) -> list[str]:
        return [page.room for _, page in self.published]

    def told(self) -> str:
        """All that the page published last says in its sections."""
        return "\n".join(line for section in self.published[-1][1].sections for line in section.lines)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.gate.set()
    return desk


@pytest.fixture
def homes(desk: Desk, tmp_path: Path) -> Iterator[Homes]:
    people = People(Process(Directory(), tmp_path).users)
    homes = Homes(desk, people, desk, admins={"UADMIN"}, clock=lambda: desk.now)
    yield homes
    desk.gate.set()
    homes.stop()


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def opened(homes: Homes, desk: Desk, user: str = "U1") -> None:
    """Open a Home, and wait for it."""
    before = len(desk.published)
    homes.open("T1", user, "D1")
    until(lambda: len(desk.published) > before)


def test_of_many_openings_at_once_two_are_published_and_the_newest_wins(homes: Homes, desk: Desk) -> None:
    desk.gate.clear()
    homes.open("T1", "U1", "D0")
    until(lambda: desk.at_once == 1)
    for number in range(1, 50):
        homes.open("T1", "U1", f"D{number}")
    desk.gate.set()
    until(lambda: len(desk.published) == 2)

    assert desk.rooms() == ["D0", "D49"]
    assert desk.most_at_once == 1
    opened(homes, desk)
    assert len(desk.published) == 3


def test_opening_does_not_wait(homes: Homes, desk: Desk) -> None:
    desk.gate.clear()  # nothing can be published, and who waited for it would wait for good
    for number in range(100):
        homes.open("T1", f"U{number}", "D1")

    assert not desk.published


def test_links_are_asked_for_once_and_only_of_what_is_shown(homes: Homes, desk: Desk) -> None:
    desk.own = [asked(number) for number in range(1, 10)]
    opened(homes, desk)
    opened(homes, desk)

    assert desk.linked == [f"C1/{number}.0" for number in range(1, 6)]
    assert desk.told().count("|Open>") == 5


def test_what_has_no_link_is_told_without(homes: Homes, desk: Desk) -> None:
    desk.own = [asked(1), asked(2)]
    desk.errors["C1/1.0"] = SlackError("message_not_found")
    opened(homes, desk)

    assert desk.told().count("|Open>") == 1
    assert desk.told().count("answered") == 2


def test_slack_is_not_asked_for_links_before_it_wants_to_be(homes: Homes, desk: Desk) -> None:
    desk.own = [asked(1), asked(2)]
    desk.errors["C1/1.0"] = RateLimited(30.0)
    opened(homes, desk)
    opened(homes, desk)
    assert desk.linked == ["C1/1.0"]
    desk.errors.clear()
    desk.now += 30.0
    opened(homes, desk)

    assert desk.told().count("|Open>") == 2


def test_figures_of_the_workspace_are_for_admins_and_read_once_in_30_seconds(
    homes: Homes, desk: Desk
) -> None:
    opened(homes, desk)
    assert desk.read == []
    assert "Satisfied" not in desk.told()
    for _ in range(3):
        opened(homes, desk, "UADMIN")
    assert desk.read == ["interactions"]
    assert desk.told().count("Satisfied") == 2
    desk.now += 30.0
    opened(homes, desk, "UADMIN")

    assert desk.read == ["interactions"] * 2


def test_a_store_that_fails_costs_what_it_knows_and_no_more(homes: Homes, desk: Desk) -> None:
    desk.errors |= {"interactions_of": StoreError("gone"), "interactions": StoreError("gone")}
    opened(homes, desk, "UADMIN")
    opened(homes, desk, "UADMIN")

    assert EN.usage in desk.published[-1][1].about
    assert desk.told() == EN.home_unread
    assert desk.read == ["interactions"]


@pytest.mark.parametrize("error", [SlackError("not_enabled"), RateLimited(9.0), ValueError("a mistake")])
def test_a_page_that_is_refused_is_not_the_last(
    homes: Homes, desk: Desk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    desk.errors["publish_home"] = error
    opened(homes, desk)
    desk.errors.clear()
    opened(homes, desk)

    assert [record.message for record in caplog.records if record.message.startswith("home.")] in (
        ["home.refused"],
        ["home.crashed"],
    )
