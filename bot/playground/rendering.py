"""What Slack's text and blocks look like, as HTML that is safe to show."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from bot.playground.rich_text import RichText
from bot.playground.workspace import Message, User

_MARKED = re.compile(
    r"```\n?(?P<block>.+?)\n?```|`(?P<code>[^`\n]+)`|<(?P<sequence>[^<>\n]+)>",
    re.DOTALL,
)
# https://docs.slack.dev/messaging/formatting-message-text#date-formatting
_DATE = re.compile(r"!date\^(?P<seconds>\d{1,11})\^(?P<format>[^^]+)(\^.*)?")
_EMPHASIS = (
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)~([^~\n]+)~(?!\w)"), r"<s>\1</s>"),
)
_HEADINGS = {1: "h1", 2: "h2", 3: "h3", 4: "h4"}
_FEEDBACK = (("positive_button", "up"), ("negative_button", "down"))
_THUMB = "M6 9 9.4 3c1.3 0 2.1 1 1.8 2.3L10.6 8H15c1 0 1.8.9 1.6 1.9l-1 5.5c-.2 1-.9 1.6-1.8 1.6H6V9H3v8h3"
_SIGNS = {
    "up": _THUMB,
    "down": _THUMB,  # which the style sheet turns
    "trash": "M4 6h12M8 6V4h4v2M6 6l.7 11h6.6L14 6M8.7 9v5M11.3 9v5",
    "more": "M5 10h.01M10 10h.01M15 10h.01",
}


def blocks_of(message: Message, users: Mapping[str, User]) -> list[dict[str, str]]:
    """A message's blocks, or its text where it has none, and its attachments, each as a type and HTML."""
    attached = [shown for attachment in message.attachments for shown in _attached(attachment, users)]
    if message.blocks:
        return [*rendered(message.blocks, users), *attached]
    return [*([{"type": "text", "html": _mrkdwn(message.text, users)}] if message.text else []), *attached]


def _attached(attachment: Mapping[str, Any], users: Mapping[str, User]) -> list[dict[str, str]]:
    """https://docs.slack.dev/reference/messaging/attachments"""
    fields = (
        f"*{field.get('title', '')}*\n{field.get('value', '')}" for field in attachment.get("fields", ())
    )
    words = (str(attachment.get(name) or "") for name in ("pretext", "author_name", "title", "text"))
    lines = [*filter(None, words), *fields, *filter(None, [str(attachment.get("footer") or "")])]
    text = "\n".join(lines) or ("" if attachment.get("blocks") else str(attachment.get("fallback") or ""))
    shown = [{"type": "attachment", "html": _mrkdwn(text, users)}] if text else []
    return [*shown, *([] if attachment.get("is_share") else rendered(attachment.get("blocks", ()), users))]


def rendered(blocks: Sequence[Mapping[str, Any]], users: Mapping[str, User]) -> list[dict[str, str]]:
    """Blocks, each as a type and HTML."""
    return [_rendered(block, users) for block in blocks]


def _rendered(block: Mapping[str, Any], users: Mapping[str, User]) -> dict[str, str]:
    match block:
        case {"type": "rich_text", "elements": elements}:
            return {"type": "rich_text", "html": _rich(users).block(elements)}
        case {"type": "table", "rows": rows}:
            return {"type": "table", "html": _rich(users).table(rows, block.get("column_settings") or [])}
        case {"type": "section", "text": {"text": text}, "accessory": accessory}:
            return {"type": "section", "html": f"<div>{_mrkdwn(text, users)}</div>{_element(accessory)}"}
        case {"type": "section", "text": {"text": text}}:
            return {"type": "section", "html": _mrkdwn(text, users)}
        case {"type": "header", "text": {"text": text}}:
            tag = _HEADINGS.get(block.get("level", 0), "h3")
            return {"type": "header", "html": f"<{tag}>{html.escape(text)}</{tag}>"}
        case {"type": "divider"}:
            return {"type": "divider", "html": "<hr>"}
        case {"type": "context", "elements": elements}:
            words = (_mrkdwn(element.get("text", ""), users) for element in elements)
            return {"type": "context", "html": " ".join(words)}
        case {"type": "actions" | "context_actions" as kind, "elements": elements}:
            return {"type": kind, "html": "".join(map(_element, elements))}
        case {"type": "input", "element": element}:
            return {"type": "input", "html": _input(block, element)}
        case _:
            return {"type": "unknown", "html": html.escape(str(block.get("type")))}


def _rich(users: Mapping[str, User]) -> RichText:
    return RichText(lambda sequence: _spoken(sequence, users))


def _element(element: Mapping[str, Any]) -> str:
    match element["type"]:
        case "feedback_buttons":
            return "".join(_feedback(element, element[side], sign) for side, sign in _FEEDBACK)
        case "icon_button":
            return _icon_button(
                element, {"data-action": element["action_id"]}, "trash", element["text"]["text"]
            )
        case "overflow":
            options = [{"label": o["text"]["text"], "value": o["value"]} for o in element["options"]]
            told = {"data-options": json.dumps(options), "data-action": element["action_id"]}
            return _icon_button(element, told | {"aria-haspopup": "menu"}, "more", "")
        case _:
            return _button(element)


def _button(button: Mapping[str, Any]) -> str:
    told = {"class": f"press {button.get('style', 'default')}", "data-action": button["action_id"]}
    if label := button.get("accessibility_label"):
        told["aria-label"] = label
    words = html.escape(button["text"]["text"])
    if url := button.get("url"):
        return f"<a{_attributes({'href': url, **told})}>{words}</a>"
    return f'<button type="button"{_attributes(told)}>{words}</button>'


def _feedback(element: Mapping[str, Any], side: Mapping[str, Any], sign: str) -> str:
    told = {"data-action": element["action_id"], "data-value": side["value"], "aria-pressed": "false"}
    return _icon_button(side, told, sign, side["text"]["text"])


def _icon_button(holder: Mapping[str, Any], told: Mapping[str, str], sign: str, words: str) -> str:
    """A button of a sign alone, whose words are heard, or shown while it is pointed at."""
    label = holder.get("accessibility_label", words)
    known = {"aria-label": label, "title": words} if label else {}
    path = f'<svg viewBox="0 0 20 20" aria-hidden="true"><path d="{_SIGNS[sign]}"/></svg>'
    attributes = _attributes({"class": f"press icon {sign}", **told, **known})
    return f'<button type="button"{attributes}>{path}</button>'


def _input(block: Mapping[str, Any], element: Mapping[str, Any]) -> str:
    """A field with its label, what helps to fill it in, and room for what is wrong with it."""
    told = {"data-block": block["block_id"], "data-field": element["action_id"]}
    told |= {
        "maxlength": str(element.get("max_length", 3000)),
        "minlength": str(element.get("min_length", 0)),
    }
    if placeholder := element.get("placeholder"):
        told["placeholder"] = placeholder["text"]
    if not block.get("optional"):
        told["required"] = ""
    start = element.get("initial_value", "")
    if element.get("multiline"):
        # The first line break in a textarea is not part of its value.
        field = f'<textarea rows="4"{_attributes(told)}>\n{html.escape(start)}</textarea>'
    else:
        field = f'<input type="text" autocomplete="off"{_attributes({**told, "value": start})}>'
    label = html.escape(block["label"]["text"])
    optional = '<span class="optional"></span>' if block.get("optional") else ""
    hint = f'<p class="hint">{html.escape(block["hint"]["text"])}</p>' if block.get("hint") else ""
    return (
        f'<label><strong>{label}</strong>{optional}{field}</label>{hint}<p class="problem" role="alert"></p>'
    )


def _attributes(told: Mapping[str, str]) -> str:
    return "".join(f' {name}="{html.escape(value)}"' for name, value in told.items())


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
    """A control sequence: a date, a mention, or a link."""
    target, _, label = map(_plain, sequence.partition("|"))
    if date := _DATE.fullmatch(target):
        moment = datetime.fromtimestamp(int(date["seconds"]), timezone.utc)
        told = {"datetime": moment.isoformat(), "data-format": date["format"]}
        return f"<time{_attributes(told)}>{html.escape(label)}</time>"
    if target.startswith(("@", "#", "!")):
        sign = "#" if target.startswith("#") else "@"
        known = users.get(target[1:])
        name = known.name if known else label.removeprefix(sign) or target[1:]
        return f'<span class="mention">{html.escape(sign + name)}</span>'
    if target.startswith(("https://", "http://", "mailto:")):
        return f'<a href="{html.escape(target)}">{html.escape(label or target)}</a>'
    return html.escape(_plain(f"<{sequence}>"))
