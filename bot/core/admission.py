"""Proof that a question may be answered, without which no model is called."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import access
from bot.core.access import Denial
from bot.core.question import Question
from bot.core.spending import Refusal, refusal_in
from bot.core.stream import StreamEvent
from bot.core.texts import Texts


@dataclass(frozen=True)
class Admitted:
    """Proof that `question` may be answered, as it reads here: by whom, where, how often and at what cost.

    `AdmissionControl.admit` alone makes one. `answer_key` is that under which the answer may be kept, "" for
    one that is not shared; `said` is the whole answer where no model is needed.
    """

    question: Question
    answer_key: str = ""
    said: StreamEvent | None = None


class NotAdmitted(Exception):
    """A model was to be called for a question that was not admitted: a defect."""


def require(admitted: Admitted, question: Question) -> None:
    """Raise NotAdmitted if that is no proof that `question` may be answered."""
    if not isinstance(admitted, Admitted) or admitted.question.id != question.id:
        raise NotAdmitted(question.id)


def told(texts: Texts, why: Denial | Refusal) -> str:
    """Return what the asker of a question that is not admitted is told."""
    return access.told(texts, why) if isinstance(why, Denial) else refusal_in(texts, why)
