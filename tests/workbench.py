"""The real bot between the playground's Slack and Bedrock, and a person in front of it."""

from __future__ import annotations

import re
import sqlite3
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from bot import app
from bot.core.acknowledgement import stand_in
from bot.core.interaction import Interaction, Vote
from bot.core.journal import Allowance
from bot.core.texts import language_of
from bot.playground.bedrock import INSTANT, Bedrock
from bot.playground.events import ALL_EVENTS
from bot.playground.limits import UNLIMITED, Limits
from bot.playground.servers import Servers
from bot.playground.slack import ALL_SCOPES, APP_TOKEN, BOT_TOKEN, Call, Slack
from bot.playground.workspace import ADA, BOT_USER, Message
from bot.settings import Settings
from bot.stores import open_store

T = TypeVar("T")
_TIME = re.compile(r"⟦(?:It is|Where the question is asked it is) \w+day, [^⟦⟧]*⟧")


class Workbench:
    """What a person does, what the person sees, and what went over the wire."""

    def __init__(
        self,
        limits: Limits = UNLIMITED,
        granted: frozenset[str] = ALL_SCOPES,
        subscribed: frozenset[str] = ALL_EVENTS,
    ) -> None:
        self._changed = threading.Condition()
        self._versions: defaultdict[tuple[str, str], list[Message]] = defaultdict(list)
        self.servers = Servers(lambda: Slack(limits, granted, subscribed), lambda: Bedrock(INSTANT))
        self.servers.start()
        self.slack, self.bedrock = self.servers.slack, self.servers.bedrock
        self.servers.do(lambda: self.slack.workspace.watchers.append(self._saw))
        self.bots: list[app.Bot] = []
        self._folder = tempfile.TemporaryDirectory(prefix="duet-test-")
        self.store_url = f"sqlite:///{self._folder.name}/bot.db"

    def start_bot(self, **settings: Any) -> app.Bot:
        """The bot as `python -m bot` builds it, connected."""
        chosen: dict[str, Any] = {
            "slack_bot_token": BOT_TOKEN,
            "slack_app_token": APP_TOKEN,
            "slack_api_url": f"{self.slack.base_url}/api/",
            "aws_region": "us-east-1",
            "shutdown_grace": 0.0,
            "footer": "off",
            "follow_ups": 0,
            "ack_deadline": 30.0,  # a slow machine is to change no acknowledgement
            "cache_ttl": 0.0,  # most tests ask in the same words again and mean another question
            "store_url": self.store_url,
            **settings,
        }
        bot = app.build(Settings(**chosen))
        self.bots.append(bot)
        bot.start()
        return bot

    def stop_bot(self, bot: app.Bot) -> None:
        """End a bot in good order."""
        self.bots.remove(bot)
        bot.stop()

    def close(self) -> None:
        for bot in self.bots:
            bot.stop()
        self.servers.stop()
        self._folder.cleanup()

    def channels(self, count: int) -> list[str]:
        """So many channels that the bot is in, so that no channel's own limit of posts is felt."""
        names = [f"COWN{number}" for number in range(count)]
        for name in names:
            self.servers.do(partial(self.slack.workspace.add_channel, name, name.lower()))
        return names

    # What a person does

    def say(
        self,
        text: str,
        channel: str = "CGENERAL",
        user: str = ADA.id,
        thread: Message | None = None,
        files: Sequence[Mapping[str, Any]] = (),
    ) -> Message:
        if thread:
            channel = thread.channel
        thread_ts = (thread.thread_ts or thread.ts) if thread else None
        return self.servers.do(lambda: self.slack.say(user, channel, text, thread_ts, files))

    def mention(self, text: str, **where: Any) -> Message:
        return self.say(f"<@{BOT_USER}> {text}", **where)

    def dm(self, text: str, **more: Any) -> Message:
        return self.say(text, channel="DADA", **more)

    def ask(self, text: str, channel: str = "CGENERAL", user: str = ADA.id) -> None:
        """Give `/ask`; returns when it was acknowledged."""
        self.servers.wait_for(lambda: self.slack.command(user, channel, "/ask", text))

    def press(self, action: str, question: Message, user: str = ADA.id, value: str = "") -> None:
        """Press a button under the last message in a thread; returns when that was acknowledged.

        `value` is how that of one side of a feedback, or of an option of a menu, begins.
        """
        message = next(each for each in reversed(self.messages(thread=question)) if not each.only_for)
        values = [
            found
            for found in re.findall(r"'value': '([^']*)'", str(message.blocks))
            if value and found.startswith(value)
        ]
        assert self.servers.wait_for(lambda: self.slack.click(user, message, action, *values[:1]))

    def told_privately(self, user: str = ADA.id, channel: str = "CGENERAL") -> list[str]:
        """What the bot said to nobody but `user`."""
        return [message.text for message in self.messages(channel) if message.only_for == user]

    # What the person sees

    def messages(self, channel: str = "CGENERAL", thread: Message | None = None) -> list[Message]:
        """The bot's messages in a channel, or in the thread under a message, oldest first."""
        found = self.servers.do(lambda: list(self.slack.workspace.messages.values()))
        if thread:
            root = thread.thread_ts or thread.ts
            found = [m for m in found if m.channel == thread.channel and m.thread_ts == root]
        else:
            found = [m for m in found if m.channel == channel]
        return sorted((m for m in found if m.user == BOT_USER), key=lambda message: message.ts)

    def posted_question(self, channel: str = "CGENERAL") -> Message:
        """The question that the bot posted in a channel for a slash command."""
        return self.until(
            lambda: next((m for m in self.messages(channel) if not m.is_reply and not m.only_for), None)
        )

    def texts(self, question: Message) -> list[str]:
        """What the bot said under a question."""
        return [words(message) for message in self.messages(thread=question)]

    def versions(self, message: Message) -> list[str]:
        """All that a message has said, from its post to its last edit."""
        with self._changed:
            return [words(version) for version in self._versions[message.channel, message.ts]]

    def until(self, seen: Callable[[], T | None], seconds: float = 15.0) -> T:
        """What `seen` returns once that is true; a failure if it does not become true in time."""
        deadline = time.monotonic() + seconds
        while not (found := seen()):
            assert time.monotonic() < deadline, f"not seen within {seconds} s; {self._state()}"
            with self._changed:
                self._changed.wait(0.02)
        return found

    def answered(self, question: Message, count: int = 2, before: int = 0) -> list[str]:
        """What the bot says in a thread once it is done: `count` messages, `before` of them stood there.

        Models that hold go on as soon as a new one is seen, so that an acknowledgement is never overtaken by
        its answer.
        """
        self.until(lambda: len(self.messages(thread=question)) > before)

        def is_over() -> bool:
            self.bedrock.release()
            said = self.messages(thread=question)
            return len(said) >= count and self.at_rest() and not any(map(grows, said))

        self.until(is_over)
        found = self.texts(question)
        assert len(found) == count, found
        return found

    def answered_whole(self, answer: str, *questions: Message, seconds: float = 15.0) -> None:
        """Let the models that hold go on once something stands under each question, and wait for `answer`."""
        self.until(lambda: all(map(self.texts, questions)), 40)

        def is_over() -> bool:
            self.bedrock.release()  # each time, since a model may be asked after the other one has spoken
            return all(self.stands_whole(question, answer) for question in questions) and self.at_rest()

        self.until(is_over, seconds)

    def begins(self, question: Message, words: str) -> bool:
        """Whether the last that the bot said under a question begins with `words`."""
        return bool(said := self.texts(question)) and said[-1].startswith(words)

    def stands_whole(self, question: Message, answer: str) -> bool:
        """Whether all the bot says is one acknowledgement at most, and the whole answer once."""
        *before, last = self.texts(question) or [""]
        return last == answer and len(before) <= 1 and answer not in before

    def at_rest(self) -> bool:
        """Whether every bot in this process has ended every answer it began."""
        return all(bot.orchestrator.live == 0 for bot in self.bots)

    def written(self, count: int) -> list[Interaction]:
        """What is written down of all questions, once there are so many. By then they are settled."""
        ledger = open_store(self.store_url, Allowance()).ledger
        return self.until(lambda: found if len(found := ledger.interactions(0.0)) == count else [])

    def votes(self) -> list[Vote]:
        """What is written down of how people rated answers."""
        return open_store(self.store_url, Allowance()).ledger.votes(0.0)

    def _state(self) -> str:
        """What stands in Slack, and which calls were made last."""
        stands = self.servers.do(lambda: list(self.slack.workspace.messages.values()))
        told = [f"{m.channel} {m.ts} {m.only_for} {words(m)[:200]!r}" for m in stands[-40:]]
        asked = [request.operation for request in list(self.bedrock.requests)]
        calls = self.servers.do(lambda: [f"{c.method} {c.error}".strip() for c in self.slack.calls[-20:]])
        live = [bot.orchestrator.live for bot in self.bots]
        return "\n".join([f"live: {live}, asked: {asked}, called: {calls}", *told])

    # What went over the wire

    def calls(self, method: str) -> list[Call]:
        return self.servers.do(lambda: [call for call in self.slack.calls if call.method == method])

    def prompts(self, operation: str = "converse-stream") -> list[dict[str, Any]]:
        """The bodies that a model was asked with, but for what it is told of the time."""
        return [
            _undated(request.body)
            for request in list(self.bedrock.requests)
            if request.operation == operation
        ]

    def _saw(self, message: Message, _is_gone: bool) -> None:
        with self._changed:
            self._versions[message.channel, message.ts].append(message)
            self._changed.notify_all()


def _undated(body: Mapping[str, Any]) -> dict[str, Any]:
    turns = [
        {**turn, "content": [block for block in turn["content"] if not _TIME.match(block.get("text", ""))]}
        for turn in body["messages"]
    ]
    return {**body, "messages": turns}


def acknowledged(asked: str, *files: str) -> str:
    """Return the fixed sentence about what was `asked`, with which nobody was acknowledged before."""
    return stand_in(asked, language_of(" ".join((asked, *files))), files=", ".join(files))


def actions(message: Message) -> list[dict[str, Any]]:
    """What can be pressed or chosen under a message."""
    return [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]


def grows(message: Message) -> bool:
    """Whether a message can be stopped, as an answer can while it grows."""
    return any(element["action_id"] == "stop" for element in actions(message))


def words(message: Message) -> str:
    """All that a message says, as it was sent: its blocks from top to bottom, or its text if it has none."""
    shown = []
    for block in message.sent:
        match block:
            case {"type": "markdown", "text": text} | {"type": "section", "text": {"text": text}}:
                shown.append(text)
            case {"type": "context", "elements": elements}:
                shown.extend(element["text"] for element in elements)
    return "\n".join(shown) if message.sent else message.text


def open_questions(store: str) -> list[str]:
    """The ids of questions in a SQLite store that were taken and are not answered to the end."""
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as db:
        return [text for (text,) in db.execute("SELECT id FROM questions WHERE owner IS NOT NULL")]
