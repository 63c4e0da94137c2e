"""Every envelope is acknowledged, be it that nobody can read it: Slack would only send it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import time
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.internals import send_response
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

# What reading a payload raises that is not what Slack's documentation says.
_MISREADINGS = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Envelopes(SocketModeHandler):
    """Bolt's handler, which also acknowledges what Bolt itself cannot read."""

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """Let Bolt's listeners hear a request, and acknowledge it."""
        try:
            super().handle(client, req)  # type: ignore[arg-type] # Bolt narrows what its base takes
        except _MISREADINGS:
            log.exception("payload.unreadable", extra={"payload": req.type})
            send_response(client, req, BoltResponse(status=200), time())


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
