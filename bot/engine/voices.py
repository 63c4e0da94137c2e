"""The two models, each in a lane of threads of its own: an acknowledgement never stands behind an answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from random import random
from typing import Protocol

from bot.core import conversation, prompts, retry
from bot.core.conversation import Remark
from bot.core.errors import Fault, ModelError, SlackError
from bot.core.question import Place, Question
from bot.core.stream import Failed, StreamEvent
from bot.engine.exchange import Exchange

log = logging.getLogger(__name__)

LEAST_QUICK_CALLS = 100  # at once, however few answers may be live: an acknowledgement waits for nobody
# Waking a thread for every token costs more than reading the token, and with many live answers nobody is
# shown each. So a stream is read in gulps: what comes in between waits in its socket.
_LONGEST_BETWEEN_GULPS = 0.1
_BETWEEN_GULPS_PER_STREAM = 0.005
_GULP_SECONDS = 0.005  # what had come is read by then; the event after that had to be waited for


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


class Conversations(Protocol):
    """What the models must know of Slack."""

    def remarks(self, place: Place) -> list[Remark]:
        """What was said in a thread. Raises SlackError."""


class Voices:
    """Lets both models speak about an exchange, and `tell`s the orchestrator's loop what changes by it.

    At most `streams` answers are written at once; others wait their turn. No method waits for anything.
    """

    def __init__(
        self,
        micro: QuickModel,
        pro: ExpertModel,
        slack: Conversations,
        tell: Callable[[Callable[[float], None]], None],
        *,
        streams: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._micro, self._pro, self._slack = micro, pro, slack
        self._tell, self._clock = tell, clock
        self._stopping = threading.Event()
        self._speaking: set[Exchange] = set()
        self._micro_lane = lane("micro", max(LEAST_QUICK_CALLS, streams))
        self._pro_lane = lane("pro", streams)

    def speak(self, exchange: Exchange) -> None:
        """Let both models begin now, or the one that has something to say still."""
        if exchange.grows and not exchange.has_sign:
            self._micro_lane.submit(self._acknowledge, exchange)
        if exchange.grows:
            self._pro_lane.submit(self._answer, exchange)

    def hurry(self) -> None:
        """From now on nothing is tried again, and streams are read as they come."""
        self._stopping.set()

    def fall_silent(self) -> None:
        """Begin nothing more."""
        for each in (self._micro_lane, self._pro_lane):
            each.shutdown(wait=False, cancel_futures=True)

    def _acknowledge(self, exchange: Exchange) -> None:
        words = None
        try:
            words = prompts.one_sentence(self._micro.reply(prompts.acknowledge(exchange.question)))
        except ModelError as error:
            _log_model_error("ack.failed", exchange, error)
        except Exception:
            log.exception("ack.crashed", extra=exchange.question.names)
        self._tell(lambda _now: exchange.greet(words))

    def _answer(self, exchange: Exchange) -> None:
        self._speaking.add(exchange)
        try:
            with closing(self._generate(exchange)) as events:
                self._listen(exchange, events)
        except Exception:
            log.exception("answer.crashed", extra=exchange.question.names)
            self._receive(exchange, Failed(ModelError(Fault.FAILED, "crashed")))
        finally:
            self._speaking.discard(exchange)

    def _listen(self, exchange: Exchange, events: Generator[StreamEvent, None, None]) -> None:
        gulp_began = self._clock()
        for event in events:
            self._receive(exchange, event)
            if exchange.ending or exchange.draft.outcome:
                return
            if exchange.draft.started and self._clock() - gulp_began > _GULP_SECONDS:
                pause = len(self._speaking) * _BETWEEN_GULPS_PER_STREAM
                self._stopping.wait(min(_LONGEST_BETWEEN_GULPS, pause))
                gulp_began = self._clock()

    def _receive(self, exchange: Exchange, event: StreamEvent) -> None:
        if exchange.receive(event, self._clock()):
            self._tell(look)

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
                log.warning("thread.unread", extra={**question.names, "code": error.code})
        return conversation.turns(remarks, prompts.asked(question), before=question.ts)


def lane(name: str, size: int) -> ThreadPoolExecutor:
    """A pool whose threads all run already: who starts one waits for it, in a storm for many others too."""
    threads = ThreadPoolExecutor(size, name)
    all_run = threading.Barrier(size)
    for _ in range(size):
        threads.submit(all_run.wait)
    return threads


def look(_now: float) -> None:
    """What the loop is told when it only has to look."""


def _log_model_error(event: str, exchange: Exchange, error: ModelError) -> None:
    fields = {"fault": error.fault.value, "error": str(error), "request_id": error.request_id}
    log.warning(event, extra={**exchange.question.names, **fields})
