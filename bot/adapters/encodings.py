"""Text in an encoding that nothing names: chardet's opinion of it, and whether that can be relied on.

chardet tells the likeliest encoding, which of a short text is too often the wrong one. What it says counts as
certain only where no other encoding comes close and the letters are those that texts in it are written in.
docs/decisions/0023-which-encoding-a-file-is-in.md has the figures.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from contextlib import suppress

import chardet
from chardet import EncodingEra

from bot.core.attachments import DecodedText

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_SAMPLE_BYTES = 100_000
_MAX_BROKEN = 0.01  # of the characters that are not ASCII
_MIN_CONFIDENCE, _MIN_LEAD = 0.1, 1.5  # chardet's, and how many times that of the next encoding
_MIN_WIDE_IN_UTF_8 = 4  # characters that are not ASCII
_MIN_NULS, _MIN_LEAD_OF_NULS = 2, 4
_CONTEXT_BYTES = 100  # before what is not ASCII
_MAX_HEAD_BYTES = 1_024  # https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
_DECLARATION = re.compile(
    rb"""(?:charset|coding)\s*[:=]\s*["']?([A-Za-z0-9._:-]+)"""
)  # of HTML, XML, CSS, Python

_DECLARABLE = (
    "big5",
    "cp125",
    "cp932",
    "cp949",
    "euc_",
    "gb",
    "iso2022_",
    "iso8859",
    "johab",
    "koi8",
    "shift_jis",
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_WIDE = re.compile(r"[^\x00-\x7f]")
# Beside white space no control character stands in a text, nor what no standard has given a meaning.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufffe\uffff]")
# Latin letters and Greek, Cyrillic, Hebrew or Arabic ones
_MIXED_WORD = re.compile(r"[A-Za-z][\u0370-\u07ff]|[\u0370-\u07ff][A-Za-z]")
_WESTERN = ("cp1252", "iso8859-1", "iso8859-15")
_WESTERN_LETTER = r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e]"
_WESTERN_LETTERS = re.compile(f"{_WESTERN_LETTER}*")
_IN_WESTERN_WORD = re.compile(rf"(?<=[A-Za-z]){_WESTERN_LETTER}|{_WESTERN_LETTER}(?=[A-Za-z])")
# How texts are written in encodings whose names begin so: letters, the least share of them in what is not
# ASCII, and how many characters of that it takes. Japanese is told from Chinese by its kana.
_SCRIPTS = (
    (("cp949", "euc_kr", "johab", "iso2022_kr"), re.compile("[\uac00-\ud7a3]"), 0.6, 6),
    (("cp932", "shift_jis", "euc_j", "iso2022_jp"), re.compile("[\u3041-\u30fe]"), 0.15, 6),
    (("gb", "hz", "big5"), re.compile("[\u4e00-\u9fff](?![\u3041-\u30fe])"), 0.5, 8),
    (("utf",), re.compile(r"(?!)"), 1.0, 8),  # which chardet does not tell well from others
    (("",), re.compile("[\u00c0-\u07ff]"), 0.6, 8),
)


def decoded(data: bytes) -> DecodedText | None:
    """Return `data` as text, and whether that is certain; None where it is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding, is_certain=True)
    if found := _decoded(data, "utf-8", is_certain=True):
        return DecodedText(found.text, found.is_certain and _is_utf_8(found.text))
    if found := _utf_16(data) or _declared(data):
        return found
    sample = _sample(data)
    likely, is_certain = _likely(sample)
    for encoding in likely[:1] if is_certain else (*_broken(sample, likely), *likely):
        if found := _decoded(data, encoding, is_certain=is_certain):
            return found
    return None


def _likely(sample: bytes) -> tuple[list[str], bool]:
    """The encodings that `sample` can be in, the likeliest first, and whether it is certainly in that."""
    candidates = list(_candidates(sample))
    if not candidates:
        return [], False
    (confidence, encoding, text), *others = candidates
    next_best = max((each for each, _, other in others if other != text), default=0.0)
    is_ahead = confidence >= max(_MIN_CONFIDENCE, _MIN_LEAD * next_best)
    is_certain = _is_western(encoding, text) or (is_ahead and _is_in_script(encoding, text))
    return [encoding, *(name for _, name, _ in others)], is_certain


def _broken(sample: bytes, likely: Collection[str]) -> Iterator[str]:
    """The encoding of either half of `sample` that, for a broken character, is not that of all of it."""
    half = len(sample) // 2
    for part in (sample[:half], sample[half:]):
        names, is_certain = _likely(part)
        yield from (name for name in names[:1] if is_certain and name not in likely)


def _decoded(data: bytes, encoding: str, *, is_certain: bool) -> DecodedText | None:
    """Return `data` in `encoding`, which is not certain if some of it is broken; None if much is."""
    text = data.decode(encoding, errors="replace")
    broken = text.count("\ufffd")
    wide = len(text) - len(text.encode("ascii", "ignore"))
    is_odd = encoding in _WESTERN and wide > len(text) // 2  # its letters stand among those of ASCII
    if is_odd or broken > _MAX_BROKEN * wide or _NO_TEXT.search(text) or not text.strip():
        return None
    return DecodedText(text, is_certain and not broken)


def _utf_16(data: bytes) -> DecodedText | None:
    """Return what is UTF-16 without a mark: in the right order of its bytes, more characters are ASCII."""
    little, big = data[1::2].count(0), data[::2].count(0)
    if len(data) % 2 or little == big:
        return None
    less, more = sorted((little, big))
    found = _decoded(data, "utf-16-le" if little > big else "utf-16-be", is_certain=True)
    is_certain = found and more >= max(_MIN_NULS, _MIN_LEAD_OF_NULS * less) and _is_in_one_script(found.text)
    return found and DecodedText(found.text, bool(found.is_certain and is_certain))


def _declared(data: bytes) -> DecodedText | None:
    """Return what is in the encoding that it names at its beginning, if the letters are those of it."""
    named = _DECLARATION.search(data[:_MAX_HEAD_BYTES])
    try:
        encoding = codecs.lookup(named[1].decode()).name if named else ""
    except LookupError:
        return None
    found = _decoded(data, encoding, is_certain=True) if encoding.startswith(_DECLARABLE) else None
    is_fit = found and (
        _is_western(encoding, found.text) or _is_in_script(encoding, found.text, is_declared=True)
    )
    return found if is_fit else None


def _candidates(sample: bytes) -> Iterator[tuple[float, str, str]]:
    """Yield what chardet takes `sample` for, the likeliest first: confidence, encoding, and text."""
    for found in chardet.detect_all(sample, ignore_threshold=True, encoding_era=EncodingEra.MODERN_WEB):
        if found["encoding"] is None:
            continue
        decoder = codecs.getincrementaldecoder(found["encoding"])()
        with suppress(UnicodeDecodeError):
            text = decoder.decode(sample)  # it may be cut within a character
            if not _MIXED_WORD.search(text):
                yield found["confidence"], codecs.lookup(found["encoding"]).name, text


def _sample(data: bytes) -> bytes:
    """The lines of `data` that tell something: in most encodings, those that are not ASCII alone."""
    if b"\0" not in data:
        found = ((line, _NOT_ASCII.search(line)) for line in data.splitlines(keepends=True))
        data = b"".join(line[max(0, at.start() - _CONTEXT_BYTES) :] for line, at in found if at) or data
    return data[:_MAX_SAMPLE_BYTES]


def _is_utf_8(text: str) -> bool:
    """Return False for a few bytes of another encoding that happen to be UTF-8, too."""
    wide = _wide(text)
    is_western = _WESTERN_LETTERS.fullmatch(wide) is not None
    return len(wide) >= _MIN_WIDE_IN_UTF_8 or any(each >= "\u0800" for each in wide) or is_western


def _is_western(encoding: str, text: str) -> bool:
    wide = len(_wide(text))
    is_in_words = len(_IN_WESTERN_WORD.findall(text)) >= 0.6 * wide
    return encoding in _WESTERN and is_in_words and len(_ASCII_LETTER.findall(text)) >= 2 * wide


def _is_in_script(encoding: str, text: str, *, is_declared: bool = False) -> bool:
    wide = _wide(text)
    _, letters, share, min_wide = next(each for each in _SCRIPTS if encoding.startswith(each[0]))
    return len(wide) >= (1 if is_declared else min_wide) and len(letters.findall(wide)) >= share * len(wide)


def _is_in_one_script(text: str) -> bool:
    wide = _wide(text)
    return any(len(letters.findall(wide)) >= share * len(wide) for _, letters, share, _ in _SCRIPTS)


def _wide(text: str) -> str:
    return "".join(_WIDE.findall(text[:_MAX_SAMPLE_BYTES]))
