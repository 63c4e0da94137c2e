"""Every envelope is acknowledged, be it that nobody can read it: Slack would only send it again."""

from __future__ import annotations

import logging
import selectors
import socket
from collections.abc import Mapping
from contextlib import suppress
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

    def hang_up_if_alone(self) -> None:
        """Close a connection whose other end is gone without a CLOSE frame; the client then makes a new one.

        Of itself the client reads the end of such a stream over and over, a whole core's work, until five of
        its pings have failed.
        """
        session = self.client.current_session
        if session and session.sock and is_at_end(session.sock):
            with suppress(AttributeError):  # slack_sdk before 3.38, if another thread just closed it
                session.disconnect()


def is_at_end(sock: socket.socket) -> bool:
    """Whether nothing more can be read of a connection. Does not wait, whatever the socket's timeout."""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            # Past TLS, which has no way to look without taking.
            return bool(selector.select(0)) and not socket.socket.recv(sock, 1, socket.MSG_PEEK)
    except TimeoutError:  # what was there to be read has been
        return False
    except (OSError, ValueError):  # reset, or closed meanwhile
        return True


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
