"""Amazon Bedrock: the Converse and ConverseStream calls of bedrock-runtime.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.eventstream import ParserError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - boto3's, of its kind only
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from urllib3.exceptions import HTTPError

from bot.core.attachments import Attachment
from bot.core.conversation import Turn
from bot.core.errors import Fault, ModelError
from bot.core.files import Medium
from bot.core.prompts import Prompt
from bot.core.stream import Failed, Finished, Reply, StreamEvent, Text, Usage

# What a call or a stream can raise: once a stream runs, a cut connection and a silence come from urllib3 as
# they are, and a broken frame as a ParserError that is no BotoCoreError.
_ERRORS = (ClientError, BotoCoreError, HTTPError, ParserError)

# What boto3 raises before any request, when there is nothing (valid) to sign it with or to send it to.
_SET_UP_ERRORS = (
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

# The fault of each error code, and how many calls in all are worth making.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
_FAULTS = {
    "ThrottlingException": (Fault.BUSY, 4),
    "TooManyRequestsException": (Fault.BUSY, 4),
    "ModelNotReadyException": (Fault.UNAVAILABLE, 4),
    "ServiceUnavailableException": (Fault.UNAVAILABLE, 3),
    "InternalServerException": (Fault.UNAVAILABLE, 3),
    "ModelErrorException": (Fault.UNAVAILABLE, 2),
    "ModelStreamErrorException": (Fault.UNAVAILABLE, 3),
    "ModelTimeoutException": (Fault.UNAVAILABLE, 2),
    "ServiceQuotaExceededException": (Fault.NOT_SET_UP, 1),
    "AccessDeniedException": (Fault.NOT_SET_UP, 1),
    "ResourceNotFoundException": (Fault.NOT_SET_UP, 1),
    "UnrecognizedClientException": (Fault.NOT_SET_UP, 1),
    "InvalidSignatureException": (Fault.NOT_SET_UP, 1),
    "ExpiredTokenException": (Fault.NOT_SET_UP, 1),
}
# Converse tells these apart by their sentence only.
_VALIDATION_FAULTS = {
    "blocked by our content filters": Fault.BLOCKED,
    "too long": Fault.TOO_LONG,
    "model identifier": Fault.NOT_SET_UP,
    "on-demand throughput": Fault.NOT_SET_UP,
    "image": Fault.UNREADABLE_FILE,
    "document": Fault.UNREADABLE_FILE,
    "video": Fault.UNREADABLE_FILE,
}


def client(session: boto3.Session, *, silence: float, connections: int) -> Any:
    """A bedrock-runtime client that gives up after `silence` seconds without a byte.

    It never retries: a call that was given up may be billed and, in a stream, half shown.
    """
    config = Config(
        connect_timeout=3,
        read_timeout=silence,
        tcp_keepalive=True,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return session.client("bedrock-runtime", config=config)


def has_credentials(session: boto3.Session) -> bool:
    """Whether boto3 finds anything to sign requests with; the service alone knows whether it is valid."""
    return bool(os.environ.get("AWS_BEARER_TOKEN_BEDROCK")) or session.get_credentials() is not None


@dataclass(frozen=True)
class Guardrail:
    """A guardrail that reads along: its id or ARN, its version ("DRAFT" or a number), and whether a stream
    waits for it (`sync`) or runs ahead of it (`async`), so that words can be seen before they are judged.

    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-streaming.html
    """

    id: str
    version: str = "DRAFT"
    mode: str = "sync"


class BedrockModel:
    """One model, by its id, inference profile or ARN, through `client`."""

    def __init__(self, client: Any, model_id: str, guardrail: Guardrail | None = None) -> None:
        self._client = client
        self.model_id = model_id
        self._guarded: dict[str, Any] = {}
        self._guarded_stream: dict[str, Any] = {}
        if guardrail:
            named = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}
            self._guarded = {"guardrailConfig": named}
            self._guarded_stream = {"guardrailConfig": named | {"streamProcessingMode": guardrail.mode}}

    def reply(self, prompt: Prompt) -> Reply:
        """All the model says, at once. Raises ModelError."""
        try:
            response = self._client.converse(**request(self.model_id, prompt), **self._guarded)
        except _ERRORS as error:
            raise translated(error) from error
        return Reply(
            "".join(block.get("text", "") for block in response["output"]["message"]["content"]),
            response["stopReason"],
            _usage(response["usage"]),
            response["ResponseMetadata"].get("RequestId", ""),
        )

    def stream(self, prompt: Prompt) -> Generator[StreamEvent, None, None]:
        """What the model says as it says it, ended by Finished or Failed. Closing it closes the connection.

        A body that ends without `messageStop` raises nothing in boto3, and is a cut stream all the same.
        """
        request_id, reason, usage, has_begun = "", "", None, False
        try:
            response = self._client.converse_stream(**request(self.model_id, prompt), **self._guarded_stream)
            request_id, has_begun = response["ResponseMetadata"].get("RequestId", ""), True
            with closing(response["stream"]) as events:
                for event in events:
                    if "contentBlockDelta" in event:
                        yield Text(event["contentBlockDelta"]["delta"].get("text", ""))
                    elif "messageStop" in event:
                        reason = event["messageStop"]["stopReason"]
                    elif "metadata" in event:
                        usage = _usage(event["metadata"]["usage"])
        except _ERRORS as error:
            if not reason:
                yield Failed(translated(error, request_id, has_begun=has_begun))
                return
        if reason:
            yield Finished(reason, usage, request_id)
        else:
            cut = "the stream ended without messageStop"
            yield Failed(
                ModelError(Fault.UNAVAILABLE, "StreamCut", cut, request_id, tries=3, may_be_billed=True)
            )


def request(model_id: str, prompt: Prompt) -> dict[str, Any]:
    """The parameters of Converse and ConverseStream alike."""
    return {
        "modelId": model_id,
        "system": [{"text": prompt.system}],
        "messages": [{"role": turn.role.value, "content": _content(turn)} for turn in prompt.turns],
        "inferenceConfig": {"maxTokens": prompt.max_tokens, "temperature": prompt.temperature},
    }


def _content(turn: Turn) -> list[dict[str, Any]]:
    """A turn's blocks: media before text, as Nova reads them best."""
    shown = [_block(each) for each in turn.attachments]
    checkpoint = [{"cachePoint": {"type": "default"}}] if turn.is_checkpoint else []
    return [*shown, {"text": turn.text}, *checkpoint]


def _block(attachment: Attachment) -> dict[str, Any]:
    block: dict[str, Any] = {"format": attachment.format, "source": {"bytes": attachment.data}}
    if attachment.medium is Medium.DOCUMENT:
        block["name"] = attachment.name
    return {attachment.medium.value: block}


def _usage(usage: Mapping[str, int]) -> Usage:
    return Usage(
        usage.get("inputTokens", 0),
        usage.get("outputTokens", 0),
        usage.get("cacheReadInputTokens", 0),
        usage.get("cacheWriteInputTokens", 0),
    )


def translated(error: Exception, request_id: str = "", *, has_begun: bool = False) -> ModelError:
    """What an error of boto3's means, of a call whose answer `has_begun` or not.

    In a stream, codes begin with a small letter.
    """
    if not isinstance(error, ClientError):
        if isinstance(error, _SET_UP_ERRORS):
            return ModelError(Fault.NOT_SET_UP, type(error).__name__, str(error))
        was_sent = not isinstance(error, ConnectionError)  # else no connection was made
        code, detail = type(error).__name__, str(error)
        return ModelError(Fault.UNAVAILABLE, code, detail, request_id, tries=3, may_be_billed=was_sent)
    answer, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
    code = code[:1].upper() + code[1:]
    request_id = metadata.get("RequestId") or request_id
    if code == "ValidationException":
        faults = (fault for phrase, fault in _VALIDATION_FAULTS.items() if phrase in message)
        return ModelError(next(faults, Fault.FAILED), code, message, request_id, may_be_billed=has_begun)
    fault, tries = _FAULTS.get(code) or _by_status(metadata.get("HTTPStatusCode", 0))
    return ModelError(fault, code, message, request_id, tries, may_be_billed=has_begun)


def _by_status(status: int) -> tuple[Fault, int]:
    if status == 429:
        return Fault.BUSY, 4
    return (Fault.UNAVAILABLE, 3) if status >= 500 or not status else (Fault.FAILED, 1)
