"""The images, documents and videos that bedrock-runtime and Amazon Nova refuse, and their sentences.

Members and their limits: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html
What Nova takes of them: https://docs.aws.amazon.com/nova/latest/userguide/modalities.html
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Some of the sentences in which models refuse a file; `{place}` is where that stands, as a request is read,
# `{member}` the same as the check of constraints counts. Some do not tell.
FILE_REFUSALS = {
    # https://github.com/boto/boto3/issues/4726
    "pdf": "The model returned the following errors: {place}.image.source.bytes: "
    "The PDF specified was not valid.",
    # https://github.com/maximhq/bifrost/issues/5472
    "bytes": "The model returned the following errors: {place}.source.bytes: The document source bytes "
    "could not be parsed as the specified format. If using a text-based format, try source.text instead.",
    # https://github.com/anthropics/claude-code/issues/52220
    "dimensions": "The model returned the following errors: {place}.image.source.base64.data: At least one "
    "of the image dimensions exceed max allowed size for many-image requests: 2000 pixels",
    # https://github.com/aws-samples/generative-ai-use-cases/issues/927
    "format": "1 validation error detected: Value at '{member}.video.format' failed to satisfy constraint: "
    "Member must satisfy enum value set: [wmv, mpg, mpeg, three_gp, flv, mp4, mov, mkv, webm]",
    # https://github.com/strands-agents/tools/issues/213
    "key": "The model returned the following errors: Malformed input request: #/{pointer}: extraneous key "
    "[document] is not permitted, please reformat your input and try again.",
    # https://github.com/anthropics/claude-code/issues/53228
    "image": "Could not process image",
    # https://docs.aws.amazon.com/nova/latest/userguide/text-error-handing.html
    "filter of images": "This request has been blocked by our content filters. Please adjust your input "
    "image to submit a new request.",
    "filter of videos": "This request has been blocked by our content filters. Please adjust your input "
    "video to submit a new request.",
    "no word of files": "The model returned the following errors: Unable to process the input.",
}

_FORMATS = {
    "image": ("png", "jpeg", "gif", "webp"),
    "document": ("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"),
    "video": ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"),
}
# Of each kind a request takes so many, as far as their bytes stand in it.
_MOST = {"image": (5, "images"), "document": (5, "documents"), "video": (1, "video")}
_DOCUMENT_BYTES = 4_500_000  # the smaller of the two readings of 4.5 MB
_WITHOUT_DOCUMENT_LIMIT = ("pdf", "docx")
_PIXELS = 8_000  # of an image, each way
_NAME_LENGTH = 200  # characters
# An underscore passes at times, but DocumentBlock does not promise that.
_NAME = re.compile(r"(?:[A-Za-z0-9()\[\]-]| (?! ))+")
_SIGNATURES = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
# ITU-T T.81, table B.1: the markers of frames, between which DHT, JPG and DAC have theirs.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class _Medium(NamedTuple):
    turn: int
    place: int
    kind: str
    content: Mapping[str, Any]

    @property
    def where(self) -> str:
        return f"messages.{self.turn}.content.{self.place}.{self.kind}"

    def refused(self, sentence: str) -> str:
        """`sentence`, one of FILE_REFUSALS, about it."""
        place = f"messages.{self.turn}.content.{self.place}"
        member = self.member.rpartition(".member.")[0] + ".member"
        return sentence.format(place=place, member=member, pointer=place.replace(".", "/"))

    @property
    def member(self) -> str:
        """Where it is to the check of constraints, which counts from 1."""
        return f"messages.{self.turn + 1}.member.content.{self.place + 1}.member.{self.kind}"


def constraint(where: str, rule: str, value: object = None) -> str:
    """What the service says of a value that its API does not allow; None for one that it does not repeat."""
    shown = "" if value is None else f" '{value}'"
    return (
        f"1 validation error detected: Value{shown} at '{where}' failed to satisfy constraint: "
        f"Member must {rule}"
    )


def media_complaints(turns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with the media in `turns`, whose roles and kinds of blocks are known to be fine."""
    media = list(_media(turns))
    for medium in media:
        yield from _constraint_complaints(medium)
    yield from _count_complaints(medium.kind for medium in media)
    yield from _name_complaints([medium.content["name"] for medium in media if medium.kind == "document"])
    for medium in media:
        yield from _byte_complaints(medium)


def poison_complaint(turns: Sequence[Mapping[str, Any]], poison: Mapping[bytes, str]) -> str | None:
    """Return the error for `turns` with a file whose bytes are `poison` to a model; None without one."""
    for medium in _media(turns):
        if sentence := poison.get(content_bytes(medium.content) or b""):
            return medium.refused(sentence)
    return None


def content_bytes(content: Mapping[str, Any]) -> bytes | None:
    """The bytes that stand in a medium's block; None where it has another source. Raises ValueError."""
    encoded = (content.get("source") or {}).get("bytes")
    return None if encoded is None else b64decode(encoded, validate=True)


def _media(turns: Sequence[Mapping[str, Any]]) -> Iterator[_Medium]:
    for number, turn in enumerate(turns):
        for place, block in enumerate(turn["content"]):
            kind, content = next(iter(block.get("guardContent", block).items()))
            if kind in _FORMATS:
                yield _Medium(number, place, kind, content)


def _constraint_complaints(medium: _Medium) -> Iterator[str]:
    formats = _FORMATS[medium.kind]
    if medium.content.get("format") not in formats:
        yield constraint(f"{medium.member}.format", f"satisfy enum value set: [{', '.join(formats)}]")
    if (medium.content.get("source") or {}).get("bytes") == "":
        yield constraint(f"{medium.member}.source.bytes", "have length greater than or equal to 1")
    if medium.kind == "document":
        length = len(medium.content.get("name") or "")
        if not length:
            yield constraint(f"{medium.member}.name", "have length greater than or equal to 1")
        if length > _NAME_LENGTH:
            yield constraint(f"{medium.member}.name", f"have length less than or equal to {_NAME_LENGTH}")


def _count_complaints(kinds: Iterator[str]) -> Iterator[str]:
    for kind, count in Counter(kinds).items():
        most, name = _MOST[kind]
        if count > most:
            yield f"You can't include more than {most} {name} in a request."


def _name_complaints(names: Sequence[str]) -> Iterator[str]:
    if not all(map(_NAME.fullmatch, names)):
        yield (
            "The document file name can only contain alphanumeric characters, whitespace characters, "
            "hyphens, parentheses, and square brackets. The name can't contain more than one consecutive "
            "whitespace character. Check that the file name conforms to these restrictions and retry your "
            "request."
        )
    if len(set(names)) < len(names):
        yield "Messages can't contain duplicate document names."


def _byte_complaints(medium: _Medium) -> Iterator[str]:
    form = medium.content["format"]
    try:
        data = content_bytes(medium.content)
    except ValueError:
        yield f"The source.bytes field at {medium.where} is not valid base64. Encode it and try again."
        return
    if data is None:
        return
    if medium.kind == "image":
        yield from _image_complaints(medium.where, form, data)
    if medium.kind == "document" and form not in _WITHOUT_DOCUMENT_LIMIT and len(data) > _DOCUMENT_BYTES:
        yield f"The document at {medium.where} exceeds the maximum size of 4.5 MB. Reduce it and try again."
    if form == "pdf" and b"/Encrypt" in data:  # nothing says that it is read, so here it is not
        yield f"The model returned the following errors: The document at {medium.where} is encrypted."


def _image_complaints(where: str, form: str, data: bytes) -> Iterator[str]:
    if not _SIGNATURES[form].match(data):
        yield (
            "The model returned the following errors: "
            "The provided image does not match the specified image format."
        )
    if max(_pixels(form, data)) > _PIXELS:
        yield (
            f"The model returned the following errors: The image at {where} exceeds the maximum dimensions "
            f"of {_PIXELS} x {_PIXELS} pixels."
        )


def _pixels(form: str, data: bytes) -> tuple[int, int]:
    """An image's sides as its header tells them; 0 where it is cut short, and for WebP, which is not read."""
    if form == "jpeg":
        return _jpeg_pixels(data)
    layouts = {"png": (">II", 16), "gif": ("<HH", 6)}
    layout, at = layouts.get(form, ("", 0))
    if not layout or len(data) < at + struct.calcsize(layout):
        return 0, 0
    width, height = struct.unpack_from(layout, data, at)
    return width, height


def _jpeg_pixels(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length, height, width = struct.unpack_from(">xBHxHH", data, at)
        if marker in _JPEG_FRAMES:
            return width, height
        at += 2 + length
    return 0, 0
