"""When a model is tried again, and which model it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Fault, ModelError
from bot.core.models import can_call, default_model, regions_like
from bot.core.retry import delay
from bot.playground.bedrock_regions import region_complaint


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


# https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html
US, EU = "us-east-1 us-east-2 us-west-2", "eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-3"
APAC = (
    "ap-east-2 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 "
    "ap-southeast-5 ap-southeast-7"
)
REGIONS = {"us.": US, "eu.": EU, "apac.": APAC, "": "eu-west-2 us-gov-west-1"}
WITHOUT = (
    "af-south-1 ap-east-1 ap-northeast-3 ap-south-2 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 "
    "eu-central-2 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-gov-east-1 seoul None"
)


@pytest.mark.parametrize(
    ("prefix", "region"),
    [(prefix, region) for prefix, regions in REGIONS.items() for region in regions.split()],
)
@pytest.mark.parametrize("name", ["micro", "pro"])
def test_nova_is_called_by_the_profile_of_the_regions_geography_or_by_its_bare_id(
    name: str, prefix: str, region: str
) -> None:
    assert default_model(name, region) == f"{prefix}amazon.nova-{name}-v1:0"
    assert can_call(name, region)
    assert region_complaint(default_model(name, region), region) is None  # as the playground has it of AWS


@pytest.mark.parametrize(("region", "model"), [("us-west-1", "us."), ("ap-southeast-4", "apac.")])
def test_some_regions_have_nova_pro_alone(region: str, model: str) -> None:
    assert default_model("pro", region) == f"{model}amazon.nova-pro-v1:0"
    assert (can_call("pro", region), can_call("micro", region)) == (True, False)
    assert region_complaint(default_model("pro", region), region) is None


@pytest.mark.parametrize("region", WITHOUT.split())
@pytest.mark.parametrize("name", ["micro", "pro"])
def test_from_other_regions_nova_cannot_be_called(name: str, region: str) -> None:
    assert not can_call(name, region)
    assert default_model(name, region) == f"amazon.nova-{name}-v1:0"


@pytest.mark.parametrize(
    ("region", "near"),
    [
        ("eu-central-2", "eu-central-1"),
        ("us-west-1", "us-east-1"),
        ("ap-northeast-3", "ap-northeast-2"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("sa-east-1", "us-east-1"),
        ("cn-north-1", "ap-east-2"),
    ],
)
def test_a_region_that_can_do_is_found_near_one_that_cannot(region: str, near: str) -> None:
    found = regions_like(region)

    assert near in found
    assert all(can_call(name, each) for each in found for name in ("micro", "pro"))
    assert ("us-gov-west-1" in found) is region.startswith("us-gov")
