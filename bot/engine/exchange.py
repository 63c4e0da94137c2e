"""One question and its two messages: what is on screen, and what to show next.

Rules only: an exchange makes no call and reads no clock. The orchestrator asks it for the next step, makes
the call, and tells it how that went. All of it runs on the orchestrator's thread, but for `receive`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import inf

from bot.core.draft import Draft
from bot.core.errors import Fault, ModelError, RateLimited, SlackError, Unreachable
from bot.core.message import Content, Kind
from bot.core.question import Place, Question
from bot.core.safety import neutralise
from bot.core.stream import Failed, StreamEvent
from bot.core.texts import texts_in

EDIT_INTERVAL = 1.0
_TRIES_WHEN_UNREACHABLE = 6
_FIRST_PAUSE = 0.5


@dataclass(frozen=True)
class Show:
    """A Slack call to make in `place`: post `content` (no `ts`), or edit the message `ts` to say it.

    `number` counts the answer's messages from 0; it means nothing for an acknowledgement.
    """

    place: Place
    kind: Kind
    content: Content
    number: int = 0
    ts: str | None = None


@dataclass(frozen=True)
class OpenThread:
    """A Slack call to make: a slash command's question is posted, so that there is a thread to answer in."""


@dataclass(frozen=True)
class Shown:
    """A message of the answer as it is on screen."""

    ts: str
    content: Content


class Exchange:
    """A question being answered. Times are seconds of the orchestrator's clock."""

    def __init__(self, question: Question, asked_at: float, ack_deadline: float) -> None:
        self.question = question
        self.texts = texts_in(question.language)
        self.place: Place | None = question.place
        self.asked_at = asked_at
        self.acknowledged_at: float | None = None
        self.first_words_at: float | None = None
        self.edits = 0
        self.draft = Draft()
        self.abandoned = False
        self._speak_by = asked_at + ack_deadline
        self._greeting: str | None = None
        self._shown: list[Shown] = []
        self._in_flight = False
        self._not_before = asked_at
        self._edit_after = asked_at
        self._failures = 0
        self._receiving = threading.Lock()
        self._has_news = False

    # What the models say

    def greet(self, words: str | None) -> None:
        """The first model said `words`, or (None) nothing that can be shown."""
        self._greeting = words or self.texts.stand_in

    def receive(self, event: StreamEvent) -> bool:
        """Take an event of the answering model's, from any thread.

        True if the orchestrator must look: it does not know yet that there is news, or the news is the end.
        """
        with self._receiving:
            self.draft = self.draft.apply(event)
        knows = self._has_news and self.draft.outcome is None
        if knows or not self.draft.started:
            return False
        self._has_news = True
        return True

    def interrupt(self) -> None:
        """End the answer where it is, as one that was cut."""
        self.receive(Failed(ModelError(Fault.UNAVAILABLE, "interrupted")))

    # What Slack says

    def opened(self, place: Place) -> None:
        """The thread of a slash command's question stands."""
        self._in_flight, self._failures = False, 0
        self.place = place

    def shown(self, show: Show, ts: str, now: float) -> None:
        """The call `show` was made; the message is `ts`."""
        self._in_flight, self._failures = False, 0
        if show.kind is Kind.ACKNOWLEDGEMENT:
            self.acknowledged_at = now
            return
        self._shown[show.number :] = [Shown(ts, show.content), *self._shown[show.number + 1 :]]
        self._edit_after = now + EDIT_INTERVAL
        self.edits += show.ts is not None
        if self.first_words_at is None:
            self.first_words_at = now

    def refused(self, error: SlackError, now: float) -> None:
        """A call failed: it is made anew when that can help, with what is true then; else all ends here."""
        self._in_flight = False
        match error:
            case RateLimited():
                self._not_before = now + error.retry_after
            case Unreachable() if self._failures < _TRIES_WHEN_UNREACHABLE:
                self._not_before = now + _FIRST_PAUSE * 2**self._failures
                self._failures += 1
            case _:
                self.abandoned = True

    # What to do next

    def next_step(self, now: float) -> Show | OpenThread | float | None:
        """The call to make now, or the time at which to ask again, or None when all is on screen.

        A time that is `inf` means: when something happens. A returned call counts as begun: it must be
        answered by `shown`, `opened` or `refused`, and until then there is no other, so that the messages
        stand in order and never two calls write one message.
        """
        if self.abandoned:
            return None
        if self._in_flight:
            return inf
        if now < self._not_before:
            return self._not_before
        step = self._step_in(self.place, now) if self.place else OpenThread()
        self._in_flight = isinstance(step, Show | OpenThread)
        return step

    def _step_in(self, place: Place, now: float) -> Show | float | None:
        if self.draft.started:
            return self._answer_step(place, now)
        if self.acknowledged_at is not None:
            return inf
        if self._greeting is None and now < self._speak_by:
            return self._speak_by
        words = self._greeting or self.texts.stand_in
        return Show(place, Kind.ACKNOWLEDGEMENT, Content(neutralise(words)))

    def _answer_step(self, place: Place, now: float) -> Show | float | None:
        if self._shown and self.draft.outcome is None and now < self._edit_after:
            return self._edit_after
        self._has_news = False  # before the draft is read: what comes after it is news again
        draft = self.draft
        for number, content in enumerate(draft.contents(self.texts)):
            if number == len(self._shown):
                return Show(place, draft.kind, content, number)
            if content != self._shown[number].content:
                return Show(place, draft.kind, content, number, self._shown[number].ts)
        return inf if draft.outcome is None else None
