from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.prices import Price, price_of, read_prices
from bot.core.spending import nano
from bot.core.stream import Usage

# The sample that the promise of $0.002 an interaction is reckoned with.
MICRO = Price(*map(Decimal, ("0.04", "0.14", "0.01", "0.04")))
PRO = Price(*map(Decimal, ("0.80", "3.20", "0.20", "0.80")))
TOKENS = st.integers(0, 10**7)
USAGES = st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS)


def known(model_id: str, region: str = "us-east-1") -> Price:
    price = price_of(model_id, region, {})
    assert price
    return price


def test_the_documented_sample_costs_exactly_what_it_says() -> None:
    dollars = MICRO.of(Usage(50, 30)) + PRO.of(Usage(50, 500))

    assert dollars == Decimal("0.0016462")


def test_with_the_prices_of_the_table_the_sample_costs_less_in_the_us_than_in_apac() -> None:
    cost = {
        geography: known(f"{geography}.amazon.nova-micro-v1:0").of(Usage(50, 30))
        + known(f"{geography}.amazon.nova-pro-v1:0").of(Usage(50, 500))
        for geography in ("us", "apac")
    }

    assert cost == {"us": Decimal("0.00164595"), "apac": Decimal("0.00172829")}


def test_reads_and_writes_of_the_prompt_cache_have_prices_of_their_own() -> None:
    assert PRO.of(Usage(cache_read=1_000_000)) == Decimal("0.20")
    assert PRO.of(Usage(cache_write=1_000_000)) == Decimal("0.80")
    assert known("us.amazon.nova-pro-v1:0").cache_write == Decimal("0.80")


@given(USAGES, USAGES)
def test_what_two_calls_cost_is_the_cost_of_their_tokens_together(one: Usage, other: Usage) -> None:
    assert PRO.of(one) + PRO.of(other) == PRO.of(one + other)


@given(st.decimals("0", "1000", places=12))
def test_what_is_counted_against_a_budget_is_never_less_than_what_was_spent(dollars: Decimal) -> None:
    assert 0 <= nano(dollars) - dollars * 10**9 < 1


@pytest.mark.parametrize(
    ("model_id", "region", "like"),
    [
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0", "eu-west-1", "us"),
        ("arn:aws:bedrock:eu-west-2::foundation-model/amazon.nova-pro-v1:0", "eu-west-2", "eu"),
        ("amazon.nova-pro-v1:0", "us-east-1", "us"),
        ("amazon.nova-pro-v1:0", "ap-northeast-2", "apac"),
        ("eu.amazon.nova-pro-v1:0", "us-east-1", "eu"),
    ],
)
def test_a_model_has_the_price_of_its_geography(model_id: str, region: str, like: str) -> None:
    assert known(model_id, region) == known(f"{like}.amazon.nova-pro-v1:0")


def test_government_regions_have_prices_of_their_own() -> None:
    assert known("amazon.nova-pro-v1:0", "us-gov-west-1").output == Decimal("3.84")


@pytest.mark.parametrize(
    ("model_id", "region"),
    [
        ("us.anthropic.claude-of-tomorrow-v1:0", "us-east-1"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "us-east-1"),
        ("amazon.nova-pro-v1:0", "sa-east-1"),
        ("jp.amazon.nova-pro-v1:0", "ap-northeast-1"),
    ],
)
def test_what_is_not_in_the_table_has_no_price(model_id: str, region: str) -> None:
    assert price_of(model_id, region, {}) is None


def test_the_operators_own_prices_go_before_the_table() -> None:
    own = read_prices('{"us.amazon.nova-pro-v1:0": {"input": 0.1, "output": "0.2", "cache_read": 0.03}}')

    expected = Price(Decimal("0.1"), Decimal("0.2"), Decimal("0.03"), Decimal("0.1"))
    assert price_of("us.amazon.nova-pro-v1:0", "us-east-1", own) == expected
    profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0"
    assert price_of(profile, "us-east-1", own) == expected
    assert price_of("us.amazon.nova-micro-v1:0", "us-east-1", own) == known("us.amazon.nova-micro-v1:0")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "an object with a model id"),
        ('{"m": 3}', "m must have the prices input and output"),
        ('{"m": {"input": 1}}', "m must have the prices input and output"),
        ('{"m": {"input": 1, "output": 2, "outptu": 3}}', "m must have the prices input and output"),
        ('{"m": {"input": "one", "output": 2}}', "must be numbers of dollars"),
        ('{"m": {"input": null, "output": 2}}', "must be numbers of dollars"),
        ('{"m": {"input": NaN, "output": 2}}', "must be numbers of dollars"),
        ('{"m": {"input": -1, "output": 2}}', "must be numbers of dollars"),
        ('{"m": {"input": [1], "output": 2}}', "must be numbers of dollars"),
    ],
)
def test_a_file_of_prices_that_is_wrong_is_told_in_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_prices(text)


LEAVES = st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.floats(), max_size=2)
PRICES = st.fixed_dictionaries(
    {"input": LEAVES, "output": LEAVES}, optional={"cache_read": LEAVES, "outptu": LEAVES}
)


@given(LEAVES | st.dictionaries(st.text(), LEAVES | PRICES))
def test_no_file_of_prices_does_worse_than_that(written: object) -> None:
    try:
        read_prices(json.dumps(written))
    except ValueError:
        return
