"""The desk that listeners hand questions to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.question import Question
from bot.core.texts import texts_in
from bot.engine.claims import Claims
from bot.engine.orchestrator import Orchestrator


@dataclass(frozen=True)
class Desk:
    """Takes each question once, and answers it or says how to ask."""

    orchestrator: Orchestrator
    claims: Claims
    clock: Callable[[], float] = time.monotonic

    def take(self, question: Question, event_id: str) -> None:
        """Answer a message, unless it was taken before: Slack redelivers events by their id, and one message
        can come as two of them.
        """
        keys = filter(None, (event_id, f"{question.team}/{question.key}"))
        if not self.claims.take(keys, self.clock()):
            return
        texts = texts_in(question.language)
        if question.text:
            self.orchestrator.ask(question)
        else:
            self.orchestrator.say(question, texts.files_only if question.files else texts.usage)
