"""One generation of an answer: the calls it takes, and all who wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, replace

from bot.core.admission import Admitted
from bot.core.interaction import Call, Voice
from bot.core.prompts import Prompt, estimated_usage
from bot.core.question import Place
from bot.core.safety import Safe
from bot.core.stream import Aside, Failed, Finished, Notice, Reply, StreamEvent, Text, Usage
from bot.core.tokens import estimated_tokens
from bot.engine.exchange import Exchange

log = logging.getLogger(__name__)

_STALE_SECONDS = 5.0


@dataclass
class OpenCall:
    """A call of a model as far as it has come. Times are seconds of the orchestrator's clock.

    Of `prompt` it keeps an estimate only: files are large.
    """

    voice: Voice
    model_id: str
    prompt: InitVar[Prompt]
    began_at: float
    said: list[str] = field(default_factory=list)
    first_token_at: float | None = None
    _ended: Call | None = None
    _read: Usage = field(init=False)

    def __post_init__(self, prompt: Prompt) -> None:
        self._read = estimated_usage(prompt, "")

    def hear(self, event: StreamEvent | Reply, now: float) -> None:
        """Take note of what the model says."""
        match event:
            case Text(piece):
                self.said.append(piece)
                if piece and self.first_token_at is None:
                    self.first_token_at = now
            case Reply(_, reason, usage, request_id) | Finished(reason, usage, request_id):
                billed = usage or self._estimate()
                self._ended = self._call(now, billed, stop_reason=reason, request_id=request_id)
            case Failed(error):
                estimate = self._estimate() if error.may_be_billed else None
                self._ended = self._call(now, estimate, error=error.code, request_id=error.request_id)

    def as_of(self, now: float) -> Call:
        """The call as it ended, or as if it was cut `now`."""
        return self._ended or self._call(now, self._estimate())

    def _estimate(self) -> Usage:
        return replace(self._read, output=estimated_tokens("".join(self.said)))

    def _call(
        self, now: float, usage: Usage | None, stop_reason: str = "", error: str = "", request_id: str = ""
    ) -> Call:
        first = None if self.first_token_at is None else self.first_token_at - self.began_at
        return Call(
            self.voice, self.model_id, self.began_at, now, first, usage, stop_reason, error, request_id
        )


class Flight:
    """What is generated for `exchange`, and for all who join because they asked the same. Thread-safe.

    Models read the question that was `admitted`, whatever becomes of it meanwhile. Who joins is told at once
    what was said so far. `key` is the name under which the answer is kept, "" for one that nobody shares.
    """

    def __init__(self, exchange: Exchange, admitted: Admitted, key: str = "") -> None:
        self.key = key
        self.question = admitted.question
        self._lock = threading.Lock()
        self._calls: list[OpenCall] = []
        self._listeners = [exchange]
        self._first = self._payer = exchange
        self._answering: OpenCall | None = None
        self._end: StreamEvent | None = None
        self._has_greeted, self._greeting = False, ""
        self._ahead: Callable[[], int | None] | None = None
        self._has_landed = False

    def lands(self) -> bool:
        """Whether nobody waits for it any more; once that is so, nobody can join."""
        with self._lock:
            waiting = (each.draft.outcome is None and not each.ending for each in self._listeners)
            self._has_landed = self._has_landed or not any(waiting)
            return self._has_landed

    @property
    def place(self) -> Place | None:
        """The thread of its question; None while that has none yet."""
        return self._first.place

    def may_be_stale(self, now: float) -> bool:
        """Return whether its question was asked so long ago, or of another process, that it may be gone."""
        first = self._first
        return first.resumes or first.age + now - first.asked_at > _STALE_SECONDS

    @property
    def is_shared(self) -> bool:
        """Return whether several wait for it."""
        with self._lock:
            return len(self._listeners) > 1

    def withdraw(self, now: float) -> None:
        """The question of whoever waits is gone."""
        with self._lock:
            self._tell(lambda exchange: exchange.withdraw(now))

    @property
    def has_started(self) -> bool:
        """Whether anybody can have seen something of it."""
        with self._lock:
            return any(each.draft.started for each in self._listeners)

    def call(self, voice: Voice, model_id: str, prompt: Prompt, now: float) -> OpenCall:
        """A model is being called."""
        call = OpenCall(voice, model_id, prompt, now)
        with self._lock:
            self._calls.append(call)
            if voice is Voice.ANSWER:
                self._answering = call
        return call

    def join(self, exchange: Exchange, now: float) -> bool:
        """Let `exchange` have all that was said and all that will be; False if it is too late for that."""
        with self._lock:
            if self._has_landed:
                return False
            self._listeners.append(exchange)
            if self._ahead is not None:
                exchange.stand_in_line(self._ahead)
            if self._has_greeted:
                exchange.greet(self._greeting)
            if self._answering:
                exchange.receive(Text("".join(self._answering.said)), now)
            if self._end:
                exchange.receive(self._end, now)
            return True

    @property
    def payer(self) -> Exchange:
        """Return the one that pays for the next call."""
        with self._lock:
            return self._payer

    def turn_payer_away(self, notice: Notice, now: float) -> bool:
        """Tell the payer alone why it pays for no call. The next who waits does; False if nobody waits."""
        with self._lock:
            _is_told(self._payer, lambda exchange: exchange.receive(notice, now))
            waiting = [each for each in self._listeners if each.draft.outcome is None and not each.ending]
            if waiting:
                self._payer = waiting[0]
            self._has_landed = self._has_landed or not waiting
            return bool(waiting)

    def paid_by(self, exchange: Exchange, now: float) -> list[Call]:
        """The calls that `exchange` pays for as things stand."""
        with self._lock:
            return [call.as_of(now) for call in self._calls] if exchange is self._payer else []

    def leave(self, exchange: Exchange, now: float) -> list[Call]:
        """`exchange` is over; the calls that it pays for.

        The first who waited pays for all, unless others wait on when it is over: then the next one does.
        """
        with self._lock:
            self._listeners.remove(exchange)
            if exchange is not self._payer:
                return []
            if self._end is None and self._listeners:
                self._payer = self._listeners[0]
                return []
            return [call.as_of(now) for call in self._calls]

    def stand_in_line(self, ahead: Callable[[], int | None]) -> None:
        """The answering model is busy; `ahead` tells how many others wait for it before this one."""
        with self._lock:
            self._ahead = ahead
            self._tell(lambda exchange: exchange.stand_in_line(ahead))

    def take_turn(self) -> None:
        """The answering model has time for it."""
        with self._lock:
            self._ahead = None
            self._tell(lambda exchange: exchange.take_turn())

    @property
    def answer(self) -> str:
        """The whole answer, if one was given after which something can be suggested; else ""."""
        with self._lock:
            return next((each.draft.text for each in self._listeners if each.draft.leads_on), "")

    def suggest(self, questions: tuple[Safe, ...]) -> None:
        """These can be asked next."""
        with self._lock:
            self._tell(lambda exchange: exchange.suggest(questions))

    def greet(self, words: str) -> None:
        """The first model said `words`, or ("") nothing that can be shown."""
        with self._lock:
            self._has_greeted, self._greeting = True, words
            self._tell(lambda exchange: exchange.greet(words))

    def receive(self, event: StreamEvent, now: float) -> bool:
        """Take what the answering model says; True if the orchestrator must look."""
        with self._lock:
            if self._answering:
                self._answering.hear(event, now)
            if not isinstance(event, Text | Aside):
                self._end = event
            return self._tell(lambda exchange: exchange.receive(event, now))

    def _tell(self, tell: Callable[[Exchange], object]) -> bool:
        """Tell all who wait; True if any of them says so."""
        told = [_is_told(exchange, tell) for exchange in self._listeners]  # all, whatever the first says
        return any(told)


def _is_told(exchange: Exchange, tell: Callable[[Exchange], object]) -> bool:
    """Return what `tell` says of `exchange`; if it fails, that one ends alone and the orchestrator looks."""
    try:
        return bool(tell(exchange))
    except Exception:
        log.exception("answer.crashed", extra=exchange.question.names)
        exchange.break_off()
        return True
