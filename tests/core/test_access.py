"""Who may ask, and where: people, rooms and settings in a table."""

from __future__ import annotations

import pytest

from bot.core.access import Access, Denial, Room, denial, told
from bot.core.person import Person
from bot.core.question import Question
from bot.core.texts import Language, texts_in

MEMBER, GUEST, PARTNER = Person("Ada"), Person("Sam", is_guest=True), Person("Noor", is_external=True)
BOT = Person("Flow", is_bot=True)
OPEN, CLOSED, SHARED = Room(is_open=True), Room(), Room(is_open=True, is_external=True)
GUESTS, EXTERNAL = Access(guests=True), Access(external=True)


@pytest.mark.parametrize(
    ("access", "channel", "person", "room", "why"),
    [
        (Access(), "C1", MEMBER, OPEN, None),
        (Access(), "G1", MEMBER, CLOSED, None),
        (Access(), "D1", MEMBER, CLOSED, None),
        (Access(), "C1", GUEST, OPEN, Denial.PERSON),
        (Access(), "D1", GUEST, CLOSED, Denial.PERSON),
        (Access(), "C1", PARTNER, SHARED, Denial.PERSON),
        (Access(), "C1", MEMBER, SHARED, Denial.ROOM),
        (GUESTS, "C1", GUEST, OPEN, None),
        (GUESTS, "C1", PARTNER, SHARED, Denial.PERSON),
        (EXTERNAL, "C1", PARTNER, SHARED, None),
        (EXTERNAL, "C1", MEMBER, SHARED, None),
        (EXTERNAL, "C1", GUEST, OPEN, Denial.PERSON),
        (Access(), "C1", None, OPEN, Denial.UNKNOWN),
        (Access(), "C1", MEMBER, None, Denial.UNKNOWN),
        (Access(guests=True), "C1", None, OPEN, Denial.UNKNOWN),
        (Access(external=True), "C1", None, None, Denial.UNKNOWN),
        (Access(guests=True, external=True), "C1", None, None, None),
        (Access(external=True), "C1", MEMBER, None, None),
        (Access(direct_messages=False), "D1", MEMBER, CLOSED, Denial.DIRECT_MESSAGES),
        (Access(direct_messages=False), "C1", MEMBER, OPEN, None),
        (Access(channels=frozenset({"C2"})), "C1", MEMBER, OPEN, Denial.ROOM),
        (Access(channels=frozenset({"C1"})), "C1", MEMBER, OPEN, None),
        (Access(channels=frozenset({"C1"})), "D1", MEMBER, CLOSED, None),
        (Access(users=frozenset({"U2"})), "C1", MEMBER, OPEN, Denial.PERSON),
        (Access(users=frozenset({"U1"})), "C1", MEMBER, OPEN, None),
        (Access(users=frozenset({"U1"})), "C1", GUEST, OPEN, Denial.PERSON),
        (Access(blocked=frozenset({"U1"})), "C1", MEMBER, OPEN, Denial.PERSON),
        (Access(users=frozenset({"U1"}), blocked=frozenset({"U1"})), "D1", MEMBER, CLOSED, Denial.PERSON),
        (Access(blocked=frozenset({"U1"})), "C1", None, None, Denial.PERSON),
    ],
)
def test_who_may_ask_where(
    access: Access, channel: str, person: Person | None, room: Room | None, why: Denial | None
) -> None:
    assert denial(access, Question("T1", channel, "U1", "why?", ts="1.0"), person, room) is why


@pytest.mark.parametrize(
    ("access", "user", "person", "why"),
    [
        (Access(users=frozenset({"U2"})), "B1", BOT, None),
        (Access(users=frozenset({"U2"})), "U1", BOT, None),
        (Access(users=frozenset({"U2"})), "U1", MEMBER, Denial.PERSON),
        (Access(frozenset(), frozenset({"U2"}), guests=True, external=True), "U1", None, Denial.UNKNOWN),
        (Access(blocked=frozenset({"U1"})), "U1", BOT, Denial.PERSON),
        (Access(channels=frozenset({"C2"})), "B1", BOT, Denial.ROOM),
        (Access(), "U1", Person("", is_external=True, is_bot=True), Denial.PERSON),
        (Access(), "U1", GUEST, Denial.PERSON),
    ],
)
def test_a_bot_that_was_let_ask_need_not_be_named_as_a_user_but_is_a_user_for_all_else(
    access: Access, user: str, person: Person | None, why: Denial | None
) -> None:
    assert denial(access, Question("T1", "C1", user, "why?", ts="1.0", bot="B1"), person, OPEN) is why


@pytest.mark.parametrize("language", Language)
def test_every_denial_has_a_sentence_of_its_own(language: Language) -> None:
    assert len({told(texts_in(language), why) for why in Denial}) == len(Denial)
