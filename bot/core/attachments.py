"""Files that came, as a model reads them: their bytes are looked at before they are sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.core.files import FORMATS, MOST_TEXT_BYTES, Choice, Flaw, Medium
from bot.core.tokens import estimated_tokens

_BINARY_DOCUMENTS = {"pdf", "doc", "docx", "xls", "xlsx"}
# The largest image of https://docs.aws.amazon.com/nova/latest/userguide/modalities-image.html
_TOKENS_OF_IMAGE = 2_600
# A frame a second up to 960: https://docs.aws.amazon.com/nova/latest/userguide/modalities-video.html
# What a frame comes to is told nowhere; a second takes more than these bytes in all but the poorest video.
_MAX_FRAMES, _TOKENS_OF_FRAME, _MIN_BYTES_OF_SECOND = 960, 288, 10_000
# No more is read: https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
_MAX_TOKENS_OF_DOCUMENT = 300_000
_BYTES_OF_TOKEN = 4  # in a document that is packed, as in one that is text
# What the first bytes of each format look like: the format they tell, where they stand, and what they are.
_SIGNATURES = (
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF8"),
    ("webp", 8, b"WEBP"),
    ("pdf", 0, b"%PDF-"),
    ("zip", 0, b"PK\x03\x04"),
    ("ole", 0, b"\xd0\xcf\x11\xe0"),
    ("sound", 0, b"ID3"),
    ("sound", 0, b"\xff\xf1"),
    ("sound", 0, b"\xff\xf9"),
    ("sound", 0, b"\xff\xfb"),
    ("sound", 0, b"OggS"),
    ("sound", 0, b"fLaC"),
    ("sound", 0, b"#!AMR"),
    ("sound", 8, b"WAVE"),
    ("sound", 8, b"AIFF"),
    ("sound", 8, b"M4A "),
    ("iso", 4, b"ftyp"),
    ("iso", 4, b"moov"),
    ("iso", 4, b"mdat"),
    ("iso", 4, b"wide"),
    ("matroska", 0, b"\x1a\x45\xdf\xa3"),
    ("flv", 0, b"FLV"),
    ("asf", 0, b"\x30\x26\xb2\x75"),
    ("mpeg", 0, b"\x00\x00\x01"),
)
# Which of those a format of Converse's looks like, where it does not look like itself alone.
_LIKE = {
    "docx": {"zip"},
    "xlsx": {"zip"},
    "doc": {"ole"},
    "xls": {"ole"},
    "mp4": {"iso"},
    "mov": {"iso"},
    "three_gp": {"iso"},
    "mkv": {"matroska"},
    "webm": {"matroska"},
    "wmv": {"asf"},
    "mpeg": {"mpeg"},
    "mpg": {"mpeg"},
}
_DECLARED_CHARSET = re.compile(
    r"""(<meta[^>]*charset\s*=\s*["']?|<\?xml[^>]*encoding\s*=\s*["'])[\w.:-]+""", re.IGNORECASE
)


@dataclass(frozen=True)
class DecodedText:
    """Text, and whether the encoding in which it was read is certain."""

    text: str
    is_certain: bool = True


@dataclass(frozen=True)
class Reading:
    """Readers of bytes that take a library; each returns None for what it cannot read.

    `decoded` finds the encoding of a text; `unlocked` opens a PDF that is encrypted without a password.
    """

    decoded: Callable[[bytes], DecodedText | None]
    unlocked: Callable[[bytes], bytes | None]


@dataclass(frozen=True)
class Attachment:
    """A file as a model reads it: `format` is one of Converse's, `name` a neutral one. Text is in UTF-8, and
    `is_guessed` where it may have been in another encoding than it was taken for.
    """

    medium: Medium
    format: str
    name: str
    data: bytes
    is_guessed: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its data are words."""
        return self.medium is Medium.DOCUMENT and self.format not in _BINARY_DOCUMENTS

    @property
    def estimated_tokens(self) -> int:
        """About how many tokens a model reads of it; rather too many where its bytes do not tell."""
        if self.is_text:
            return estimated_tokens(self.data.decode())
        if self.medium is Medium.IMAGE:
            return _TOKENS_OF_IMAGE
        if self.medium is Medium.VIDEO:
            seconds = 1 + len(self.data) // _MIN_BYTES_OF_SECOND
            return _TOKENS_OF_FRAME * min(_MAX_FRAMES, seconds)
        return min(_MAX_TOKENS_OF_DOCUMENT, 1 + len(self.data) // _BYTES_OF_TOKEN)


def attachment(choice: Choice, data: bytes, number: int, reading: Reading) -> Attachment | Flaw:
    """`data` for a model, or what is wrong with it. `number` is the file's among all of its medium, from 1.

    An image that is another kind than its name says is taken for what it is. Text is sent as UTF-8.
    """
    if not data:
        return Flaw.EMPTY
    name = f"{choice.medium.value}-{number}"
    made = Attachment(choice.medium, choice.format, name, data)
    if made.is_text:
        return _text_attachment(made, reading)
    found = _format_of(data)
    if found == "sound" or (found == "iso" and _is_sound_alone(data)):
        return Flaw.SOUND
    if choice.format in ("docx", "xlsx") and found == "ole":
        return Flaw.ENCRYPTED  # Office wraps what has a password
    if choice.format == "pdf" and found == "pdf" and b"/Encrypt" in data:
        unlocked = reading.unlocked(data)
        return Flaw.ENCRYPTED if unlocked is None else replace(made, data=unlocked)
    if choice.medium is Medium.IMAGE and found in FORMATS[Medium.IMAGE].values():
        return replace(made, format=found)
    return made if found in _LIKE.get(choice.format, {choice.format}) else Flaw.MISLABELLED


def _format_of(data: bytes) -> str:
    found = (name for name, at, mark in _SIGNATURES if data[at : at + len(mark)] == mark)
    return next(found, "")


def _is_sound_alone(data: bytes) -> bool:
    """Return True for a film without pictures, by the handlers of its tracks.

    https://developer.apple.com/documentation/quicktime-file-format/handler_reference_atom
    """
    handlers = {data[at.end() + 8 : at.end() + 12] for at in re.finditer(b"hdlr", data)}
    return b"soun" in handlers and b"vide" not in handlers


def _text_attachment(made: Attachment, reading: Reading) -> Attachment | Flaw:
    found = reading.decoded(made.data)
    if found is None:
        return Flaw.MISLABELLED
    text = found.text
    if made.format == "html":  # what it says of its encoding is not true any more
        text = _DECLARED_CHARSET.sub(r"\1utf-8", text, count=1)
    data = text.encode()
    is_too_big = len(data) > MOST_TEXT_BYTES  # in UTF-8 a text can be longer than it was
    return Flaw.TOO_BIG if is_too_big else replace(made, data=data, is_guessed=not found.is_certain)
