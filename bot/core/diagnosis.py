"""What follows from what the platforms, the store and the clock said: is it well, and what cures it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from bot.core.conversation import Role, Turn
from bot.core.errors import Fault, ModelError, SlackError, StoreError, Unreachable
from bot.core.prices import Price
from bot.core.prompts import Prompt
from bot.core.slack_setup import MAX_CONNECTIONS, NEEDED_SCOPES, fix, ghosts, missing, of_connection
from bot.core.stream import Usage

# The shortest question there is. A tokenizer can make no more tokens of it than it has bytes, which are 24;
# the rest is room for what the service puts around it.
PROBE = Prompt("Answer in one word.", (Turn(Role.USER, "Hello"),), max_tokens=1, temperature=0.0)
_MOST_USED = Usage(input=100, output=PROBE.max_tokens)

# A hundred who ask at once are written down one after the other, and each event is to be acknowledged within
# 3 s: https://docs.slack.dev/apis/events-api
_SLOW_SECONDS = 3.0 / 100
# AWS refuses what was signed more than five minutes before or after its own time:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
_SKEW_REFUSED, _SKEW_SUSPECT = 300.0, 60.0

_SLACK_WAY = "Check the network, a proxy in HTTPS_PROXY, and SLACK_API_URL."

# Where a profile lets requests be answered:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_DESTINATIONS = {
    "us": "in several regions of the United States",
    "eu": "in several countries of the European Union",
    "apac": "in several countries of Asia and the Pacific",
    "global": "in any country with a commercial AWS region",
}
_HOMES = {"ap-northeast-2": "Korea", "ap-northeast-1": "Japan", "ap-northeast-3": "Japan"}

_EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "CredentialRetrievalError", "SSOError",
    "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "LoginRefreshRequired",
    "LoginTokenLoadError", "LoginError",
}  # fmt: skip
_REFUSED_KEYS = {
    "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}  # fmt: skip
RENEW_ENVIRONMENT = (
    "Put new credentials into the environment, or into the file .env, and start the bot again: it reads them "
    "at its start only."
)
RENEW = (
    "Renew the credentials: aws sso login or aws login for AWS_PROFILE, or new keys in ~/.aws/credentials. "
    "The bot reads those again by itself; new keys in its environment, or in .env, need a restart."
)
# What AWS says of a Bedrock API key that has expired, is of another region, or is none: "Bearer Token has
# expired", "Authentication failed: Please make sure your API Key is valid.", "Invalid API Key format: …"
# (https://github.com/ai4s-research/open-science/issues/53, https://github.com/anomalyco/opencode/issues/47073,
# https://github.com/aws-solutions-library-samples/guidance-for-claude-code-with-amazon-bedrock/issues/784).
_ABOUT_API_KEY = re.compile(r"\bapi key\b|\bbearer token\b", re.IGNORECASE)


class Status(Enum):
    """How a check ended. A warning is for people to judge: the bot can work all the same."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What a check found: `detail` is what is so, `cure` what to do about it."""

    status: Status
    detail: str
    cure: str = ""


@dataclass(frozen=True)
class Check:
    """A finding under the name of its check, and the seconds that it took."""

    name: str
    finding: Finding
    seconds: float


def of_settings(problems: Sequence[str]) -> Finding:
    """Whether the settings have `problems`, sentences that say what to do."""
    if not problems:
        return Finding(Status.OK, "nothing is missing or wrong")
    cure = "Put these into the environment or into a file .env (see .env.example)."
    return Finding(Status.WRONG, "\n".join(problems), cure)


def of_slack_error(error: SlackError, token: str, address: str) -> Finding:
    """Why Slack, at `address`, did not take the setting `token`, or could not be asked."""
    if isinstance(error, Unreachable):
        return Finding(Status.WRONG, f"Slack cannot be reached at {address} ({error})", _SLACK_WAY)
    return Finding(Status.WRONG, f"Slack refuses {token} ({error.code})", fix(error, token))


def of_scopes(granted: Collection[str]) -> Finding:
    """Whether the scopes that Slack `granted` are those that the bot needs."""
    lacking, more = missing(granted), sorted(set(granted) - NEEDED_SCOPES)
    beyond = f"; also granted, and not needed: {', '.join(more)}" if more else ""
    if not lacking:
        return Finding(Status.OK, f"all {len(NEEDED_SCOPES)} of manifest.yml are granted{beyond}")
    cure = (
        "In https://api.slack.com/apps, your app, App Manifest, paste manifest.yml; then, in OAuth & "
        "Permissions, reinstall the app."
    )
    return Finding(Status.WRONG, f"not granted: {', '.join(lacking)}{beyond}", cure)


def of_greeting(greeting: Mapping[str, Any], processes: int = MAX_CONNECTIONS) -> Finding:
    """Judge what Slack said first on a connection: hello, or why it takes none.

    `processes` is how many bots the store knows of; what connects besides gets a part of all questions.
    """
    if greeting.get("type") != "hello":
        problem = of_connection(SlackError(str(greeting.get("reason") or greeting.get("type"))))
        return Finding(Status.WRONG, problem.detail, problem.fix)
    others = int(greeting.get("num_connections") or 1) - 1
    told = f"Slack said hello; other connections that are open: {others} of ten"
    if others > processes:
        return Finding(Status.WARNING, told, ghosts(others, processes))
    return Finding(Status.OK, told)


def of_price(prices: Sequence[tuple[str, Price | None]], *, has_guardrail: bool) -> Finding:
    """What asking PROBE costs at most, of models by their ids."""
    named = " and ".join(model_id for model_id, _ in prices)
    if unknown := [model_id for model_id, price in prices if price is None]:
        cure = "Give it in PRICES_FILE (see .env.example)."
        return Finding(Status.WARNING, f"the price of {', '.join(unknown)} is not known", cure)
    most = sum((price.of(_MOST_USED) for _, price in prices if price), Decimal(0))
    guarded = ", besides its guardrail" if has_guardrail else ""
    return Finding(Status.OK, f"one token from {named} will cost at most {_dollars(most)} in all{guarded}")


def of_answer(model_id: str, region: str, price: Price | None, usage: Usage | None) -> Finding:
    """That a model answered, what that cost, and where in the world its profile lets it be answered."""
    cost = f" for {_dollars(price.of(usage))}" if price and usage else ""
    profile = model_id.rpartition("/")[2].partition(".")[0]
    abroad = ""
    if where := _DESTINATIONS.get(profile):
        country = _HOMES.get(region)
        abroad = f"; its profile {profile}. answers {where}"
        abroad += f", so questions leave {country}" if country else ""
    return Finding(Status.OK, f"{model_id} answered{cost}{abroad}")


def of_aws_error(error: ModelError, what: str, region: str, setting: str = "") -> Finding:
    """Why AWS did not do `what`; the model that was asked is chosen by `setting`, "" for none."""
    return Finding(Status.WRONG, f"{what} failed in {region}: {error}", aws_fix(error, region, setting))


def aws_fix(error: ModelError, region: str = "AWS_REGION", setting: str = "") -> str:
    """Return what an operator does about an error of AWS's in `region`, as in `of_aws_error`."""
    if "CallWithBearerToken" in str(error):
        return (
            "Let IAM allow bedrock:CallWithBearerToken on * to the user or role of the Bedrock API key, or "
            "use other credentials. An explicit deny, as in a service control policy, overrules it."
        )
    if _ABOUT_API_KEY.search(str(error)):
        return (
            f"Make a new Bedrock API key in {region}, put all of it into AWS_BEARER_TOKEN_BEDROCK, and start "
            "the bot again. A short-term key lives 12 hours at most and is bound to its region."
        )
    if error.code in _EXPIRED:
        return RENEW
    if error.code in _REFUSED_KEYS:
        return "Copy the AWS credentials again, all parts of one key, and see whether the clock is right."
    if error.code.startswith("AccessDenied"):
        return (
            "Let IAM allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on the profile and "
            "on its model in all its regions; if it does, get access to the model in the console of "
            f"Amazon Bedrock in {region}."
        )
    if error.code == "InvalidEndpointConfigurationError":
        return "A Bedrock API key needs https in AWS_ENDPOINT_URL_BEDROCK_RUNTIME."
    if error.code in ("ResourceNotFoundException", "ValidationException") and setting:
        return f"Choose in {setting} a model or profile of {region}, or another AWS_REGION."
    if error.fault is Fault.OVER_QUOTA:
        return (
            "The account's tokens of this day are used up. Ask in Service Quotas for more tokens per day of "
            f"the model in {region}; a new account begins with few, which AWS Support raises."
        )
    if error.fault is Fault.BUSY or error.code == "ServiceQuotaExceededException":
        return (
            f"Try again in a minute; if it stays so, ask for more of the model in Service Quotas in {region}."
        )
    if error.fault is Fault.NOT_SET_UP:
        return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or AWS_BEARER_TOKEN_BEDROCK."
    if error.fault is Fault.UNAVAILABLE and not error.request_id:
        return "Check the network, a proxy in HTTPS_PROXY, AWS_REGION, and any AWS_ENDPOINT_URL."
    return "Try again in some minutes; https://health.aws.amazon.com tells what is broken."


def of_store(place: str, opened: float, written: float, read: float) -> Finding:
    """How long the store at `place` took for each, in seconds."""
    took = {"opened": opened, "written": written, "read": read}
    times = ", ".join(f"{what} in {seconds * 1000:.0f} ms" for what, seconds in took.items())
    if max(written, read) < _SLOW_SECONDS:
        return Finding(Status.OK, f"{place}: {times}")
    slow = f"{place}: {times}; from {_SLOW_SECONDS * 1000:.0f} ms on, a hundred at once wait too long"
    return Finding(Status.WARNING, slow, "Let STORE_URL name a faster disk, or a Redis that is nearer.")


def of_store_error(place: str, error: StoreError) -> Finding:
    """Why the store at `place` cannot be used."""
    cure = (
        "Let STORE_URL name a file that may be written, in a folder that is there, or a Redis that answers."
    )
    if "locked" in str(error):
        cure = "End the process that holds the file, other than a bot: a bot holds it for a moment only."
    return Finding(Status.WRONG, f"{place} fails: {error}", cure)


def skew(date: str, now: float) -> float | None:
    """By how many seconds a clock that says `now` (since 1970, UTC) is ahead of a `Date` header."""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def of_clock(skews: Mapping[str, float]) -> Finding:
    """Whether this host's clock is right, by how many seconds it is ahead of each of the platforms."""
    if not skews:
        return Finding(Status.SKIPPED, "neither Slack nor AWS told the time")
    told = ", ".join(f"{_apart(seconds)} {whose}" for whose, seconds in skews.items())
    worst = max(map(abs, skews.values()))
    if worst <= _SKEW_SUSPECT:
        return Finding(Status.OK, told)
    status = Status.WRONG if worst > _SKEW_REFUSED else Status.WARNING
    return Finding(
        status, f"{told}; AWS refuses from {_SKEW_REFUSED:.0f} s on", "Let this host set its clock by NTP."
    )


def _apart(seconds: float) -> str:
    # A Date has whole seconds, and the answer needed some time to come.
    if abs(seconds) < 2:
        return "within 2 s of"
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'}"


def exit_status(checks: Sequence[Check]) -> int:
    """0: all is well, or nearly; 1: something is wrong; 2: the settings are."""
    wrong = [check.name for check in checks if check.finding.status is Status.WRONG]
    return 2 if "settings" in wrong else int(bool(wrong))


def _dollars(dollars: Decimal) -> str:
    return f"${dollars.quantize(Decimal('0.000001'), ROUND_UP):f}"
