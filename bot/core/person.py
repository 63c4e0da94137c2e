"""What Slack tells of somebody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody's display name, and the IETF tag of the language in which they use Slack, "" if not told.

    Their `time_zone` has a name of IANA's, and is `utc_offset` seconds ahead of UTC; "" and None if not told.
    A guest has a restricted account; who is external belongs to another company. Who `is_bot` is no person.
    """

    name: str
    locale: str = ""
    is_guest: bool = False
    is_external: bool = False
    is_bot: bool = False
    time_zone: str = ""
    utc_offset: int | None = None
