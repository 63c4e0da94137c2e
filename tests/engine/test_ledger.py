"""What an exchange comes to when it is over."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.journal import SqliteJournal
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.attachments import Attachment
from bot.core.conversation import Role, Turn
from bot.core.errors import Fault, ModelError, RateLimited, StoreError
from bot.core.files import Medium
from bot.core.interaction import Call, Interaction, Voice
from bot.core.journal import Allowance
from bot.core.message import Standing
from bot.core.prices import Price, price_of
from bot.core.prompts import Prompt, answer
from bot.core.question import Place, Question
from bot.core.spending import Budget, Limit, Refusal, nano
from bot.core.stream import Failed, Finished, Recalled, Text, Usage
from bot.engine.exchange import Ending, Exchange
from bot.engine.journal import Journal
from bot.engine.ledger import Ledger, Terms
from bot.engine.steps import Show
from tests.engine.admitted import admitted

QUESTION = Question("T1", "C1", "U1", "왜 하늘은 파란가요?", ts="1.0")
PRICES: dict[Voice, Price | None] = {
    Voice.ACKNOWLEDGEMENT: price_of("us.amazon.nova-micro-v1:0", "us-east-1", {}),
    Voice.ANSWER: price_of("us.amazon.nova-pro-v1:0", "us-east-1", {}),
    Voice.SUGGESTION: price_of("us.amazon.nova-micro-v1:0", "us-east-1", {}),
}
ASKED_AT, EPOCH = 100.0, 1_700_000_000.0  # by the orchestrator's clock, which began at EPOCH
ACK = Call(Voice.ACKNOWLEDGEMENT, "micro", 100.0, 100.3, None, Usage(50, 30), "end_turn")
ANSWER = Call(Voice.ANSWER, "pro", 100.0, 106.0, 1.0, Usage(50, 500), "end_turn")


class Desk:
    """A ledger over a real store, and what came of it."""

    def __init__(self, folder: Path) -> None:
        database = SqliteDatabase(str(folder / "bot.db"), lambda: EPOCH + 200.0)
        self.books = SqliteLedger(database)
        self.journal = Journal(SqliteJournal(database, Allowance()), "owner", "host", lambda: ASKED_AT)
        self.epoch = EPOCH
        self.warned: list[int] = []
        self.observed: list[tuple[Interaction, list[Call]]] = []

    def ledger(self, terms: Terms) -> Ledger:
        return Ledger(
            self.journal,
            self.books,
            terms,
            observer=self,
            warn=self.warned.append,
            clock=lambda: ASKED_AT,
            wall_clock=lambda: self.epoch + ASKED_AT,
        )

    def observe(self, interaction: Interaction, calls: Any) -> None:
        self.observed.append((interaction, list(calls)))

    def closed(self, exchange: Exchange, *calls: Call, now: float = 107.0, **terms: Any) -> Interaction:
        """Close the books on an exchange; what was written down."""
        self.ledger(Terms(**{"prices": PRICES, **terms})).close(exchange, calls, now)
        self.journal.leave(5.0)
        (interaction,) = self.books.interactions(0.0)
        return interaction


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def limit_of(refusal: Refusal | None) -> Limit | None:
    return refusal.limit if refusal else None


def exchange(**more: Any) -> Exchange:
    return admitted(Exchange(QUESTION, ASKED_AT, 1.5, **more))


def shown(exchange: Exchange, at: float) -> None:
    """Let the call that the exchange wishes for be made."""
    wish = exchange.wish()
    assert wish
    step = exchange.grant(wish, at)
    assert isinstance(step, Show)
    exchange.shown(step, step.ts or f"{at}", at)


def answered() -> Exchange:
    done = exchange()
    done.greet("On it.")
    shown(done, 100.4)
    done.receive(Text("Be"), 101.0)
    shown(done, 101.2)
    done.receive(Text("cause."), 102.0)
    done.receive(Finished("end_turn", None), 106.0)
    shown(done, 106.5)
    return done


def test_all_figures_of_an_answer_are_kept(desk: Desk) -> None:
    assert desk.closed(answered(), ACK, ANSWER) == Interaction(
        id="T1/C1/1.0",
        team="T1",
        channel="C1",
        user="U1",
        asked_at=EPOCH + 100.0,
        way_in="mention",
        language="ko",
        outcome="whole",
        ack_s=0.4,
        first_words_s=1.2,
        whole_s=6.5,
        first_token_s=1.0,
        usage=Usage(100, 530),
        tokens_per_s=100.0,
        dollars=Decimal("0.00164595"),
        tries=1,
        edits=1,
        first_message="C1/101.2",
    )


def test_when_it_was_asked_is_told_by_the_clock_as_it_was_set_last(desk: Desk) -> None:
    """A machine may have started with a wrong one."""
    ledger = desk.ledger(Terms(PRICES))
    desk.epoch += 3600.0
    ledger.close(answered(), (), 107.0)
    desk.journal.leave(5.0)

    assert [kept.asked_at for kept in desk.books.interactions(0.0)] == [EPOCH + 3700.0]


def test_texts_are_kept_only_where_the_operator_wants_them(desk: Desk) -> None:
    kept = desk.closed(answered(), ANSWER, keep_text=True)

    assert (kept.question, kept.answer) == ("왜 하늘은 파란가요?", "Because.")


@pytest.mark.parametrize("is_recorded_first", [True, False])
def test_nothing_is_kept_of_the_words_of_a_question_that_is_gone(
    desk: Desk, *, is_recorded_first: bool
) -> None:
    """One process hears of that, and another can be the one that records it, later on."""
    ledger, done = desk.ledger(Terms(PRICES, keep_text=True)), answered()
    done.screen.answer_key = "key"
    desk.books.lead("key", "owner")
    desk.books.keep("key", "owner", "Because.", 60)
    if not is_recorded_first:
        ledger.forget("T1", QUESTION.key)
    ledger.close(done, (ANSWER,), 107.0)
    if is_recorded_first:
        ledger.forget("T1", QUESTION.key)
    desk.journal.leave(5.0)

    (kept,) = desk.books.interactions(0.0)
    assert (kept.outcome, kept.question, kept.answer, kept.answer_key) == ("whole", None, None, "")
    assert desk.books.recall("key") is None


def test_an_observer_gets_calls_with_times_of_the_day(desk: Desk) -> None:
    interaction = desk.closed(answered(), ACK, ANSWER)

    ((observed, calls),) = desk.observed
    assert observed == interaction
    assert [(call.began_at, call.ended_at) for call in calls] == [
        (EPOCH + 100.0, EPOCH + 100.3),
        (EPOCH + 100.0, EPOCH + 106.0),
    ]


def test_the_log_tells_figures_but_no_text_and_no_name(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot"):
        desk.closed(answered(), ACK, ANSWER, keep_text=True)

    (record,) = (record for record in caplog.records if record.message == "answer.done")
    said = vars(record)
    assert (said["outcome"], said["dollars"], said["tokens_out"]) == ("whole", Decimal("0.00164595"), 530)
    assert not {"U1", "왜 하늘은 파란가요?", "Because."} & {str(value) for value in said.values()}


def test_every_try_is_paid_for_and_a_refused_call_is_not(desk: Desk) -> None:
    broken = replace(ANSWER, usage=Usage(50, 10, is_estimate=True), error="StreamCut", first_token_s=None)
    refused = replace(ANSWER, usage=None, error="ThrottlingException", first_token_s=None)
    kept = desk.closed(answered(), broken, refused, ANSWER)

    assert (kept.tries, kept.usage) == (3, Usage(100, 510, is_estimate=True))
    assert kept.dollars == Decimal("0.001712")
    assert kept.first_token_s == 1.0


def test_a_model_without_a_price_counts_tokens_and_says_that_it_has_none(desk: Desk) -> None:
    kept = desk.closed(answered(), ACK, ANSWER, prices={**PRICES, Voice.ANSWER: None})

    assert (kept.usage, kept.dollars) == (Usage(100, 530), None)


def test_an_answer_out_of_the_cache_costs_nothing_and_is_marked(desk: Desk) -> None:
    cached = exchange()
    cached.receive(Recalled("Because."), 100.0)
    shown(cached, 100.1)
    kept = desk.closed(cached, now=100.1)

    assert (kept.is_from_cache, kept.dollars, kept.outcome, kept.tries) == (True, Decimal(0), "whole", 0)
    assert (kept.ack_s, kept.first_sign_s, kept.whole_s) == (None, 0.1, 0.1)


def test_a_call_that_slack_limited_is_counted(desk: Desk) -> None:
    limited = exchange()
    limited.greet("On it.")
    wish = limited.wish()
    assert wish
    limited.grant(wish, 100.4)
    limited.refused(RateLimited(1.0), 100.5)

    assert desk.closed(limited).refused == 1


def test_what_slack_never_took_was_never_whole(desk: Desk) -> None:
    refused = answered()
    refused.end(Ending.REFUSED)
    kept = desk.closed(refused, ANSWER)

    assert (kept.outcome, kept.whole_s) == ("refused", None)


def test_what_went_wrong_is_kept_by_its_name(desk: Desk) -> None:
    failed = exchange()
    failed.receive(Failed(ModelError(Fault.BUSY, "ThrottlingException")), 101.0)
    kept = desk.closed(failed)

    assert (kept.outcome, kept.fault) == ("failed", "busy")


def test_a_resumed_answer_is_timed_from_when_it_was_asked_and_its_cost_is_an_estimate(desk: Desk) -> None:
    """What the process before it used, nobody knows."""
    resumed = exchange(resumes=True, place=Place("C1", "1.0"), age=30.0)
    resumed.opened(Place("C1", "1.0"), {"C1/1.0/answer/0": Standing("5.0", "Be")}, 100.0)
    resumed.receive(Text("Because."), 101.0)
    resumed.receive(Finished("end_turn", None), 106.0)
    shown(resumed, 106.5)
    kept = desk.closed(resumed, ANSWER)

    assert (kept.asked_at, kept.whole_s) == (EPOCH + 70.0, 36.5)
    assert kept.usage == replace(ANSWER.usage or Usage(), is_estimate=True)


def test_a_question_is_refused_when_what_is_expected_of_others_fills_the_budget(desk: Desk) -> None:
    """Not when it has been spent: fifty at once would be too many then."""
    ledger = desk.ledger(Terms(PRICES, Budget(daily=nano(Decimal("0.03")))))

    told = [ledger.refusal(replace(QUESTION, ts=f"{number}.0")) for number in range(4)]
    assert [refusal and refusal.limit for refusal in told] == [None, None, Limit.DAILY, Limit.DAILY]


def test_a_call_reserves_what_it_sends_and_all_that_may_be_written(desk: Desk) -> None:
    """A file is known only when the context was gathered; calls that were made before are spent."""
    ledger = desk.ledger(Terms(PRICES, Budget(daily=nano(Decimal("0.05")))))
    words = Attachment(Medium.DOCUMENT, "txt", "document-1", b"word" * 25_000)  # $0.02
    prompt = answer((Turn(Role.USER, "why?", (words,)),))
    other = replace(QUESTION, ts="2.0")

    assert ledger.refusal(QUESTION) is None
    assert ledger.refusal_of_call(QUESTION, prompt, ()) is None
    assert ledger.refusal(other) is None
    assert limit_of(ledger.refusal_of_call(other, prompt, ())) is Limit.DAILY
    spent = replace(ANSWER, usage=Usage(25_000, 0, is_estimate=True), error="StreamCut")
    assert limit_of(ledger.refusal_of_call(QUESTION, prompt, (spent, spent))) is Limit.DAILY


def test_what_is_sent_is_to_fit_and_what_may_be_written_need_not(desk: Desk) -> None:
    ledger = desk.ledger(Terms(PRICES, Budget(user_daily=nano(Decimal("0.001")))))

    def sent(words: int) -> Prompt:
        return answer((Turn(Role.USER, "word" * words),))

    assert limit_of(ledger.refusal_of_call(QUESTION, sent(1_250), ())) is Limit.USER_DAILY
    assert ledger.refusal_of_call(QUESTION, sent(625), ()) is None


def test_what_was_reserved_is_replaced_by_what_it_cost(desk: Desk) -> None:
    ledger = desk.ledger(Terms(PRICES, Budget(daily=nano(Decimal("0.03")))))
    for number in range(2):
        assert ledger.refusal(replace(QUESTION, ts=f"{number}.0")) is None
    ledger.close(answered(), (), 107.0)  # of QUESTION, the second
    desk.journal.leave(5.0)

    assert ledger.refusal(replace(QUESTION, ts="3.0")) is None


@pytest.mark.parametrize(("budget", "warnings"), [("0.0020574", 1), ("0.0020576", 0)])
def test_a_warning_comes_once_when_four_fifths_are_spent(desk: Desk, budget: str, warnings: int) -> None:
    ledger = desk.ledger(Terms(PRICES, Budget(daily=nano(Decimal(budget)))))
    for _ in range(2):
        ledger.close(answered(), (ACK, ANSWER), 107.0)
    desk.journal.leave(5.0)

    assert desk.warned == [nano(Decimal("0.00164595"))] * warnings


class Broken:
    """Books that cannot be written."""

    def __getattr__(self, name: str) -> Any:
        return self._fail

    def _fail(self, *_arguments: object) -> Any:
        raise StoreError("disk full")


def test_while_the_store_fails_everybody_may_ask(desk: Desk) -> None:
    desk.books = Broken()  # type: ignore[assignment]
    ledger = desk.ledger(Terms(PRICES, Budget(daily=1)))

    assert [ledger.refusal(QUESTION) for _ in range(2)] == [None, None]
    ledger.close(answered(), (ACK, ANSWER), 107.0)
    assert not desk.journal.works
