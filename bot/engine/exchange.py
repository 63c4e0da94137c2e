"""One question being answered: what was said about it, and what its reader would want to see next.

Rules only: an exchange makes no call and reads no clock. It wishes, the pacer grants, the orchestrator makes
the call and tells how it went. All of it runs on the orchestrator's thread, but for
`await_admission`, `receive`, `interrupt` and `break_off`.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from math import inf

from bot.core import prompts
from bot.core.acknowledgement import Flaw, first_sentence, flaw, stand_in, wording
from bot.core.admission import Admitted, require
from bot.core.draft import Draft, Outcome
from bot.core.errors import (
    ContentRefused,
    Fault,
    ModelError,
    OverBudget,
    RateLimited,
    SlackError,
    TakenOver,
    ThreadGone,
    Unreachable,
)
from bot.core.journal import BEGINNING, CallKind
from bot.core.layout import DEFAULT, Layout
from bot.core.lines import goes_on
from bot.core.message import Action, Button, Content, Kind, Standing
from bot.core.message_text import is_material, written
from bot.core.plain_words import plain_words
from bot.core.question import Place, Question
from bot.core.rejoined import rejoined
from bot.core.safety import Safe, neutralise
from bot.core.slack_markdown import for_slack
from bot.core.stream import Failed, Notice, StreamEvent
from bot.core.texts import texts_in
from bot.core.voice import heard
from bot.engine.memory import remember
from bot.engine.screen import Screen
from bot.engine.steps import METHODS, Need, OpenThread, Show, Start, Wish

log = logging.getLogger(__name__)

_MAX_WORDINGS = 100  # of the channels and people that were last acknowledged
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.5, 10.0  # before a call that Slack did not answer is made again
_WHOLE_WORDS = re.compile(r"\S\s+\S")
_MESSAGE_GONE = "message_not_found"  # somebody removed it while no process answered
# What an append is answered after somebody pressed Slack's own stop button:
# https://docs.slack.dev/reference/methods/chat.appendStream
_STOPPED_IN_SLACK = "stopped_by_user"


class Ending(Enum):
    """Why nothing more is shown although there may be more to say."""

    REFUSED = "refused"  # Slack does not take it, now or later
    STOOD = "stood"  # another process had shown all of it
    HANDED_OVER = "handed_over"  # another process goes on with it
    AMENDED = "amended"  # the question was changed, and is asked anew
    DENIED = "denied"  # its asker may not ask, or not there
    WITHDRAWN = "withdrawn"  # its question was deleted before anything was shown


def _no_footer(_exchange: Exchange) -> str:
    return ""


class Exchange:
    """A question being answered. Times are seconds of the orchestrator's clock.

    One that `resumes` was begun by a process that is gone, and maybe in a thread that it made at `place`.
    Nothing is shown of it before `opened` tells what stands there. If it is `lost_by` a fault, it only ends
    with that. A retry is one that resumes, too. `age` is for how many seconds it had been asked at
    `asked_at`.
    """

    def __init__(
        self,
        question: Question,
        asked_at: float,
        ack_deadline: float,
        *,
        resumes: bool = False,
        place: Place | None = None,
        lost_by: Fault | None = None,
        age: float = 0.0,
    ) -> None:
        self.question = question
        self.texts = texts_in(question.language)
        self.place = place or question.place
        self.resumes = resumes
        self.is_recalled = not resumes  # whether it is known what stands of it
        self.starts: int | None = None  # of the answering model for it; None before it is taken up
        self.admitted: Admitted | None = None  # the proof that it may be answered; no model is asked before
        self._has_waited = False  # whether it was acknowledged, or tried to be, before its asker might ask
        self.is_denied = False
        self.is_broken = False  # whether a defect ended it
        self.draft = Draft()
        self.ending: Ending | None = None
        self.screen = Screen(question)
        self.asked_at, self.age = asked_at, age
        self.give_up_at = inf  # until then a Slack that is away is waited for
        self.acknowledged_at: float | None = None
        self.first_words_at: float | None = None
        self.began_at = asked_at  # when the answering model said its first word
        self.ended_at = asked_at  # and when its last
        self.whole_at: float | None = None  # when all of the answer was on screen
        self.granted_at = asked_at  # when the reader was last shown something new
        self.edits = 0
        self.limited = 0  # calls that Slack answered with 429
        self.footer: Callable[[Exchange], str] = _no_footer  # what stands under an answer that has ended
        self._speak_by = asked_at + ack_deadline
        self._greeting: str | None = None
        self.wordings: dict[tuple[str, str], str] = {}  # of the last acknowledgements, by channel and asker
        self._ahead: Callable[[], int | None] | None = None  # how many wait before it, if it waits
        self._waits_on: str | None = None  # the ts of the acknowledgement that tells of the wait
        self._follow_ups: tuple[Safe, ...] | None = ()  # None while the first model thinks about them
        self._next_kind: CallKind | None = None  # what its news turned out to need, where that is no edit
        self._may_stream = True
        self.lost_by = lost_by
        self._may_have_thread = resumes
        self._refused = ""  # the code with which Slack refused to have it answered where it was asked
        self._not_before = asked_at
        self._failures = 0
        self._seen_characters = 0
        self._standing_words = ""  # what an earlier process, or a try before, left on screen
        self._offers_stop = False  # whether a retry is still to show that it is under way
        self._layout = DEFAULT
        self._acknowledgement_refusals = 0
        self._last_contents: tuple[Content, ...] = ()  # once Slack refuses all that more could be said with
        self._rendered: tuple[Draft, Layout, bool, tuple[Safe, ...]] = (self.draft, DEFAULT, False, ())
        self._contents: tuple[Content, ...] = ()
        self._footer: Safe | None = None
        self._receiving = threading.Lock()
        self._has_news = False

    @property
    def is_addressed(self) -> bool:
        """Return True if its asker is told what keeps it from being answered: it was put to the bot."""
        return not self.question.is_followed

    def takes(self, line: Question) -> bool:
        """Return whether `line` goes on its question: no word of the answer stands yet, or is on its way."""
        is_open = self.grows and self.ending is None and not self.resumes and not self.screen.speaks
        return is_open and goes_on(self.question, line)

    def ask_instead(self, question: Question) -> None:
        """Its question has more to say; what was said to it before is not shown. Nobody says more to it."""
        self.question = self.screen.question = question
        self.texts, self._ahead = texts_in(question.language), None
        with self._receiving:
            self.draft, self._has_news, self._next_kind = Draft(), False, None

    @property
    def is_admitted(self) -> bool:
        """Return whether it may be answered."""
        return self.admitted is not None

    def admit(self, admitted: Admitted) -> None:
        """It may be answered. Raises NotAdmitted if that is no proof of it."""
        require(admitted, self.question)
        self.admitted = admitted
        self.question = self.screen.question = admitted.question
        self.screen.answer_key = admitted.answer_key

    def await_admission(self, now: float) -> None:
        """Slack does not say soon whether its asker may ask, so that is acknowledged at once."""
        self._speak_by = min(self._speak_by, now)

    def deny(self, sentence: str, now: float) -> bool:
        """Its asker may not ask. Where that was acknowledged, `sentence` is shown in its thread, and True."""
        self.is_denied = True
        if self.place is None or not (self.screen.has_sign or self._has_waited):
            self.end(Ending.DENIED)
            return False
        self.receive(Notice(sentence), now)
        return True

    # What the models say

    def greet(self, words: str) -> None:
        """The first model said `words`, or ("") nothing; a fixed sentence replaces what breaks a rule."""
        if self.screen.has_sign:
            return
        sentence = first_sentence(words)
        broken = flaw(sentence, self._asked, self.question.language, self._last_wording)
        if broken and broken is not Flaw.EMPTY:
            log.info("acknowledgement.replaced", extra={**self.question.names, "flaw": broken.value})
        self._greet_with(self._stand_in if broken else sentence)

    def _greet_with(self, sentence: str) -> str:
        told = wording(sentence, self._asked)
        remember(self.wordings, (self.question.channel, self.question.user), told, _MAX_WORDINGS)
        self._greeting = sentence
        return sentence

    @property
    def _asked(self) -> str:
        """Everything that the acknowledgement may be about: the words of the question, and names of files."""
        return "\n".join((prompts.asked(self.question), *self._file_names))

    @property
    def _file_names(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.question.files if not file.is_stub)

    @property
    def _stand_in(self) -> str:
        """A fixed sentence about the question; of that, only its asker's own words are quoted."""
        question = self.question
        words = heard(question.text, question.files)
        said = "" if is_material(words) else plain_words(written(words))
        return stand_in(said, question.language, self._last_wording, ", ".join(self._file_names))

    @property
    def _last_wording(self) -> str:
        return self.wordings.get((self.question.channel, self.question.user), "")

    def stand_in_line(self, ahead: Callable[[], int | None]) -> None:
        """The answering model is busy; `ahead` tells how many others wait for it before this one.

        That is None as soon as its turn has come, of which `take_turn` tells a little later.
        """
        self._ahead = ahead

    def take_turn(self) -> None:
        """The answering model has time for it."""
        self._ahead = None

    def await_suggestions(self) -> None:
        """If this becomes an answer, `suggest` tells later what can be asked next."""
        self._follow_ups = None

    def suggest(self, questions: tuple[Safe, ...]) -> None:
        """These can be asked next; what is told after `forgo` comes too late."""
        if self._follow_ups is None:
            self._follow_ups = questions

    def forgo(self) -> None:
        """Suggest nothing more."""
        self._follow_ups = ()

    def receive(self, event: StreamEvent, now: float) -> bool:
        """Take an event of the answering model's, from any thread.

        True if the orchestrator must look: it does not know yet that there is news, or the news is the end.
        """
        with self._receiving:
            had_started, had_ended = self.draft.started, self.draft.outcome is not None
            draft = self.draft.apply(event)
            if draft.started and not had_started:
                self.began_at = now
            if draft.outcome is not None and not had_ended:
                self.ended_at = now
                again = self.texts.answered_again
                draft = draft.over(self._standing_words, again, may_shorten=self.question.replaces)
            self.draft = draft  # last: who sees that it has ended sees when
        knows = self._has_news and self.draft.outcome is None
        if knows or not self.draft.started:
            return False
        self._has_news = True
        return True

    def interrupt(self, now: float, fault: Fault = Fault.INTERRUPTED) -> None:
        """End the answer where it is, as one that was interrupted or, by its asker, stopped."""
        self.receive(Failed(ModelError(fault, fault.value)), now)

    def break_off(self) -> None:
        """End the answer because a rule failed on it: an apology is shown, below the words that stand.

        None of the rules that make an answer of what the models said is applied again.
        """
        with self._receiving:
            self.is_broken = True
            outcome = Outcome.CUT if self.screen.answer else Outcome.FAILED
            self.draft = Draft(self.draft.text, outcome, Fault.FAILED)
            self._follow_ups, self._has_news, self.is_recalled = (), True, True

    def withdraw(self, now: float) -> None:
        """Its question is gone: the answer ends where it is, and is not begun."""
        if self.screen.is_blank:
            self.end(Ending.WITHDRAWN)
        else:
            self.interrupt(now, Fault.STOPPED)

    def end(self, ending: Ending) -> None:
        """Show nothing more."""
        self.ending = self.ending or ending

    # What Slack says

    def opened(self, place: Place, standing: Mapping[str, Standing], now: float) -> None:
        """The thread is there, and `standing`, by their keys, are the messages of this exchange in it."""
        self._settled()
        self.place, self.is_recalled = place, True
        answers = self.screen.found(standing)
        if any(found.kind is Kind.ANSWER for found in answers):
            self._standing_words = rejoined(found.body for found in answers if found.kind is Kind.ANSWER)
        if answers and answers[-1].is_end and answers[-1].retry == self.question.retry:
            self.end(Ending.STOOD)
        elif self.lost_by:
            self.interrupt(now, self.lost_by)
        elif self.question.retry and self._must_keep:
            self._offers_stop = True

    @property
    def first_message(self) -> str:
        """Where the answer begins, as channel and ts with a slash between; "" while nothing of it stands."""
        stands = self.screen.answer
        return f"{self.place.channel}/{stands[0].ts}" if self.place and stands else ""

    def shown(self, show: Show, ts: str, now: float) -> None:
        """The call `show` was made; the message is `ts`."""
        is_given_up = show.kind is CallKind.STOP and show.grows  # a stream, whose words are edited now
        if is_given_up or show is not self.screen.in_flight:  # an earlier try stood, which can say less
            self._has_news = True
        self._settled()
        self.screen.shown(show, ts)
        self.edits += show.kind not in BEGINNING
        if show.is_acknowledgement:
            self.acknowledged_at = self.acknowledged_at or now
            self._waits_on = ts if show.message.content.note and show.ts is None else None
            return
        if show.message.is_end:
            self.whole_at = self.whole_at or now
        if self.first_words_at is None:
            self.first_words_at = now

    def _settled(self) -> None:
        self.screen.settled()
        self._failures = 0

    def refused(self, error: SlackError, now: float) -> None:
        """The call failed: it is wished for again when that can help, with what is true then; else all ends.

        A post that got no clear answer may stand in Slack all the same: it is looked for before it is made
        again.
        """
        step, self.screen.in_flight = self.screen.in_flight, None
        is_added = isinstance(step, Show) and step.kind in (CallKind.APPEND, CallKind.STOP)
        match error:
            case TakenOver():
                self.end(Ending.HANDED_OVER)
            case RateLimited():
                self._has_news = True  # the pacer knows how long to wait, but for what only this one needs
                if error.method and error.method not in METHODS.values():
                    self._not_before = now + error.retry_after
                self.limited += not isinstance(error, OverBudget)
            case Unreachable() if now < self.give_up_at and not is_added:
                self._has_news = True
                self._not_before = now + min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._failures)
                self._failures += 1
                if isinstance(step, OpenThread):
                    self._may_have_thread = True
                elif step:
                    self.screen.doubt(step)
            case ThreadGone():
                self.end(Ending.WITHDRAWN)
            case _ if error.forbids_posting and self._may_move(step):
                self.place, self._refused, self._waits_on = None, error.code, None
            case _ if is_added or (isinstance(step, Show) and step.kind is CallKind.START):
                self._leave_stream(error, now)
            case _ if isinstance(step, Show) and step.ts and step.ts == self._waits_on:
                self._waits_on = None  # somebody removed the acknowledgement; the answer needs it no more
            case _ if (
                error.code == _MESSAGE_GONE and self.resumes and isinstance(step, Show) and not self.edits
            ):
                self._has_news = True
                self.screen.forget(step)
            case _ if self.whole_at and self._follow_ups:
                self.forgo()
            case ContentRefused() if isinstance(step, Show) and not self._last_contents:
                self._has_news = True
                self._say_less(step, now)
            case _:
                self.end(Ending.REFUSED)

    def _say_less(self, step: Show, now: float) -> None:
        """Slack refused what a message says: what was accepted stays, and the rest goes into smaller ones."""
        number = step.number
        if step.is_acknowledgement:
            self._acknowledgement_refusals += 1
            return
        shown = self.screen.answer[number] if number < len(self.screen.answer) else None
        if shown and self._layout.accepted_text(number) is not None:
            if plainer := self._layout.plainer(number):
                self._layout = plainer
            else:
                self.screen.leave(number, step.message.content)
        elif layout := self._layout.smaller(number, shown.content.body if shown else None):
            self._layout = layout
        else:
            self._last_contents = self._ending_with(self.texts.unshown)
            self.interrupt(now, Fault.FAILED)

    def _ending_with(self, sentence: str, button: Button | None = None) -> tuple[Content, ...]:
        """The messages of the answer as they stand, and a fixed sentence at their end."""
        *others, last = [shown.content for shown in self.screen.answer] or [Content(Safe(""), is_plain=True)]
        told = neutralise(sentence)
        end = replace(last, note=told) if last.body else replace(last, body=told)
        return (*(replace(each, button=None) for each in others), replace(end, button=button))

    def _may_move(self, step: Show | OpenThread | None) -> bool:
        """Return whether it can be answered elsewhere, after a post that its place refused."""
        is_beginning = isinstance(step, Show) and step.kind in BEGINNING
        return is_beginning and not self.screen.answer and not self._refused

    def _leave_stream(self, error: SlackError, now: float) -> None:
        """From now on the answer is shown by edits: Slack has ended the stream, or it is not to be had."""
        self._may_stream, self._has_news = False, True
        self.screen.leave_stream()
        if error.code == _STOPPED_IN_SLACK:
            self.interrupt(now, Fault.STOPPED)

    # What the pacer reads

    @property
    def grows(self) -> bool:
        """Whether the answer is not complete yet, begun or not."""
        return self.draft.outcome is None

    @property
    def _must_keep(self) -> str:
        """The words on screen that have to stay until there are more."""
        return "" if self.question.replaces else self._standing_words

    @property
    def _is_held(self) -> bool:
        """Return whether the answer grows and is no longer yet than what is to stay on screen."""
        return bool(self._must_keep) and self.grows and len(self.draft.text.strip()) <= len(self._must_keep)

    @property
    def is_unopened(self) -> bool:
        """Return whether it will want to open a message; not known before its asker may ask."""
        screen = self.screen
        return (
            self.is_admitted
            and self.grows
            and not screen.answer
            and not screen.is_open
            and not screen.is_streaming
        )

    @property
    def looks_up(self) -> str:
        """Slack's method by which the next post is looked for first, as it may stand already; else ""."""
        if self.place is None and self._may_have_thread and not self.question.thread_ts:
            return "conversations.history"
        is_unsure = self._may_have_thread if self.place is None else self.screen.is_unsure
        return "conversations.replies" if is_unsure else ""

    @property
    def is_in_line(self) -> bool:
        """Return whether it waits for the answering model."""
        return self._ahead is not None

    @property
    def unseen(self) -> int:
        """How many characters the reader has not been shown."""
        return len(self.draft.text) - self._seen_characters

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to show."""
        if self.screen.in_flight:
            return False
        if self.ending:
            return True
        if self.place is None or not self.is_recalled or self.grows:
            return False
        is_awaiting = self._follow_ups is None and self.draft.leads_on
        return not is_awaiting and self._next_show(self.place) is None

    def wish(self) -> Wish | None:
        """The call that would serve the reader best now; None while one is in flight or nothing is new.

        One call at a time: so the messages stand in order, and never two calls write one message.
        """
        if self.screen.in_flight or self.ending:
            return None
        if not self.is_admitted and self.grows:
            return self._wish_of_unadmitted()
        if self.place is None:
            need = Need.SIGN if self.grows else Need.WHOLE
            return Wish(need, self.question.channel, CallKind.POST, self._not_before)
        if not self.is_recalled:
            return None
        channel, earliest = self.place.channel, self._not_before
        has_sign = self.screen.has_sign
        waits_no_more = self._waits_on and self._ahead is None
        turn = Wish(Need.TURN, channel, CallKind.EDIT, earliest) if waits_no_more else None
        if not self.draft.started:
            ready_at = self._speak_by if self._greeting is None else self.asked_at
            sign = Wish(Need.SIGN, channel, CallKind.POST, max(earliest, ready_at))
            stop = Wish(Need.PROGRESS, channel, CallKind.EDIT, earliest) if self._offers_stop else None
            return (turn or stop) if has_sign or self._acknowledgement_refusals > 1 else sign
        if not self.grows:
            show = self._next_show(self.place)
            need = Need.FOLLOW_UPS if self.whole_at and self._follow_ups else Need.WHOLE
            return Wish(need, channel, show.kind, earliest) if show else None
        if not self.screen.answer:
            need = Need.FIRST_WORDS if has_sign else Need.SIGN
            return Wish(need, channel, CallKind.POST, earliest, opens=True, start=self._start)
        if kind := self._next_kind:
            opens = kind is CallKind.POST
            start = self._start if opens else Start.NEVER
            return Wish(Need.NEXT_PAGE, channel, kind, earliest, opens=opens, start=start)
        kind = CallKind.APPEND if self.screen.is_streaming else CallKind.EDIT
        progress = Wish(Need.PROGRESS, channel, kind, earliest)
        return turn or (progress if self._offers_stop or (self._has_news and not self._is_held) else None)

    def _wish_of_unadmitted(self) -> Wish | None:
        """A fixed sentence is all that is shown, once, and only where that opens no thread."""
        if not (self.is_addressed and self.place and self.is_recalled) or self.screen.has_sign:
            return None
        if self._acknowledgement_refusals:
            return None
        earliest = max(self._not_before, self._speak_by)
        return Wish(Need.SIGN, self.place.channel, CallKind.POST, earliest)

    def grant(
        self, wish: Wish, now: float, *, may_open: bool = True, starts: bool = False
    ) -> Show | OpenThread | None:
        """Begin the call that was wished for; it must be answered by `shown`, `opened` or `refused`.

        If it `starts`, a growing answer is opened as a stream of Slack's. Where it may not be opened at all,
        that is its acknowledgement. None if the news turns out to show nothing new, or to need a call of
        another kind: then that is the next wish.
        """
        may_show = may_open or starts or not self.grows or wish.kind is not CallKind.POST
        step: Show | OpenThread | None
        if self.place is None:
            step = OpenThread(again=self._may_have_thread, refused=self._refused)
        elif wish.need is Need.TURN:
            step = self._acknowledgement(self.place, self.texts.turn_came, self._waits_on)
        elif (self.draft.started or self._offers_stop) and may_show:
            step = self._next_show(self.place, starts=starts)
            if step and step.kind not in (wish.kind, CallKind.START):
                is_progress = step.kind is CallKind.EDIT and not self.screen.is_streaming
                self._has_news, self._next_kind = True, None if is_progress else step.kind
                return None
        else:
            step = self._acknowledgement(self.place, self._line())
        self.screen.in_flight, self.granted_at = step, now
        return step

    @property
    def _start(self) -> Start:
        """Return whether Slack can stream its next message: that takes whole words, and only words.

        Not the first: Slack's answer does not tell whether that stands in the thread, or that is gone.
        """
        if not self._may_stream or self.draft.lead or not self.screen.has_sign:
            return Start.NEVER
        return Start.NOW if _WHOLE_WORDS.search(self.draft.text) else Start.SOON

    def _acknowledgement(self, place: Place, note: str, ts: str | None = None) -> Show:
        is_plain = self._acknowledgement_refusals > 0
        if self.is_admitted:
            sentence = self._greeting or self._greet_with(self._stand_in)
        else:
            self._has_waited, sentence = True, self.texts.awaits_admission
        words = Content(for_slack(sentence), note=neutralise(note), is_plain=is_plain)
        return self.screen.acknowledgement(place, words, ts)

    def _line(self) -> str:
        ahead = self._ahead and self._ahead()
        if ahead is None:
            return ""
        return self.texts.in_line.format(ahead=ahead) if ahead else self.texts.next_in_line

    def _next_show(self, place: Place, *, starts: bool = False) -> Show | None:
        """The first of the answer's messages that is not on screen as it should be."""
        self._has_news = self._offers_stop = False  # before the draft is read: what comes after is news again
        draft = self.draft
        self._seen_characters = len(draft.text)
        grows = draft.outcome is None
        if self._is_held:
            draft = Draft(self._must_keep)
        contents = self._dressed(draft, is_streamed=starts or self.screen.is_streaming)
        show, then = self.screen.next(place, draft.kind, contents, grows=grows, starts=starts)
        self._next_kind = CallKind.POST if then is CallKind.POST else None
        self._has_news = self._has_news or then is CallKind.EDIT
        return show

    def _dressed(self, draft: Draft, *, is_streamed: bool) -> tuple[Content, ...]:
        """The messages that show `draft`, with what is told at its end."""
        if self.is_broken and not self._last_contents:
            retry = Button(Action.RETRY, self.texts.retry)
            self._last_contents = self._ending_with(self.texts.failed, retry)
        if self._last_contents:
            return self._last_contents
        dressing = (draft, self._layout, is_streamed, self._follow_ups or ())
        if self._rendered != dressing:
            self._rendered = dressing
            contents = draft.contents(self.texts, self._layout, is_streamed=is_streamed)
            self._contents = self._with_end(draft, contents)
        return self._contents

    def _with_end(self, draft: Draft, contents: tuple[Content, ...]) -> tuple[Content, ...]:
        if not contents or draft.outcome is None or draft.kind is not Kind.ANSWER:
            return contents
        if self._footer is None:  # once: it is not to change under the reader's eyes
            self._footer = neutralise(self.footer(self))
        *whole, end = contents
        if self.question.retry and end.feedback and not end.note:
            end = replace(end, note=neutralise(self.texts.regenerated))
        follow_ups = (self._follow_ups or ()) if draft.leads_on else ()
        return (*whole, replace(end, footer=self._footer, follow_ups=follow_ups))
