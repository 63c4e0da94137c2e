"""Where questions come in: each is written down, and handed to the loop if its asker may ask."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from math import inf

from bot.core import lines
from bot.core.access import Denial
from bot.core.admission import Admitted, told
from bot.core.conversation import asked_again
from bot.core.errors import SlackError
from bot.core.interaction import Vote
from bot.core.journal import REMEMBERED_SECONDS
from bot.core.message import Kind, Press, Standing
from bot.core.mrkdwn import unformatted
from bot.core.question import Place, Question, Recipient, question_id
from bot.core.spending import Refusal
from bot.core.stream import Notice
from bot.core.texts import Language, Texts, texts_in
from bot.engine.admission_control import AdmissionControl
from bot.engine.admissions import Admission, Admissions
from bot.engine.asides import Asides
from bot.engine.context import Context
from bot.engine.exchange import Exchange
from bot.engine.follower import Follower
from bot.engine.gate import Gate
from bot.engine.health import level
from bot.engine.inbox import Inbox, look
from bot.engine.journal import Journal
from bot.engine.lanes import Lane, unattended
from bot.engine.ledger import Ledger
from bot.engine.memory import remember
from bot.engine.orchestrator import Orchestrator
from bot.engine.threads import Threads
from bot.engine.voices import Voices

log = logging.getLogger(__name__)

_MOST_WORDS = 2_000  # questions whose words are remembered, to tell an edit that changes none
_MOST_TRIES = 10  # numbers under which a question is looked for that was not asked again yet
_HINT_WITHIN = 600.0  # seconds after one question in which another goes on from it, as people see it
_HINT_EVERY = 30 * 86_400.0
_MOST_ASKERS = 10_000
_LOOK_UPS = 8  # questions of which it is seen at the same time whether they were answered before


class Reception:
    """Takes questions up. Thread-safe; no method waits for anything but the store.

    `ack_deadline` is how many seconds the first model has before a fixed sentence stands in for it.
    `language` is that of all fixed sentences, None for that of their reader.
    """

    def __init__(
        self,
        orchestrator: Orchestrator,
        voices: Voices,
        inbox: Inbox,
        journal: Journal,
        gate: Gate,
        control: AdmissionControl,
        admissions: Admissions,
        context: Context,
        threads: Threads,
        ledger: Ledger,
        asides: Asides,
        follower: Follower,
        *,
        ack_deadline: float,
        language: Language | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._orchestrator, self._voices, self._inbox = orchestrator, voices, inbox
        self._journal, self._gate, self._context = journal, gate, context
        self._control, self._admissions = control, admissions
        self._threads, self._ledger, self._asides = threads, ledger, asides
        self._follower = follower
        self._ack_deadline, self._language, self._clock = ack_deadline, language, clock
        self._asked_directly: dict[str, float] = {}  # when people asked in direct messages, not in a thread
        self._words: dict[str, str] = {}
        self._lock = threading.Lock()
        self._look_ups = Lane("reception", _LOOK_UPS)
        self._readings = Lane("readings", 1)  # Slack lets threads be read slowly anyway

    def ask(self, question: Question, event_id: str = "") -> bool:
        """Answer `question`: it is written down, and both models start as soon as its asker may ask.

        False if it was asked before, as Slack redelivers events by their id and one message can come as two.
        """
        exchange = self._exchange(question)
        if not self._journal.take(exchange.question, event_id):
            return False
        self._begin(exchange)
        return True

    def _begin(self, exchange: Exchange) -> None:
        """Answer what is written down, as soon as its asker may ask."""
        question = exchange.question
        self._is_news(question)
        if self._orchestrator.is_suspended:
            self._orchestrator.keep(question)
            if question.response_url:  # what else there is to be told by needs the token
                self._asides.tell(question.asker, texts_in(question.language).kept_for_later)
            return
        if lines.may_have_more(question):
            self._begin_or_join(exchange)
            return
        self._orchestrator.begin(exchange)
        self._admissions.decide(self._admission(exchange))

    def _admission(self, exchange: Exchange) -> Admission:
        return Admission(exchange, partial(self._take_up, exchange), partial(self._fail, exchange))

    def _fail(self, exchange: Exchange, error: Exception) -> None:
        if isinstance(error, SlackError):
            self._orchestrator.refuse(exchange, error)
            return
        self._apologise(exchange, error)

    def _apologise(self, exchange: Exchange, error: Exception) -> None:
        """A mistake costs this answer, and is apologised for."""
        log.error("question.crashed", exc_info=error, extra=exchange.question.names)
        exchange.break_off()
        self._inbox.put(look)

    # What the loop calls, and must not wait in.

    def _take_up(self, exchange: Exchange, admitted: Admitted) -> None:
        """Answer what looks whole, and wait for the next line of what does not."""
        question = admitted.question
        if question.place:
            self._threads.join(question.place)
        if not lines.may_have_more(question):
            self._voices.speak(exchange, admitted)
            return
        self._look_ups.submit_for(question.user, self._hint, question)
        exchange.starts = 0
        if admitted.said or not lines.settle_seconds(question, 0):
            self._start(exchange, admitted)
        else:
            self._ask_when_settled(exchange, admitted)

    def _start(self, exchange: Exchange, admitted: Admitted) -> None:
        if exchange.grows and not exchange.ending:
            exchange.starts = (exchange.starts or 0) + 1
            self._voices.speak(exchange, admitted)

    def _ask_when_settled(self, exchange: Exchange, admitted: Admitted) -> None:
        """Acknowledge a question that more may be said to, and answer it once that is unlikely."""
        pause = lines.settle_seconds(exchange.question, exchange.starts or 0)
        if exchange.question.text or exchange.question.files:
            self._voices.greet(exchange, admitted)
        ask = partial(self._look_ups.submit_for, exchange.question.user, self._ask_whole, exchange)
        self._orchestrator.after(exchange, pause, ask)

    def _asked_whole(
        self, exchange: Exchange, question: Question, verdict: Admitted | Denial | Refusal, now: float
    ) -> None:
        if exchange.question is not question:  # there is another line, which has it asked again
            return
        if isinstance(verdict, Admitted):
            exchange.admit(verdict)
            self._start(exchange, verdict)
        else:
            is_over_budget = isinstance(verdict, Refusal)
            exchange.receive(Notice(told(exchange.texts, verdict), is_over_budget), now)

    def _join(self, line: Exchange, here: Exchange) -> None:
        """Let `line` go on what is asked `here`; if the answering model has begun, that is judged first."""
        if here.starts:
            self._look_ups.submit_for(line.question.user, self._judge_line, line, here)
        else:
            self._add_line(line.question, here)

    def _add_line(self, line: Question, here: Exchange) -> None:
        self._voices.hush(here)
        here.ask_instead(lines.joined(here.question, line))
        self._journal.join(here.question, line.id)
        log.info("line.joined", extra={**here.question.names, "lines": len(here.question.lines) + 1})
        if here.admitted and here.starts is not None:
            self._ask_when_settled(here, here.admitted)

    def _judged_line(self, line: Exchange, here: Exchange, question: Question, _now: float) -> None:
        if here.question is question and here.takes(line.question):
            self._add_line(line.question, here)
        else:
            self._begin_or_join(line)

    # What waits for the store, or for Slack.

    def _begin_or_join(self, line: Exchange) -> None:
        begin = partial(self._admissions.decide_soon, self._admission(line))
        self._orchestrator.begin_or_join(line, begin, partial(self._join, line))

    @unattended
    def _judge_line(self, line: Exchange, here: Exchange) -> None:
        """Let `line` go on what is asked `here` if the answering model may begin anew for both.

        Else it is a question of its own, which is told why not.
        """
        question = here.question
        try:
            verdict = self._control.admit_now(lines.joined(question, line.question), here.starts)
        except SlackError:
            verdict = Denial.UNKNOWN
        if isinstance(verdict, Admitted):
            self._orchestrator.apply(here, partial(self._judged_line, line, here, question))
        else:
            self._orchestrator.begin(line)
            self._admissions.decide(self._admission(line))

    def _ask_whole(self, exchange: Exchange) -> None:
        try:
            question = exchange.question
            verdict = self._control.admit_now(question, exchange.starts)
            self._orchestrator.apply(exchange, partial(self._asked_whole, exchange, question, verdict))
        except Exception as error:
            self._fail(exchange, error)

    @unattended
    def _hint(self, question: Question) -> None:
        """Tell who goes on asking at top level, once in a long while, that threads remember."""
        name, now = f"{question.team}/{question.user}", self._clock()
        with self._lock:
            asked_at = self._asked_directly.get(name, -inf)
            remember(self._asked_directly, name, now, _MOST_ASKERS)
        if now - asked_at < _HINT_WITHIN and self._ledger.is_first(f"hint/{name}", _HINT_EVERY):
            texts = texts_in(question.language)
            self._asides.tell(question.asker, texts.threads_remember)

    def follow(self, question: Question, event_id: str) -> None:
        """Answer `question`, which mentions nobody, if the bot has its part in the thread.

        It is written down first, unless its thread was just seen not to be the bot's.
        """
        if self._follower.is_foreign(question.place):
            return
        question = self._exchange(replace(question, is_followed=True)).question
        if self._journal.take(question, event_id):
            self._follower.decide(question, self._go_on)

    def _go_on(self, question: Question, age: float) -> None:
        self._look_ups.submit_for(question.user, self._ask_unaddressed, question, age)

    @unattended
    def _ask_unaddressed(self, question: Question, age: float) -> None:
        try:
            why = self._gate.decide(question)
        except SlackError:
            why = None  # it waits until that can be told
        if why:
            self._journal.drop(question.id)
        else:
            self._begin(self._exchange(question, age=age))

    def amend(self, question: Question) -> None:
        """The message of `question` was changed.

        If it was never asked, it is asked now. While its answer is written here, that starts anew in the same
        messages; afterwards that is offered to its asker, unless an answer is yet to be had.
        """
        self._ledger.forget(question.team, question.key)
        if self._follower.withdraw(question.id):  # it mentions the bot now, and is written down already
            self._go_on(question, 0.0)
            return
        self._orchestrator.amend(
            question,
            self._begin_restart,
            lambda: self._readings.submit_for(question.user, self._revise, question),
        )

    def withdraw(self, team: str, question_key: str) -> None:
        """A message is gone: if it was a question, or a line of one, that ends or is answered without it."""
        self._ledger.forget(team, question_key)
        if self._follower.withdraw(waiting := question_id(team, question_key, 0)):
            self._journal.drop(waiting)
            return
        self._orchestrator.withdraw(team, question_key, self._begin_restart)

    def restart(self, question: Question) -> None:
        """The message of `question` was changed: if its answer is written here, that starts anew."""
        self._ledger.forget(question.team, question.key)
        if self._follower.amend(question):
            return
        self._orchestrator.amend(question, self._begin_restart, lambda: None)

    def _begin_restart(self, question: Question, place: Place) -> None:
        self._readings.submit_for(question.user, self._restart, question, place)

    @unattended
    def _restart(self, question: Question, place: Place) -> None:
        """Answer a changed question again; if that may not be, the answer goes on as it is."""
        exchange, why = self._admitted_again(question, place)
        if isinstance(why, Refusal):
            self._asides.tell(Recipient(question.user, place), told(exchange.texts, why))
        if why is None:
            self._orchestrator.supersede(
                question,
                lambda: self._readings.submit_for(question.user, self._answer_again, exchange, place),
                lambda: self.restart(replace(question, retry=0)),
            )

    @unattended
    def _revise(self, question: Question) -> None:
        """Ask a changed question that was not asked yet, or offer to answer it again."""
        place = question.place
        if place is None or not self._is_news(question):
            return
        if not self._ledger.is_first(f"edit/{question.id}/{_digest(question)}"):
            return  # it came as two events, or twice
        try:
            # What was asked longer ago the store does not know, but its thread does.
            standing = self._standing(question, place) if self._is_old(question) else {}
            if not standing and self.ask(question):
                return
            standing = standing or self._standing(question, place)
        except SlackError as error:
            log.warning("thread.unread", extra={**question.names, "code": error.code})
            return
        kinds = {found.kind for found in standing.values()}
        if Kind.ANSWER in kinds:
            texts = texts_in(self._language or question.language)
            sentence = texts.edited_later.format(regenerate=texts.regenerate)
            self._asides.tell(Recipient(question.user, place), sentence)
        elif Kind.NOTICE in kinds:  # as that nothing was asked, or a model failed
            self._ask_again(question, place, standing)

    def _ask_again(self, question: Question, place: Place, standing: Mapping[str, Standing]) -> None:
        """Ask a question whose answer is yet to be had, under the next number that was not taken."""
        for retry in range(1, _MOST_TRIES):
            again = replace(question, retry=retry, replaces=True)
            if self._journal.take(again, event_id=""):
                break
        else:
            return
        exchange, why = self._admitted_again(again, place)
        if why is None:
            self._orchestrator.begin_anew(exchange, place, standing)
            return
        self._journal.drop(again.id)
        if isinstance(why, Refusal):
            self._asides.tell(Recipient(question.user, place), told(exchange.texts, why))

    def _admitted_again(
        self, question: Question, place: Place
    ) -> tuple[Exchange, Denial | Refusal | SlackError | None]:
        """Return an answer that can begin anew in the messages at `place`, and what keeps it from that."""
        exchange = self._exchange(question, place)
        try:
            verdict = self._control.admit_now(exchange.question)
        except SlackError as error:  # Slack takes no call at all
            return exchange, error
        if not isinstance(verdict, Admitted):
            return exchange, verdict
        exchange.admit(verdict)
        return exchange, None

    def _standing(self, question: Question, place: Place) -> Mapping[str, Standing]:
        """The bot's messages for a question as they stand in Slack, by their keys. Raises SlackError."""
        return self._threads.whole(place).standing_for(question.key)

    def _is_news(self, question: Question) -> bool:
        """Return whether the words of a question differ from those it had here, and keep the new ones."""
        name, words = question.key, _digest(question)
        with self._lock:
            is_news = self._words.get(name) != words
            remember(self._words, name, words, _MOST_WORDS)
            return is_news

    @staticmethod
    def _is_old(question: Question) -> bool:
        """Return whether a question was asked before all that the store knows."""
        try:
            asked_at = float(question.ts or "")
        except ValueError:
            return False
        return time.time() - asked_at > REMEMBERED_SECONDS

    def press(self, team: str, presser: Recipient, language: Language, act: Callable[[], object]) -> None:
        """Let somebody `act` who pressed something, if they may ask there; else tell them so."""
        self._look_ups.submit_for(presser.user, self._press, team, presser, language, act)

    @unattended
    def _press(self, team: str, presser: Recipient, language: Language, act: Callable[[], object]) -> None:
        why = self._control.denial(Question(team, presser.place.channel, presser.user, ""))
        if why:
            self._asides.tell(presser, told(texts_in(language), why))
        else:
            act()

    def vote(self, vote: Vote, answer_key: str) -> None:
        """Write down, soon, what somebody thinks of an answer."""
        self._ledger.vote(vote, answer_key)

    def retry(
        self, team: str, press: Press, presser: Recipient, language: Language, *, replaces: bool
    ) -> None:
        """Answer a question again, in the messages that stand in the thread where `presser` pressed.

        If it `replaces` the answer, its words need not stay.
        """
        self._readings.submit_for(presser.user, self._retry, team, press, presser, language, replaces)

    @unattended
    def _retry(self, team: str, press: Press, presser: Recipient, language: Language, replaces: bool) -> None:
        texts, place = texts_in(language), presser.place
        try:
            thread = self._threads.whole(place)
            standing = thread.standing_for(press.question_key)
            question = asked_again(press, team, place, thread.remarks, replaces=replaces)
        except SlackError as error:
            self._tell_of(error, team, presser, texts)
            return
        if question is None:
            self._asides.tell(presser, texts.question_gone)
            return
        others = max((found.lines for found in standing.values()), default=())
        exchange, why = self._admitted_again(replace(question, lines=others), place)
        if isinstance(why, SlackError):
            self._tell_of(why, team, presser, texts)
        elif why:
            self._asides.tell(presser, told(texts, why))
        else:
            self._answer_again(exchange, place, standing)

    def _tell_of(self, error: SlackError, team: str, presser: Recipient, texts: Texts) -> None:
        names = {"team": team, "channel": presser.place.channel}
        log.log(level(error), "thread.unread", extra={**names, "code": error.code})
        self._asides.tell(presser, texts.not_set_up if error.setup else texts.failed)

    @unattended
    def _answer_again(
        self, exchange: Exchange, place: Place, standing: Mapping[str, Standing] | None = None
    ) -> None:
        """Answer in the messages that stand; once, however often a button is pressed."""
        if self._journal.take(exchange.question, event_id=""):
            self._orchestrator.begin_anew(exchange, place, standing)

    def _exchange(self, question: Question, place: Place | None = None, age: float = 0.0) -> Exchange:
        """An answer that begins now, or begins anew in the messages that stand at `place`."""
        question = replace(question, spoken=self._language.value if self._language else "")
        is_anew = place is not None
        return Exchange(question, self._clock(), self._ack_deadline, resumes=is_anew, place=place, age=age)

    def stop_following(self) -> None:
        """Leave what waits for its thread to be read to the next process."""
        self._follower.close()

    def close(self) -> None:
        """Take nothing more up, and fetch nothing more."""
        self._context.close()
        self._admissions.close()
        for each in (self._look_ups, self._readings):
            each.shutdown(cancel_futures=True)


def _digest(question: Question) -> str:
    """A short name for what a question says, formatted or not."""
    return sha256(unformatted(question.text).encode(errors="surrogatepass")).hexdigest()
