"""The answer as far as it has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from bot.core import markdown
from bot.core.errors import Fault
from bot.core.layout import DEFAULT, MAX_LEAD, MAX_PLAIN_LEAD, Layout
from bot.core.lengths import shortened
from bot.core.message import Action, Button, Content, Feedback, Kind
from bot.core.safety import Safe, neutralise, without_secrets
from bot.core.slack_markdown import for_slack
from bot.core.stream import Aside, Failed, Finished, Notice, Recalled, StreamEvent, Text
from bot.core.texts import Texts


class Outcome(Enum):
    """How an answer ended."""

    WHOLE = "whole"
    LENGTH_LIMIT = "length_limit"
    FILTERED = "filtered"
    GUARDED = "guarded"  # by a guardrail of the operator's
    CUT = "cut"
    FAILED = "failed"
    NOTICE = "notice"  # no answer at all, but a fixed sentence
    OVER_BUDGET = "over_budget"  # likewise


# Converse's stop reasons that leave an answer less than whole. Nova has no tools here, so a reason that is
# about tools, or one not known yet, means output that was broken off.
_ENDINGS = {
    "end_turn": Outcome.WHOLE,
    "stop_sequence": Outcome.WHOLE,
    "max_tokens": Outcome.LENGTH_LIMIT,
    "model_context_window_exceeded": Outcome.LENGTH_LIMIT,
    "content_filtered": Outcome.FILTERED,
    "guardrail_intervened": Outcome.GUARDED,
}
_WORTH_A_RETRY = {Fault.BUSY, Fault.UNAVAILABLE, Fault.FAILED, Fault.STOPPED, Fault.INTERRUPTED}
_NO_ANSWERS = {Outcome.FAILED, Outcome.NOTICE, Outcome.OVER_BUDGET}
_FINISHED = {Outcome.WHOLE, Outcome.LENGTH_LIMIT, Outcome.FILTERED, Outcome.GUARDED}
_SAYING_NOTHING = {
    Outcome.LENGTH_LIMIT: Fault.TOO_LONG,
    Outcome.FILTERED: Fault.BLOCKED,
    Outcome.GUARDED: Fault.BLOCKED,
}


@dataclass(frozen=True)
class Draft:
    """An answer while it grows (`outcome` None) and when it has ended."""

    text: str = ""
    outcome: Outcome | None = None
    fault: Fault | None = None
    is_from_cache: bool = False
    lead: str = ""
    refused: tuple[str, ...] = ()

    @property
    def started(self) -> bool:
        """Whether there is something to show: first words, or the news that none will come."""
        return self._has_words or self.outcome is not None

    @property
    def leads_on(self) -> bool:
        """Whether it is an answer, and a new one, after which one can suggest what to ask next."""
        return self.outcome is Outcome.WHOLE and not self.is_from_cache

    @property
    def is_blocked(self) -> bool:
        """Return whether a guardrail or a filter refused the question, or changed its answer."""
        return self.outcome is Outcome.GUARDED or self.fault is Fault.BLOCKED

    @property
    def _has_words(self) -> bool:
        return bool(self.text) and not self.text.isspace()  # strip() would copy the text for every token

    def apply(self, event: StreamEvent) -> Draft:
        """The draft after `event`. What follows its end changes nothing."""
        if self.outcome is not None:
            return self
        match event:
            case Text(piece):
                return replace(self, text=self.text + piece)
            case Finished(reason):
                return self._ended(_ENDINGS.get(reason, Outcome.CUT))
            case Recalled(answer):
                return Draft(answer, Outcome.WHOLE, is_from_cache=True)
            case Aside(sentence, refused):
                return replace(self, lead=sentence, refused=refused)
            case Notice(sentence, is_over_budget):
                return Draft(sentence, Outcome.OVER_BUDGET if is_over_budget else Outcome.NOTICE)
            case Failed(error):
                if self._has_words:
                    return replace(self, outcome=Outcome.CUT, fault=error.fault)
                return replace(self, outcome=Outcome.FAILED, fault=error.fault)

    def _ended(self, outcome: Outcome) -> Draft:
        if self._has_words:
            return replace(self, outcome=outcome)
        return replace(self, outcome=Outcome.FAILED, fault=_SAYING_NOTHING.get(outcome, Fault.FAILED))

    def over(self, standing: str, again: str, *, may_shorten: bool = False) -> Draft:
        """Return this draft, which has ended, without a loss of words of the answer `standing` on screen.

        A finished answer that is shorter comes below it, after the sentence `again`, unless it `may_shorten`.
        """
        is_answer = self.outcome not in _NO_ANSWERS
        if not standing or (is_answer and (may_shorten or len(self.text.strip()) >= len(standing))):
            return self
        if self.outcome in _FINISHED:
            return replace(self, text=f"{standing}\n\n---\n\n{again}\n\n{self.text}")
        return replace(self, text=standing, outcome=Outcome.CUT)

    def contents(
        self, texts: Texts, layout: Layout = DEFAULT, *, is_streamed: bool = False
    ) -> tuple[Content, ...]:
        """The messages that show this draft, in order; none while there is nothing to show.

        Where it `is_streamed` by Slack while it grows, the last is only added to, and has no button.
        """
        if not self.started:
            return ()
        if self.outcome is Outcome.FAILED:
            apology = neutralise(_apology(self.fault, texts))
            content = Content(apology, lead=self._lead(layout), button=self._button(texts))
            return (replace(content, is_plain=layout.is_plain(0), is_blocked=self.is_blocked),)
        text = without_secrets(self.text.strip())
        if is_streamed and self.outcome is None:
            return tuple(Content(for_slack(page)) for page in markdown.pages(text, layout, is_added_to=True))
        *whole, end = (
            _content(page, is_plain=layout.is_plain(number))
            for number, page in enumerate(markdown.pages(text, layout))
        )
        end = replace(end, note=neutralise(self._note(texts)), button=self._button(texts))
        end = replace(end, is_blocked=self.is_blocked)
        if self.outcome in _FINISHED:
            menu = (Button(Action.REGENERATE, texts.regenerate),)
            end = replace(end, feedback=Feedback(texts.good, texts.bad), menu=menu)
        first, *others = (*whole, end)
        return (replace(first, lead=self._lead(layout), refused=self.refused), *others)

    def _lead(self, layout: Layout) -> Safe:
        """Return the lines above the answer; they never take the room that the answer needs."""
        return shortened(neutralise(self.lead), MAX_PLAIN_LEAD if layout.is_plain(0) else MAX_LEAD)

    @property
    def kind(self) -> Kind:
        """What its messages are for; an apology is no answer that a conversation should remember."""
        return Kind.NOTICE if self.outcome in _NO_ANSWERS else Kind.ANSWER

    def _button(self, texts: Texts) -> Button | None:
        if self.outcome is None:
            return Button(Action.STOP, texts.stop)
        is_stopped = self.fault is Fault.STOPPED  # by its asker, who did not want these words
        return Button(Action.RETRY, texts.retry, replaces=is_stopped) if self._can_differ else None

    @property
    def _can_differ(self) -> bool:
        """Return whether the same question can be answered better if it is asked again at once."""
        return self.fault in _WORTH_A_RETRY or (self.outcome is Outcome.CUT and self.fault is None)

    def _note(self, texts: Texts) -> str:
        if self.fault in (Fault.INTERRUPTED, Fault.STOPPED):
            return texts.unfinished if self.fault is Fault.INTERRUPTED else texts.stopped
        if self.is_from_cache:
            return texts.from_cache
        if self.outcome is Outcome.CUT and not self._can_differ:
            return f"{texts.broke_off} {_apology(self.fault, texts)}"
        return {
            Outcome.LENGTH_LIMIT: texts.length_limit,
            Outcome.FILTERED: texts.filtered,
            Outcome.GUARDED: texts.guarded,
            Outcome.CUT: texts.cut,
        }.get(self.outcome or Outcome.WHOLE, "")


def _content(page: str, *, is_plain: bool) -> Content:
    return Content(neutralise(page) if is_plain else for_slack(page), is_plain=is_plain)


def _apology(fault: Fault | None, texts: Texts) -> str:
    return {
        Fault.BUSY: texts.busy,
        Fault.OVER_QUOTA: texts.over_quota,
        Fault.UNAVAILABLE: texts.unavailable,
        Fault.BLOCKED: texts.blocked,
        Fault.TOO_LONG: texts.too_long,
        Fault.UNREADABLE_FILE: texts.unreadable_file,
        Fault.NOT_SET_UP: texts.not_set_up,
        Fault.STOPPED: texts.stopped,
        Fault.INTERRUPTED: texts.interrupted,
        Fault.GIVEN_UP: texts.given_up,
    }.get(fault or Fault.FAILED, texts.failed)
