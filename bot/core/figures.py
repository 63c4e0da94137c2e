"""What many interactions come to, and how well the promises were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from bot.core.draft import Outcome
from bot.core.errors import Fault
from bot.core.interaction import Interaction, Vote
from bot.core.stream import Usage

FIRST_WORDS_SECONDS = 2.0
WHOLE_SECONDS = 15.0
DOLLARS = Decimal("0.002")
SATISFIED = 0.9

# Fixed sentences; an answer whose process did not live to tell of it; one to a question that was changed, or
# to somebody who may not ask.
_UNASKED = {Outcome.NOTICE.value, Outcome.OVER_BUDGET.value, "stood", "amended", "denied", "withdrawn"}
_COMPLETE = {Outcome.WHOLE.value, Outcome.LENGTH_LIMIT.value}


@dataclass(frozen=True)
class Kept:
    """A promise that was kept `times` out of `of`."""

    times: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing was promised to anybody."""
        return self.times / self.of if self.of else None


@dataclass(frozen=True)
class Spread:
    """A figure over many interactions: its median, its 95th percentile (nearest rank) and its greatest."""

    p50: float
    p95: float
    most: float


@dataclass(frozen=True)
class Figures:
    """Figures of a period. Spreads are by the names of an Interaction's fields, without those of no value.

    `satisfied_in_time` and `satisfied_votes` are the two senses of satisfaction: interactions whose first
    words and whole answer both came in time, and votes that are up.
    """

    asked: int
    refused_over_budget: int
    from_cache: int
    ways_in: Mapping[str, int]
    outcomes: Mapping[str, int]
    faults: Mapping[str, int]
    spreads: Mapping[str, Spread]
    usage: Usage
    dollars: Decimal
    estimated: int
    without_price: int
    tries: int
    edits: int
    rate_limited: int
    first_words: Kept
    whole: Kept
    cost: Kept
    satisfied_in_time: Kept
    satisfied_votes: Kept


_SPREADS: Mapping[str, Callable[[Interaction], float | None]] = {
    "ack_s": lambda one: one.ack_s,
    "first_sign_s": lambda one: one.first_sign_s,
    "first_words_s": lambda one: one.first_words_s,
    "whole_s": lambda one: one.whole_s,
    "first_token_s": lambda one: one.first_token_s,
    "tokens_per_s": lambda one: one.tokens_per_s,
    "dollars": lambda one: None if one.dollars is None else float(one.dollars),
    "edits": lambda one: one.edits,
}


def figures(interactions: Iterable[Interaction], votes: Collection[Vote] = ()) -> Figures:
    """What `interactions` and `votes` come to.

    An answer that its asker stopped is promised no end; a fixed sentence in place of one is no answer.
    """
    everything = list(interactions)
    asked = [one for one in everything if one.outcome not in _UNASKED]
    awaited = [one for one in asked if one.fault != Fault.STOPPED.value]
    priced = [one.dollars for one in asked if one.dollars is not None]
    return Figures(
        asked=len(asked),
        refused_over_budget=len([one for one in everything if one.outcome == Outcome.OVER_BUDGET.value]),
        from_cache=sum(one.is_from_cache for one in asked),
        ways_in=dict(Counter(one.way_in for one in asked)),
        outcomes=dict(Counter(one.outcome for one in asked)),
        faults=dict(Counter(one.fault for one in asked if one.fault)),
        spreads={name: found for name, value in _SPREADS.items() if (found := _spread(map(value, asked)))},
        usage=sum((one.usage for one in asked), Usage()),
        dollars=sum(priced, Decimal(0)),
        estimated=sum(one.usage.is_estimate for one in asked),
        without_price=len(asked) - len(priced),
        tries=sum(one.tries for one in asked),
        edits=sum(one.edits for one in asked),
        rate_limited=sum(one.refused for one in asked),
        first_words=Kept(sum(map(_began_in_time, asked)), len(asked)),
        whole=Kept(sum(map(_ended_in_time, awaited)), len(awaited)),
        cost=Kept(sum(dollars < DOLLARS for dollars in priced), len(priced)),
        satisfied_in_time=Kept(
            sum(_began_in_time(one) and _ended_in_time(one) for one in awaited), len(awaited)
        ),
        satisfied_votes=Kept(sum(vote.is_up for vote in votes), len(votes)),
    )


def _began_in_time(one: Interaction) -> bool:
    return one.first_sign_s is not None and one.first_sign_s < FIRST_WORDS_SECONDS


def _ended_in_time(one: Interaction) -> bool:
    return one.outcome in _COMPLETE and one.whole_s is not None and one.whole_s < WHOLE_SECONDS


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return Spread(*(known[ceil(share * len(known)) - 1] for share in (0.5, 0.95, 1.0)))
