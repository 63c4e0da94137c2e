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
from math import inf
from random import random
from typing import Protocol, TypeAlias

from bot.core import conversation, prompts, retry
from bot.core.conversation import Remark
from bot.core.draft import Outcome
from bot.core.errors import Fault, ModelError, SlackError
from bot.core.message import Content, Kind
from bot.core.question import Place, Question
from bot.core.safety import neutralise
from bot.core.stream import Failed, StreamEvent
from bot.engine.entrance import Rooms, open_thread
from bot.engine.exchange import Exchange, OpenThread, Show

log = logging.getLogger(__name__)

_QUICK_CALLS = 100  # threads for calls that take a moment: acknowledgements are never held up by answers
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


# What happened to an exchange, or None when it begins.
_News: TypeAlias = tuple[Exchange, Callable[[float], None] | None]


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
        *,
        live_answers: int,
        ack_deadline: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._micro, self._pro, self._slack = micro, pro, slack
        self._ack_deadline = ack_deadline
        self._clock = clock
        self._inbox: queue.SimpleQueue[_News | None] = queue.SimpleQueue()
        self._look_at: dict[Exchange, float] = {}  # every live exchange, and when to ask it for its next step
        self._cut_at = inf
        self._stopping = threading.Event()
        self._micro_lane = ThreadPoolExecutor(_QUICK_CALLS, "micro")
        self._pro_lane = ThreadPoolExecutor(live_answers, "pro")
        self._slack_lane = ThreadPoolExecutor(_QUICK_CALLS, "slack")
        self._loop = threading.Thread(target=self._run, name="orchestrator", daemon=True)
        self._loop.start()

    def ask(self, question: Question) -> None:
        """Answer `question`: both models start now."""
        exchange = Exchange(question, self._clock(), self._ack_deadline)
        self._inbox.put((exchange, None))
        self._micro_lane.submit(self._acknowledge, exchange)
        self._pro_lane.submit(self._answer, exchange)

    def say(self, place: Place, sentence: str) -> None:
        """Post a fixed `sentence` to somebody who did not ask anything."""
        self._slack_lane.submit(self._post_notice, place, Content(neutralise(sentence)))

    @property
    def live(self) -> int:
        """How many questions were taken up and are not answered to the end."""
        return len(self._look_at)

    def stop(self, grace: float) -> None:
        """Let live answers end within `grace` seconds, then cut them, and return when that is on screen."""
        self._cut_at = self._clock() + grace
        self._stopping.set()
        self._inbox.put(None)
        self._loop.join(grace + _LAST_WORDS_SECONDS)
        for lane in (self._micro_lane, self._pro_lane, self._slack_lane):
            lane.shutdown(wait=False, cancel_futures=True)

    # The loop

    def _run(self) -> None:
        while self._look_at or not self._stopping.is_set():
            self._take_in()
            now = self._clock()
            if now >= self._cut_at:
                self._cut_at = inf
                for exchange in self._look_at:
                    exchange.interrupt()
                    self._look_at[exchange] = now
            for exchange in [due for due, when in self._look_at.items() if when <= now]:
                self._take_step(exchange, now)

    def _take_in(self) -> None:
        """Wait for news until an exchange has to be looked at, then take in all there is."""
        wake = min(self._look_at.values(), default=inf)
        wake = min(wake, self._cut_at)
        try:
            news = self._inbox.get(timeout=None if wake == inf else max(0.0, wake - self._clock()))
            while True:
                if news is not None:
                    self._apply(*news)
                news = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _apply(self, exchange: Exchange, change: Callable[[float], None] | None) -> None:
        now = self._clock()
        if change is None:
            self._look_at[exchange] = now
        elif exchange in self._look_at:  # what comes after its end changes nothing
            change(now)
            self._look_at[exchange] = now

    def _take_step(self, exchange: Exchange, now: float) -> None:
        try:
            step = exchange.next_step(now)
        except Exception:  # one exchange must not end the loop for all
            log.exception("exchange.crashed", extra=_names(exchange.question))
            exchange.abandoned, step = True, None
        match step:
            case None:
                del self._look_at[exchange]
                self._log_end(exchange, now)
            case Show() | OpenThread():
                self._look_at[exchange] = inf
                self._slack_lane.submit(self._call_slack, exchange, step)
            case when:
                self._look_at[exchange] = when

    # What waits, each in its lane

    def _acknowledge(self, exchange: Exchange) -> None:
        words = None
        try:
            words = prompts.one_sentence(self._micro.reply(prompts.acknowledge(exchange.question)))
        except ModelError as error:
            _log_model_error("ack.failed", exchange, error)
        except Exception:
            log.exception("ack.crashed", extra=_names(exchange.question))
        self._inbox.put((exchange, lambda _now: exchange.greet(words)))

    def _answer(self, exchange: Exchange) -> None:
        try:
            with closing(self._generate(exchange)) as events:
                for event in events:
                    self._receive(exchange, event)
                    if exchange.abandoned or exchange.draft.outcome:
                        return
        except Exception:
            log.exception("answer.crashed", extra=_names(exchange.question))
            self._receive(exchange, Failed(ModelError(Fault.FAILED, "crashed")))

    def _receive(self, exchange: Exchange, event: StreamEvent) -> None:
        if exchange.receive(event):
            self._inbox.put((exchange, lambda _now: None))

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

    def _call_slack(self, exchange: Exchange, step: Show | OpenThread) -> None:
        try:
            self._inbox.put((exchange, self._made(exchange, step)))
        except SlackError as error:
            refusal = error
            log.warning("slack.refused", extra={**_names(exchange.question), "error": str(error)})
            self._inbox.put((exchange, lambda now: exchange.refused(refusal, now)))
        except Exception:
            log.exception("slack.crashed", extra=_names(exchange.question))
            self._inbox.put((exchange, lambda now: exchange.refused(SlackError("crashed"), now)))

    def _made(self, exchange: Exchange, step: Show | OpenThread) -> Callable[[float], None]:
        """Make the call; what it changes about the exchange."""
        if isinstance(step, OpenThread):
            place = open_thread(exchange.question, self._slack)
            return lambda _now: exchange.opened(place)
        if step.ts is None:
            ts = self._slack.post(step.place.channel, step.place.thread_ts, step.kind, step.content)
        else:
            ts = step.ts
            self._slack.edit(step.place.channel, ts, step.content)
        return lambda now: exchange.shown(step, ts, now)

    def _post_notice(self, place: Place, content: Content) -> None:
        try:
            self._slack.post(place.channel, place.thread_ts, Kind.NOTICE, content)
        except SlackError as error:
            log.warning("notice.refused", extra={"channel": place.channel, "error": str(error)})

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


def _names(question: Question) -> dict[str, str]:
    """What tells a question from others in a log: never its text."""
    return {"team": question.team, "channel": question.channel, "ts": question.ts or "command"}


def _log_model_error(event: str, exchange: Exchange, error: ModelError) -> None:
    fields = {"fault": error.fault.value, "error": str(error), "request_id": error.request_id}
    log.warning(event, extra={**_names(exchange.question), **fields})
