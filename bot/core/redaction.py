"""What is masked before a model reads it and before it is written down: secrets, and personal data on wish.

A number is masked if it is written like one of its kind and follows the rules of that kind, so that order
numbers, dates, versions, addresses and sums pass. Neither pictures nor PDF and Office files are looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.attachments import Attachment
from bot.core.conversation import Turn
from bot.core.files import SharedFile
from bot.core.question import Question
from bot.core.secrets import mask_secrets

# No letter, digit or decimal point stands before a number, and it is not the middle of a longer one. Only
# Latin letters count: Korean words stand before and after a number without a space.
_BEFORE = r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]-)(?<![0-9]\.)"
_AFTER = r"(?![A-Za-z0-9_]|-[A-Za-z0-9])"
_DASH = r"[-\u2010-\u2013]"
_GAP = rf"(?:{_DASH}|[ \u00a0])"


# How the numbers of payment cards begin and how long they are; those that pay in Korea alone begin with 9.
# https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)
_CARD = re.compile(
    r"4(?:.{12}|.{15}|.{18})|(?:5[1-5]|2[2-7]|35|9.).{14}|3[47].{13}|30[0-5].{11}|3[689].{12}"
    r"|(?:6[0245]|5[06]|81).{14,17}"
)


def _is_card(number: str) -> bool:
    """Whether a payment card can have this number, digits alone; the last is by the formula of Luhn."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return bool(_CARD.fullmatch(number)) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _card(match: re.Match[str]) -> str | None:
    """What remains of a card's number: nothing, or what stands after one; None if it is none."""
    whole, tail = _digits(match[0]), match["tail"] or ""
    if _is_card(whole):
        return ""
    return tail if tail and _is_card(whole[: -len(_digits(tail))]) else None


def _social_security(match: re.Match[str]) -> str | None:
    """An area but 000, 666 and 900 to 999, a group but 00, a serial but 0000:
    https://secure.ssa.gov/poms.nsf/lnx/0110201035.
    """
    area, group, serial = match["area"], match["group"], match["serial"]
    is_given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return "" if is_given else None


def _resident(match: re.Match[str]) -> str | None:
    """A Korean resident registration number, or that of a foreigner there.

    The seventh digit tells the century of the birth. The last is a check digit in numbers given before
    October 2020 only; in later ones, also of people who had theirs changed, it is random
    (https://en.wikipedia.org/wiki/Resident_registration_number). So a number in its usual form, with a
    hyphen, is one if the day exists; one that is written without must have the right last digit as well.
    """
    number = _digits(match[0])
    century = 1900 if number[6] in "1256" else 2000
    try:
        date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None
    return "" if match["dash"] or _has_check_digit(number) else None


_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _has_check_digit(number: str) -> bool:
    *first, last = map(int, number)
    base = 13 if number[6] in "5678" else 11  # that of foreigners
    return (base - sum(map(int.__mul__, first, _RESIDENT_WEIGHTS)) % 11) % 10 == last


def _phone(match: re.Match[str]) -> str | None:
    """Written in a way that only telephone numbers are, or with + and the digits that E.164 allows."""
    if not match["any"]:
        return ""
    number = _digits(match["any"])
    if number.startswith("1"):  # North America
        return "" if re.fullmatch(r"1[2-9]\d\d[2-9]\d{6}", number) else None
    return "" if len(number) >= 9 else None


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


@dataclass(frozen=True)
class _Kind:
    """What is looked for, and what of a match remains after the `word` that stands in for it (None: all)."""

    pattern: re.Pattern[str]
    rest: Callable[[re.Match[str]], str | None]
    word: str


def _kind(word: str, pattern: str, rest: Callable[[re.Match[str]], str | None]) -> _Kind:
    return _Kind(re.compile(pattern, re.VERBOSE), rest, f"[{word}]")


# In the order in which they are looked for. The words are English in every language: models know them so.
_KINDS: Mapping[str, _Kind] = {
    "email": _kind(
        "email",
        # not git@host:path
        r"""(?<![A-Za-z0-9._%+-]) [A-Za-z0-9._%+-]+ @ (?:[A-Za-z0-9-]+\.)+ [A-Za-z]{2,}
            (?! [A-Za-z0-9-] | :[A-Za-z0-9~/] )""",
        lambda _: "",
    ),
    "card": _kind(
        "card number",
        rf"""{_BEFORE} (?: [0-9]{{4}} (?P<gap>{_GAP}) [0-9]{{4}} (?P=gap) [0-9]{{4}} (?P=gap) [0-9]{{4}}
                (?P<tail> (?P=gap) [0-9]{{3}} (?![0-9]) )?
            | [0-9]{{4}} (?P<wide>{_GAP}) [0-9]{{6}} (?P=wide) [0-9]{{4,5}}
            | [0-9]{{13,19}} ) (?![A-Za-z0-9_])""",
        _card,
    ),
    "rrn": _kind(
        "resident registration number",
        rf"{_BEFORE} [0-9]{{6}} (?: [ ]?(?P<dash>{_DASH})[ ]? | [ ] )? [1-8][0-9]{{6}} {_AFTER}",
        _resident,
    ),
    "ssn": _kind(
        "social security number",
        rf"""{_BEFORE} (?P<area>[0-9]{{3}}) (?P<dash>{_DASH}) (?P<group>[0-9]{{2}}) (?P=dash)
            (?P<serial>[0-9]{{4}}) {_AFTER}""",
        _social_security,
    ),
    "phone": _kind(
        "phone",
        rf"""
        (?=[0-9(+]) (?:
        # Korea: mobiles in any form, others with their signs between
          (?: \+82[ .-]?(?:\(0\))? | {_BEFORE}0 ) 1[016-9]
          (?:{_GAP}|\.)? [0-9]{{3,4}} (?:{_GAP}|\.)? [0-9]{{4}} {_AFTER}
        | (?: {_BEFORE} | (?<![A-Za-z0-9])\( )
          0 (?: 2 | 3[1-3] | 4[1-4] | 5[1-5] | 6[1-4] | 70 | 80 | 50[2-8] )
          (?: \)[ ]? | {_DASH} | \. ) [0-9]{{3,4}} (?:{_DASH}|\.) [0-9]{{4}} {_AFTER}
        # North America: area and exchange begin with 2 to 9 and do not end with 11
        | (?: {_BEFORE}(?:1[ .-])? | (?<![A-Za-z0-9])(?=\() )
          (?: \((?!.11)[2-9][0-9]{{2}}\)[ ]? | (?!.11)[2-9][0-9]{{2}}[-.] )
          (?!.11)[2-9][0-9]{{2}} [-. ] [0-9]{{4}} {_AFTER}
        | (?<![A-Za-z0-9_)]) \+ (?P<any> [1-9] (?: [ .-]?\(?[0-9]\)? ){{7,14}} ) {_AFTER} )
        """,
        _phone,
    ),
}
KINDS = tuple(_KINDS)


def redacted(text: str, kinds: Collection[str]) -> str:
    """`text` without secrets, and with a word like [email] in place of whatever is of one of `kinds`."""
    text = mask_secrets(text)
    for name, kind in _KINDS.items():
        if name in kinds:
            text = _without(text, kind)
    return text


def _without(text: str, kind: _Kind) -> str:
    parts, done, start = [], 0, 0
    while match := kind.pattern.search(text, start):
        rest = kind.rest(match)
        if rest is None:
            start = match.start() + 1  # another can begin within what turned out to be none
            continue
        parts += [text[done : match.start()], kind.word, rest]
        done = start = match.end()
    return "".join((*parts, text[done:]))


def redacted_turn(turn: Turn, kinds: Collection[str]) -> Turn:
    """`turn` with its words and its text files `redacted`."""
    attachments = tuple(_redacted_file(each, kinds) for each in turn.attachments)
    return replace(turn, text=redacted(turn.text, kinds), attachments=attachments)


def _redacted_file(file: Attachment, kinds: Collection[str]) -> Attachment:
    return replace(file, data=redacted(file.data.decode(), kinds).encode()) if file.is_text else file


def redacted_question(question: Question, kinds: Collection[str]) -> Question:
    """`question` with its words and the names of its files `redacted`, as it may be written down."""
    files = tuple(_redacted_name(file, kinds) for file in question.files)
    return replace(question, text=redacted(question.text, kinds), files=files)


def _redacted_name(file: SharedFile, kinds: Collection[str]) -> SharedFile:
    """A file whose addresses tell what its name may not is known by its id alone, and asked for."""
    name = redacted(file.name, kinds)
    return file if name == file.name else SharedFile(file.id, name, mode="file_access")
