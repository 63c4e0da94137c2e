"""Small real files of each kind that people share, made with the standard library.

A file of the same arguments has the same bytes each time.
"""

from __future__ import annotations

import csv as csv_format
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape

# A lossless image of one pixel: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
_WEBP = bytes.fromhex("52494646 1a000000 57454250 5650384c 0d000000 2f000000 10071011 118888fe 0700")
_UNITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # a film's matrix that turns nothing
_OFFICE = "http://schemas.openxmlformats.org"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


# Images


def png(width: int = 1, height: int = 1) -> bytes:
    """A black image. https://www.w3.org/TR/png-3/"""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits of grey a pixel
    rows = zlib.compress(bytes(1 + width) * height)  # before each row its filter, 0 for none
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, data) for name, data in chunks)


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """A grey image, in baseline coding. https://www.w3.org/Graphics/JPEG/itu-t81.pdf"""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    only_code = b"\x01" + bytes(15) + b"\x00"  # the bit 0: no difference, or the end of a block
    segments = (
        (0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
        (0xDB, b"\x00" + b"\x01" * 64),
        (0xC0, frame),
        (0xC4, b"\x00" + only_code),
        (0xC4, b"\x10" + only_code),
        (0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    )
    head = b"".join(struct.pack(">BBH", 0xFF, mark, 2 + len(data)) + data for mark, data in segments)
    whole, rest = divmod(-(-width // 8) * -(-height // 8), 4)  # blocks of 8 x 8, two bits for each
    bits = bytes(whole) + (bytes([0xFF >> (2 * rest)]) if rest else b"")
    return b"\xff\xd8" + head + bits + b"\xff\xd9"


def gif(width: int = 1, height: int = 1) -> bytes:
    """One black pixel on a canvas of that size. https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    canvas = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    pixel = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + canvas + pixel + b"\x3b"


def webp() -> bytes:
    """An image of one pixel."""
    return _WEBP


# Videos, which have a header but no pictures


def mp4() -> bytes:
    """https://www.iso.org/standard/83102.html, ISO base media file format"""
    return _movie(b"isom", b"isom", b"mp41")


def mov() -> bytes:
    """https://developer.apple.com/documentation/quicktime-file-format"""
    return _movie(b"qt  ", b"qt  ")


def _movie(brand: bytes, *compatible: bytes) -> bytes:
    rate, matrix = struct.pack(">IH10x", 0x10000, 0x100), struct.pack(">9I", *_UNITY)
    header = struct.pack(">IIIII", 0, 0, 0, 1_000, 0) + rate + matrix + bytes(24) + struct.pack(">I", 1)
    kind = brand + struct.pack(">I", 0x200) + b"".join(compatible)
    return _box(b"ftyp", kind) + _box(b"moov", _box(b"mvhd", header)) + _box(b"mdat", b"")


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def webm() -> bytes:
    """https://www.webmproject.org/docs/container/"""
    return _matroska(b"webm")


def mkv() -> bytes:
    """https://www.rfc-editor.org/rfc/rfc9559"""
    return _matroska(b"matroska")


def _matroska(kind: bytes) -> bytes:
    versions = ((0x4286, b"\x01"), (0x42F7, b"\x01"), (0x42F2, b"\x04"), (0x42F3, b"\x08"))
    head = (*versions, (0x4282, kind), (0x4287, b"\x04"), (0x4285, b"\x02"))
    info = ((0x2AD7B1, struct.pack(">I", 1_000_000)), (0x4D80, b"sample"), (0x5741, b"sample"))
    segment = _element(0x1549A966, b"".join(_element(*item) for item in info))
    return _element(0x1A45DFA3, b"".join(_element(*item) for item in head)) + _element(0x18538067, segment)


def _element(name: int, data: bytes) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc8794: the size of eight bytes is marked by the 1 before it."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + struct.pack(">Q", 1 << 56 | len(data)) + data


# Documents


def pdf(text: str = "Hello") -> bytes:
    """One page with one line of Latin letters. https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/"""
    return _pdf(text)


def encrypted_pdf(text: str = "Hello") -> bytes:
    """One that says it is encrypted with a password. No password opens it."""
    key = "00" * 32
    handler = f"<< /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >>"
    return _pdf(text, f" /Encrypt {handler} /ID [<{key[:32]}> <{key[:32]}>]")


def _pdf(text: str, trailer: str = "") -> bytes:
    shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    drawn = f"BT /F1 24 Tf 72 720 Td ({shown}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Font << /F1 5 0 R >> >>",
    )
    made, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    ending = f"trailer\n<< /Size {size} /Root 1 0 R{trailer} >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + f"xref\n0 {size}\n0000000000 65535 f \n{table}{ending}".encode()


def docx(text: str = "Hello") -> bytes:
    """A document of one paragraph. https://ecma-international.org/publications-and-standards/standards/ecma-376/"""
    body = f"<w:body><w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p></w:body>"
    main = f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main">{body}</w:document>'
    kinds = {"word/document.xml": "wordprocessingml.document.main"}
    return _package(kinds, {"word/document.xml": main})


def xlsx(rows: Sequence[Sequence[str]] = (("a", "b"), ("1", "2"))) -> bytes:
    """A workbook of one sheet whose cells are text."""
    sheets, related = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
    spaces = f'xmlns="{sheets}" xmlns:r="{related}"'
    sheet = '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>'
    cells = ("".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) for row in rows)
    data = "".join(f"<row>{row}</row>" for row in cells)
    parts = {
        "xl/workbook.xml": f"<workbook {spaces}><sheets>{sheet}</sheets></workbook>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{sheets}"><sheetData>{data}</sheetData></worksheet>',
        "xl/_rels/workbook.xml.rels": _relationship("worksheet", "worksheets/sheet1.xml"),
    }
    kinds = {
        "xl/workbook.xml": "spreadsheetml.sheet.main",
        "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
    }
    return _package(kinds, parts)


def _package(kinds: Mapping[str, str], parts: Mapping[str, str]) -> bytes:
    """A zip of `parts`, the first of `kinds` the main one."""
    kind = "application/vnd.openxmlformats-"
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}officedocument.{what}+xml"/>'
        for name, what in kinds.items()
    )
    defaults = f'<Default Extension="rels" ContentType="{kind}package.relationships+xml"/>'
    types = f'<Types xmlns="{_OFFICE}/package/2006/content-types">{defaults}{overrides}</Types>'
    head = {"[Content_Types].xml": types, "_rels/.rels": _relationship("officeDocument", next(iter(kinds)))}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in (head | dict(parts)).items():
            package.writestr(zipfile.ZipInfo(name), _XML + content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _relationship(kind: str, target: str) -> str:
    kind = f"{_OFFICE}/officeDocument/2006/relationships/{kind}"
    one = f'<Relationship Id="rId1" Type="{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">{one}</Relationships>'


def encrypted_docx() -> bytes:
    """What Office makes of a document with a password: a compound file. Its streams are empty here.

    https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb and ms-offcrypto
    """
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    sectors = struct.pack("<6I", 1, 1, 0, 4_096, end, 0) + struct.pack("<II", end, 0)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH10x", 0x3E, 3, 0xFFFE, 9, 6)
    header = head + sectors + struct.pack("<109I", 0, *[free] * 108)
    allocation = struct.pack("<128I", table, end, *[free] * 126)
    directory = (
        _entry("Root Entry", 5, child=2) + _entry("EncryptionInfo", 2) + _entry("EncryptedPackage", 2, left=1)
    )
    return header + allocation + directory + _entry("", 0)


def _entry(name: str, kind: int, *, left: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF) -> bytes:
    encoded = (name + "\x00").encode("utf-16-le") if name else b""
    what = struct.pack("<HBBIII", len(encoded), kind, 1, left, 0xFFFFFFFF, child)
    return encoded.ljust(64, b"\x00") + what + bytes(36) + struct.pack("<IQ", 0xFFFFFFFE if kind else 0, 0)


# Text


def txt(text: str = "Hello", encoding: str = "utf-8") -> bytes:
    """`encoding` may be "utf-16", with a byte order mark, or "cp949", which Korean Windows writes."""
    return text.encode(encoding)


def csv(rows: Iterable[Sequence[str]] = (("a", "b"), ("1", "2")), encoding: str = "utf-8") -> bytes:
    """https://www.rfc-editor.org/rfc/rfc4180"""
    made = io.StringIO(newline="")
    csv_format.writer(made).writerows(rows)
    return made.getvalue().encode(encoding)


def html(text: str = "Hello", encoding: str = "utf-8") -> bytes:
    """A page of one paragraph."""
    head = f'<head><meta charset="{encoding}"><title>Sample</title></head>'
    return f"<!doctype html>\n<html>{head}<body><p>{escape(text)}</p></body></html>\n".encode(encoding)


def markdown(text: str = "Hello") -> bytes:
    """A heading and a list."""
    return f"# {text}\n\n- one\n- **two**\n".encode()


def python(text: str = "Hello") -> bytes:
    """A program that prints `text`."""
    return f'"""A sample."""\n\nprint({text!r})\n'.encode()
