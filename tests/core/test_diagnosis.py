"""What a check that went wrong is told to be cured with. Where it can go wrong over the wire: test_doctor."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.core import diagnosis
from bot.core.diagnosis import Status
from bot.core.errors import Fault, ModelError, RateLimited, SlackError, StoreError, Unreachable
from bot.core.prices import Price
from bot.core.stream import Usage

PRICE = Price(Decimal("0.8"), Decimal("3.2"), Decimal("0.2"), Decimal(0))


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (RateLimited(7), "Try again after 7 s."),
        (Unreachable("URLError", "no route"), "Check the network"),
        (SlackError("not_allowed_token_type"), "the one with xapp-"),
        (SlackError("link_disabled"), "switch on Enable Socket Mode"),
        (SlackError("account_inactive"), "with the scope connections:write"),
    ],
)
def test_what_slack_says_has_its_cure(error: SlackError, cure: str) -> None:
    found = diagnosis.of_slack_error(error, "SLACK_APP_TOKEN", "https://slack.com/api/")

    assert found.status is Status.WRONG
    assert cure in found.cure


def test_what_slack_says_in_place_of_hello_has_its_cure() -> None:
    found = diagnosis.of_greeting({"type": "disconnect", "reason": "link_disabled"})

    assert (found.status, "switch on Enable Socket Mode" in found.cure) == (Status.WRONG, True)


def test_other_connections_are_counted_without_ones_own() -> None:
    assert "that are open: 2 of ten" in diagnosis.of_greeting({"type": "hello", "num_connections": 3}).detail
    assert "that are open: 0 of ten" in diagnosis.of_greeting({"type": "hello"}).detail


NOT_AUTHORIZED = "not authorized to perform: bedrock:CallWithBearerToken on resource: *"
KEY_INVALID = "Authentication failed: Please make sure your API Key is valid."
KEY_EXPIRED = "Bearer Token has expired"
KEY_MALFORMED = "Invalid API Key format: Must start with pre-defined prefix"


@pytest.mark.parametrize(
    ("error", "setting", "cure"),
    [
        (ModelError(Fault.NOT_SET_UP, "ExpiredToken"), "", "Renew the credentials"),
        (ModelError(Fault.NOT_SET_UP, "SignatureDoesNotMatch"), "", "Copy the AWS credentials again"),
        (ModelError(Fault.NOT_SET_UP, "AccessDeniedException"), "", "Let IAM allow bedrock:InvokeModel"),
        (
            ModelError(Fault.NOT_SET_UP, "AccessDeniedException", f"User is {NOT_AUTHORIZED}"),
            "",
            "Let IAM allow bedrock:CallWithBearerToken on *",
        ),
        (ModelError(Fault.NOT_SET_UP, "AccessDeniedException", KEY_INVALID), "", "API key in eu-west-1"),
        (ModelError(Fault.NOT_SET_UP, "AccessDeniedException", KEY_EXPIRED), "", "lives 12 hours at most"),
        (ModelError(Fault.NOT_SET_UP, "AccessDeniedException", KEY_MALFORMED), "", "start the bot again"),
        (ModelError(Fault.NOT_SET_UP, "LoginRefreshRequired"), "", "aws login for AWS_PROFILE"),
        (
            ModelError(Fault.OVER_QUOTA, "ThrottlingException"),
            "",
            "more tokens per day of the model in eu-west",
        ),
        (ModelError(Fault.NOT_SET_UP, "InvalidEndpointConfigurationError"), "", "needs https"),
        (ModelError(Fault.FAILED, "ValidationException"), "PRO_MODEL_ID", "Choose in PRO_MODEL_ID"),
        (ModelError(Fault.FAILED, "ValidationException"), "", "Try again in some minutes"),
        (ModelError(Fault.BUSY, "ThrottlingException"), "", "Service Quotas in eu-west-1"),
        (ModelError(Fault.FAILED, "ServiceQuotaExceededException"), "", "Service Quotas in eu-west-1"),
        (ModelError(Fault.NOT_SET_UP, "NoCredentialsError"), "", "Set AWS_ACCESS_KEY_ID"),
        (ModelError(Fault.UNAVAILABLE, "EndpointConnectionError"), "", "Check the network"),
        (ModelError(Fault.UNAVAILABLE, "InternalServerException", request_id="1-2"), "", "health.aws"),
    ],
)
def test_what_aws_says_has_its_cure(error: ModelError, setting: str, cure: str) -> None:
    found = diagnosis.of_aws_error(error, "amazon.nova-pro-v1:0", "eu-west-1", setting)

    assert found.status is Status.WRONG
    assert cure in found.cure


def test_a_model_whose_price_is_not_known_is_a_warning() -> None:
    found = diagnosis.of_price([("amazon.nova-micro-v1:0", PRICE), ("my-own", None)], has_guardrail=False)

    assert found.status is Status.WARNING
    assert "the price of my-own is not known" in found.detail


@pytest.mark.parametrize(
    ("model_id", "region", "abroad"),
    [
        ("apac.amazon.nova-pro-v1:0", "ap-northeast-2", "Asia and the Pacific, so questions leave Korea"),
        ("eu.amazon.nova-pro-v1:0", "eu-west-1", "in several countries of the European Union"),
        ("amazon.nova-pro-v1:0", "us-east-1", ""),
    ],
)
def test_where_an_answer_may_come_from_is_told_as_far_as_it_is_known(
    model_id: str, region: str, abroad: str
) -> None:
    assert diagnosis.of_answer(model_id, region, PRICE, Usage(10, 1)).detail.endswith(abroad or "0.000012")
    assert " for $" not in diagnosis.of_answer(model_id, region, None, Usage(10, 1)).detail


def test_a_store_that_is_too_slow_for_a_hundred_at_once_is_a_warning() -> None:
    assert diagnosis.of_store("bot.db", 0.2, 0.029, 0.001).status is Status.OK
    assert diagnosis.of_store("bot.db", 0.0, 0.030, 0.001).status is Status.WARNING
    assert diagnosis.of_store("bot.db", 0.0, 0.001, 0.030).status is Status.WARNING


def test_only_a_store_that_is_locked_is_held_by_somebody() -> None:
    assert "End the process" in diagnosis.of_store_error("bot.db", StoreError("database is locked")).cure
    assert "Let STORE_URL" in diagnosis.of_store_error("bot.db", StoreError("disk is full")).cure


def test_a_date_that_cannot_be_read_tells_no_time() -> None:
    date = "Fri, 27 Nov 2026 12:00:00 GMT"
    assert diagnosis.skew(date, 1795780805.0) == 5.0
    assert diagnosis.skew("yesterday", 1795780805.0) is None


@pytest.mark.parametrize(
    ("skews", "status"),
    [
        ({}, Status.SKIPPED),
        ({"Slack's": 60.0, "AWS's": -60.0}, Status.OK),
        ({"Slack's": -61.0}, Status.WARNING),
        ({"Slack's": 1.0, "AWS's": 301.0}, Status.WRONG),
    ],
)
def test_a_clock_is_judged_by_the_platform_it_is_farthest_from(
    skews: dict[str, float], status: Status
) -> None:
    assert diagnosis.of_clock(skews).status is status
