"""What a server writes down of what it sees."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")
_MOST = 10_000


class Records(list[T]):
    """All of a short session, and of a long one the newest: at least `most` of them."""

    def __init__(self, most: int = _MOST) -> None:
        super().__init__()
        self._most, self._dropped = most, 0

    def append(self, record: T) -> None:
        super().append(record)
        if len(self) >= 2 * self._most:  # now and then, as it costs as much as there is to keep
            self._dropped += self._most
            del self[: self._most]

    @property
    def total(self) -> int:
        """How many there have ever been."""
        return self._dropped + len(self)

    def since(self, total: int) -> list[T]:
        """Those that are kept of what came after the first `total`."""
        return self[max(0, total - self._dropped) :]
