"""How the loop hears: what other threads tell it is applied on its own."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

News: TypeAlias = Callable[[float], None]  # what it changes is done at the loop's time
Inbox: TypeAlias = "SimpleQueue[News]"


def look(_now: float) -> None:
    """What the loop is told when it only has to look."""
