"""Voice clips: what people say in them, as Slack transcribes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.core import redaction, voice
from bot.core.conversation import Remark
from bot.core.errors import FileError
from bot.core.files import SharedFile
from bot.core.question import Question
from bot.engine.files import FileSource

log = logging.getLogger(__name__)

# Slack transcribes a clip after it was sent. That is waited for, while the question is acknowledged.
_TRANSCRIPT_PAUSES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0)
MAX_TRANSCRIPT_SECONDS = 20.0
_MAX_TRANSCRIPT_BYTES = 500_000
_MAX_EARLIER_CLIPS = 5  # of a thread, of which more is asked for than the thread itself tells


class VoiceClips:
    """Knows what is said in voice clips, without what is of the kinds to `redact`.

    `now` tells the time, and `wait` waits so many seconds, and says True if it is cut short.
    """

    def __init__(
        self,
        source: FileSource,
        redact: Collection[str],
        now: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        self._source, self._redact, self._now, self._wait = source, redact, now, wait

    def heard(self, question: Question) -> Question:
        """`question` with all that is said in its voice clips; what Slack still transcribes is waited for."""
        until = self._now() + MAX_TRANSCRIPT_SECONDS
        return replace(
            question, files=tuple(self._spoken(file, _TRANSCRIPT_PAUSES, until) for file in question.files)
        )

    def read(self, said: Sequence[Remark]) -> list[Remark]:
        """`said` with what voice clips say as the words of who speaks in them."""
        clips = [
            file.id for remark in reversed(said) for file in remark.files if file.is_clip or file.is_sound
        ]
        newest, until = set(clips[:_MAX_EARLIER_CLIPS]), self._now() + MAX_TRANSCRIPT_SECONDS

        def read(remark: Remark) -> Remark:
            spoken = tuple(
                self._spoken(file, _TRANSCRIPT_PAUSES[:1] if file.id in newest else (), until)
                for file in remark.files
            )
            return replace(remark, text=voice.heard(remark.text, spoken), files=spoken)

        return [read(remark) if remark.files else remark for remark in said]

    def _spoken(self, file: SharedFile, pauses: Sequence[float], until: float) -> SharedFile:
        """`file` with all that is said in it; what is not known yet is asked for after each of `pauses`."""
        for pause in pauses:
            is_untold = file.is_clip and not file.transcript_status
            if not (is_untold or file.transcript_status == "processing" or file.mode == "file_access"):
                break
            if self._now() + pause >= until or self._wait(pause):
                break
            try:
                file = replace(self._source.describe(file), is_forwarded=file.is_forwarded)
            except FileError as error:
                log.warning("file.unknown", extra={"file": file.id, "error": str(error)})
                break
            if not file.transcript_status:
                break
        speech = file.speech
        if file.speech and file.has_more and file.vtt and pauses:
            speech = self._whole_transcript(file)
        return replace(file, transcript=redaction.redacted(speech, self._redact)) if speech else file

    def _whole_transcript(self, file: SharedFile) -> str:
        try:
            whole = voice.words_of_vtt(self._source.fetch(file.vtt, _MAX_TRANSCRIPT_BYTES, 0))
        except FileError as error:
            log.warning("file.unread", extra={"file": file.id, "error": str(error)})
            whole = ""
        return whole or f"{file.speech}…"
