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
from collections import defaultdict
from collections.abc import Iterator

from bot.core.markdown_context import Context
from bot.core.safety import Safe

# Between punctuation and a delimiter: neither white space nor punctuation, so CommonMark sees a letter.
_INSIDE = "\u2060"
# On the delimiter's other side: real workspaces were seen to take it for the end of a word (docs/spec.md).
_OUTSIDE = "\u200b"
_BREAK = "\u200b"

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
_LETTER = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff\ua960-\ud7ff\uf900-\ufaff]"
)
_WORD_CHARACTER = re.compile(r"[^\W_]")
_TOKEN = re.compile(
    r"(?<!\]\()<(?=[A-Za-z/!@#][^>\n]{0,200}>)(?!(?:https?|mailto|tel):[^\s<>]*>)(?![\w.+-]+@[\w.-]+>)"
)
_BACKTICKS = re.compile(r"(?P<escapes>\\*)(?P<run>`+)")


def for_slack(text: Safe) -> Safe:
    """Return `text` so that Slack shows all emphasis and all words. Doing it twice changes nothing more."""
    masked = _without_code(text)
    inserted = dict(_flanks(masked)) | {match.end(): _BREAK for match in _TOKEN.finditer(masked)}
    pieces: list[str] = []
    done = 0
    for place in sorted(inserted):
        pieces += (text[done:place], inserted[place])
        done = place
    return Safe("".join((*pieces, text[done:])))


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


def _without_code(text: str) -> str:
    """Return `text` with a backtick in place of each character of code, so that all places stay the same."""
    masked: list[str] = []
    paragraph: list[str] = []
    context = Context()
    for line in text.splitlines(keepends=True):
        was_code = bool(context.marks)
        context = context.after(line.rstrip("\n"))
        if was_code or context.marks:
            masked += (_without_spans("".join(paragraph)), "`" * len(line))
            paragraph.clear()
        elif line.isspace():
            masked += (_without_spans("".join(paragraph)), line)
            paragraph.clear()
        else:
            paragraph.append(line)
    return "".join((*masked, _without_spans("".join(paragraph))))


def _without_spans(paragraph: str) -> str:
    """A run of backticks ends at the next that is as long: https://spec.commonmark.org/0.31.2/#code-spans"""
    runs = [
        (match.start("run"), match.end(), len(match["escapes"]) % 2)
        for match in _BACKTICKS.finditer(paragraph)
    ]
    ends: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, end, _ in reversed(runs):
        ends[end - start].append((start, end))
    masked: list[str] = []
    done = 0
    for start, end, is_escaped in runs:
        opening = start + is_escaped
        closers = ends[end - opening]
        while closers and closers[-1][0] < end:
            closers.pop()
        if opening >= done and opening < end and closers:
            closing = closers[-1][1]
            masked += (paragraph[done:opening], "`" * (closing - opening))
            done = closing
    return "".join((*masked, paragraph[done:]))
