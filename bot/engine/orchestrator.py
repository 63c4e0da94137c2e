"""Two models, two messages, one loop: who does what when.

One thread owns the state of every exchange and decides; everything that waits, waits in a lane of its own.
So the state needs no locks, and an acknowledgement never stands behind an answer.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from math import inf
from random import random
from typing import Protocol

from bot.core import conversation, prompts, retry
from bot.core.conversation import Remark
from bot.core.draft import Draft, Outcome
from bot.core.errors import Fault, ModelError, SlackError
from bot.core.message import Content
from bot.core.question import Place, Question
from bot.core.stream import Failed, StreamEvent
from bot.engine.entrance import Rooms, open_thread
from bot.engine.exchange import Exchange, OpenThread, Show
from bot.engine.pacer import Pacer, Turn

log = logging.getLogger(__name__)

LEAST_QUICK_CALLS = 100  # at once, however few answers may be live: an acknowledgement waits for nobody
# Waking a thread for every token costs more than reading the token, and with many live answers nobody is
# shown each. So a stream is read in gulps: what comes in between waits in its socket.
_LONGEST_BETWEEN_GULPS = 0.1
_BETWEEN_GULPS_PER_ANSWER = 0.005
_GULP_SECONDS = 0.005  # what had come is read by then; the event after that had to be waited for
_LAST_WORDS_SECONDS = 5.0  # for the final edits of answers that a shutdown cut


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

    def edit(self, channel: str, ts: str, content: Content) -> None:
        """Let a message of the bot's say `content`."""

    def remarks(self, place: Place) -> list[Remark]:
        """What was said in a thread."""


class Orchestrator:
    """Answers questions. Thread-safe; no method but `stop` waits for anything.

    `live_answers` is how many streams may be open at once, `ack_deadline` how many seconds the first model
    has before a fixed sentence stands in for it.
    """

    def __init__(
        self,
        micro: QuickModel,
        pro: ExpertModel,
        slack: Slack,
        pacer: Pacer,
        *,
        live_answers: int,
        ack_deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._micro, self._pro, self._slack, self._pacer = micro, pro, slack, pacer
        self._ack_deadline = ack_deadline
        self._clock = clock
        self._inbox: queue.SimpleQueue[Callable[[float], None]] = queue.SimpleQueue()
        self._live: set[Exchange] = set()
        self._cut_at = inf
        self._stopping = threading.Event()
        quick_calls = max(LEAST_QUICK_CALLS, live_answers)
        self._micro_lane = _lane("micro", quick_calls)
        self._pro_lane = _lane("pro", live_answers)
        self._slack_lane = _lane("slack", quick_calls)
        self._loop = threading.Thread(target=self._run, name="orchestrator", daemon=True)
        self._loop.start()

    @property
    def live(self) -> int:
        """How many questions were taken up and are not answered to the end."""
        return len(self._live)

    def ask(self, question: Question) -> None:
        """Answer `question`: both models start now."""
        exchange = Exchange(question, self._clock(), self._ack_deadline)
        self._inbox.put(lambda _now: self._live.add(exchange))
        self._micro_lane.submit(self._acknowledge, exchange)
        self._pro_lane.submit(self._answer, exchange)

    def say(self, question: Question, sentence: str) -> None:
        """Reply to `question` with a fixed `sentence`, without any model."""
        notice = Draft(sentence, Outcome.NOTICE)
        exchange = Exchange(question, self._clock(), self._ack_deadline, notice)
        self._inbox.put(lambda _now: self._live.add(exchange))

    def stop(self, grace: float) -> None:
        """Let live answers end within `grace` seconds, then cut them, and return when that is on screen."""
        self._cut_at = self._clock() + grace
        self._stopping.set()
        self._inbox.put(_nothing)
        self._loop.join(grace + _LAST_WORDS_SECONDS)
        for lane in (self._micro_lane, self._pro_lane, self._slack_lane):
            lane.shutdown(wait=False, cancel_futures=True)

    # The loop

    def _run(self) -> None:
        again = inf
        while self._live or not self._stopping.is_set():
            self._take_in(min(again, self._cut_at))
            now = self._clock()
            if now >= self._cut_at:
                self._cut_at = inf
                for exchange in self._live:
                    exchange.interrupt(now)
            try:
                again = self._make_turns(now)
            except Exception:  # a mistake in a rule ends the answers that are live, not the bot
                log.exception("turns.crashed", extra={"live": len(self._live)})
                self._live.clear()

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
            if exchange.draft.outcome is Outcome.WHOLE:
                self._pacer.learn(exchange)
            self._log_end(exchange, now)
        turns, again = self._pacer.turns(self._live, now)
        for turn in turns:
            self._slack_lane.submit(self._call_slack, turn)
        return again

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
                    if exchange.abandoned or exchange.draft.outcome:
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
            change = self._made(exchange, turn.step)
        except Exception as raised:
            error = raised if isinstance(raised, SlackError) else SlackError("crashed", repr(raised))
            log.warning(
                "slack.refused",
                extra={**_names(exchange.question), "error": str(error)},
                exc_info=None if error is raised else raised,
            )
            change = partial(exchange.refused, error)

        def settle(now: float) -> None:
            self._pacer.ended(turn, now, error)
            change(now)

        self._inbox.put(settle)

    def _made(self, exchange: Exchange, step: Show | OpenThread) -> Callable[[float], None]:
        """Make the call; what it changes about the exchange."""
        if isinstance(step, OpenThread):
            place = open_thread(exchange.question, self._slack, again=step.again)
            return lambda _now: exchange.opened(place)
        channel, thread_ts, ts = step.place.channel, step.place.thread_ts, step.ts
        if ts is not None:
            self._slack.edit(channel, ts, step.message.content)
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
        outcome = "abandoned" if exchange.abandoned else (draft.outcome or Outcome.CUT).value
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


def _log_model_error(event: str, exchange: Exchange, error: ModelError) -> None:
    fields = {"fault": error.fault.value, "error": str(error), "request_id": error.request_id}
    log.warning(event, extra={**_names(exchange.question), **fields})
