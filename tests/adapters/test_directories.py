"""What processes keep together of people and channels: one contract over SQLite and Redis."""

from __future__ import annotations

from functools import partial

import pytest

from bot.core.directory import KEEP_SECONDS, Found
from bot.core.journal import Allowance, CallKind, Charge, Owner
from tests.adapters.conftest import Directory, Shelf, at_once, until

ADA = '["Ada","en-GB",0,0,0]'
READS = [
    CallKind.THREAD,
    CallKind.USER,
    CallKind.NAME,
    CallKind.USER_LIST,
    CallKind.CHANNEL,
    CallKind.CHANNEL_LIST,
]


@pytest.fixture
def store(shelf: Shelf) -> Directory:
    return shelf.directory()


def found(store: Directory, kind: str, record_id: str) -> Found:
    record = store.find(kind, record_id)
    assert record
    return record


def test_what_one_process_keeps_all_find_with_its_age(shelf: Shelf, store: Directory) -> None:
    other = shelf.directory()
    store.keep("user", {"U1": ADA, "U2": '["민지","ko-KR",1,0,0]', "U3": ""})

    assert [found(other, "user", user).record for user in ("U1", "U2", "U3")] == [
        ADA,
        '["민지","ko-KR",1,0,0]',
        "",
    ]
    assert 0 <= found(other, "user", "U1").age < 5
    assert other.find("user", "U4") is None
    assert other.find("channel", "U1") is None


def test_a_record_is_replaced_and_forgotten_by_itself(store: Directory) -> None:
    store.keep("user", {"U1": ADA, "U2": ADA})
    store.keep("user", {"U1": "newer"})
    store.forget("user", ["U2", "U3"])
    store.forget("user", [])

    assert found(store, "user", "U1").record == "newer"
    assert store.find("user", "U2") is None


def test_whoever_was_not_seen_for_a_week_is_forgotten(
    shelf: Shelf, store: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEEP_SECONDS == 7 * 86_400
    shelf.shorten(monkeypatch, "KEEP_SECONDS", 0.2)
    store.keep("user", {"U1": ADA})

    until(lambda: store.find("user", "U1") is None)


def test_a_page_of_a_thousand_people_is_kept_at_once(store: Directory) -> None:
    store.keep("user", {f"U{number}": f"{number}" for number in range(1000)})

    assert [found(store, "user", f"U{number}").record for number in (0, 499, 500, 999)] == [
        "0",
        "499",
        "500",
        "999",
    ]


def test_one_process_alone_leads_until_its_lease_ends(shelf: Shelf) -> None:
    stores = {f"p{number}": shelf.directory() for number in range(6)}
    leads = at_once([partial(store.lease, "users", owner, 30.0) for owner, store in stores.items()])

    assert sum(leads) == 1
    leader = list(stores)[leads.index(True)]
    assert stores[leader].lease("users", leader, 0.2)  # it can go on
    assert stores["p0"].lease("channels", "another", 30.0)
    until(lambda: stores["p0"].lease("users", "another", 30.0))


@pytest.mark.parametrize("kind", READS)
def test_reads_are_counted_over_all_processes_and_say_nothing_of_reserved_edits(
    shelf: Shelf, kind: CallKind
) -> None:
    journals = [shelf.journal(), shelf.journal()]
    for number, journal in enumerate(journals):
        journal.beat(Owner(f"p{number}", reserved=7), 30.0)
    room = int(Allowance().per_minute(kind))
    grants = [journals[n % 2].spend(f"p{n % 2}", Charge(kind, "", reserved=None)) for n in range(room + 2)]
    waits = [grant.wait for grant in grants]

    assert waits[:room] == [0.0] * room
    assert all(50 < wait <= 61 for wait in waits[room:])
    assert [owner.reserved for owner in journals[0].owners()] == [7, 7]
