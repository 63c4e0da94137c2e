"""What Bedrock's sentences mean, where its codes do not say enough."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    LoginRefreshRequired,
    NoCredentialsError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)

from bot.adapters.bedrock_errors import Shown, refuses_credentials, translated
from bot.core.errors import Fault
from bot.core.files import Medium
from bot.playground.bedrock_media import FILE_REFUSALS
from tests.adapters.test_bedrock import broken, meaning, refused

TOO_LONG = [
    "Input Tokens Exceeded: Number of input tokens exceeds maximum length",
    (
        "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds "
        "maximum length."
    ),
    "Number of input tokens exceeds the maximum length of 300000",
    "Input is too long for requested model.",
    "The model returned the following errors: Input is too long for requested model.",
    "The model returned the following errors: prompt is too long: 903884 tokens > 200000 maximum",
    (
        "The model returned the following errors: input length and `max_tokens` exceed context limit: "
        "142422 + 64000 > 200000, decrease input length or `max_tokens` and try again"
    ),
    "The model returned the following errors: too many total text bytes: 9567443 > 9000000",
    (
        "Mantle streaming error for requestId 1: This model's maximum context length is 202752 tokens. "
        "However, you requested 65536 output tokens and your prompt contains at least 137217 input tokens,"
        " for a total of at least 202753 tokens. Please reduce the length of the input prompt or the "
        "number of requested output tokens."
    ),
    "This model's maximum context length is 8192 tokens. Please reduce the length of the prompt",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9279",
    (
        "Malformed input request: expected maxLength: 50000, actual: 156384, please reformat your input "
        "and try again."
    ),
    "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000",
    "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "context_length_exceeded",
    "The conversation is too long.",
    "The request exceeds the maximum number of tokens.",
    "Total tokens exceed the limit of the model",
    "messages.0.content.0 exceeds the maximum length",
    "Tokens in request more than max tokens allowed",
    "The prompt contains more tokens than the model can process",
    "Input too long",
    "messages: text is too long",
    "Input sequence length exceeds maximum",
    "Text input is too long for this model",
]
OF_ANOTHER_KIND = {
    Fault.FAILED: [
        (
            "The maximum tokens you requested exceeds the model limit of 10000. Try again with a maximum "
            "tokens value that is lower than 10000."
        ),
        (
            "1 validation error detected: Value '0' at 'inferenceConfig.maxTokens' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1"
        ),
        (
            "Malformed input request: #/inferenceConfig/maxTokens: 20000 exceeds 10000 tokens, please "
            "reformat your input and try again."
        ),
        "max_tokens: 9000 > 8192, which exceeds the maximum allowed number of output tokens",
        "The stop sequence is too long.",
        "Malformed input request: #/inferenceConfig/stopSequences/0: expected maxLength: 200, actual: 300",
        "You can't include more than 4 cache points in a request.",
        "The tool name is too long.",
        "The text field in the ContentBlock object at messages.1.content.0 is blank.",
        "A conversation must start with a user message.",
    ],
    Fault.UNREADABLE_FILE: [
        "The document is too large: it exceeds the maximum size of 4.5 MB.",
        "Input document exceeds the maximum length of 4.5 MB",
        "Document name is too long",
        (
            "Value at 'messages.1.member.content.1.member.document.name' failed to satisfy constraint: "
            "Member must have length less than or equal to 200"
        ),
        "The number of input images exceeds the limit of the request",
        "Input image is too large",
        "Document input is too large",
        "The video is too long",
    ],
    Fault.BLOCKED: [
        "This request has been blocked by our content filters. Your prompt is too long a story.",
    ],
    Fault.NOT_SET_UP: [
        "The provided model identifier is invalid.",
    ],
}


@pytest.mark.parametrize("message", TOO_LONG)
def test_too_long_is_told_in_every_wording_and_never_tried_again(
    message: str,
) -> None:
    for said in (message, message.upper() if "`" not in message else message):
        assert meaning(translated(refused("ValidationException", said)))[::2] == (Fault.TOO_LONG, 1)
    in_stream = translated(broken("validationException", message), has_begun=True)
    assert meaning(in_stream)[::2] == (Fault.TOO_LONG, 1)


@pytest.mark.parametrize("code", ["ModelErrorException", "ModelStreamErrorException"])
def test_a_model_that_says_itself_that_it_is_too_long_is_not_asked_again(code: str) -> None:
    said = "Input is too long for requested model."
    assert meaning(translated(refused(code, said, 424)))[::2] == (Fault.TOO_LONG, 1)
    assert translated(refused(code, "The model failed.", 424)).fault is Fault.UNAVAILABLE


@pytest.mark.parametrize(
    ("message", "fault"), [(each, fault) for fault, listed in OF_ANOTHER_KIND.items() for each in listed]
)
def test_what_is_wrong_with_another_field_is_not_too_long(message: str, fault: Fault) -> None:
    assert meaning(translated(refused("ValidationException", message)))[::2] == (fault, 1)


def test_a_throttle_that_counts_tokens_is_not_too_long() -> None:
    error = translated(
        refused("ThrottlingException", "Too many tokens, please wait before trying again.", 429)
    )

    assert error.fault is Fault.BUSY


@pytest.mark.parametrize(
    "message",
    [
        "Too many tokens per day, please wait before trying again.",
        "Too many requests per day, please wait before trying again.",
        "Daily token quota exceeded.",
        "The tokens-per-day limit is reached.",
    ],
)
@pytest.mark.parametrize(
    "code", ["ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"]
)
def test_a_quota_of_a_day_is_not_tried_again(code: str, message: str) -> None:
    assert meaning(translated(refused(code, message, 429)))[::2] == (Fault.OVER_QUOTA, 1)
    assert meaning(translated(broken(code[0].lower() + code[1:], message)))[::2] == (Fault.OVER_QUOTA, 1)


@pytest.mark.parametrize(
    "message",
    [
        "Too many tokens, please wait before trying again.",
        "Too many requests, please wait before trying again.",
        "Too many tokens per minute, please wait before trying again.",
        "Rate exceeded",
        "",
    ],
)
def test_a_quota_of_a_minute_is_tried_again(message: str) -> None:
    assert meaning(translated(refused("ThrottlingException", message, 429)))[::2] == (Fault.BUSY, 4)


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_refused_is_not_set_up_whatever_the_code(status: int) -> None:
    message = "User is not authorized to perform: bedrock:CallWithBearerToken on resource: *"

    assert meaning(translated(refused("NewException", message, status)))[::2] == (Fault.NOT_SET_UP, 1)


@pytest.mark.parametrize(
    ("error", "could_help"),
    [
        (refused("ExpiredTokenException"), True),
        (refused("UnrecognizedClientException"), True),
        (refused("InvalidSignatureException"), True),
        (refused("ExpiredToken"), True),
        (refused("AccessDeniedException"), False),
        (refused("ThrottlingException"), False),
        (refused("ValidationException"), False),
        (NoCredentialsError(), True),
        (UnauthorizedSSOTokenError(), True),
        (SSOTokenLoadError(error_msg="gone"), True),
        (LoginRefreshRequired(), True),
        (CredentialRetrievalError(provider="process", error_msg="exit 1"), True),
        (EndpointConnectionError(endpoint_url="https://bedrock-runtime"), False),
    ],
)
def test_other_credentials_are_looked_for_where_they_could_help(
    error: ClientError | Exception, could_help: bool
) -> None:
    assert refuses_credentials(error) is could_help


def test_a_login_that_ended_is_for_the_administrator() -> None:
    assert translated(LoginRefreshRequired()).fault is Fault.NOT_SET_UP


PDF, VIDEO = (Medium.DOCUMENT, "document-1"), (Medium.VIDEO, "video-1")
WITH_FILES: Shown = ([(Medium.IMAGE, "image-1")], [], [PDF, (Medium.IMAGE, "image-2"), VIDEO])


@pytest.mark.parametrize(
    ("refusal", "item"),
    [
        ("pdf", "image-2"),
        ("bytes", "image-2"),
        ("dimensions", "image-2"),
        ("format", "image-2"),
        ("key", "image-2"),
        ("image", ""),  # there are two
        ("filter of images", ""),
        ("filter of videos", "video-1"),
        ("no word of files", ""),
    ],
)
def test_a_refused_file_is_the_one_at_the_place_that_is_told_or_the_only_one_of_its_kind(
    refusal: str, item: str
) -> None:
    place = {"place": "messages.2.content.1", "pointer": "messages/2/content/1"}
    told = FILE_REFUSALS[refusal].format(**place, member="messages.3.member.content.2.member")
    error = translated(refused("ValidationException", told), shown=WITH_FILES)

    assert (error.fault, error.item) == (Fault.UNREADABLE_FILE, item)


@pytest.mark.parametrize("place", ["messages.2.content.4", "messages.9.content.0", "messages.1.content.0"])
def test_a_place_without_a_file_tells_of_none(place: str) -> None:
    error = translated(refused("ValidationException", f"{place}.type: Field required"), shown=WITH_FILES)

    assert (error.fault, error.item) == (Fault.UNREADABLE_FILE, "")


def test_without_files_a_request_is_refused_for_what_it_says() -> None:
    told = FILE_REFUSALS["no word of files"]

    assert translated(refused("ValidationException", told)).fault is Fault.FAILED
