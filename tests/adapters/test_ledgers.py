"""Money, kept answers and figures that processes share: one contract over SQLite and Redis."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.adapters.redis.connection import RedisConnection
from bot.adapters.redis.ledger import RedisLedger
from bot.adapters.sqlite.database import MIGRATIONS, SqliteDatabase
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.interaction import Interaction, Vote
from bot.core.journal import REMEMBERED_SECONDS, UNKNOWN, Entry, Noted, Owner, encoded
from bot.core.message import Standing
from bot.core.question import Place, Question
from bot.core.spending import DAY_SECONDS, MINUTE_SECONDS, Budget, DaySpending, Limit, Refusal
from bot.core.stream import Usage
from bot.stores import open_store
from tests.adapters.conftest import ALLOWANCE, Journal, Ledger, Shelf, at_once, fails, until
from tests.adapters.redis_server import free_port

DAY = float(DAY_SECONDS)
BEFORE_LEDGERS = 7  # migrations
ODD = [
    "",
    " ",
    ":",
    "a:b",
    "a",
    "all",
    "user:all",
    "*",
    "[x]",
    "'; DROP TABLE votes; --",
    "김/철수\n\0",
    "%s",
    "?",
]
INTERACTION = Interaction(
    id="T1/C1/1.0",
    team="T1",
    channel="C1",
    user="U1",
    asked_at=1_700_000_000.123456,
    way_in="mention",
    language="ko",
    outcome="whole",
    ack_s=0.412,
    usage=Usage(1200, 340, 1024, 7, is_estimate=True),
    tokens_per_s=101.5,
    dollars=Decimal("0.00031415926535897932384626"),
    question="왜 하늘은 파란가요? 🙂",
    answer='"레일리 산란" 때문입니다.\n\tλ⁻⁴',
)


@pytest.fixture
def ledger(shelf: Shelf) -> Ledger:
    return shelf.ledger()


@pytest.fixture
def other(shelf: Shelf) -> Ledger:
    """The ledger as another process has it."""
    return shelf.ledger()


@pytest.fixture
def journal(shelf: Shelf) -> Journal:
    return shelf.journal()


def in_file(path: Path, clock: Callable[[], float] = time.time, most_answers: int = 1000) -> SqliteLedger:
    return SqliteLedger(SqliteDatabase(str(path), clock), most_answers)


def limit_of(refusal: Refusal | None) -> Limit | None:
    return refusal.limit if refusal else None


# Money is spent within the budget


@pytest.mark.parametrize(
    ("budget", "limit"),
    [(Budget(daily=10), Limit.DAILY), (Budget(user_daily=10), Limit.USER_DAILY)],
)
def test_a_question_is_admitted_until_the_budget_is_spent_to_the_last_billionth(
    ledger: Ledger, other: Ledger, budget: Budget, limit: Limit
) -> None:
    assert ledger.admit("Q1", "U1", 9, budget) is None
    assert other.admit("Q2", "U1", 1, budget) is None
    assert limit_of(ledger.admit("Q3", "U1", 0, budget)) is limit
    assert limit_of(other.admit("Q3", "U1", 1, budget)) is limit


@pytest.mark.parametrize(
    "budget",
    [
        lambda room: Budget(daily=room),
        lambda room: Budget(user_daily=room),
        lambda room: Budget(questions_per_minute=room),
    ],
)
def test_of_two_questions_with_room_for_one_exactly_one_is_admitted(
    shelf: Shelf, budget: Callable[[int], Budget]
) -> None:
    ledgers = [shelf.ledger(), shelf.ledger()]
    for room in range(1, 11):
        asks = [partial(each.admit, f"Q{room}-{n}", "U1", 1, budget(room)) for n, each in enumerate(ledgers)]

        assert [refusal is None for refusal in at_once(asks)].count(True) == 1


def test_many_that_ask_at_once_are_never_admitted_to_more_than_there_is(shelf: Shelf) -> None:
    ledgers = [shelf.ledger(), shelf.ledger()]

    def ask(who: int) -> int:
        ledger = ledgers[who % 2]
        refusals = [ledger.admit(f"Q{who}-{n}", f"U{who % 3}", 1, Budget(daily=30)) for n in range(5)]
        return refusals.count(None)

    assert sum(at_once([partial(ask, who) for who in range(20)])) == 30
    assert ledgers[0].settle("one more", "U1", 7).spent == 37


def test_everybody_has_a_budget_of_their_own_and_a_share_of_all(ledger: Ledger) -> None:
    budget = Budget(daily=25, user_daily=10)
    assert ledger.admit("Q1", "U1", 10, budget) is None
    assert limit_of(ledger.admit("Q2", "U1", 1, budget)) is Limit.USER_DAILY
    assert ledger.admit("Q3", "U2", 10, budget) is None
    assert ledger.admit("Q4", "U3", 5, budget) is None

    assert limit_of(ledger.admit("Q5", "U4", 1, budget)) is Limit.DAILY


def test_without_a_limit_everything_is_admitted(ledger: Ledger) -> None:
    refusals = [ledger.admit(f"Q{number}", "U1", 10**12, Budget()) for number in range(40)]

    assert refusals == [None] * 40
    assert ledger.settle("Q0", "U1", 1).spent == 39 * 10**12 + 1


def test_a_budget_of_nothing_admits_nothing(ledger: Ledger) -> None:
    assert limit_of(ledger.admit("Q1", "U1", 0, Budget(daily=0))) is Limit.DAILY
    assert limit_of(ledger.admit("Q1", "U1", 0, Budget(user_daily=0))) is Limit.USER_DAILY
    assert ledger.admit("Q1", "U1", 0, Budget(questions_per_minute=0)) == Refusal(
        Limit.QUESTIONS_PER_MINUTE, MINUTE_SECONDS
    )


def test_what_is_over_several_limits_is_told_of_the_narrowest(ledger: Ledger) -> None:
    budget = Budget(daily=1, user_daily=1, questions_per_minute=1)
    ledger.admit("Q1", "U1", 1, budget)

    assert limit_of(ledger.admit("Q2", "U1", 1, budget)) is Limit.QUESTIONS_PER_MINUTE
    budget = replace(budget, questions_per_minute=None)
    assert limit_of(ledger.admit("Q2", "U1", 1, budget)) is Limit.USER_DAILY
    assert limit_of(ledger.admit("Q2", "U1", 1, replace(budget, user_daily=None))) is Limit.DAILY


def test_what_is_refused_is_not_counted(ledger: Ledger) -> None:
    ledger.admit("Q1", "U1", 10, Budget())
    for number in range(5):
        assert ledger.admit(f"R{number}", "U1", 3, Budget(daily=10))

    assert ledger.settle("Q1", "U1", 10).spent == 10
    assert ledger.admit("Q2", "U1", 3, Budget(questions_per_minute=2)) is None


def test_a_question_that_was_admitted_before_is_so_still_and_nothing_changes(
    ledger: Ledger, other: Ledger
) -> None:
    """Whoever presses a button twice asks once, and a settled price stays settled."""
    budget = Budget(daily=10, user_daily=10, questions_per_minute=1)
    assert ledger.admit("Q1", "U1", 10, budget) is None
    assert other.admit("Q1", "U1", 99, budget) is None
    assert ledger.settle("Q1", "U1", 6).spent == 6
    assert other.admit("Q1", "U1", 10, budget) is None

    assert ledger.settle("Q2", "U2", 1).spent == 7
    assert limit_of(ledger.admit("Q3", "U1", 1, budget)) is Limit.QUESTIONS_PER_MINUTE


@pytest.mark.parametrize(
    ("budget", "limit"), [(Budget(daily=30), Limit.DAILY), (Budget(user_daily=30), Limit.USER_DAILY)]
)
def test_a_reservation_is_raised_until_others_have_reached_the_budget(
    ledger: Ledger, other: Ledger, budget: Budget, limit: Limit
) -> None:
    """A refused reservation stays as it was, and no more than before is never refused."""
    for number in (1, 2, 3):
        assert ledger.admit(f"Q{number}", "U1", 1, budget) is None
    assert other.reserve("Q1", "U1", 27, budget) is None
    assert ledger.reserve("Q2", "U1", 2, budget) is None

    assert limit_of(other.reserve("Q3", "U1", 2, budget.less(1))) is limit
    assert other.reserve("Q3", "U1", 1, Budget(daily=0, user_daily=0)) is None
    assert ledger.reserve("Q1", "U1", 40, budget) is None
    assert ledger.settle("Q4", "U1", 0).spent == 40 + 2 + 1


def test_of_many_that_are_raised_at_once_one_alone_passes_the_budget(shelf: Shelf) -> None:
    ledgers, budget = [shelf.ledger(), shelf.ledger()], Budget(daily=20)
    for number in range(12):
        assert ledgers[0].admit(f"Q{number}", f"U{number}", 1, budget) is None
    asks = [partial(ledgers[n % 2].reserve, f"Q{n}", f"U{n}", 100, budget) for n in range(12)]

    assert at_once(asks).count(None) == 1
    assert ledgers[0].settle("Q0", "U0", 0).spent in (11, 110)


def test_a_reservation_is_raised_on_the_day_on_which_it_was_made(tmp_path: Path) -> None:
    now, budget = 20_001 * DAY - 1, Budget(daily=10)
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.admit("Q1", "U1", 5, budget)
    now += 2
    ledger.admit("Q2", "U1", 10, budget)

    assert ledger.reserve("Q1", "U1", 9, budget) is None
    assert ledger.settle("Q1", "U1", 9) == DaySpending(20_000, 9)


def test_what_a_question_cost_replaces_what_was_reserved(ledger: Ledger, other: Ledger) -> None:
    ledger.admit("Q1", "U1", 10, Budget())
    ledger.admit("Q2", "U2", 20, Budget())

    assert other.settle("Q1", "U1", 3).spent == 23
    assert other.settle("Q2", "U2", 25).spent == 28
    assert ledger.admit("Q3", "U1", 0, Budget(user_daily=4)) is None
    assert limit_of(ledger.admit("Q4", "U2", 0, Budget(user_daily=25))) is Limit.USER_DAILY


def test_of_what_is_settled_twice_the_later_counts(ledger: Ledger, other: Ledger) -> None:
    ledger.admit("Q1", "U1", 10, Budget())

    assert [ledger.settle("Q1", "U1", price).spent for price in (3, 0, 7)] == [3, 0, 7]
    assert other.settle("Q1", "U1", 0).spent == 0


def test_what_was_not_reserved_is_spent_today(ledger: Ledger) -> None:
    today = int(time.time() // DAY_SECONDS)
    settled = ledger.settle("Q1", "U1", 4)

    assert settled.spent == 4
    assert settled.day in (today, today + 1)
    assert ledger.settle("Q2", "U2", 5) == DaySpending(settled.day, 9)


def test_ids_and_users_may_be_any_text(ledger: Ledger) -> None:
    for number, text in enumerate(ODD, 1):
        assert ledger.admit(text, text, number, Budget(user_daily=1, questions_per_minute=1)) is None
        assert limit_of(ledger.admit("Q", text, 0, Budget(user_daily=number))) is Limit.USER_DAILY

    assert ledger.settle(ODD[0], ODD[0], 0).spent == sum(range(2, len(ODD) + 1))


PRICES = st.integers(0, 10**15)
STEPS = st.tuples(
    st.sampled_from(["admit", "settle"]),
    st.sampled_from(["Q1", "Q2", "Q3", "Q4"]),
    st.sampled_from(["U1", "U2"]),
    PRICES,
    st.sampled_from([0.0, 0.0, 3600.0, DAY]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_a_day_comes_to_what_its_questions_come_to_in_whatever_order(
    steps: list[tuple[str, str, str, int, float]],
) -> None:
    """Also if two processes take turns. A question counts on the day on which it was reserved."""
    now, costs = 20_000 * DAY, dict[str, tuple[int, str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        ledgers = [in_file(Path(folder) / "bot.db", lambda: now) for _ in range(2)]
        for turn, (verb, question, user, price, pause) in enumerate(steps):
            now += pause
            today = int(now // DAY)
            costs = {name: cost for name, cost in costs.items() if cost[0] >= today - 1}
            if verb == "admit":
                assert ledgers[turn % 2].admit(question, user, price, Budget()) is None
                costs.setdefault(question, (today, user, price))
            else:
                day = costs.get(question, (today,))[0]
                costs[question] = (day, user, price)
                spent = sum(cost for on, _, cost in costs.values() if on == day)
                assert ledgers[turn % 2].settle(question, user, price) == DaySpending(day, spent)
        for user in ("U1", "U2"):
            spent = sum(cost for on, who, cost in costs.values() if (on, who) == (now // DAY, user))
            assert ledgers[0].admit(f"probe of {user}", user, 0, Budget(user_daily=spent))
            assert ledgers[0].admit(f"probe of {user}", user, 0, Budget(user_daily=spent + 1)) is None


# A minute and a day end


def test_a_minute_has_room_again_when_the_oldest_question_leaves_it(tmp_path: Path) -> None:
    now, budget = 1000.0, Budget(questions_per_minute=2)
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    for at in (1000.0, 1020.0):
        now = at
        assert ledger.admit(f"Q{at}", "U1", 0, budget) is None
    now = 1030.0
    assert ledger.admit("Q3", "U1", 0, budget) == Refusal(Limit.QUESTIONS_PER_MINUTE, 30.0)
    assert ledger.admit("Q3", "U1", 0, Budget(questions_per_minute=1)) == Refusal(
        Limit.QUESTIONS_PER_MINUTE, 50.0
    )
    assert ledger.admit("Q4", "U2", 0, budget) is None

    now = 1059.0
    assert ledger.admit("Q3", "U1", 0, budget) == Refusal(Limit.QUESTIONS_PER_MINUTE, 1.0)
    now = 1060.0
    assert ledger.admit("Q3", "U1", 0, budget) is None
    assert ledger.admit("Q5", "U1", 0, budget) == Refusal(Limit.QUESTIONS_PER_MINUTE, 20.0)


def test_the_wait_is_what_is_left_of_the_minute(ledger: Ledger, other: Ledger) -> None:
    budget = Budget(questions_per_minute=1)
    begun = time.monotonic()
    ledger.admit("Q1", "U1", 0, budget)
    refusal = other.admit("Q2", "U1", 0, budget)

    assert refusal
    assert MINUTE_SECONDS - (time.monotonic() - begun) - 0.01 <= refusal.seconds <= MINUTE_SECONDS


def test_whoever_waits_for_the_minute_is_admitted(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "MINUTE_SECONDS", 0.2)
    ledger, budget = shelf.ledger(), Budget(questions_per_minute=1)
    begun = time.monotonic()
    ledger.admit("Q1", "U1", 0, budget)

    until(lambda: ledger.admit("Q2", "U1", 0, budget) is None)
    assert time.monotonic() - begun >= 0.19


@pytest.mark.parametrize("budget", [Budget(daily=1), Budget(user_daily=1)])
def test_budgets_begin_anew_at_midnight(tmp_path: Path, budget: Budget) -> None:
    now = 20_000 * DAY + 3600
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.admit("Q1", "U1", 1, budget)
    refusal = ledger.admit("Q2", "U1", 1, budget)
    assert refusal
    assert refusal.seconds == 23 * 3600

    now = 20_001 * DAY - 0.5
    assert replace(refusal, seconds=0.5) == ledger.admit("Q2", "U1", 1, budget)
    now = 20_001 * DAY
    assert ledger.admit("Q2", "U1", 1, budget) is None
    assert replace(refusal, seconds=DAY) == ledger.admit("Q3", "U1", 1, budget)


def test_midnight_is_that_of_the_stores_clock_in_utc(ledger: Ledger) -> None:
    ledger.admit("Q1", "U1", 1, Budget())
    refusal = ledger.admit("Q2", "U1", 1, Budget(daily=1))
    expected = DAY - time.time() % DAY

    assert refusal
    assert min(abs(refusal.seconds - expected), DAY - abs(refusal.seconds - expected)) < 5


def test_a_new_day_begins_with_nothing_spent(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "DAY_SECONDS", 0.4)
    ledger = shelf.ledger()
    first = ledger.settle("first", "U1", 10)
    names = iter(f"Q{number}" for number in range(10_000))

    def of_another_day() -> DaySpending | None:
        settled = ledger.settle(next(names), "U1", 1)
        return settled if settled.day > first.day else None

    found = until(of_another_day)
    assert found
    assert found.spent == 1


def test_what_is_reserved_before_midnight_is_settled_on_its_day(tmp_path: Path) -> None:
    now = 20_001 * DAY - 1
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.admit("Q1", "U1", 10, Budget())
    ledger.admit("Q2", "U1", 20, Budget())
    now += 2

    assert ledger.settle("Q1", "U1", 4) == DaySpending(20_000, 24)
    assert ledger.settle("Q3", "U1", 5) == DaySpending(20_001, 5)
    now += DAY - 2
    assert ledger.settle("Q2", "U1", 1) == DaySpending(20_000, 5)
    now += 1
    assert ledger.settle("Q2", "U1", 1) == DaySpending(20_002, 1)


# An answer is generated once, and kept


def test_an_answer_that_is_kept_is_recalled_by_all(ledger: Ledger, other: Ledger) -> None:
    assert ledger.recall("왜?") is None
    ledger.lead("왜?", "A")
    assert other.recall("왜?") is None
    ledger.keep("왜?", "A", "그러니까: 🙂\0\n", 60)

    assert other.recall("왜?") == ledger.recall("왜?") == "그러니까: 🙂\0\n"
    assert other.recall("왜") is None


def test_an_empty_answer_is_an_answer(ledger: Ledger) -> None:
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "", 60)

    assert ledger.recall("why?") == ""
    assert not ledger.lead("why?", "A")


def test_an_answer_is_forgotten_after_its_time(tmp_path: Path) -> None:
    now = 1000.0
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 10)
    now = 1009.9
    assert ledger.recall("why?") == "Because."
    now = 1010.0

    assert ledger.recall("why?") is None
    assert ledger.lead("why?", "B")


def test_an_answer_that_is_forgotten_is_generated_again(ledger: Ledger) -> None:
    begun = time.monotonic()
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 0.2)
    until(lambda: ledger.recall("why?") is None)
    assert time.monotonic() - begun >= 0.19

    assert ledger.lead("why?", "B")
    ledger.keep("why?", "B", "Just so.", 60)
    assert ledger.recall("why?") == "Just so."


def keep(ledger: Ledger, key: str, seconds: float = 60) -> None:
    assert ledger.lead(key, "A")
    ledger.keep(key, "A", f"The answer to {key}", seconds)


def kept(ledger: Ledger, keys: str) -> str:
    return "".join(key for key in keys if ledger.recall(key))


def test_the_oldest_answers_make_room_for_new_ones(shelf: Shelf) -> None:
    ledger, keys = shelf.ledger(most_answers=3), "zyxwvutsrqponmlkjihgfedcba"
    for number, key in enumerate(keys, 1):
        keep(ledger, key)

        assert kept(ledger, keys[:number]) == keys[max(0, number - 3) : number]


def test_answers_whose_time_is_over_take_no_room(shelf: Shelf) -> None:
    ledger = shelf.ledger(most_answers=3)
    keep(ledger, "a")
    keep(ledger, "b", 0.1)
    keep(ledger, "c")
    until(lambda: ledger.recall("b") is None)
    keep(ledger, "d")

    assert kept(ledger, "abcd") == "acd"


def test_an_answer_that_is_forgotten_takes_no_room(shelf: Shelf) -> None:
    ledger = shelf.ledger(most_answers=2)
    keep(ledger, "a")
    keep(ledger, "b")
    ledger.forget("b")
    keep(ledger, "c")

    assert kept(ledger, "abc") == "ac"


def test_an_answer_that_is_kept_anew_is_the_newest(shelf: Shelf) -> None:
    ledger = shelf.ledger(most_answers=2)
    keep(ledger, "a", 0.1)
    keep(ledger, "b")
    until(lambda: ledger.recall("a") is None)
    keep(ledger, "a")
    keep(ledger, "c")

    assert kept(ledger, "abc") == "ac"


def test_one_leads_and_the_others_do_not(ledger: Ledger, other: Ledger) -> None:
    assert ledger.lead("why?", "A")
    assert ledger.lead("why?", "A")
    assert not other.lead("why?", "B")
    assert other.lead("how?", "B")
    assert not ledger.lead("how?", "A")


def test_nobody_leads_to_an_answer_that_is_kept(ledger: Ledger, other: Ledger) -> None:
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 60)

    assert not ledger.lead("why?", "A")
    assert not other.lead("why?", "B")


def test_of_many_that_would_lead_exactly_one_does(shelf: Shelf) -> None:
    ledgers = [shelf.ledger(), shelf.ledger()]
    for turn in range(5):
        leads = [partial(ledgers[n % 2].lead, f"why {turn}?", f"P{n}") for n in range(20)]

        assert sorted(at_once(leads)) == [False] * 19 + [True]


def test_who_leads_no_more_is_followed_by_the_next_who_asks(ledger: Ledger, other: Ledger) -> None:
    ledger.lead("why?", "A")
    assert not other.lead("why?", "B")
    ledger.abandon("why?", "B")
    assert not other.lead("why?", "B")
    ledger.abandon("why?", "A")

    assert ledger.recall("why?") is None
    assert other.lead("why?", "B")


def test_who_does_not_get_on_for_two_seconds_loses_the_lead(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.shorten(monkeypatch, "LEAD_SECONDS", 0.2)
    ledger, other = shelf.ledger(), shelf.ledger()
    begun = time.monotonic()
    ledger.lead("why?", "A")

    until(lambda: other.lead("why?", "B"))
    assert time.monotonic() - begun >= 0.19
    assert not ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Too late.", 60)
    assert other.recall("why?") is None
    other.keep("why?", "B", "Because.", 60)
    assert ledger.recall("why?") == "Because."


def test_who_gets_on_keeps_the_lead(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "LEAD_SECONDS", 0.3)
    ledger, other = shelf.ledger(), shelf.ledger()
    until_then = time.monotonic() + 0.6
    led_at = time.monotonic()
    while led_at < until_then:
        ledger.lead("why?", "A")
        is_taken, before, led_at = other.lead("why?", "B"), led_at, time.monotonic()
        if led_at - before >= 0.3:  # the machine stood still for as long as a lead lasts
            return
        assert not is_taken


def test_who_does_not_lead_keeps_nothing(ledger: Ledger) -> None:
    ledger.keep("why?", "A", "Because.", 60)
    assert ledger.recall("why?") is None
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 60)
    ledger.keep("why?", "A", "On second thoughts.", 60)

    assert ledger.recall("why?") == "Because."


def test_keys_and_owners_may_be_any_text(ledger: Ledger) -> None:
    for text in ODD:
        assert ledger.lead(text, text)
        ledger.keep(text, text, f"The answer to {text}", 60)

    assert [ledger.recall(text) for text in ODD] == [f"The answer to {text}" for text in ODD]


# How questions went is kept for a time


def test_what_is_recorded_is_what_is_read(ledger: Ledger, other: Ledger) -> None:
    interactions = [
        INTERACTION,
        replace(INTERACTION, id="T1/C1/2.0", dollars=None, question=None, answer=None, usage=Usage()),
        replace(INTERACTION, id="T1/C1/3.0", dollars=Decimal("1E-12"), fault="busy", is_from_cache=True),
        *(replace(INTERACTION, id=text, user=text, question=text) for text in ODD),
    ]
    for number, interaction in enumerate(interactions):
        interactions[number] = replace(interaction, asked_at=INTERACTION.asked_at + number)
        ledger.record(interactions[number], 60)

    assert other.interactions(0) == interactions


FIGURES = st.none() | st.floats(0, 1e6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.floats(0, 2e9),
    FIGURES,
    st.none() | st.decimals(0, 100, places=18),
    st.builds(Usage, st.integers(0, 10**9), st.integers(0, 10**9)),
)
def test_whatever_is_recorded_is_what_is_read(
    shelf: Shelf,
    interaction_id: str,
    text: str,
    asked_at: float,
    seconds: float | None,
    dollars: Decimal | None,
    usage: Usage,
) -> None:
    ledger = shelf.ledger()
    interaction = replace(
        INTERACTION,
        id=interaction_id,
        asked_at=asked_at,
        whole_s=seconds,
        dollars=dollars,
        usage=usage,
        answer=text,
    )
    ledger.record(interaction, 60)

    assert interaction in ledger.interactions(asked_at)


def at(asked_at: float, interaction_id: str | None = None) -> Interaction:
    return replace(INTERACTION, id=interaction_id or f"Q{asked_at}", asked_at=asked_at)


def test_those_asked_since_are_read_oldest_first(ledger: Ledger) -> None:
    for asked_at in (30.5, 10.5, 20.5):
        ledger.record(at(asked_at), 60)

    assert ledger.interactions(10.5) == [at(10.5), at(20.5), at(30.5)]
    assert ledger.interactions(10.6) == [at(20.5), at(30.5)]
    assert ledger.interactions(30.6) == []


def test_those_asked_at_once_are_all_read(ledger: Ledger) -> None:
    for name in "cab":
        ledger.record(at(7.0, name), 60)

    assert ledger.interactions(7.0) == [at(7.0, name) for name in "abc"]


def test_interactions_are_found_by_their_ids(ledger: Ledger, other: Ledger) -> None:
    for name in ("T1/C1/1.0", "T1/C1/1.0/1", "T1/C1/2.0"):
        ledger.record(at(7.0, name), 60)

    found = other.interactions_with(["T1/C1/1.0", "T1/C1/1.0/1", "T1/C1/1.0/2"])
    assert found == [at(7.0, "T1/C1/1.0"), at(7.0, "T1/C1/1.0/1")]
    assert other.interactions_with([]) == []


def test_an_interaction_replaces_one_with_its_id(ledger: Ledger, other: Ledger) -> None:
    ledger.record(at(10.0, "Q1"), 60)
    ledger.record(at(20.0, "Q2"), 60)
    later = replace(at(30.0, "Q1"), outcome="cut")
    other.record(later, 60)

    assert ledger.interactions(0) == [at(20.0, "Q2"), later]


def test_what_somebody_asked_is_read_newest_first(ledger: Ledger, other: Ledger) -> None:
    for asked_at in (20.5, 40.5, 10.5, 30.5):
        ledger.record(at(asked_at), 60)
        ledger.record(replace(at(asked_at), id=f"R{asked_at}", user="U2"), 60)

    assert other.interactions_of("U1", "T1", 0, 10) == [at(40.5), at(30.5), at(20.5), at(10.5)]
    assert other.interactions_of("U1", "T1", 20.5, 10) == [at(40.5), at(30.5), at(20.5)]
    assert other.interactions_of("U1", "T1", 0, 2) == [at(40.5), at(30.5)]
    assert other.interactions_of("U1", "T1", 40.6, 2) == []
    assert other.interactions_of("U1", "T1", 0, 0) == []


def test_what_somebody_asked_at_once_is_read_in_one_order(ledger: Ledger) -> None:
    for name in "cab":
        ledger.record(at(7.0, name), 60)

    assert ledger.interactions_of("U1", "T1", 7.0, 2) == [at(7.0, "c"), at(7.0, "b")]


def test_nobody_reads_what_another_asked(ledger: Ledger) -> None:
    asked = [replace(INTERACTION, id=f"{t!r} {u!r}", team=t, user=u) for t in ODD for u in ODD]
    for interaction in asked:
        ledger.record(interaction, 60)

    for interaction in asked:
        assert ledger.interactions_of(interaction.user, interaction.team, 0, 10) == [interaction]
    assert ledger.interactions_of("U1", "T1", 0, 10) == []


def test_what_is_replaced_by_anothers_is_read_by_that_one_alone(ledger: Ledger) -> None:
    ledger.record(at(10.0, "Q1"), 60)
    ledger.record(replace(at(20.0, "Q1"), user="U2"), 60)

    assert ledger.interactions_of("U1", "T1", 0, 10) == []
    assert ledger.interactions_of("U2", "T1", 0, 10) == [replace(at(20.0, "Q1"), user="U2")]


def test_what_somebody_asked_is_forgotten_after_its_time(ledger: Ledger) -> None:
    ledger.record(at(1.0), 60)
    ledger.record(at(2.0), 0.2)

    until(lambda: ledger.interactions_of("U1", "T1", 0, 10) == [at(1.0)])


def test_what_was_asked_before_it_was_kept_by_person_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    before = next(n for n, statement in enumerate(MIGRATIONS) if "ADD COLUMN team" in statement)
    with closing(sqlite3.connect(path)) as db, db:
        for statement in MIGRATIONS[:before]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {before}")
        row = ("Q1", 1.0, time.time() + 60, at(1.0, "Q1").encoded())
        db.execute("INSERT INTO interactions VALUES (?, ?, ?, ?)", row)
    ledger = in_file(path)
    ledger.record(at(2.0), 60)

    assert ledger.interactions_of("U1", "T1", 0, 10) == [at(2.0)]
    assert ledger.interactions(0) == [at(1.0, "Q1"), at(2.0)]


def test_an_interaction_is_forgotten_after_its_time(tmp_path: Path) -> None:
    now, path = 1000.0, tmp_path / "bot.db"
    ledger = in_file(path, lambda: now)
    ledger.record(at(900.0), 10)
    ledger.record(at(800.0), 20)
    now = 1009.9
    assert len(ledger.interactions(0)) == 2
    now = 1010.0
    assert ledger.interactions(0) == [at(800.0)]
    now = 1020.0

    assert ledger.interactions(0) == []


def test_each_is_kept_for_its_own_time(ledger: Ledger) -> None:
    ledger.record(at(1.0), 60)
    ledger.record(at(2.0), 0.2)
    ledger.record(at(3.0), 60)
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)
    ledger.vote(Vote("Q1", "U2", is_up=True), 0.2)

    until(lambda: ledger.interactions(0) == [at(1.0), at(3.0)])
    until(lambda: ledger.votes(0) == [Vote("Q1", "U1", is_up=True)])


@pytest.mark.parametrize("text", ["{", "[]", "7", '"text"', "{}", '{"dollars": "many"}', "\xff\xfe"])
def test_an_interaction_that_nobody_can_read_is_left_out(
    shelf: Shelf, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = shelf.ledger()
    for number in (1.0, 2.0, 3.0):
        ledger.record(at(number), 60)
    shelf.spoil("interaction", "Q2.0", text)

    assert ledger.interactions(0) == [at(1.0), at(3.0)]
    (record,) = caplog.records
    assert ledger.interactions_of("U1", "T1", 0, 10) == [at(3.0), at(1.0)]
    assert (record.message, vars(record)["interaction"]) == ("interaction.unreadable", "Q2.0")


def test_votes_are_read_as_they_were_cast_oldest_first(ledger: Ledger, other: Ledger) -> None:
    votes = [Vote("Q2", "U1", is_up=True), Vote("Q1", "U1", is_up=False, reason="틀렸어요: 🙁\n\0")]
    votes += [Vote(answer, voter, is_up=True) for answer, voter in (("a:b", "c"), ("a", "b:c"))]
    votes += [Vote(text, text, is_up=False, reason=text) for text in ODD]
    for vote in votes:
        ledger.vote(vote, 60)

    assert other.votes(0) == votes


def test_half_a_character_keeps_nothing_from_being_written(journal: Journal, ledger: Ledger) -> None:
    """JSON can carry it, in what people write as in what models do."""
    ledger.vote(Vote("Q1", "U1", is_up=False, reason="why \ud83d"), 60)
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because \ud83d", 60)
    question = Question("T1", "C1", "U1", "Why?", ts="1.0")
    journal.take(question, "Ev1", "A")
    journal.note(question.id, "A", Place("C1", "1.0"), Noted({"answer": Standing("1.1", "Because \ud83d")}))

    assert [vote.reason[:4] for vote in ledger.votes(0)] == ["why "]
    assert ledger.recall("why?") == "Because ?"
    assert [entry.noted.has_answer for entry in journal.beat(Owner("B"), 60).adopted] == [True]


def test_a_vote_can_be_changed(ledger: Ledger, other: Ledger) -> None:
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)
    ledger.vote(Vote("Q1", "U2", is_up=True), 60)
    other.vote(Vote("Q1", "U1", is_up=False, reason="wrong"), 60)

    assert ledger.votes(0) == [
        Vote("Q1", "U2", is_up=True),
        Vote("Q1", "U1", is_up=False, reason="wrong"),
    ]


def test_votes_cast_since_are_read(tmp_path: Path) -> None:
    now = 0.0
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    first, second = Vote("Q1", "U1", is_up=True), Vote("Q1", "U2", is_up=False)
    for now, vote in ((100.0, first), (200.0, second)):  # noqa: B007 - the ledger's clock
        ledger.vote(vote, 1000)

    assert ledger.votes(100.0) == [first, second]
    assert ledger.votes(100.1) == [second]
    now = 1100.0
    assert ledger.votes(0) == [second]
    now = 1200.0
    assert ledger.votes(0) == []


def test_a_vote_is_cast_now(ledger: Ledger) -> None:
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)

    assert len(ledger.votes(time.time() - 30)) == 1
    assert ledger.votes(time.time() + 30) == []


# What is to be done once a day is claimed


def test_what_is_claimed_is_claimed_once(ledger: Ledger, other: Ledger) -> None:
    assert ledger.claim("budget/20000")
    assert not ledger.claim("budget/20000")
    assert not other.claim("budget/20000")
    assert [other.claim(text) for text in ODD] == [True] * len(ODD)
    assert [ledger.claim(text) for text in ODD] == [False] * len(ODD)


def test_of_many_that_claim_at_once_exactly_one_succeeds(shelf: Shelf) -> None:
    ledgers = [shelf.ledger(), shelf.ledger()]
    for turn in range(5):
        claims = [partial(ledgers[n % 2].claim, f"claim {turn}") for n in range(20)]

        assert sorted(at_once(claims)) == [False] * 19 + [True]


def test_a_claim_ends_after_a_day(tmp_path: Path) -> None:
    now = 1000.0
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    assert ledger.claim("budget")
    now += REMEMBERED_SECONDS - 1
    assert not ledger.claim("budget")
    now += 1

    assert ledger.claim("budget")


def test_whoever_asks_knows_what_is_claimed(ledger: Ledger, other: Ledger) -> None:
    for text in ODD:
        assert not ledger.is_claimed(text)
        ledger.claim(text)
        assert other.is_claimed(text)


def test_what_was_claimed_is_so_no_more_when_that_ends(tmp_path: Path) -> None:
    now = 0.0
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.claim("thread", 10.0)
    now = 9.0
    assert ledger.is_claimed("thread")
    now = 10.0
    assert not ledger.is_claimed("thread")


def test_a_claim_can_be_for_longer(tmp_path: Path) -> None:
    now = 1000.0
    ledger = in_file(tmp_path / "bot.db", lambda: now)
    ledger.claim("hint", 2 * REMEMBERED_SECONDS)
    now += 2 * REMEMBERED_SECONDS - 1

    assert not ledger.claim("hint")


def test_a_claim_is_not_prolonged_by_asking(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.shorten(monkeypatch, "REMEMBERED_SECONDS", 0.2)
    ledger = shelf.ledger()
    begun = time.monotonic()
    ledger.claim("budget")

    until(lambda: ledger.claim("budget"))
    assert time.monotonic() - begun >= 0.19


# A store that is gone, and one of old


METHODS: dict[str, Callable[[Ledger], object]] = {
    "admit": lambda ledger: ledger.admit("Q1", "U1", 1, Budget()),
    "reserve": lambda ledger: ledger.reserve("Q1", "U1", 1, Budget()),
    "settle": lambda ledger: ledger.settle("Q1", "U1", 1),
    "recall": lambda ledger: ledger.recall("why?"),
    "lead": lambda ledger: ledger.lead("why?", "A"),
    "keep": lambda ledger: ledger.keep("why?", "A", "Because.", 60),
    "forget": lambda ledger: ledger.forget("how?"),
    "abandon": lambda ledger: ledger.abandon("why?", "A"),
    "record": lambda ledger: ledger.record(INTERACTION, 60),
    "interactions": lambda ledger: ledger.interactions(0),
    "interactions_of": lambda ledger: ledger.interactions_of("U1", "T1", 0, 5),
    "interactions_with": lambda ledger: ledger.interactions_with(["Q1"]),
    "vote": lambda ledger: ledger.vote(Vote("Q1", "U1", is_up=True), 60),
    "votes": lambda ledger: ledger.votes(0),
    "claim": lambda ledger: ledger.claim("budget"),
    "is_claimed": lambda ledger: ledger.is_claimed("budget"),
    "prune": lambda ledger: list(ledger.prune(60, keep_text=False)),
}


def test_no_method_is_forgotten_here() -> None:
    for vendor in (SqliteLedger, RedisLedger):
        assert {name for name in vars(vendor) if not name.startswith("_")} == METHODS.keys()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_a_store_that_is_gone_is_told_of(tmp_path: Path, method: Callable[[Ledger], object]) -> None:
    with fails("unable to open"):
        method(in_file(tmp_path / "none" / "bot.db"))
    with fails("Redis: .*refused"):
        method(RedisLedger(RedisConnection(f"redis://127.0.0.1:{free_port()}")))


def test_both_halves_of_a_store_share_one_place(tmp_path: Path, redis_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/bot.db", redis_url):
        stores, others = open_store(url, ALLOWANCE), open_store(url, ALLOWANCE)
        stores.journal.beat(Owner("A"), 60)
        assert stores.ledger.lead("why?", "A")

        assert not others.ledger.lead("why?", "B")
        assert others.journal.owners() == [Owner("A")]


def test_what_is_over_leaves_the_file(tmp_path: Path) -> None:
    now, path = 20_000 * DAY, tmp_path / "bot.db"
    ledger = in_file(path, lambda: now)
    for method in METHODS.values():
        method(ledger)
    ledger.lead("how?", "A")
    now += 2 * DAY
    ledger.claim("another budget")

    with closing(sqlite3.connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables >= {"admissions", "spendings", "answers", "leads", "interactions", "votes", "claims"}
        left = {table for table in tables if db.execute(f"SELECT * FROM {table}").fetchone()}  # noqa: S608
    assert left == {"claims"}


def test_nothing_is_kept_in_redis_for_ever(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "kept:"))
    for method in METHODS.values():
        method(ledger)
    ledger.lead("why?", "A")
    ledger.keep("why?", "A", "Because.", 60)
    ledger.lead("how?", "A")
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        lives = {name: redis.pttl(name) / 1000 for name in redis.keys("kept:*")}

    kinds = {name.split(":")[1] for name in lives}
    assert kinds == {
        *("admitted", "spending", "day", "answer", "answers", "lead"),
        *("interactions_of", "vote", "votes", "claim"),  # what was asked long ago was pruned
    }
    assert all(0 < life <= 2 * DAY for life in lives.values())
    assert all(life > DAY - 5 for name, life in lives.items() if name.split(":")[1] in ("spending", "day"))


def test_a_list_in_redis_lasts_as_long_as_what_it_lists(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "list:"))
    ledger.record(at(1.0), 3600)
    ledger.record(at(2.0), 60)
    keep(ledger, "why?", 3600)
    keep(ledger, "how?", 60)
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        names = ("interactions", 'interactions_of:["T1", "U1"]', "answers:by_age", "answers:by_end")
        lives = [redis.ttl(f"list:{name}") for name in names]

    assert all(3590 < life <= 3600 for life in lives)


def test_a_list_in_redis_is_as_long_as_what_it_lists(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "short:"))
    ledger.record(at(100.0), 60)
    for number in range(25):
        ledger.record(at(float(number)), 0.05)
    until(lambda: ledger.interactions(0) == [at(100.0)])
    for number in range(3):
        ledger.record(at(101.0 + number), 60)

    with Redis.from_url(redis_url, decode_responses=True) as redis:
        assert redis.zcard("short:interactions") == 4
        assert redis.zcard('short:interactions_of:["T1", "U1"]') == 4


def test_what_redis_knows_of_yesterday_is_settled_on_that_day(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "yesterday:"))
    ledger.admit("Q1", "U1", 10, Budget())
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        day = int(redis.hget("yesterday:spending:Q1", "day") or 0)
        redis.hset("yesterday:spending:Q1", "day", day - 1)
        redis.rename(f"yesterday:day:{day}", f"yesterday:day:{day - 1}")

    assert ledger.settle("Q1", "U1", 4) == DaySpending(day - 1, 4)
    assert ledger.settle("Q2", "U1", 5) == DaySpending(day, 5)
    assert ledger.admit("Q3", "U1", 0, Budget(user_daily=6)) is None
    assert limit_of(ledger.admit("Q4", "U1", 0, Budget(user_daily=5))) is Limit.USER_DAILY


def test_what_left_the_minute_does_not_count_in_redis(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "minute:"))
    ledger.admit("Q1", "U1", 0, Budget())
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        redis.zadd("minute:admitted:U1", {"Q1": time.time() * 1000 - 1})

    assert ledger.admit("Q2", "U1", 0, Budget(questions_per_minute=1)) is None


def test_many_interactions_are_read_from_redis_in_parts(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.redis.ledger._READ_AT_ONCE", 2)
    ledger = RedisLedger(RedisConnection(redis_url, "parts:"))
    for number in range(7):
        ledger.record(at(float(number)), 60)

    assert ledger.interactions(0) == [at(float(number)) for number in range(7)]
    assert ledger.interactions(5) == [at(5.0), at(6.0)]


@pytest.mark.parametrize("text", ["{", "[]", "7", '"text"', "{}", "null"])
def test_a_vote_in_redis_that_nobody_can_read_is_left_out(
    redis_url: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "spoilt:"))
    vote = Vote("Q1", "U2", is_up=True)
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)
    ledger.vote(vote, 60)
    with Redis.from_url(redis_url) as redis:
        redis.set('spoilt:vote:["Q1", "U1"]', text)

    assert ledger.votes(0) == [vote]
    assert [record.message for record in caplog.records] == ["vote.unreadable"]


def test_a_vote_of_a_newer_version_is_read(redis_url: str) -> None:
    ledger = RedisLedger(RedisConnection(redis_url, "newer:"))
    ledger.vote(Vote("Q1", "U1", is_up=True), 60)
    with Redis.from_url(redis_url) as redis:
        redis.set(
            'newer:vote:["Q1", "U1"]', '{"interaction_id": "Q1", "voter": "U1", "is_up": false, "stars": 5}'
        )

    assert ledger.votes(0) == [Vote("Q1", "U1", is_up=False)]


def test_a_file_from_before_there_were_ledgers_becomes_one(tmp_path: Path) -> None:
    """And what was open in it is adopted as ever."""
    path, question = tmp_path / "bot.db", Question("T1", "C1", "U1", "왜?", ts="1.0")
    with closing(sqlite3.connect(path)) as db, db:
        for statement in MIGRATIONS[:BEFORE_LEDGERS]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {BEFORE_LEDGERS}")
        taken = (question.id, time.time() - 5, "gone", encoded(question), "C1", "1.0", '{"ack": "1.1"}')
        db.execute("INSERT INTO questions VALUES (?, ?, ?, 1, ?, ?, ?, ?, NULL)", taken)
    stores = open_store(f"sqlite:///{path}", ALLOWANCE)
    (entry,) = stores.journal.beat(Owner("A"), 60).adopted

    assert entry == Entry(
        question, entry.age, 2, Place("C1", "1.0"), Noted({"ack": Standing("1.1")}, UNKNOWN), deaths=1
    )
    assert 5 <= entry.age < 60
    for method in METHODS.values():
        method(stores.ledger)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
