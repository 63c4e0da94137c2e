"""Converse's requests in OpenAI's form, and what OpenAI-compatible servers answer in Converse's.

The servers differ. Ollama sends what a model thinks as `reasoning`, llama.cpp and LM Studio as
`reasoning_content`, and some leave it in the text between <think> and </think>. The figures come after the
last words, with them, or never. An error in mid-stream comes as data, or, from llama.cpp until late 2025, in
a field `error`.

https://docs.ollama.com/api/openai-compatibility
https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
https://github.com/ggml-org/llama.cpp/issues/14566
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.playground.bedrock_media import content_bytes
from bot.playground.bedrock_rules import block_tokens, tokens
from bot.playground.converse import BedrockError
from bot.playground.guardrail import plain_block
from bot.playground.prompt_cache import InputTokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEXT_DOCUMENTS = frozenset({"csv", "html", "txt", "md"})
_MOST_CHARACTERS = 40_000  # of a document: a local model's context is small
_PARAMETERS = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}
_STOP_REASONS = {"length": "max_tokens", "content_filter": "content_filtered"}
_CODES = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    429: "ThrottlingException",
    502: "ServiceUnavailableException",
    503: "ServiceUnavailableException",
    504: "ModelTimeoutException",
}
_TOO_LONG = re.compile(r"context (?:size|length|window)|too long", re.IGNORECASE)
_THINK, _END_OF_THINKING = "<think>", "</think>"


def request(body: Mapping[str, Any], model: str, *, is_stream: bool) -> dict[str, Any]:
    """The body of /chat/completions for that of Converse."""
    system = "\n\n".join(block["text"] for block in body.get("system") or () if "text" in block)
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages += [{"role": turn["role"], "content": _content(turn["content"])} for turn in body["messages"]]
    asked: dict[str, Any] = {"model": model, "messages": messages, "stream": is_stream}
    if is_stream:
        asked["stream_options"] = {"include_usage": True}
    config = body.get("inferenceConfig") or {}
    return asked | {_PARAMETERS[name]: value for name, value in config.items() if name in _PARAMETERS}


def _content(blocks: list[Mapping[str, Any]]) -> str | list[dict[str, Any]]:
    """One text where that will do: not every model's template takes a list."""
    parts = list(_parts(blocks))
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _parts(blocks: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in map(plain_block, blocks):
        match block:
            case {"text": str(text)}:
                yield {"type": "text", "text": text}
            case {"image": {"format": form, "source": {"bytes": data}}}:
                yield {"type": "image_url", "image_url": {"url": f"data:image/{form};base64,{data}"}}
            case {"document": document} if document["format"] in TEXT_DOCUMENTS:
                yield {"type": "text", "text": f"{document['name']}:\n\n{_text(document)}"}
            case {"document": {"name": name, "format": form}}:
                yield {"type": "text", "text": f"[{name} is a {form} file. You cannot read it.]"}
            case {"video": {"format": form}}:
                yield {"type": "text", "text": f"[A {form} video is here. You cannot see it.]"}


def _text(document: Mapping[str, Any]) -> str:
    text = (content_bytes(document) or b"").decode(errors="replace")
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}\n[The rest is left out.]"


@dataclass(frozen=True)
class Chunk:
    """A part of an answer, or all of it. One that is `thought` only says that the model is at work; `finish`
    is why it ends, "" before that; `is_last` means that nothing follows.
    """

    text: str = ""
    is_thought: bool = False
    finish: str = ""
    usage: Mapping[str, int] | None = None
    is_last: bool = False


def chunk(line: bytes) -> Chunk | None:
    """What a line of a stream of server-sent events tells; None if nothing.

    Raises BedrockError if it tells of an error, ValueError if it cannot be read.
    """
    field, _, value = line.partition(b":")
    value = value.strip()
    if field not in (b"data", b"error") or not value:
        return None
    if value == b"[DONE]":
        return Chunk(is_last=True)
    told = json.loads(value)
    if field == b"error" or "error" in told:
        raise _told_in_stream(told.get("error", told))
    return _read(told, "delta")


def completion(text: str) -> Chunk:
    """An answer that was not streamed. Raises ValueError if it cannot be read."""
    told = json.loads(text)
    if not isinstance(told, dict) or not told.get("choices"):
        raise ValueError("no choices")
    return _read(told, "message")


def _read(told: Mapping[str, Any], part: str) -> Chunk:
    choice: dict[str, Any] = next(
        iter(told.get("choices") or ()), {}
    )  # none in the chunk that has the figures
    said = choice.get(part) or {}
    thought = said.get("reasoning_content") or said.get("reasoning")
    text, finish = said.get("content"), choice.get("finish_reason")
    return Chunk(text or "", bool(thought), finish or "", told.get("usage"))


def stop_reason(finish: str) -> str:
    """Converse's stop reason for OpenAI's."""
    return _STOP_REASONS.get(finish, "end_turn")


def read_tokens(body: Mapping[str, Any], usage: Mapping[str, int] | None) -> InputTokens:
    """What was read for an answer; an estimate where the server does not tell."""
    blocks = [*(body.get("system") or ()), *(block for turn in body["messages"] for block in turn["content"])]
    return InputTokens((usage or {}).get("prompt_tokens") or max(1, sum(map(block_tokens, blocks))))


def written_tokens(text: str, usage: Mapping[str, int] | None) -> int:
    """What was written, likewise."""
    return (usage or {}).get("completion_tokens") or max(1, len(tokens(text)))


def refusal(status: int, text: str) -> BedrockError:
    """The error of Bedrock's that an answer with an HTTP status and this text comes to."""
    message = _message(text) or f"HTTP {status}"
    if status in _CODES:
        return BedrockError(_CODES[status], message)
    if status < 400:  # it leads elsewhere
        return BedrockError("ResourceNotFoundException", message)
    if _TOO_LONG.search(message):
        return BedrockError("ValidationException", f"Input is too long for requested model. {message}")
    is_refused = status < 500 or "image" in message  # llama.cpp refuses an image with a 500
    return BedrockError("ValidationException" if is_refused else "ModelErrorException", message)


def _told_in_stream(error: Any) -> BedrockError:
    code = error.get("code") if isinstance(error, dict) else None
    return refusal(code if isinstance(code, int) else 500, json.dumps({"error": error}))


def _message(text: str) -> str:
    """What went wrong: servers say it in JSON of several shapes, proxies in HTML."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    match told:
        case {"error": {"message": str(message)}} | {"error": str(message)} | {"detail": str(message)}:
            return message
        case _:
            return text[:300]


class Thoughts:
    """Tells what a model says from what it thinks, where that stands before it in one text."""

    def __init__(self) -> None:
        self._held = ""
        self._speaks = False

    def said(self, piece: str) -> str:
        """What of a text is said, which comes in any pieces; what may yet be a thought is held back."""
        if self._speaks:
            return piece
        self._held += piece
        start = self._held.lstrip()
        if start.startswith(_THINK):
            _, end, said = start.partition(_END_OF_THINKING)
            self._speaks = bool(end)
            return said
        self._speaks = not _THINK.startswith(start)
        return self._held if self._speaks else ""

    def rest(self) -> str:
        """What was held back and is no thought after all, at the end of the text."""
        return "" if self._speaks or self._held.lstrip().startswith(_THINK) else self._held
