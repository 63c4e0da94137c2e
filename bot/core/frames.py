"""Frames around what people write, in what a model reads: who wrote it, what it is, and where it ends.

What frames are made of no text can hold: it is replaced wherever a message, a name or a file is read. So
nothing that somebody writes can end its frame, or pass for another one. Frames say the same each time, so
that a model's prompt cache can keep them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_BEGIN, _END = "⟦", "⟧"
# Those who know the marks know what stands in for them, too: ⟦e⟧ is often written [[e]].
_REPLACED = str.maketrans({_BEGIN: "[[", _END: "]]", "〚": "[[", "〛": "]]"})
_MAX_NAME = 100
_NOT_OF_NAMES = re.compile(r"[\[\]<>|`\"“”]")


def note(text: str) -> str:
    """Return `text` as what Duet itself tells a model."""
    return f"{_BEGIN}{text}{_END}"


def quotation(label: str, text: str) -> str:
    """Return `text`, which somebody wrote, as a quotation in a frame; `label` says whose."""
    return f"{note(f'{label}:')}\n{quote(text)}\n{note('end')}"


def quote(text: str) -> str:
    """Return `text` as a quotation, in mrkdwn and in Markdown alike."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def unframed(text: str) -> str:
    """Return `text` without the marks of frames."""
    return text.translate(_REPLACED)


def for_people(text: str) -> str:
    """Return `text` as people are shown it: what frames say in brackets, and no ends."""
    return text.replace(f"\n{note('end')}", "").replace(_BEGIN, "[").replace(_END, "]")


def unframed_payload(value: Any) -> Any:
    """Return a `value` of Slack's JSON of which no text has the marks of frames."""
    match value:
        case str():
            return unframed(value)
        case Mapping():
            return {key: unframed_payload(each) for key, each in value.items()}
        case list() | tuple():
            return [unframed_payload(each) for each in value]
        case _:
            return value


def name_in_frame(text: str) -> str:
    """Return a name, of a person or a file, as it can stand in a frame: a bounded line without marks."""
    visible = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in unframed(text[: 10 * _MAX_NAME])
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co")
    )
    return " ".join(_NOT_OF_NAMES.sub("", visible).split())[:_MAX_NAME].strip(" #>*:")
