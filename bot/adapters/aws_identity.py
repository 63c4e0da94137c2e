"""Who we are to AWS, and what time it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bot.adapters.bedrock_errors import translated

_PATIENCE_SECONDS = 5


def identity(session: boto3.Session) -> str:
    """The ARN that calls are made as; it needs no permission. Raises ModelError.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    patient = {"connect_timeout": _PATIENCE_SECONDS, "read_timeout": _PATIENCE_SECONDS}
    try:
        client = session.client("sts", config=Config(**patient, retries={"total_max_attempts": 1}))
        return str(client.get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError) as error:
        raise translated(error) from error


def tell_dates(session: boto3.Session, hear_date: Callable[[str], None]) -> None:
    """Let `hear_date` hear the `Date` header of all that AWS answers to the clients that `session` makes from
    now on, refusals included.
    """

    def hear(parsed: Mapping[str, Any], **_more: object) -> None:
        if date := parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date"):
            hear_date(str(date))

    session.events.register("after-call", hear)
