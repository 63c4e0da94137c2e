"""What was said before in a thread, as the turns of a model's conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby
from types import MappingProxyType

from bot.core.attachments import Attachment
from bot.core.files import SharedFile
from bot.core.frames import name_in_frame, note, quotation, unframed
from bot.core.message import Press, Standing, posted_key
from bot.core.mrkdwn import mentioned, naming
from bot.core.question import Place, Question
from bot.core.rejoined import rejoined
from bot.core.tokens import estimated_tokens

# Nova caches a prefix of at least 1,000 tokens and at most 20,000, in four places of a request at most:
# https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html. An estimate can be off by a fifth.
_CACHED_FROM, _CACHED_TO = 1_200, 16_000
_MOST_CHECKPOINTS = 2

_DOUBTFUL = ", of which the encoding is a guess: if it reads like nonsense, say so"
_UNREAD = "cannot be read"
_LEFT_OUT = note("Some messages of this thread are left out here.")


class Role(Enum):
    """Who speaks in a turn, as the Converse API calls it."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Turn:
    """What one side says before the other speaks, and what it shows before that.

    One that `is_checkpoint` ends what may be kept in the model's prompt cache. `note` is what Duet tells the
    model right before the text. The last turn ends with the question, which begins at `asks_at` in its text,
    and at `shows_at` among its attachments.
    """

    role: Role
    text: str
    attachments: tuple[Attachment, ...] = ()
    is_checkpoint: bool = False
    note: str = ""
    asks_at: int = field(default=0, compare=False)
    shows_at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Remark:
    """A message of a thread that belongs to the conversation: a person's, an answer of the bot's, or material
    that the app named `app` posted.

    In `text` people are still mentioned by their ids. `key` is that of a message which the bot posted,
    `lines` the ts of further messages that made up the question of an answer. A guardrail or a filter stepped
    in where an answer `is_blocked`; `refused` are the ids of files that the model did not take for it.
    """

    ts: str
    role: Role
    text: str
    user: str = ""
    files: tuple[SharedFile, ...] = ()
    key: str = ""
    app: str = ""
    lines: tuple[str, ...] = ()
    is_blocked: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Replies:
    """A page of a thread: its remarks, and the bot's own messages by their keys.

    One that Slack streams has no key yet, and stands under its ts.
    `cursor` is where the next page begins, "" after the last.
    """

    remarks: tuple[Remark, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    cursor: str = ""

    def standing_for(
        self, question_key: str, noted: Mapping[str, Standing] = MappingProxyType({})
    ) -> Mapping[str, Standing]:
        """The bot's messages for a question, by their keys, with all of their words that are known.

        `noted` has those that Slack streams, which have no key yet, and words that were about to be shown.
        """
        streamed = {key: self.standing[each.ts] for key, each in noted.items() if each.ts in self.standing}
        keyed = {key: each for key, each in self.standing.items() if key.startswith(f"{question_key}/")}
        return {
            key: replace(each, body=max(each.body, noted[key].body, key=len)) if key in noted else each
            for key, each in (streamed | keyed).items()
        }


def before(remarks: Iterable[Remark], ts: str | None) -> list[Remark]:
    """What of a thread was said before the message `ts` (None: all of it), oldest first."""
    said = (each for each in remarks if (each.text.strip() or each.files) and (ts is None or each.ts < ts))
    return sorted(said, key=lambda remark: remark.ts)


def unblocked(remarks: Sequence[Remark]) -> list[Remark]:
    """Return what of a thread a model may be told again: no question that was blocked, nor its answer."""
    blocked = {_question_key(remark.key) for remark in remarks if remark.is_blocked}
    answers = [remark for remark in remarks if remark.key and _question_key(remark.key) in blocked]
    gone = {
        *(remark.ts for remark in answers),
        *(key.partition("/")[2] for key in blocked),  # the ts of a question that is a message
        *(ts for answer in answers for ts in answer.lines),
    }
    posted = set(map(posted_key, blocked))
    return [remark for remark in remarks if remark.ts not in gone and remark.key not in posted]


def _question_key(key: str) -> str:
    """Return the key of the question that an answer's message, whose `key` that is, belongs to."""
    return key.rsplit("/", 2)[0]


def within(said: Sequence[Remark], budget: float) -> list[Remark]:
    """Return what of a thread is told within about `budget` tokens: how it began, and the newest of the rest.

    An answer that takes several messages is not cut: where its end is told, all of it is.
    """
    if not said:
        return []
    root, *rest = said
    budget -= estimated_tokens(root.text)
    kept = len(rest)
    for remark in reversed(rest):
        budget -= estimated_tokens(remark.text)
        is_begun = kept < len(rest) and _is_continued(remark, rest[kept])
        if budget < 0 and not is_begun:
            break
        kept -= 1
    return [root, *rest[kept:]]


def _is_continued(remark: Remark, following: Remark) -> bool:
    """Return whether `following` is the next message of the same answer."""
    answer, _, number = remark.key.rpartition("/")
    return bool(answer) and number.isdecimal() and following.key == f"{answer}/{int(number) + 1}"


def people_in(remarks: Sequence[Remark]) -> list[str]:
    """The ids of all whom the model must know by name: who speaks where several do, and who is mentioned."""
    speakers = dict.fromkeys(each.user for each in remarks if _is_a_persons(each) and each.user)
    named = [user for each in reversed(remarks) if each.role is Role.USER for user in mentioned(each.text)]
    return [*dict.fromkeys((*(speakers if len(speakers) > 1 else ()), *named))]


def _is_a_persons(remark: Remark) -> bool:
    return remark.role is Role.USER and not remark.app


def turns(
    said: Sequence[Remark],
    kept: Sequence[Remark],
    question: Remark,
    names: Mapping[str, str],
    attachments: Mapping[str, Attachment],
) -> tuple[Turn, ...]:
    """The conversation that ends with `question`, of which `kept` is what is told of all that was `said`.

    It is what Converse demands: it begins with the user, roles alternate, and nothing is blank. Where several
    people speak, each is named; what an app posted is quoted. `names` are those of people and channels by
    their ids, `attachments` what a model can read of the files, by their ids.
    """
    spoken = [*kept, question]
    while spoken[0].role is Role.ASSISTANT:
        spoken.pop(0)
    speakers = {remark.user for remark in spoken if _is_a_persons(remark)}

    def worded(remark: Remark) -> str:
        text = naming(remark.text, names).strip() if remark.role is Role.USER else remark.text.strip()
        if remark.app and text:
            text = quotation(f"Posted by the app {remark.app}", text)
        if shown := _shown(remark, attachments):
            text = f"{text}\n\n{shown}".strip()
        if len(speakers) > 1 and _is_a_persons(remark):
            speaker = name_in_frame(names.get(remark.user, "")) or "somebody"
            text = f"{note(f'A message by {speaker}:')}\n{text}"
        is_gap = len(kept) < len(said) and len(spoken) > 1 and remark is spoken[0]
        return f"{text}\n\n{_LEFT_OUT}" if is_gap else text

    told = [
        Turn(role, _together(group, worded), _attached(group, attachments))
        for role, remarks in groupby(spoken, key=lambda remark: remark.role)
        if (group := list(remarks))
    ]
    asks_at = len(told[-1].text) - len(worded(question))
    shows_at = len(told[-1].attachments) - len(_attached([question], attachments))
    told[-1] = replace(told[-1], asks_at=asks_at, shows_at=shows_at)
    return _with_checkpoints(told)


def _together(remarks: Sequence[Remark], worded: Callable[[Remark], str]) -> str:
    """The words of remarks that follow each other; the messages of one answer are one text."""
    answers: list[list[Remark]] = []
    for remark in remarks:
        if answers and _is_continued(answers[-1][-1], remark):
            answers[-1].append(remark)
        else:
            answers.append([remark])
    return "\n\n".join(rejoined(map(worded, answer)) for answer in answers)


def _shown(remark: Remark, attachments: Mapping[str, Attachment]) -> str:
    """What the model must know of a remark's files: which name stands for which, and what cannot be read."""
    if not remark.files:
        return ""
    parts = [
        f'{found.name} is "{name_in_frame(file.name)}"{_DOUBTFUL if found.is_guessed else ""}'
        if (found := attachments.get(file.id))
        else f'"{name_in_frame(file.name)}" {"is a recording, transcribed above" if file.speech else _UNREAD}'
        for file in remark.files
    ]
    return note(f"Attached: {'; '.join(parts)}")


def _attached(remarks: Iterable[Remark], attachments: Mapping[str, Attachment]) -> tuple[Attachment, ...]:
    files = (file for remark in remarks for file in remark.files)
    return tuple(_unframed(attachments[file.id]) for file in files if file.id in attachments)


def _unframed(file: Attachment) -> Attachment:
    return replace(file, data=unframed(file.data.decode()).encode()) if file.is_text else file


def _with_checkpoints(told: Sequence[Turn]) -> tuple[Turn, ...]:
    """Mark the last of the bot's turns up to which a prefix is worth keeping: follow-ups repeat it."""
    length, worthy = 0, []
    for number, turn in enumerate(told):
        length += estimated_tokens(turn.text)
        if turn.role is Role.ASSISTANT and _CACHED_FROM <= length <= _CACHED_TO:
            worthy.append(number)
    marked = set(worthy[-_MOST_CHECKPOINTS:])
    return tuple(replace(turn, is_checkpoint=number in marked) for number, turn in enumerate(told))


def asked_again(
    press: Press, team: str, place: Place, remarks: Iterable[Remark], *, replaces: bool = False
) -> Question | None:
    """The question of `team` that a button belongs to, as it stands in its thread; None if it is gone.

    If it `replaces` its answer, that was asked for.
    """
    channel, _, name = press.question_key.partition("/")
    key = posted_key(press.question_key)
    found = next((remark for remark in remarks if remark.ts == name or remark.key == key), None)
    if found is None:
        return None
    thread_ts = place.thread_ts if place.thread_ts != found.ts else None
    asked = Question(
        team,
        channel,
        press.asker,
        found.text,
        thread_ts=thread_ts,
        files=found.files,
        retry=press.retry,
        replaces=replaces,
    )
    return replace(asked, trigger_id=name) if found.key == key else replace(asked, ts=name)
