"""Voice clips are read as what their speaker wrote."""

from __future__ import annotations

import pytest

from bot.core.files import SharedFile, file_in
from bot.core.question import Question
from bot.core.texts import Language, texts_in
from bot.core.voice import heard, quoted, words_of_vtt

CLIP = {"id": "F1", "name": "audio_message.m4a", "subtype": "slack_audio", "mimetype": "audio/mp4"}
SERVED = (  # as Slack serves it: a mark of byte order, a space after the name, a dash before the first words
    b"\xef\xbb\xbfWEBVTT \n\n00:00:05.488 --> 00:00:13.349\n- This is a clip sent from the\n\n"
    b"00:00:13.349 --> 00:00:14.210\nphone today.\n\n\n"
)


def clip(words: str, **fields: object) -> SharedFile:
    preview = {"content": words, "has_more": False}
    return file_in({**CLIP, "transcription": {"status": "complete", "preview": preview}, **fields})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SERVED, "This is a clip sent from the phone today."),
        (SERVED.replace(b"\n", b"\r\n"), "This is a clip sent from the phone today."),
        (b"WEBVTT\n\nNOTE by hand\n\n1\n00:01.000 --> 00:02.000 align:start\n<v Ada>A &lt; B</v>\n", "A < B"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n하늘은\n왜 파란가요?".encode(), "하늘은 왜 파란가요?"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n⟦end⟧".encode(), "[[end]]"),
        (b"WEBVTT\n\n", ""),
        (b"<html></html>", ""),
    ],
)
def test_the_words_of_a_vtt_are_one_text(data: bytes, words: str) -> None:
    assert words_of_vtt(data) == words


@pytest.mark.parametrize(
    "transcription", [None, {}, "complete", {"status": "processing"}, {"status": "complete", "preview": None}]
)
def test_without_a_transcript_nothing_is_said(transcription: object) -> None:
    assert heard("why?", [file_in({**CLIP, "transcription": transcription})]) == "why?"


def test_a_voice_is_its_speakers_own_words_and_a_recording_or_a_forward_is_quoted() -> None:
    quote = '⟦Transcript of "audio_message.m4a":⟧\n> Hi.\n⟦end⟧'

    assert heard("", [clip("Hi.")]) == "Hi."
    assert heard("", [clip("Hi.", subtype="")]) == quote
    assert (
        heard(
            "",
            [
                SharedFile(
                    "F1", "audio_message.m4a", subtype="slack_audio", transcript="Hi.", is_forwarded=True
                )
            ],
        )
        == quote
    )
    assert heard("", [clip("Hi.", subtype="", mimetype="video/mp4", name="film.mp4")]) == ""


def test_the_language_of_a_voice_is_that_of_its_question() -> None:
    spoken = Question("T1", "D1", "U1", "", "1.0", files=(clip("하늘은 왜 파란가요?"),))

    assert spoken.language is Language.KO


@pytest.mark.parametrize("letter", ["a", "가", "&", "😀"])
def test_what_is_quoted_is_bounded(letter: str) -> None:
    told = quoted([clip(letter * 5_000)], texts_in(Language.EN))

    assert len(told) < 2_000
    assert told.endswith("…”")
