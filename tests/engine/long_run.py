"""A bot's engine over weeks: all of its parts, with lanes that work one after the other in simulated time."""

from __future__ import annotations

import gc
import heapq
import types
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from functools import partial
from itertools import count
from queue import SimpleQueue
from typing import Any

import pytest

from bot.core.access import Access, Room
from bot.core.attachments import DecodedText, Reading
from bot.core.conversation import Replies
from bot.core.errors import Fault, ModelError, RateLimited, SetupFault, SlackError, Unreachable
from bot.core.interaction import Voice
from bot.core.journal import Allowance, Beat, Entry, Grant
from bot.core.message import Outgoing
from bot.core.person import Person
from bot.core.prompts import Prompt
from bot.core.question import Place, Question
from bot.core.stream import Failed, Finished, Reply, StreamEvent, Text, Usage
from bot.engine import admissions, asides, context, home, journal, orchestrator, reception, voices
from bot.engine.admission_control import AdmissionControl
from bot.engine.admissions import Admissions
from bot.engine.answers import Answers
from bot.engine.follower import Follower
from bot.engine.gate import Gate
from bot.engine.inbox import Inbox, look
from bot.engine.ledger import Ledger, Terms
from bot.engine.lookups import channels, users
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.read_budget import ReadBudget
from bot.engine.lookups.users import UserDirectory
from bot.engine.pacer import Pacer
from bot.engine.people import People
from bot.engine.threads import Threads

_LATENCY = 0.05  # seconds that whatever waits takes
_AT_ONCE, _EVERY = 5, 1.0  # so many questions come every so many seconds
_HOURS = 3 * 3600.0


class Silent:
    """Somebody who is told things and asked nothing."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments, **_named: None


class Slack:
    """One that takes every call, but those of a channel whose name says what goes wrong."""

    def __init__(self) -> None:
        self._number = count(1)
        self.takes_token = True

    def _take(self, channel: str) -> str:
        if not self.takes_token:
            raise SlackError("token_revoked", setup=SetupFault.TOKEN)
        number = next(self._number)
        if "GONE" in channel:
            raise SlackError("channel_not_found")
        if number % 50 == 0:
            raise RateLimited(1.0)
        if number % 70 == 0:
            raise Unreachable("no answer")
        return f"{number}.000001"

    def post(self, channel: str, _thread_ts: str | None, _message: Outgoing) -> str:
        return self._take(channel)

    def edit(self, channel: str, _ts: str, _message: Outgoing) -> None:
        self._take(channel)

    def find(self, _channel: str, _thread_ts: str | None, _message: Outgoing) -> None:
        return None

    def direct_message(self, user: str) -> str:
        return f"D{user}"

    def person(self, user: str) -> Person:
        return Person(user, is_guest=user.startswith("UGUEST"))

    def room(self, _channel: str) -> Room:
        return Room(is_open=True)

    def replies(self, _place: Place, _since: str, _cursor: str) -> Replies:
        return Replies()

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments, **_named: None


class Store:
    """One that knows who owns what, and that now and then another process left something."""

    def __init__(self) -> None:
        self._owned: set[str] = set()
        self._beats = count(1)

    def take(self, question: Question, *_: object) -> bool:
        self._owned.add(question.id)
        return True

    def close(self, entry_id: str, *_: object) -> None:
        self._owned.discard(entry_id)

    def beat(self, *_: object) -> Beat:
        number = next(self._beats)
        adopted: tuple[Entry, ...] = ()
        if number % 20 == 0:
            question = Question("T1", "CLEFT", "U1", "why?", f"{number}.5")
            adopted = (Entry(question, 10.0, 1 + number % 3, question.place),)
            self._owned.add(question.id)
        return Beat(adopted, frozenset(self._owned))

    def spend(self, *_: object) -> Grant:
        return Grant()

    def lead(self, *_: object) -> bool:
        return True

    def claim(self, _name: str) -> bool:
        return True

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments, **_named: None


class Micro:
    model_id = "micro"

    def reply(self, prompt: Prompt) -> Reply:
        return Reply("On it.", "end_turn", Usage(10, 3))


class Pro:
    model_id = "pro"

    def __init__(self) -> None:
        self._number = count(1)

    def stream(self, prompt: Prompt) -> Generator[StreamEvent, None, None]:
        if next(self._number) % 40 == 0:
            yield Failed(ModelError(Fault.NOT_SET_UP, "AccessDeniedException"))
            return
        yield Text("Because.")
        yield Finished("end_turn", Usage(100, 3))


class LongRun:
    """Parts joined as `bot.app` joins them, and a clock that is only counted."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._number, self._asked = count(1), count(1)
        self._again = 0.0
        answering = (admissions, orchestrator, reception, voices)
        for module in (*answering, asides, channels, context, home, journal, users):
            patch.setattr(module, "Lane", partial(_Lane, self))
        for part in (orchestrator.Orchestrator, Admissions, Follower):
            patch.setattr(part, "_run", lambda _part: None)  # which would wait for what is only counted
        patch.setattr("bot.engine.threads._MOST_JOINED", 5)  # a bound that is reached soon
        patch.setattr("bot.engine.pacer._MIN_CHANNELS", 10)
        patch.setattr(voices, "_LONGEST_BETWEEN_GULPS", 0.0)  # which would really be waited for
        patch.setattr("bot.engine.ledger._fields", lambda *_: {})  # of a log that nobody reads
        self.slack = Slack()
        self._join(Store())

    def _join(self, store: Any) -> None:
        clock, wait = (lambda: self.now), self._wait
        inbox: Inbox = SimpleQueue()
        self._inbox = inbox
        slack: Any = self.slack
        books = journal.Journal(store, "here", "here", clock)
        allowance = Allowance(2000, 2000)
        budget = ReadBudget(allowance, books.spend, clock)
        lookups = (slack, store, books, budget, clock, wait)
        people_known, rooms_known = UserDirectory(*lookups), ChannelDirectory(*lookups)
        people = People(people_known, clock=clock)
        told = asides.Asides(slack, people, clock)
        prices = dict.fromkeys(Voice)
        ledger = Ledger(books, store, Terms(prices), warn=lambda _spent: None, clock=clock)
        threads = Threads(slack, clock, wait)
        follower = Follower(threads, books, within=900.0, clock=clock)
        gate = Gate(Access(), people_known.lookup, rooms_known.lookup)
        source: Any = Silent()
        gathered = context.Context(
            threads, people, source, Reading(_decoded, lambda _: None), gate, tokens=1000
        )
        answers = Answers(books, store, threads.message, seconds=0.0, fingerprint="")
        control = AdmissionControl(gate, gathered, answers, ledger, clock)
        self.admissions = Admissions(control, told, inbox, clock, within=900.0)
        micro, pro = Micro(), Pro()
        self.voices = voices.Voices(
            micro,
            pro,
            gathered,
            answers,
            ledger,
            inbox,
            streams=100,
            follow_ups=0,
            clock=clock,
        )
        self.orchestrator = orchestrator.Orchestrator(
            inbox,
            self.voices,
            slack,
            Pacer(allowance),
            books,
            ledger,
            threads,
            self.admissions,
            told,
            follower,
            live_answers=100,
            ack_deadline=1.5,
            recover_within=900.0,
            clock=clock,
        )
        self.reception = reception.Reception(
            self.orchestrator,
            self.voices,
            inbox,
            books,
            gate,
            control,
            self.admissions,
            gathered,
            threads,
            ledger,
            told,
            follower,
            ack_deadline=1.5,
            clock=clock,
        )

    def _wait(self, seconds: float) -> bool:
        """What waits without a lane, all wait for."""
        self.now += seconds
        return False

    def later(self, work: Callable[[], object]) -> None:
        """Do that when what waits has taken its time."""
        heapq.heappush(self._agenda, (self.now + _LATENCY, next(self._number), work))

    def ask(self, questions: int) -> None:
        """Let so many be asked, one after the other, in many ways, and be answered to the end."""
        for asked in range(questions):
            self._ask(next(self._asked))
            if asked % 400 == 399:
                self._lose_token()
            if asked % _AT_ONCE == 0:
                self.run(self.now + _EVERY)
        until = self.now + _HOURS
        while self.orchestrator.live:
            assert self.now < until, "an answer never ends"
            self.run(self.now + 1.0)

    def _ask(self, number: int) -> None:
        ts = f"{number}.000001"
        user = f"U{number % 10}"
        ways: list[Callable[[], object]] = [
            partial(Question, "T1", f"C{number % 20}", user, "why?", ts),
            partial(Question, "T1", f"C{number % 20}", user, "and why?", ts, f"{number}.9"),
            partial(Question, "T1", f"D{number}", user, "why?", ts),
            partial(Question, "T1", f"C{number % 20}", user, "why?", None, None, (), ts),
            partial(Question, "T1", f"GONE{number % 3}", user, "why?", ts, is_external_room=False),
            partial(
                Question, "T1", f"C{number % 20}", f"UGUEST{number % 5}", "why?", ts, is_external_room=False
            ),
            partial(Question, "T1", f"C{number % 20}", user, "why?", ts, bot="B1"),
        ]
        question: Any = ways[number % len(ways)]()
        self.reception.ask(question, f"Ev{number}")
        self.reception.ask(question, f"Ev{number}")  # as Slack delivers it twice
        if number % 11 == 0:
            self.reception.withdraw("T1", question.key)
        if number % 13 == 0:
            self.orchestrator.stop_answer("T1", question.key, 0)
        if number % 17 == 0:
            self.reception.amend(Question("T1", question.channel, user, "why, in short?", ts))

    def _lose_token(self) -> None:
        self.slack.takes_token = False
        self.orchestrator.suspend()
        self.run(self.now + 2.0)
        self.slack.takes_token = True
        self.orchestrator.resume()

    def rest(self) -> None:
        """Let hours pass, in which all is forgotten that is not kept for longer, and something is asked."""
        self.now += _HOURS
        self._again = self.now
        self.ask(20)
        self.run(self.now + 120.0)  # in which calls no longer count

    def run(self, until: float) -> None:
        """Let all happen that is due by then."""
        while True:
            due = min(self._agenda[0][0] if self._agenda else until, max(self._again, self.now), until)
            self.now = max(self.now, due)
            while self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            waiting = self.admissions._waiting  # noqa: SLF001 - as the next
            while waiting and waiting[0][0] <= self.now:
                self.admissions._decide(heapq.heappop(waiting)[2])  # noqa: SLF001
            self._inbox.put(look)  # else the loop would wait
            self._again = self.orchestrator._round(self._again)  # noqa: SLF001 - no thread does
            if self.now >= until:
                return

    def sizes(self) -> Counter[str]:
        """How many objects of each type the engine can reach."""
        gc.collect()
        return Counter(type(each).__name__ for each in reachable(self.reception, besides=self))


class _Lane:
    """A lane in which everything is done after a while, in its order."""

    def __init__(self, run: LongRun, _name: str, _size: int, _ready: int = 1) -> None:
        self._run = run

    def submit_for(
        self, _person: str, work: Callable[..., Any], *arguments: Any, **named: Any
    ) -> Future[Any]:
        return self.submit(work, *arguments, **named)

    def submit(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def do() -> None:
            try:
                future.set_result(work(*arguments, **named))
            except Exception as error:
                future.set_exception(error)

        self._run.later(do)
        return future


_NOT_STATE = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.CodeType)


def reachable(*roots: object, besides: object) -> Iterator[object]:
    """All objects that can be reached, without code and what only code can reach."""
    seen = {id(besides)}
    waiting = list(roots)
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, types.FunctionType):
            waiting += [*(each.__closure__ or ()), *(each.__defaults__ or ())]
        if isinstance(each, _NOT_STATE):
            continue
        yield each
        waiting += gc.get_referents(each)


def _decoded(data: bytes) -> DecodedText:
    return DecodedText(data.decode())
