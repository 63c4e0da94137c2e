"""Lengths of texts as Slack counts them, and cutting to them.

Slack says how many characters fit, and not what it takes for one. So the strictest reading counts: UTF-16
units, of which an emoji is two, of the text as Slack keeps it, in which `&` is `&amp;`
(https://github.com/slackapi/bolt-python/issues/513).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from bot.core.graphemes import boundary
from bot.core.layout import units
from bot.core.safety import Safe, neutralise

# https://docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_LABEL, MAX_VALUE = 75, 2_000
# https://docs.slack.dev/reference/block-kit/composition-objects/option-object
MAX_OPTION_VALUE = 150
# https://docs.slack.dev/reference/block-kit/blocks/header-block and …/section-block
MAX_HEADER, MAX_SECTION = 150, 3_000
# https://docs.slack.dev/reference/views/modal-views; bytes, in case that characters are meant as such
MAX_MODAL_LABEL, MAX_METADATA_BYTES = 24, 3_000
# https://docs.slack.dev/reference/block-kit/blocks/input-block
MAX_INPUT_LABEL = 2_000

_MARKS = re.compile(r"&(?!(?:amp|lt|gt);)|[<>]")
_ESCAPE = re.compile(r"&(?:amp|lt|gt);")
_HALF_ESCAPE = re.compile(r"&(?:a(?:mp?)?|[lg]t?)?$")


def escaped_units(text: str) -> int:
    """Return how many characters Slack may count in a text object that says `text`."""
    return units(_MARKS.sub(lambda mark: "&amp;" if mark[0] == "&" else "&lt;", text))


def json_bytes(text: str) -> int:
    """Return how many bytes `text` takes as a string in JSON, without its quotation marks."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """`text`, or else the longest beginning of it that `fits` with an ellipsis, or the ellipsis alone.

    No grapheme and no escape like `&amp;` is cut in two.
    """
    if fits(text):
        return text
    fitting, too_long = 0, len(text)
    while too_long - fitting > 1:
        middle = (fitting + too_long) // 2
        if fits(_ended(text, middle)):
            fitting = middle
        else:
            too_long = middle
    end = _place(text, fitting)
    while end and not fits(_ended(text, end)):  # a shorter text can be the longer one once it is neutralised
        end = _place(text, end - 1)
    return _ended(text, end)


def shortened(text: Safe, most: int) -> Safe:
    """`text`, cut where Slack could count more than `most` characters.

    What is left is neutralised again, as "@here" can be the beginning of a harmless word.
    """
    if escaped_units(text) <= most:
        return text
    return neutralise(cut(text, lambda beginning: escaped_units(neutralise(beginning)) <= most))


def _ended(text: str, end: int) -> str:
    return f"{text[:end].rstrip()}…"


def _place(text: str, end: int) -> int:
    """The last place at or before `end`, within `text`, where it can be cut."""
    half = _HALF_ESCAPE.search(text, max(0, end - 4), end)
    if half and _ESCAPE.match(text, half.start()):
        end = half.start()
    return boundary(text, end) if 0 < end < len(text) else end
