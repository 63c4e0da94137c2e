"""What Slack's text and blocks look like, as HTML that is safe to show."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from markdown_it import MarkdownIt

from bot.playground.workspace import Message, User

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
_SEQUENCE = re.compile(r"<([^<>\n]+)>")
_LIVE_IN_MARKDOWN = re.compile(r"&lt;([@#!][^&\n]+)&gt;")  # there the text is quoted for HTML already
_EMPHASIS = (
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)~([^~\n]+)~(?!\w)"), r"<s>\1</s>"),
)


def blocks_of(message: Message, users: Mapping[str, User]) -> list[dict[str, str]]:
    """A message's blocks, or its text where it has none, each as a type and HTML."""
    if not message.blocks:
        return [{"type": "text", "html": _mrkdwn(message.text, users)}]
    return [_rendered(block, users) for block in message.blocks]


def _rendered(block: Mapping[str, Any], users: Mapping[str, User]) -> dict[str, str]:
    match block["type"]:
        case "markdown":
            rendered = _MARKDOWN.render(block["text"])
            return {
                "type": "markdown",
                "html": _LIVE_IN_MARKDOWN.sub(lambda match: _spoken(match[1], users), rendered),
            }
        case "section":
            return {"type": "section", "html": _mrkdwn(block["text"]["text"], users)}
        case "context":
            words = (_mrkdwn(element["text"], users) for element in block["elements"])
            return {"type": "context", "html": " ".join(words)}
        case kind:
            return {"type": "unknown", "html": html.escape(str(kind))}


def _mrkdwn(text: str, users: Mapping[str, User]) -> str:
    # Slack's own three escapes are undone first: quoting for HTML makes them anew.
    parts = _SEQUENCE.split(text)
    spoken = [
        _spoken(part, users) if odd else _emphasised(part) for part, odd in zip(parts, cycle((False, True)))
    ]
    return "".join(spoken).replace("\n", "<br>")


def _emphasised(text: str) -> str:
    quoted = html.escape(html.unescape(text))
    for pattern, replacement in _EMPHASIS:
        quoted = pattern.sub(replacement, quoted)
    return quoted


def _spoken(sequence: str, users: Mapping[str, User]) -> str:
    """A control sequence: a mention, or a link."""
    target, _, label = (html.escape(html.unescape(part)) for part in sequence.partition("|"))
    if target.startswith(("@", "#", "!")):
        known = users.get(target[1:])
        name = label or (f"@{known.name}" if known else target.replace("!", "@"))
        return f'<span class="mention">{html.escape(name) if known else name}</span>'
    if target.startswith(("https://", "http://", "mailto:")):
        return f'<a href="{target}">{label or target}</a>'
    return f"&lt;{target}&gt;"
