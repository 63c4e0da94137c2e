"""Between Converse's shapes and what the engine knows."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as SilentStream

from bot.adapters.bedrock import request
from bot.adapters.bedrock_errors import translated
from bot.core.conversation import Role, Turn
from bot.core.errors import Fault, ModelError
from bot.core.prompts import Prompt


def refused(code: str, message: str = "", status: int = 400, request_id: str = "req-1") -> ClientError:
    """An error that came as an HTTP answer."""
    metadata: Any = {"HTTPStatusCode": status, "RequestId": request_id}
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Converse"
    )


def broken(code: str, message: str = "") -> EventStreamError:
    """An error that came as an event of a stream."""
    return EventStreamError({"Error": {"Code": code, "Message": message}}, "ConverseStream")


def meaning(error: ModelError) -> tuple[Fault, str, int]:
    return error.fault, error.code, error.tries


def test_a_prompt_is_converses_request() -> None:
    turns = (Turn(Role.USER, "왜?"), Turn(Role.ASSISTANT, "Because."), Turn(Role.USER, "Why?"))

    assert request("us.amazon.nova-pro-v1:0", Prompt("Be brief.", turns, 5_000, 0.7)) == {
        "modelId": "us.amazon.nova-pro-v1:0",
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "왜?"}]},
            {"role": "assistant", "content": [{"text": "Because."}]},
            {"role": "user", "content": [{"text": "Why?"}]},
        ],
        "inferenceConfig": {"maxTokens": 5_000, "temperature": 0.7},
    }


@pytest.mark.parametrize(
    ("code", "fault", "tries"),
    [
        ("ThrottlingException", Fault.BUSY, 4),
        ("TooManyRequestsException", Fault.BUSY, 4),
        ("ModelNotReadyException", Fault.UNAVAILABLE, 4),
        ("ServiceUnavailableException", Fault.UNAVAILABLE, 3),
        ("InternalServerException", Fault.UNAVAILABLE, 3),
        ("ModelStreamErrorException", Fault.UNAVAILABLE, 3),
        ("ModelErrorException", Fault.UNAVAILABLE, 2),
        ("ModelTimeoutException", Fault.UNAVAILABLE, 2),
        ("ServiceQuotaExceededException", Fault.NOT_SET_UP, 1),
        ("AccessDeniedException", Fault.NOT_SET_UP, 1),
        ("ResourceNotFoundException", Fault.NOT_SET_UP, 1),
        ("UnrecognizedClientException", Fault.NOT_SET_UP, 1),
        ("InvalidSignatureException", Fault.NOT_SET_UP, 1),
        ("ExpiredTokenException", Fault.NOT_SET_UP, 1),
    ],
)
def test_an_error_means_the_same_before_a_stream_and_in_it(code: str, fault: Fault, tries: int) -> None:
    """In a stream its code begins with a small letter."""
    assert meaning(translated(refused(code))) == (fault, code, tries)
    assert meaning(translated(broken(code[0].lower() + code[1:]))) == (fault, code, tries)


BLOCKED = (
    "This request has been blocked by our content filters. Please adjust your text prompt to submit a new "
    "request."
)
NO_PROFILE = (
    "Invocation of model ID amazon.nova-pro-v1:0 with on-demand throughput isn't supported. Retry your "
    "request with the ID or ARN of an inference profile that contains this model."
)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (BLOCKED, Fault.BLOCKED),
        ("The generated text has been blocked by our content filters.", Fault.BLOCKED),
        ("Input is too long for requested model.", Fault.TOO_LONG),
        ("The provided model identifier is invalid.", Fault.NOT_SET_UP),
        (NO_PROFILE, Fault.NOT_SET_UP),
        ("A conversation must start with a user message.", Fault.FAILED),
        ("", Fault.FAILED),
    ],
)
def test_what_converse_finds_invalid_is_told_by_its_sentence(message: str, fault: Fault) -> None:
    assert meaning(translated(refused("ValidationException", message))) == (fault, "ValidationException", 1)
    assert meaning(translated(broken("validationException", message))) == (fault, "ValidationException", 1)


@pytest.mark.parametrize(
    ("status", "fault", "tries"),
    [
        (429, Fault.BUSY, 4),
        (500, Fault.UNAVAILABLE, 3),
        (502, Fault.UNAVAILABLE, 3),
        (504, Fault.UNAVAILABLE, 3),
        (400, Fault.FAILED, 1),
        (418, Fault.FAILED, 1),
    ],
)
def test_a_code_not_known_yet_is_judged_by_its_status(status: int, fault: Fault, tries: int) -> None:
    assert meaning(translated(refused("NewException", status=status))) == (fault, "NewException", tries)


def test_a_stream_that_breaks_for_no_known_reason_is_worth_another_try() -> None:
    assert meaning(translated(broken(""))) == (Fault.UNAVAILABLE, "", 3)


@pytest.mark.parametrize(
    "error",
    [
        ProtocolError("Connection broken"),
        SilentStream(None, None, "Read timed out."),  # type: ignore[arg-type] # as raised in a stream
        ReadTimeoutError(endpoint_url="https://bedrock-runtime"),
        ConnectTimeoutError(endpoint_url="https://bedrock-runtime"),
        EndpointConnectionError(endpoint_url="https://bedrock-runtime"),
        ChecksumMismatch(1, 2),
    ],
)
def test_a_connection_in_trouble_is_worth_another_try(error: Exception) -> None:
    assert meaning(translated(error, "req-1")) == (Fault.UNAVAILABLE, type(error).__name__, 3)
    assert translated(error, "req-1").request_id == "req-1"


@pytest.mark.parametrize(
    "error",
    [NoCredentialsError(), NoRegionError(), PartialCredentialsError(provider="env", cred_var="AWS_SECRET")],
)
def test_what_is_not_set_up_is_for_the_administrator(error: Exception) -> None:
    assert meaning(translated(error)) == (Fault.NOT_SET_UP, type(error).__name__, 1)


def test_the_request_id_is_the_answers_own_or_that_of_the_stream() -> None:
    assert translated(refused("ThrottlingException", request_id="req-2"), "req-1").request_id == "req-2"
    assert translated(broken("throttlingException"), "req-1").request_id == "req-1"
    assert translated(refused("ThrottlingException", request_id="")).request_id == ""


def test_operators_read_the_platforms_own_words() -> None:
    assert (
        str(translated(refused("AccessDeniedException", "no access"))) == "AccessDeniedException: no access"
    )
