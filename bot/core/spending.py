"""How much may be asked in a day and a minute, and who asks for more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from enum import Enum
from math import ceil
from typing import TypeAlias

from bot.core.texts import Texts

DAY_SECONDS = 86_400
MINUTE_SECONDS = 60
_WARN_AT = Decimal("0.8")

# Whole numbers, which every store adds exactly. A billionth is below the price of any token.
NanoDollars: TypeAlias = int


def nano(dollars: Decimal) -> NanoDollars:
    """`dollars` in billionths, rounded up."""
    return int((dollars * 10**9).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True)
class Budget:
    """What may be spent in a day (UTC) by all and by one person, and what one person may ask in 60 s.

    None: as much as they like.
    """

    daily: NanoDollars | None = None
    user_daily: NanoDollars | None = None
    questions_per_minute: int | None = None

    @property
    def is_unlimited(self) -> bool:
        """Whether there is nothing to count."""
        return self == Budget()

    @property
    def without_dollars(self) -> Budget:
        """What still holds for an answer that costs nothing."""
        return replace(self, daily=None, user_daily=None)

    def less(self, spent: NanoDollars) -> Budget:
        """Return the budget that is left after so much."""
        daily, user_daily = (
            None if limit is None else limit - spent for limit in (self.daily, self.user_daily)
        )
        return replace(self, daily=daily, user_daily=user_daily)

    def is_nearly_spent(self, spent: NanoDollars) -> bool:
        """Whether operators are to be warned that so much of the daily budget is gone."""
        return self.daily is not None and spent >= self.daily * _WARN_AT


class Limit(Enum):
    """What keeps a question from being answered."""

    QUESTIONS_PER_MINUTE = "questions_per_minute"
    USER_DAILY = "user_daily"
    DAILY = "daily"


@dataclass(frozen=True)
class Refusal:
    """A question is over `limit`, which begins anew in so many seconds."""

    limit: Limit
    seconds: float


@dataclass(frozen=True)
class DaySpending:
    """What all spend on one day: the number of the day since 1970-01-01 (UTC), and how much."""

    day: int
    spent: NanoDollars


def refusal_in(texts: Texts, refusal: Refusal) -> str:
    """What the asker is told."""
    sentence = {
        Limit.QUESTIONS_PER_MINUTE: texts.over_rate,
        Limit.USER_DAILY: texts.over_user_budget,
        Limit.DAILY: texts.over_daily_budget,
    }[refusal.limit]
    seconds = max(1, ceil(refusal.seconds))
    minutes = ceil(seconds / 60)
    return sentence.format(seconds=seconds, hours=minutes // 60, minutes=minutes % 60)
