"""Two models, two messages, one loop: who does what when.

One thread owns the state of every exchange and decides; everything that waits, waits in a lane of its own.
So the state needs no locks, and an acknowledgement never stands behind an answer.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from math import inf
from random import random
from typing import Protocol

from bot.core import conversation, prompts, retry
from bot.core.conversation import Remark
from bot.core.draft import Outcome
from bot.core.errors import Fault, ModelError, OverBudget, RateLimited, SlackError, Unreachable
from bot.core.journal import Beat, CallKind, Entry
from bot.core.message import Outgoing, Standing
from bot.core.question import Place, Question
from bot.core.stream import Failed, StreamEvent
from bot.engine.budget import Bucket
from bot.engine.entrance import Rooms, open_thread
from bot.engine.exchange import Ending, Exchange, OpenThread, Show
from bot.engine.journal import BEAT_SECONDS, Journal
from bot.engine.pacer import Pacer, Turn

log = logging.getLogger(__name__)

LEAST_QUICK_CALLS = 100  # at once, however few answers may be live: an acknowledgement waits for nobody
# Waking a thread for every token costs more than reading the token, and with many live answers nobody is
# shown each. So a stream is read in gulps: what comes in between waits in its socket.
_LONGEST_BETWEEN_GULPS = 0.1
_BETWEEN_GULPS_PER_ANSWER = 0.005
_GULP_SECONDS = 0.005  # what had come is read by then; the event after that had to be waited for
_LAST_WORDS_SECONDS = 5.0  # for calls in flight, and the last edits of answers that nobody else can finish
_LAST_LINES_SECONDS = 3.0  # for what is still to be written down
# conversations.replies takes 50 calls a minute, some of which follow-up questions need.
_RECALLS_PER_SECOND, _RECALLS_AT_ONCE = 0.5, 20
_MOST_RECALLS = 5  # of one thread, until what was written down has to do


class QuickModel(Protocol):
    """The model that acknowledges."""

    def reply(self, prompt: prompts.Prompt) -> str:
        """All the model says, at once. Raises ModelError."""


class ExpertModel(Protocol):
    """The model that answers."""

    def stream(self, prompt: prompts.Prompt) -> Generator[StreamEvent, None, None]:
        """What the model says as it says it, ended by Finished or Failed. Raises nothing.

        Closing the generator closes the stream.
        """


class Slack(Rooms, Protocol):
    """What an orchestrator needs of Slack besides rooms. Every method raises SlackError."""

    def edit(self, channel: str, ts: str, message: Outgoing) -> None:
        """Let a message of the bot's become `message`."""

    def remarks(self, place: Place) -> list[Remark]:
        """What was said in a thread."""

    def standing(self, place: Place, question_key: str) -> Mapping[str, Standing]:
        """The bot's messages in a thread that belong to a question, by their keys."""


class Orchestrator:
    """Answers questions. Thread-safe; no method but `stop` waits for anything but the store.

    `live_answers` is how many streams may be open at once, `ack_deadline` how many seconds the first model
    has before a fixed sentence stands in for it, `recover_within` for how many seconds a question is worth
    answering. `state` is what other processes and operators are told of this one.
    """

    state = "starting"

    def __init__(
        self,
        micro: QuickModel,
        pro: ExpertModel,
        slack: Slack,
        pacer: Pacer,
        journal: Journal,
        *,
        live_answers: int,
        ack_deadline: float,
        recover_within: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._micro, self._pro, self._slack, self._pacer = micro, pro, slack, pacer
        self._journal = journal
        self._ack_deadline, self._recover_within = ack_deadline, recover_within
        self._clock = clock
        self._inbox: queue.SimpleQueue[Callable[[float], None]] = queue.SimpleQueue()
        self._live: set[Exchange] = set()
        self._cut_at, self._beat_at = inf, -inf
        self._owned: frozenset[str] = frozenset()
        self._orphans: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        quick_calls = max(LEAST_QUICK_CALLS, live_answers)
        self._micro_lane = _lane("micro", quick_calls)
        self._pro_lane = _lane("pro", live_answers)
        self._slack_lane = _lane("slack", quick_calls)
        self._recall_lane = ThreadPoolExecutor(1, "recall")
        self._recalls = Bucket(_RECALLS_PER_SECOND, _RECALLS_AT_ONCE)
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
        exchange = Exchange(question, self._clock(), self._ack_deadline)
        self._inbox.put(lambda _now: self._live.add(exchange))
        self._start_models(exchange)

    def _start_models(self, exchange: Exchange) -> None:
        if exchange.grows and not exchange.has_sign:
            self._micro_lane.submit(self._acknowledge, exchange)
        if exchange.grows:
            self._pro_lane.submit(self._answer, exchange)

    def stop(self, grace: float) -> None:
        """Let live answers end within `grace` seconds and leave the others to the journal.

        Where that does not work they are marked as interrupted. Returns when that is on screen.
        """
        self.state = "stopping"
        self._cut_at = self._clock() + grace
        self._stopping.set()
        self._inbox.put(_nothing)
        self._loop.join(grace + _LAST_WORDS_SECONDS)
        self._journal.leave(_LAST_LINES_SECONDS)
        for lane in (self._micro_lane, self._pro_lane, self._slack_lane, self._recall_lane):
            lane.shutdown(wait=False, cancel_futures=True)

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
                self._live.clear()

    def _end_all(self, now: float) -> None:
        for exchange in self._live:
            if self._journal.works:
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
            if exchange.ending is not Ending.HANDED_OVER:
                self._journal.close(exchange.question.id)
            if exchange.draft.outcome is Outcome.WHOLE:
                self._pacer.learn(exchange)
            self._log_end(exchange, now)
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
        )
        log.warning(
            "answer.resumed",
            extra={**_names(entry.question), "age_s": round(entry.age), "tries": entry.tries},
        )
        self._live.add(exchange)
        if exchange.place:
            self._recall_lane.submit(self._recall, exchange, exchange.place, entry.messages)

    def _recall(self, exchange: Exchange, place: Place, noted: Mapping[str, str]) -> None:
        """Find what stands of `exchange`; where that cannot be read, it is what was `noted`."""
        standing: Mapping[str, Standing] = {key: Standing(ts) for key, ts in noted.items()}
        for _ in range(_MOST_RECALLS):
            self._stopping.wait(self._recalls.free_at(self._clock()) - self._clock())
            self._recalls.begin()
            pause = 0.0
            try:
                standing = self._slack.standing(place, exchange.question.key)
            except (RateLimited, Unreachable) as error:
                pause = error.retry_after if isinstance(error, RateLimited) else 1.0
            except SlackError as error:
                _log_refusal(exchange, error)
                self._inbox.put(lambda _now: exchange.end(Ending.REFUSED))
                return
            finally:
                self._recalls.end(self._clock())
            if not pause or self._stopping.wait(pause):
                break
        self._inbox.put(lambda now: self._go_on(exchange, place, standing, now))

    def _go_on(self, exchange: Exchange, place: Place, standing: Mapping[str, Standing], now: float) -> None:
        exchange.opened(place, standing, now)
        if exchange.resumes and not exchange.ending:
            self._start_models(exchange)

    # What waits, each in its lane

    def _acknowledge(self, exchange: Exchange) -> None:
        words = None
        try:
            words = prompts.one_sentence(self._micro.reply(prompts.acknowledge(exchange.question)))
        except ModelError as error:
            _log_model_error("ack.failed", exchange, error)
        except Exception:
            log.exception("ack.crashed", extra=_names(exchange.question))
        self._inbox.put(lambda _now: exchange.greet(words))

    def _answer(self, exchange: Exchange) -> None:
        try:
            with closing(self._generate(exchange)) as events:
                gulp_began = self._clock()
                for event in events:
                    self._receive(exchange, event)
                    if exchange.ending or exchange.draft.outcome:
                        return
                    if exchange.draft.started and self._clock() - gulp_began > _GULP_SECONDS:
                        self._stopping.wait(
                            min(_LONGEST_BETWEEN_GULPS, self.live * _BETWEEN_GULPS_PER_ANSWER)
                        )
                        gulp_began = self._clock()
        except Exception:
            log.exception("answer.crashed", extra=_names(exchange.question))
            self._receive(exchange, Failed(ModelError(Fault.FAILED, "crashed")))

    def _receive(self, exchange: Exchange, event: StreamEvent) -> None:
        if exchange.receive(event, self._clock()):
            self._inbox.put(_nothing)

    def _generate(self, exchange: Exchange) -> Generator[StreamEvent, None, None]:
        """What the expert says, begun anew while that is worth it and nothing has been said."""
        prompt = prompts.answer(self._conversation(exchange.question))
        tries = 0
        while True:
            tries += 1
            with closing(self._pro.stream(prompt)) as events:
                for event in events:
                    pause = None
                    if isinstance(event, Failed):
                        _log_model_error("answer.failed", exchange, event.error)
                        pause = retry.delay(event.error, tries, random())  # noqa: S311 - it spreads waits
                    if pause is not None and not exchange.draft.started and not self._stopping.wait(pause):
                        break
                    yield event
                else:
                    return

    def _conversation(self, question: Question) -> tuple[conversation.Turn, ...]:
        remarks: list[Remark] = []
        if question.stands_in_thread and question.place:
            try:
                remarks = self._slack.remarks(question.place)
            except SlackError as error:  # an answer without the thread serves better than none
                log.warning("thread.unread", extra={**_names(question), "code": error.code})
        return conversation.turns(remarks, prompts.asked(question), before=question.ts)

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
            if turn.charge.kind is CallKind.POST and exchange.place:
                self._journal.note(exchange.question, exchange.place, exchange.messages)

        self._inbox.put(settle)

    def _made(self, exchange: Exchange, step: Show | OpenThread) -> Callable[[float], None]:
        """Make the call; what it changes about the exchange."""
        if isinstance(step, OpenThread):
            place = open_thread(exchange.question, self._slack, again=step.again)
            standing = self._slack.standing(place, exchange.question.key) if exchange.resumes else {}
            return partial(self._go_on, exchange, place, standing)
        channel, thread_ts, ts = step.place.channel, step.place.thread_ts, step.ts
        if ts is not None:
            self._slack.edit(channel, ts, step.message)
            return lambda now: exchange.shown(step, ts, now)
        for tried in step.unsure:
            if found := self._slack.find(channel, thread_ts, tried.message.key):
                return partial(exchange.shown, tried, found)
        posted = self._slack.post(channel, thread_ts, step.message)
        return lambda now: exchange.shown(step, posted, now)

    # What operators read

    def _log_end(self, exchange: Exchange, now: float) -> None:
        def since(moment: float | None) -> float | None:
            return None if moment is None else round(moment - exchange.asked_at, 3)

        draft = exchange.draft
        outcome = (exchange.ending or draft.outcome or Outcome.CUT).value
        fields = {
            "outcome": outcome,
            "ack_s": since(exchange.acknowledged_at),
            "first_words_s": since(exchange.first_words_at),
            "whole_s": since(now),
            "edits": exchange.edits,
            "tokens_in": draft.usage.input if draft.usage else None,
            "tokens_out": draft.usage.output if draft.usage else None,
        }
        log.info("answer.done", extra={**_names(exchange.question), **fields})


def _lane(name: str, size: int) -> ThreadPoolExecutor:
    """A pool whose threads all run already: who starts one waits for it, in a storm for many others too."""
    lane = ThreadPoolExecutor(size, name)
    all_run = threading.Barrier(size)
    for _ in range(size):
        lane.submit(all_run.wait)
    return lane


def _nothing(_now: float) -> None:
    """What an inbox is told when it only has to look."""


def _names(question: Question) -> dict[str, str]:
    """What tells a question from others in a log: never its text."""
    return {"team": question.team, "channel": question.channel, "ts": question.ts or "command"}


def _log_refusal(exchange: Exchange, error: SlackError, crash: BaseException | None = None) -> None:
    fields = {**_names(exchange.question), "error": str(error)}
    log.warning("slack.refused", extra=fields, exc_info=crash)


def _log_model_error(event: str, exchange: Exchange, error: ModelError) -> None:
    fields = {"fault": error.fault.value, "error": str(error), "request_id": error.request_id}
    log.warning(event, extra={**_names(exchange.question), **fields})
