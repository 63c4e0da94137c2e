"""Small real files of each kind that people share, made with the standard library.

A file of the same arguments has the same bytes each time.
"""

from __future__ import annotations

import csv as csv_format
import io
import struct
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from html import escape

# A lossless image of one pixel: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification
_WEBP = bytes.fromhex("52494646 1a000000 57454250 5650384c 0d000000 2f000000 10071011 118888fe 0700")
_UNITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # a film's matrix that turns nothing
_OFFICE = "http://schemas.openxmlformats.org"
# Encrypted by qpdf with a password for its owner alone: whoever opens them needs none.
_RC4_PDF = """
JVBERi0xLjQKJb/3ov4KMSAwIG9iago8PCAvUGFnZXMgMiAwIFIgL1R5cGUgL0NhdGFsb2cgPj4KZW5kb2JqCjIgMCBvYmoKPDwgL0NvdW
50IDEgL0tpZHMgWyAzIDAgUiBdIC9UeXBlIC9QYWdlcyA+PgplbmRvYmoKMyAwIG9iago8PCAvQ29udGVudHMgNCAwIFIgL01lZGlhQm94
IFsgMCAwIDYxMiA3OTIgXSAvUGFyZW50IDIgMCBSIC9SZXNvdXJjZXMgNSAwIFIgL1R5cGUgL1BhZ2UgPj4KZW5kb2JqCjQgMCBvYmoKPD
wgL0xlbmd0aCA0MiAvRmlsdGVyIC9GbGF0ZURlY29kZSA+PgpzdHJlYW0KhYDbUQ72BOPY2/5I7LoNFSN5LCQ1Lav0ONBr7UUqwOkGnDlV
dPhI4JcpCmVuZHN0cmVhbQplbmRvYmoKNSAwIG9iago8PCAvRm9udCA8PCAvRjEgNiAwIFIgPj4gPj4KZW5kb2JqCjYgMCBvYmoKPDwgL0
Jhc2VGb250IC9IZWx2ZXRpY2EgL0VuY29kaW5nIC9XaW5BbnNpRW5jb2RpbmcgL1N1YnR5cGUgL1R5cGUxIC9UeXBlIC9Gb250ID4+CmVu
ZG9iago3IDAgb2JqCjw8IC9GaWx0ZXIgL1N0YW5kYXJkIC9MZW5ndGggMTI4IC9PIDw1NjZmYTg3M2VlMzNjNzk3Y2QzYjkwNGZkYWRmOD
E0YWZhMzRkZjlhMzhmNmVkNDFiOTg0ZTJjNmRhMmFhNmY1PiAvUCAtMTAyOCAvUiAzIC9VIDxiY2RjZWI5NzRjMGYzNTI4OTJhY2UwZDE4
ZDUwYWM4MzAwMjE0NDY5OTBiOWU0MTE0MDcxYTRkOTEwNDk4NGMxPiAvViAyID4+CmVuZG9iagp4cmVmCjAgOAowMDAwMDAwMDAwIDY1NT
M1IGYgCjAwMDAwMDAwMTUgMDAwMDAgbiAKMDAwMDAwMDA2NCAwMDAwMCBuIAowMDAwMDAwMTIzIDAwMDAwIG4gCjAwMDAwMDAyMjkgMDAw
MDAgbiAKMDAwMDAwMDM0MiAwMDAwMCBuIAowMDAwMDAwMzg1IDAwMDAwIG4gCjAwMDAwMDA0ODIgMDAwMDAgbiAKdHJhaWxlciA8PCAvUm
9vdCAxIDAgUiAvU2l6ZSA4IC9JRCBbPDI2MDE3ZWExN2EzZDZhMDU4M2M2MTQ0MDJkOTNmYTkzPjwyNjAxN2VhMTdhM2Q2YTA1ODNjNjE0
NDAyZDkzZmE5Mz5dIC9FbmNyeXB0IDcgMCBSID4+CnN0YXJ0eHJlZgo2OTIKJSVFT0YK
"""
_AES_256_PDF = """
JVBERi0xLjcKJb/3ov4KMSAwIG9iago8PCAvRXh0ZW5zaW9ucyA8PCAvQURCRSA8PCAvQmFzZVZlcnNpb24gLzEuNyAvRXh0ZW5zaW9uTG
V2ZWwgOCA+PiA+PiAvUGFnZXMgMiAwIFIgL1R5cGUgL0NhdGFsb2cgPj4KZW5kb2JqCjIgMCBvYmoKPDwgL0NvdW50IDEgL0tpZHMgWyAz
IDAgUiBdIC9UeXBlIC9QYWdlcyA+PgplbmRvYmoKMyAwIG9iago8PCAvQ29udGVudHMgNCAwIFIgL01lZGlhQm94IFsgMCAwIDYxMiA3OT
IgXSAvUGFyZW50IDIgMCBSIC9SZXNvdXJjZXMgNSAwIFIgL1R5cGUgL1BhZ2UgPj4KZW5kb2JqCjQgMCBvYmoKPDwgL0xlbmd0aCA2NCAv
RmlsdGVyIC9GbGF0ZURlY29kZSA+PgpzdHJlYW0K7SBaQjQAswkAlu4PgmHuKzUmzuBoI4d6nZURKCmSvaOEiR/LGKJ0MmrRpWsFDQXdoh
eaU54qYoURc2suIVrW6wplbmRzdHJlYW0KZW5kb2JqCjUgMCBvYmoKPDwgL0ZvbnQgPDwgL0YxIDYgMCBSID4+ID4+CmVuZG9iago2IDAg
b2JqCjw8IC9CYXNlRm9udCAvSGVsdmV0aWNhIC9FbmNvZGluZyAvV2luQW5zaUVuY29kaW5nIC9TdWJ0eXBlIC9UeXBlMSAvVHlwZSAvRm
9udCA+PgplbmRvYmoKNyAwIG9iago8PCAvQ0YgPDwgL1N0ZENGIDw8IC9BdXRoRXZlbnQgL0RvY09wZW4gL0NGTSAvQUVTVjMgL0xlbmd0
aCAzMiA+PiA+PiAvRmlsdGVyIC9TdGFuZGFyZCAvTGVuZ3RoIDI1NiAvTyA8YmE3YmYzMWMzYWVmZmNkZDM0YWM3MGZlMTc4ODQyZmI0Yj
IxYmUwOGM2MGM5MjBjYjJkNTBkN2M3OTVmOWY1ODg3MTUwNjZjOTFjMDVhYzZjYzE1ZGQwODNjNGYxMWE0PiAvT0UgPDU3YmM2M2JjZDRk
MmE5ZDIzOTExOGM3ZjE5ZWFhMzI3Mjg5ZmNkOWFhZWVkNTAyMDY5NDcxMzFhM2UyNzE2OTU+IC9QIC0xMDI4IC9QZXJtcyA8NzJhNGJhNT
RmZjkyMDY0ZThiNjk2Nzk2MmY1OTVhNmI+IC9SIDYgL1N0bUYgL1N0ZENGIC9TdHJGIC9TdGRDRiAvVSA8YjBiZGQyOWNkODIzZjM3NWQz
N2RiNTM5MGE0ZWIzYzg2YWNmZmQ1M2U4ODRlYTI1M2U1NjkyY2E2YWJlYTgxYmVmNjliZWVmMWJjODMyZTZjODdlMTJjODZhMGU3MjlhPi
AvVUUgPDgxNDUzYmQxZDhjM2RhNWQ0ODFjNGU1MzY3N2MxN2I2ZDdjOTc3Yjk5ODRkZmNlM2I5ODVjNjNmZDUyMjZlZTA+IC9WIDUgPj4K
ZW5kb2JqCnhyZWYKMCA4CjAwMDAwMDAwMDAgNjU1MzUgZiAKMDAwMDAwMDAxNSAwMDAwMCBuIAowMDAwMDAwMTMwIDAwMDAwIG4gCjAwMD
AwMDAxODkgMDAwMDAgbiAKMDAwMDAwMDI5NSAwMDAwMCBuIAowMDAwMDAwNDMwIDAwMDAwIG4gCjAwMDAwMDA0NzMgMDAwMDAgbiAKMDAw
MDAwMDU3MCAwMDAwMCBuIAp0cmFpbGVyIDw8IC9Sb290IDEgMCBSIC9TaXplIDggL0lEIFs8MjYwMTdlYTE3YTNkNmEwNTgzYzYxNDQwMm
Q5M2ZhOTM+PDI2MDE3ZWExN2EzZDZhMDU4M2M2MTQ0MDJkOTNmYTkzPl0gL0VuY3J5cHQgNyAwIFIgPj4Kc3RhcnR4cmVmCjExMjAKJSVF
T0YK
"""
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


def sound(brand: bytes = b"isom") -> bytes:
    """A film with one track, which is sound: a voice clip."""
    handler = _box(b"hdlr", bytes(8) + b"soun" + bytes(13))
    track = _box(b"trak", _box(b"mdia", handler))
    return _movie(brand, brand).replace(_box(b"mdat", b""), _box(b"moov", track) + _box(b"mdat", b""))


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


def open_pdf(*, is_modern: bool = True) -> bytes:
    """A PDF of "Hello" that is encrypted with AES-256 or RC4, and opens without a password."""
    return b64decode(_AES_256_PDF if is_modern else _RC4_PDF)


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
