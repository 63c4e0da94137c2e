"""Slack's own markup, mrkdwn: read into plain text, and written for notifications.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.core.frames import name_in_frame
from bot.core.safety import Safe

# chat.update answers `msg_too_long` above 4,000 characters of `text`
# (https://docs.slack.dev/reference/methods/chat.update).
# Whether an emoji is one of them or two is not said.
FALLBACK_LIMIT = 1_900

_SEQUENCE = re.compile(r"<([^<>\n]+)>")
_ADDRESS = re.compile(r"<@|<!(?:subteam|here|channel|everyone)\b")
_MARKS = re.compile(r"[*_~`]")
_ANY_MENTION = re.compile(r"<@([^<>|]*)(?:\|[^<>]*)?>")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_CHANNEL = re.compile(r"<#([CDG][A-Z0-9]+)>")
_LITERAL = re.compile(r"&lt;(?=(?:@[UW]|#[CDG])[A-Z0-9]+&gt;)")  # what somebody wrote that is no mention
_WRITTEN = re.compile(r"<(?=(?:@[UW]|#[CDG])[A-Z0-9]+>)")
_BREAK = "\u200b"
_BROKEN = re.compile(f"<{_BREAK}(?=[@#])")


def plain(text: str, me: str) -> str:
    """An incoming `text` as its writer saw it, without the mentions of the bot user `me`.

    People and channels that it mentions without a name stay `<@U…>` and `<#C…>`, for `naming`, and what only
    reads like that is broken until then. Emphasis marks stay: a model reads `*bold*` as it is, and inside
    code an asterisk is no mark.
    """
    words = _ANY_MENTION.sub(lambda match: "" if match[1] == me else match[0], text) if me else text
    words = _SEQUENCE.sub(lambda match: _spoken(match[1]), _LITERAL.sub(f"&lt;{_BREAK}", words))
    return unescaped(words).strip()


def unformatted(text: str) -> str:
    """A `plain` text without what an edit changes that only formats: emphasis marks, and runs of spaces."""
    return " ".join(_MARKS.sub("", text).split())


def _spoken(sequence: str) -> str:
    target, _, label = sequence.partition("|")
    match target[:1]:
        case "@":
            return f"@{label}" if label else f"<{target}>"
        case "#":
            return f"#{label}" if label else f"<{target}>"
        case "!":
            return label or "@" + target[1:].partition("^")[0]
        case _:
            address = target.removeprefix("mailto:")
            return address if label in ("", address, target) else f"{label} ({address})"


def addresses(text: str) -> bool:
    """Whether an incoming `text` is addressed to somebody: a person, a bot, a group, or all."""
    return _ADDRESS.search(text) is not None


def mentioned(text: str) -> list[str]:
    """The ids of the people whom a `plain` text mentions."""
    return _MENTION.findall(text)


def channels_in(text: str) -> list[str]:
    """The ids of the channels that a `plain` text mentions."""
    return _CHANNEL.findall(text)


def naming(text: str, names: Mapping[str, str]) -> str:
    """A `plain` text with the names of people and channels in place of their ids.

    A channel of which none is known keeps its id, which tells it from others.
    """
    text = _MENTION.sub(lambda match: f"@{name_in_frame(names.get(match[1], '')) or 'someone'}", text)
    text = _CHANNEL.sub(lambda match: f"#{name_in_frame(names.get(match[1], '')) or match[1]}", text)
    return _BROKEN.sub("<", text)


def literal(text: str) -> str:
    """`text` in which nobody is mentioned, as a part of a `plain` one."""
    return _WRITTEN.sub(f"<{_BREAK}", text)


def escaped(text: str) -> str:
    """`text` so that mrkdwn shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """Return what was `escaped` as `text`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fallback(text: Safe, limit: int = FALLBACK_LIMIT) -> str:
    """`text` for the `text` field, which notifications and screen readers use: escaped and bounded."""
    shown = escaped(text[:limit])
    if len(shown) <= limit and len(text) <= limit:
        return shown
    return re.sub(r"&[a-z]*$", "", shown[: limit - 1]) + "…"
