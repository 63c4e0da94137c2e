"""What each question cost and how it went: who may ask for more, and what is kept of what was asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Protocol

from bot.core import prompts
from bot.core.draft import Outcome
from bot.core.interaction import Call, Interaction, Voice, Vote
from bot.core.prices import Price, shown
from bot.core.question import Place, Question, question_id
from bot.core.spending import DAY_SECONDS, Budget, DaySpending, NanoDollars, Refusal, nano
from bot.core.stream import Usage
from bot.engine.backlog import Rank
from bot.engine.exchange import Ending, Exchange
from bot.engine.journal import Journal

log = logging.getLogger(__name__)

_MAX_RETRIES = 10  # of one question, of which texts can be kept
_THREAD_SECONDS = 30 * DAY_SECONDS  # after which Slack is asked again whether the bot takes part


class Books(Protocol):
    """What all processes keep together. Thread-safe; every method raises StoreError."""

    def admit(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Count a question and reserve what it is expected to cost, unless that is over `budget`."""

    def reserve(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Reserve `price` in place of what was, unless that is more and others have reached `budget`."""

    def settle(self, question_id: str, user: str, price: NanoDollars) -> DaySpending:
        """Replace what was reserved by what it cost; what all spent on that day."""

    def record(self, interaction: Interaction, seconds: float) -> None:
        """Keep the figures of a question for so many seconds."""

    def interactions_with(self, ids: Sequence[str]) -> list[Interaction]:
        """Return the figures of the questions that have these ids."""

    def vote(self, vote: Vote, seconds: float) -> None:
        """Keep what somebody thinks of an answer for so many seconds."""

    def forget(self, key: str) -> None:
        """Keep the answer under `key` no longer."""

    def claim(self, name: str, seconds: float | None = None) -> bool:
        """True for the first who claims `name` within so many `seconds`, a day if None."""

    def is_claimed(self, name: str) -> bool:
        """Return True if somebody claimed `name`, and that lasts still."""


class Observer(Protocol):
    """Somebody else who wants to know how questions went."""

    def observe(self, interaction: Interaction, calls: Sequence[Call]) -> None:
        """Take note of a question that is answered. It does not wait, and raises nothing."""


@dataclass(frozen=True)
class Terms:
    """What questions may cost, and what is kept of them.

    `prices` are those of the two models, the acknowledging one first, None where not known.
    """

    prices: Mapping[Voice, Price | None]
    budget: Budget = Budget()
    keep_days: float = 90.0
    keep_text: bool = False
    footer: str = "off"


class Ledger:
    """Counts questions and dollars. Thread-safe; nothing is written, and all may ask, while the store fails.

    `warn` is called, once a day over all processes, with what was spent when most of the budget is.
    """

    def __init__(
        self,
        journal: Journal,
        books: Books,
        terms: Terms,
        *,
        observer: Observer | None = None,
        warn: Callable[[NanoDollars], None],
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._journal, self._books, self._terms = journal, books, terms
        self._observer, self._warn = observer, warn
        self._clock, self._wall_clock = clock, wall_clock
        self._kept_for = terms.keep_days * DAY_SECONDS

    def refusal(self, question: Question, starts: int = 0, *, is_free: bool = False) -> Refusal | None:
        """Why `question` may not be answered, if it may not; else it is counted.

        The answering model began `starts` times for it before. One that `is_free` needs no model.
        """
        budget = self._terms.budget.without_dollars if is_free else self._terms.budget
        if budget.is_unlimited:
            return None
        usages = {} if is_free else prompts.max_usage(question)
        certain, most = self._certain(usages), self._all(usages)
        ask = partial(
            self._books.admit, _charge_id(question, starts), _asker(question), most, budget.less(certain)
        )
        return self._journal.asked(ask, None)

    def refusal_of_call(
        self, question: Question, prompt: prompts.Prompt, calls: Sequence[Call]
    ) -> Refusal | None:
        """Why `prompt` may not be sent to answer `question`, if it may not; else all of it is reserved.

        `calls` are those that were made for it before.
        """
        budget = self._terms.budget
        if budget == budget.without_dollars:
            return None
        usages = prompts.max_usage(question, prompt)
        spent = nano(self._bill(calls)[1] or Decimal(0))
        certain, most = spent + self._certain(usages), spent + self._all(usages)
        ask = partial(self._books.reserve, question.id, _asker(question), most, budget.less(certain))
        return self._journal.asked(ask, None)

    def _all(self, usages: Mapping[Voice, Usage]) -> NanoDollars:
        dollars = (self._dollars(voice, usage) or Decimal(0) for voice, usage in usages.items())
        return nano(sum(dollars, Decimal(0)))

    def _certain(self, usages: Mapping[Voice, Usage]) -> NanoDollars:
        """Return the cost that arises however little is written."""
        return self._all({voice: replace(usage, output=0) for voice, usage in usages.items()})

    def close(self, exchange: Exchange, calls: Sequence[Call], now: float) -> None:
        """Write down, soon, how an exchange went that is over."""
        epoch = self._wall_clock() - self._clock()  # each time anew: the clock may have been set since
        calls = [
            replace(call, began_at=call.began_at + epoch, ended_at=call.ended_at + epoch) for call in calls
        ]
        interaction = self._interaction(exchange, calls, now, epoch)
        log.info("answer.done", extra=_fields(exchange.question, interaction))
        if self._observer:
            self._observer.observe(interaction, calls)
        if not self._terms.budget.is_unlimited:
            spent = nano(interaction.dollars or Decimal(0))
            for starts in range(max(1, exchange.starts or 0)):  # the first is settled for all
                settle = partial(self._settle, exchange.question, starts, 0 if starts else spent)
                self._journal.write(settle, Rank.MONEY)
        kept = len(interaction.question or "") + len(interaction.answer or "")
        record = partial(self._record, exchange.question, interaction)
        self._journal.write(record, Rank.FIGURES, characters=kept)

    def footer(self, exchange: Exchange, calls: Sequence[Call]) -> str:
        """What stands under an answer: how long it took, and what it cost."""
        form = {"short": exchange.texts.footer_short, "full": exchange.texts.footer_full}.get(
            self._terms.footer
        )
        if form is None:
            return ""
        usage, dollars = self._bill(calls)
        asked_at = exchange.asked_at - exchange.age
        first = min(at for at in (exchange.acknowledged_at, exchange.first_words_at, exchange.ended_at) if at)
        return form.format(
            models=" + ".join(_names(calls)) or "–",
            first=f"{first - asked_at:.1f}",
            whole=f"{exchange.ended_at - asked_at:.1f}",
            tokens_in=usage.all_input,
            tokens_out=usage.output,
            dollars=exchange.texts.footer_unpriced
            if dollars is None
            else shown(dollars, is_estimate=usage.is_estimate),
        )

    def is_first(self, name: str, seconds: float | None = None) -> bool:
        """True for the first, of all processes, who asks so for `name` within `seconds`, a day if None."""
        return self._journal.asked(lambda: self._books.claim(name, seconds), True)

    def note_thread(self, place: Place) -> None:
        """Write down, soon, that the bot takes part in a thread."""
        self._journal.write(partial(self._books.claim, _thread(place), _THREAD_SECONDS), Rank.FIGURES)

    def has_thread(self, place: Place) -> bool:
        """Return True if it is written down that the bot takes part in a thread."""
        return self._journal.asked(lambda: self._books.is_claimed(_thread(place)), False)

    def vote(self, vote: Vote, answer_key: str) -> None:
        """Write down, soon, what somebody thinks of an answer; nobody is shown a bad one again."""
        vote = replace(vote, reason=self._journal.masked(vote.reason))
        self._journal.write(partial(self._books.vote, vote, self._kept_for), Rank.FIGURES)
        if answer_key and not vote.is_up:
            self._journal.write(partial(self._books.forget, answer_key), Rank.FIGURES)

    def forget(self, team: str, question_key: str) -> None:
        """Keep, soon, no text of a question that was deleted or changed, nor what it was answered."""
        self._journal.write(partial(self._forget, team, question_key), Rank.FIGURES)

    def _forget(self, team: str, question_key: str) -> None:
        self._books.claim(_gone(team, question_key))  # for what another process has not recorded yet
        ids = [question_id(team, question_key, retry) for retry in range(_MAX_RETRIES)]
        for interaction in self._books.interactions_with(ids):
            self._record_without_texts(interaction)

    def _record(self, question: Question, interaction: Interaction) -> None:
        has_texts = interaction.answer_key or interaction.question is not None
        if has_texts and self._books.is_claimed(_gone(question.team, question.key)):
            self._record_without_texts(interaction)
        else:
            self._books.record(interaction, self._kept_for)

    def _record_without_texts(self, interaction: Interaction) -> None:
        if interaction.answer_key:
            self._books.forget(interaction.answer_key)
        bare = replace(interaction, question=None, answer=None, answer_key="")
        self._books.record(bare, self._kept_for)

    def _settle(self, question: Question, starts: int, price: NanoDollars) -> None:
        day = self._books.settle(_charge_id(question, starts), _asker(question), price)
        if self._terms.budget.is_nearly_spent(day.spent) and self._books.claim(f"budget/{day.day}"):
            self._warn(day.spent)

    def _bill(self, calls: Sequence[Call]) -> tuple[Usage, Decimal | None]:
        """What `calls` used in all, and what that costs; None where a price is not known."""
        billed = [(call.voice, call.usage) for call in calls if call.usage]
        prices = [self._dollars(voice, usage) for voice, usage in billed]
        dollars = None if None in prices else sum(filter(None, prices), Decimal(0))
        return sum((usage for _, usage in billed), Usage()), dollars

    def _dollars(self, voice: Voice, usage: Usage) -> Decimal | None:
        price = self._terms.prices[voice]
        return price.of(usage) if price else None

    def _interaction(
        self, exchange: Exchange, calls: Sequence[Call], now: float, epoch: float
    ) -> Interaction:
        question, draft = exchange.question, exchange.draft
        asked_at = exchange.asked_at - exchange.age

        def since(moment: float | None) -> float | None:
            return None if moment is None else round(moment - asked_at, 3)

        denied = Ending.DENIED if exchange.is_denied else None
        outcome = exchange.ending or denied or draft.outcome or Outcome.CUT
        answering = [call for call in calls if call.voice is Voice.ANSWER]
        usage, dollars = self._bill(calls)
        first_tokens = (call.first_token_s for call in answering if call.first_token_s is not None)
        if exchange.resumes and not question.retry:  # who began it told nobody what that took
            usage = replace(usage, is_estimate=True)
        return Interaction(
            id=question.id,
            team=question.team,
            channel=question.channel,
            user=question.user,
            asked_at=asked_at + epoch,
            way_in=question.way_in,
            language=question.language.value,
            outcome=outcome.value,
            fault=draft.fault.value if draft.fault else "",
            is_from_cache=draft.is_from_cache,
            ack_s=since(exchange.acknowledged_at),
            first_words_s=since(exchange.first_words_at),
            whole_s=since(exchange.whole_at or now) if exchange.ending is None else None,
            first_token_s=_rounded(next(first_tokens, None)),
            usage=usage,
            tokens_per_s=_rounded(_tokens_per_s(answering[-1])) if answering else None,
            dollars=dollars,
            tries=len(answering),
            edits=exchange.edits,
            refused=exchange.limited,
            first_message=exchange.first_message,
            answer_key="" if draft.is_from_cache else exchange.screen.answer_key,
            question=self._journal.masked(question.text) if self._terms.keep_text else None,
            answer=self._journal.masked(draft.text) if self._terms.keep_text else None,
        )


def _names(calls: Sequence[Call]) -> Iterable[str]:
    """The models that were called, the acknowledging one first; of an ARN, the last part."""
    voices = list(Voice)
    ordered = sorted(calls, key=lambda call: voices.index(call.voice))
    return dict.fromkeys(call.model_id.rpartition("/")[2] for call in ordered)


def _thread(place: Place) -> str:
    return f"thread/{place.channel}/{place.thread_ts}"


def _charge_id(question: Question, starts: int) -> str:
    """The id under which it is counted that the answering model begins for the next time after `starts`."""
    return f"{question.id}+{starts}" if starts else question.id


def _gone(team: str, question_key: str) -> str:
    return f"gone/{team}/{question_key}"


def _asker(question: Question) -> str:
    return f"{question.team}/{question.user}"


def _tokens_per_s(call: Call) -> float | None:
    """The pace of a stream from its first word to its end."""
    seconds = call.ended_at - call.began_at - (call.first_token_s or 0.0)
    if call.first_token_s is None or not call.usage or seconds <= 0:
        return None
    return call.usage.output / seconds


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _fields(question: Question, interaction: Interaction) -> dict[str, object]:
    """What of an interaction stands in a log: no texts, and nobody's name."""
    unsaid = {
        *("id", "team", "channel", "user", "asked_at"),
        *("usage", "first_message", "answer_key", "question", "answer"),
    }
    figures = {name: value for name, value in asdict(interaction).items() if name not in unsaid}
    usage = interaction.usage
    tokens = {
        "tokens_in": usage.input,
        "tokens_out": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "is_estimate": usage.is_estimate,
    }
    return {**question.names, **figures, **tokens}
