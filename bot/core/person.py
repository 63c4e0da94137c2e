"""What Slack tells of somebody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody's display name, and the IETF tag of the language in which they use Slack, "" if not told."""

    name: str
    locale: str = ""
