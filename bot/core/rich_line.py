"""A line of Slack's rich text as Markdown: its styles, links, emoji, mentions and dates.

https://docs.slack.dev/reference/block-kit/block-elements/rich-text-section-element
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

from bot.core.mrkdwn import literal

_MARKS = {"bold": "**", "italic": "*", "strike": "~~"}

# What Markdown would take for a mark in the middle of a line, and only that: `a * b`, `snake_case` and
# `a < b` stay as they are. https://spec.commonmark.org/0.31.2/#inlines
_MARK = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\n]|\Z)"
    r"|`"
    r"|\*(?!(?<=\s\*)\s)"
    r"|_(?!(?<=[^\W_]_)[^\W_])(?!(?<=\s_)\s)"
    r"|~(?=~)|(?<=~)~"
    r"|<(?=[A-Za-z/!?@#])"
    r"|&(?=\#?\w+;)"
)
_MARK_IN_LABEL = re.compile(rf"{_MARK.pattern}|[\[\]]")
# What would begin a block at the start of a line: a heading, a quote, an item, a rule.
_BEGINNING = re.compile(
    r"^([ \t]*)(?:(?=[#>]|[-+*](?:[ \t]|$)|=+[ \t]*$|-[- \t]*$|_[_ \t]*$)|(\d{1,9})(?=[.)](?:[ \t]|$)))",
    re.MULTILINE,
)
_MAKES_LINKS = re.compile(r"\][(\[:]")
_PARAGRAPH_BREAK = re.compile(r"(\n[ \t]*\n\s*)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*")
BACKTICKS = re.compile(r"`+")


def inline(elements: Any, *, begins_line: bool = True) -> str:
    """The pieces of a section, a quote or an item as Markdown.

    What `begins_line` is kept from being taken for a heading, an item and the like.
    """
    runs = _joined(run for element in dicts(elements) for run in _runs(element))
    makes_links = _MAKES_LINKS.search("".join(run.text if run.is_plain else "\0" for run in runs)) is not None
    written = [
        replace(run, text=_escaped(run, makes_links, after), is_plain=False)
        for run, after in zip(runs, [*runs, None][1:], strict=True)
    ]
    text = _marked(written)
    return _BEGINNING.sub(_unlike_a_beginning, text) if begins_line else text


def escaped(text: str) -> str:
    """A line of plain `text` so that Markdown shows it as it is."""
    return inline([{"type": "text", "text": text}], begins_line=False)


def raw(element: Mapping[str, Any]) -> str:
    """A piece of code: nothing in it is markup."""
    words = literal(string(element.get("text")) or string(element.get("url")))
    return words or "".join(run.text for run in _runs(element))


def dicts(values: Any) -> list[Mapping[str, Any]]:
    """The objects in what should be a list of them."""
    return [each for each in values if isinstance(each, Mapping)] if isinstance(values, list | tuple) else []


def string(value: Any) -> str:
    """`value` if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def integer(value: Any) -> int:
    """`value` if it is a whole number, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


@dataclass(frozen=True)
class _Run:
    """A piece of a line in one style: Markdown, or text that `is_plain` and may look like Markdown."""

    text: str
    style: frozenset[str] = frozenset()
    is_plain: bool = False
    is_link: bool = False


def _runs(element: Mapping[str, Any]) -> Iterator[_Run]:
    given = element.get("style")
    style = frozenset(name for name in given if given[name]) if isinstance(given, Mapping) else frozenset()
    text = string(element.get("text"))
    match element.get("type"):
        case "text":
            yield _Run(text, style, is_plain=True)
        case "link":
            yield _link(string(element.get("url")), text, style)
        case "emoji":
            yield _Run(_emoji(element), style - {"code"})
        case "user":
            yield _Run(f"<@{string(element.get('user_id'))}>", style - {"code"})
        case "channel":
            yield _Run(f"<#{string(element.get('channel_id'))}>", style - {"code"})
        case "usergroup":
            yield _Run("@subteam", style - {"code"})
        case "broadcast":
            yield _Run(f"@{string(element.get('range'))}", style - {"code"})
        case "date":
            yield _Run(_date(element), style, is_plain=True)
        case "color":
            yield _Run(string(element.get("value")), style, is_plain=True)
        case _:  # a kind that came later: whatever words it carries
            words = (string(element.get(name)) for name in ("text", "fallback", "title", "name", "url"))
            yield _Run(next(filter(None, words), ""), style, is_plain=True)


def _link(url: str, text: str, style: frozenset[str]) -> _Run:
    if not text:
        is_address = _ADDRESS.fullmatch(url) is not None
        return _Run(
            f"<{url}>" if is_address else url, style - {"code"}, is_plain=not is_address, is_link=is_address
        )
    if not url:
        return _Run(text, style, is_plain=True)
    label = _code(text) if "code" in style else _MARK_IN_LABEL.sub(r"\\\g<0>", text.replace("\n", " "))
    address = re.sub(r"[\s<>\\]", lambda found: f"%{ord(found[0]):02X}", url)
    address = re.sub(r"&(?=#?\w+;)", r"\\&", address)
    if re.search(r"[()]", address):
        address = f"<{address}>"
    return _Run(f"[{label}]({address})", style - {"code"}, is_link=True)


def _emoji(element: Mapping[str, Any]) -> str:
    """https://docs.slack.dev/reference/block-kit/block-elements/emoji-element"""
    try:
        return "".join(chr(int(code, 16)) for code in string(element.get("unicode")).split("-"))
    except (ValueError, OverflowError):
        return f":{name}:" if (name := string(element.get("name"))) else ""


def _date(element: Mapping[str, Any]) -> str:
    if fallback := string(element.get("fallback")):
        return fallback
    try:
        moment = datetime.fromtimestamp(integer(element.get("timestamp")), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _joined(runs: Iterable[_Run]) -> list[_Run]:
    """Runs of the same style as one, without empty ones."""
    groups = groupby((run for run in runs if run.text), key=lambda run: (run.style, run.is_plain))
    joined: list[_Run] = []
    for (style, is_plain), group in groups:
        joined += [_Run("".join(run.text for run in group), style, is_plain=True)] if is_plain else group
    return joined


def _escaped(run: _Run, makes_links: bool, after: _Run | None) -> str:
    if not run.is_plain:
        return run.text
    if "code" in run.style:
        return _code(literal(run.text))
    text = _MARK.sub(r"\\\g<0>", literal(run.text))
    if makes_links:
        text = text.replace("[", r"\[")
    if text.endswith("!") and after and after.is_link:  # else it were an image
        text = rf"{text[:-1]}\!"
    return text


def _code(text: str) -> str:
    """https://spec.commonmark.org/0.31.2/#code-spans"""
    marks = "`"
    lengths = {len(run) for run in BACKTICKS.findall(text)}
    while len(marks) in lengths:
        marks += "`"
    is_padded = text.startswith("`") or text.endswith("`") or (text[:1] == text[-1:] == " " and text.strip())
    return f"{marks} {text} {marks}" if is_padded else f"{marks}{text}{marks}"


def _marked(runs: Sequence[_Run], inside: frozenset[str] = frozenset()) -> str:
    """Runs with what marks their styles; a style that runs on longer than another one is marked around it."""
    text, place = "", 0
    while place < len(runs):
        ends = {name: _end(runs, place, name) for name in _MARKS if name not in inside}
        name = max(ends, key=ends.__getitem__, default="")
        end = ends.get(name, place)
        if end > place:
            text += _wrapped(_marked(runs[place:end], inside | {name}), _MARKS[name])
        else:
            text += runs[place].text
        place = max(end, place + 1)
    return text


def _end(runs: Sequence[_Run], start: int, style: str) -> int:
    """Return the end of the `runs` that have a style and begin at `start`."""
    return next((place for place in range(start, len(runs)) if style not in runs[place].style), len(runs))


def _wrapped(text: str, mark: str) -> str:
    """`text` between marks, which must touch its first and last letter, in each paragraph of its own."""
    parts = _PARAGRAPH_BREAK.split(text)
    return "".join(part if number % 2 else _wrapped_line(part, mark) for number, part in enumerate(parts))


def _wrapped_line(text: str, mark: str) -> str:
    words = text.strip()
    if not words:
        return text
    start = text.index(words)
    return f"{text[:start]}{mark}{words}{mark}{text[start + len(words) :]}"


def _unlike_a_beginning(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2] or ''}\\"
