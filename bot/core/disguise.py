"""Links that show another address than the one they lead to, and images that would be fetched unasked.

A model can be talked into either by a text that it reads: into a link that looks like a bank's, or an image
whose address carries what was said to somebody else's server. Broken by a character that nobody sees, they
are text, and their addresses are read. A name that may be that of a product, too, stays a link and gets its
host beside it, as in `socket.io (github.com)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.hosts import Target, belong_together, is_disguised, misleads, shown, target
from bot.core.markdown_inline import BREAK, Inline, Verdict, normal
from bot.core.markdown_reader import Passage, Span, read

INVISIBLE = "\u2060"
NOTE = re.compile(rf"{INVISIBLE} \([^()\s{INVISIBLE}]{{1,300}}\){INVISIBLE}")

_MAX_LABEL = 500  # characters of a link's text; nobody reads more in order to know where it leads
_OVERRIDES = re.compile("[\u202d\u202e]|&#(?:823[78]|x202[de]);", re.IGNORECASE)
# A definition that leaves no doubt where it ends; all others become text.
_DEFINITION = re.compile(
    r"[ ]{0,3}\[(?P<label>[^\[\]\\`<>\n]{1,200})\]:[ \t]+<?(?P<url>[^\s<>`\\]+)>?"
    r"(?:[ \t]+\"[^\"`\\\n]*\")?[ \t]*(?:\n|\Z)"
)
_LIKE_A_DEFINITION = re.compile(r"^[ \t]*\[(?:[^\[\]\\]|\\.){1,999}\](?=:)", re.MULTILINE | re.DOTALL)
_SIGN = re.compile(r"[`<\[]")
_BARE = re.compile(r"http(?=(?P<rest>[^\s<>]{1,300}))", re.IGNORECASE)
_SLACK_LINK = re.compile(
    r"<(?=!date\^[^<>^]*\^[^<>^]*\^|(?P<url>(?:[a-z][a-z0-9+.-]*:|//)[^\s|<>]*)\|(?P<label>[^<>\n]+)>)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Marks:
    """Insertions into a text, by their places.

    `tokens` are where words in angle brackets begin. `masked` has backticks in place of code and addresses.
    """

    inserted: dict[int, str]
    tokens: list[int]
    masked: str


def marks(text: str) -> Marks:
    """Return what makes each link in the Markdown `text` honest, and each image text."""
    passages = read(text)
    inserted: dict[int, str] = {}
    tokens: list[int] = []
    hidden: list[Span] = list(passages.code)
    definitions: dict[str, str] = {}
    words = [_defined(passage, definitions, inserted) for passage in passages.passages]
    for passage, source in zip(passages.passages, words, strict=True):
        if not _SIGN.search(source):
            continue
        inline = Inline(source, judge, definitions, has_code=passage.has_code)
        inserted |= {passage.place(index): mark for index, mark in inline.inserted.items()}
        tokens += map(passage.place, inline.tokens)
        for start, end in (*inline.code, *inline.kept):
            hidden += passage.spans(start, end)
    masked = _masked(text, hidden)
    bare = (each for each in _BARE.finditer(masked) if misleads(each[0] + each["rest"]))
    inserted |= {each.end(): BREAK for each in bare}
    return Marks(inserted | _lying_sequences(masked), tokens, masked)


def undisguised(text: str) -> str:
    """`text` in which no link shows another host than that of its address, and nothing is an image.

    Doing it twice changes nothing more.
    """
    return with_inserted(text, marks(text).inserted | _lying_sequences(text))


def with_inserted(text: str, inserted: dict[int, str]) -> str:
    """Return `text` with what is to be `inserted` at each place."""
    pieces: list[str] = []
    done = 0
    for place in sorted(inserted):
        pieces += (text[done:place], inserted[place])
        done = place
    return "".join((*pieces, text[done:]))


def judge(label: str, url: str) -> tuple[Verdict, str]:
    """Return what becomes of a link, and what has to stand behind its `label`."""
    if len(label) > _MAX_LABEL:
        return Verdict.BROKEN, ""
    label, found = NOTE.sub("", label), target(url)
    if not found.is_allowed or _OVERRIDES.search(label):
        return Verdict.BROKEN, ""
    foreign = [each for each in shown(label) if not _is_of(each.host, found)]
    if not foreign:
        return Verdict.KEPT, ""
    is_certain = any(each.is_certain for each in foreign) or is_disguised(label)
    if is_certain or not found.host or not found.is_trusted:
        return Verdict.BROKEN, ""
    return Verdict.NAMED, f"{INVISIBLE} ({found.host}){INVISIBLE}"


def _is_of(host: str, found: Target) -> bool:
    return found.is_trusted and belong_together(host, found.host)


def _lying_sequences(text: str) -> dict[int, str]:
    """Return what makes Slack's own links, and its dates that lead somewhere, text."""
    found = _SLACK_LINK.finditer(text)
    return {link.end(): BREAK for link in found if not link["url"] or _lies(link["label"], link["url"])}


def _lies(label: str, url: str) -> bool:
    verdict, _ = judge(label, url)
    return verdict is not Verdict.KEPT


def _defined(passage: Passage, definitions: dict[str, str], inserted: dict[int, str]) -> str:
    """Return the words of `passage` without its definitions of links, which are added to `definitions`."""
    text, end = passage.text, 0
    if "]:" not in text:
        return text
    while definition := _DEFINITION.match(text, end):
        if text[definition.end() :].lstrip(" \t")[:1] in ('"', "'", "("):
            break
        definitions.setdefault(normal(definition["label"]), definition["url"])
        end = definition.end()
    inserted |= {passage.place(like.end()): BREAK for like in _LIKE_A_DEFINITION.finditer(text, end)}
    return " " * end + text[end:]


def _masked(text: str, hidden: list[Span]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in sorted(hidden):
        if end > done:
            start = max(start, done)
            pieces += (text[done:start], "`" * (end - start))
            done = end
    return "".join((*pieces, text[done:]))
