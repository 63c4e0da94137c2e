"""Files that people shared, fetched and read for a model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.core import files
from bot.core.attachments import Attachment, Reading, attachment
from bot.core.conversation import Remark
from bot.core.errors import FileError
from bot.core.files import Choice, Flaw, LeftOut, Medium, SharedFile
from bot.core.question import Question
from bot.engine.lanes import Lane

log = logging.getLogger(__name__)

_MAX_PAGE_BYTES = 1_000_000  # of what Slack sends in place of a file, to be told from it


class FileSource(Protocol):
    """Source of files in Slack. Every method raises FileError."""

    def describe(self, file: SharedFile) -> SharedFile:
        """All of a file of which only the id is known."""

    def fetch(self, url: str, most: int, size: int, *, is_html: bool = False) -> bytes:
        """Return what an address of Slack's holds: `size` bytes (0: not known), and not more than `most`.

        The page that Slack sends to whoever may not read a file is told from it, unless it `is_html` itself.
        """


class Files:
    """Reads files from `source`, several at once in `lane`. Thread-safe."""

    def __init__(self, source: FileSource, reading: Reading, lane: Lane) -> None:
        self._source, self._reading, self._lane = source, reading, lane

    def chosen(
        self, question: Question, kept: Sequence[Remark], refused: Collection[str]
    ) -> tuple[list[Choice], list[LeftOut]]:
        """Return what files to fetch, and which cannot be read, of the question and of what is `kept`.

        Those that a model `refused` before, in the same thread, are not tried again.
        """
        newest_first = (file for remark in reversed(kept) for file in remark.files)
        shared = (*question.files, *newest_first)
        unique = {file.id: file for file in shared if not (file.is_sound and file.speech)}
        described = [
            LeftOut(file, Flaw.REFUSED) if file.id in refused else self._described(file)
            for file in unique.values()
        ]
        choices, left = files.chosen(file for file in described if not isinstance(file, LeftOut))
        return choices, [*(file for file in described if isinstance(file, LeftOut)), *left]

    def attachments(
        self, question: Question, choices: Sequence[Choice]
    ) -> tuple[Mapping[str, Attachment], list[LeftOut]]:
        """Return what can be read of files, by their ids, and what cannot."""
        left: list[LeftOut] = []
        fetching = [self._lane.submit_for(question.user, self._fetched, choice) for choice in choices]
        attachments: dict[str, Attachment] = {}
        numbers: Counter[Medium] = Counter()
        room = files.MOST_BYTES
        for choice, fetched in zip(choices, fetching, strict=True):
            made = self._made(choice, fetched.result(), numbers)
            if isinstance(made, Attachment) and len(made.data) > room:
                made = Flaw.TOO_BIG
            if isinstance(made, Flaw):
                left.append(LeftOut(choice.file, made))
                continue
            room -= len(made.data)
            numbers[made.medium] += 1
            attachments[choice.file.id] = made
            if made.is_guessed:
                left.append(LeftOut(choice.file, Flaw.GUESSED))
        return attachments, left

    def _made(self, choice: Choice, data: bytes | Flaw, numbers: Counter[Medium]) -> Attachment | Flaw:
        """Return a file as the model reads it; where that is not possible, what Slack made of it."""
        if isinstance(data, Flaw):
            return data
        made = attachment(choice, data, numbers[choice.medium] + 1, self._reading)
        instead = files.made_by_slack(choice.file) if isinstance(made, Flaw) else None
        if instead is None or instead.url == choice.url:
            return made
        found = self._made(instead, self._fetched(instead), numbers)
        return made if isinstance(found, Flaw) else found

    def _described(self, file: SharedFile) -> SharedFile | LeftOut:
        if not file.is_stub:
            return file
        try:
            return self._source.describe(file)
        except FileError as error:
            log.warning("file.unknown", extra={"file": file.id, "error": str(error)})
            return LeftOut(file, _flaw(error)) if not file.url else file

    def _fetched(self, choice: Choice) -> bytes | Flaw:
        size = choice.file.size if choice.url == choice.file.url else 0  # that of what Slack made is not told
        most = max(choice.max_bytes, _MAX_PAGE_BYTES)
        try:
            return self._source.fetch(choice.url, most, size, is_html=choice.format == "html")
        except FileError as error:
            log.warning("file.unread", extra={"file": choice.file.id, "error": str(error)})
            return self._flaw_of_hidden(choice.file) if error.is_hidden else _flaw(error)

    def _flaw_of_hidden(self, file: SharedFile) -> Flaw:
        """Return why a file may not be read: its address does not say, and the API does."""
        try:
            self._source.describe(file)
        except FileError as error:
            return _flaw(error)
        return Flaw.UNREADABLE


def _flaw(error: FileError) -> Flaw:
    if error.setup:
        return Flaw.NOT_SET_UP
    return Flaw.GONE if error.is_gone else Flaw.UNREADABLE
