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
    return People(Process(slack, tmp_path).users.lookup)


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

    assert 60 <= len(slack.calls) <= 100
    assert not slack.refused
