"""Faults of the app's set-up in Slack, by the codes that Slack refuses calls with, and their fixes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.errors import RateLimited, SlackError

# What manifest.yml asks for, which is no part of the installed package.
NEEDED_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "mpim:history",
        "mpim:read",
        "users:read",
    }
)
MAX_CONNECTIONS = 10  # of one app: https://docs.slack.dev/apis/events-api/using-socket-mode

_APP = "https://api.slack.com/apps, your app"
_NEW_APP_TOKEN = (
    f"In {_APP}, Basic Information, App-Level Tokens, generate one with the scope connections:write."
)
_NEW_BOT_TOKEN = (
    f"In {_APP}, OAuth & Permissions, install the app again, put the Bot User OAuth Token into "
    "SLACK_BOT_TOKEN, and start the bot again."
)
_TOKENS = {
    "SLACK_BOT_TOKEN": (
        f"In {_APP}, OAuth & Permissions, copy the Bot User OAuth Token; after a change of scopes, install "
        "the app again first."
    ),
    "SLACK_APP_TOKEN": _NEW_APP_TOKEN,
}
_WAIT = "The bot notices by itself when that is over."
# https://docs.slack.dev/reference/methods/auth.test#errors
_OF_BOT_TOKEN = {
    "account_inactive": f"The app or its bot user was removed from the workspace. {_NEW_BOT_TOKEN}",
    "token_revoked": f"The app was removed, or its token revoked. {_NEW_BOT_TOKEN}",
    "token_expired": (
        "The app rotates its tokens, which Duet does not: create the app anew from manifest.yml, and put its "
        "token into SLACK_BOT_TOKEN."
    ),
    "org_login_required": f"The workspace is being moved into an organization. {_WAIT}",
    "team_access_not_granted": (
        "Let an administrator of the organization add the app to this workspace: Integrations, Installed "
        f"apps. {_WAIT}"
    ),
    "enterprise_is_restricted": (
        f"Let an administrator of the organization approve the app for this workspace. {_WAIT}"
    ),
    "two_factor_setup_required": f"Set up two-factor authentication for who installed the app. {_WAIT}",
    "accesslimited": f"Let the workspace's list of allowed IP addresses have this host's. {_WAIT}",
}
_OF_EITHER_TOKEN = {
    "not_allowed_token_type": (
        "SLACK_BOT_TOKEN is the token that begins with xoxb-, SLACK_APP_TOKEN the one with xapp-."
    ),
    "socket_mode_not_enabled": f"In {_APP}, Socket Mode, switch on Enable Socket Mode.",
    "link_disabled": f"In {_APP}, Socket Mode, switch on Enable Socket Mode.",
    "too_many_websockets": (
        "End what else connects with this SLACK_APP_TOKEN. Connections that only Slack believes to be open "
        "go within hours, or at once with a new token: " + _NEW_APP_TOKEN
    ),
}
# https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect, and what issues tell of besides:
# https://github.com/slackapi/node-slack-sdk/issues/1654
_OF_CONNECTION = {
    "link_disabled": "Socket Mode is switched off",
    "socket_mode_not_enabled": "Socket Mode is switched off",
    "too_many_websockets": f"Slack takes {MAX_CONNECTIONS} connections of an app, and more are open",
}


@dataclass(frozen=True)
class Problem:
    """Something of the set-up that an administrator can change: Slack's `code`, what is so, and the fix."""

    code: str
    detail: str
    fix: str

    def __str__(self) -> str:
        return f"{self.detail}. {self.fix}"


def fix(error: SlackError, token: str) -> str:
    """Return what to do where Slack does not take the setting `token`."""
    if isinstance(error, RateLimited):
        return f"Try again after {error.retry_after:.0f} s."
    if error.code in _OF_EITHER_TOKEN:
        return _OF_EITHER_TOKEN[error.code]
    special = _OF_BOT_TOKEN.get(error.code) if token == "SLACK_BOT_TOKEN" else None  # noqa: S105 - a name
    return special or _TOKENS[token]


def of_token(error: SlackError) -> Problem:
    """Slack takes the bot's token for nothing any more."""
    return Problem(error.code, f"Slack refuses SLACK_BOT_TOKEN ({error.code})", fix(error, "SLACK_BOT_TOKEN"))


def of_connection(error: SlackError) -> Problem:
    """Slack gives no connection, or ended one for good."""
    detail = _OF_CONNECTION.get(error.code, "Slack gives SLACK_APP_TOKEN no connection")
    return Problem(error.code, f"{detail} ({error.code})", fix(error, "SLACK_APP_TOKEN"))


def of_permission(error: SlackError, method: str) -> Problem:
    """The app may not call `method`."""
    if error.needed:
        return of_scope(error.needed, error.code)
    if error.code == "not_allowed_token_type":
        return Problem(error.code, f"Slack refuses {method} ({error.code})", fix(error, "SLACK_BOT_TOKEN"))
    remedy = (
        f"In {_APP}, App Manifest, paste manifest.yml; then, in OAuth & Permissions, install the app again."
    )
    return Problem(error.code, f"Slack does not let the app call {method} ({error.code})", remedy)


def of_scope(scope: str, code: str = "missing_scope") -> Problem:
    """The token lacks a scope."""
    remedy = (
        f"In {_APP}, OAuth & Permissions, add the scope {scope}, or paste manifest.yml in App Manifest; then "
        "install the app again."
    )
    return Problem(code, f"the scope {scope} is missing ({code})", remedy)


def missing(granted: Collection[str]) -> list[str]:
    """The scopes that the bot needs and that were not granted."""
    return sorted(NEEDED_SCOPES - set(granted))


def ghosts(connections: int, processes: int) -> str:
    """Return what to do where Slack counts more connections than there are processes."""
    return (
        f"Slack counts {connections} connections of this app, and the store knows of {processes} "
        "processes. What else connects with this SLACK_APP_TOKEN gets a part of all questions: end it, or "
        "let it share STORE_URL. If there is nothing, Slack believes connections to be open that are gone "
        "(ghosts), and presses that it sends there are lost: they go within hours, or at once with a new "
        f"token. {_NEW_APP_TOKEN}"
    )
