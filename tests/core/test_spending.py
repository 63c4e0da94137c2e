from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.spending import Budget, Limit, Refusal, nano, refusal_in
from bot.core.texts import Language, texts_in


@pytest.mark.parametrize(
    ("refusal", "language", "told"),
    [
        (Refusal(Limit.QUESTIONS_PER_MINUTE, 41.2), Language.EN, "Please ask again in 42 s."),
        (Refusal(Limit.QUESTIONS_PER_MINUTE, 0.0), Language.EN, "Please ask again in 1 s."),
        (Refusal(Limit.USER_DAILY, 3 * 3600 + 61), Language.EN, "It begins anew in 3 h 2 min."),
        (Refusal(Limit.DAILY, 59.0), Language.EN, "It begins anew in 0 h 1 min."),
        (Refusal(Limit.QUESTIONS_PER_MINUTE, 41.2), Language.KO, "42초 후에 다시 질문해 주세요."),
        (Refusal(Limit.DAILY, 86_400.0), Language.KO, "24시간 0분 후에 다시 시작됩니다."),
    ],
)
def test_who_asked_too_much_is_told_when_to_ask_again(
    refusal: Refusal, language: Language, told: str
) -> None:
    assert refusal_in(texts_in(language), refusal).endswith(told)


@given(st.floats(0, 86_400))
def test_nobody_is_told_a_time_that_is_too_early(seconds: float) -> None:
    words = refusal_in(texts_in(Language.EN), Refusal(Limit.QUESTIONS_PER_MINUTE, seconds))

    told = int(words.rpartition(" s.")[0].rpartition(" ")[2])
    assert seconds <= told <= max(1.0, seconds + 1)


def test_operators_are_warned_from_four_fifths_of_the_budget_on() -> None:
    budget = Budget(daily=nano(Decimal("1.00")))

    assert not budget.is_nearly_spent(nano(Decimal("0.799999999")))
    assert budget.is_nearly_spent(nano(Decimal("0.80")))
    assert not Budget(user_daily=1).is_nearly_spent(10**12)


def test_an_answer_that_costs_nothing_is_counted_as_a_question_all_the_same() -> None:
    budget = Budget(daily=1, user_daily=1, questions_per_minute=5)

    assert budget.without_dollars == Budget(questions_per_minute=5)
    assert Budget(daily=1).without_dollars.is_unlimited
    assert not budget.is_unlimited
