"""Which files can be read is known before a byte is fetched."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.files import (
    MOST_BYTES,
    Flaw,
    LeftOut,
    Medium,
    SharedFile,
    chosen,
    file_in,
    kind_of,
    listed,
    told,
)
from bot.core.layout import MAX_LEAD
from bot.core.lengths import escaped_units
from bot.core.texts import Language, texts_in

DESCRIBED = {
    "id": "F1",
    "name": "계획.png",
    "mimetype": "image/png",
    "filetype": "png",
    "size": 100,
    "mode": "hosted",
    "url_private": "https://files.slack.com/files-pri/T1-F1/plan.png",
    "url_private_download": "https://files.slack.com/files-pri/T1-F1/download/plan.png",
    "original_w": 640,
    "original_h": 480,
    "thumb_360": "https://files.slack.com/thumb360",
    "thumb_1024": "https://files.slack.com/thumb1024",
    "converted_pdf": "https://files.slack.com/plan_converted.pdf",
    "subtype": "slack_image",
}


def shared(name: str, size: int = 100, **more: object) -> SharedFile:
    return file_in(
        {"id": f"F{name}", "name": name, "size": size, "url_private": f"https://files/{name}", **more}
    )


def flaws(*files: SharedFile) -> list[Flaw]:
    return [each.flaw for each in chosen(files)[1]]


def test_a_file_is_read_as_slack_describes_it() -> None:
    assert file_in(DESCRIBED) == SharedFile(
        id="F1",
        name="계획.png",
        mimetype="image/png",
        filetype="png",
        size=100,
        mode="hosted",
        url="https://files.slack.com/files-pri/T1-F1/download/plan.png",
        width=640,
        height=480,
        thumbnail="https://files.slack.com/thumb1024",
        pdf="https://files.slack.com/plan_converted.pdf",
        subtype="slack_image",
    )


def test_a_stub_of_slack_connect_has_to_be_asked_for() -> None:
    stub = file_in({"id": "F1", "mode": "file_access", "file_access": "check_file_info"})

    assert stub.is_stub
    assert not file_in(DESCRIBED).is_stub


@given(st.dictionaries(st.sampled_from(sorted(DESCRIBED)), st.none() | st.text() | st.integers(0, 9)))
def test_whatever_slack_leaves_out_a_file_is_a_file(described: dict[str, object]) -> None:
    for name in ("size", "original_w", "original_h"):
        described[name] = 0
    assert kind_of(file_in(described)) is None or file_in(described).name


@pytest.mark.parametrize(
    ("file", "medium", "form"),
    [
        (shared("a.png"), Medium.IMAGE, "png"),
        (shared("a.JPG"), Medium.IMAGE, "jpeg"),
        (shared("a", filetype="jpg"), Medium.IMAGE, "jpeg"),
        (shared("a", mimetype="image/webp"), Medium.IMAGE, "webp"),
        (shared("a.gif"), Medium.IMAGE, "gif"),
        (shared("a.mp4"), Medium.VIDEO, "mp4"),
        (shared("a.mov"), Medium.VIDEO, "mov"),
        (shared("a.3gp"), Medium.VIDEO, "three_gp"),
        (shared("a", mimetype="video/webm"), Medium.VIDEO, "webm"),
        (shared("a.mkv"), Medium.VIDEO, "mkv"),
        (shared("보고서.pdf"), Medium.DOCUMENT, "pdf"),
        (shared("a.docx"), Medium.DOCUMENT, "docx"),
        (shared("a.xlsx"), Medium.DOCUMENT, "xlsx"),
        (shared("a.csv"), Medium.DOCUMENT, "csv"),
        (shared("a.htm"), Medium.DOCUMENT, "html"),
        (shared("a.md"), Medium.DOCUMENT, "md"),
        (shared("a.txt"), Medium.DOCUMENT, "txt"),
        (shared("a", filetype="python", mode="snippet"), Medium.DOCUMENT, "txt"),
        (shared("a.py"), Medium.DOCUMENT, "txt"),
        (shared("a.yaml"), Medium.DOCUMENT, "txt"),
        (shared("a", mimetype="application/json"), Medium.DOCUMENT, "txt"),
    ],
)
def test_each_kind_has_the_true_name_of_its_format(file: SharedFile, medium: Medium, form: str) -> None:
    assert kind_of(file) == (medium, form)


@pytest.mark.parametrize("name", ["a.rar", "a.zip", "a.exe", "a", "a.svg", "a.heic", "a.pptx"])
def test_what_no_model_reads_has_no_kind(name: str) -> None:
    assert kind_of(shared(name, mimetype="application/octet-stream")) is None
    assert flaws(shared(name)) == [Flaw.UNKNOWN_KIND]


@pytest.mark.parametrize(
    ("file", "flaw"),
    [
        (shared("a.png", size=0), Flaw.EMPTY),
        (shared("a.pdf", size=MOST_BYTES + 1), Flaw.TOO_BIG),
        (shared("a.mp4", size=MOST_BYTES + 1), Flaw.TOO_BIG),
        (shared("a.csv", size=4_500_001), Flaw.TOO_BIG),
        (shared("a.xlsx", size=4_500_001), Flaw.TOO_BIG),
        (shared("a.png", original_w=8_001), Flaw.TOO_MANY_PIXELS),
        (shared("a.pdf", is_external=True), Flaw.ELSEWHERE),
        (shared("a.pdf", mode="tombstone"), Flaw.GONE),
        (shared("a.pdf", mode="hidden_by_limit"), Flaw.GONE),
    ],
)
def test_what_cannot_be_read_is_known_before_it_is_fetched(file: SharedFile, flaw: Flaw) -> None:
    assert chosen([file]) == ([], [LeftOut(file, flaw)])


@pytest.mark.parametrize(
    "file",
    [
        shared("a.png", size=MOST_BYTES),
        shared("a.pdf", size=MOST_BYTES),
        shared("a.docx", size=4_500_001),
        shared("a.csv", size=4_500_000),
        shared("a.png", original_w=8_000, original_h=8_000),
    ],
)
def test_what_is_just_within_its_limits_is_taken(file: SharedFile) -> None:
    (choice,), left = chosen([file])

    assert (choice.url, left) == (file.url, [])


@pytest.mark.parametrize("change", [{"original_w": 9_000}, {"size": MOST_BYTES + 1}, {"size": 3_750_001}])
def test_of_an_image_that_is_too_large_slacks_own_smaller_one_is_taken(change: dict[str, int]) -> None:
    file = file_in({name: value for name, value in DESCRIBED.items() if name != "converted_pdf"} | change)
    ((choice,), left) = chosen([file])

    assert (choice.url, left) == (file.thumbnail, [])


@pytest.mark.parametrize(
    ("name", "more", "medium", "form"),
    [
        ("IMG_1.HEIC", {"mimetype": "image/heic", "thumb_360": "https://files/small"}, Medium.IMAGE, "png"),
        ("scan.tiff", {"filetype": "tiff", "thumb_1024": "https://files/small"}, Medium.IMAGE, "png"),
        ("talk.pptx", {"filetype": "pptx", "converted_pdf": "https://files/small"}, Medium.DOCUMENT, "pdf"),
        ("talk.key", {"converted_pdf": "https://files/small"}, Medium.DOCUMENT, "pdf"),
        ("old.doc", {"size": 4_500_001, "converted_pdf": "https://files/small"}, Medium.DOCUMENT, "pdf"),
    ],
)
def test_what_no_model_reads_is_taken_as_slack_shows_it(
    name: str, more: dict[str, Any], medium: Medium, form: str
) -> None:
    ((choice,), left) = chosen([shared(name, **more)])

    assert (choice.medium, choice.format, choice.url, left) == (medium, form, "https://files/small", [])


@pytest.mark.parametrize(
    "file",
    [
        shared("audio_message.mp4", mimetype="video/mp4", filetype="mp4", subtype="slack_audio"),
        shared("audio_message.mp4", mimetype="audio/mp4", filetype="mp4"),
        shared("a.webm", mimetype="audio/webm", filetype="webm", subtype="slack_audio"),
        shared("a.m4a", mimetype="application/octet-stream"),
        shared("노래.mp3"),
        shared("voice", filetype="wav"),
    ],
)
def test_sound_is_no_video(file: SharedFile) -> None:
    assert kind_of(file) is None
    assert flaws(file) == [Flaw.SOUND]
    assert listed([file]) == f'"{file.name}" (sound)'


@pytest.mark.parametrize(("name", "subtype"), [("clip.mp4", "slack_video"), ("clip.webm", ""), ("a.ogg", "")])
def test_video_is_no_sound(name: str, subtype: str) -> None:
    assert not shared(name, mimetype="video/mp4", subtype=subtype).is_sound


@pytest.mark.parametrize(
    ("name", "is_stub"), [("a.heic", True), ("a.pptx", True), ("a.png", False), ("a.rar", False)]
)
def test_what_slack_may_have_made_since_is_asked_for(name: str, is_stub: bool) -> None:
    assert shared(name).is_stub is is_stub
    assert not shared(name, thumb_360="https://files/small").is_stub
    assert not shared(name, converted_pdf="https://files/small").is_stub
    assert not shared(name, is_external=True).is_stub


def test_a_video_next_to_five_images_and_five_documents_is_taken_and_no_more() -> None:
    files = [shared(f"{number}.{ending}") for number in range(6) for ending in ("png", "pdf", "mp4")]
    choices, left = chosen(files)

    counts = {medium: sum(choice.medium is medium for choice in choices) for medium in Medium}
    assert counts == {Medium.IMAGE: 5, Medium.VIDEO: 1, Medium.DOCUMENT: 5}
    assert {each.flaw for each in left} == {Flaw.TOO_MANY}
    assert [choice.file for choice in choices[:3]] == files[:3]


def test_files_share_what_a_request_can_hold() -> None:
    half = MOST_BYTES // 2
    choices, left = chosen([shared("1.pdf", half), shared("2.pdf", half), shared("3.txt", 1_000)])

    assert [choice.file.name for choice in choices] == ["1.pdf", "2.pdf"]
    assert [each.flaw for each in left] == [Flaw.TOO_BIG]
    assert sum(-(-choice.file.size // 3) * 4 for choice in choices) < 25_000_000  # in base64


@given(
    st.lists(
        st.builds(
            shared,
            st.sampled_from(["a.png", "b.pdf", "c.mp4", "d.csv", "e.rar"]),
            st.integers(0, 2 * MOST_BYTES),
        )
    )
)
def test_whatever_is_shared_a_request_holds_what_is_chosen(files: list[SharedFile]) -> None:
    choices, left = chosen(files)

    assert len(choices) + len(left) == len(files)
    assert sum(choice.file.size for choice in choices) <= MOST_BYTES


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("flaw", Flaw)
def test_each_flaw_is_told_in_one_sentence_that_names_the_file(flaw: Flaw, language: Language) -> None:
    words = told([LeftOut(shared("<계획> & so.rar"), flaw)], texts_in(language))

    assert "&lt;계획&gt; &amp; so.rar" in words
    assert "\n" not in words
    assert "{" not in words


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("계획 (최종)-2.pdf", "계획 (최종)-2.pdf"),
        ("my_report.rar", "my_report.rar"),
        ("_report_.rar", "`_report_.rar`"),
        ("*all* ~of~.rar", "`*all* ~of~.rar`"),
        ("a`b``.rar", "`a'b''.rar`"),
        ("[here](https://evil.example).rar", "`[here](https://evil.example).rar`"),
        ("<https://evil.example|here>.rar", "`&lt;https://evil.example|here&gt;.rar`"),
        ("www.evil.example", "`www.evil.example`"),
        ("&lt;!here&gt;.rar", "`&amp;lt;!here&amp;gt;.rar`"),
        ("- item.rar", "`- item.rar`"),
        ("# title.rar", "`# title.rar`"),
        ("a\r\n\n> b\u2028c\x00.rar", "`a &gt; b c .rar`"),
        ("\u202egpj\u2066.exe\u200b.rar", "`gpj.exe.rar`"),
        (unicodedata.normalize("NFD", "계획.rar"), "계획.rar"),
    ],
)
def test_a_files_name_is_never_markdown(name: str, shown: str) -> None:
    texts = texts_in(Language.EN)
    expected = texts.file_empty.format(name=shown)

    assert told([LeftOut(shared(name), Flaw.EMPTY)], texts) == expected
    assert told([LeftOut(SharedFile("F1", name), Flaw.EMPTY)], texts) == expected


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ["n" * 255, "계" * 255, "<&>" * 85, "😀" * 127, "*_" * 120])
def test_names_leave_room_for_the_answer_however_long_they_are(name: str, language: Language) -> None:
    left = [LeftOut(file_in({"id": f"F{n}", "name": f"{name}.rar"}), Flaw.UNKNOWN_KIND) for n in range(10)]
    words = told(left, texts_in(language))

    assert escaped_units(words) <= MAX_LEAD
    assert words.endswith(texts_in(language).files_left_out.format(count=6))


def test_a_long_name_keeps_its_ending() -> None:
    file = file_in({"id": "F1", "name": "x" * 300 + ".tar.gz.pdf"})

    assert file.name.endswith("x.tar.gz.pdf")
    assert len(file.name) == 80
    assert kind_of(file) == (Medium.DOCUMENT, "pdf")


@given(st.text())
def test_any_name_is_one_line(name: str) -> None:
    words = told([LeftOut(SharedFile("F1", name), Flaw.GONE)], texts_in(Language.EN))
    assert len(words.splitlines()) == len(file_in({"name": name}).name.splitlines()) == 1


def test_several_are_told_in_as_many_lines() -> None:
    left = [LeftOut(shared("a.rar"), Flaw.UNKNOWN_KIND), LeftOut(shared("b.png"), Flaw.EMPTY)]

    assert len(told(left, texts_in(Language.EN)).splitlines()) == 2
    assert told([], texts_in(Language.EN)) == ""


def test_a_model_that_reads_no_files_is_told_their_names_and_kinds() -> None:
    files = (shared("계획.pdf"), replace(shared("clip"), filetype="mp4"), shared("x.rar"))

    assert listed(files) == '"계획.pdf" (document), "clip" (video), "x.rar"'
