"""Markdown adjusted to Slack's parser, so that readers see what the writer meant.

Slack follows CommonMark, where a closing `**` between punctuation and a letter closes nothing, and an opening
one between a letter and punctuation opens nothing
(https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run). In Korean, Chinese and Japanese a particle
follows without a space, as in `**GIL(전역 락)**은`, and the asterisks would show
(https://github.com/commonmark/commonmark-spec/issues/650). Outside code, Slack also drops `<words>` that are
none of its own sequences (https://github.com/darkgaldragon/slack-markdown-parser, docs/spec.md).

Zero-width characters mend both and change nothing that a reader sees. Code stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from bot.core import disguise
from bot.core.disguise import with_inserted
from bot.core.markdown_inline import BREAK
from bot.core.safety import APART, Safe, notifying, without_secrets

# Between punctuation and a delimiter: neither white space nor punctuation, so CommonMark sees a letter.
_INSIDE = "\u2060"
# On the delimiter's other side: real workspaces were seen to take it for the end of a word (docs/spec.md).
_OUTSIDE = "\u200b"

_MAX_EMPHASIS = 200  # characters; what a model emphasises is a phrase
_DELIMITERS = ("***", "**", "*", "~~")
_EMPHASES = {
    marks: re.compile(
        rf"(?<![\\{mark}]){run}(?![\s{mark}])"
        rf"(?:[^{mark}\n]|{mark}+(?!{mark})){{1,{_MAX_EMPHASIS}}}?(?<![\s\\{mark}]){run}(?!{mark})"
    )
    for marks in _DELIMITERS
    for mark, run in ((re.escape(marks[0]), re.escape(marks)),)
}
# Slack shows a mention in code as code, and yet delivers it to who is mentioned:
# https://github.com/vercel/chat/pull/947, https://github.com/preset-io/agor/pull/634
_MENTION_IN_CODE = re.compile(
    r"<(?=(?:!(?i:here|channel|everyone|group|subteam)|@[UWB][A-Z0-9]+)(?:[|^][^<>\n]{0,200})?>)"
)
_LETTER = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff\ua960-\ud7ff\uf900-\ufaff]"
)
_WORD_CHARACTER = re.compile(r"[^\W_]")


def for_slack(text: str) -> Safe:
    """Return `text` as the Markdown of a message: it notifies nobody, no link lies, all words are shown.

    Code is what was written, but for secrets, and for a space that is seen in a mention. Doing it twice
    changes nothing more.
    """
    quiet = without_secrets(text)
    found = disguise.marks(quiet)
    inserted = dict.fromkeys((*notifying(found.masked), *found.tokens), BREAK) | found.inserted
    for place, mark in _flanks(found.masked):
        known = inserted.get(place, "")
        inserted[place] = known if mark in known else mark + known
    inserted |= dict.fromkeys(_mentions_in_code(quiet, found.masked), APART)
    return Safe(with_inserted(quiet, inserted))


def _mentions_in_code(text: str, masked: str) -> Iterator[int]:
    mentions = _MENTION_IN_CODE.finditer(text)
    return (found.end() for found in mentions if masked[found.start()] == "`")


def _flanks(masked: str) -> Iterator[tuple[int, str]]:
    """Yield what has to stand at which place for a delimiter to open or close."""
    for marks, pattern in _EMPHASES.items():
        for match in pattern.finditer(masked):
            opening, closing = match.start(), match.end() - len(marks)
            words = _WORD_CHARACTER.findall(match[0]) or [""]
            if _parts(masked[opening - 1 : opening], masked[opening + len(marks)], words[0]):
                yield opening, _OUTSIDE
                yield opening + len(marks), _INSIDE
            if _parts(masked[match.end() : match.end() + 1], masked[closing - 1], words[-1]):
                yield closing, _INSIDE
                yield match.end(), _OUTSIDE


def _parts(outside: str, inside: str, beyond: str) -> bool:
    """Return True if a delimiter parts a letter from punctuation, where the script is one without spaces.

    That is the script of the letter, or of the one `beyond` the punctuation, as in `API**(접점)**`.
    """
    is_letter = _LETTER.match(outside) or (outside.isalpha() and _LETTER.match(beyond))
    return bool(is_letter) and unicodedata.category(inside)[0] in "PS"
