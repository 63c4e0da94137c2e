"""Questions, models, a network and a Slack that counts, in a time that is only counted.

The loop is the orchestrator's: it looks when there is news or its time has come, and a look takes no time.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import count, cycle, pairwise
from math import ceil, inf
from typing import TypeAlias

from bot.core.draft import Draft, Outcome
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.journal import BEGINNING, Allowance, CallKind
from bot.core.message import Content, Kind
from bot.core.question import Place, Question
from bot.core.stream import Finished, StreamEvent, Text
from bot.engine.exchange import Exchange
from bot.engine.line import Line
from bot.engine.pacer import Pacer, Turn
from bot.engine.steps import METHODS, OpenThread, Show
from bot.playground.limits import Limits, Meter
from tests.engine.admitted import admitted

ACK_DEADLINE = 1.5
END = Finished("end_turn", None)
_MOST_LOOKS_IN_A_MOMENT = 1000
_WORDS_AT_ONCE = 5  # a simulation takes as long as it has events

Stream: TypeAlias = Iterable[tuple[float, StreamEvent]]  # each event with its seconds since the question


class Broken(Enum):
    """What a connection error hides."""

    LOST = "the call did not reach Slack"
    MADE = "the call was made, and its answer did not reach the bot"


@dataclass(frozen=True)
class Network:
    """How long each call takes, and how far of that it has come when Slack counts it, both in turn.

    `faults` are the calls that go wrong, by their number; a number of seconds is a 429, and a SlackError what
    Slack says. An OverBudget is no fault of the network's: other processes spent what the call needed.
    """

    latencies: tuple[float, ...] = (0.06,)
    arrivals: tuple[float, ...] = (0.5,)
    faults: Mapping[int, Broken | float | SlackError] = field(default_factory=dict)
    away: tuple[float, float] = (inf, inf)  # from when to when nothing is answered


@dataclass
class Call:
    """A call as the bot made it; `error` and `returned` are told when it ends."""

    exchange: Exchange
    step: Show | OpenThread
    channel: str
    kind: CallKind
    sent: float
    draft: Draft  # the answer as it was then
    returned: float = inf
    error: SlackError | None = None
    found: Show | None = None  # the earlier try that stood already

    @property
    def is_post(self) -> bool:
        """Whether it makes a new message."""
        return self.kind in BEGINNING

    @property
    def is_answer(self) -> bool:
        """Whether it shows words of the answer, or of what stands in its place."""
        return is_answer(self.step)

    @property
    def is_final(self) -> bool:
        return self.is_answer and self.draft.outcome is not None

    @property
    def is_progress(self) -> bool:
        return self.is_answer and not self.is_post and not self.is_final

    @property
    def content(self) -> Content:
        assert isinstance(self.step, Show)
        return self.step.message.content


def is_answer(step: Show | OpenThread) -> bool:
    return isinstance(step, Show) and step.message.kind is not Kind.ACKNOWLEDGEMENT


def written(tokens: int = 500, per_second: float = 90, begins_after: float = 0.8, token: str = "") -> Stream:
    """A stream at an even pace: of numbered words, some in each event, or of `token`, one in each."""
    at_once = 1 if token else _WORDS_AT_ONCE
    for number in range(0, tokens, at_once):
        words = (f"word{each} " for each in range(number, min(number + at_once, tokens)))
        yield begins_after + number / per_second, Text(token or "".join(words))
    yield begins_after + tokens / per_second, END


class Simulation:
    """A pacer and all that it paces, with a Slack whose limits are its budgets.

    At most `places` answers are written at once. `refusals` are the calls that were beyond Slack's limits;
    nothing is said of 429s that the network threw in.
    """

    def __init__(
        self,
        edits: float = 50,
        posts: float = 300,
        network: Network | None = None,
        starts: float = 0,
        places: float = inf,
    ) -> None:
        self.now = 0.0
        self.pacer = Pacer(Allowance(edits, posts, starts_per_minute=starts))
        self.calls: list[Call] = []
        self.exchanges: list[Exchange] = []
        self.over: dict[Exchange, float] = {}
        self.refusals: list[Call] = []
        self.threads: defaultdict[Exchange, dict[str, tuple[str, Kind, Content | None]]] = defaultdict(dict)
        self._meter = Meter(Limits(edits, posts))
        self._streams: dict[str, str] = {}  # what Slack streams, by the ts
        self._live: dict[Exchange, None] = {}
        self._places, self._line = places, Line[Exchange](places)
        self._to_be_written: dict[Exchange, Stream] = {}
        self._network = network or Network()
        self._latencies, self._arrivals = cycle(self._network.latencies), cycle(self._network.arrivals)
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()
        self._again = inf

    # What happens

    def ask(
        self,
        at: float,
        channel: str,
        stream: Stream | None = None,
        greeting: str = "On it.",
        greets_after: float = 0.33,
        *,
        is_command: bool = False,
        user: str = "",
    ) -> Exchange:
        """Let somebody (else, if not a certain `user`) ask, and the models say what they say."""
        name = f"{next(self._number)}.0"
        user = user or f"U{name}"
        question = Question("T1", channel, user, "why?", None if is_command else name, trigger_id=name)
        exchange = admitted(Exchange(question, at, ACK_DEADLINE))
        self.exchanges.append(exchange)
        self._at(at, lambda: self._live.update({exchange: None}))
        self._at(at + greets_after, lambda: exchange.greet(greeting))
        stream = written() if stream is None else stream
        if self._places == inf:  # a moment less is left to chance
            self._write(exchange, stream, at)
        else:
            self._at(at, partial(self._stand_in_line, exchange, stream))
        return exchange

    def _write(self, exchange: Exchange, stream: Stream, at: float) -> None:
        for after, event in stream:
            self._at(at + after, partial(self._receive, exchange, event))

    def _stand_in_line(self, exchange: Exchange, stream: Stream) -> None:
        self._to_be_written[exchange] = stream
        self._line.join(exchange.question.user, exchange)
        exchange.stand_in_line(partial(self._line.ahead, exchange))
        self._take_turns()

    def _take_turns(self) -> None:
        """Let those next in line be written, in places that are free."""
        while exchange := self._line.take():
            exchange.take_turn()
            self._write(exchange, self._to_be_written.pop(exchange), self.now)

    def run(self, until: float = 3600.0) -> Simulation:
        """Let it all happen, to its end or until that time."""
        looks = 0
        while self._agenda or self._live:
            moment = min(self._agenda[0][0] if self._agenda else inf, self._again)
            if moment > until:
                break
            looks = looks + 1 if moment <= self.now else 0
            assert looks < _MOST_LOOKS_IN_A_MOMENT, "the loop turns on the spot"
            self.now = max(self.now, moment)
            is_news = self._again <= self.now
            while self._agenda and self._agenda[0][0] <= self.now:
                is_news = (heapq.heappop(self._agenda)[2]() is not False) or is_news
            if is_news:
                self._look()
        return self

    def _at(self, moment: float, action: Callable[[], object]) -> None:
        """False from `action` means that the loop need not look."""
        heapq.heappush(self._agenda, (moment, next(self._number), action))

    def _look(self) -> None:
        for exchange in [exchange for exchange in self._live if exchange.is_over]:
            del self._live[exchange]
            self.over[exchange] = self.now
            if exchange.draft.outcome is Outcome.WHOLE:
                self.pacer.learn(exchange)
        turns, self._again = self.pacer.turns(self._live, self.now)
        for turn in turns:
            self._send(turn)

    def _receive(self, exchange: Exchange, event: StreamEvent) -> bool:
        is_news = exchange.receive(event, self.now)
        if isinstance(event, Finished) and self._places < inf:
            self._line.done(exchange)
            self._take_turns()
            return True
        return is_news

    # What the network and Slack do

    def _send(self, turn: Turn) -> None:
        exchange = turn.exchange
        call = Call(exchange, turn.step, turn.charge.channel, turn.charge.kind, self.now, exchange.draft)
        fault = self._network.faults.get(len(self.calls))
        self.calls.append(call)
        latency = next(self._latencies)

        def arrive() -> bool:
            ts = None
            try:
                ts = self._made(call, fault)
            except SlackError as error:
                call.error = error
            self._at(call.sent + latency, lambda: self._settle(turn, call, ts))
            return False

        self._at(self.now + latency * next(self._arrivals), arrive)

    def _made(self, call: Call, fault: Broken | float | SlackError | None) -> str:
        """What Slack does with a call that arrives; the ts of the message that it made, found or changed."""
        if isinstance(fault, SlackError):
            raise fault
        if fault is Broken.LOST or self._network.away[0] <= self.now < self._network.away[1]:
            raise Unreachable("lost")
        thread, step = self.threads[call.exchange], call.step
        if isinstance(step, OpenThread):
            found = next(iter(thread), None) if step.again else None
        else:
            call.found, found = self._found(thread, step)
        if found is None:
            self._count(call, fault)
            found = self._written(thread, step)
        if fault is Broken.MADE:
            raise Unreachable("no answer")
        return found

    def _count(self, call: Call, fault: Broken | float | None) -> None:
        if isinstance(fault, float):
            raise RateLimited(fault)
        method = METHODS[call.kind]
        if wait := self._meter.take(method, call.channel, self.now):
            self.refusals.append(call)
            raise RateLimited(float(ceil(wait)))

    def _found(
        self, thread: Mapping[str, tuple[str, Kind, Content | None]], step: Show
    ) -> tuple[Show, str] | tuple[None, None]:
        for tried in step.unsure:
            for ts, (key, _, _) in thread.items():
                words = self._streams.get(ts)  # by which alone a stream is known
                if key == tried.message.key and words in (None, tried.message.content.body):
                    return tried, ts
        return None, None

    def _written(self, thread: dict[str, tuple[str, Kind, Content | None]], step: Show | OpenThread) -> str:
        if isinstance(step, OpenThread):
            ts = f"{next(self._number)}.0"
            thread[ts] = ("question", Kind.QUESTION, None)
            return ts
        ts = step.ts or f"{next(self._number)}.0"
        assert (step.ts is None) is (ts not in thread)
        self._stream(ts, step)
        key = thread[ts][0] if step.ts else step.message.key
        thread[ts] = (key, step.message.kind, step.message.content)
        return ts

    def _stream(self, ts: str, step: Show) -> None:
        """What a stream says must be what it was meant to say; an edit ends what still streams."""
        streamed = self._streams.pop(ts, None)
        if step.kind in (CallKind.APPEND, CallKind.STOP) and streamed is None:
            raise SlackError("message_not_in_streaming_state")
        if step.kind in (CallKind.START, CallKind.APPEND, CallKind.STOP):
            said = (streamed or "") + step.more
            assert said == step.message.content.body
            if step.kind is not CallKind.STOP:
                self._streams[ts] = said

    def _settle(self, turn: Turn, call: Call, ts: str | None) -> None:
        exchange, step = turn.exchange, turn.step
        call.returned = self.now
        self.pacer.ended(turn, self.now, call.error)
        if call.error or ts is None:
            exchange.refused(call.error or SlackError("no_ts"), self.now)
        elif isinstance(step, OpenThread):
            exchange.opened(Place(turn.charge.channel, ts), {}, self.now)
        else:
            exchange.shown(call.found or step, ts, self.now)

    # What can be told afterwards

    @property
    def posts(self) -> list[Call]:
        return [call for call in self.calls if call.is_post]

    @property
    def edits(self) -> list[Call]:
        return [call for call in self.calls if not call.is_post]

    def calls_of(self, exchange: Exchange) -> list[Call]:
        return [call for call in self.calls if call.exchange is exchange]

    def keys(self, exchange: Exchange) -> list[str]:
        """What tells the messages in a thread apart, in their order."""
        return [key for key, _, _ in self.threads[exchange].values()]

    def kinds(self, exchange: Exchange) -> list[Kind]:
        return [kind for _, kind, _ in self.threads[exchange].values()]

    def answer(self, exchange: Exchange) -> list[Content | None]:
        """What the answer's messages say."""
        aside = (Kind.QUESTION, Kind.ACKNOWLEDGEMENT)
        return [content for _, kind, content in self.threads[exchange].values() if kind not in aside]

    def is_exact(self, exchange: Exchange) -> bool:
        """Whether the thread says all that the model said and nothing else."""
        return self.answer(exchange) == list(exchange.draft.contents(exchange.texts))

    def first_words(self) -> list[float]:
        """The seconds from each question to the first words of its answer."""
        shown = [exchange.first_words_at for exchange in self.exchanges]
        return [at - exchange.asked_at for at, exchange in zip(shown, self.exchanges, strict=True) if at]

    def staleness(self, exchange: Exchange) -> float:
        """How old, on the mean while an answer grew, what the reader saw was: seconds since it was true."""
        begun, ended = exchange.began_at, exchange.ended_at
        shown = [call for call in self.calls_of(exchange) if call.is_answer and call.returned < ended]
        steps = [(begun, begun), *((call.returned, call.sent) for call in shown), (ended, ended)]
        area = 0.0
        for (start, true_at), (end, _) in pairwise(steps):
            area += ((end - true_at) ** 2 - (start - true_at) ** 2) / 2
        return area / (ended - begun)

    def mean_staleness(self) -> float:
        return sum(map(self.staleness, self.exchanges)) / len(self.exchanges)

    def whole_after(self, exchange: Exchange) -> float:
        """The seconds from the model's last word until all of it was on screen."""
        return self.over[exchange] - exchange.ended_at


def percentile(values: Iterable[float], share: float = 0.95) -> float:
    """The least of `values` that is not less than `share` of them."""
    ranked = sorted(values)
    return ranked[max(0, ceil(share * len(ranked)) - 1)]
