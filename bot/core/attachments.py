"""Files that came, as a model reads them: their bytes are looked at before they are sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.files import FORMATS, Choice, Flaw, Medium

_BINARY_DOCUMENTS = {"pdf", "doc", "docx", "xls", "xlsx"}
# What the first bytes of each format look like: the format they tell, where they stand, and what they are.
_SIGNATURES = (
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("gif", 0, b"GIF8"),
    ("webp", 8, b"WEBP"),
    ("pdf", 0, b"%PDF-"),
    ("zip", 0, b"PK\x03\x04"),
    ("ole", 0, b"\xd0\xcf\x11\xe0"),
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


@dataclass(frozen=True)
class Attachment:
    """A file as a model reads it: `format` is one of Converse's, `name` a neutral one. Text is in UTF-8."""

    medium: Medium
    format: str
    name: str
    data: bytes

    @property
    def is_text(self) -> bool:
        """Whether its data are words."""
        return self.medium is Medium.DOCUMENT and self.format not in _BINARY_DOCUMENTS


def attachment(choice: Choice, data: bytes, number: int) -> Attachment | Flaw:
    """`data` for a model, or what is wrong with it. `number` is the file's among all of its medium, from 1.

    An image that is another kind than its name says is taken for what it is. Text is sent as UTF-8; what is
    not is read as CP949, which Korean Windows writes.
    """
    if not data:
        return Flaw.EMPTY
    name = f"{choice.medium.value}-{number}"
    made = Attachment(choice.medium, choice.format, name, data)
    if made.is_text:
        text = _text_of(data)
        return Flaw.MISLABELLED if text is None else replace(made, data=text.encode())
    found = _format_of(data)
    if choice.format in ("docx", "xlsx") and found == "ole":
        return Flaw.ENCRYPTED  # Office wraps what has a password
    if choice.format == "pdf" and found == "pdf" and b"/Encrypt" in data:
        return Flaw.ENCRYPTED
    if choice.medium is Medium.IMAGE and found in FORMATS[Medium.IMAGE].values():
        return replace(made, format=found)
    return made if found in _LIKE.get(choice.format, {choice.format}) else Flaw.MISLABELLED


def _format_of(data: bytes) -> str:
    found = (name for name, at, mark in _SIGNATURES if data[at : at + len(mark)] == mark)
    return next(found, "")


def _text_of(data: bytes) -> str | None:
    """`data` as text; None where it is none, or nothing but white space."""
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp949"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text or not text.strip() else text
    return None
