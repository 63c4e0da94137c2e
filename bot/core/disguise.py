"""Links that show another address than the one they lead to, and images that would be fetched unasked.

A model can be talked into either by a text that it reads: into a link that looks like a bank's, or an image
whose address carries what was said to somebody else's server. Broken by a zero-width space, they are text.
"""

from __future__ import annotations

import re

BREAK = "\u200b"

_IMAGE = re.compile(r"!(?=\[)")
_LINK = re.compile(r"\[(?P<text>[^\[\]]{1,500})\](?=\((?P<url><?https?://[^\s)>]{1,2000}))", re.IGNORECASE)
_HOST = re.compile(r"//(?:[^/?#]*@)?([^/?#:]*)")
_SLACK_LINK = re.compile(r"<(?=(?P<url>https?://[^\s|>]{1,2000})\|(?P<text>[^>\n]{1,500})>)", re.IGNORECASE)
# What people take for an address: one with its scheme or "www.", or a name that ends as most do.
_ADDRESS = re.compile(
    r"(?:https?://|\bwww\.)(?P<with_scheme>[\w.-]+)"
    r"|(?<![\w.@/-])(?P<bare>[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|co|kr|gov|edu|app|ai|info|bank))(?![\w-])",
    re.IGNORECASE,
)


def undisguised(text: str) -> str:
    """`text` in which no link shows another host than that of its address, and nothing is an image.

    It reads the same. Doing it twice changes nothing more.
    """
    quiet = _IMAGE.sub(f"!{BREAK}", text)
    quiet = _LINK.sub(lambda link: link[0] + (BREAK if _deceives(link) else ""), quiet)
    return _SLACK_LINK.sub(lambda link: link[0] + (BREAK if _deceives(link) else ""), quiet)


def _deceives(link: re.Match[str]) -> bool:
    host = _HOST.search(link["url"])
    target = _plain(host[1]) if host else ""
    shown = (found["with_scheme"] or found["bare"] for found in _ADDRESS.finditer(link["text"]))
    return any(not _belong_together(_plain(host), target) for host in shown)


def _plain(host: str) -> str:
    return host.lower().strip(".").removeprefix("www.")


def _belong_together(shown: str, target: str) -> bool:
    """Whether one is the other, or a part of its domain."""
    return shown == target or target.endswith(f".{shown}") or shown.endswith(f".{target}")
