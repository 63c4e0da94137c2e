"""Records of people and channels, so that they need not be asked for one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from bot.core.access import Room
from bot.core.person import Person

_T = TypeVar("_T")

# Whoever is not seen in Slack for so long is forgotten.
KEEP_SECONDS = 7 * 86_400.0


@dataclass(frozen=True)
class Found:
    """A record as a store keeps it, and how many seconds ago it was seen in Slack."""

    age: float
    record: str


@dataclass(frozen=True)
class Page(Generic[_T]):
    """A page of a list of Slack's: what it tells of each id, which ids are `gone`, and where it goes on."""

    found: Mapping[str, _T] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    cursor: str = ""


def encoded_person(person: Person) -> str:
    """Return `person` as a short JSON list."""
    flags = (person.is_guest, person.is_external, person.is_bot)
    return _encoded(person.name, person.locale, *map(int, flags), person.time_zone, person.utc_offset)


def read_person(record: str) -> Person:
    """Return the person that `encoded_person` wrote. Raises ValueError or TypeError if that is none."""
    name, locale, is_guest, is_external, is_bot, *zone = json.loads(record)  # older versions knew no zone
    person = Person(str(name), str(locale), bool(is_guest), bool(is_external), bool(is_bot))
    if not zone:
        return person
    time_zone, offset = zone
    return replace(person, time_zone=str(time_zone), utc_offset=None if offset is None else int(offset))


def encoded_channel(channel: Room) -> str:
    """Return `channel` as a short JSON list."""
    return _encoded(int(channel.is_open), int(channel.is_external), channel.name)


def read_channel(record: str) -> Room:
    """Return the channel that `encoded_channel` wrote. Raises ValueError or TypeError if that is none."""
    is_open, is_external, *name = json.loads(record)  # older versions knew no name
    return Room(bool(is_open), bool(is_external), *map(str, name))


def _encoded(*values: str | int | None) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
