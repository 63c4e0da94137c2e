"""Slack's own markup, mrkdwn: read into plain text, and written for notifications.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from bot.core.safety import Safe

# chat.update answers `msg_too_long` above 4,000 characters of `text`
# (https://docs.slack.dev/reference/methods/chat.update).
# Whether an emoji is one of them or two is not said.
FALLBACK_LIMIT = 1_900

_SEQUENCE = re.compile(r"<([^<>\n]+)>")


def plain(text: str, me: str) -> str:
    """An incoming `text` as its writer saw it, without the mentions of the bot user `me`.

    Emphasis marks stay: a model reads `*bold*` as it is, and inside code an asterisk is no mark.
    """
    words = re.sub(rf"<@{re.escape(me)}(?:\|[^>]*)?>", "", text) if me else text
    words = _SEQUENCE.sub(lambda match: _spoken(match[1]), words)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _spoken(sequence: str) -> str:
    target, _, label = sequence.partition("|")
    match target[:1]:
        case "@":
            return f"@{label or 'someone'}"
        case "#":
            return f"#{label or 'channel'}"
        case "!":
            return label or "@" + target[1:].partition("^")[0]
        case _:
            address = target.removeprefix("mailto:")
            return address if label in ("", address, target) else f"{label} ({address})"


def fallback(text: Safe, limit: int = FALLBACK_LIMIT) -> str:
    """`text` for the `text` field, which notifications and screen readers use: escaped and bounded."""
    escaped = text[:limit].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) <= limit and len(text) <= limit:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: limit - 1]) + "…"
