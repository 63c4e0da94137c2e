"""What Slack's text and blocks look like, as HTML that is safe to show."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.playground.workspace import Message, User

_MARKED = re.compile(
    r"```\n?(?P<block>.+?)\n?```|`(?P<code>[^`\n]+)`|<(?P<sequence>[^<>\n]+)>",
    re.DOTALL,
)
# What counts as live in Markdown as well; `<!DOCTYPE html>` and `List<@NonNull String>` do not.
_MENTION = re.compile(
    r"<(?P<sequence>(?:[@#][A-Z0-9]{2}|!(?:here|channel|everyone|subteam)\b)[^<>\n]*)>",
)
_EMPHASIS = (
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
    match block:
        case {"type": "markdown", "text": text}:
            return {"type": "markdown", "html": _MARKDOWN.render(text, {"users": users})}
        case {"type": "section", "text": {"text": text}}:
            return {"type": "section", "html": _mrkdwn(text, users)}
        case {"type": "context", "elements": elements}:
            words = (_mrkdwn(element.get("text", ""), users) for element in elements)
            return {"type": "context", "html": " ".join(words)}
        case {"type": "actions", "elements": elements}:
            return {"type": "actions", "html": "".join(map(_button, elements))}
        case _:
            return {"type": "unknown", "html": html.escape(str(block.get("type")))}


def _button(button: Mapping[str, Any]) -> str:
    label, action = html.escape(button["text"]["text"]), html.escape(button["action_id"])
    style = html.escape(button.get("style", "default"))
    return f'<button type="button" class="{style}" data-action="{action}">{label}</button>'


def _mention_in_markdown(state: StateInline, silent: bool) -> bool:
    """A rule of markdown-it's: mentions are live in Markdown as well, though not in code."""
    found = _MENTION.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("mention", "", 0).content = found["sequence"]
    state.pos = found.end()
    return True


def _rendered_mention(
    _renderer: object, tokens: Sequence[Token], index: int, _options: object, env: Mapping[str, Any]
) -> str:
    return _spoken(tokens[index].content, env["users"])


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
_MARKDOWN.inline.ruler.before("autolink", "mention", _mention_in_markdown)
_MARKDOWN.add_render_rule("mention", _rendered_mention)


def _mrkdwn(text: str, users: Mapping[str, User]) -> str:
    shown, end = "", 0
    for found in _MARKED.finditer(text):
        shown += _emphasised(text[end : found.start()])
        match found.lastgroup:
            case "block":
                shown += f"<pre><code>{html.escape(_plain(found['block']))}</code></pre>"
            case "code":
                shown += f"<code>{html.escape(_plain(found['code']))}</code>"
            case _:
                shown += _spoken(found["sequence"], users)
        end = found.end()
    return shown + _emphasised(text[end:])


def _emphasised(text: str) -> str:
    shown = html.escape(_plain(text))
    for pattern, replacement in _EMPHASIS:
        shown = pattern.sub(replacement, shown)
    return shown.replace("\n", "<br>")


def _plain(text: str) -> str:
    """Text without Slack's three escapes; there are no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _spoken(sequence: str, users: Mapping[str, User]) -> str:
    """A control sequence: a mention, or a link."""
    target, _, label = map(_plain, sequence.partition("|"))
    if target.startswith(("@", "#", "!")):
        sign = "#" if target.startswith("#") else "@"
        known = users.get(target[1:])
        name = known.name if known else label.removeprefix(sign) or target[1:]
        return f'<span class="mention">{html.escape(sign + name)}</span>'
    if target.startswith(("https://", "http://", "mailto:")):
        return f'<a href="{html.escape(target)}">{html.escape(label or target)}</a>'
    return html.escape(_plain(f"<{sequence}>"))
