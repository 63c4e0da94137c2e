"""What a call costs, in exact dollars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.core.models import geography_of
from bot.core.stream import Usage

_PER = 1_000_000


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens of each kind."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def of(self, usage: Usage) -> Decimal:
        """The dollars that `usage` comes to."""
        return (
            usage.input * self.input
            + usage.output * self.output
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
        ) / _PER


def shown(dollars: Decimal, *, is_estimate: bool) -> str:
    """`dollars` as people read them; "~" stands before what is an estimate."""
    return f"{'~' if is_estimate else ''}${dollars:.4f}" if dollars else "$0"


def _nova(input_price: str, output_price: str, cache_read: str) -> Price:
    # Nova writes its prompt cache at the price of input: https://aws.amazon.com/bedrock/pricing/
    return Price(Decimal(input_price), Decimal(output_price), Decimal(cache_read), Decimal(input_price))


# On demand, standard tier, as of 2026-11-22. The us rows are those of AWS's price list for us-east-1,
# https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonBedrock/current/us-east-1/index.json,
# the others those that LiteLLM 1.109.1 gives in its model_prices_and_context_window.json. Within eu and apac
# prices differ a little by region; PRICES_FILE has the last word.
_PRICES = {
    ("us", "amazon.nova-micro-v1:0"): _nova("0.035", "0.14", "0.00875"),
    ("us", "amazon.nova-lite-v1:0"): _nova("0.06", "0.24", "0.015"),
    ("us", "amazon.nova-pro-v1:0"): _nova("0.80", "3.20", "0.20"),
    ("us", "amazon.nova-2-lite-v1:0"): _nova("0.33", "2.75", "0.0825"),
    ("us-gov", "amazon.nova-micro-v1:0"): _nova("0.042", "0.168", "0.0105"),
    ("us-gov", "amazon.nova-lite-v1:0"): _nova("0.072", "0.288", "0.018"),
    ("us-gov", "amazon.nova-pro-v1:0"): _nova("0.96", "3.84", "0.24"),
    ("eu", "amazon.nova-micro-v1:0"): _nova("0.046", "0.184", "0.0115"),
    ("eu", "amazon.nova-lite-v1:0"): _nova("0.078", "0.312", "0.0195"),
    ("eu", "amazon.nova-pro-v1:0"): _nova("1.05", "4.20", "0.2625"),
    ("eu", "amazon.nova-2-lite-v1:0"): _nova("0.429", "3.597", "0.10725"),
    ("apac", "amazon.nova-micro-v1:0"): _nova("0.037", "0.148", "0.00925"),
    ("apac", "amazon.nova-lite-v1:0"): _nova("0.063", "0.252", "0.01575"),
    ("apac", "amazon.nova-pro-v1:0"): _nova("0.84", "3.36", "0.21"),
    ("jp", "amazon.nova-2-lite-v1:0"): _nova("0.396", "3.311", "0.099"),
    ("global", "amazon.nova-2-lite-v1:0"): _nova("0.30", "2.50", "0.075"),
}
_GEOGRAPHIES = {geography for geography, _ in _PRICES}


def price_of(model_id: str, region: str, own: Mapping[str, Price]) -> Price | None:
    """The price of a model for a caller in the AWS `region`, or None if it is not known.

    `own` are the operator's prices by model id, as PRICES_FILE gives them. An inference profile has the price
    of its geography; a plain model id that of the geography around `region`.
    """
    name = model_id.rpartition("/")[2]  # of an ARN, the last part is the id
    if found := own.get(model_id) or own.get(name):
        return found
    geography, dot, model = name.partition(".")
    if dot and geography in _GEOGRAPHIES:
        return _PRICES.get((geography, model))
    return _PRICES.get((geography_of(region), name))


def read_prices(text: str) -> dict[str, Price]:
    """The prices in a PRICES_FILE: `{"model id": {"input": 0.8, "output": 3.2, "cache_read": 0.2, …}}`.

    Dollars for a million tokens; `cache_read` and `cache_write` are the price of input where they are left
    out. Raises ValueError with a sentence that says what is wrong.
    """
    try:
        written = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from error
    if not isinstance(written, dict):
        raise ValueError("it must be an object with a model id for each name")  # noqa: TRY004 - one kind of error
    return {str(model_id): _price(model_id, values) for model_id, values in written.items()}


def _price(model_id: str, values: Any) -> Price:
    known = [each.name for each in fields(Price)]
    if not isinstance(values, dict) or not {"input", "output"} <= values.keys() <= set(known):
        raise ValueError(
            f"{model_id} must have the prices input and output, and may have cache_read and cache_write"
        )
    try:
        prices = {name: Decimal(values[name if name in values else "input"]) for name in known}
    except (InvalidOperation, TypeError, ValueError):
        prices = {}
    if not prices or not all(price.is_finite() and price >= 0 for price in prices.values()):
        raise ValueError(f"the prices of {model_id} must be numbers of dollars for a million tokens")
    return Price(**prices)
