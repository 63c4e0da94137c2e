"""Files that people share: which of them a model can read, in which form, and what is said of the others.

Limits are those of Amazon Nova: https://docs.aws.amazon.com/nova/latest/userguide/modalities.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.core.frames import name_in_frame, unframed
from bot.core.lengths import cut, escaped_units
from bot.core.mrkdwn import escaped
from bot.core.texts import Texts

MEGABYTE = 1_000_000
# A request is 25 MB at most, in which files stand in base64: four bytes for three.
MOST_BYTES = 18 * MEGABYTE
MOST_TEXT_BYTES = 4_500_000  # of a document that is text, or of an older kind
_MOST_PIXELS = 8_000  # of an image, each way
# What Converse's reference allows an image, though Nova's guide does not repeat it; Slack's smaller one does
# as well: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
_MOST_IMAGE_BYTES = 3_750_000
MAX_NAME, _MAX_ENDING = 80, 12  # characters of a file's name, and of its end where the middle is left out
_MAX_TOLD = 4  # files of which people are told by name, so that there is room for the answer below
# What is neither a mark nor a link wherever it stands, nor a list where a line begins with it.
_PLAIN_NAME = re.compile(
    r"(?!www\b)[^\W_](?:[^\W_]|[ ,()+-]|(?<=[^\W_])_(?=[^\W_])|\.(?=[^\W_]{1,8}\Z))*", re.IGNORECASE
)
_MIN_MADE_BYTES = 4 * MEGABYTE  # that are taken of a document that Slack made of another
# What a byte comes to until it is sent: itself, and what is made of it on the way to a request's body.
# Measured are 6.2 for a PDF, and 7.2 for text.
_PEAK_PER_BYTE = 7


class Medium(Enum):
    """What a file is to a model, as a content block of Converse is called."""

    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"


# How many of each one request takes.
_MOST = {Medium.IMAGE: 5, Medium.VIDEO: 1, Medium.DOCUMENT: 5}


class Flaw(Enum):
    """Why a file cannot be read, or not be relied on. Each has its sentence in the catalogue."""

    UNKNOWN_KIND = "file_of_unknown_kind"
    SOUND = "file_of_sound"
    GUESSED = "file_guessed"
    TOO_BIG = "file_too_big"
    TOO_MANY = "file_too_many"
    TOO_MANY_PIXELS = "file_too_many_pixels"
    ELSEWHERE = "file_elsewhere"
    GONE = "file_gone"
    EMPTY = "file_empty"
    ENCRYPTED = "file_encrypted"
    MISLABELLED = "file_mislabelled"
    UNREADABLE = "file_unreadable"
    NOT_SET_UP = "file_not_set_up"
    REFUSED = "file_refused"


@dataclass(frozen=True)
class SharedFile:
    """A file as Slack describes it. `size` is in bytes, `width` and `height` in pixels, 0 where unknown.

    `thumbnail` is the address of the largest smaller version that Slack made of an image, `pdf` that of what
    it made of a presentation or document, "" if there is none. A `subtype` of "slack_audio" is a voice clip,
    whatever its `mimetype`. `transcript` is what Slack heard in it, or the beginning of that where it
    `has_more`, which is at `vtt`; its `transcript_status` is "complete", "processing", "failed" or "none", or
    "" where Slack does not say. One that `is_forwarded` was shared by another person than the one who asks. A
    `mode` of "file_access" means that Slack told no more than its id yet, as in
    Slack Connect.
    https://docs.slack.dev/reference/objects/file-object
    """

    id: str
    name: str
    mimetype: str = ""
    filetype: str = ""
    size: int = 0
    mode: str = "hosted"
    url: str = ""
    width: int = 0
    height: int = 0
    thumbnail: str = ""
    pdf: str = ""
    subtype: str = ""
    transcript: str = ""
    transcript_status: str = ""
    has_more: bool = False
    vtt: str = ""
    is_forwarded: bool = False

    @property
    def is_stub(self) -> bool:
        """Return whether more of it has to be asked for: Slack makes pictures and PDFs after an upload."""
        is_made_of = self.names & _SHOWN_BY_SLACK and not (self.thumbnail or self.pdf)
        return self.mode == "file_access" or bool(is_made_of and self.mode == "hosted")

    @property
    def names(self) -> set[str]:
        """Return what tells its kind: Slack's word for it, and the ending of its name."""
        ending = self.name.rpartition(".")[2].lower() if "." in self.name else ""
        return {self.filetype.lower(), ending} - {""}

    @property
    def is_clip(self) -> bool:
        """Return True for what somebody recorded in Slack."""
        return self.subtype in ("slack_audio", "slack_video")

    @property
    def is_voice(self) -> bool:
        """Return True for a clip in which whoever shared it speaks."""
        return self.is_clip and not self.is_forwarded

    @property
    def speech(self) -> str:
        """Return what is said in it, as far as Slack tells."""
        return self.transcript if self.is_clip or self.is_sound else ""

    @property
    def is_sound(self) -> bool:
        """Return True for what has no pictures: Slack calls a voice clip `video/mp4` at times."""
        is_named_so = not self.mimetype.startswith("video/") and bool(self.names & _SOUND)
        return self.subtype == "slack_audio" or self.mimetype.startswith("audio/") or is_named_so


@dataclass(frozen=True)
class Choice:
    """A file that a model is to read: what it is to the model, and from which address it comes."""

    file: SharedFile
    medium: Medium
    format: str
    url: str

    @property
    def max_bytes(self) -> int:
        """Return the number of bytes that are fetched at most."""
        if self.url == self.file.url:
            return self.file.size
        if self.medium is Medium.IMAGE:
            return _MOST_IMAGE_BYTES
        return min(MOST_BYTES, max(_MIN_MADE_BYTES, 2 * self.file.size))


@dataclass(frozen=True)
class LeftOut:
    """A file that no model reads, or reads in doubt, and why."""

    file: SharedFile
    flaw: Flaw


# What Converse calls each format, by Slack's names and the endings of names.
FORMATS = {
    Medium.IMAGE: {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp"},
    Medium.VIDEO: {
        "mkv": "mkv", "mov": "mov", "mp4": "mp4", "m4v": "mp4", "webm": "webm", "flv": "flv",
        "mpeg": "mpeg", "mpg": "mpg", "wmv": "wmv", "3gp": "three_gp", "3gpp": "three_gp",
    },
    Medium.DOCUMENT: {
        "pdf": "pdf", "csv": "csv", "doc": "doc", "docx": "docx", "xls": "xls", "xlsx": "xlsx",
        "html": "html", "htm": "html", "md": "md", "markdown": "md", "txt": "txt", "text": "txt",
    },
}  # fmt: skip
_SOUND = {"aac", "aiff", "amr", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "wma"}
# What no model reads, but Slack makes a picture or a PDF of.
_SHOWN_BY_SLACK = {"heic", "heif", "key", "keynote", "odp", "odt", "ppt", "pptx", "tif", "tiff"}
_WITHOUT_TEXT_LIMIT = {"pdf", "docx"}
_TEXT_MIMETYPES = ("text/", "application/json", "application/xml", "application/x-yaml", "application/toml")
# Slack's `filetype`, and endings of names, of what is text though its mimetype may not say so.
_CODE = {
    "c", "cpp", "csharp", "cs", "css", "diff", "dockerfile", "go", "groovy", "h", "haskell", "hcl", "ini",
    "java", "javascript", "js", "json", "kotlin", "kt", "log", "lua", "perl", "php", "powershell", "ps1",
    "python", "py", "r", "rb", "rs", "ruby", "rust", "scala", "sh", "shell", "sql", "swift", "tf", "toml",
    "ts", "tsv", "typescript", "xml", "yaml", "yml",
}  # fmt: skip
_THUMBNAILS = ("thumb_1024", "thumb_960", "thumb_800", "thumb_720", "thumb_480", "thumb_360")


def file_in(payload: Mapping[str, Any]) -> SharedFile:
    """The file that an event, a message or files.info describes."""
    url = str(payload.get("url_private_download") or payload.get("url_private") or "")
    transcription = _mapping(payload.get("transcription"))
    preview = _mapping(transcription.get("preview"))
    return SharedFile(
        id=str(payload.get("id") or ""),
        name=_name(str(payload.get("name") or "")) or _name(str(payload.get("title") or "")) or "file",
        mimetype=str(payload.get("mimetype") or ""),
        filetype=str(payload.get("filetype") or ""),
        size=int(payload.get("size") or 0),
        mode="external" if payload.get("is_external") else str(payload.get("mode") or "hosted"),
        url=url,
        width=int(payload.get("original_w") or 0),
        height=int(payload.get("original_h") or 0),
        thumbnail=next((str(payload[name]) for name in _THUMBNAILS if payload.get(name)), ""),
        pdf=str(payload.get("converted_pdf") or ""),
        subtype=str(payload.get("subtype") or ""),
        transcript=unframed(str(preview.get("content") or "")).strip(),
        transcript_status=str(transcription.get("status") or ""),
        has_more=bool(preview.get("has_more")),
        vtt=str(payload.get("vtt") or ""),
    )


def _name(text: str) -> str:
    """The name of a file on one line, without what is not seen and could turn the line around, and bounded.

    Its ending stays.
    """
    kinds = ((each, unicodedata.category(each)) for each in unicodedata.normalize("NFC", text))
    seen = (
        " " if kind[0] == "Z" or kind == "Cc" else each for each, kind in kinds if kind not in ("Cf", "Cs")
    )
    name = " ".join("".join(seen).split())
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - _MAX_ENDING - 1]}…{name[-_MAX_ENDING:]}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def kind_of(file: SharedFile) -> tuple[Medium, str] | None:
    """What a file is to a model, and its format in Converse; None where no model reads it."""
    if file.is_sound:
        return None
    ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
    for name in (file.filetype.lower(), file.mimetype.partition("/")[2].lower(), ending):
        for medium, formats in FORMATS.items():
            if name in formats:
                return medium, formats[name]
    is_text = file.mimetype.startswith(_TEXT_MIMETYPES) or file.mode in ("snippet", "post")
    return (Medium.DOCUMENT, "txt") if is_text or file.names & _CODE else None


def chosen(files: Iterable[SharedFile]) -> tuple[list[Choice], list[LeftOut]]:
    """Which of `files`, the most wanted first, a request takes, and which not, before a byte is fetched."""
    choices: list[Choice] = []
    left: list[LeftOut] = []
    counts: Counter[Medium] = Counter()
    room = MOST_BYTES
    for file in files:
        choice = _choice(file, room)
        if isinstance(choice, Choice) and counts[choice.medium] == _MOST[choice.medium]:
            choice = Flaw.TOO_MANY
        if isinstance(choice, Flaw):
            left.append(LeftOut(file, choice))
            continue
        counts[choice.medium] += 1
        room -= file.size if choice.url == file.url else 0  # of what Slack made of it the size is not told
        choices.append(choice)
    return choices, left


def _choice(file: SharedFile, room: int) -> Choice | Flaw:
    if file.mode in ("tombstone", "hidden_by_limit"):
        return Flaw.GONE
    if file.mode == "external":
        return Flaw.ELSEWHERE
    if file.is_sound:
        return Flaw.SOUND
    own = _own_choice(file, room)
    is_heavy = isinstance(own, Choice) and own.medium is Medium.IMAGE and file.size > _MOST_IMAGE_BYTES
    return (made_by_slack(file) or own) if is_heavy or isinstance(own, Flaw) else own


def made_by_slack(file: SharedFile) -> Choice | None:
    """Return what Slack made of a file, in place of the file: a PDF, or a smaller picture."""
    if file.pdf:
        return Choice(file, Medium.DOCUMENT, "pdf", file.pdf)
    kind = kind_of(file)
    is_picture = kind[0] is Medium.IMAGE if kind else bool(file.thumbnail)
    return Choice(file, Medium.IMAGE, "png", file.thumbnail) if is_picture and file.thumbnail else None


def _own_choice(file: SharedFile, room: int) -> Choice | Flaw:
    kind = kind_of(file)
    if kind is None:
        return Flaw.UNKNOWN_KIND
    medium, form = kind
    if not file.size:
        return Flaw.EMPTY
    if medium is Medium.IMAGE and max(file.width, file.height) > _MOST_PIXELS:
        return Flaw.TOO_MANY_PIXELS
    is_limited = medium is Medium.DOCUMENT and form not in _WITHOUT_TEXT_LIMIT
    if file.size > (min(room, MOST_TEXT_BYTES) if is_limited else room):
        return Flaw.TOO_BIG
    return Choice(file, medium, form, file.url)


def peak_bytes(choices: Iterable[Choice]) -> int:
    """Return the most memory that a request with `choices` takes, whichever version of each is read."""
    sent = beside = 0
    for choice in choices:
        instead = made_by_slack(choice.file)
        sizes = choice.max_bytes, instead.max_bytes if instead and instead.url != choice.url else 0
        sent, beside = sent + max(sizes), beside + min(sizes)
    return _PEAK_PER_BYTE * min(sent, MOST_BYTES) + max(0, sent - MOST_BYTES) + beside


def listed(files: Sequence[SharedFile]) -> str:
    """Names and kinds of files, for a model that does not read them."""
    return ", ".join(f'"{name_in_frame(file.name)}"{_listed_kind(file)}' for file in files)


def _listed_kind(file: SharedFile) -> str:
    if file.is_sound:
        return " (sound)"
    kind = kind_of(file)
    return f" ({kind[0].value})" if kind else ""


def told(left: Sequence[LeftOut], texts: Texts) -> str:
    """Return sentences, in mrkdwn, about the files that were not read: one each, then how many more."""
    size = f"{MOST_BYTES // MEGABYTE} MB"
    sentences = [
        str(getattr(texts, each.flaw.value)).format(name=_literal(each.file.name), size=size)
        for each in left[:_MAX_TOLD]
    ]
    more = [texts.files_left_out.format(count=len(left) - _MAX_TOLD)] if len(left) > _MAX_TOLD else []
    return "\n".join((*sentences, *more))


def _literal(name: str) -> str:
    """The `name` of a file as mrkdwn and Markdown show it, where nothing in it is a mark, a link or code."""
    shown = cut(_name(name), lambda beginning: escaped_units(beginning) <= MAX_NAME)
    if _PLAIN_NAME.fullmatch(shown):
        return shown
    code = shown.replace("`", "'")
    return f"`{escaped(code)}`"
