"""Markdown as plain words, as a notification shows them and a screen reader says them."""

from __future__ import annotations

import html
import re

_FENCE = re.compile(r"[ >\t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}(?=[^`]*$)|~{3,})")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_HEADING = re.compile(r"[ \t]*#{1,6}(?:[ \t](.*))?$")
_ITEM = re.compile(r"^([ \t]*)[-*+](?:[ \t]+\[[ xX]\](?=[ \t])|(?=[ \t]|$))")
_RULE = re.compile(r"[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|=+[ \t]*)$")
_DELIMITER_ROW = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_CELL_BORDER = re.compile(r"(?<!\\)\|")

_CODE = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ADDRESS = r"(?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:[ \t]+\"[^\"]*\")?"
_LINK = re.compile(rf"!?\u200b?(?<!\\)\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\u200b?\({_ADDRESS}\)")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]+:[^\s<>]*)>")
# A pair of marks touches what it marks on the inside; underscores do not mark parts of a word.
_PAIRS = tuple(
    re.compile(rf"(?<!\\){before}{mark}(?=\S)(.{{1,300}}?)(?<=[^\s\\]){mark}{after}")
    for mark, before, after in (
        (r"\*\*\*", r"(?<!\*)", r"(?!\*)"),
        (r"\*\*", r"(?<!\*)", ""),
        ("__", r"(?<!\w)", r"(?!\w)"),
        ("~~", "(?<!~)", "(?!~)"),
        (r"\*", r"(?<!\*)", r"(?!\*)"),
        ("_", r"(?<!\w)", r"(?!\w)"),
    )
)
# What an answer that is still written has not closed yet.
_UNCLOSED_LINK = re.compile(r"(?<!\\)\[([^\[\]]*)\]\([^()\s]*$")
_UNCLOSED = re.compile(r"(?<![\w\\*])\*\*(?=\S|$)|(?<![\w\\])__(?=\S|$)|(?<!\\)`+")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_KEPT = re.compile("\ue000(\\d+)\ue001")


def plain_words(text: str) -> str:
    """The words of a Markdown `text`: a table as its cells, a link as its label, code as it is."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        inside = line.strip(" >\t")
        if fence and inside.startswith(fence) and not inside.strip(fence[0]):
            fence = ""
        elif fence:
            lines.append(line)
        elif found := _FENCE.match(line):
            fence = found[1]
        else:
            lines += _line(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _line(line: str) -> list[str]:
    if quote := _QUOTE.match(line):
        line = line[quote.end() :]
    if _RULE.match(line) or _is_delimiter_row(line):
        return []
    if line.lstrip().startswith("|"):
        cells = (cell.strip() for cell in _CELL_BORDER.split(line))
        return [_inline(", ".join(filter(None, cells)).replace(r"\|", "|"))]
    if heading := _HEADING.match(line):
        title = (heading[1] or "").rstrip(" \t")
        line = title if title.rstrip("#")[-1:].strip() else title.rstrip("# \t")
    return [_inline(_ITEM.sub(r"\1•", line, count=1))]


def _is_delimiter_row(line: str) -> bool:
    """Return whether `line` parts the head of a table from its rows."""
    return "|" in line and _DELIMITER_ROW.fullmatch(line.strip()) is not None


def _inline(text: str) -> str:
    """A line without its marks; what stands in code is kept."""
    kept: list[str] = []

    def keep(code: re.Match[str]) -> str:
        kept.append(code[2].strip() or code[2])
        return f"\ue000{len(kept) - 1}\ue001"

    text = _CODE.sub(keep, re.sub("[\ue000\ue001\u2060]", "", text))
    text = _AUTOLINK.sub(r"\1", _UNCLOSED_LINK.sub(r"\1", _LINK.sub(r"\1", text)))
    for pair in _PAIRS:
        text = pair.sub(r"\1", text)
    text = html.unescape(_ESCAPE.sub(r"\1", _UNCLOSED.sub("", text)))
    return _KEPT.sub(lambda found: kept[int(found[1])], text)
