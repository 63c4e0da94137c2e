"""Answers that whoever asks the same is shown again; all processes together generate each once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from bot.core.answers import Kept, folded, key_of, read_kept
from bot.core.conversation import Remark
from bot.core.errors import SlackError
from bot.core.question import Place, Question
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

    def forget(self, key: str) -> None:
        """Keep the answer under `key` no longer."""

    def abandon(self, key: str, owner: str) -> None:
        """`owner` generates it no more."""


class Answers:
    """The answers that are kept for `seconds` (0: none), as long as the `fingerprint` of what makes them is
    the same. Thread-safe; without a store that works, nothing is shared.

    `read` returns a message of Slack's, None where it is gone or cannot be read now. It raises SlackError.
    """

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        read: Callable[[Place, str], Remark | None],
        *,
        seconds: float,
        fingerprint: str,
    ) -> None:
        self._journal, self._shelf, self._read = journal, shelf, read
        self._seconds, self._fingerprint = seconds, fingerprint

    def key(self, question: Question, audience: Callable[[Question], str]) -> str:
        """The name under which the answer to `question` is kept; "" if it is not to be shared.

        `audience` tells who may share it, as `key_of` wants to know.
        """
        if not self._seconds or not key_of(question, "", "?"):
            return ""
        return key_of(question, self._fingerprint, audience(question))

    def recall(self, key: str, question: Question) -> str | None:
        """Return the answer to `question` that is kept under `key`, if what it answers stands in Slack still.

        It waits for Slack. What was deleted or changed, or cannot be read now, is kept no longer.
        """
        written = self._journal.asked(lambda: self._shelf.recall(key), None)
        if written is None:
            return None
        kept = read_kept(written)
        if kept and self._stands(kept.place, question):
            return kept.answer
        self._journal.asked(lambda: self._shelf.forget(key), None)
        return None

    def _stands(self, place: Place, question: Question) -> bool:
        """Return whether the first message at `place` asks what `question` does."""
        try:
            found = self._read(place, place.thread_ts)
        except SlackError:
            return False
        return found is not None and not found.files and folded(found.text) == folded(question.text)

    def lead(self, key: str) -> bool:
        """Whether this process is to generate the answer; if not, it is kept already or soon will be."""
        return self._journal.asked(lambda: self._shelf.lead(key, self._journal.owner_id), True)

    def go_on(self, key: str) -> None:
        """Tell, soon, that this process still generates the answer, and gets on with it."""
        if self._journal.works:  # else it is news of long ago when it is written
            lead = partial(self._shelf.lead, key, self._journal.owner_id)
            self._journal.write(lead, Rank.TEXT, key=f"lead/{key}")

    def keep(self, key: str, answer: str, place: Place | None) -> None:
        """Keep what was generated for the question at `place`; None: its question stands nowhere yet.

        An answer with personal data that is to be masked is not kept: others would be given it with gaps.
        """
        safe = mask_secrets(answer)
        if place is None or self._journal.masked(answer) != safe:
            self.abandon(key)
            return
        written, owner = Kept(safe, place).encoded(), self._journal.owner_id
        self._journal.asked(lambda: self._shelf.keep(key, owner, written, self._seconds), None)

    def abandon(self, key: str) -> None:
        """Let another process generate what this one could not."""
        self._journal.asked(lambda: self._shelf.abandon(key, self._journal.owner_id), None)
