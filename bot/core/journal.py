"""What is written down of a question, so that it is answered whatever becomes of the process that took it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any

from bot.core.errors import Fault
from bot.core.files import SharedFile
from bot.core.message import Kind, Standing
from bot.core.question import Place, Question

# Slack redelivers an event for up to five minutes, and for a day where "Delayed Events" are switched on
# (https://docs.slack.dev/apis/events-api#retries).
REMEMBERED_SECONDS = 86_400.0
# Slack counts a call a little after it was spent, so its minute ends a little later, too.
WINDOW_SECONDS = 61.0
# A question that two processes froze or died with is not handed on to a third: it may be the cause, and then
# everybody else's questions would pay for it again.
_MAX_DEATHS = 2
_MAX_ENDINGS = 2  # how often it is tried, after that, to end it with an apology
_MAX_NOTED_CHARACTERS = 50_000  # of an answer: more than a model writes at once
UNKNOWN = "?"  # an intent, where nobody knows whether there was one


@dataclass(frozen=True)
class Noted:
    """Notes of a process on an answer: its messages by their keys, as they stand or are about to.

    `intent` is the key of a message that was about to be posted or completed, "" for none. Only Slack can
    tell what became of that.
    """

    messages: Mapping[str, Standing] = field(default_factory=dict)
    intent: str = ""

    @property
    def has_answer(self) -> bool:
        """Return True if some of the answer, or a notice in its place, stands."""
        return bool(self._answers)

    @property
    def is_certain(self) -> bool:
        """Return True if an answer can go on from here without asking Slack what stands.

        A first message may have been posted while the store was away, and then it is in no note.
        """
        return not self.intent and self.has_answer and all(each.body for each in self._answers)

    @property
    def _answers(self) -> list[Standing]:
        return [each for each in self.messages.values() if each.kind in (Kind.ANSWER, Kind.NOTICE)]

    def encoded(self) -> str:
        """Return the messages as JSON, their texts within a bound."""
        left, kept = _MAX_NOTED_CHARACTERS, {}
        for key, each in self.messages.items():
            body = each.body if len(each.body) <= left else ""
            left -= len(body)
            kept[key] = [each.ts, body, each.is_end, each.kind.value]
        return json.dumps(kept)

    @classmethod
    def decoded(cls, messages: str | None, intent: str | None) -> Noted:
        """Return what was written by `encoded`, or by an older version, which wrote no intents."""
        written = json.loads(messages or "{}")
        standing = {
            key: Standing(each)
            if isinstance(each, str)
            else Standing(each[0], each[1], each[2], Kind(each[3]))
            for key, each in written.items()
        }
        return cls(standing, UNKNOWN if intent is None else intent)


@dataclass(frozen=True)
class Entry:
    """A question that was taken and is not answered to the end.

    `age` is how many seconds ago it was asked, `tries` how many processes have had it, this one included, and
    `deaths` how many of those froze or died with it. `noted` is what was written down of its answer.
    """

    question: Question
    age: float = 0.0
    tries: int = 1
    place: Place | None = None
    noted: Noted = Noted()
    deaths: int = 0

    @property
    def going_on(self) -> Question:
        """The question as another process goes on with it: what was shown of an answer is to stay."""
        return replace(self.question, replaces=self.question.replaces and not self.noted.has_answer)

    @property
    def is_undecided(self) -> bool:
        """Return True if its thread may not be the bot's: it mentions nobody, and is not answered yet."""
        is_begun = self.place or self.noted.messages or self.noted.intent
        return self.question.is_followed and not is_begun

    @property
    def is_hopeless(self) -> bool:
        """Return True if processes ended even while they apologised for it."""
        return self.deaths >= _MAX_DEATHS + _MAX_ENDINGS

    def lost_by(self, within: float) -> Fault | None:
        """Return why it is no longer answered, if so: too many processes ended with it, or it was asked more
        than `within` seconds ago.
        """
        if self.deaths >= _MAX_DEATHS:
            return Fault.GIVEN_UP
        return Fault.INTERRUPTED if self.age > within else None


@dataclass(frozen=True)
class Owner:
    """A process as it describes itself to the others.

    `reserved` is how many edits its open answers still need; `state` is a word for operators, after which a
    colon and what is wrong can follow.
    """

    id: str
    host: str = ""
    state: str = ""
    reserved: int = 0


class CallKind(Enum):
    """Kinds of counted calls to Slack. START, APPEND and STOP are those of a message that Slack itself
    streams; what follows them reads.
    """

    POST = "post"
    EDIT = "edit"
    START = "start"
    APPEND = "append"
    STOP = "stop"
    THREAD = "thread"
    USER = "user"
    NAME = "name"  # a USER call for somebody who asks nothing
    USER_LIST = "user_list"
    CHANNEL = "channel"
    CHANNEL_LIST = "channel_list"


@dataclass(frozen=True)
class Spent:
    """How many calls of each kind other processes made in the last minute, and the edits they still need."""

    calls: Mapping[CallKind, int] = field(default_factory=dict)
    reserved: int = 0


@dataclass(frozen=True)
class Beat:
    """What a process learns when it renews its lease.

    `adopted` are entries of processes whose lease ran out, now its own; `owned` are the ids of all that it
    owns, these included; `stopped` are those of them whose askers want no more; `others` is what the others
    spend, and `peers` how many of them there are. `taken` are questions of this process that others own now.
    """

    adopted: tuple[Entry, ...] = ()
    owned: frozenset[str] = frozenset()
    stopped: frozenset[str] = frozenset()
    others: Spent = Spent()
    peers: int = 0
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Charge:
    """A call to be counted. `reserved` is how many edits its process will need for last words after it; a
    call that reads has none to tell of (None).

    One that `is_spare` opens a message or shows progress: it must leave what all processes have reserved.
    It is made for the question `entry_id`, of whose answer `noted` is to be written down with it, and the
    `place`, if that is known.
    """

    kind: CallKind
    channel: str
    reserved: int | None = 0
    is_spare: bool = False
    entry_id: str = ""
    noted: Noted | None = None
    place: Place | None = None


class Hold(Enum):
    """Owner of a question, as seen by one process."""

    OURS = "ours"
    TAKEN = "taken"  # another process answers it, or has
    MISSING = "missing"  # the store knows nothing of it


@dataclass(frozen=True)
class Grant:
    """The store's word on a call: `wait` is after how many seconds it is worth asking again, 0 to make it."""

    wait: float = 0.0
    hold: Hold = Hold.OURS


BEGINNING = {CallKind.POST, CallKind.START}  # calls that make a new message in a channel

# A little less than Slack takes (https://docs.slack.dev/apis/web-api/rate-limits): conversations.replies,
# conversations.info and users.conversations are in Tier 3, users.info in Tier 4, users.list in Tier 2. What
# threads leave finds posts with an unknown outcome. Names get a part of the calls for people, so that there
# is always room to find out who asks.
_READS_PER_MINUTE = {
    CallKind.THREAD: 45.0,
    CallKind.USER: 90.0,
    CallKind.NAME: 25.0,
    CallKind.USER_LIST: 18.0,
    CallKind.CHANNEL: 45.0,
    CallKind.CHANNEL_LIST: 45.0,
}


@dataclass(frozen=True)
class Allowance:
    """How many calls Slack takes from all processes together.

    In any minute so many of each kind in the workspace; in a channel `burst` new messages at once and
    `per_second` after that (https://docs.slack.dev/apis/web-api/rate-limits). Where no stream can be started,
    Slack's own streaming is not used.
    """

    edits_per_minute: float = 50
    posts_per_minute: float = 300
    per_second: float = 1.0
    burst: int = 5
    starts_per_minute: float = 0
    appends_per_minute: float = 100
    stops_per_minute: float = 20

    @property
    def longest_wait_in_channel(self) -> float:
        """Seconds until a channel that has just taken all it can take at once has room for as much again."""
        return self.burst / self.per_second

    def per_minute(self, kind: CallKind) -> float:
        """How many calls of one kind."""
        return {
            CallKind.POST: self.posts_per_minute,
            CallKind.EDIT: self.edits_per_minute,
            CallKind.START: self.starts_per_minute,
            CallKind.APPEND: self.appends_per_minute,
            CallKind.STOP: self.stops_per_minute,
            **_READS_PER_MINUTE,
        }[kind]


def encoded(question: Question) -> str:
    """`question` as JSON."""
    return json.dumps(asdict(question))


def read_back(
    age: float,
    tries: int,
    deaths: int,
    question: str,
    channel: str | None,
    thread_ts: str,
    messages: str | None,
    intent: str | None,
) -> Entry:
    """An entry, of which a store keeps `question` as `encoded` wrote it and `messages` as JSON.

    Raises ValueError or TypeError if that cannot be read.
    """
    place = Place(channel, thread_ts) if channel else None
    return Entry(_decoded(question), age, tries, place, Noted.decoded(messages, intent), deaths)


def _decoded(text: str) -> Question:
    """The question that `encoded` wrote; what a newer version added to it is left out."""
    written = json.loads(text)
    if not isinstance(written, dict):
        raise TypeError("not an object")
    values = {name: value for name, value in written.items() if name in Question.__dataclass_fields__}
    # The first versions wrote down names alone; those files are looked for as if nothing had told of them.
    files = tuple(_file(file) for file in values.get("files", ()) if not isinstance(file, str))
    lines = tuple(map(str, values.get("lines", ())))
    return Question(**values | {"files": files, "lines": lines})


def _file(written: Mapping[str, Any]) -> SharedFile:
    return SharedFile(
        **{name: value for name, value in written.items() if name in SharedFile.__dataclass_fields__}
    )
