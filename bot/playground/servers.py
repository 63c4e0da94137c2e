"""The two pretend platforms, listening on loopback, on an event loop of their own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from aiohttp import web

from bot.playground.bedrock import Bedrock
from bot.playground.slack import APP_TOKEN, BOT_TOKEN, Slack
from bot.playground.workspace import ADA

LOOPBACK = "127.0.0.1"
_T = TypeVar("_T")


class Servers:
    """Slack and Bedrock on free ports, from `start` to `stop`.

    `make_slack` and `make_bedrock` are called on the loop's thread, which is the only one that touches what
    they return; `do` lets others take part.
    """

    def __init__(
        self, make_slack: Callable[[], Slack] = Slack, make_bedrock: Callable[[], Bedrock] = Bedrock
    ) -> None:
        self._make_slack, self._make_bedrock = make_slack, make_bedrock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="playground", daemon=True)
        self._runners: list[web.AppRunner] = []
        self._listeners: list[socket.socket] = []
        self.slack: Slack
        self.bedrock: Bedrock
        self.bedrock_url = ""

    def start(self, port: int = 0) -> None:
        """Listen; Slack and the page on `port`, or on a free one.

        Raises OSError if it is taken, OverflowError if there is no such port.
        """
        self._thread.start()
        try:
            self.wait_for(lambda: self._begin(port))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Listen no more."""
        self.wait_for(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, action: Callable[[], _T]) -> _T:
        """Call `action` on the loop's thread and return what it returns."""

        async def act() -> _T:
            return action()

        return self.wait_for(act)

    def wait_for(self, action: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run what takes time on the loop's thread, and return what it returns."""
        return asyncio.run_coroutine_threadsafe(action(), self._loop).result()

    def environment(self) -> dict[str, str]:
        """What a bot needs in its environment to take these servers for the real ones."""
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": f"{self.slack.base_url}/api/",
            "ADMIN_USERS": ADA.id,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.bedrock_url,
            "AWS_ENDPOINT_URL_STS": self.bedrock_url,
            "AWS_ENDPOINT_URL_SSO": self.bedrock_url,
            "AWS_ACCESS_KEY_ID": "playground",
            "AWS_SECRET_ACCESS_KEY": "playground",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    async def _begin(self, port: int) -> None:
        self.slack, self.bedrock = self._make_slack(), self._make_bedrock()
        self.slack.base_url = await self._serve(self.slack.app, port)
        self.bedrock_url = await self._serve(self.bedrock.app, 0)

    async def _serve(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._runners.append(runner)
        await runner.setup()
        listener = socket.create_server((LOOPBACK, port))
        self._listeners.append(listener)
        await web.SockSite(runner, listener).start()
        host, bound = listener.getsockname()
        return f"http://{host}:{bound}"

    async def _end(self) -> None:
        # asyncio leaks what it has accepted before a server closes and makes a connection of a turn later.
        for listener in self._listeners:
            self._loop.remove_reader(listener)
        await asyncio.sleep(0)
        for runner in self._runners:
            await runner.cleanup()
