"""A pretend Slack workspace: its people, its conversations and what was said in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

TEAM = "TDUET"
OTHER_TEAM = "TACME"
BOT_USER = "UDUET"
BOT_ID = "BDUET"


@dataclass(frozen=True)
class User:
    """Somebody who can speak: a person, or a bot. `tz` is a name of IANA's, `tz_offset` its seconds from UTC
    (https://docs.slack.dev/reference/objects/user-object), `locale` a tag of IETF's.

    A guest `is_restricted`. Who is of another `team` is here by Slack Connect. A deactivated account
    `is_deleted`, and stays.
    """

    id: str
    name: str
    is_bot: bool = False
    tz: str = "America/Los_Angeles"
    locale: str = "en-US"
    is_admin: bool = False
    is_restricted: bool = False
    team: str = TEAM
    is_deleted: bool = False
    tz_offset: int = -28_800


# What a post of the bot's is refused with, at top level and in a thread, by what its admins let be posted:
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
POSTING = {
    "all": ("", ""),
    "some": ("restricted_action", "restricted_action"),  # a preference of the workspace
    "admins": ("restricted_action_read_only_channel", "restricted_action_read_only_channel"),
    "threads": ("restricted_action_thread_only_channel", ""),
    "top_level": ("", "restricted_action_non_threadable_channel"),
    "locked_threads": ("", "restricted_action_thread_locked"),
    "suspended": ("ekm_access_denied", "ekm_access_denied"),  # Enterprise Key Management
    "other_apps": ("app_access_restricted", "app_access_restricted"),
    "no_messages_tab": ("messages_tab_disabled", "messages_tab_disabled"),  # direct messages with the app
}


@dataclass(frozen=True)
class Origin:
    """Workspace in which payloads of presses, commands, shortcuts and views say that something was done.

    `team` None: an org-wide installation tells of no team (https://github.com/slackapi/bolt-python/pull/23).
    `organisation` is that of Enterprise Grid, "" for none.
    """

    team: str | None
    organisation: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """Return what an interaction's payload says of it."""
        organisation = {"id": self.organisation, "name": "Organisation"} if self.organisation else None
        return {
            "team": {"id": self.team, "domain": "playground"} if self.team else None,
            "enterprise": organisation,
            "is_enterprise_install": self.team is None,
        }


@dataclass(frozen=True)
class Conversation:
    """A channel ("channel"), a private channel ("private"), a group ("mpim") or direct messages ("im").

    One that `is_shared` has people of other companies in it, by Slack Connect. `posting` tells what the bot
    may post there: see `POSTING`.
    """

    id: str
    name: str
    kind: str
    members: frozenset[str]
    topic: str = ""
    is_archived: bool = False
    is_shared: bool = False
    posting: str = "all"

    def refusal(self, *, is_reply: bool) -> str:
        """Slack's error code for a post of the bot's, at top level or in a thread; empty for none."""
        if self.is_archived:
            return "is_archived"
        return POSTING[self.posting][is_reply]


@dataclass(frozen=True)
class Message:
    """Something said. (channel, ts) is its identity; `only_for` is who alone sees it, if not empty.

    `bot_id` and `app_id` are those of the app that said it, be it in a person's name, and `app` its name;
    they are empty where a person did. A workflow has no `user`. `streams_until` is when Slack ends its
    stream, 0 if it has none. `blocks` are what Slack keeps and shows, `sent` what it was given for them: no
    method gives that back.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, Any] | None = None
    files: Sequence[Mapping[str, Any]] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    edited: bool = False
    only_for: str = ""
    bot_id: str = ""
    app_id: str = ""
    app: str = ""
    subtype: str = ""
    streams_until: float = 0.0
    sent: Sequence[Mapping[str, Any]] = ()

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def is_streaming(self, now: float) -> bool:
        """Whether more can be appended."""
        return now < self.streams_until


@dataclass(frozen=True)
class File:
    """Something shared: its bytes, and `shown`, the file object that tells of it and may be wrong about it.

    `thumbnail` is a smaller version of an image, `pdf` what Slack made of a document, `vtt` what it heard in
    a recording, b"" if there is none. After `still` more calls of files.info its object `becomes` that.
    """

    shown: Mapping[str, Any]
    data: bytes
    thumbnail: bytes = b""
    pdf: bytes = b""
    vtt: bytes = b""
    becomes: Mapping[str, Any] = field(default_factory=dict)
    still: int = 0
    is_deleted: bool = False


@dataclass(frozen=True)
class View:
    """A Home or a modal of `user`'s. `body` is what the app gave, its blocks with ids; each has a `hash`."""

    id: str
    user: str
    body: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Trigger:
    """What `user` did lately: until `end` (Unix seconds) it can be exchanged for one modal."""

    user: str
    end: float
    is_exchanged: bool = False


# https://docs.slack.dev/interactivity/handling-user-interaction
_TRIGGER_SECONDS = 3.0

ADA = User("UADA", "Ada", is_admin=True)
MINJI = User("UMINJI", "민지", tz="Asia/Seoul", tz_offset=32_400, locale="ko-KR")
SAM = User("USAM", "Sam", tz="Europe/London", tz_offset=0, locale="en-GB", is_restricted=True)
NOOR = User("UNOOR", "Noor", tz="Europe/Berlin", tz_offset=3_600, locale="en-GB", team=OTHER_TEAM)
DUET = User(BOT_USER, "Duet", is_bot=True)
RELAY = User("URELAY", "Relay", is_bot=True)
SLACKBOT = User("USLACKBOT", "Slackbot", is_bot=True)

_EVERYONE = frozenset({ADA.id, MINJI.id, RELAY.id})
_CONVERSATIONS = (
    Conversation("CGENERAL", "general", "channel", _EVERYONE | {SAM.id, BOT_USER}, "Everything and everyone"),
    Conversation("CRANDOM", "random", "channel", _EVERYONE | {BOT_USER}, "Nothing in particular"),
    Conversation("CKOREAN", "한국어", "channel", _EVERYONE | {BOT_USER}, "한국어로 이야기해요"),
    Conversation(
        "CPARTNERS",
        "partners",
        "channel",
        _EVERYONE | {NOOR.id, BOT_USER},
        "Shared with Acme, another company",
        is_shared=True,
    ),
    Conversation("CQUIET", "quiet", "channel", _EVERYONE, "A channel without the bot: try /ask here"),
    Conversation("GSECRET", "secret", "private", _EVERYONE, "A private channel without the bot"),
    Conversation("GTEAM", "team", "private", _EVERYONE | {BOT_USER}, "A private channel with the bot"),
    Conversation("GGROUP", "ada--minji--duet", "mpim", frozenset({ADA.id, MINJI.id, BOT_USER})),
    Conversation("DADA", "Duet", "im", frozenset({ADA.id, BOT_USER})),
    Conversation("DMINJI", "Duet", "im", frozenset({MINJI.id, BOT_USER})),
    Conversation("DSAM", "Duet", "im", frozenset({SAM.id, BOT_USER})),
)


@dataclass
class Workspace:
    """The state, changed by one thread only. `watchers` are told of each message that came or changed, and
    of each that went (then the second argument is True); `onlookers` are told when a status, a Home or a
    modal changed.

    `teams` are names by id, `origins` those of presses by user or channel where they are not the user's team,
    `statuses` are by channel and thread, `homes` by user, `modals` by their ids in the order of opening. A
    message may have `tables_per_message`: one as documented, many as was measured
    (https://github.com/archestra-ai/archestra/issues/4724).
    """

    users: dict[str, User] = field(
        default_factory=lambda: {user.id: user for user in (ADA, MINJI, SAM, NOOR, DUET, RELAY, SLACKBOT)}
    )
    teams: dict[str, str] = field(default_factory=lambda: {TEAM: "Duet playground", OTHER_TEAM: "Acme"})
    conversations: dict[str, Conversation] = field(
        default_factory=lambda: {conversation.id: conversation for conversation in _CONVERSATIONS}
    )
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    modals: dict[str, View] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    watchers: list[Callable[[Message, bool], None]] = field(default_factory=list)
    onlookers: list[Callable[[], None]] = field(default_factory=list)
    tables_per_message: int = 50
    _last_ts: float = 0.0

    def new_ts(self, now: float) -> str:
        """A ts for a message said at `now` (Unix seconds): unique, and later than any before."""
        self._last_ts = max(now, self._last_ts + 0.000001)
        return f"{self._last_ts:.6f}"

    def put(self, message: Message) -> Message:
        """Add a message, or let it replace the one of the same identity."""
        self.messages[message.channel, message.ts] = message
        for watcher in tuple(self.watchers):
            watcher(message, False)
        return message

    def whisper(self, now: float, user: str, channel: str, text: str, thread_ts: str | None = None) -> None:
        """Let the bot say, at `now` (Unix seconds), what `user` alone sees."""
        self.put(Message(channel, self.new_ts(now), BOT_USER, text, thread_ts, only_for=user, bot_id=BOT_ID))

    def delete(self, message: Message) -> Message | None:
        """Take a message away, or leave and return what stands in its place, so that its thread has a start.

        https://github.com/42wim/matterbridge/issues/600
        """
        if len(self.thread(message.channel, message.ts)) > 1 and not message.is_reply:
            grave = Message(message.channel, message.ts, SLACKBOT.id, "This message was deleted.", message.ts)
            return self.put(replace(grave, subtype="tombstone"))
        self.remove(message)
        return None

    def remove(self, message: Message) -> None:
        """Take a message away."""
        del self.messages[message.channel, message.ts]
        for watcher in tuple(self.watchers):
            watcher(message, True)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The message `ts` and the replies under it that all can see, oldest first."""
        return sorted(
            (
                message
                for message in self.messages.values()
                if message.channel == channel
                and not message.only_for
                and ts in (message.ts, message.thread_ts)
            ),
            key=lambda message: message.ts,
        )

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        """Let a thread tell what the bot is doing; "" for nothing."""
        before = self.statuses.pop((channel, thread_ts), "")
        if status:
            self.statuses[channel, thread_ts] = status
        if status != before:
            self._tell_onlookers()

    def put_home(self, view: View) -> View:
        """Let a person's Home be `view`."""
        self.homes[view.user] = view
        self._tell_onlookers()
        return view

    def put_modal(self, view: View) -> View:
        """Open a modal, or let it replace the one of the same id."""
        self.modals[view.id] = view
        self._tell_onlookers()
        return view

    def close_modals(self, *views: View) -> None:
        """Close what is still open of `views`."""
        for view in views:
            self.modals.pop(view.id, None)
        self._tell_onlookers()

    def new_trigger(self, user: str, now: float) -> str:
        """The id of a trigger that `user` causes at `now` (Unix seconds)."""
        trigger_id = f"{int(now)}.{len(self.triggers)}.{uuid4().hex}"
        self.triggers[trigger_id] = Trigger(user, now + _TRIGGER_SECONDS)
        return trigger_id

    def _tell_onlookers(self) -> None:
        for onlooker in tuple(self.onlookers):
            onlooker()

    def direct_messages(self, user: str) -> Conversation | None:
        """The conversation of the bot with `user` alone."""
        wanted = {user, BOT_USER}
        return next((c for c in self.conversations.values() if c.kind == "im" and c.members == wanted), None)

    def origin(self, user: str, channel: str = "") -> Origin:
        """Return the origin that a press of `user` in `channel` tells, whatever team events there name.

        In Slack Connect and Enterprise Grid that can be another one.
        """
        by_user = self.origins.get(user) or Origin(self.users[user].team)
        return self.origins.get(channel) or by_user

    def is_stranger(self, user: User) -> bool:
        """Whether `user` is of another company and shares no conversation with the bot."""
        both = {user.id, BOT_USER}
        return user.team != TEAM and not any(both <= c.members for c in self.conversations.values())

    def add_channel(self, channel: str, name: str, kind: str = "channel") -> None:
        """Open a channel that everybody and the bot are in."""
        self.conversations[channel] = Conversation(channel, name, kind, _EVERYONE | {BOT_USER})

    def add_people(self, count: int) -> list[User]:
        """Let so many more people be members of the workspace, in no channel yet."""
        first = len(self.users)
        people = [User(f"UMANY{number}", f"Person {number}") for number in range(first, first + count)]
        self.users.update((user.id, user) for user in people)
        return people

    def invite(self, channel: str, user: str) -> None:
        """Let `user` join a channel."""
        conversation = self.conversations[channel]
        self.conversations[channel] = replace(conversation, members=conversation.members | {user})


def mentions(text: str, user: str) -> bool:
    """Whether `text`, in mrkdwn, mentions `user`."""
    return f"<@{user}>" in text or f"<@{user}|" in text
