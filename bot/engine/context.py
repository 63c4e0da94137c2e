"""All that models are given: the question, and to answer it the thread, names, files, and messages linked to.

Nothing reaches a model but through here, so here is what it must not read redacted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.core import conversation, files, lines, prompts, redaction, voice
from bot.core.attachments import Attachment, Reading
from bot.core.conversation import Remark, Role, Turn
from bot.core.errors import Fault, ModelError, SlackError
from bot.core.files import Flaw, LeftOut, SharedFile
from bot.core.links import Link, linked, quoted
from bot.core.message import posted_key
from bot.core.mrkdwn import channels_in, mentioned
from bot.core.question import Place, Question
from bot.core.texts import Language, texts_in
from bot.core.tokens import estimated_tokens
from bot.engine.files import Files, FileSource
from bot.engine.gate import Gate
from bot.engine.health import level
from bot.engine.lanes import Lane
from bot.engine.people import People
from bot.engine.threads import Threads
from bot.engine.voice_clips import VoiceClips

log = logging.getLogger(__name__)

_FILES_AT_ONCE = 8
_LEARNING = 0.2
_MAX_CHANNELS = 20  # that are told by name
_MAX_CHANNEL_LOOKUPS = 3
# What a model says of a request that it may take without files: all else in a request is bounded.
_ABOUT_FILES = {Fault.UNREADABLE_FILE, Fault.TOO_LONG}


@dataclass(frozen=True)
class Brief:
    """What the answering model is given, and what people are `told` of what it is not given.

    Without `turns` there is nothing to be asked about. `composed` makes them of what a model reads of its
    `files`, both by their ids, of which the question has those that are `asked`; the data stand in `turns`
    alone. It `is_worded` if something is said besides; `refused` are the files that the model did not take.
    """

    turns: tuple[Turn, ...]
    told: str = ""
    refused: tuple[str, ...] = ()
    is_worded: bool = False
    asked: Collection[str] = ()
    files: Mapping[str, SharedFile] = field(default_factory=dict)
    attachments: Mapping[str, Attachment] = field(default_factory=dict)
    composed: Callable[[Mapping[str, Attachment]], tuple[Turn, ...]] = lambda _attachments: ()


class Context:
    """Gathers what belongs to a question, within about `tokens` of what was said before. Thread-safe.

    `now` tells the time, in seconds since 1970; `wait` waits so many seconds, and says True if it is cut
    short. Of all that models are given, secrets are masked, and what is of the kinds to `redact`.
    """

    def __init__(
        self,
        threads: Threads,
        people: People,
        source: FileSource,
        reading: Reading,
        gate: Gate,
        *,
        tokens: int,
        redact: Collection[str] = (),
        now: Callable[[], float] = time.time,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._now = now
        self._threads, self._people, self._gate = threads, people, gate
        self._lane = Lane("files", _FILES_AT_ONCE)
        self._files = Files(source, reading, self._lane)
        self._clips = VoiceClips(source, redact, now, wait or threading.Event().wait)
        self._tokens, self._scale, self._redact = tokens, 1.0, redact

    def greeting(self, question: Question) -> prompts.Prompt:
        """What to ask the acknowledging model. It waits for nothing."""
        return prompts.acknowledge(question, self._redact, self._local_time(question))

    def leading_on(self, question: Question, said: str, count: int) -> prompts.Prompt:
        """What to ask the acknowledging model after the answer that `said` so much: for `count` questions."""
        return prompts.suggest(question, said, count, self._redact)

    def brief(self, question: Question, take: Callable[[int], bool]) -> Brief | None:
        """Return what to ask the answering model. Waits for Slack, and to `take` the bytes of files.

        None if that tells that nobody waits any more.
        """
        remarks, untold = self._remarks(question)
        key = posted_key(question.key)
        own = next((remark for remark in remarks if remark.ts == question.ts or remark.key == key), None)
        question = self._clips.heard(replace(question, files=question.files or (own.files if own else ())))
        texts = texts_in(self.language(question))
        said = self._clips.read(
            conversation.before(conversation.unblocked(remarks), own.ts if own else question.ts)
        )
        kept = conversation.within(said, self._tokens / self._scale - estimated_tokens(question.text))
        refused = {file for remark in remarks for file in remark.refused}
        choices, left = self._files.chosen(question, kept, refused)
        if choices and not take(files.peak_bytes(choices)):
            return None
        attachments, unread = self._files.attachments(question, choices)
        asked_about = {file.id for file in question.files}
        left = [each for each in (*left, *unread) if each.file.id in asked_about]
        told = "\n".join(filter(None, (untold, voice.quoted(question.files, texts), files.told(left, texts))))
        words = voice.heard(question.text, question.files)
        if not words and not attachments:
            return Brief((), told)
        asked = Remark(question.ts or "", Role.USER, prompts.asked(question), question.user, question.files)
        found = [(link, self._message_at(link, question)) for link in linked(question.text)]
        people = (*conversation.people_in((*kept, asked)), *_people_in(remark for _, remark in found))
        names = {**self._people.names(people), **self._channels(question, kept)}
        quotations = (quoted(link, remark, names) for link, remark in found)
        asked = replace(asked, text="\n\n".join((asked.text, *quotations)))
        composed = partial(self._composed, said, kept, asked, names)
        shared = {file.id: file for remark in (asked, *reversed(kept)) for file in remark.files}
        named = {file: replace(each, data=b"") for file, each in attachments.items()}
        return Brief(composed(attachments), told, (), bool(words), asked_about, shared, named, composed)

    def _composed(
        self,
        said: Sequence[Remark],
        kept: Sequence[Remark],
        asked: Remark,
        names: Mapping[str, str],
        attachments: Mapping[str, Attachment],
    ) -> tuple[Turn, ...]:
        turns = conversation.turns(said, kept, asked, names, attachments)
        return tuple(redaction.redacted_turn(turn, self._redact) for turn in turns)

    def without_refused(self, question: Question, brief: Brief, error: ModelError) -> Brief | None:
        """Return what to ask after the model refused a file of `brief`; None where no file is to blame.

        If it did not tell which file, all are left out. Those that were read before are not blamed then.
        """
        if error.fault not in _ABOUT_FILES or not brief.attachments:
            return None
        named = {file for file, each in brief.attachments.items() if each.name == error.item}
        gone = named or set(brief.attachments)
        left_out = [file for file in brief.files.values() if file.id in gone]
        blamed = named or (gone & set(brief.asked)) or gone
        refused = (*brief.refused, *(file for file in brief.files if file in blamed))
        log.warning("file.refused", extra={**question.names, "files": sorted(gone)})
        left = [LeftOut(file, Flaw.REFUSED) for file in left_out]
        told = "\n".join(filter(None, (brief.told, files.told(left, texts_in(self.language(question))))))
        attachments = {file: each for file, each in brief.attachments.items() if file not in gone}
        read = {each.name: each for turn in brief.turns for each in turn.attachments}
        turns = tuple(
            replace(turn, attachments=tuple(read[each.name] for each in turn.attachments))
            for turn in (brief.composed(attachments) if brief.is_worded or attachments else ())
        )
        return replace(brief, turns=turns, told=told, refused=refused, attachments=attachments)

    def prompt(self, question: Question, turns: tuple[Turn, ...]) -> prompts.Prompt:
        """Return the prompt for the answering model at this moment, after a brief of such `turns`."""
        return prompts.answer(turns, self._local_time(question))

    def _local_time(self, question: Question) -> str:
        return prompts.local_time(self._now(), self._people.known(question.user))

    def learn(self, estimated: int, billed: int) -> None:
        """Take note of how many tokens were `billed` for a text that had been `estimated`."""
        if estimated > 0 and billed > 0:
            self._scale += _LEARNING * (billed / estimated - self._scale)

    def close(self) -> None:
        """Fetch nothing more."""
        self._lane.shutdown(cancel_futures=True)

    def _remarks(self, question: Question) -> tuple[Sequence[Remark], str]:
        """Return what was said in its thread; what people are told where that cannot be read."""
        if not (question.stands_in_thread and question.thread_ts):
            return (), ""
        try:
            thread = self._threads.remarks(Place(question.channel, question.thread_ts), question.user)
        except SlackError as error:  # an answer without the thread serves better than none
            log.log(level(error), "thread.unread", extra={**question.names, "code": error.code})
            texts = texts_in(question.language)
            return (), texts.thread_not_set_up if error.setup else texts.thread_unread
        if not (others := lines.lines_in(thread)):
            return thread, ""
        try:
            said = self._threads.lines(question.channel, question.thread_ts, others[-1])
        except SlackError as error:  # its first line serves better than none
            log.log(level(error), "lines.unread", extra={**question.names, "code": error.code})
            return thread, ""
        return lines.whole_root(sorted(thread, key=lambda remark: remark.ts), said), ""

    def language(self, question: Question) -> Language:
        """How to speak to an asker, who may have written nothing by which that could be told."""
        is_told = any(file.speech or not file.is_clip for file in question.files)
        if question.text or is_told or question.spoken:
            return question.language
        return self._people.language(question.user)

    def completed(self, question: Question) -> Question:
        """`question` with what its messages say besides what its event told, or now that it is asked again.

        It can wait for Slack.
        """
        if question.lines and question.retry:
            return self._reread(question)
        if not (question.may_have_files and question.place and question.ts):
            return question
        try:
            message = self._threads.message(question.place, question.ts)
        except SlackError as error:
            log.log(level(error), "message.unread", extra={**question.names, "code": error.code})
            return question
        return (
            replace(question, text=question.text or message.text, files=message.files)
            if message
            else question
        )

    def _reread(self, question: Question) -> Question:
        """Return a `question` of several lines as these read now."""
        try:
            said = self._threads.lines(question.channel, question.ts or "", question.lines[-1])
        except SlackError as error:
            log.warning("lines.unread", extra={**question.names, "code": error.code})
            return question
        return lines.reread(question, said)

    def current(self, question: Question) -> Question | None:
        """Return a `question` that was asked a while ago as it reads now; None if it is gone.

        Where Slack does not say, it is taken as it was. It can wait for Slack.
        """
        if not question.place or not question.ts:
            return question
        try:
            if question.lines:
                return self._standing(question, question.ts)
            message = self._threads.current(question.place, question.ts)
        except SlackError as error:
            log.log(level(error), "message.unread", extra={**question.names, "code": error.code})
            return question
        return replace(question, text=message.text, files=message.files) if message else None

    def _standing(self, question: Question, first: str) -> Question | None:
        """Return a `question` of several lines as they read now; None if all are gone. Raises SlackError."""
        said = self._threads.lines(question.channel, first, question.lines[-1])
        is_gone = not any(remark.ts in (first, *question.lines) for remark in said)
        return None if is_gone else lines.reread(question, said)

    # Channels that are mentioned, and messages that are linked to

    def _channels(self, question: Question, kept: Sequence[Remark]) -> Mapping[str, str]:
        """Return the names of channels that are mentioned, by their ids; those of the question come first."""
        texts = (question.text, *(remark.text for remark in reversed(kept)))
        mentioned = dict.fromkeys(channel for text in texts for channel in channels_in(text))
        wanted = list(mentioned)[:_MAX_CHANNELS]
        names = (
            self._gate.channel_name(question, channel, may_look=number < _MAX_CHANNEL_LOOKUPS)
            for number, channel in enumerate(wanted)
        )
        return {channel: name for channel, name in zip(wanted, names, strict=True) if name}

    def _message_at(self, link: Link, question: Question) -> Remark | None:
        """The message at `link`, if it stands where all may read who may read the answer."""
        place = Place(link.channel, link.thread_ts or link.ts)
        if not self._gate.may_read(question, link.channel):
            return None
        try:
            return self._threads.message(place, link.ts)
        except SlackError as error:
            log.log(level(error), "link.unread", extra={**question.names, "code": error.code})
            return None


def _people_in(remarks: Iterable[Remark | None]) -> Iterator[str]:
    """The ids of all who wrote `remarks` or are mentioned in them."""
    for remark in filter(None, remarks):
        yield from filter(None, (remark.user, *mentioned(remark.text)))
