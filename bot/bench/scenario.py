"""What is asked of a bot, and what its readers saw of the answers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.bench.subject import Subject, started, wait_until
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import BOT_USER, Message


@dataclass(frozen=True)
class Scenario:
    """`questions` of as many people within `over` seconds, each in a channel of its own or all in one."""

    name: str
    questions: int
    over: float = 0.0
    one_channel: bool = False
    tokens: int = 500
    tokens_per_second: float = 90.0
    patience: float = 100.0  # seconds after the last question; what is not whole then is not finished


SCENARIOS = (
    Scenario("1 alone", 1),
    Scenario("10, own channels", 10),
    Scenario("30, own channels", 30),
    Scenario("100, own channels", 100),
    Scenario("10, one channel", 10, one_channel=True),
    Scenario("1 a second for 2 minutes", 120, over=120.0),
    Scenario("150 over 15 s, 1,000 tokens", 150, over=15.0, tokens=1000, tokens_per_second=50.0),
)


@dataclass
class Seen:
    """One question: when it was asked, and what stood under it when. Times are of time.monotonic."""

    asked_at: float
    channel: str = ""
    acknowledged_at: float | None = None
    shows: list[tuple[float, int]] = field(default_factory=list)  # when so many characters were on screen
    posts: list[float] = field(default_factory=list)  # when messages were posted, of `shows` and others


@dataclass(frozen=True)
class Observed:
    """A run: each question with what its model sent, and what the whole took."""

    questions: Sequence[tuple[Seen, Sequence[tuple[float, int]]]]
    refused: int  # calls that Slack answered with 429
    edits: int
    cpu_seconds: float
    peak_megabytes: float


def observe(scenario: Scenario, bot: Sequence[str]) -> Observed:
    """Run a scenario against the bot that the command `bot` starts."""
    words = [f"word{number:04} " for number in range(scenario.tokens)]
    pace = Pace(tokens_per_second=scenario.tokens_per_second)
    places = str(max(100, scenario.questions))
    with started(scenario.questions + 1, bot, pace, MAX_LIVE_ANSWERS=places) as subject:
        servers = subject.servers
        servers.bedrock.always("converse-stream", Reply(text=words))
        _warm_up(subject)
        before = subject.cpu_seconds()
        seen = _ask(scenario, subject, len("".join(words).strip()))
        cpu_seconds, peak = subject.cpu_seconds() - before, subject.peak_megabytes()
    sent = {_number(request.body): request.sent for request in servers.bedrock.requests if request.sent}
    calls = [call for call in servers.slack.calls if call.parameters.get("channel") != "CRANDOM"]
    return Observed(
        [(question, sent.get(number, ())) for number, question in seen.items()],
        refused=sum(call.error == "ratelimited" for call in calls),
        edits=sum(call.method == "chat.update" for call in calls),
        cpu_seconds=cpu_seconds,
        peak_megabytes=peak,
    )


def _warm_up(subject: Subject) -> None:
    """Wait until the bot has answered a question that does not count: its first one finds everything cold."""
    servers = subject.servers
    servers.bedrock.enqueue("converse-stream", Reply(text=["Ready."]))
    servers.do(lambda: subject.say(-1, "CRANDOM", "ready? -1"))
    wait_until(
        lambda: any("Ready." in message.text for message in list(servers.slack.workspace.messages.values())),
        30.0,
    )


def _ask(scenario: Scenario, subject: Subject, length: int) -> dict[int, Seen]:
    """Ask all questions, each when it is due, and watch until all answers are `length` characters long."""
    servers = subject.servers
    seen: dict[int, Seen] = {}
    by_thread: dict[str, Seen] = {}
    sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)  # thread -> message -> characters
    stood: set[str] = set()

    def watch(message: Message, _is_gone: bool) -> None:
        question = by_thread.get(message.thread_ts or "")
        if question is None or message.user != BOT_USER:
            return
        now = time.monotonic()
        if message.ts not in stood:
            stood.add(message.ts)
            question.posts.append(now)
        kind = (message.metadata or {}).get("event_payload", {}).get("kind")
        if kind == "answer":
            thread = sizes[str(message.thread_ts)]
            thread[message.ts] = sum(len(b["text"]) for b in message.sent if b["type"] == "markdown")
            question.shows.append((now, sum(thread.values())))
        elif question.acknowledged_at is None:
            question.acknowledged_at = now

    def ask(number: int, channel: str) -> None:
        asked_at = time.monotonic()
        message = subject.say(number, channel, f"question {number}")
        seen[number] = by_thread[message.ts] = Seen(asked_at, channel)

    def is_over() -> bool:
        return all(question.shows and question.shows[-1][1] >= length for question in seen.values())

    servers.do(partial(servers.slack.workspace.watchers.append, watch))
    start = time.monotonic()
    for number in range(scenario.questions):
        channel = "CGENERAL" if scenario.one_channel else f"CBENCH{number}"
        if not scenario.one_channel:
            servers.do(partial(servers.slack.workspace.add_channel, channel, channel.lower()))
        due = start + number * scenario.over / scenario.questions
        time.sleep(max(0.0, due - time.monotonic()))
        servers.do(partial(ask, number, channel))
    wait_until(lambda: servers.do(is_over), scenario.patience)
    return seen


def _number(body: Mapping[str, Any]) -> int:
    """The number of the question that a model was asked."""
    return int(body["messages"][-1]["content"][-1]["text"].rpartition(" ")[2])
