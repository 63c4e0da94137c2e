"""Hosts: those that addresses lead to, and those that a text shows."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Schemes that Slack makes links of. With any other a link can start a program, or run what it says.
_SCHEMES = {"http", "https", "mailto", "tel"}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_AUTHORITY = re.compile(r"/*([^/?#]*)")
_BARE = re.compile(r"https?:[/\\]+(?P<authority>[^\s/?#<>()\"']+)", re.IGNORECASE)
_PORT = re.compile(r":\d*$")
_PERCENT = re.compile(r"%([2-7][0-9a-f])", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
# What looks like a full stop and is none under NFKC: https://www.unicode.org/reports/tr39/#Confusable_Detection
_DOTS = re.compile(
    "[\u00b7\u02d9\u0387\u0660\u06d4\u06f0\u0701\u0702\u1427\u2022\u2027\u2219\u22c5\u2e31\u2e33\u3002\u30fb"
    "\ua4f8\ua60e\ua78f]"
)
_CUT_AT_A_DOT = re.compile(r"(?<![ \t])[ \t]*\n[ \t]*(?=\.)|(?<=\.)[ \t]*\n[ \t]*")
_MARKS = re.compile(r"[*_~`]")
_SHOWN = re.compile(
    r"(?:(?:\b[a-z][a-z0-9+.-]{0,15}:[/\\]+|[/\\]{2,})(?P<named>[^\s/\\?#|<>()\[\]\"',]+)"
    r"|(?<![\w.-])(?<![\w.-][/\\@])(?P<user>[\w.+-]{1,64}@)?(?P<bare>[\w-]+(?:\.{1,3}[\w-]+)+)(?![\w-]))",
    re.IGNORECASE,
)
# Korean, Chinese and Japanese words stand before and after an address without a space.
_CJK = "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\ua960-\ud7ff\uf900-\ufaff]"
_PARTICLE = re.compile(rf"^{_CJK}+(?=[a-z0-9])|(?<=[a-z0-9]){_CJK}+$")
# Endings that only addresses have; the others are of products and code, too: `socket.io`, `asyncio.run`.
_CERTAIN = {"com", "org", "gov", "edu", "mil", "bank", "biz", "info", "xyz", "onion", "example", "test"}
_PRODUCTS = {"io", "ai", "me", "so", "is", "as", "in", "to", "it", "at", "on", "or", "do", "id", "tv", "no"}
# Endings of files, some of which are domains as well.
_FILES = {
    *("bat", "bz", "cfg", "cjs", "conf", "cpp", "cs", "css", "csv", "dll", "doc", "docx", "env", "ex", "exe"),
    *("exs", "gif", "go", "gz", "hpp", "hs", "htm", "html", "ini", "ipynb", "jar", "java", "jpeg", "jpg"),
    *("js", "json", "jsx", "kt", "less", "lock", "log", "lua", "md", "mjs", "pdf", "php", "png", "pptx"),
    *("proto", "ps1", "py", "pyi", "rb", "rs", "rst", "scala", "scss", "sh", "sql", "svg", "swift", "tf"),
    *("tgz", "toml", "ts", "tsv", "tsx", "txt", "vue", "wasm", "webp", "whl", "xlsx", "xml", "yaml", "yml"),
}
_HANGUL_ENDINGS = {"한국", "삼성", "닷컴", "닷넷"}
# Letters of Cyrillic and Greek that look like one of Latin.
_LATIN_LIKE = set("аасеһіјӏорԛѕԝхуүԁԍαεικνορτυχγωϲ")
_LATINS_COMPANY = {"LATIN", "HANGUL", "CJK", "HIRAGANA", "KATAKANA"}


@dataclass(frozen=True)
class Target:
    """An address: its host in ASCII, which is empty where it has none, and whether that can be believed."""

    host: str = ""
    is_trusted: bool = True
    is_allowed: bool = True


@dataclass(frozen=True)
class Address:
    """A host that a text shows. One that is `certain` cannot be the name of something else."""

    host: str
    is_certain: bool


def target(url: str) -> Target:
    """Return where `url` leads, as it is written in Markdown."""
    plain = _folded(html.unescape(_ESCAPE.sub(r"\1", url)))
    plain = "".join(plain.split())
    scheme = _SCHEME.match(plain)
    rest = plain[scheme.end() :] if scheme else plain
    if scheme and scheme[1] not in _SCHEMES:
        is_host = rest[:1].isdigit() and "." in scheme[1]  # a port: `example.com:80`
        return Target(is_allowed=is_host, is_trusted=is_host)
    if scheme and scheme[1] == "tel":
        return Target()
    if scheme and scheme[1] == "mailto":
        return _trusted(rest.partition("?")[0].rpartition("@")[2])
    if not scheme and not rest.startswith("//") and rest[:1] in ("", "/", "#", "?", "."):
        return Target()
    authority = _AUTHORITY.match(rest)
    name = _PORT.sub("", (authority[1] if authority else "").rpartition("@")[2])
    return (
        replaced
        if (replaced := _trusted(name)).is_trusted and "\\" not in plain
        else Target(is_trusted=False)
    )


def _trusted(name: str) -> Target:
    host = ascii_host(name)
    return Target(host, is_trusted=bool(host) and not is_deceptive(host))


def ascii_host(name: str) -> str:
    """Return a host as browsers ask for it, in lower case and without a dot at its end; "" if it is none."""
    labels = _folded(_percent_decoded(name)).split(".")
    try:
        return ".".join(_ascii_label(label) for label in labels if label).removeprefix("www.")
    except UnicodeError:
        return ""


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    return f"xn--{label.encode('punycode').decode()}"


def is_deceptive(host: str) -> bool:
    """Return whether a part of `host` looks like another: by letters of several scripts, or like Latin."""
    return any(_is_lookalike(label) for label in host.split(".") if label.startswith("xn--"))


def _is_lookalike(label: str) -> bool:
    try:
        letters = [each for each in label[4:].encode().decode("punycode") if each.isalpha()]
    except UnicodeError:
        return True
    if unicodedata.normalize("NFKC", "".join(letters)).casefold() != "".join(letters):
        return True
    foreign = [each for each in letters if not each.isascii()]
    if all(each in _LATIN_LIKE for each in foreign) and foreign:
        return True
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in letters}
    has_odd_latin = any("\u0250" <= each <= "\u02af" or each in "ıƖƚ" for each in letters)
    return has_odd_latin or ("LATIN" in scripts and not scripts <= _LATINS_COMPANY)


def shown(label: str) -> Iterator[Address]:
    """Yield the hosts that people can read in a link's `label`, as it is written in Markdown."""
    text = readable(label)
    for found in _SHOWN.finditer(text):
        if name := found["named"]:
            yield Address(ascii_host(_PORT.sub("", name.rpartition("@")[2])), is_certain=True)
            if "@" in name:
                yield Address(ascii_host(name.partition("@")[0].partition(":")[0]), is_certain=True)
        elif _is_address(name := _PARTICLE.sub("", found["bare"])):
            is_mailbox = bool(found["user"])
            is_certain = (
                found[0] == text.strip() if is_mailbox else name.startswith("www.") or _is_certain(name)
            )
            yield Address(ascii_host(name), is_certain)


def readable(label: str) -> str:
    """Return a `label` of Markdown as people read it, in the simplest letters."""
    text = _MARKS.sub("", html.unescape(_ESCAPE.sub(r"\1", label)))
    return _CUT_AT_A_DOT.sub("", _folded(_percent_decoded(text)))


def is_disguised(label: str) -> bool:
    """Return whether a `label` is written otherwise than it reads, but for Markdown's emphasis and code."""
    return readable(label) != _MARKS.sub("", label).casefold()


def misleads(text: str) -> bool:
    """Return whether a bare address at the start of `text` looks like another's.

    Such are `https://bank.com@evil.example`, and look-alike letters.
    """
    address = _BARE.match(html.unescape(_ESCAPE.sub(r"\1", text)))
    if not address:
        return False
    name, _, host = address["authority"].rpartition("@")
    return "." in name or "\\" in address["authority"] or not (host.isascii() or _trusted(host).is_trusted)


def belong_together(shown: str, host: str) -> bool:
    """Return whether one is the other, or a part of its domain."""
    shown, host = shown.replace("_", ""), host.replace("_", "")
    is_part = shown.endswith(f".{host}") and "." in host
    return bool(shown) and (shown == host or host.endswith(f".{shown}") or is_part)


def _folded(text: str) -> str:
    """Return `text` without characters that nobody sees, and with plain ones for their look-alikes."""
    if text.isascii():
        return text.casefold()
    seen = "".join(each for each in text if unicodedata.category(each) not in ("Cf", "Cc") or each in "\n\t")
    seen = "".join(
        each for each in seen if not 0xFE00 <= ord(each) <= 0xFE0F and each not in "\u034f\u115f\u1160\u3164"
    )
    return _DOTS.sub(".", unicodedata.normalize("NFKC", _DOTS.sub(".", seen)).casefold())


def _percent_decoded(text: str) -> str:
    return _PERCENT.sub(lambda found: chr(int(found[1], 16)), text)


def _is_address(name: str) -> bool:
    *before, ending = filter(None, name.strip("-_").split("."))
    if ending.isdecimal():
        parts = [*before, ending]
        return len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts)
    if len(ending) < 2 or ending in _FILES or not before:
        return False
    if unicodedata.name(ending[0], "").startswith("HANGUL"):
        return ending in _HANGUL_ENDINGS
    return ending.isalpha() or ending.startswith("xn--")


def _is_certain(name: str) -> bool:
    ending = name.rpartition(".")[2]
    is_country = len(ending) == 2 and ending.isascii() and ending not in _PRODUCTS
    return ending in _CERTAIN or is_country or not ending.isascii() or ending.isdecimal()
