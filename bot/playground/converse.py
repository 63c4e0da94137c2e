"""What bedrock-runtime answers: the shape of Converse's answer, and the events of ConverseStream's.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.playground import eventstream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.playground.prompt_cache import InputTokens

REQUEST_ID = "x-amzn-RequestId"
_SIGNATURE = "c2lnbmF0dXJl"


class BedrockError(Exception):
    """What is answered in place of an answer: `code`, such as "ThrottlingException", and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def figures(read: InputTokens, written: int, seconds: float) -> dict[str, Any]:
    """What an answer of `written` tokens that took `seconds` tells of itself."""
    return {
        "usage": {
            "inputTokens": read.fresh,
            "outputTokens": written,
            "totalTokens": read.total + written,
            "cacheReadInputTokens": read.read,
            "cacheWriteInputTokens": read.written,
        },
        "metrics": {"latencyMs": round(seconds * 1000)},
    }


def whole(
    text: str, stop_reason: str, told: Mapping[str, Any], request_id: str, reasoning: Sequence[str] = ()
) -> web.Response:
    """Converse's answer; `told` are its figures.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningContentBlock.html
    """
    thought = {"reasoningText": {"text": "".join(reasoning), "signature": _SIGNATURE}}
    content = [{"reasoningContent": thought}] if reasoning else []
    message = {"role": "assistant", "content": [*content, {"text": text}]}
    answer = {"output": {"message": message}, "stopReason": stop_reason, **told}
    return web.json_response(answer, headers={REQUEST_ID: request_id})


class EventStream:
    """ConverseStream's answer on its way to who asked with `http`."""

    def __init__(self, http: web.Request, request_id: str) -> None:
        self._http = http
        headers = {"Content-Type": eventstream.CONTENT_TYPE, REQUEST_ID: request_id}
        self.response = web.StreamResponse(headers=headers)
        self._serial = count()
        self._block = 0

    async def reason(self, deltas: Sequence[str]) -> None:
        """Send a block of reasoning that consists of `deltas`; nothing if there are none.

        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ReasoningContentBlockDelta.html
        """
        if deltas:
            thought = [{"text": text} for text in deltas] + [{"signature": _SIGNATURE}]
            await self._send(
                *(("contentBlockDelta", self._in_block({"reasoningContent": each})) for each in thought),
                ("contentBlockStop", {"contentBlockIndex": self._block}),
            )
            self._block += 1

    async def say(self, deltas: Iterable[str]) -> None:
        """Send `deltas` in one write; before the first ones, what begins an answer."""
        # AWS sends no contentBlockStart before a block of text.
        await self._send(*(("contentBlockDelta", self._in_block({"text": text})) for text in deltas))

    async def stop(self, stop_reason: str, told: Mapping[str, Any]) -> None:
        """Send what ends an answer; `told` are its figures."""
        await self._send(
            ("contentBlockStop", {"contentBlockIndex": self._block}),
            ("messageStop", {"stopReason": stop_reason}),
            ("metadata", told),
        )

    @property
    def has_begun(self) -> bool:
        """Whether anything was sent: from then on an error can only be told in the stream."""
        return self.response.prepared

    async def fail(self, name: str, message: str) -> None:
        """End it with an exception, such as `throttlingException`."""
        await self.response.write(eventstream.exception(name, message))

    def _in_block(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        return {"contentBlockIndex": self._block, "delta": delta}

    async def _send(self, *events: tuple[str, Mapping[str, Any]]) -> None:
        if not self.has_begun:
            await self.response.prepare(self._http)
            events = (("messageStart", {"role": "assistant"}), *events)
        frames = (eventstream.event(name, payload, next(self._serial)) for name, payload in events)
        await self.response.write(b"".join(frames))
