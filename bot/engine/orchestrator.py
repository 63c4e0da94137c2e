"""Two models, two messages, one loop: who does what when.

One thread owns the state of every exchange and decides; everything that waits, waits in a lane of its own.
So the state needs no locks.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from math import inf

from bot.core import access
from bot.core.conversation import asked_again
from bot.core.draft import Outcome
from bot.core.errors import Fault, OverBudget, SlackError
from bot.core.interaction import Vote
from bot.core.journal import BEGINNING, Beat, Entry
from bot.core.message import Press, Standing
from bot.core.question import Place, Question, question_id
from bot.core.spending import refusal_in
from bot.core.stream import Notice, Recalled, StreamEvent
from bot.core.texts import Language, texts_in
from bot.engine.answers import Answers
from bot.engine.asides import Asides
from bot.engine.context import Context
from bot.engine.entrance import open_thread
from bot.engine.exchange import Ending, Exchange
from bot.engine.gate import Gate
from bot.engine.journal import BEAT_SECONDS, Journal
from bot.engine.ledger import Ledger
from bot.engine.pacer import Pacer, Turn
from bot.engine.showing import Slack, show
from bot.engine.steps import OpenThread, Show
from bot.engine.threads import Threads
from bot.engine.voices import LEAST_QUICK_CALLS, ExpertModel, QuickModel, Voices, lane, look

log = logging.getLogger(__name__)

_LAST_WORDS_SECONDS = 5.0  # for calls in flight, and the last edits of answers that nobody else can finish
_LAST_LINES_SECONDS = 3.0  # for what is still to be written down


class Orchestrator:
    """Answers questions. Thread-safe; no method but `stop` waits for anything but the store.

    `live_answers` is how many streams may be open at once, `ack_deadline` how many seconds the first model
    has before a fixed sentence stands in for it, `recover_within` for how many seconds a question is worth
    answering, `follow_ups` how many questions are suggested after an answer. `language` is that of all fixed
    sentences, None for that of their reader. `state` is what other processes and operators are told of this
    one.
    """

    state = "starting"

    def __init__(
        self,
        micro: QuickModel,
        pro: ExpertModel,
        slack: Slack,
        pacer: Pacer,
        journal: Journal,
        answers: Answers,
        ledger: Ledger,
        threads: Threads,
        context: Context,
        gate: Gate,
        asides: Asides,
        *,
        live_answers: int,
        ack_deadline: float,
        recover_within: float,
        follow_ups: int = 0,
        language: Language | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slack, self._pacer = slack, pacer
        self._journal, self._answers, self._ledger = journal, answers, ledger
        self._threads, self._context, self._gate, self._asides = threads, context, gate, asides
        self._ack_deadline, self._recover_within = ack_deadline, recover_within
        self._clock, self._language = clock, language
        self._inbox: queue.SimpleQueue[Callable[[float], None]] = queue.SimpleQueue()
        self._live: set[Exchange] = set()
        self._cut_at, self._beat_at = inf, -inf
        self._amended: dict[Exchange, Question] = {}  # what is asked in place of those, once they are over
        self._owned: frozenset[str] = frozenset()
        self._orphans: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._voices = Voices(
            micro,
            pro,
            context,
            answers,
            self._inbox.put,
            streams=live_answers,
            follow_ups=follow_ups,
            clock=clock,
        )
        self._slack_lane = lane("slack", max(LEAST_QUICK_CALLS, live_answers))
        self._recall_lane = ThreadPoolExecutor(1, "recall")
        self._loop = threading.Thread(target=self._run, name="orchestrator", daemon=True)
        self._loop.start()

    @property
    def live(self) -> int:
        """How many questions were taken up and are not answered to the end."""
        return len(self._live)

    def ask(self, question: Question, event_id: str = "") -> None:
        """Answer `question`: it is written down, and both models start now.

        Not if it was asked before: Slack redelivers events by their id, and one message can come as two.
        """
        if not self._journal.take(question, event_id):
            return
        exchange = self._new_exchange(question)
        exchange.is_admitted = False
        self._inbox.put(lambda _now: self._live.add(exchange))
        if question.may_have_files or not question.text or not self._gate.is_known(question):
            self._slack_lane.submit(self._begin, exchange)
        else:
            self._begin(exchange)

    def _begin(self, exchange: Exchange) -> None:
        if not self._admit(exchange):
            return
        question = exchange.question = self._context.completed(exchange.question)
        if question.place:
            self._threads.join(question.place)
        key = exchange.screen.answer_key = self._answers.key(question, self._gate.is_open)
        if exchange.grows and (all_there_is := self._said_already(question, key)):
            exchange.receive(all_there_is, self._clock())
            self._inbox.put(look)
        self._voices.speak(exchange, key)

    def _admit(self, exchange: Exchange) -> bool:
        """Whether the question is answered. It can wait for Slack. Who is turned away is told so."""
        why = self._gate.denial(exchange.question)
        if why is None:
            exchange.is_admitted = True
        else:
            log.info("question.denied", extra={**exchange.question.names, "why": why.value})
            exchange.end(Ending.DENIED)
            if not self._gate.is_told(exchange.question.user):
                self._asides.deny(exchange.question, why)
        self._inbox.put(look)
        return exchange.is_admitted

    def _new_exchange(self, question: Question, place: Place | None = None) -> Exchange:
        """An answer that begins now, or begins anew in the messages that stand at `place`."""
        spoken = self._language.value if self._language else ""
        question, now = replace(question, spoken=spoken), self._clock()
        return self._with_footer(
            Exchange(question, now, self._ack_deadline, resumes=place is not None, place=place)
        )

    def _with_footer(self, exchange: Exchange) -> Exchange:
        exchange.footer = lambda ended: self._ledger.footer(ended, self._voices.calls(ended))
        return exchange

    def _said_already(self, question: Question, key: str) -> StreamEvent | None:
        """The whole answer where no model is needed, or none may be asked."""
        if not (question.text or question.files or question.stands_in_thread):
            return Notice(texts_in(self._context.language(question)).usage)
        answer = self._answers.recall(key) if key else None
        if refusal := self._ledger.refusal(question, is_free=answer is not None):
            return Notice(refusal_in(texts_in(question.language), refusal), is_over_budget=True)
        return None if answer is None else Recalled(answer)

    def follow(self, question: Question, event_id: str) -> None:
        """Answer `question`, which mentions nobody, if the bot has its part in the thread."""
        self._recall_lane.submit(self._follow, question, event_id)

    def _follow(self, question: Question, event_id: str) -> None:
        try:
            if not question.place or not self._threads.is_the_bots(question.place):
                return
            if self._gate.denial(question) is None:  # who asked nobody is told nothing
                self.ask(question, event_id)
        except SlackError as error:
            log.warning("thread.unread", extra={**question.names, "code": error.code})

    def stop_answer(self, entry_id: str) -> None:
        """End an answer where it is, whichever process gives it."""
        self._inbox.put(partial(self._stop_answer, entry_id))

    def _stop_answer(self, entry_id: str, now: float) -> None:
        here = next((exchange for exchange in self._live if exchange.question.id == entry_id), None)
        if here and here.is_recalled:
            here.interrupt(now, Fault.STOPPED)
        else:  # it is another's, or what stands of it is not known yet: a beat will tell whoever has it then
            self._journal.stop(entry_id)

    def withdraw(self, team: str, question_key: str) -> None:
        """A question is gone: end its answer where it is, whichever process gives it."""
        self._inbox.put(partial(self._withdraw, team, question_key))

    def _withdraw(self, team: str, question_key: str, now: float) -> None:
        here = self._answering(team, question_key)
        self._stop_answer(here.question.id if here else question_id(team, question_key, 0), now)

    def amend(self, question: Question) -> None:
        """A question was changed: if it is being answered here, answer it anew in the same messages."""
        self._inbox.put(partial(self._amend, question))

    def _amend(self, question: Question, _now: float) -> None:
        here = self._answering(question.team, question.key)
        if here and here.grows and here.is_recalled and here.place and here.question.text != question.text:
            again = replace(question, retry=here.question.retry + 1, thread_ts=here.question.thread_ts)
            here.end(Ending.AMENDED)
            self._amended[here] = again

    def _answering(self, team: str, question_key: str) -> Exchange | None:
        live = (
            each for each in self._live if (each.question.team, each.question.key) == (team, question_key)
        )
        return next(live, None)

    def retry(self, team: str, press: Press, place: Place, response_url: str, language: Language) -> None:
        """Answer a question again, in the messages that stand in its thread, which is at `place`."""
        self._recall_lane.submit(self._retry, team, press, place, response_url, language)

    def _retry(self, team: str, press: Press, place: Place, response_url: str, language: Language) -> None:
        texts = texts_in(language)
        try:
            question = asked_again(press, team, place, self._threads.remarks(place, anew=True))
        except SlackError as error:
            log.warning("thread.unread", extra={"team": team, "channel": place.channel, "code": error.code})
            self._asides.tell(response_url, texts.failed)
            return
        if question is None:
            self._asides.tell(response_url, texts.question_gone)
        elif why := self._gate.denial(question):
            self._asides.tell(response_url, access.told(texts, why))
        elif refusal := self._ledger.refusal(question):
            self._asides.tell(response_url, refusal_in(texts, refusal))
        else:
            self._answer_again(question, place)

    def _answer_again(self, question: Question, place: Place) -> None:
        """Answer in the messages that stand; once, however often a button is pressed."""
        if self._journal.take(question, event_id=""):
            exchange = self._new_exchange(question, place)
            self._inbox.put(partial(self._replace, exchange))
            self._recall(exchange, place, {})

    def _replace(self, exchange: Exchange, _now: float) -> None:
        for each in self._live:
            if (each.question.team, each.question.key) == (exchange.question.team, exchange.question.key):
                each.forgo()  # else two would write the same message
        self._live.add(exchange)

    def vote(self, vote: Vote, answer_key: str) -> None:
        """Take note of what somebody thinks of an answer, which may be kept under `answer_key`."""
        self._ledger.vote(vote, answer_key)

    def stop(self, grace: float) -> None:
        """Let live answers end within `grace` seconds and leave the others to the journal.

        Where that does not work they are marked as interrupted. Returns when that is on screen.
        """
        self.state = "stopping"
        self._cut_at = self._clock() + grace
        self._stopping.set()
        self._voices.hurry()
        self._inbox.put(look)
        self._loop.join(grace + _LAST_WORDS_SECONDS)
        self._asides.close(_LAST_LINES_SECONDS)
        self._journal.leave(_LAST_LINES_SECONDS)
        self._voices.fall_silent()
        self._context.close()
        for each in (self._slack_lane, self._recall_lane):
            each.shutdown(wait=False, cancel_futures=True)

    # The loop

    def _run(self) -> None:
        again = inf
        while self._live or not self._stopping.is_set():
            self._take_in(min(again, self._cut_at, self._beat_at))
            now = self._clock()
            if now >= self._beat_at:
                self._beat_at = now + BEAT_SECONDS
                self._journal.beat(self.state, self._pacer.reserved, self._heard)
            if now >= self._cut_at:
                self._cut_at = inf
                self._end_all(now)
            try:
                again = self._make_turns(now)
            except Exception:  # a mistake in a rule ends the answers that are live, not the bot
                log.exception("turns.crashed", extra={"live": len(self._live)})
                for exchange in self._live:
                    self._voices.leave(exchange)
                self._live.clear()

    def _end_all(self, now: float) -> None:
        for exchange in self._live:
            if self._journal.holds(exchange.question.id):
                exchange.end(Ending.HANDED_OVER)
            else:
                exchange.interrupt(now)

    def _take_in(self, until: float) -> None:
        """Wait for news, but not beyond `until`, and apply all there is."""
        try:
            news = self._inbox.get(timeout=None if until == inf else max(0.0, until - self._clock()))
            while True:
                news(self._clock())
                news = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _make_turns(self, now: float) -> float:
        """Begin the calls whose turn it is; when to look again if nothing happens until then."""
        for exchange in [exchange for exchange in self._live if exchange.is_over]:
            self._live.remove(exchange)
            calls = self._voices.leave(exchange)
            if exchange.draft.outcome is Outcome.WHOLE and not exchange.draft.is_from_cache:
                self._pacer.learn(exchange)
            amended = self._amended.pop(exchange, None)
            if amended and exchange.place:
                self._recall_lane.submit(self._answer_again, amended, exchange.place)
            if exchange.ending is Ending.HANDED_OVER:
                log.info("answer.handed_over", extra=exchange.question.names)
            else:
                self._journal.close(exchange.question.id)
                self._ledger.close(exchange, calls, now)
        turns, again = self._pacer.turns(self._live, now)
        for turn in turns:
            self._slack_lane.submit(self._call_slack, turn)
        return again

    # What other processes leave, and take

    def _heard(self, beat: Beat) -> None:
        self._inbox.put(partial(self._heed, beat))

    def _heed(self, beat: Beat, now: float) -> None:
        """Take up what others left, let go of what others took, and close what was forgotten."""
        self._pacer.share(beat.others)
        live = {exchange.question.id: exchange for exchange in self._live}
        for lost in (self._owned - beat.owned) & live.keys():
            live[lost].end(Ending.HANDED_OVER)  # for so long was this process silent
        self._owned = beat.owned
        # What has ended is open for a moment still; what is open a beat later could not be closed then.
        orphans = beat.owned - live.keys() - {entry.question.id for entry in beat.adopted}
        self._journal.close(*(orphans & self._orphans))
        self._orphans = orphans
        for stopped in beat.stopped & live.keys():
            if live[stopped].is_recalled:  # else the next beat tells again
                live[stopped].interrupt(now, Fault.STOPPED)
        for entry in beat.adopted:
            if entry.question.id not in live:  # it is told again where the beat before got no answer
                self._resume(entry, now)

    def _resume(self, entry: Entry, now: float) -> None:
        exchange = Exchange(
            entry.question,
            now,
            self._ack_deadline,
            resumes=True,
            place=entry.place,
            is_lost=entry.is_lost(self._recover_within),
            age=entry.age,
        )
        log.warning(
            "answer.resumed",
            extra={**entry.question.names, "age_s": round(entry.age), "tries": entry.tries},
        )
        exchange.is_admitted = bool(entry.messages)  # who is answered already may ask
        self._live.add(self._with_footer(exchange))
        self._recall_lane.submit(self._take_up, exchange, entry.messages)

    def _take_up(self, exchange: Exchange, noted: Mapping[str, str]) -> None:
        if (exchange.is_admitted or self._admit(exchange)) and exchange.place:
            self._recall(exchange, exchange.place, noted)

    def _recall(self, exchange: Exchange, place: Place, noted: Mapping[str, str]) -> None:
        try:
            standing = self._threads.standing(place, exchange.question.key, noted)
        except Exception as error:
            _log_refusal(exchange, error, None if isinstance(error, SlackError) else error)
            self._inbox.put(lambda _now: exchange.end(Ending.REFUSED))
        else:
            self._inbox.put(partial(self._go_on, exchange, place, standing))

    def _go_on(self, exchange: Exchange, place: Place, standing: Mapping[str, Standing], now: float) -> None:
        exchange.opened(place, standing, now)
        if exchange.resumes and not exchange.ending:
            self._voices.speak(exchange)

    # What waits for Slack, in its lane

    def _call_slack(self, turn: Turn) -> None:
        exchange, error = turn.exchange, None
        try:
            self._journal.spend(turn.charge)
            change = self._made(exchange, turn.step)
        except Exception as raised:
            error = raised if isinstance(raised, SlackError) else SlackError("crashed", repr(raised))
            if not isinstance(error, OverBudget):
                _log_refusal(exchange, error, None if error is raised else raised)
            change = partial(exchange.refused, error)

        def settle(now: float) -> None:
            self._pacer.ended(turn, now, error)
            change(now)
            is_acknowledged = isinstance(turn.step, Show) and turn.step.is_acknowledgement
            if is_acknowledged and error is None and exchange.place and not exchange.draft.started:
                self._asides.show_status(exchange.place, exchange.texts)
            if turn.charge.kind in BEGINNING and exchange.place:
                self._journal.note(exchange.question, exchange.place, exchange.screen.messages)

        self._inbox.put(settle)

    def _made(self, exchange: Exchange, step: Show | OpenThread) -> Callable[[float], None]:
        """Make the call; what it changes about the exchange."""
        if isinstance(step, OpenThread):
            place = open_thread(exchange.question, self._slack, again=step.again)
            standing = self._threads.standing(place, exchange.question.key, {}) if exchange.resumes else {}
            return partial(self._go_on, exchange, place, standing)
        shown, ts = show(self._slack, exchange.question, step)
        return lambda now: exchange.shown(shown, ts, now)


def _log_refusal(exchange: Exchange, error: Exception, crash: BaseException | None = None) -> None:
    fields = {**exchange.question.names, "error": str(error)}
    log.warning("slack.refused", extra=fields, exc_info=crash)
