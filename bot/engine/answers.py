"""Answers that whoever asks the same is shown again; all processes together generate each once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from bot.core.answers import key_of
from bot.core.question import Question
from bot.core.secrets import mask_secrets
from bot.engine.backlog import Rank
from bot.engine.journal import Journal


class Shelf(Protocol):
    """What all processes keep together. Thread-safe; every method raises StoreError."""

    def recall(self, key: str) -> str | None:
        """The answer that is kept under `key`."""

    def lead(self, key: str, owner: str) -> bool:
        """Let `owner` generate the answer for some seconds; False if it is kept, or another generates it."""

    def keep(self, key: str, owner: str, answer: str, seconds: float) -> None:
        """Keep what `owner` generated for so many seconds."""

    def abandon(self, key: str, owner: str) -> None:
        """`owner` generates it no more."""


class Answers:
    """The answers that are kept for `seconds` (0: none), as long as the `fingerprint` of what makes them is
    the same. Thread-safe; without a store that works, nothing is shared.
    """

    def __init__(self, journal: Journal, shelf: Shelf, *, seconds: float, fingerprint: str) -> None:
        self._journal, self._shelf = journal, shelf
        self._seconds, self._fingerprint = seconds, fingerprint

    def key(self, question: Question, is_open: Callable[[str], bool]) -> str:
        """The name under which the answer to `question` is kept; "" if it is not to be shared.

        `is_open` tells of a channel whether all may read it.
        """
        if not self._seconds or question.stands_in_thread:
            return ""
        return key_of(question, self._fingerprint, is_open=is_open(question.channel))

    def recall(self, key: str) -> str | None:
        """The answer that is kept under `key`."""
        return self._journal.asked(lambda: self._shelf.recall(key), None)

    def lead(self, key: str) -> bool:
        """Whether this process is to generate the answer; if not, it is kept already or soon will be."""
        return self._journal.asked(lambda: self._shelf.lead(key, self._journal.owner_id), True)

    def go_on(self, key: str) -> None:
        """Tell, soon, that this process still generates the answer, and gets on with it."""
        if self._journal.works:  # else it is news of long ago when it is written
            lead = partial(self._shelf.lead, key, self._journal.owner_id)
            self._journal.write(lead, Rank.TEXT, key=f"lead/{key}")

    def keep(self, key: str, answer: str) -> None:
        """Keep what was generated."""
        owner, masked = self._journal.owner_id, mask_secrets(answer)
        self._journal.asked(lambda: self._shelf.keep(key, owner, masked, self._seconds), None)

    def abandon(self, key: str) -> None:
        """Let another process generate what this one could not."""
        self._journal.asked(lambda: self._shelf.abandon(key, self._journal.owner_id), None)
