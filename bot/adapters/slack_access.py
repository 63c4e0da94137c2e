"""What Slack lets the app do, asked without anybody noticing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from threading import Timer
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from bot.adapters.slack_errors import translated
from bot.adapters.slack_socket import Session
from bot.core.errors import Unreachable

_ERRORS = (SlackApiError, OSError, HTTPException)
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Installation:
    """The workspace that the app is installed in, its rights there, and Slack's time (a `Date` header).

    `bot_user`, `bot_id`, `team_id` and `organisation` (None for none) are ids. No `scopes` mean that Slack
    told none.
    """

    team: str
    bot: str
    scopes: frozenset[str]
    date: str
    bot_user: str
    bot_id: str
    team_id: str
    organisation: str | None


def installation(client: WebClient) -> Installation:
    """What Slack knows of the token of `client`. Raises SlackError."""
    try:
        answer = client.auth_test()
    except _ERRORS as error:
        raise translated(error) from error
    headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
    scopes = filter(None, (scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")))
    return Installation(
        str(answer["team"]),
        str(answer["user"]),
        frozenset(scopes),
        headers.get("date", ""),
        str(answer["user_id"]),
        str(answer.get("bot_id") or ""),
        str(answer["team_id"]),
        answer.get("enterprise_id"),
    )


def connection_url(client: WebClient, app_token: str) -> str:
    """Where one Socket Mode connection may be opened now. Raises SlackError."""
    try:
        return str(client.apps_connections_open(app_token=app_token)["url"])
    except _ERRORS as error:
        raise translated(error) from error


def greeting(client: WebClient, url: str) -> Mapping[str, Any]:
    """What Slack says first on the connection at `url`, which is closed then. Raises Unreachable.

    What it sends after that is not acknowledged, so that events come again, to a bot that runs.
    """
    said = list[str]()

    def hear(message: str) -> None:
        said.append(message)
        session.close()

    session = Session(url, hear, proxy=client.proxy, ssl_context=client.ssl)
    patience = Timer(_PATIENCE_SECONDS, session.close)
    patience.start()
    try:
        session.connect()
        session.run_until_completion(ConnectionState())  # type: ignore[no-untyped-call] # slack_sdk has no type
    except SlackClientNotConnectedError as error:
        raise Unreachable("not connected", str(error)) from error
    finally:
        patience.cancel()
        session.close()
    if said:
        return dict(json.loads(said[0]))
    raise Unreachable("no hello", "Slack closed the connection or said nothing")
