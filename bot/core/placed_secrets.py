"""Secrets that are known by where they stand: in an address, a command or a header."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.core.secret_values import Trust, has_digit, is_placeholder, is_random, is_secret


class _Place(NamedTuple):
    """A pattern whose group `value` may be a secret; it is looked for in texts that have the `mark`."""

    mark: str
    pattern: re.Pattern[str]
    is_secret: Callable[[str], bool]


def _is_password(value: str) -> bool:
    return is_secret(value, Trust.PASSWORD, is_quoted=True, is_setting=True)


def _is_mixed_password(value: str) -> bool:
    return (
        has_digit(value)
        and any(map(str.isalpha, value))
        and not re.search(r"[/~]|\.[a-z]{1,5}\Z", value)
        and _is_password(value)
    )


def _is_in_address(value: str) -> bool:
    return not is_placeholder(value)


def _may_begin_in_address(value: str) -> bool:
    return not value.isdigit() and not is_placeholder(value)


def _is_basic(value: str) -> bool:
    """Return whether `value` is base64 of a user and a password."""
    try:
        return b":" in b64decode(value + "=" * (-len(value) % 4))
    except (Error, ValueError):
        return False


def _place(
    mark: str, before: str, is_value: Callable[[str], bool], value: str = r"[^\s\"'<>|]{4,200}"
) -> _Place:
    return _Place(mark, re.compile(f"{before}(?P<value>{value})"), is_value)


_SOME = r"[^\n|;]{0,160}?"
_PLACES = (
    _place("://", r"://[^\s/?#:@\"'<>]{0,100}:", _is_in_address, r"[^\s\"'<>/]{1,200}(?=@)"),
    _place("://", r"://[^\s/?#:@\"'<>]{0,100}:", _may_begin_in_address, r"[^\s\"'<>/@]{1,200}\Z"),
    _place("://", "://", is_random, r"[^\s/:@\"'<>]{16,200}(?=@)"),
    _place("-u", r"-u(?<![\w-]-u)[ =]?[\"']?[^\s:\"']{1,64}:", _is_password),
    _place("-u", r"-u(?<![\w-]-u)[ =]?[^\s:\"']{1,64} -p[ =]?[\"']?", _is_password),
    _place("--", r"--(?:user|auth)[ =][\"']?[^\s:\"']{1,64}:", _is_password),
    _place("mysql", rf"mysql{_SOME} -p[\"']?", _is_password),
    _place("mariadb", rf"mariadb{_SOME} -p[\"']?", _is_password),
    _place("sshpass", r"sshpass -p ?[\"']?", _is_password),
    _place(" login", rf" login{_SOME} -p[ =]?[\"']?", _is_password),
    _place("zip ", r"zip -P ?[\"']?", _is_password),
    _place("-cli", rf"(?:redis|valkey)-cli{_SOME} -a ?[\"']?", _is_password),
    _place("ldap", rf"ldap{_SOME} -w ?[\"']?", _is_password),
    _place("smbclient", rf"smbclient{_SOME} -U ?[\"']?[^\s%]{{1,64}}%", _is_password),
    _place("htpasswd", r"htpasswd -[a-zA-Z]{0,6}b[a-zA-Z]{0,6} \S{1,200} \S{1,64} ", _is_password),
    _place("login ", r"login \S{1,60}\s{1,8}password ", _is_password),
    _place("asic", "[Bb]asic(?:[ ]{1,4}|%20)", _is_basic, "[A-Za-z0-9+/]{8,400}={0,2}"),
    _place("earer", r"[Bb]earer\s{1,8}", lambda value: not is_placeholder(value), r"[A-Za-z0-9._~+/=-]{16,}"),
    _place("earer", r"[Bb]earer\s{1,8}", has_digit, r"[A-Za-z0-9._~+/=-]{4,15}\Z"),
    _place("EARER", r"BEARER\s{1,8}", has_digit, r"[A-Za-z0-9._~+/=-]{16,}"),
    _place(
        "@",
        r"@[A-Za-z0-9][A-Za-z0-9.-]{0,63}\.[a-z]{2,10}(?:[ ]?[:|/;][ ]?|[,\t])(?=\S{6})",
        _is_mixed_password,
    ),
    _place(
        "$", r"\$(?:1|2[abxy]|5|6|7|y|argon2id?|pbkdf2-sha256)\$", is_random, r"[./A-Za-z0-9$,=+]{20,200}"
    ),
    _place(
        '"', r'"(?:d|p|q|dp|dq|qi|k)" ?: ?"', is_random, r"[A-Za-z0-9_-]{30,}"
    ),  # https://www.rfc-editor.org/rfc/rfc7517
    _place(
        " phrase",
        r"(?:seed|recovery|secret) phrase[\"']? ?[:=] ?[\"']?",
        lambda _: True,
        "[a-z]{3,10}(?:[ ,]{1,2}[a-z]{3,10}){11,24}",
    ),
    _place(
        "nemonic",
        r"nemonic[\"']? ?[:=] ?[\"']?",
        lambda _: True,
        "[a-z]{3,10}(?:[ ,]{1,2}[a-z]{3,10}){11,24}",
    ),
    _place(
        "assphrase",
        r"assphrase[\"']? ?[:=] ?(?=[\"'])",
        lambda _: True,
        "[\"'][a-z]{3,10}(?:[ -][a-z]{3,10}){3,12}[\"']",
    ),
    *(
        _place(word, rf"{word}[ ]?[:=]?[ ]?[^\s:/]{{1,40}} ?/ ?", _is_mixed_password)
        for word in ("ogin", "ccount", "redentials", "ifi", "계정", "아이디", "접속 정보", "와이파이")
    ),
)


def placed_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where in a folded text the values stand that their places give away."""
    for mark, pattern, is_value in _PLACES:
        if mark in text:
            yield from (found.span("value") for found in pattern.finditer(text) if is_value(found["value"]))
