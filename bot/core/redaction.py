"""Masking before a model reads a text and before it is written down: secrets, and personal data on wish.

A number is masked if it is written like one of its kind and follows the rules of that kind, so that order
numbers, dates, versions, addresses and sums pass. Neither pictures nor PDF and Office files are looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.attachments import Attachment
from bot.core.conversation import Turn
from bot.core.files import SharedFile
from bot.core.folded_text import FoldedText
from bot.core.question import Question
from bot.core.secrets import mask_secrets

# No letter, digit or decimal point stands before a number, and it is not the middle of a longer one. Only
# Latin letters count: Korean words stand before and after a number without a space.
_BEFORE = r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9]-)(?<![0-9]\.)"
_AFTER = r"(?![A-Za-z0-9_]|-[A-Za-z0-9])"
_GAP = r"(?:[ ]?[-./·_][ ]?|[ ]{1,2})"


# How the numbers of payment cards begin and how long they are; those that pay in Korea alone begin with 9.
# https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)
_CARD = re.compile(
    r"4(?:.{12}|.{15}|.{18})|(?:5[1-5]|2[2-7]|35|9.).{14}|3[47].{13}|30[0-5].{11}|3[689].{12}"
    r"|(?:6[0245]|5[06]|81).{14,17}"
)


def _is_card(number: str) -> bool:
    """Return whether a payment card can have this number, digits alone; its last is by Luhn's formula."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return bool(_CARD.fullmatch(number)) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _card(match: re.Match[str]) -> int | None:
    whole, tail = _digits(match[0]), match["tail"] or ""
    if _is_card(whole):
        return match.end()
    return match.start("tail") if tail and _is_card(whole[: -len(_digits(tail))]) else None


def _social_security(match: re.Match[str]) -> int | None:
    """An area but 000, 666 and 900 to 999, a group but 00, a serial but 0000:
    https://secure.ssa.gov/poms.nsf/lnx/0110201035.
    """
    number = _digits(match["number"])
    area, group, serial = number[:3], number[3:5], number[5:]
    is_given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return match.end() if is_given else None


def _resident(match: re.Match[str]) -> int | None:
    """A Korean resident registration number, or that of a foreigner there.

    The seventh digit tells the century of the birth. The last is a check digit in numbers given before
    October 2020 only; in later ones, also of people who had theirs changed, it is random
    (https://en.wikipedia.org/wiki/Resident_registration_number). So a number in its usual form, with a
    hyphen, or after its name, is one if the day exists; another must have the right last digit as well.
    """
    number = _digits(match["number"])
    century = 1900 if number[6] in "1256" else 2000
    try:
        date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None
    is_named = match["name"] is not None
    return match.end() if match["dash"] or is_named or _has_check_digit(number) else None


_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _has_check_digit(number: str) -> bool:
    *first, last = map(int, number)
    base = 13 if number[6] in "5678" else 11  # that of foreigners
    return (base - sum(map(int.__mul__, first, _RESIDENT_WEIGHTS)) % 11) % 10 == last


def _phone(match: re.Match[str]) -> int | None:
    """Written in a way that only telephone numbers are, or with + and the digits that E.164 allows."""
    if match["named"]:
        return match.end() if 9 <= len(_digits(match["named"])) <= 15 else None
    if not match["any"]:
        return match.end()
    number = _digits(match["any"])
    if number.startswith("1"):  # North America
        return match.end() if re.fullmatch(r"1[2-9]\d\d[2-9]\d{6}", number) else None
    return match.end() if len(number) >= 9 else None


def _account(match: re.Match[str]) -> int | None:
    """An International Bank Account Number: https://www.iso13616.org and its check by ISO 7064."""
    number = re.sub("[ -]", "", match[0])
    digits = "".join(str(int(each, 36)) for each in number[4:] + number[:4])
    return match.end() if 15 <= len(number) <= 34 and int(digits) % 97 == 1 else None


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


@dataclass(frozen=True)
class _Kind:
    """Pattern of personal data, the end of a match (None: it is none), and the `word` that replaces it.

    A `name` with which a match begins, such as "tel.", stays.
    """

    pattern: re.Pattern[str]
    end: Callable[[re.Match[str]], int | None]
    word: str


def _kind(word: str, pattern: str, end: Callable[[re.Match[str]], int | None]) -> _Kind:
    return _Kind(re.compile(pattern, re.VERBOSE), end, f"[{word}]")


_DOT = r"[ ]?(?:\.|\[\.\]|[\[({ ]dot[\])} ])[ ]?"
_LABEL = r"[A-Za-z0-9\u00c0-\u024f\uac00-\ud7a3\u3040-\u30ff\u4e00-\u9fff-]{1,63}"

_TOP = r"(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}|[\uac00-\ud7a3]{2,8}|[\u4e00-\u9fff]{2,8})"

# In the order in which they are looked for. The words are English in every language: models know them so.
_KINDS: Mapping[str, _Kind] = {
    "email": _kind(
        "email",
        # not git@host:path
        rf"""(?<![A-Za-z0-9._%+-]) [A-Za-z0-9._%+'-]{{1,64}}
            (?: @ (?:{_LABEL}\.){{1,8}} {_TOP} (?![A-Za-z0-9-])
              | (?: [ ]@[ ] | [ ]?[\[({{][ ]?(?:at|@)[ ]?[\])}}][ ]? )
                (?:[A-Za-z0-9-]{{1,63}}{_DOT}){{1,4}} [A-Za-z]{{2,24}} (?![A-Za-z0-9-])
              | [ ]at[ ] (?:[A-Za-z0-9-]{{1,63}}[ ]dot[ ]){{1,4}} [A-Za-z]{{2,24}} (?![A-Za-z0-9-])
              | @\[[0-9a-fA-F:.]{{7,45}}\] )
            (?! :[A-Za-z0-9._~-]{{0,100}}/ )""",
        re.Match.end,
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
        rf"""(?P<name> (?:주민|외국인)[가-힣 ]{{0,8}}[^0-9\n]{{0,6}} | (?i:rrn)[^0-9\n]{{0,6}} )? {_BEFORE}
            (?P<number> [0-9]{{6}} (?:[ ]?(?P<dash>-)[ ]?|[ ]?[./_~·][ ]?|[ ])? [1-8][0-9]{{6}} ) {_AFTER}""",
        _resident,
    ),
    "ssn": _kind(
        "social security number",
        rf"""(?P<name> (?i:ssn|social[ ]security(?:[ ](?:number|no\.?))?) [^0-9\n]{{0,6}} )? {_BEFORE}
            (?P<number> [0-9]{{3}} (?: - [0-9]{{2}} - | (?(name) [ .]?[0-9]{{2}}[ .]? | (?!) ) ) [0-9]{{4}} )
            {_AFTER}""",
        _social_security,
    ),
    "phone": _kind(
        "phone",
        rf"""
        (?P<name> (?<![A-Za-z]) (?i:tel|phone|mobile|cell|fax|whatsapp|hp|h\.p|전화|연락처|휴대폰|핸드폰|폰)
            (?:[ ]?(?:번호|number|no))? [.:=은는이 ]{{1,4}} )?
        (?: (?(name) (?P<named> (?:\+|\()?[0-9](?:[ .()-]{{0,2}}[0-9]){{8,14}} ) {_AFTER} | (?!) )
        | (?=[0-9(+]) (?:
        # Korea: mobiles in any form, others with their signs between
          (?: \+82[ .-]?(?:\(0\)[ ]?)? | {_BEFORE}(?:00)?82[ .-]?0? | {_BEFORE}0 | (?<![A-Za-z0-9])\([ ]?0 )
          1[016-9]
          (?: [ ]?\)[ ]?-?[ ]? | {_GAP})? [0-9]{{3,4}} {_GAP}? [0-9]{{4}} {_AFTER}
        | (?: {_BEFORE} | (?<![A-Za-z0-9])\( )
          0 (?: 2 | 3[1-3] | 4[1-4] | 5[1-5] | 6[1-4] | 70 | 80 | 50[2-8] )
          (?: \)[ ]?-?[ ]? | {_GAP} ) [0-9]{{3,4}} {_GAP} [0-9]{{4}} {_AFTER}
        # North America: area and exchange begin with 2 to 9 and do not end with 11
        | (?: {_BEFORE}(?:1[ .-])? | (?<![A-Za-z0-9])(?=\() )
          (?: \((?!.11)[2-9][0-9]{{2}}\)[ -]? | (?!.11)[2-9][0-9]{{2}}(?:[-.]|[ ]-[ ]) )
          (?!.11)[2-9][0-9]{{2}} (?:[-. ]|[ ]-[ ]) [0-9]{{4}} {_AFTER}
        | (?: (?<![A-Za-z0-9_)]) \+ | {_BEFORE}00(?=[1-9][0-9]{{0,2}}[ .-]) )
          (?P<any> [1-9] (?: [ ./-]?[ ]?\(?[0-9]\)? ){{7,14}} ) {_AFTER} ) )
        """,
        _phone,
    ),
    "iban": _kind(
        "bank account number",
        rf"{_BEFORE} [A-Z]{{2}}[0-9]{{2}} (?:[ -]?[A-Z0-9]{{4}}){{2,7}} (?:[ -]?[A-Z0-9]{{1,3}})? {_AFTER}",
        _account,
    ),
    "passport": _kind(
        "passport number",
        # https://www.icao.int/publications/doc-series/doc-9303 for what machines read
        rf"""(?P<name> (?i:passport)(?:[ ](?i:no|number|nr|\#)\.?)?[^A-Za-z0-9\n]{{1,6}}
                | 여권(?:[ ]?번호)?[^A-Za-z0-9\n]{{0,6}} )
            (?: [A-Z]{{1,2}}[0-9]{{6,8}} | [A-Z][0-9]{{3}}[A-Z][0-9]{{4}} | [0-9]{{9}} ) {_AFTER}
        | (?<![A-Z<]) P[A-Z<][A-Z]{{3}}[A-Z<]{{39}} (?:\s[A-Z0-9<]{{44}})?""",
        re.Match.end,
    ),
}
KINDS = tuple(_KINDS)
# What a text must have for kinds with few digits. All others have nine digits close to each other.
_MARKS = {"email": ("@", " at ", "(at", "[at", "{at"), "passport": ("assport", "ASSPORT", "여권", "P<")}
_DIGITS = re.compile(r"[0-9](?:[^0-9]{0,6}[0-9]){8,400}")
_MAX_NAME = 40  # characters before a number that can name it
_PIECE, _MAX_LENGTH = 10_000, 700  # characters; nothing that is found is longer


def redacted(text: str, kinds: Collection[str]) -> str:
    """Return `text` without secrets, and with a word like [email] in place of what is of one of `kinds`."""
    text = mask_secrets(text)
    folded = FoldedText(text)
    return folded.without(_spans(folded.text, kinds))


def _spans(text: str, kinds: Collection[str]) -> Iterator[tuple[int, int, str]]:
    for name, kind in _KINDS.items():
        done = 0
        for start, end in _pieces(text, _MARKS.get(name)) if name in kinds else ():
            for span in _found(text, kind, max(start, done), end):
                done = span[1]
                yield span


def _pieces(text: str, marks: Collection[str] | None) -> Iterator[tuple[int, int]]:
    """Yield pieces to search, so that threads go on in between: where numbers are if it has no `marks`."""
    if marks is None:
        for run in _DIGITS.finditer(text):
            yield max(run.start() - _MAX_NAME, 0), run.end()
    elif any(mark in text for mark in marks):
        for start in range(0, len(text), _PIECE):
            yield start, start + _PIECE


def _found(text: str, kind: _Kind, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield what begins in a piece of `text`, and where it ends there or in the next one."""
    while (match := kind.pattern.search(text, start, end + _MAX_LENGTH)) and match.start() < end:
        stop = kind.end(match)
        if stop is None:
            start = match.start() + 1  # another can begin within what turned out to be none
            continue
        named = match.end("name") if "name" in match.re.groupindex else -1
        yield max(named, match.start()), stop, kind.word
        start = stop


def redacted_turn(turn: Turn, kinds: Collection[str]) -> Turn:
    """Return `turn` with its words and its text files `redacted`."""
    attachments = tuple(_redacted_file(each, kinds) for each in turn.attachments)
    before = redacted(turn.text[: turn.asks_at], kinds)
    text = before + redacted(turn.text[turn.asks_at :], kinds)
    return replace(turn, text=text, attachments=attachments, asks_at=len(before))


def _redacted_file(file: Attachment, kinds: Collection[str]) -> Attachment:
    return replace(file, data=redacted(file.data.decode(), kinds).encode()) if file.is_text else file


def redacted_question(question: Question, kinds: Collection[str]) -> Question:
    """`question` with its words, and the names and words of its files, `redacted` to be written down."""
    files = tuple(_redacted_name(file, kinds) for file in question.files)
    return replace(question, text=redacted(question.text, kinds), files=files)


def _redacted_name(file: SharedFile, kinds: Collection[str]) -> SharedFile:
    """A file whose addresses tell what its name may not is known by its id alone, and asked for."""
    name = redacted(file.name, kinds)
    if name != file.name:
        return SharedFile(file.id, name, mode="file_access")
    return replace(file, transcript=redacted(file.transcript, kinds))
