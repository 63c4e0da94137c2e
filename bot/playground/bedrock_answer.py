"""One answer of the Bedrock-compatible server: its words, its pace, and the ways in which it can fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from bot.playground import script
from bot.playground.bedrock_rules import MAX_TOKENS, context_window, tokens
from bot.playground.converse import BedrockError, EventStream, figures, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from bot.playground.prompt_cache import InputTokens

_T = TypeVar("_T")
_EMPTY_DELTA_EVERY = 20  # deltas; AWS sends an empty one now and then
_GLANCE = 0.02  # seconds between two looks at whether the client is still there
# Nova's sentence, which has been seen before a stream as well as in it, after HTTP 200.
TOO_LONG = "Input Tokens Exceeded: Number of input tokens exceeds maximum length"
_ENDINGS = frozenset({"stop", "end", "cut", "silence", "hold"})


@dataclass(frozen=True)
class Pace:
    """How fast the models speak. The defaults are Nova's published speeds."""

    converse: float = 0.33
    """Seconds from a Converse request to its answer."""
    first_token: float = 0.8
    """Seconds from a ConverseStream request to its first delta."""
    tokens_per_second: float = 90.0
    """The deltas' rate from there on."""


INSTANT = Pace(0.0, 0.0, float("inf"))


@dataclass(frozen=True)
class Reply:
    """What the server does with one request, in place of the scripted model's plain answer."""

    text: str | Sequence[str] | Callable[[Sequence[Mapping[str, Any]]], Sequence[str]] | None = None
    """None: what the script says. A str is, like the script's text, cut into tokens and ended at maxTokens.
    A sequence is sent as it is, each item a delta. A function gives one for a request's messages."""
    reasoning: Sequence[str] = ()
    """Deltas of a block of `reasoningContent` that comes before the text."""
    pace: Pace | None = None
    """None: the server's."""
    error: str | None = None
    """The code of an HTTP error that comes instead of an answer, such as "ThrottlingException"."""
    status: int | None = None
    """The error's HTTP status. None: the one that AWS gives the code, or 400 if it is unknown."""
    message: str = "The playground was told to fail here."
    """The error's message, also that of an exception in the stream."""
    stop_reason: str = "end_turn"
    after: int | None = None
    """So many deltas are sent, empty ones included, then `then` happens. None: all of them."""
    then: str = "stop"
    """What follows the deltas:

    - "stop": messageStop and metadata, as it should be
    - "end": the body ends without them
    - "cut": the connection is aborted
    - "exception:throttlingException": the exception of that name, in the stream
    - "silence": nothing more, until the client or the server goes
    - "hold": `Bedrock.release()` is waited for, then come the other deltas and "stop"

    Converse has no deltas; it knows "cut", "silence" and "hold", and answers in every other case.
    """

    def __post_init__(self) -> None:
        if self.then not in _ENDINGS and not self.then.startswith("exception:"):
            raise ValueError(f"no such ending: {self.then}")


@dataclass
class Course:
    """How a request went. Times are of time.monotonic; `ended` is None while it is being answered.

    `usage` is what Bedrock tells of tokens, empty if the answer did not get so far. `error` is the code of an
    HTTP error.
    """

    began: float = field(default_factory=monotonic)
    ended: float | None = None
    error: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request as it came in, also when it was refused."""

    operation: str
    """"converse" or "converse-stream"."""
    model_id: str
    body: dict[str, Any]
    request_id: str
    sent: list[tuple[float, int]] = field(default_factory=list, compare=False)
    """When (time.monotonic) how many characters of a stream's text had been sent in all."""
    course: Course = field(default_factory=Course, compare=False)


class Client:
    """Who waits for an answer, and may stop waiting. `releases` counts the calls of `Bedrock.release()`."""

    def __init__(self, http: web.Request, releases: Callable[[], int]) -> None:
        self.http = http
        self._releases = releases
        self._releases_before = releases()

    async def wait(self, until: float = float("inf"), *, held: bool = False) -> None:
        """Wait until the event loop's time `until`; if `held`, a release ends it as well.

        Raises ConnectionError when the client has gone. It looks for that, and for a release, now and then:
        most runners do not tell a handler of a lost client, and a release comes from another thread.
        """
        loop = asyncio.get_running_loop()
        while (left := until - loop.time()) > 0 and not (held and self._released()):
            if self.http.transport is None or self.http.transport.is_closing():
                raise ConnectionResetError
            await asyncio.sleep(min(left, _GLANCE))

    async def await_for(self, answer: Coroutine[Any, Any, _T]) -> _T:
        """What `answer` returns; it is ended by a ConnectionError when the client has gone."""
        answering, leaving = asyncio.ensure_future(answer), asyncio.ensure_future(self.wait())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                leaving.result()
            return answering.result()
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    def _released(self) -> bool:
        return self._releases() != self._releases_before

    def abort(self) -> web.Response:
        """Cut the TCP connection. The response is only there because aiohttp wants one of a handler."""
        if self.http.transport is not None:
            self.http.transport.abort()
        return web.Response()


class Answer:
    """One answer under way."""

    def __init__(self, request: Request, reply: Reply, pace: Pace, client: Client, read: InputTokens) -> None:
        self.request = request
        self._read = read
        self._reply = reply
        self._pace = pace
        self._client = client
        self._clock = asyncio.get_running_loop().time
        self._started = self._clock()

    async def give(self) -> web.StreamResponse:
        """Send it, at its pace. Raises BedrockError if more is asked than the model can read."""
        if self._read.total <= context_window(self.request.model_id):
            return await (self._whole() if self.request.operation == "converse" else self._stream())
        if self.request.operation == "converse":
            raise BedrockError("ValidationException", TOO_LONG)
        stream = EventStream(self._client.http, self.request.request_id)
        await stream.say([])
        await stream.fail("validationException", TOO_LONG)
        return stream.response

    async def _whole(self) -> web.Response:
        deltas, stop_reason = self._words()
        await self._client.wait(self._started + self._pace.converse)
        match self._reply.then:
            case "cut":
                return self._client.abort()
            case "silence":
                await self._client.wait()
            case "hold":
                await self._client.wait(held=True)
        told = self._figures(deltas)
        return whole("".join(deltas), stop_reason, told, self.request.request_id, self._reply.reasoning)

    async def _stream(self) -> web.StreamResponse:
        stream = EventStream(self._client.http, self.request.request_id)
        deltas, stop_reason = self._words()
        before = deltas[: self._reply.after]
        first = self._started + self._pace.first_token
        await self._client.wait(first)
        await stream.say([])
        await stream.reason(self._reply.reasoning)
        await self._send(stream, before, first)
        match self._reply.then:
            case "stop":
                await stream.stop(stop_reason, self._figures(before))
            case "hold":
                await self._client.wait(held=True)
                await self._send(stream, deltas[len(before) :], self._clock())
                await stream.stop(stop_reason, self._figures(deltas))
            case "silence":
                await self._client.wait()
            case "cut":
                self._client.abort()
            case "end":
                pass
            case then:
                await stream.fail(then.partition(":")[2], self._reply.message)
        return stream.response

    async def _send(self, stream: EventStream, deltas: Sequence[str], first: float) -> None:
        """Send each delta when it is due, the first at the loop's time `first`.

        Late ones go together in one write: a timer that comes late does not slow the stream down.
        """
        gap = 1 / self._pace.tokens_per_second
        sent = 0
        while sent < len(deltas):
            await self._client.wait(first + sent * gap)
            now, due = self._clock(), sent + 1
            while due < len(deltas) and first + due * gap <= now:
                due += 1
            await stream.say(deltas[sent:due])
            before = self.request.sent[-1][1] if self.request.sent else 0
            self.request.sent.append((monotonic(), before + sum(map(len, deltas[sent:due]))))
            sent = due

    def _words(self) -> tuple[Sequence[str], str]:
        """The deltas, and the reason for which they end."""
        text = self._reply.text
        if callable(text):
            return text(self.request.body["messages"]), self._reply.stop_reason
        if text is None:
            says = script.acknowledge if self.request.operation == "converse" else script.answer
            text = says(self.request.body["messages"])
        if not isinstance(text, str):
            return text, self._reply.stop_reason
        pieces = tokens(text)
        limit = (self.request.body.get("inferenceConfig") or {}).get("maxTokens", MAX_TOKENS)
        stop_reason = self._reply.stop_reason if len(pieces) <= limit else "max_tokens"
        return _with_empty_deltas(pieces[:limit]), stop_reason

    def _figures(self, sent: Sequence[str]) -> dict[str, Any]:
        written = max(1, len(tokens("".join((*self._reply.reasoning, *sent)))))  # reasoning is billed, too
        told = figures(self._read, written, self._clock() - self._started)
        self.request.course.usage = told["usage"]
        return told


def _with_empty_deltas(pieces: Sequence[str]) -> list[str]:
    return [
        delta
        for number, piece in enumerate(pieces, 1)
        for delta in ((piece,) if number % _EMPTY_DELTA_EVERY else (piece, ""))
    ]
