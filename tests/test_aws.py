"""Whom the bot calls on AWS, and what is in the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.aws import reach_aws
from bot.core.interaction import Voice
from bot.settings import Settings


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def problems(region: str | None, micro: str | None = None, pro: str | None = None) -> list[str]:
    settings = Settings("xoxb-1", "xapp-1", aws_region=region, micro_model_id=micro, pro_model_id=pro)
    return reach_aws(settings, [])[1]


@pytest.mark.parametrize(
    ("region", "prefix"),
    [
        ("us-east-1", "us."),
        ("eu-south-2", "eu."),
        ("eu-west-2", ""),
        ("ap-northeast-2", "apac."),
        ("us-gov-west-1", ""),
    ],
)
def test_a_region_with_nova_needs_no_model_ids(region: str, prefix: str) -> None:
    aws, found = reach_aws(Settings("xoxb-1", "xapp-1", aws_region=region), [])

    assert (found, aws and aws.unpriced) == ([], "")
    assert aws
    assert aws.models[Voice.ACKNOWLEDGEMENT] == f"{prefix}amazon.nova-micro-v1:0"
    assert aws.models[Voice.ANSWER] == f"{prefix}amazon.nova-pro-v1:0"


@pytest.mark.parametrize(
    "region",
    [
        "eu-central-2",
        "ca-central-1",
        "sa-east-1",
        "me-south-1",
        "af-south-1",
        "il-central-1",
        "cn-north-1",
        "us-gov-east-1",
    ],
)
def test_a_region_without_nova_is_told_with_its_fix_unless_both_models_are_named(region: str) -> None:
    (problem,) = problems(region)

    assert problem.startswith(f"AWS_REGION is {region}, which offers Nova Micro and Nova Pro neither")
    assert "Choose another region, like " in problem
    assert "set MICRO_MODEL_ID and PRO_MODEL_ID" in problem
    assert problems(region, micro="a", pro="b") == []


def test_only_the_model_that_is_lacking_is_asked_for() -> None:
    (problem,) = problems("eu-central-2", micro="a")
    assert "offers Nova Pro neither" in problem
    assert "set PRO_MODEL_ID to" in problem
    (problem,) = problems("us-west-1")
    assert "offers Nova Micro neither" in problem
    assert problems("us-west-1", micro="a") == []


def test_where_no_region_is_chosen_that_alone_is_told() -> None:
    (problem,) = problems(None)

    assert problem.startswith("AWS_REGION is missing")


def test_the_policy_of_the_docs_allows_what_the_bot_calls_and_api_keys() -> None:
    page = (Path(__file__).parent.parent / "docs/security.md").read_text()
    (found,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    models, keys = json.loads(found)["Statement"]

    assert models["Action"] == ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    assert not {"*"} & set(models["Resource"])
    assert keys == {"Effect": "Allow", "Action": "bedrock:CallWithBearerToken", "Resource": "*"}
