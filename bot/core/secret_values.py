"""Values that may be secrets, and how to tell code, words and placeholders from them."""

from __future__ import annotations

import re
from enum import Enum
from itertools import pairwise


class Trust(str, Enum):
    """Strength with which the words before a value say that it is a secret; the value has to say the rest."""

    PASSWORD = "password"  # noqa: S105 # people choose these
    TOKEN = "token"  # noqa: S105 # machines do
    SERVICE = "service"  # the name of a service alone


_PLACEHOLDER = re.compile(
    r"\*{3}|\.{3}|[xX]{3}|•|█|<[^<>]{0,40}>|\$\{|\{\{|\$\(|%\(|#\{|%[a-z]\b|^[\[{(<>$%@&=/|:,;.]|^%[A-Z_]+%$|^!\w"
)
_WORDS_OF_PLACEHOLDERS = {
    "a", "abc", "add", "an", "any", "api", "apikey", "app", "as", "auth", "authorization", "aws", "bar",
    "base", "basic", "baz", "bearer", "bool", "boolean", "bytes", "change", "changeme", "char", "client",
    "code", "cred", "credential", "credentials", "db", "default", "demo", "dummy", "empty", "enter",
    "example", "fake", "false", "field", "fill", "foo", "for", "get", "goes", "here", "hidden", "id", "in",
    "input", "insert", "int", "integer", "is", "it", "key", "len", "length", "list", "login", "me",
    "missing", "mock", "my", "name", "new", "nil", "no", "none", "not", "null", "number", "object", "of",
    "old", "on", "optional", "or", "pass", "passphrase", "passwd", "password", "paste", "placeholder",
    "private", "public", "put", "pw", "pwd", "random", "real", "redacted", "replace", "required", "sample",
    "secret", "secure", "security", "self", "session", "set", "some", "something", "start", "str", "string",
    "task", "test", "testing", "text", "the", "this", "to", "todo", "token", "true", "type", "undefined",
    "unknown", "update", "use", "user", "username", "val", "value", "var", "varchar", "variable", "want",
    "with", "word", "yes", "you", "your", "값", "비밀번호", "암호", "예시", "입력", "토큰",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z\uac00-\ud7a3]+|[A-Z]+|[0-9]+")
_CODE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.|!\.)[A-Za-z_$][\w$]*)*(?:[(\[{]|!?$)|[~.]{0,2}/|[A-Za-z]:\\|[a-z]+://"
)
_DATE_OR_NUMBER = re.compile(
    r"[0-9]{1,4}(?:[-/.:,T ][0-9]{1,4}){1,6}(?:[Zz]|[+-][0-9:]{2,5})?|[-+]?[0-9.,_]+%?"
)
_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+[0-9]?(?:[_.][a-z]+[0-9]?)*[0-9]?")
_SYMBOL = re.compile(r"[!@#$%^&*?+~=]")
# Ordinary words, numbers and code, as far as they go.
_PLAIN = re.compile(r"(?:[A-Z]?[a-z_-]*|[0-9]{1,7}|[A-Z_]+)(?:\Z|[.(\[{])|[./~]")
_MIN_LETTERS, _MIN_UNFINISHED = 6, 2
_CHANGES = {Trust.TOKEN: 5, Trust.SERVICE: 4}  # characters for each change between their kinds
_MIN_LENGTHS = {Trust.PASSWORD: 4, Trust.TOKEN: 8, Trust.SERVICE: 14}


def is_secret(value: str, trust: Trust, *, is_quoted: bool, is_setting: bool) -> bool:
    """Return whether `value` can be a secret; where `is_setting`, in a file of settings or a command."""
    if len(value) < _MIN_LENGTHS[trust] or is_placeholder(value):
        return False
    if not is_quoted and _is_code(value) and not (is_setting and value.isalpha()):
        return False
    if trust is not Trust.PASSWORD:
        return is_random(value, _CHANGES[trust])
    if value.isalpha():
        return len(value) >= _MIN_LETTERS and (is_quoted or is_setting)
    can_be = (
        is_quoted or has_digit(value) or _SYMBOL.search(value) is not None or (is_setting and "-" in value)
    )
    return can_be and " " not in value and (value.isdigit() or not _DATE_OR_NUMBER.fullmatch(value))


def is_unfinished(value: str, *, is_key: bool) -> bool:
    """Return whether `value`, with which a text ends, can begin a password, or what `is_key` of a cloud."""
    if len(value) < _MIN_UNFINISHED or is_placeholder(value):
        return False
    return not value.islower() if is_key else _PLAIN.match(value) is None


def is_placeholder(value: str) -> bool:
    """Return whether `value` only stands for a secret, like `YOUR_TOKEN`, `<password>` and `xxxx`."""
    if _PLACEHOLDER.search(value) or len(set(value)) < min(2, len(value) - 1):
        return True
    return all(word.lower() in _WORDS_OF_PLACEHOLDERS for word in _WORD.findall(value))


def has_digit(value: str) -> bool:
    """Return whether there is a digit in `value`."""
    return any(map(str.isdigit, value))


def is_mixed(value: str) -> bool:
    """Return whether there is a digit or a sign in `value`, and it is no code."""
    return (has_digit(value) or _SYMBOL.search(value) is not None) and not _is_code(value)


def is_random(value: str, per_change: int = 5) -> bool:
    """Return whether `value` changes between capitals, small letters and digits as often as no words do."""
    if _DATE_OR_NUMBER.fullmatch(value) or _NAME.fullmatch(value) or " " in value:
        return False
    kinds = ["d" if each.isdigit() else "u" if each.isupper() else "l" for each in value if each.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    least = max(3, len(kinds) // per_change) if "d" in kinds else max(6, len(kinds) * 2 // 5)
    return changes >= least and len(set(value)) >= min(6, len(value) // 2)


def _is_code(value: str) -> bool:
    """Return whether `value` is a name, a call, a path or an address rather than a secret."""
    found = _CODE.match(value)
    return found is not None and (found.end() < len(value) or not has_digit(value))
