"""The one way to a model: each question is checked here, whatever it was asked by, and counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.core import lines
from bot.core.access import Denial
from bot.core.admission import Admitted
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.question import Question
from bot.core.spending import Refusal
from bot.core.stream import Notice, Recalled
from bot.core.texts import texts_in
from bot.engine.answers import Answers
from bot.engine.bots import BotQuestions
from bot.engine.context import Context
from bot.engine.gate import Gate
from bot.engine.ledger import Ledger

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5.0  # for which a press or an edit waits for Slack to say who asked


class AdmissionControl:
    """Admits questions by access, rate and budget. Thread-safe; it can wait for Slack and the store."""

    def __init__(
        self,
        gate: Gate,
        context: Context,
        answers: Answers,
        ledger: Ledger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate, self._context, self._answers, self._ledger = gate, context, answers, ledger
        self._bot_questions = BotQuestions(clock)

    def is_known(self, question: Question) -> bool:
        """Return whether `admit` asks Slack for nothing, as it does of what may be answered already."""
        return bool(question.text) and question.stands_in_thread and self._gate.is_known(question)

    def admit(
        self, question: Question, starts: int | None = None, patience: float = 0.0
    ) -> Admitted | Denial | Refusal:
        """Count `question` and return the proof that it may be answered, or why it may not.

        The answering model began `starts` times for it before, each of which counts; None before it was
        taken up. Raises RateLimited or Unreachable while Slack does not say within `patience` seconds, and
        SlackError while it takes no call.
        """
        if why := self._gate.decide(question, patience):
            return why
        if question.bot and not starts and not self._bot_questions.take(question):
            log.warning("question.bot_limit", extra={**question.names, "bot": question.bot})
            return Denial.BOTS
        question = self._context.completed(question)
        if not (question.text or question.files or question.stands_in_thread):
            return Admitted(question, said=Notice(texts_in(self._context.language(question)).usage))
        waits_for_more = starts is None and lines.settle_seconds(question, 0) > 0
        key = "" if waits_for_more else self._answers.key(question, self._gate.audience)
        answer = self._answers.recall(key, question) if key else None
        if refusal := self._ledger.refusal(question, starts or 0, is_free=answer is not None):
            return refusal
        return Admitted(question, key, None if answer is None else Recalled(answer))

    def denial(self, question: Question) -> Denial | None:
        """Return why whoever asks `question` may not, who only presses something there; it is not counted."""
        try:
            return self._gate.decide(question, _PATIENCE_SECONDS)
        except SlackError as error:
            return Denial.NOT_SET_UP if error.setup else Denial.UNKNOWN

    def admit_now(self, question: Question, starts: int | None = None) -> Admitted | Denial | Refusal:
        """Return what `admit` tells somebody who waits: what Slack does not say soon is UNKNOWN.

        Raises SlackError while Slack takes no call at all.
        """
        try:
            return self.admit(question, starts, _PATIENCE_SECONDS)
        except (RateLimited, Unreachable):
            return Denial.UNKNOWN
