r"""Secrets, found by what they look like and cut to the part that names them.

Each pattern holds already for the first characters of its secret, since an answer is shown as it grows; where
the beginning can be ordinary words, an unfinished secret is found at the very end of a text only (`\Z`).
Nothing in a pattern can be read in two ways, so the time it takes grows with the text and not faster.
"""

from __future__ import annotations

import re

_MARKED = re.compile(
    r"""
      # A letter can stand before where it ends an escape in JSON (\n) or in a link (%20).
      (?=[xAbge]) (?: (?<![A-Za-z0-9]) | (?<=\\[nrt]) | (?<=%[0-9A-F]{2}) ) (?:
          (?P<slack> xox[a-z](?:\.xox[a-z])?- | xapp- ) [A-Za-z0-9-]+
        | (?P<aws> A(?:KIA|SIA) ) [A-Z0-9]{4,}
          # the secret key, where it follows its id as in a table
          (?: [\s,;:|"']{1,4} (?: [A-Za-z0-9/+]{40} (?![A-Za-z0-9/+]) | [A-Za-z0-9/+]{16,39} \Z ) )?
        | (?P<bedrock> bedrock-api-key- | ABSK(?=[A-Za-z0-9+/]{8}) ) [A-Za-z0-9+/=_-]+
        | (?P<github> gh[oprsu]_ | github_pat_ ) [A-Za-z0-9_]+
        # a JSON web token: base64 of {"alg", {"typ", {"kid", {"enc", {"cty", or of any object before another
        | (?P<jwt> eyJ ) (?= hbGci | 0eXAi | raWQi | lbmMi | jdHki | [A-Za-z0-9_-]{5,200}\.eyJ )
          [A-Za-z0-9_-]+ (?: \.[A-Za-z0-9_-]+ )*
      )
    | (?P<webhook> hooks\.slack(?:-gov)?\.com/[a-z]+/ ) [A-Za-z0-9/_-]+
    """,
    re.VERBOSE,
)

# In a log of JSON each quotation mark has a backslash before it.
_IS = r"""\\*["']?\s*[=:]\s*\\*["']?"""
_NAMED = re.compile(
    rf"""
    (?=[abs])  # most letters need no closer look
    (?: (?P<bearer> bearer(?<![A-Za-z0-9]bearer) \s+ )
          (?: [A-Za-z0-9._~+/=-]{{16,}} | (?=[A-Za-z._~+/=-]*[0-9]) [A-Za-z0-9._~+/=-]{{4,15}} \Z )
      | (?P<header> authorization {_IS} (?: (?:basic|token|apikey) \s+ )? )
          (?= [A-Za-z._~+/=-]*[0-9] | [A-Za-z0-9+/]*= ) [A-Za-z0-9._~+/=-]{{8,}}
      | (?P<key> secret[ _-]?access[ _-]?key {_IS} )
          (?-i: (?=[a-z]*[A-Z0-9+/]) (?: [A-Za-z0-9+/=]{{8,}} | [A-Za-z0-9+/=]{{2,7}} \Z ) )
      | (?P<session> (?:session|security)[_-]?token {_IS} )
          (?-i: (?=[a-z]*[A-Z0-9+/]) (?: [A-Za-z0-9+/=%]{{16,}} | [A-Za-z0-9+/=%]{{2,15}} \Z ) ) )
    """,
    re.VERBOSE | re.IGNORECASE,
)

# A private key in PEM (https://www.rfc-editor.org/rfc/rfc7468), whole or cut: quoted, indented, in a string
# where "\n" stands for the end of a line, or with all its lines in one.
_LONG = r"[A-Za-z0-9+/=]{20}"
_LINES_END = rf"[ \t]* (?: (?: \r?\n | \\+[rn] | [ ](?={_LONG}) ) [ \t>|]* )+"
_LINE = rf"""(?: [A-Za-z0-9+/=]+
        (?= [ \t]* (?: [\r\n\\"'`,] | [ ]{_LONG} | [ ][A-Za-z0-9+/=]+\Z | -----END | \Z ) )
    | [A-Z][A-Za-z-]+:[ ][^\r\n\\"]+ )"""
_PRIVATE_KEY = re.compile(
    rf"""(?P<pem> -----BEGIN[ ](?:[A-Z0-9]+[ ]){{0,3}}PRIVATE[ ]KEY(?:[ ]BLOCK)?----- (?:{_LINES_END})? )
    {_LINE} (?: {_LINES_END} {_LINE} )* (?: [ ][A-Za-z0-9+/=]+ \Z )?""",
    re.VERBOSE,
)
_END_OF_PRIVATE_KEY = re.compile(r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY")
_LINE_OF_KEY = re.compile(r"[ \t>|]*[A-Za-z0-9+/=]{4,}[ \t\r]*")


def mask_secrets(text: str) -> str:
    """`text` without what opens anything: of tokens, keys and the like, only what they are is left.

    Known are the tokens, webhooks and keys of Slack, AWS, Bedrock and GitHub, JSON web tokens, bearer tokens
    and other `Authorization` headers, and private keys. Masking twice changes nothing more.
    """
    while (masked := _with_masks(text)) != text:
        text = masked  # what stands right behind a secret can only now be told from it
    return text


def _with_masks(text: str) -> str:
    for pattern in (_PRIVATE_KEY, _NAMED, _MARKED):
        text = pattern.sub(_masked, text)
    return _without_ends_of_keys(text) if _END_OF_PRIVATE_KEY.search(text) else text


def _masked(match: re.Match[str]) -> str:
    return f"{match[match.lastgroup or 0]}***"


def _without_ends_of_keys(text: str) -> str:
    """`text` without the lines of private keys whose beginning was cut off."""
    lines = text.split("\n")
    for end, line in enumerate(lines):
        if not _END_OF_PRIVATE_KEY.search(line):
            continue
        for number in range(end - 1, -1, -1):
            if not _LINE_OF_KEY.fullmatch(lines[number]):
                break
            lines[number] = "***"
    return "\n".join(lines)
