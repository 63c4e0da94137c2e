r"""Secrets, found by what they look like or what stands before them, and cut to the part that names them.

They are looked for in the text as it reads (`folded_text`), so that no zero-width character and no emphasis
hides one. Each rule holds already for the first characters of its secret, since an answer is shown as it
grows; where the beginning can be ordinary words, an unfinished one is found at the end of a text only (`\Z`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.folded_text import FoldedText
from bot.core.named_secrets import named_spans, names
from bot.core.placed_secrets import placed_spans
from bot.core.secret_cells import cell_spans
from bot.core.secret_kinds import token_spans

MASK = "***"

# A private key in PEM (https://www.rfc-editor.org/rfc/rfc7468), whole or cut: quoted, indented, in a string
# where "\n" stands for the end of a line, in pieces that code joins, in a diff, or with all its lines in one.
_LONG = r"[A-Za-z0-9+/=]{20}"
_END_OF_LINE = rf"""(?: [ \t"'`+,;)\\]{{0,8}} (?:\r?\n|\\{{1,4}}[rn]) | [ ](?={_LONG}) )"""
_BETWEEN_LINES = rf"""{_END_OF_LINE}
    (?: [ \t>|"'`(\r\n] | [+#/](?![A-Za-z0-9+/=]{{64}}) | -(?!-) | \\{{1,4}}[rn] ){{0,40}}"""
_LINE = rf"""(?: (?![+/]{{1,3}}[ \t]{{0,8}}[\r\n\\]) [A-Za-z0-9+/=]+
        (?= [ \t]* (?: [\r\n\\"'`,;] | [ ]{_LONG} | [ ][A-Za-z0-9+/=]+\Z | -----END | \Z ) )
    | [A-Z][A-Za-z-]{{1,20}}:[ ][^\r\n\\"]+ )"""
_PRIVATE_KEY = re.compile(
    rf"""-----BEGIN[ ](?:[A-Z0-9]+[ ]){{0,3}}PRIVATE[ ]KEY(?:[ ]BLOCK)?----- (?:{_BETWEEN_LINES})?
    (?P<key> {_LINE} (?: {_BETWEEN_LINES} {_LINE} )* (?: [ ][A-Za-z0-9+/=]+ \Z )? )
    | Private-Lines:[ ][0-9]{{1,3}}\s{{1,2}} (?P<putty> {_LINE} (?: {_BETWEEN_LINES} {_LINE} )* )""",
    re.VERBOSE,
)
_END_OF_PRIVATE_KEY = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY")
_LINE_OF_KEY = re.compile(r"[ \t>|]{0,20}(?P<key>[A-Za-z0-9+/=]{4,200})[ \t\r]{0,20}")


def mask_secrets(text: str) -> str:
    """Return `text` without what opens anything: of tokens, keys and the like, only what they are is left.

    Known are the tokens and keys of `secret_kinds`, passwords and tokens that a name, an address or a command
    gives away, and private keys. Masking twice changes nothing more.
    """
    folded = FoldedText(text)
    return folded.without((start, end, MASK) for start, end in _spans(folded.text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    tokens = list(token_spans(text))
    yield from ((start, end) for _, start, end in tokens)
    known = {first: end for first, _, end in tokens}  # which say what they are, so only that is masked
    found = names(text)
    for start, end in (*named_spans(text, found), *placed_spans(text)):
        if known.get(start, 0) < end:
            yield start, end
    yield from cell_spans(text, found)
    if "-----BEGIN" in text or "Private-Lines" in text:
        yield from (found.span(found.lastgroup or 0) for found in _PRIVATE_KEY.finditer(text))
    if "-----END" in text:
        yield from _ends_of_keys(text)


def _ends_of_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines of private keys whose beginning was cut off."""
    for last in _END_OF_PRIVATE_KEY.finditer(text):
        end = text.rfind("\n", 0, last.start())
        while end > 0:
            start = text.rfind("\n", 0, end) + 1
            line = _LINE_OF_KEY.fullmatch(text, start, end)
            if not line:
                break
            yield line.span("key")
            end = start - 1
