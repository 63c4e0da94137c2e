"""Meanings of boto3's errors, of calls to bedrock-runtime and to STS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from botocore.eventstream import ParserError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - boto3's, of its kind only
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from urllib3.exceptions import HTTPError

from bot.core.errors import Fault, ModelError
from bot.core.files import Medium

# What a call or a stream can raise: once a stream runs, a cut connection and a silence come from urllib3 as
# they are, and a broken frame as a ParserError that is no BotoCoreError.
ERRORS = (ClientError, BotoCoreError, HTTPError, ParserError)

# What boto3 raises before any request, when there is nothing (valid) to sign it with or to send it to.
_SET_UP_ERRORS = (
    CredentialRetrievalError,
    InvalidEndpointConfigurationError,
    LoginError,
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
# AWS throttles by the minute and by the day with one code. Its sentence tells which: "Too many tokens, please
# wait before trying again." and "Too many tokens per day, please wait before trying again."
# (https://github.com/anthropics/claude-code/issues/236, https://github.com/minorun365/agent-book/issues/29).
_LASTS = re.compile(r"\bper[ -](?:day|week|month)\b|\b(?:daily|weekly|monthly)\b", re.IGNORECASE)

# The sentence of these is the model's own:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
_OF_MODELS = {"ModelErrorException", "ModelStreamErrorException"}

# Converse tells these apart by their sentence only.
_VALIDATION_FAULTS = {
    "model identifier": Fault.NOT_SET_UP,
    "on-demand throughput": Fault.NOT_SET_UP,
    "image": Fault.UNREADABLE_FILE,
    "document": Fault.UNREADABLE_FILE,
    "video": Fault.UNREADABLE_FILE,
}

# What is too long has no code of its own, and each vendor of models its own sentences for it:
# - Nova: "Input Tokens Exceeded: Number of input tokens exceeds maximum length"
# - Anthropic: "Input is too long for requested model", "too many total text bytes",
#   "input length and `max_tokens` exceed context limit: …",
#   "prompt is too long: 903884 tokens > 200000 maximum"
#   (https://github.com/strands-agents/harness-sdk/pull/1663; in mid-stream:
#   https://github.com/aws-samples/bedrock-chat/issues/95)
# - served by Mantle: "This model's maximum context length is 202752 tokens. However, you requested …"
#   (https://github.com/strands-agents/harness-sdk/issues/3969)
# - Titan: "Too many input tokens. Max input tokens: 8192, request input token count: 9279",
#   "expected maxLength: 50000, actual: 156384"
#   (https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/exception_mapping_utils.py)
# - others: "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)."
#   (https://github.com/google-gemini/gemini-cli/issues/6678)
_SAID = r"(?:input|prompt|conversation|context|messages?|text)"
_TOO_LONG = re.compile(
    rf"(?<!document )(?<!image )(?<!video )\b{_SAID}(?: (?:text|prompt|length|content))?"
    r"(?: (?:is|are|was))? too (?:long|large)\b"
    r"|\b(?:input|prompt)[ _](?:tokens?|length|text|sequence)\b"
    r".{0,80}\b(?:exceed|longer|larger|greater|more than)"
    r"|\bmax(?:imum)?(?: allowed| number of)? (?:context|prompt|input)[ _](?:length|window|tokens?)"
    r"|\bcontext[ _](?:length|window|limit|size)(?![a-z])"
    r"|\btoo many (?:total )?(?:(?:input|prompt|text) )?(?:tokens|text bytes)\b"
    rf"|\breduce (?:the|your) (?:(?:length|size) of (?:the |your )?)?(?:input )?{_SAID}\b"
    r"|\bexpected maxlength: \d+, actual: \d+"
    r"|\bmore (?:input )?tokens than\b"
    r"|\btokens in (?:the )?(?:request|prompt|input) (?:more|greater|larger) than\b"
)
# Also what nobody has quoted yet, if it is about nothing else.
_SEEMS_TOO_LONG = re.compile(
    rf"\b(?:{_SAID}|request)\b.{{0,60}}\bexceed.{{0,60}}\b(?:tokens?|context|length)\b"
    r"|\btokens?\b.{0,60}\bexceed|\bexceed.{0,40}\btokens?\b"
)
_ABOUT_ANOTHER_FIELD = re.compile(
    r"\b(?:image|video|audio|document|file|name|tool|payload|pixel)s?\b|\bstop ?sequence|\bcache ?point"
    # "The maximum tokens you requested exceeds the model limit of 10000.": of the answer
    r"|\bmax_?(?:new_)?tokens\b|\bmaximum tokens you requested\b|\boutput tokens\b"
)
_BOILERPLATE = re.compile("malformed input request|please reformat your input and try again")


def _is_too_long(message: str) -> bool:
    """Return whether an error's message, in small letters, says that the model cannot read so much."""
    message = _BOILERPLATE.sub("", message)
    is_of_another = _ABOUT_ANOTHER_FIELD.search(message)
    if found := _TOO_LONG.search(message):
        return not (is_of_another and found[0].startswith("expected"))
    return bool(_SEEMS_TOO_LONG.search(message)) and not is_of_another


# Nova refuses an image or a video for what it shows with the sentence that it has for words, but for its end:
# https://docs.aws.amazon.com/nova/latest/userguide/text-error-handing.html
_BLOCKED_FILE = re.compile(r"adjust your input (?:image|video|document)")

# Where a request is at fault. The check of constraints counts from 1, all others from 0:
# - "Value at 'messages.1.member.content.2.member.video.format' failed to satisfy constraint: …"
#   (https://github.com/aws-samples/generative-ai-use-cases/issues/927)
# - "messages.0.content.1.image.source.bytes: The PDF specified was not valid."
#   (https://github.com/boto/boto3/issues/4726)
# - "Malformed input request: #/messages/6/content/0: extraneous key …"
#   (https://github.com/strands-agents/tools/issues/213)
_PLACE = re.compile(r"messages[./](\d+)(\.member)?[./]content[./](\d+)[\w./]*")
Shown: TypeAlias = Sequence[Sequence[tuple[Medium, str]]]  # the medium and name of each file, by turns
_NAMES = {
    Medium.IMAGE: re.compile(r"\b(?:images?|png|jpe?g|gif|webp|pictures?|pixels?)\b"),
    Medium.VIDEO: re.compile(r"\b(?:videos?|mp4|mov|mkv|webm)\b"),
    Medium.DOCUMENT: re.compile(r"\b(?:documents?|pdfs?|docx?|xlsx?|csv|spreadsheets?)\b"),
}


def _refused_item(message: str, shown: Shown) -> str:
    """Return the name of the attachment that a message is about; "" if it does not tell."""
    if found := _PLACE.search(message):
        first = 1 if found[2] else 0
        turn, place = int(found[1]) - first, int(found[3]) - first
        there = shown[turn] if 0 <= turn < len(shown) else ()  # they come before all words
        if 0 <= place < len(there):
            return there[place][1]
    words = _PLACE.sub("", message)
    named = [medium for medium, name in _NAMES.items() if name.search(words)]
    files = [each for turn_files in shown for each in turn_files]
    meant = [name for medium, name in files if len(named) != 1 or medium in named]
    return meant[0] if len(meant) == 1 else ""


def _validation_fault(message: str) -> Fault:
    if _BLOCKED_FILE.search(message):
        return Fault.UNREADABLE_FILE
    if "blocked by our content filters" in message:
        return Fault.BLOCKED
    if _is_too_long(message):
        return Fault.TOO_LONG
    return next((fault for phrase, fault in _VALIDATION_FAULTS.items() if phrase in message), Fault.FAILED)


# What AWS says when it does not know a key (any more), each a 403. Where access is denied, it knows who asks.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
_REFUSED_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


def refuses_credentials(error: Exception) -> bool:
    """Return whether other credentials could help: AWS does not take those in use, or boto3 got none."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _REFUSED_CREDENTIALS
    return isinstance(error, _SET_UP_ERRORS)


def _invalid(code: str, message: str, request_id: str, shown: Shown, *, has_begun: bool) -> ModelError:
    """Return what a ValidationException means. Each model has its own words for a file that it refuses: of a
    request with files, a message that says nothing else is about those.
    """
    lowered, has_files = message.lower(), any(shown)
    fault = _validation_fault(lowered)
    if fault is Fault.FAILED and has_files:
        fault = Fault.UNREADABLE_FILE
    item = _refused_item(lowered, shown) if fault is Fault.UNREADABLE_FILE else ""
    return ModelError(fault, code, message, request_id, may_be_billed=has_begun, item=item)


def translated(
    error: Exception, request_id: str = "", *, has_begun: bool = False, shown: Shown = ()
) -> ModelError:
    """Return what an error of boto3's means, of a call with such files `shown` whose answer `has_begun`.

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
        return _invalid(code, message, request_id, shown, has_begun=has_begun)
    fault, tries = _FAULTS.get(code) or _by_status(metadata.get("HTTPStatusCode", 0))
    if (fault is Fault.BUSY or code == "ServiceQuotaExceededException") and _LASTS.search(message):
        fault, tries = Fault.OVER_QUOTA, 1
    if code in _OF_MODELS and _is_too_long(message.lower()):
        fault, tries = Fault.TOO_LONG, 1
    return ModelError(fault, code, message, request_id, tries, may_be_billed=has_begun)


def _by_status(status: int) -> tuple[Fault, int]:
    if status == 429:
        return Fault.BUSY, 4
    if status in (401, 403):
        return Fault.NOT_SET_UP, 1
    return (Fault.UNAVAILABLE, 3) if status >= 500 or not status else (Fault.FAILED, 1)
