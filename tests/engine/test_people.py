"""What people are called and which language they use, as far as Slack lets that be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import Unreachable
from bot.core.person import Person
from bot.core.texts import Language
from bot.engine.people import People
from tests.engine.directories import Directory, Process

ADA, MINJI = Person("Ada", "en-GB"), Person("민지", "ko-KR")


@pytest.fixture
def slack() -> Directory:
    return Directory(users={"U1": ADA, "U2": MINJI})


@pytest.fixture
def people(slack: Directory, tmp_path: Path) -> People:
    return People(Process(slack, tmp_path).users, clock=slack.clock)


def test_a_name_is_looked_up_once_in_two_hours(slack: Directory, people: People) -> None:
    assert people.names(["U1", "U1", "U2"]) == {"U1": "Ada", "U2": "민지"}
    slack.now += 7_199.0
    slack.users["U1"] = Person("Ada L.")
    assert people.names(["U1"]) == {"U1": "Ada"}
    slack.now += 2.0

    assert people.names(["U1"]) == {"U1": "Ada L."}
    assert len(slack.calls) == 3


def test_who_cannot_be_looked_up_keeps_the_name_that_was_known_or_has_none(
    slack: Directory, people: People
) -> None:
    people.names(["U1"])
    slack.now += 8_000.0
    slack.broken["users.info"] = Unreachable("internal_error")

    assert people.names(["U1", "U2"]) == {"U1": "Ada"}


def test_who_uses_slack_in_korean_reads_korean(people: People) -> None:
    assert [people.language(user) for user in ("U1", "U2", "U3")] == [
        Language.EN,
        Language.KO,
        Language.EN,
    ]


def test_no_more_people_are_looked_up_in_a_minute_than_slack_allows(slack: Directory, people: People) -> None:
    slack.users = {f"U{number}": ADA for number in range(600)}
    for user in slack.users:
        slack.now += 0.1
        people.names([user])

    assert 25 <= len(slack.calls) <= 50
    assert not slack.refused


def test_names_use_up_nothing_of_what_tells_who_may_ask(slack: Directory, tmp_path: Path) -> None:
    process = Process(slack, tmp_path)
    people = People(process.users, clock=slack.clock)
    slack.users |= {f"UNEW{number}": ADA for number in range(60)}
    for number in range(20):
        people.names(f"UMADEUP{number}X{each}" for each in range(90))
        people.language(f"USOMEBODY{number}")

    assert len(slack.calls) == 25
    assert all(process.users.lookup.get(f"UNEW{number}") == ADA for number in range(60))
    assert not slack.refused


def test_of_many_names_those_that_are_known_are_told_and_ten_are_asked_for(
    slack: Directory, people: People
) -> None:
    slack.users |= {f"UNEW{number}": Person(f"N{number}") for number in range(20)}
    people.names(["UNEW19"])
    slack.calls.clear()

    names = people.names(f"UNEW{number}" for number in range(20))
    assert names == {f"UNEW{number}": f"N{number}" for number in (*range(10), 19)}
    assert len(slack.calls) == 10


def test_an_id_that_nobody_has_is_asked_for_once_in_ten_minutes(slack: Directory, people: People) -> None:
    for _ in range(3):
        assert people.names(["UNOBODY", "U1"]) == {"U1": "Ada"}
        assert people.language("UNOBODY") is Language.EN
    assert len(slack.calls) == 2
    slack.now += 601.0
    slack.users["UNOBODY"] = Person("Bo")

    assert people.names(["UNOBODY"]) == {"UNOBODY": "Bo"}
