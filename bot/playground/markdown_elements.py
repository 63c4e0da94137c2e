"""The inside of a line of Markdown as elements of Slack's rich text.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markdown_it.tree import SyntaxTreeNode

Element = dict[str, Any]
Style = Mapping[str, bool]

PLAIN: Style = {}
BOLD: Style = {"bold": True}
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# https://docs.slack.dev/messaging/formatting-message-text#date-formatting
_DATE = re.compile(r"!date\^(?P<seconds>\d{1,11})\^(?P<format>[^^]+)(?:\^(?P<url>.*))?")
_BROADCAST = re.compile(r"!(?P<range>here|channel|everyone)")
_NAMES = {
    "1f44b": "wave", "1f44d": "+1", "1f44e": "-1", "1f389": "tada", "1f680": "rocket", "1f525": "fire",
    "1f4a1": "bulb", "1f440": "eyes", "1f64f": "pray", "1f914": "thinking_face", "1f600": "grinning",
    "1f642": "slightly_smiling_face", "1f60a": "blush", "1f602": "joy", "1f41b": "bug", "1f40d": "snake",
    "1f510": "closed_lock_with_key", "1f4dd": "memo", "1f4cc": "pushpin", "2705": "white_check_mark",
    "274c": "x", "26a0-fe0f": "warning", "2728": "sparkles", "2b50": "star", "2764-fe0f": "heart",
}  # fmt: skip
_CODES = {name: code for code, name in _NAMES.items()}
# What Unicode shows as a picture by itself, and what a variation selector, a keycap or a flag makes one.
_PICTURE = (
    "[\U0001f300-\U0001faff\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f"
    "\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705"
    "\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]?|[\u00a9-\u3299]\ufe0f"
)
_SPECIAL = re.compile(
    rf"(?P<address>https?://[^\s<>]+)|:(?P<name>[a-z0-9_+-]+):"
    rf"|(?P<emoji>[0-9#*]\ufe0f\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|(?:{_PICTURE})(?:\u200d(?:{_PICTURE}))*)"
)


def elements_of(nodes: Sequence[SyntaxTreeNode], style: Style = PLAIN) -> list[Element]:
    """The elements of a line's parts."""
    return joined(_elements(nodes, style, ""))


def joined(elements: Iterable[Element]) -> list[Element]:
    """Elements, of which text that follows text of the same style is one."""
    result: list[Element] = []
    for element in elements:
        if result and _continues(result[-1], element):
            result[-1] = element | {"text": result[-1]["text"] + element["text"]}
        else:
            result.append(element)
    return result


def plain_text(elements: Iterable[Element]) -> str:
    """Elements as plain text, as it is in headers: styles go, what would notify is not read there."""
    return "".join(map(_plain, elements))


def _continues(last: Element, element: Element) -> bool:
    """Return True if `element` is more of `last`: text of one style, or the label of one link."""
    both = {"text"} <= last.keys() & element.keys()
    return both and last | {"text": ""} == element | {"text": ""}


def _plain(element: Element) -> str:
    match element:
        case {"type": "emoji", "unicode": code}:
            return "".join(chr(int(point, 16)) for point in code.split("-"))
        case {"text": text} | {"type": "link", "url": text} | {"fallback": text}:
            return str(text)
        case {"type": "user", "user_id": name} | {"type": "usergroup", "usergroup_id": name}:
            return f"@{name}"
        case {"type": "broadcast", "range": name}:
            return f"@{name}"
        case {"type": "channel", "channel_id": name}:
            return f"#{name}"
        case _:
            return ""


def _elements(nodes: Sequence[SyntaxTreeNode], style: Style, url: str) -> Iterator[Element]:
    for node in nodes:
        match node.type:
            case "text":
                yield from _text(node.content, style, url)
            case "softbreak" | "hardbreak":
                yield _word("\n", style, url)
            case "code_inline":
                yield _word(node.content, {**style, "code": True}, url)
            case "strong" | "em" | "s" as kind:
                yield from _elements(node.children, {**style, _STYLES[kind]: True}, url)
            case "link":
                address = str(node.attrs["href"])
                yield from list(_elements(node.children, style, address)) or [_word("", style, address)]
            case "image":  # "This is translated as hyperlink text"
                yield _word(node.content, style, str(node.attrs["src"]))
            case "sequence":
                yield from _read(node.content, style)
            case _:
                raise AssertionError(f"unknown Markdown: {node.type}")


def _word(text: str, style: Style, url: str = "") -> Element:
    """Text, or a link if there is a `url`. A link without a text shows its address."""
    element: Element = {"type": "link", "url": url} if url else {"type": "text"}
    if text not in ("", url) or not url:
        element["text"] = text
    return element | ({"style": dict(style)} if style else {})


def _text(text: str, style: Style, url: str) -> Iterator[Element]:
    """Text, in which addresses are links and pictures are emoji; a link's label is left as it is."""
    end = 0
    for found in _SPECIAL.finditer(text) if not url else ():
        if found["name"] and found["name"] not in _CODES:
            continue
        special = _trimmed(found["address"]) if found["address"] else found[0]
        if start := text[end : found.start()]:
            yield _word(start, style)
        end = found.start() + len(special)
        if found["address"]:
            yield _word("", style, special)
        else:
            yield _emoji(found["emoji"], found["name"], style)
    if text[end:]:
        yield _word(text[end:], style, url)


def _trimmed(address: str) -> str:
    """An address without the punctuation after it: https://github.github.com/gfm/#extended-autolink-path-validation"""
    while address[-1] in "?!.,:;*_~'\"" or (address[-1] == ")" and address.count(")") > address.count("(")):
        address = address[:-1]
    return address


def _emoji(picture: str | None, name: str | None, style: Style) -> Element:
    """Slack's name of a picture where the playground knows it, else Unicode's."""
    code = "-".join(f"{ord(point):04x}" for point in picture) if picture else _CODES[str(name)]
    if picture:
        name = _NAMES.get(code) or unicodedata.name(picture[0], "emoji").lower().replace(" ", "_")
    return {"type": "emoji", "name": name, "unicode": code} | ({"style": dict(style)} if style else {})


def _read(sequence: str, style: Style) -> Iterator[Element]:
    """One of Slack's sequences, `<…>`. One that Slack does not know "may vanish", and does here.

    https://docs.slack.dev/messaging/formatting-message-text#advanced
    """
    target, _, label = sequence.partition("|")
    if _ADDRESS.fullmatch(target):
        yield _word(label, style, target)
    elif _EMAIL.fullmatch(sequence):
        yield _word(sequence, style, f"mailto:{sequence}")
    elif found := _BROADCAST.fullmatch(target):
        yield {"type": "broadcast", "range": found["range"]}
    elif found := re.fullmatch(r"@([UW][A-Z0-9]+)", target):
        yield {"type": "user", "user_id": found[1]} | ({"style": dict(style)} if style else {})
    elif found := re.fullmatch(r"#([CDG][A-Z0-9]+)", target):
        yield {"type": "channel", "channel_id": found[1]} | ({"style": dict(style)} if style else {})
    elif found := re.fullmatch(r"!subteam\^([A-Z0-9]+)", target):
        yield {"type": "usergroup", "usergroup_id": found[1]}
    elif found := _DATE.fullmatch(target):
        date = {"type": "date", "timestamp": int(found["seconds"]), "format": found["format"]}
        yield date | {"fallback": label} | ({"url": found["url"]} if found["url"] else {})
