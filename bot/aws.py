"""Whom to call on AWS, at what price, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

from bot.adapters import bedrock
from bot.adapters.aws_session import Sessions, credentials_source
from bot.core.interaction import Voice
from bot.core.models import can_call, default_model, regions_like
from bot.core.prices import Price, price_of, read_prices
from bot.engine.voices import quick_calls
from bot.settings import Settings


@dataclass(frozen=True)
class Aws:
    """What is called on AWS: nothing has been yet."""

    session: boto3.Session
    region: str
    models: Mapping[Voice, str]
    prices: Mapping[Voice, Price | None]

    @property
    def unpriced(self) -> str:
        """The models whose price is not known; "" for none."""
        return ", ".join(
            sorted({self.models[voice] for voice, price in self.prices.items() if price is None})
        )


def reach_aws(settings: Settings, problems: Sequence[str]) -> tuple[Aws | None, list[str]]:
    """Whom to call on AWS, None if AWS is not set up, and `problems` with what else is in the way."""
    try:
        session = boto3.Session(region_name=settings.aws_region)
    except BotoCoreError as error:  # a profile that does not exist, a configuration that cannot be read
        return None, [*problems, f"AWS is not set up: {error}. Mend AWS_PROFILE or ~/.aws/config."]
    region = str(session.region_name)
    models = {
        Voice.ACKNOWLEDGEMENT: settings.micro_model_id or default_model("micro", region),
        Voice.ANSWER: settings.pro_model_id or default_model("pro", region),
    }
    models[Voice.SUGGESTION] = models[Voice.ACKNOWLEDGEMENT]
    found = [*problems, *_problems(settings, session)]
    try:
        own = read_prices(Path(settings.prices_file).read_text()) if settings.prices_file else {}
    except (OSError, ValueError) as error:
        found.append(
            f"PRICES_FILE cannot be used, {settings.prices_file}: {error}. It maps model ids to dollars for "
            'a million tokens, like {"us.amazon.nova-pro-v1:0": {"input": 0.8, "output": 3.2}}.'
        )
        return Aws(session, region, models, {}), found
    aws = Aws(
        session, region, models, {voice: price_of(model, region, own) for voice, model in models.items()}
    )
    has_budget = settings.daily_budget_usd is not None or settings.user_daily_budget_usd is not None
    if has_budget and aws.unpriced:
        found.append(
            f"A budget needs the price of {aws.unpriced}, which is not known: give it in PRICES_FILE."
        )
    return aws, found


def _problems(settings: Settings, session: boto3.Session) -> Iterator[str]:
    if not session.region_name:
        yield (
            "AWS_REGION is missing: the AWS region whose Bedrock is called, for example us-east-1 or "
            "ap-northeast-2 (Seoul)."
        )
    else:
        yield from _region_problems(settings, session.region_name)
    if not credentials_source(session):
        yield (
            "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
            "or AWS_BEARER_TOKEN_BEDROCK (a Bedrock API key), or run where a role is attached. Access keys "
            "are made in the AWS console under IAM, Bedrock API keys under Amazon Bedrock."
        )


def _region_problems(settings: Settings, region: str) -> Iterator[str]:
    """Return the sentence that a model which is left to the region cannot be called from it."""
    chosen = {"micro": settings.micro_model_id, "pro": settings.pro_model_id}
    lacking = [name for name, model_id in chosen.items() if not model_id and not can_call(name, region)]
    if lacking:
        models = " and ".join(f"Nova {name.title()}" for name in lacking)
        names = " and ".join(f"{name.upper()}_MODEL_ID" for name in lacking)
        yield (
            f"AWS_REGION is {region}, which offers {models} neither by itself nor through an inference "
            f"profile. Choose another region, like {', '.join(regions_like(region))}, or set {names} to what "
            f"can be called from {region}."
        )


def open_models(settings: Settings, aws: Aws) -> tuple[bedrock.BedrockModel, bedrock.BedrockModel]:
    """The model that acknowledges and the one that answers, each through a client of its own."""
    sessions = Sessions(aws.session, partial(boto3.Session, region_name=settings.aws_region))
    quick = bedrock.client(
        sessions,
        silence=max(settings.ack_deadline, 1.0),
        connections=quick_calls(settings.max_live_answers),
    )
    expert = bedrock.client(sessions, silence=settings.idle_timeout, connections=settings.max_live_answers)
    guardrail = settings.bedrock_guardrail_id and bedrock.Guardrail(
        settings.bedrock_guardrail_id, settings.bedrock_guardrail_version, settings.bedrock_guardrail_mode
    )
    return (
        bedrock.BedrockModel(quick, aws.models[Voice.ACKNOWLEDGEMENT], guardrail or None),
        bedrock.BedrockModel(expert, aws.models[Voice.ANSWER], guardrail or None),
    )
