from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.draft import Outcome
from bot.core.figures import Kept, Spread, figures
from bot.core.interaction import Interaction, Vote, read_interaction
from bot.core.stream import Usage

GOOD = Interaction(
    id="T1/C1/1.0",
    team="T1",
    channel="C1",
    user="U1",
    asked_at=1_000.0,
    way_in="mention",
    language="ko",
    outcome="whole",
    ack_s=0.4,
    first_words_s=1.1,
    whole_s=6.5,
    first_token_s=0.8,
    usage=Usage(300, 530),
    tokens_per_s=90.0,
    dollars=Decimal("0.00184595"),
    tries=1,
    edits=14,
)
SECONDS = st.none() | st.floats(0, 100)
INTERACTIONS = st.builds(
    Interaction,
    id=st.text(),
    team=st.text(),
    channel=st.text(),
    user=st.text(),
    asked_at=st.floats(0, 4e9),
    way_in=st.sampled_from(["mention", "command", "direct_message"]),
    language=st.sampled_from(["en", "ko"]),
    outcome=st.sampled_from([each.value for each in Outcome] + ["stood", "refused"]),
    fault=st.sampled_from(["", "stopped", "busy"]),
    ack_s=SECONDS,
    first_words_s=SECONDS,
    whole_s=SECONDS,
    dollars=st.none() | st.decimals(0, 1, places=12),
    question=st.none() | st.text(),
)


@given(INTERACTIONS)
def test_what_is_written_down_is_read_back_exactly(interaction: Interaction) -> None:
    assert read_interaction(interaction.encoded()) == interaction


def test_what_a_newer_version_wrote_is_read_without_what_is_not_known() -> None:
    written = GOOD.encoded().replace("{", '{"mood": "sunny", ', 1)

    assert read_interaction(written) == GOOD


@pytest.mark.parametrize("written", ["", "[]", "{}", '{"dollars": "a lot"}', "nonsense"])
def test_what_cannot_be_read_is_told_from_what_can(written: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_interaction(written)


def test_a_good_answer_keeps_every_promise() -> None:
    found = figures([GOOD])

    kept = (found.first_words, found.whole, found.cost, found.satisfied_in_time)
    assert kept == (Kept(1, 1),) * 4
    assert (found.asked, found.dollars, found.usage, found.tries) == (1, GOOD.dollars, GOOD.usage, 1)
    assert found.satisfied_votes.share is None


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"ack_s": 2.0, "first_words_s": 2.1}, {"first_words", "satisfied_in_time"}),
        ({"ack_s": None, "first_words_s": None}, {"first_words", "satisfied_in_time"}),
        ({"whole_s": 15.0}, {"whole", "satisfied_in_time"}),
        ({"outcome": "cut"}, {"whole", "satisfied_in_time"}),
        ({"outcome": "failed"}, {"whole", "satisfied_in_time"}),
        ({"outcome": "refused", "whole_s": None}, {"whole", "satisfied_in_time"}),
        ({"dollars": Decimal("0.002")}, {"cost"}),
        ({"ack_s": None}, set()),  # the answer itself began in time
        ({"outcome": "length_limit"}, set()),
        ({"first_words_s": 8.0}, set()),  # its acknowledgement stood
    ],
)
def test_each_promise_is_broken_by_what_breaks_it(change: dict[str, object], broken: set[str]) -> None:
    found = figures([replace(GOOD, **change)])  # type: ignore[arg-type]

    names = ("first_words", "whole", "cost", "satisfied_in_time")
    assert {name for name in names if not getattr(found, name).times} == broken


def test_an_answer_that_its_asker_stopped_is_promised_no_end() -> None:
    found = figures([GOOD, replace(GOOD, outcome="cut", fault="stopped")])

    assert (found.whole, found.satisfied_in_time) == (Kept(1, 1), Kept(1, 1))
    assert (found.first_words, found.asked) == (Kept(2, 2), 2)


@pytest.mark.parametrize("outcome", ["notice", "over_budget", "stood"])
def test_what_is_no_answer_of_this_process_counts_for_no_promise(outcome: str) -> None:
    found = figures([replace(GOOD, outcome=outcome)])

    assert (found.asked, found.first_words, found.dollars) == (0, Kept(0, 0), Decimal(0))
    assert found.refused_over_budget == (outcome == "over_budget")


def test_what_has_no_price_is_counted_apart() -> None:
    found = figures([GOOD, replace(GOOD, dollars=None)])

    assert (found.cost, found.without_price, found.dollars) == (Kept(1, 1), 1, GOOD.dollars)


def test_percentiles_are_values_that_were_measured() -> None:
    found = figures(replace(GOOD, whole_s=float(seconds)) for seconds in range(1, 101))

    assert found.spreads["whole_s"] == Spread(50.0, 95.0, 100.0)
    assert "refused" not in found.spreads


def test_satisfaction_is_the_share_of_votes_that_are_up_too() -> None:
    votes = [Vote("1", "U1", is_up=True), Vote("1", "U2", is_up=False), Vote("2", "U1", is_up=True)]

    assert figures([GOOD], votes).satisfied_votes == Kept(2, 3)


@given(st.lists(INTERACTIONS))
def test_no_promise_is_kept_more_often_than_it_was_made(interactions: list[Interaction]) -> None:
    found = figures(interactions)

    for kept in (found.first_words, found.whole, found.cost, found.satisfied_in_time):
        assert 0 <= kept.times <= kept.of <= found.asked
    assert found.satisfied_in_time.times <= min(found.first_words.times, found.whole.times)
    assert sum(found.outcomes.values()) == found.asked == sum(found.ways_in.values())
