"""What came is looked at before it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.attachments import Attachment, DecodedText, Reading, attachment
from bot.core.files import Choice, Flaw, Medium, SharedFile, chosen
from tests.sample_files import sound

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj"
ZIP = b"PK\x03\x04" + b"\0" * 20
OLE = b"\xd0\xcf\x11\xe0" + b"\0" * 20
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 20
MKV = b"\x1a\x45\xdf\xa3" + b"\0" * 20


def decoded(data: bytes) -> DecodedText | None:
    """Read UTF-8 alone; what begins with a question mark is in doubt."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return DecodedText(text, not text.startswith("?")) if text.strip() and "\0" not in text else None


READING = Reading(decoded, lambda data: None if b"locked" in data else data.replace(b"/Encrypt", b""))


def choice_of(name: str) -> Choice:
    ((choice,), _) = chosen([SharedFile(f"F{name}", name, size=100, url=f"https://files/{name}")])
    return choice


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("a.png", PNG, "png"),
        ("a.png", JPEG, "jpeg"),  # it is what it is, whatever its name
        ("a.jpg", b"GIF89a", "gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        ("a.pdf", PDF, "pdf"),
        ("a.docx", ZIP, "docx"),
        ("a.doc", OLE, "doc"),
        ("a.mp4", MP4, "mp4"),
        ("a.mov", MP4, "mov"),
        ("a.mkv", MKV, "mkv"),
        ("a.webm", MKV, "webm"),
        ("a.txt", b"words", "txt"),
    ],
)
def test_what_is_what_it_says_is_attached(name: str, data: bytes, form: str) -> None:
    made = attachment(choice_of(name), data, 2, READING)

    assert isinstance(made, Attachment)
    assert (made.format, made.data, made.name) == (form, data, f"{choice_of(name).medium.value}-2")


@pytest.mark.parametrize(
    ("name", "data", "flaw"),
    [
        ("a.png", b"", Flaw.EMPTY),
        ("a.png", PDF, Flaw.MISLABELLED),
        ("a.pdf", PNG, Flaw.MISLABELLED),
        ("a.pdf", b"<!DOCTYPE html>", Flaw.MISLABELLED),
        ("a.docx", OLE, Flaw.ENCRYPTED),
        ("a.xlsx", OLE, Flaw.ENCRYPTED),
        ("a.pdf", PDF + b"\ntrailer << /Encrypt 5 0 R >> locked", Flaw.ENCRYPTED),
        ("a.mp4", PNG, Flaw.MISLABELLED),
        ("a.mp4", sound(), Flaw.SOUND),
        ("a.mov", sound(b"qt  "), Flaw.SOUND),
        ("a.mp4", b"\0\0\0\x18ftypM4A " + bytes(20), Flaw.SOUND),
        ("a.mp4", b"ID3\4" + bytes(20), Flaw.SOUND),
        ("a.webm", b"OggS" + bytes(20), Flaw.SOUND),
        ("a.txt", b"\0\1\2\3", Flaw.MISLABELLED),
        ("a.csv", b" \n", Flaw.MISLABELLED),
        ("a.md", b"\x80\xff\xfe\xfd", Flaw.MISLABELLED),
    ],
)
def test_what_is_not_what_it_says_is_told(name: str, data: bytes, flaw: Flaw) -> None:
    assert attachment(choice_of(name), data, 1, READING) is flaw


def test_a_pdf_that_opens_without_a_password_is_attached_without_its_encryption() -> None:
    made = attachment(choice_of("a.pdf"), PDF + b"\ntrailer << /Encrypt 5 0 R >>", 1, READING)

    assert isinstance(made, Attachment)
    assert b"/Encrypt" not in made.data


def test_a_text_in_doubt_is_attached_as_such() -> None:
    made = [attachment(choice_of("a.txt"), data, 1, READING) for data in (b"words", b"?words")]

    assert [isinstance(each, Attachment) and each.is_guessed for each in made] == [False, True]


def test_a_text_that_is_longer_in_utf_8_than_a_document_may_be_is_too_big() -> None:
    wide = Reading(lambda data: DecodedText("가" * len(data)), lambda _: None)

    assert attachment(choice_of("a.txt"), b"x" * 1_500_001, 1, wide) is Flaw.TOO_BIG
    assert isinstance(attachment(choice_of("a.txt"), b"x" * 1_500_000, 1, wide), Attachment)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ('<meta charset="euc-kr">', '<meta charset="utf-8">'),
        ("<META CHARSET=EUC-KR>", "<META CHARSET=utf-8>"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=cp949">',
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
        ),
        ('<?xml version="1.0" encoding="EUC-KR"?>', '<?xml version="1.0" encoding="utf-8"?>'),
        ("charset=euc-kr", "charset=euc-kr"),
    ],
)
def test_a_page_says_in_which_encoding_it_is_sent(said: str, sent: str) -> None:
    made = attachment(choice_of("a.html"), f"{said} 가".encode(), 1, READING)

    assert isinstance(made, Attachment)
    assert made.data.decode() == f"{sent} 가"


@given(st.binary(max_size=64), st.sampled_from(["a.png", "a.pdf", "a.docx", "a.mp4", "a.txt", "a.csv"]))
def test_whatever_comes_is_attached_or_told(data: bytes, name: str) -> None:
    assert isinstance(attachment(choice_of(name), data, 1, READING), Attachment | Flaw)


@pytest.mark.parametrize(
    ("medium", "form", "data", "tokens"),
    [
        (Medium.DOCUMENT, "txt", b"word" * 1_000, 1_000),
        (Medium.DOCUMENT, "csv", "글자".encode() * 1_000, 2_000),
        (Medium.DOCUMENT, "md", "🙂".encode() * 1_000, 1_000),
        (Medium.DOCUMENT, "pdf", bytes(4_000), 1_001),
        (Medium.DOCUMENT, "pdf", bytes(18_000_000), 300_000),
        (Medium.IMAGE, "png", bytes(18_000_000), 2_600),
        (Medium.VIDEO, "mp4", bytes(95_000), 10 * 288),
        (Medium.VIDEO, "mp4", bytes(18_000_000), 960 * 288),
    ],
)
def test_what_a_file_comes_to_is_estimated_by_what_it_is(
    medium: Medium, form: str, data: bytes, tokens: int
) -> None:
    assert Attachment(medium, form, "file-1", data).estimated_tokens == tokens
