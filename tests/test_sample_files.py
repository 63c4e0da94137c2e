"""The sample files are what they say they are."""

from __future__ import annotations

import ast
import csv
import io
import re
import struct
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests import sample_files as sample

KOREAN = "안녕하세요, 듀엣"


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The name and content of each chunk, whose checksum is right."""
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(name + content),)
        yield name, content
        at += 12 + length


def test_a_png_has_whole_chunks_and_as_many_pixels_as_it_says() -> None:
    chunks = dict(png_chunks(sample.png(300, 2)))

    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack_from(">II", chunks[b"IHDR"]) == (300, 2)
    assert len(zlib.decompress(chunks[b"IDAT"])) == 2 * 301


def test_a_jpeg_is_a_row_of_segments_between_its_ends() -> None:
    data = sample.jpeg(640, 480)
    at, marks = 2, []
    while data[at + 1] != 0xDA:
        marks.append(data[at + 1])
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]

    assert (data[:2], data[-2:]) == (b"\xff\xd8", b"\xff\xd9")
    assert marks == [0xE0, 0xDB, 0xC0, 0xC4, 0xC4]
    assert struct.unpack_from(">HH", data, data.index(b"\xff\xc0") + 5) == (480, 640)
    assert len(data) - (at + 10) - 2 == 80 * 60 / 4, "two bits a block"


def test_a_gif_and_a_webp_end_where_they_say() -> None:
    assert struct.unpack_from("<HH", sample.gif(300, 2), 6) == (300, 2)
    assert sample.gif().endswith(b"\x3b")
    assert sample.webp()[:4] + sample.webp()[8:16] == b"RIFFWEBPVP8L"
    assert struct.unpack_from("<I", sample.webp(), 4) == (len(sample.webp()) - 8,)


@pytest.mark.parametrize(("data", "brand"), [(sample.mp4(), b"isom"), (sample.mov(), b"qt  ")])
def test_a_movie_is_a_row_of_boxes(data: bytes, brand: bytes) -> None:
    at, names = 0, []
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        names.append(name)
        at += length

    assert at == len(data)
    assert names == [b"ftyp", b"moov", b"mdat"]
    assert data[8:12] == brand
    assert struct.unpack_from(">I4s", data, data.index(b"moov") + 4) == (108, b"mvhd")


@pytest.mark.parametrize(("data", "kind"), [(sample.webm(), b"webm"), (sample.mkv(), b"matroska")])
def test_a_matroska_file_is_a_head_and_a_segment(data: bytes, kind: bytes) -> None:
    head = 12 + struct.unpack_from(">Q", b"\x00" + data[5:12])[0]

    assert data[:4] == b"\x1a\x45\xdf\xa3"
    assert kind in data[:head]
    assert data[head : head + 4] == b"\x18\x53\x80\x67"
    assert head + 12 + struct.unpack_from(">Q", b"\x00" + data[head + 5 : head + 12])[0] == len(data)


@pytest.mark.parametrize("data", [sample.pdf("Q3 (draft)"), sample.encrypted_pdf("Q3 (draft)")])
def test_every_object_of_a_pdf_is_where_its_table_says(data: bytes) -> None:
    (start,) = re.findall(rb"startxref\n(\d+)\n%%EOF\n\Z", data)
    places = re.findall(rb"(\d{10}) 00000 n \n", data[int(start) :])

    assert data[int(start) :].startswith(b"xref\n0 7\n")
    assert len(places) == 6
    for number, place in enumerate(places, 1):
        assert data[int(place) :].startswith(b"%d 0 obj\n" % number)
    (length,) = re.findall(rb"/Length (\d+)", data)
    (stream,) = re.findall(rb"stream\n(.*)\nendstream", data)
    assert len(stream) == int(length)
    assert rb"(Q3 \(draft\)) Tj" in stream


def test_only_the_encrypted_pdf_says_so() -> None:
    assert b"/Encrypt" in sample.encrypted_pdf()
    assert b"/Encrypt" not in sample.pdf()


def opened(data: bytes) -> dict[str, ET.Element]:
    """The parts of an Office file, all of them whole and XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return {name: ET.fromstring(package.read(name)) for name in package.namelist()}  # noqa: S314 - ours


def targets(rels: ET.Element) -> list[str]:
    return [relation.attrib["Target"] for relation in rels]


def test_a_docx_holds_its_text_and_every_part_that_it_names() -> None:
    parts = opened(sample.docx(f"{KOREAN} & <co>"))

    assert targets(parts["_rels/.rels"]) == ["word/document.xml"]
    assert "".join(parts["word/document.xml"].itertext()) == f"{KOREAN} & <co>"
    named = [part.attrib["PartName"] for part in parts["[Content_Types].xml"] if "PartName" in part.attrib]
    assert named == ["/word/document.xml"]


def test_an_xlsx_holds_its_cells_and_every_part_that_it_names() -> None:
    parts = opened(sample.xlsx([["이름", "수"], ["<a>", "1"]]))

    assert targets(parts["_rels/.rels"]) == ["xl/workbook.xml"]
    assert targets(parts["xl/_rels/workbook.xml.rels"]) == ["worksheets/sheet1.xml"]
    assert list(parts["xl/worksheets/sheet1.xml"].itertext()) == ["이름", "수", "<a>", "1"]
    named = [part.attrib["PartName"] for part in parts["[Content_Types].xml"] if "PartName" in part.attrib]
    assert named == ["/xl/workbook.xml", "/xl/worksheets/sheet1.xml"]


def test_an_encrypted_docx_is_a_compound_file_of_the_two_streams() -> None:
    data = sample.encrypted_docx()
    names = [data[at : at + 64].decode("utf-16-le").rstrip("\x00") for at in range(1_024, len(data), 128)]

    assert data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert len(data) == 3 * 512
    assert struct.unpack_from("<I", data, 48) == (1,), "the directory is the second sector after the header"
    assert names == ["Root Entry", "EncryptionInfo", "EncryptedPackage", ""]
    assert not zipfile.is_zipfile(io.BytesIO(data))


def test_text_is_in_the_encoding_that_is_asked_for() -> None:
    assert sample.txt(KOREAN).decode() == KOREAN
    assert sample.txt(KOREAN, "utf-16")[:2] in (b"\xff\xfe", b"\xfe\xff")
    assert sample.txt(KOREAN, "utf-16").decode("utf-16") == KOREAN
    assert sample.txt(KOREAN, "cp949").decode("cp949") == KOREAN
    with pytest.raises(UnicodeDecodeError):
        sample.txt(KOREAN, "cp949").decode()


def test_a_csv_reads_back_as_its_rows() -> None:
    rows = [["a, b", 'say "hi"'], [KOREAN, "2\n3"]]

    assert list(csv.reader(io.StringIO(sample.csv(rows, "cp949").decode("cp949"), newline=""))) == rows


def test_a_page_shows_its_text() -> None:
    shown: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            shown.append(data)

    Reader().feed(sample.html("1 < 2 & 3").decode())

    assert "1 < 2 & 3" in "".join(shown)


def test_markdown_and_python_are_what_they_are_called() -> None:
    assert sample.markdown(KOREAN).decode().startswith(f"# {KOREAN}\n")
    assert ast.get_docstring(ast.parse(sample.python(KOREAN))) == "A sample."


@pytest.mark.parametrize("make", [sample.docx, sample.xlsx, sample.pdf, sample.png])
def test_the_same_file_has_the_same_bytes(make: object) -> None:
    assert callable(make)
    assert make() == make()
