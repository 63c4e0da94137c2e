"""A model behind an OpenAI-compatible server, such as Ollama, LM Studio or llama.cpp, in Nova's place."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from bot.playground import openai_form as form
from bot.playground.converse import BedrockError, EventStream, figures, whole
from bot.playground.errors import CannotStart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from bot.playground.bedrock_answer import Client, Request

_CONNECT_SECONDS, _CHECK_SECONDS = 5.0, 15.0
_LONGEST_LINE = 2**20  # bytes
# The exceptions that ConverseStream's events have:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
_IN_STREAM = {
    "ThrottlingException": "throttlingException",
    "ValidationException": "validationException",
    "ServiceUnavailableException": "serviceUnavailableException",
}


@dataclass(frozen=True)
class ChatServer:
    """An OpenAI-compatible server at `url`, and the models of it that stand in for Nova Pro and Nova Micro.

    `key` is sent to it, if not empty. After `silence` seconds without a byte it is given up.
    """

    url: str
    model: str
    quick_model: str
    key: str = field(default="", repr=False)
    silence: float = 300.0

    async def check(self) -> None:
        """Raise CannotStart unless the server answers and has both models."""
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise CannotStart(
                f"--openai-url must be an address like http://localhost:11434/v1, and it is {self.url}"
            )
        status, told = await self._models()
        if status in (401, 403):
            raise CannotStart(f"{self.url} wants a key, or another one: set OPENAI_API_KEY.")
        try:
            names = [str(model["id"]) for model in json.loads(told)["data"] or ()]
        except (KeyError, TypeError, ValueError):
            raise CannotStart(
                f"{self.url}/models answers with HTTP {status}, and not with a list of models.\n"
                "Mend --openai-url: the address of an OpenAI-compatible server usually ends in /v1."
            ) from None
        for wanted in (self.model, self.quick_model):
            if not {wanted, f"{wanted}:latest"} & set(names):  # Ollama's names go without the tag
                raise CannotStart(
                    f"{self.url} has no model {wanted or 'without a name'}. "
                    f"It has: {', '.join(names) or 'none'}\n"
                    "Choose one with --openai-model, or fetch it first "
                    f"(with Ollama: ollama pull {wanted or 'NAME'})."
                )

    async def _models(self) -> tuple[int, str]:
        try:
            async with self._session(_CHECK_SECONDS) as session, session.get(f"{self.url}/models") as answer:
                return answer.status, await answer.text(errors="replace")
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise CannotStart(
                f"No server answers at {self.url} ({error or type(error).__name__}).\n"
                "Start it first, for example with `ollama serve`, or name another with --openai-url."
            ) from error

    def _session(self, silence: float) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self.key}"} if self.key else {},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=silence),
            read_bufsize=_LONGEST_LINE,
        )

    async def answer(self, request: Request, client: Client) -> web.StreamResponse:
        """Answer a request of Bedrock's, and ask no further when its client goes. Raises BedrockError."""
        try:
            return await client.await_for(self._answer(request, client))
        except BedrockError as error:
            raise self._without_key(error) from None

    async def _answer(self, request: Request, client: Client) -> web.StreamResponse:
        started = monotonic()
        is_stream = request.operation == "converse-stream"
        model = self.quick_model if "nova-micro" in request.model_id else self.model
        asked = form.request(request.body, model, is_stream=is_stream)
        async with (
            self._session(self.silence) as session,
            await self._asked(session, asked) as answer,
        ):
            if is_stream:
                return await self._stream(answer, request, client, started)
            said = await _completion(answer)
        thoughts = form.Thoughts()
        text = thoughts.said(said.text) + thoughts.rest()
        told = _figures(request, text, said.usage, started)
        return whole(text, form.stop_reason(said.finish), told, request.request_id)

    async def _asked(self, session: aiohttp.ClientSession, asked: dict[str, Any]) -> aiohttp.ClientResponse:
        url = f"{self.url}/chat/completions"
        try:
            # One that leads elsewhere would be asked there without the question, as GET.
            answer = await session.post(url, json=asked, allow_redirects=False)
        except asyncio.TimeoutError as error:
            raise BedrockError("ModelTimeoutException", "The server said nothing in time.") from error
        except aiohttp.ClientError as error:
            raise BedrockError("ServiceUnavailableException", str(error) or "no connection") from error
        if answer.status != 200:
            raise form.refusal(answer.status, await _text(answer))
        return answer

    async def _stream(
        self, answer: aiohttp.ClientResponse, request: Request, client: Client, started: float
    ) -> web.StreamResponse:
        """Pass on what is said as it is said. An unannounced end is a cut connection there, too."""
        stream, thoughts = EventStream(client.http, request.request_id), form.Thoughts()
        text, finish, usage, is_whole = "", "", None, False
        try:
            async for chunk in _chunks(answer):
                finish, usage = chunk.finish or finish, chunk.usage or usage
                is_whole = is_whole or chunk.is_last or bool(finish)
                if chunk.text or chunk.is_thought:  # an empty delta: it is thinking, and not silent
                    said = thoughts.said(chunk.text)
                    await stream.say([said])
                    text += said
        except BedrockError as error:
            if not stream.has_begun:
                raise
            told = str(self._without_key(error))
            await stream.fail(_IN_STREAM.get(error.code, "modelStreamErrorException"), told)
            return stream.response
        if is_whole:
            rest = thoughts.rest()
            await stream.say([rest] if rest else [])
            told_figures = _figures(request, text + rest, usage, started)
            await stream.stop(form.stop_reason(finish), told_figures)
            return stream.response
        if not stream.has_begun:
            raise BedrockError("ServiceUnavailableException", "The server broke off before the first word.")
        return client.abort()

    def _without_key(self, error: BedrockError) -> BedrockError:
        """A server may repeat the key that it refuses; the bot logs what it is told."""
        message = str(error).replace(self.key, "OPENAI_API_KEY") if self.key else str(error)
        return BedrockError(error.code, message)


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[form.Chunk]:
    """What a stream tells. It just ends where the connection breaks. Raises BedrockError."""
    try:
        async for line in answer.content:
            if chunk := form.chunk(line):
                yield chunk
    except asyncio.TimeoutError as error:
        raise BedrockError("ModelTimeoutException", "The server fell silent.") from error
    except aiohttp.ClientError:
        return
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


async def _completion(answer: aiohttp.ClientResponse) -> form.Chunk:
    try:
        return form.completion(await _text(answer))
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


async def _text(answer: aiohttp.ClientResponse) -> str:
    try:
        return await answer.text(errors="replace")
    except asyncio.TimeoutError as error:
        raise BedrockError("ModelTimeoutException", "The server fell silent.") from error
    except aiohttp.ClientError as error:
        raise BedrockError("ServiceUnavailableException", "The server broke off its answer.") from error


def _unreadable(error: Exception) -> BedrockError:
    return BedrockError("ModelErrorException", f"The server's answer cannot be read ({error}).")


def _figures(request: Request, text: str, usage: Any, started: float) -> dict[str, Any]:
    read, written = form.read_tokens(request.body, usage), form.written_tokens(text, usage)
    told = figures(read, written, monotonic() - started)
    request.course.usage = told["usage"]
    return told
