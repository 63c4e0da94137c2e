"""When a model is tried again, and which model it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Fault, ModelError
from bot.core.models import default_model
from bot.core.retry import delay


def failing(tries: int) -> ModelError:
    return ModelError(Fault.BUSY, "ThrottlingException", tries=tries)


@pytest.mark.parametrize(("tries", "longest"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 4.0), (9, 4.0)])
def test_waits_grow_up_to_a_bound(tries: int, longest: float) -> None:
    assert delay(failing(tries=10), tries, chance=1.0) == longest
    assert delay(failing(tries=10), tries, chance=0.25) == longest / 4
    assert delay(failing(tries=10), tries, chance=0.0) == 0.0


@given(st.integers(1, 5), st.floats(0, 1))
def test_an_error_says_how_often_it_is_worth_trying(worth: int, chance: float) -> None:
    waits = [delay(failing(worth), tries, chance) for tries in range(1, 8)]

    assert [wait is None for wait in waits] == [tries >= worth for tries in range(1, 8)]


def test_an_error_is_not_tried_again_unless_it_says_so() -> None:
    assert delay(ModelError(Fault.FAILED, "ValidationException"), tries=1, chance=0.5) is None


@pytest.mark.parametrize(
    ("region", "model"),
    [
        ("us-east-1", "us.amazon.nova-pro-v1:0"),
        ("us-west-2", "us.amazon.nova-pro-v1:0"),
        ("us-gov-west-1", "amazon.nova-pro-v1:0"),
        ("eu-central-1", "eu.amazon.nova-pro-v1:0"),
        ("ap-northeast-2", "apac.amazon.nova-pro-v1:0"),
        ("ap-southeast-2", "apac.amazon.nova-pro-v1:0"),
        ("me-central-1", "amazon.nova-pro-v1:0"),
        ("None", "amazon.nova-pro-v1:0"),
    ],
)
def test_nova_is_reached_through_the_profile_of_the_regions_geography(region: str, model: str) -> None:
    assert default_model("pro", region) == model


def test_both_models_are_named_alike() -> None:
    assert default_model("micro", "ap-northeast-2") == "apac.amazon.nova-micro-v1:0"
