"""Voice clips: what is said in them is read as what their speaker wrote.

Slack transcribes them itself: https://slack.com/help/articles/4406235165587
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from bot.core.files import SharedFile
from bot.core.frames import name_in_frame, quotation, unframed
from bot.core.lengths import shortened
from bot.core.mrkdwn import escaped
from bot.core.safety import neutralise
from bot.core.texts import Texts

MAX_CHARACTERS = 40_000  # of a transcript, as of any message
_MAX_QUOTED = 300
# https://www.w3.org/TR/webvtt1/#file-structure
_NO_CUE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_TAG = re.compile(r"</?[a-z0-9:.][^<>]*>", re.IGNORECASE)
_SPEAKER_DASH = re.compile(r"^[-–]\s+", re.MULTILINE)


def heard(text: str, files: Iterable[SharedFile]) -> str:
    """Return `text`, and below it what is said in those of its `files` that Slack has transcribed.

    What is not the writer's own voice, a recording or a forward, is a quotation.
    """
    said = (
        file.speech
        if file.is_voice
        else quotation(f'Transcript of "{name_in_frame(file.name)}"', file.speech)
        for file in files
        if file.speech
    )
    return "\n\n".join(filter(None, (text, *said)))


def quoted(files: Iterable[SharedFile], texts: Texts) -> str:
    """Return lines that tell people how their voice was understood: one for each clip, within a bound."""
    words = (
        shortened(neutralise(" ".join(file.speech.split())), _MAX_QUOTED) for file in files if file.speech
    )
    return "\n".join(texts.voice_heard.format(words=escaped(each)) for each in words)


def words_of_vtt(data: bytes) -> str:
    """Return the words of a WebVTT file, without times and tags."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    blocks = (block for block in re.split(r"\n\s*\n", text) if "-->" in block and not _NO_CUE.match(block))
    # What stands above the times is the cue's name.
    cues = (_TAG.sub("", block.partition("-->")[2].partition("\n")[2]) for block in blocks)
    said = " ".join(" ".join(_SPEAKER_DASH.sub("", cue).split()) for cue in cues)
    return unframed(html.unescape(said)).strip()[:MAX_CHARACTERS]
