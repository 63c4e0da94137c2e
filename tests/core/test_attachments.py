"""What came is looked at before it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.attachments import Attachment, attachment
from bot.core.files import Choice, Flaw, SharedFile, chosen

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj"
ZIP = b"PK\x03\x04" + b"\0" * 20
OLE = b"\xd0\xcf\x11\xe0" + b"\0" * 20
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 20
MKV = b"\x1a\x45\xdf\xa3" + b"\0" * 20


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
    made = attachment(choice_of(name), data, 2)

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
        ("a.pdf", PDF + b"\ntrailer << /Encrypt 5 0 R >>", Flaw.ENCRYPTED),
        ("a.mp4", PNG, Flaw.MISLABELLED),
        ("a.txt", b"\0\1\2\3", Flaw.MISLABELLED),
        ("a.csv", b" \n", Flaw.MISLABELLED),
        ("a.md", b"\x80\xff\xfe\xfd", Flaw.MISLABELLED),
    ],
)
def test_what_is_not_what_it_says_is_told(name: str, data: bytes, flaw: Flaw) -> None:
    assert attachment(choice_of(name), data, 1) is flaw


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_korean_text_in_any_of_its_encodings_is_sent_as_utf_8(encoding: str) -> None:
    made = attachment(choice_of("명단.csv"), "이름,나이\n민지,30\n".encode(encoding), 1)

    assert isinstance(made, Attachment)
    assert made.data.decode() == "이름,나이\n민지,30\n"


@given(st.binary(max_size=64), st.sampled_from(["a.png", "a.pdf", "a.docx", "a.mp4", "a.txt", "a.csv"]))
def test_whatever_comes_is_attached_or_told(data: bytes, name: str) -> None:
    assert isinstance(attachment(choice_of(name), data, 1), Attachment | Flaw)
