"""Every envelope is acknowledged, be it that nobody can read it: Slack would only send it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import time
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.listeners.connection import Client

log = logging.getLogger(__name__)

# What reading a payload raises that is not what Slack's documentation says.
_MISREADINGS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Envelopes(BaseSocketModeHandler):
    """Lets Bolt hear what comes over its `client`, and also acknowledges what Bolt itself cannot read."""

    client: Client

    def __init__(self, app: App, app_token: str, ping_interval: float = 10.0) -> None:
        self.app, self.client = app, Client(app_token, app.client, app.logger, ping_interval)
        self.client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """Let Bolt's listeners hear a request, and acknowledge it."""
        began = time()
        try:
            response = run_bolt_app(self.app, req)
        except _MISREADINGS:
            log.exception("payload.unreadable", extra={"payload": req.type})
            response = BoltResponse(status=200)
        send_response(client, req, response, began)


def unreadable(error: Exception, body: Mapping[str, Any]) -> BoltResponse:
    """What a request is answered that no listener heard, or one failed to read.

    Errors of another kind are left to Slack's retries.
    """
    kind = str(body.get("type") or ("command" if "command" in body else "unknown"))
    if isinstance(error, BoltUnhandledRequestError):
        log.warning("payload.unheard", extra={"payload": kind})
        return BoltResponse(status=200)
    log.error("payload.unreadable", extra={"payload": kind}, exc_info=error)
    return BoltResponse(status=200 if isinstance(error, _MISREADINGS) else 500)
