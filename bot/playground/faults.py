"""Calls of the Web API that fail because a test, or somebody at the page, wants them to."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass

from aiohttp import web

SILENCE = -1


@dataclass(frozen=True)
class Fault:
    """What the server does with one call in place of making it: answer `status` with `error` or `body`.

    Status 0 cuts the connection, and `SILENCE` says nothing until the caller gives up. If `made`, the call is
    made all the same, and only its answer is lost.
    """

    status: int = 200
    error: str = ""
    body: str = ""
    retry_after: int | None = None
    made: bool = False


class Faults:
    """Which calls fail: the next ones of a method, or all of them."""

    def __init__(self) -> None:
        self._queued: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lasting: dict[str, Fault] = {}

    def enqueue(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` fail so, in this order."""
        self._queued[method].extend(faults)

    def always(self, method: str, fault: Fault | None) -> None:
        """Let every call of `method` fail so that is not told otherwise; None ends it.

        "" stands for each method that has no fault of its own.
        """
        self._lasting.pop(method, None)
        if fault:
            self._lasting[method] = fault

    def next(self, method: str) -> Fault | None:
        """What the call of `method` that just came fails with, if it does."""
        queued = self._queued[method]
        return queued.popleft() if queued else self._lasting.get(method)


async def faulty(fault: Fault, request: web.Request) -> web.Response:
    """The answer of a call that fails so."""
    while fault.status == SILENCE and request.transport and not request.transport.is_closing():
        await asyncio.sleep(0.05)
    if fault.status <= 0:
        if request.transport:
            request.transport.abort()
        return web.Response()
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.body:
        return web.Response(status=fault.status, text=fault.body, content_type="text/html", headers=headers)
    return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=headers)
