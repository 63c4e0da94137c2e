"""A question, as every part of Duet knows it once a listener has read Slack's payload."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.texts import Language, language_of


@dataclass(frozen=True)
class Place:
    """A thread: where the acknowledgement and the answer go."""

    channel: str
    thread_ts: str


@dataclass(frozen=True)
class Question:
    """What somebody asked, and where.

    `text` is plain text, not mrkdwn. `ts` is None for a slash command, which is no message; `thread_ts` is
    None for a message that stands alone. `trigger_id` and `response_url` are a slash command's, else empty.
    """

    team: str
    channel: str
    user: str
    text: str
    ts: str | None = None
    thread_ts: str | None = None
    files: tuple[str, ...] = ()
    trigger_id: str = ""
    response_url: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other question of its team."""
        return f"{self.channel}/{self.ts or self.trigger_id}"

    @property
    def id(self) -> str:
        """What tells it from every other question of every team."""
        return f"{self.team}/{self.key}"

    @property
    def place(self) -> Place | None:
        """The thread to answer in; None for a slash command, whose thread is yet to be made."""
        thread = self.thread_ts or self.ts
        return Place(self.channel, thread) if thread else None

    @property
    def stands_in_thread(self) -> bool:
        """Whether others, or the bot, spoke before it in its thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def language(self) -> Language:
        """The language in which the asker is spoken to."""
        return language_of(self.text)
