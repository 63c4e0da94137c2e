"""A question, as every part of Duet knows it once a listener has read Slack's payload."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from bot.core import message_text
from bot.core.files import SharedFile
from bot.core.texts import Language, language_of

_MAX_NAME_BYTES = 80  # a menu's option has room for that, beside the ids of a channel and an asker


@dataclass(frozen=True)
class Place:
    """A thread: where the acknowledgement and the answer go."""

    channel: str
    thread_ts: str


@dataclass(frozen=True)
class Recipient:
    """Somebody who is to be told something that nobody else sees.

    `user` looks at `place`: a thread, or (no `thread_ts`) the channel itself. `response_url` is that of what
    they did, "" for none.
    """

    user: str
    place: Place
    response_url: str = ""


@dataclass(frozen=True)
class Question:
    """What somebody asked, and where.

    `team` is the workspace that the bot is installed in: what payloads name differs between events and
    presses in Slack Connect and Enterprise Grid. `user_team` is the asker's own, "" where that was not told.
    `bot` is the app's bot through which it was posted, "" where a person wrote it; one that speaks for no
    user is the `user`, too.
    `text` is plain text, not mrkdwn. `ts` is None for what is no message, as a slash command; `thread_ts` is
    None for what stands alone. `trigger_id` tells what is no message from
    every other such, `response_url` is that of what its asker did, "" for a message.
    One that `opens_thread` is to be the first reply to the message `thread_ts`.
    `lines` are the ts of the messages that went on it, whose words `text` has, too.
    `retry` counts how often it was asked again by a button. `spoken` is the language in which its asker is
    spoken to, "" for that of the question. `is_external_room` tells whether the channel is shared with other
    companies; None where the event did not say. If it `replaces` an answer, its asker wants another one, and
    the words of the last need not stay. One that `is_followed` mentions nobody, and is answered only if the
    bot takes part in its thread.
    """

    team: str
    channel: str
    user: str
    text: str
    ts: str | None = None
    thread_ts: str | None = None
    files: tuple[SharedFile, ...] = ()
    trigger_id: str = ""
    response_url: str = ""
    retry: int = 0
    spoken: str = ""
    is_external_room: bool | None = None
    replaces: bool = False
    opens_thread: bool = False
    user_team: str = ""
    bot: str = ""
    lines: tuple[str, ...] = ()
    is_followed: bool = False

    @property
    def key(self) -> str:
        """Return what tells it from every other question: its channel and its message."""
        name = self.ts or self.trigger_id
        if len(written := name.encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES:
            name = sha256(written).hexdigest()
        return f"{self.channel}/{name}"

    @property
    def id(self) -> str:
        """Return what tells it, and each retry of it, from every other question in the store."""
        return question_id(self.team, self.key, self.retry)

    @property
    def names(self) -> dict[str, str]:
        """What tells it from others in a log: never its text."""
        return {"team": self.team, "channel": self.channel, "ts": self.ts or "command"}

    @property
    def place(self) -> Place | None:
        """The thread to answer in; None for what is no message, and has to be posted first."""
        return Place(self.channel, self.thread_ts or self.ts) if self.ts else None

    @property
    def asker(self) -> Recipient:
        """Return its asker, to be told something alone. Slack shows none of that in a thread without replies:
        https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        is_in_thread = self.stands_in_thread and not self.opens_thread
        thread_ts = (self.thread_ts or "") if is_in_thread else ""
        return Recipient(self.user, Place(self.channel, thread_ts), self.response_url)

    @property
    def stands_in_thread(self) -> bool:
        """Whether others, or the bot, spoke before it in its thread."""
        return bool(self.thread_ts and self.thread_ts != self.ts)

    @property
    def may_have_files(self) -> bool:
        """Whether it can have come without the files that stand with it: a mention can
        (https://docs.slack.dev/reference/events/app_mention). In a thread, they are found with the rest.
        """
        return self.way_in == "mention" and not self.files and not self.stands_in_thread

    @property
    def way_in(self) -> str:
        """How it was asked, for figures."""
        if self.ts is None:
            return "command"
        return "direct_message" if self.channel.startswith("D") else "mention"

    @property
    def language(self) -> Language:
        """The language in which the asker is spoken to."""
        if self.spoken:
            return Language(self.spoken)
        files = (f"{file.name} {file.speech}" for file in self.files)
        return language_of(" ".join((message_text.written(self.text), *files)))


def question_id(team: str, key: str, retry: int) -> str:
    """The id of a question, of which the `team`, the `key` and the number of the `retry` are known."""
    return f"{team}/{key}/{retry}" if retry else f"{team}/{key}"
