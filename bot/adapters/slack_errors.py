"""Meanings of the Slack Web API's errors."""

from __future__ import annotations

from math import isfinite
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError

from bot.core.errors import ContentRefused, RateLimited, SetupFault, SlackError, ThreadGone, Unreachable

# Codes after which the same call can succeed; a 429 is told by its status as well.
_LIMITED = {"ratelimited", "rate_limited"}
_PASSING = {
    "fatal_error",
    "internal_error",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "update_failed",
}
# Codes of chat.postMessage and chat.update that concern what is said, not where
# (https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update).
# Slack says `invalid_arguments` of a block that its schema does not know.
_CONTENT = {
    "block_mismatch",
    "invalid_arguments",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "markdown_text_conflict",
    "message_too_long",
    "msg_blocks_too_long",
    "msg_blocks_too_many",
    "msg_too_long",
    "no_text",
    "only_one_table_allowed",
    "too_many_attachments",
}
# Codes that any method can return, whatever it is given:
# https://docs.slack.dev/reference/methods/auth.test#errors
_OF_TOKEN = {
    "account_inactive",
    "accesslimited",
    "enterprise_is_restricted",
    "forbidden_team",
    "invalid_auth",
    "invalid_token",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
}
_OF_PERMISSION = {
    "insufficient_scope",
    "invalid_scope",
    "invalid_scopes",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
}


def translated(error: Exception) -> SlackError:
    """Return what an error of slack_sdk's means. Connection failures come from urllib as they are."""
    if not isinstance(error, SlackApiError):
        return Unreachable(type(error).__name__, str(error))
    response = error.response
    code = str(response.get("error") or "unknown")
    if response.status_code == 429 or code in _LIMITED:
        method = urlsplit(response.api_url).path.rpartition("/")[2]
        return RateLimited(_seconds(response.headers.get("Retry-After")), method)
    if response.status_code >= 500 or code in _PASSING or "non-JSON" in code:
        return Unreachable(code)
    if code == "thread_not_found":
        return ThreadGone()
    needed, provided = (str(response.get(name) or "") for name in ("needed", "provided"))
    detail = str(response.get("response_metadata") or response.get("errors") or needed)
    if code in _CONTENT:
        return ContentRefused(code, detail)
    return SlackError(code, detail, setup=_setup_fault(code), needed=needed, provided=provided)


def _setup_fault(code: str) -> SetupFault | None:
    if code in _OF_TOKEN:
        return SetupFault.TOKEN
    return SetupFault.PERMISSION if code in _OF_PERMISSION else None


def _seconds(retry_after: str | None) -> float:
    try:
        seconds = float(retry_after or 1)
    except ValueError:
        seconds = 1.0
    return max(0.0, seconds) if isfinite(seconds) else 1.0
