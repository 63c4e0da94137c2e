"""A small server of OpenAI's shape on loopback, which says what a test lets it say."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from aiohttp import web

SOON = 10.0  # seconds
DONE = b"data: [DONE]\n\n"
HOLD = b""
"""In place of a piece: wait until `go`, or until the client has gone."""

Answer: TypeAlias = Callable[["OpenAIServer", web.Request], Awaitable[web.StreamResponse]]


def says(text: str | None = None, finish: str | None = None, **delta: Any) -> bytes:
    """An event of a stream, as Ollama and llama.cpp send it."""
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice], "usage": None})


def usage(read: int, written: int) -> bytes:
    figures = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return event({"object": "chat.completion.chunk", "choices": [], "usage": figures})


def event(told: Any) -> bytes:
    return f"data: {json.dumps(told, ensure_ascii=False)}\n\n".encode()


def streams(*pieces: bytes, cut: bool = False) -> Answer:
    """A stream of these pieces, each in a write of its own; a `cut` one has no end."""

    async def answer(server: OpenAIServer, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            if piece != HOLD:
                await response.write(piece)
                continue
            while not server.go.is_set():
                if request.transport is None or request.transport.is_closing():
                    server.left.set()
                    return response
                await asyncio.sleep(0.01)
        if cut and request.transport:
            request.transport.abort()
        return response

    return answer


def whole(text: str, finish: str = "stop", **message: Any) -> Answer:
    """An answer that is not streamed."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": finish,
    }
    figures = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return refuses(200, json.dumps({"object": "chat.completion", "choices": [choice], "usage": figures}))


def refuses(status: int, body: str | dict[str, Any]) -> Answer:
    text = body if isinstance(body, str) else json.dumps({"error": body})

    async def answer(_server: OpenAIServer, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})

    return answer


class OpenAIServer:
    """The server. Each question takes the next of `answers`; the last one stays."""

    def __init__(self) -> None:
        self.url = ""
        self.models = ["llama3.2:latest", "tiny"]
        self.wanted_key = ""
        self.asked: list[dict[str, Any]] = []
        self.answers: deque[Answer] = deque()
        self.go, self.left = threading.Event(), threading.Event()
        self.app = web.Application(client_max_size=2**26)
        self.app.router.add_get("/v1/models", self._list)
        self.app.router.add_post("/v1/chat/completions", self._complete)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.wanted_key and request.headers.get("Authorization") != f"Bearer {self.wanted_key}":
            told = {"error": {"message": f"no such key: {request.headers.get('Authorization')}"}}
            return web.json_response(told, status=401)
        return None

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if (refusal := self._refusal(request)) is not None:  # a response without items was once false
            return refusal
        listed = [{"id": name, "object": "model"} for name in self.models]
        return web.json_response({"object": "list", "data": listed})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        self.asked.append(await request.json())
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        return await answer(self, request)


@contextmanager
def openai_server() -> Iterator[OpenAIServer]:
    server = OpenAIServer()
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(server.app, access_log=None, shutdown_timeout=0.1)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}/v1"

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server.url = asyncio.run_coroutine_threadsafe(start(), loop).result(SOON)
        yield server
        server.go.set()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(SOON)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SOON)
        loop.close()
