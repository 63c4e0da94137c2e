"""Calls of the Web API that fail because a test, or somebody at the page, wants them to."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
    """Which calls fail: the next ones of a method, all of them, or those with certain parameters."""

    def __init__(self) -> None:
        self._queued: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lasting: dict[str, tuple[Fault, Callable[[Mapping[str, Any]], bool]]] = {}

    def enqueue(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` fail so, in this order."""
        self._queued[method].extend(faults)

    def always(
        self,
        method: str,
        fault: Fault | None,
        where: Callable[[Mapping[str, Any]], bool] = lambda _parameters: True,
    ) -> None:
        """Let every call of `method` whose parameters are such fail so, unless told otherwise; None ends it.

        "" stands for each method that has no fault of its own.
        """
        self._lasting.pop(method, None)
        if fault:
            self._lasting[method] = fault, where

    def next(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
        """What the call of `method` that just came fails with, if it does."""
        if queued := self._queued[method]:
            return queued.popleft()
        fault, where = self._lasting.get(method, (None, None))
        return fault if where and where(parameters) else None


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
