"""Secrets that are known by the name before them, as in `password: …`.

Settings, JSON, YAML, XML, code, headers, flags, diffs and prose are read alike: a name, a sign, and a value.
Each repeat in a pattern is bounded, so that the time grows with the text and not faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.core.secret_values import Trust, has_digit, is_mixed, is_random, is_secret, is_unfinished

# Each begins with what one can search for fast: a pattern is slow that could begin with any letter.
_NAMES = {
    Trust.PASSWORD: (
        "pass(?:[ _-]?(?:word|wort|wd|phrase|code)|in|out)?", "pwd?", "contraseña", "mot de passe",
        "identified by", "pin", "otp", "psk", "verification code", "비밀 ?번호", "비번", "패스워드",
        "암호", "인증 ?번호", "パスワード", "密码",
    ),
    Trust.TOKEN: (
        "secret(?:[ _.-]?key)?", "token", "auth(?:orization|[ _.-]?key)?", "cred(?:ential)?s?", "cookie",
        "connect\\.sid", "sess(?:ion|[_-]?id)(?:[_-]?id)?", "api[ _.-]?key", "access[ _-]?key",
        "private[ _-]?key", "signing[ _-]?key", "encryption[ _-]?key", "account[ _-]?key",
        "shared[ _-]?(?:access[ _-]?)?key", "master[ _-]?key", "service[ _-]?key", "license[ _-]?key",
        "storage[ _-]?key", "subscription[ _-]?key", "client[ _-]?key", "webhook[ _-]?key",
        "hmac[ _-]?key", "aes[ _-]?key", "ssh[ _-]?key", "deploy[ _-]?key", "app[ _-]?key",
        "admin[ _-]?key", "project[ _-]?key", "server[ _-]?key", "토큰", "시크릿", "인증 ?키",
        "액세스 ?키", "비밀 ?키", "개인 ?키", "api ?키",
    ),
    # Of services alone: what follows has to look random. https://github.com/gitleaks/gitleaks lists most.
    Trust.SERVICE: (
        "key", "adafruit", "adobe", "airtable", "algolia", "alibaba", "artifactory", "asana", "atlassian",
        "beamer", "bintray", "bitbucket", "bittrex", "cloudflare", "codecov", "cohere", "coinbase",
        "confluence", "confluent", "contentful", "contribsys__com", "datadog", "discord", "droneci",
        "dropbox", "etsy", "facebook", "fastly", "finicity", "finnhub", "flickr", "freshbooks", "gitlab",
        "gitter", "gocardless", "heroku", "hubspot", "intercom", "jenkins", "jfrog", "jira", "kakao",
        "kraken", "kucoin", "launchdarkly", "linear", "linked[_-]?in", "lob", "looker", "mailchimp",
        "mailgun", "mapbox", "mattermost", "meraki", "message[_-]?bird", "naver", "netlify",
        "new[_-]?relic", "nytimes", "okta", "pagerduty", "plaid", "privateai", "private[_-]ai",
        "rapidapi", "sendbird", "sentry", "snyk", "sonar", "sourcegraph", "squarespace", "sumo",
        "telegram", "toss", "travis", "twilio", "twitch", "twitter", "typeform", "xray", "yandex",
        "zendesk",
    ),
}  # fmt: skip
_PATTERNS = [
    (trust, re.split(r".\?|[\[(\\]", name)[0], re.compile(name))
    for trust, names in _NAMES.items()
    for name in names
]


class Name(NamedTuple):
    """Place of a name that says that a secret follows, and how much it says so."""

    start: int
    end: int
    trust: Trust


_SHORT_NAME = 4  # such a name can be a part of a word: "compass", "design"
_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+")
# A name that ends with one of these is that of something else than the secret.
_OTHER_NAMES = {
    "age", "algorithm", "at", "class", "color", "count", "date", "dir", "disabled", "enabled", "end",
    "error", "expires", "expiry", "field", "fields", "file", "files", "format", "help", "hint", "host",
    "id", "ids", "index", "label", "len", "length", "limit", "line", "list", "manager", "max", "min",
    "name", "names", "path", "policy", "pos", "position", "prompt", "provider", "regex", "required",
    "reset", "rule", "rules", "server", "size", "start", "text", "time", "timeout", "title", "total", "ttl",
    "type", "types", "uri", "url", "urls", "usage", "verified", "version",
}  # fmt: skip
_TAIL = re.compile(
    r"(?P<tail>(?:[\w.]|-(?!-)){0,40})[\"'\]\\]{0,4}"
    r"(?:[ ]?\([^()\"'\n]{1,40}\))?(?:[ ](?:for|of|to|on)[ ][\w.@-]{1,40})?"
)
_SIGN = re.compile(
    r"""(?P<set> :[ ]?[A-Za-z][\w\[\],.|]{0,30}[ ]?=(?!=)[ \t]{0,8}  # with a type in between
        | [ \t]{0,20}(?:=>|:=|->|→|\?=|\|\||[:=](?![:=])|\|)[ \t]{0,20}
            (?:(?:[|>][+-]?)?\r?\n[ \t>|+-]{0,20})? )
    | (?P<pair> ,?\s{0,20}["']?value["']?[ ]?[:=][ \t]{0,8} )
    | (?P<tag> >[ ]? )
    | (?P<call> [(,][ ]{0,2}(?=\\{0,3}["']) )
    | (?P<prose> [ ]?(?:은|는|이|가)[ :]{0,3} | [ ](?:is|was|-)[ ]:?[ ]? )
    | (?P<space> [ \t]{1,8} | [ ]{0,2}\r?\n )""",
    re.VERBOSE,
)
_SCHEMES = "[Bb]asic|[Bb]earer|[Tt]oken|[Aa]pi[Kk]ey|[Dd]igest|[Bb]ot|BASIC|BEARER"
_SCHEME = rf"(?:(?:{_SCHEMES})(?:[ ]{{1,2}}|%20)|pass:)?"
_MAX_VALUE = 120  # characters; of a longer one, what goes on like a token is masked as well
_VALUE = re.compile(
    rf"""(?P<quote>\\{{0,3}}["']){_SCHEME}(?P<quoted>(?:(?!(?P=quote))[^\\\n]|\\(?!["'])[^\n]){{1,{_MAX_VALUE}}})
    | {_SCHEME}(?P<bare>(?:[!\#$%()*+./0-9?@A-Z\[\]^_a-z{{}}~=:\u00c0-\u024f-]|\\[^\s"'nrt]
        |[&;,](?!\s|\w{{1,30}}[=:]|\Z)){{1,{_MAX_VALUE}}})""",
    re.VERBOSE,
)
# Names of which the first characters of a value are masked, as it is written.
_KNOWN_EARLY = re.compile(
    "(?i:authorization|(?P<key>secret[ _-]?access[ _-]?key|(?:session|security)[_-]?token))\\Z"
)
_MAX_KNOWN = 12
_MORE = re.compile(r"[A-Za-z0-9+/=_.%-]*")
_CLOSING = ".,;:)]}"


def names(text: str) -> list[Name]:
    """Return the names of secrets in a folded text, in their order."""
    lowered = text.lower()
    found = (
        Name(*match.span(), trust)
        for trust, beginning, pattern in _PATTERNS
        if beginning in lowered
        for match in pattern.finditer(lowered)
    )
    return sorted(name for name in found if _is_whole(text, name.start, name.end))


def named_spans(text: str, names: Iterable[Name]) -> Iterator[tuple[int, int]]:
    """Yield where in a folded text the values stand of its `names`, which are in their order."""
    place = 0
    for name in names:
        if name.start >= place and (span := _value(text, name)):
            yield span
            place = span[1]


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a name is no part of a word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    goes_on = _is_letter(after) and after.islower() == text[end - 1].islower() and after not in "sS"
    is_part = end - start <= _SHORT_NAME and _is_letter(before) and before.islower() == text[start].islower()
    return not (goes_on or is_part)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


class _Value(NamedTuple):
    """Value after a name: its place, and the sign before it. One after a flag belongs to a command."""

    start: int
    end: int
    text: str
    sign: str
    sign_text: str
    is_quoted: bool
    is_flag: bool


def _value(text: str, name: Name) -> tuple[int, int] | None:
    value = _after(text, name)
    word = text[name.start : name.end]
    if value is None or not _can_follow(word, name.trust, value):
        return None
    is_setting = value.is_flag or (value.sign_text == "=" and word[0].isupper())
    if is_secret(value.text, name.trust, is_quoted=value.is_quoted, is_setting=is_setting):
        more = _MORE.match(text, value.end) if len(value.text) >= _MAX_VALUE else None
        return value.start, more.end() if more else value.end
    is_growing = value.end == len(text) and value.sign == "set" and _is_unfinished(text, name, value.text)
    return (value.start, value.end) if is_growing else None


def _after(text: str, name: Name) -> _Value | None:
    """Return what follows a name that is that of a secret."""
    tail = _TAIL.match(text, name.end)
    sign = _SIGN.match(text, tail.end()) if tail else None
    value = _VALUE.match(text, sign.end()) if sign else None
    if not (tail and sign and value) or _is_of_something_else(tail["tail"], sign):
        return None
    start, end = value.span(value.lastgroup or 0)
    is_quoted = value.lastgroup == "quoted"
    if not is_quoted:
        end = start + len(
            text[start:end].rstrip(_CLOSING if name.trust is Trust.PASSWORD else f"{_CLOSING}!?")
        )
    is_flag = text[max(name.start - 30, 0) : name.start].rpartition(" ")[2].startswith("-")
    return _Value(start, end, text[start:end], sign.lastgroup or "", sign[0], is_quoted, is_flag)


def _is_of_something_else(tail: str, sign: re.Match[str]) -> bool:
    """Return whether a name goes on like `password_length`, or what is called is like `password.encode`."""
    last = _WORD.findall(tail)[-1:]
    return (sign.lastgroup == "call" and "." in tail) or any(word.lower() in _OTHER_NAMES for word in last)


def _is_unfinished(text: str, name: Name, value: str) -> bool:
    known = _KNOWN_EARLY.search(text, max(name.start - _MAX_KNOWN, 0), name.end)
    is_key = known is not None and known["key"] is not None
    return (name.trust is Trust.PASSWORD or known is not None) and is_unfinished(value, is_key=is_key)


def _can_follow(name: str, trust: Trust, value: _Value) -> bool:
    """Return whether the sign is one that makes what comes after it the value of the name."""
    name = name.lower()
    if name in ("pin", "otp"):
        return value.text.isdigit()
    is_verb = name == "pass"
    match value.sign:
        case "prose":
            return trust is Trust.PASSWORD or not name.isascii()
        case "call":
            return not is_verb and is_mixed(value.text)
        case "space":
            is_casual = not name.isascii() or name in ("pw", "pwd", "psk", "identified by")
            is_said = value.is_quoted or (is_casual and has_digit(value.text))
            is_said = is_said and trust is Trust.PASSWORD
            return value.is_flag or (not is_verb and (is_said or is_random(value.text)))
        case _:
            return True
