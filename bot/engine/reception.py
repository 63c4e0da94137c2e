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

from bot.core import access, lines
from bot.core.conversation import asked_again
from bot.core.errors import SlackError
from bot.core.journal import REMEMBERED_SECONDS
from bot.core.message import Kind, Press, Standing
from bot.core.mrkdwn import unformatted
from bot.core.question import Place, Question, Recipient, question_id
from bot.core.spending import refusal_in
from bot.core.stream import Notice, Recalled, StreamEvent
from bot.core.texts import Language, texts_in
from bot.engine.admissions import Admission, Admissions
from bot.engine.answers import Answers
from bot.engine.asides import Asides
from bot.engine.bots import BotQuestions
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
        admissions: Admissions,
        context: Context,
        threads: Threads,
        answers: Answers,
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
        self._admissions = admissions
        self._threads, self._answers, self._ledger, self._asides = threads, answers, ledger, asides
        self._follower = follower
        self._ack_deadline, self._language, self._clock = ack_deadline, language, clock
        self._bot_questions = BotQuestions(clock)
        self._asked_directly: dict[str, float] = {}  # when people asked in direct messages, not in a thread
        self._words: dict[str, str] = {}
        self._lock = threading.Lock()
        self._look_ups = Lane("reception", _LOOK_UPS)
        self._readings = Lane("readings", 1)  # Slack lets threads be read slowly anyway

    def ask(self, question: Question, event_id: str = "") -> bool:
        """Answer `question`: it is written down, and both models start as soon as its asker may ask.

        False if it was asked before, as Slack redelivers events by their id and one message can come as two,
        or if bots ask too much there.
        """
        exchange = self._exchange(question)
        question = exchange.question
        if question.bot and not self._bot_questions.take(question):
            log.warning("question.bot_limit", extra={**question.names, "bot": question.bot})
            return False
        if not self._journal.take(question, event_id):
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
        exchange.is_admitted = False
        admission = Admission(exchange, partial(self._take_up, exchange), partial(self._fail, exchange))
        if lines.may_have_more(question):
            begin = partial(self._admissions.decide, admission, calls=True)
            self._orchestrator.begin_or_join(exchange, begin, self._ask_when_settled)
            return
        self._orchestrator.begin(exchange)
        self._admissions.decide(admission, calls=question.may_have_files or not question.text)

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

    def _take_up(self, exchange: Exchange) -> None:
        self._inbox.put(look)  # its asker waits no more, even if files are still to be asked for
        question = exchange.question
        if question.may_have_files:
            question = exchange.question = self._context.completed(question)
        if question.place:
            self._threads.join(question.place)
        if not lines.may_have_more(question):
            key = self._answers.key(question, self._gate.is_open)
            self._answer(exchange, key, self._said_already(question, key))
            return
        self._hint(question)
        is_whole = not lines.settle_seconds(question, 0)
        key = self._answers.key(question, self._gate.is_open) if is_whole else ""
        said = self._said_already(question, key)
        self._orchestrator.apply(exchange, lambda _now: self._took_up(exchange, question, key, said))

    def _answer(self, exchange: Exchange, key: str, said: StreamEvent | None) -> None:
        exchange.screen.answer_key = key
        if said and exchange.grows:
            exchange.receive(said, self._clock())
        self._voices.speak(exchange, key)

    # Several lines of one question. Here the loop calls what it must not wait in.

    def _took_up(self, exchange: Exchange, question: Question, key: str, said: StreamEvent | None) -> None:
        """Answer what looks whole, and wait for the next line of what does not."""
        exchange.starts = 0
        is_refused = isinstance(said, Notice) and said.is_over_budget
        is_whole = said is not None or not lines.settle_seconds(question, 0)
        if is_refused or (is_whole and exchange.question is question):
            self._start(exchange, key, said)
        else:
            self._ask_when_settled(exchange)

    def _ask_when_settled(self, exchange: Exchange) -> None:
        """Acknowledge a question that more may be said to, and answer it once that is unlikely."""
        pause = lines.settle_seconds(exchange.question, exchange.starts or 0)
        if exchange.question.text or exchange.question.files:
            self._voices.greet(exchange)
        self._orchestrator.after(exchange, pause, lambda: self._look_ups.submit(self._ask_whole, exchange))

    def _ask_whole(self, exchange: Exchange) -> None:
        try:
            question = exchange.question
            key = self._answers.key(question, self._gate.is_open)
            answer = self._answers.recall(key) if key else None
            said = None if answer is None else Recalled(answer)
            self._orchestrator.apply(exchange, lambda _now: self._asked_whole(exchange, question, key, said))
        except Exception as error:
            self._apologise(exchange, error)

    def _asked_whole(
        self, exchange: Exchange, question: Question, key: str, said: StreamEvent | None
    ) -> None:
        if exchange.question is question:  # else there is another line, which has it asked again
            self._start(exchange, key, said)

    def _start(self, exchange: Exchange, key: str, said: StreamEvent | None) -> None:
        if exchange.grows and not exchange.ending:
            exchange.starts = (exchange.starts or 0) + 1
            self._answer(exchange, key, said)

    def _hint(self, question: Question) -> None:
        """Tell who goes on asking at top level, once in a long while, that threads remember."""
        name, now = f"{question.team}/{question.user}", self._clock()
        with self._lock:
            asked_at = self._asked_directly.get(name, -inf)
            remember(self._asked_directly, name, now, _MOST_ASKERS)
        if now - asked_at < _HINT_WITHIN and self._ledger.is_first(f"hint/{name}", _HINT_EVERY):
            texts = texts_in(question.language)
            self._asides.tell(question.asker, texts.threads_remember)

    def _said_already(self, question: Question, key: str) -> StreamEvent | None:
        """The whole answer where no model is needed, or none may be asked."""
        if not (question.text or question.files or question.stands_in_thread):
            return Notice(texts_in(self._context.language(question)).usage)
        answer = self._answers.recall(key) if key else None
        if refusal := self._ledger.refusal(question, is_free=answer is not None):
            return Notice(refusal_in(texts_in(question.language), refusal), is_over_budget=True)
        return None if answer is None else Recalled(answer)

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
        self._look_ups.submit(self._ask_unaddressed, question, age)

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
        if self._follower.withdraw(question.id):  # it mentions the bot now, and is written down already
            self._go_on(question, 0.0)
            return
        self._orchestrator.amend(
            question,
            lambda again, place: self._readings.submit(self._restart, again, place),
            lambda: self._readings.submit(self._revise, question),
        )

    def withdraw(self, team: str, question_key: str) -> None:
        """A message is gone: if it was a question, or a line of one, that ends or is answered without it."""
        if self._follower.withdraw(waiting := question_id(team, question_key, 0)):
            self._journal.drop(waiting)
            return
        self._orchestrator.withdraw(
            team, question_key, lambda again, place: self._readings.submit(self._restart, again, place)
        )

    def restart(self, question: Question) -> None:
        """The message of `question` was changed: if its answer is written here, that starts anew."""
        if self._follower.amend(question):
            return
        self._orchestrator.amend(
            question,
            lambda again, place: self._readings.submit(self._restart, again, place),
            lambda: None,
        )

    @unattended
    def _restart(self, question: Question, place: Place) -> None:
        """Answer a changed question again; if its asker may not ask any more, the answer goes on as it is."""
        if not self._may_ask_again(question):
            return
        question = self._reread(question)
        if refusal := self._ledger.refusal(question):
            sentence = refusal_in(texts_in(question.language), refusal)
            self._asides.tell(Recipient(question.user, place), sentence)
            return
        self._orchestrator.supersede(
            question, lambda: self._readings.submit(self._answer_again, question, place)
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
        if not self._may_ask_again(question):
            return
        for retry in range(1, _MOST_TRIES):
            exchange = self._exchange(replace(question, retry=retry, replaces=True), place)
            if self._journal.take(exchange.question, event_id=""):
                break
        else:
            return
        if refusal := self._ledger.refusal(exchange.question):
            self._journal.close(exchange.question.id)
            self._asides.tell(Recipient(question.user, place), refusal_in(exchange.texts, refusal))
        else:
            self._orchestrator.begin_anew(exchange, place, standing)

    def _may_ask_again(self, question: Question) -> bool:
        """Return whether a question may be asked again because its message was changed."""
        try:
            is_denied = self._gate.denial(question) is not None
        except SlackError:  # Slack takes no call at all
            return False
        return not is_denied and (not question.bot or self._bot_questions.take(question))

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

    def _reread(self, question: Question) -> Question:
        """`question` as its lines read now, if it has several."""
        if not question.lines:
            return question
        try:
            said = self._threads.lines(question.channel, question.ts or "", question.lines[-1])
        except SlackError as error:
            log.warning("lines.unread", extra={**question.names, "code": error.code})
            return question
        return lines.reread(question, said)

    @staticmethod
    def _is_old(question: Question) -> bool:
        """Return whether a question was asked before all that the store knows."""
        try:
            asked_at = float(question.ts or "")
        except ValueError:
            return False
        return time.time() - asked_at > REMEMBERED_SECONDS

    def retry(
        self, team: str, press: Press, presser: Recipient, language: Language, *, replaces: bool
    ) -> None:
        """Answer a question again, in the messages that stand in the thread where `presser` pressed.

        If it `replaces` the answer, its words need not stay.
        """
        self._readings.submit(self._retry, team, press, presser, language, replaces)

    @unattended
    def _retry(self, team: str, press: Press, presser: Recipient, language: Language, replaces: bool) -> None:
        texts, place = texts_in(language), presser.place
        try:
            thread = self._threads.whole(place)
            standing = thread.standing_for(press.question_key)
            question = asked_again(press, team, place, thread.remarks, replaces=replaces)
            if question:
                others = max((found.lines for found in standing.values()), default=())
                question = self._reread(replace(question, lines=others))
            why = self._gate.denial(question) if question else None
        except SlackError as error:
            names = {"team": team, "channel": place.channel}
            log.log(level(error), "thread.unread", extra={**names, "code": error.code})
            self._asides.tell(presser, texts.not_set_up if error.setup else texts.failed)
            return
        if question is None:
            self._asides.tell(presser, texts.question_gone)
        elif why:
            self._asides.tell(presser, access.told(texts, why))
        elif refusal := self._ledger.refusal(question):
            self._asides.tell(presser, refusal_in(texts, refusal))
        else:
            self._answer_again(question, place, standing)

    @unattended
    def _answer_again(
        self, question: Question, place: Place, standing: Mapping[str, Standing] | None = None
    ) -> None:
        """Answer in the messages that stand; once, however often a button is pressed."""
        exchange = self._exchange(question, place)
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
