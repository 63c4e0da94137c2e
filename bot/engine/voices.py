"""The two models, each in a lane of threads of its own: an acknowledgement never stands behind an answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from random import random
from typing import Protocol

from bot.core import prompts, retry
from bot.core.admission import Admitted, require
from bot.core.diagnosis import PROBE, aws_fix
from bot.core.draft import Draft, Outcome
from bot.core.errors import Fault, ModelError
from bot.core.interaction import Call, Voice
from bot.core.mrkdwn import unescaped
from bot.core.question import Question
from bot.core.reasoning import shown_events
from bot.core.safety import Safe
from bot.core.spending import refusal_in
from bot.core.stream import Aside, Failed, Finished, Notice, Recalled, Reply, StreamEvent
from bot.core.texts import texts_in
from bot.engine.answers import Answers
from bot.engine.bytes_in_flight import MAX_BYTES_IN_FLIGHT, BytesInFlight, Hold
from bot.engine.context import Brief, Context
from bot.engine.exchange import Exchange
from bot.engine.flight import Flight
from bot.engine.inbox import Inbox, look
from bot.engine.lanes import Lane, unattended
from bot.engine.ledger import Ledger
from bot.engine.line import Line

log = logging.getLogger(__name__)

_MIN_QUICK_CALLS = 20
# Waking a thread for every token costs more than reading the token, and with many live answers nobody is
# shown each. So a stream is read in gulps: what comes in between waits in its socket.
_LONGEST_BETWEEN_GULPS = 0.1
_BETWEEN_GULPS_PER_STREAM = 0.005
_BETWEEN_LOOKS = 0.25  # seconds, for an answer that another process generates
_BETWEEN_LEADS = 0.5  # seconds, for telling others that it gets on
_GULP_SECONDS = 0.005  # what had come is read by then; the event after that had to be waited for


def quick_calls(live_answers: int) -> int:
    """How many calls that take a moment are made at once; an acknowledgement does not wait for an answer."""
    return max(_MIN_QUICK_CALLS, live_answers)


class QuickModel(Protocol):
    """The model that acknowledges."""

    model_id: str

    def reply(self, prompt: prompts.Prompt) -> Reply:
        """All the model says, at once. Raises ModelError."""


class ExpertModel(Protocol):
    """The model that answers."""

    model_id: str

    def stream(self, prompt: prompts.Prompt) -> Generator[StreamEvent, None, None]:
        """What the model says as it says it, ended by Finished or Failed. Raises nothing.

        Closing the generator closes the stream.
        """


class Voices:
    """Lets both models speak about an exchange, and tells the orchestrator's loop what changes by it.

    At most `streams` answers are written at once; others wait in line, where people take turns. After an
    answer up to `follow_ups` questions are suggested. No method waits for anything.
    """

    def __init__(
        self,
        micro: QuickModel,
        pro: ExpertModel,
        context: Context,
        answers: Answers,
        ledger: Ledger,
        inbox: Inbox,
        *,
        streams: int,
        follow_ups: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._micro, self._pro, self._context, self._answers = micro, pro, context, answers
        self._ledger = ledger
        self._tell, self._clock, self._follow_ups = inbox.put, clock, follow_ups
        # Called with each failure of the answering model, and (None) whenever it begins to answer.
        self.observe: Callable[[ModelError | None], None] = lambda _error: None
        self._stopping = threading.Event()
        self._speaking: set[Flight] = set()
        self._boarding = threading.Lock()
        self._flights: dict[Exchange, Flight] = {}
        self._greetings: dict[Exchange, Flight] = {}  # where the first model speaks before the other may
        self._spent: dict[Exchange, list[Call]] = {}  # on what they asked before they asked more
        self._shared: dict[str, Flight] = {}  # those that others may join, by their keys
        self._line: Line[Flight] = Line(streams)
        self._files = BytesInFlight(MAX_BYTES_IN_FLIGHT)
        self._micro_lane = Lane("micro", quick_calls(streams), streams * 6 // 10)
        self._pro_lane = Lane("pro", streams, streams * 6 // 10)

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        """The threads of both models."""
        return self._micro_lane, self._pro_lane

    def speak(self, exchange: Exchange, admitted: Admitted) -> None:
        """Let both models begin now, or the one that has something to say still; none where all is said.

        Where the same answer is being generated already, `exchange` shares it. Raises NotAdmitted.
        """
        require(admitted, exchange.question)
        if not exchange.grows or exchange.ending:
            return
        if admitted.said:
            exchange.receive(admitted.said, self._clock())
            self._tell(look)
            return
        key = "" if exchange.resumes else admitted.answer_key
        if self._follow_ups:
            exchange.await_suggestions()
        with self._boarding:
            flight = self._shared.get(key)
            if flight and flight.join(exchange, self._clock()):
                self._flights[exchange] = flight
                self._line.share(exchange.question.user, flight)
                self._tell(look)
                return
            flight = self._flights[exchange] = Flight(exchange, admitted, key)
            if key:
                self._shared[key] = flight
            self._line.join(exchange.question.user, flight)
            self._begin_next()
            if self._line.waits(flight):
                self._tell(lambda _now: flight.stand_in_line(partial(self._line.ahead, flight)))
        is_worded = flight.question.text or flight.question.files
        if is_worded and not exchange.screen.has_sign and exchange not in self._greetings:
            self._micro_lane.submit_for(exchange.question.user, self._acknowledge, flight)

    def greet(self, exchange: Exchange, admitted: Admitted) -> None:
        """Let the first model alone begin now; the other one does when it is told to `speak`.

        Raises NotAdmitted.
        """
        require(admitted, exchange.question)
        if exchange.screen.has_sign or exchange in self._greetings:
            return
        flight = self._greetings[exchange] = Flight(exchange, admitted)
        self._micro_lane.submit_for(exchange.question.user, self._acknowledge, flight)

    def hush(self, exchange: Exchange) -> None:
        """Say nothing more about what `exchange` has asked: it asks more, and is spoken to again."""
        if flight := self._flights.pop(exchange, None):
            self._spent.setdefault(exchange, []).extend(self._left(flight, exchange))

    def calls(self, exchange: Exchange) -> list[Call]:
        """The calls that were made for an exchange, as they stand now."""
        now, flights = self._clock(), (self._greetings.get(exchange), self._flights.get(exchange))
        paid = [call for flight in flights if flight for call in flight.paid_by(exchange, now)]
        return [*self._spent.get(exchange, ()), *paid]

    def leave(self, exchange: Exchange) -> list[Call]:
        """Nothing more is said about `exchange`; the calls that were made for it, as they stand now."""
        flights = (self._greetings.pop(exchange, None), self._flights.pop(exchange, None))
        left = [call for flight in flights if flight for call in self._left(flight, exchange)]
        return [*self._spent.pop(exchange, ()), *left]

    def _left(self, flight: Flight, exchange: Exchange) -> list[Call]:
        calls = flight.leave(exchange, self._clock())
        if flight.lands():
            self._line.leave(flight)
            self._close(flight)
        return calls

    def hurry(self) -> None:
        """From now on nothing is tried again, and streams are read as they come."""
        self._stopping.set()

    def fall_silent(self) -> None:
        """Begin nothing more."""
        self._files.close()
        for each in (self._micro_lane, self._pro_lane):
            each.shutdown(cancel_futures=True)

    @unattended
    def _acknowledge(self, flight: Flight) -> None:
        if not self._is_asked_still(flight):
            return
        reply = self._reply(flight, Voice.ACKNOWLEDGEMENT, self._context.greeting(flight.question))
        self._tell(lambda _now: flight.greet(reply))

    def _begin_next(self) -> None:
        """Let those be answered whose turn it is, while they may have places. To be called with the lock."""
        while flight := self._line.take():
            self._pro_lane.submit(self._answer, flight)

    @unattended
    def _suggest(self, flight: Flight, answer: str) -> None:
        questions: tuple[Safe, ...] = ()
        try:
            if not self._stopping.is_set():
                prompt = self._context.leading_on(flight.question, answer, self._follow_ups)
                reply = self._reply(flight, Voice.SUGGESTION, prompt)
                questions = prompts.suggestions(reply, self._follow_ups)
        finally:
            self._tell(lambda _now: flight.suggest(questions))

    def _reply(self, flight: Flight, voice: Voice, prompt: prompts.Prompt) -> str:
        """What the first model says; "" where it may not or fails, since it can be done without."""
        call = flight.call(voice, self._micro.model_id, prompt, self._clock())
        try:
            reply = self._micro.reply(prompt)
        except ModelError as error:
            call.hear(Failed(error), self._clock())
            _log_model_error(voice, flight.question, error)
        except Exception:
            log.exception(f"{voice.value}.crashed", extra=flight.question.names)
        else:
            call.hear(reply, self._clock())
            return "" if reply.is_blocked else reply.text
        return ""

    @unattended
    def _answer(self, flight: Flight) -> None:
        self._tell(lambda _now: flight.take_turn())
        self._speaking.add(flight)
        try:
            with closing(self._once(flight) if flight.key else self._generate(flight)) as events:
                self._listen(flight, events)
        except Exception:
            log.exception("answer.crashed", extra=flight.question.names)
            self._receive(flight, Failed(ModelError(Fault.FAILED, "crashed")))
        else:
            if self._follow_ups and (answer := flight.answer):
                self._micro_lane.submit_for(flight.question.user, self._suggest, flight, answer)
        finally:
            self._speaking.discard(flight)
            self._close(flight)
            with self._boarding:
                self._line.done(flight)
                self._begin_next()

    def _close(self, flight: Flight) -> None:
        """Let nobody join it any more."""
        with self._boarding:
            if self._shared.get(flight.key) is flight:
                del self._shared[flight.key]

    def _listen(self, flight: Flight, events: Generator[StreamEvent, None, None]) -> None:
        gulp_began = self._clock()
        for event in events:
            self._receive(flight, event)
            if flight.lands():
                return
            if flight.has_started and self._clock() - gulp_began > _GULP_SECONDS:
                pause = len(self._speaking) * _BETWEEN_GULPS_PER_STREAM
                self._stopping.wait(min(_LONGEST_BETWEEN_GULPS, pause))
                gulp_began = self._clock()

    def _receive(self, flight: Flight, event: StreamEvent) -> None:
        if flight.receive(event, self._clock()):
            self._tell(look)

    def _once(self, flight: Flight) -> Generator[StreamEvent, None, None]:
        """What the expert says, kept for others; or what another process just lets it say."""
        while not self._answers.lead(flight.key):
            if (answer := self._answers.recall(flight.key, flight.question)) is not None:
                yield Recalled(answer)
                return
            if self._stopping.wait(_BETWEEN_LOOKS) or flight.lands():
                break
        draft, led_at = Draft(), self._clock()
        try:
            with closing(self._generate(flight)) as events:
                for event in events:
                    draft = draft.apply(event)
                    if self._clock() >= led_at + _BETWEEN_LEADS:
                        led_at = self._clock()
                        self._answers.go_on(flight.key)
                    if draft.outcome is Outcome.WHOLE:  # before it is told: who asks from then on finds it
                        self._answers.keep(flight.key, draft.text, flight.place)
                    yield event
        finally:
            if draft.outcome is not Outcome.WHOLE:
                self._answers.abandon(flight.key)

    def _generate(self, flight: Flight) -> Generator[StreamEvent, None, None]:
        """What the expert says, begun anew while that is worth it and nothing has been said."""
        if not self._is_asked_still(flight):
            return
        with self._files.hold(flight.question.user, lambda: not flight.lands()) as hold:
            yield from self._generate_with(flight, hold)

    def _generate_with(self, flight: Flight, hold: Hold) -> Generator[StreamEvent, None, None]:
        brief = self._context.brief(flight.question, hold.take)
        if brief is None:
            return
        told, tries, prompt = "", 0, self._context.prompt(flight.question, brief.turns)
        read = _words_read(prompt)
        while brief.turns and not flight.lands() and self._may_call(flight, prompt):
            if brief.told != told:
                told = brief.told
                yield Aside(told, brief.refused)
            tries += 1
            call = flight.call(Voice.ANSWER, self._pro.model_id, prompt, self._clock())
            with closing(self._pro.stream(prompt)) as events:
                for event in shown_events(self._observed(events)):
                    pause = None
                    if isinstance(event, Failed):
                        _log_model_error(Voice.ANSWER, flight.question, event.error)
                        lighter = self._lighter(flight, brief, event.error)
                        if lighter:
                            call.hear(event, self._clock())
                            brief, prompt = lighter, self._context.prompt(flight.question, lighter.turns)
                            break
                        pause = retry.delay(event.error, tries, random())  # noqa: S311 - it spreads waits
                    if pause is not None and not flight.has_started and not self._stopping.wait(pause):
                        call.hear(event, self._clock())
                        break
                    if isinstance(event, Finished) and event.usage:
                        self._context.learn(read, event.usage.all_input)
                    yield event
                    if flight.has_started and hold.size:  # it is not sent again, and its files are large
                        brief, prompt = Brief(()), prompts.answer(())
                        hold.release()
                else:
                    return
        if not brief.turns:
            yield Notice(unescaped(brief.told) or texts_in(self._context.language(flight.question)).usage)

    def _lighter(self, flight: Flight, brief: Brief, error: ModelError) -> Brief | None:
        """Return what to ask instead, where nothing has been said and a file is at fault."""
        is_open = not flight.has_started
        return self._context.without_refused(flight.question, brief, error) if is_open else None

    def _is_asked_still(self, flight: Flight) -> bool:
        """Return whether a question that waited stands still; if so, it is answered as it reads now.

        No event has to have told of that: it can have reached another process, or none.
        """
        if flight.is_shared or not flight.may_be_stale(self._clock()):
            return True
        if question := self._context.current(flight.question):
            flight.question = question
            return True
        log.info("question.gone", extra=flight.question.names)
        self._tell(flight.withdraw)
        return False

    def _may_call(self, flight: Flight, prompt: prompts.Prompt) -> bool:
        """Reserve what a call costs, for one of those who wait; each whose budget is spent is told so."""
        while True:
            payer = flight.payer
            refusal = self._ledger.refusal_of_call(payer.question, prompt, self.calls(payer))
            if refusal is None:
                return True
            notice = Notice(refusal_in(payer.texts, refusal), is_over_budget=True)
            is_waited_for = flight.turn_payer_away(notice, self._clock())
            self._tell(look)
            if not is_waited_for:
                return False

    def _observed(self, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
        has_begun = False
        for event in events:
            if isinstance(event, Failed):
                self.observe(event.error)
            elif not has_begun:
                has_begun = True
                self.observe(None)
            yield event

    @unattended
    def try_to_answer(self) -> None:
        """See whether the answering model can be called, by a call that costs next to nothing."""
        with closing(self._pro.stream(PROBE)) as events:
            next(iter(self._observed(events)), None)


def _words_read(prompt: prompts.Prompt) -> int:
    """About how many tokens a model reads, to be compared with what is billed; 0 where there are files.

    What these come to is not estimated well enough to learn from.
    """
    has_files = any(turn.attachments for turn in prompt.turns)
    return 0 if has_files else prompts.estimated_usage(prompt, "").input


def _log_model_error(voice: Voice, question: Question, error: ModelError) -> None:
    fields = {"fault": error.fault.value, "error": str(error), "request_id": error.request_id}
    if error.fault in (Fault.NOT_SET_UP, Fault.OVER_QUOTA):  # others pass, or are the asker's to change
        setting = "PRO_MODEL_ID" if voice is Voice.ANSWER else "MICRO_MODEL_ID"
        fields["fix"] = aws_fix(error, setting=setting)
    log.warning(f"{voice.value}.failed", extra={**question.names, **fields})
