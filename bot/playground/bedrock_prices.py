"""What the tokens of Nova cost on demand in us-east-1: https://aws.amazon.com/bedrock/pricing/"""

from __future__ import annotations

from collections.abc import Mapping

_MILLION = 1_000_000
# Dollars for a million tokens. Nova writes its prompt cache at the price of input.
_PRICES = {
    "amazon.nova-micro-v1:0": {
        "inputTokens": 0.035,
        "outputTokens": 0.14,
        "cacheReadInputTokens": 0.00875,
        "cacheWriteInputTokens": 0.035,
    },
    "amazon.nova-pro-v1:0": {
        "inputTokens": 0.80,
        "outputTokens": 3.20,
        "cacheReadInputTokens": 0.20,
        "cacheWriteInputTokens": 0.80,
    },
}


def dollars(model_id: str, usage: Mapping[str, int]) -> float | None:
    """What Bedrock would ask for a call with the `usage` that it told, or None if the price is not known.

    `model_id` is a model's own id, or that of its inference profile in the US.
    """
    prices = _PRICES.get(model_id.removeprefix("us."))
    if prices is None:
        return None
    return sum(usage.get(kind, 0) * price for kind, price in prices.items()) / _MILLION
