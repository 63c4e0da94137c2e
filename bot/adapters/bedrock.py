"""Amazon Bedrock: the Converse and ConverseStream calls of bedrock-runtime.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from botocore.config import Config

from bot.adapters.aws_session import RenewingClient, Sessions
from bot.adapters.bedrock_errors import ERRORS, translated
from bot.core.attachments import Attachment
from bot.core.conversation import Turn
from bot.core.errors import Fault, ModelError
from bot.core.files import Medium
from bot.core.prompts import Prompt
from bot.core.stream import Failed, Finished, Reply, StreamEvent, Text, Usage

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseImageBlock.html
_GUARDED_FORMATS = ("png", "jpeg")


def client(sessions: Sessions, *, silence: float, connections: int) -> RenewingClient:
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
    return RenewingClient(sessions, "bedrock-runtime", config)


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

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        return request(self.model_id, prompt, is_guarded=bool(self._guarded))

    def reply(self, prompt: Prompt) -> Reply:
        """All the model says, at once. Raises ModelError."""
        try:
            response = self._client.converse(**self._request(prompt), **self._guarded)
        except ERRORS as error:
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
        shown = [[(each.medium, each.name) for each in turn.attachments] for turn in prompt.turns]
        try:
            response = self._client.converse_stream(**self._request(prompt), **self._guarded_stream)
            del prompt  # its files are large, and the answer can take minutes
            request_id, has_begun = response["ResponseMetadata"].get("RequestId", ""), True
            with closing(response["stream"]) as events:
                for event in events:
                    if "contentBlockDelta" in event:
                        yield Text(event["contentBlockDelta"]["delta"].get("text", ""))
                    elif "messageStop" in event:
                        reason = event["messageStop"]["stopReason"]
                    elif "metadata" in event:
                        usage = _usage(event["metadata"]["usage"])
        except ERRORS as error:
            if not reason:
                yield Failed(translated(error, request_id, has_begun=has_begun, shown=shown))
                return
        if reason:
            yield Finished(reason, usage, request_id)
        else:
            cut = "the stream ended without messageStop"
            yield Failed(
                ModelError(Fault.UNAVAILABLE, "StreamCut", cut, request_id, tries=3, may_be_billed=True)
            )


def request(model_id: str, prompt: Prompt, *, is_guarded: bool = False) -> dict[str, Any]:
    """The parameters of Converse and ConverseStream alike.

    If it `is_guarded`, a guardrail judges the question alone: where a request has `guardContent`, it looks at
    nothing else. https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
    """
    messages = [{"role": turn.role.value, "content": _content(turn)} for turn in prompt.turns]
    if is_guarded:
        messages[-1]["content"] = _guarded_content(prompt.turns[-1])
    return {
        "modelId": model_id,
        "system": [{"text": prompt.system}],
        "messages": messages,
        "inferenceConfig": {"maxTokens": prompt.max_tokens, "temperature": prompt.temperature},
    }


def _content(turn: Turn) -> list[dict[str, Any]]:
    """A turn's blocks: media before texts, as Nova reads them best."""
    shown = [_block(each) for each in turn.attachments]
    told = [{"text": turn.note}] if turn.note else []
    checkpoint = [{"cachePoint": {"type": "default"}}] if turn.is_checkpoint else []
    return [*shown, *told, {"text": turn.text}, *checkpoint]


def _guarded_content(turn: Turn) -> list[dict[str, Any]]:
    """The last turn's blocks, in the same order. A guardrail looks at texts and some images, no others."""
    shown = [_block(each) for each in turn.attachments]
    for number, attachment in enumerate(turn.attachments):
        if number >= turn.shows_at and attachment.format in _GUARDED_FORMATS:
            shown[number] = {"guardContent": shown[number]}
    told = [{"text": text} for text in (turn.note, turn.text[: turn.asks_at].strip()) if text]
    return [*shown, *told, {"guardContent": {"text": {"text": turn.text[turn.asks_at :]}}}]


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
