"""Pictures, video and documents that people share with a question, or earlier in its thread."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.files import MOST_BYTES
from bot.core.texts import Language, Texts, texts_in
from bot.playground.bedrock import Reply
from bot.playground.files import Mishap
from bot.playground.workspace import MINJI
from tests import sample_files as make
from tests.workbench import Workbench, acknowledged

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def shared(bot: Workbench, name: str, data: bytes, **more: Any) -> dict[str, Any]:
    return bot.servers.do(lambda: bot.slack.upload(name, data, **more))


def blocks(bot: Workbench, turn: int = -1) -> list[dict[str, Any]]:
    """The content blocks of a turn that the answering model was last given."""
    content: list[dict[str, Any]] = bot.prompts()[-1]["messages"][turn]["content"]
    return content


def kinds(bot: Workbench, turn: int = -1) -> list[tuple[str, str]]:
    """What each block of media is, and its format."""
    return [(kind, block[kind]["format"]) for block in blocks(bot, turn) for kind in block if kind != "text"]


SAMPLES = [
    ("photo.png", make.png(640, 480), ("image", "png")),
    ("photo.jpg", make.jpeg(), ("image", "jpeg")),
    ("moving.gif", make.gif(), ("image", "gif")),
    ("photo.webp", make.webp(), ("image", "webp")),
    ("clip.mp4", make.mp4(), ("video", "mp4")),
    ("clip.mov", make.mov(), ("video", "mov")),
    ("clip.mkv", make.mkv(), ("video", "mkv")),
    ("clip.webm", make.webm(), ("video", "webm")),
    ("보고서 (최종).pdf", make.pdf("Q3"), ("document", "pdf")),
    ("plan.docx", make.docx("Plan"), ("document", "docx")),
    ("numbers.xlsx", make.xlsx([["a", "b"], ["1", "2"]]), ("document", "xlsx")),
    ("명단.csv", make.csv([["이름", "나이"], ["민지", "30"]], "cp949"), ("document", "csv")),
    ("page.html", make.html("Hello", "utf-8"), ("document", "html")),
    ("notes.txt", make.txt("메모", "utf-16"), ("document", "txt")),
    ("readme.md", make.markdown("Title"), ("document", "md")),
    ("script.py", make.python("print(1)"), ("document", "txt")),
]


@pytest.mark.parametrize(("name", "data", "kind"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_the_answering_model_reads_each_kind_of_file_before_the_words(
    bot: Workbench, name: str, data: bytes, kind: tuple[str, str]
) -> None:
    question = bot.mention("what is it?", files=[shared(bot, name, data)])

    assert bot.answered(question) == [acknowledged("", name), "Because."]
    assert kinds(bot) == [kind]
    assert list(blocks(bot)[-1]) == ["text"]
    assert blocks(bot)[-1]["text"].endswith(f'⟦Attached: {kind[0]}-1 is "{name}"⟧')


def test_the_acknowledging_model_is_told_names_and_kinds_alone(bot: Workbench) -> None:
    bot.answered(bot.mention("what is it?", files=[shared(bot, "계획.pdf", make.pdf("x"))]))

    (turn,) = bot.prompts("converse")[0]["messages"]
    assert turn["content"] == [{"text": 'what is it?\n\n⟦Attached: "계획.pdf" (document)⟧'}]


def test_a_file_without_a_word_is_asked_about(bot: Workbench) -> None:
    question = bot.dm("", files=[shared(bot, "계획.pdf", make.pdf("x"))])

    assert bot.answered(question) == [acknowledged("", "계획.pdf"), "Because."]
    assert "무엇에 관한" in blocks(bot)[-1]["text"]


def test_a_mention_whose_event_lacks_its_files_gets_them_all_the_same(bot: Workbench) -> None:
    bot.slack.events.mentions_lack_files = True
    for text in ("what is it?", ""):
        bot.answered(bot.mention(text, files=[shared(bot, "photo.png", make.png())]))
        assert kinds(bot) == [("image", "png")]
    root = bot.say("before")
    bot.mention("what is it?", thread=root, files=[shared(bot, "photo.png", make.png())])
    bot.answered(root)
    assert kinds(bot) == [("image", "png")]


def test_a_mention_alone_is_told_how_to_ask_though_it_might_have_had_a_file(bot: Workbench) -> None:
    assert bot.answered(bot.mention(""), count=1) == [EN.usage]
    assert not bot.bedrock.requests


def test_files_of_earlier_turns_stand_in_them(bot: Workbench) -> None:
    root = bot.say("Here is the plan", user=MINJI.id, files=[shared(bot, "plan.pdf", make.pdf("x"))])
    bot.mention("what does it say?", thread=root)
    bot.answered(root)
    bot.mention("and then?", thread=root)
    bot.answered(root, count=4, before=2)

    assert kinds(bot, 0) == [("document", "pdf")]
    assert kinds(bot) == []


def test_a_video_next_to_five_images_is_read_and_the_sixth_image_is_told_of(bot: Workbench) -> None:
    files = [shared(bot, f"{number}.png", make.png(number + 1, 1)) for number in range(6)]
    files.insert(2, shared(bot, "clip.mp4", make.mp4()))
    told, answer = bot.answered(bot.mention("compare", files=files))[-1].split("\n")

    assert told == EN.file_too_many.format(name="5.png")
    assert answer == "Because."
    assert sorted(kinds(bot)) == [("image", "png")] * 5 + [("video", "mp4")]


def test_a_heavy_image_or_one_that_no_model_reads_is_read_as_slack_shows_it(bot: Workbench) -> None:
    small, slides = make.jpeg(), make.pdf("Slides")
    files = [
        shared(bot, "IMG_1.heic", b"\0\0\0\x18ftypheic", thumbnail=small, mimetype="image/heic"),
        shared(bot, "huge.png", make.png(), thumbnail=small, size=3_750_001),
        shared(bot, "really.jpg", b"\0\0\0\x18ftypheic", thumbnail=small),
        shared(bot, "talk.pptx", b"PK\3\4", pdf=slides),
    ]
    told = bot.answered(bot.mention("what is it?", files=files))

    names = ("IMG_1.heic", "huge.png", "really.jpg", "talk.pptx")
    assert told == [acknowledged("", *names), "Because."]
    assert kinds(bot) == [("image", "jpeg")] * 3 + [("document", "pdf")]
    assert bot.calls("files.info") == []


def test_what_slack_makes_of_a_file_after_its_event_is_asked_for(bot: Workbench) -> None:
    whole = shared(bot, "talk.pptx", b"PK\3\4", pdf=make.pdf("Slides"))
    early = {name: value for name, value in whole.items() if name != "converted_pdf"}
    bot.answered(bot.mention("what is it?", files=[early]))

    assert kinds(bot) == [("document", "pdf")]


@pytest.mark.parametrize("is_modern", [True, False])
def test_a_pdf_that_opens_without_a_password_is_read(bot: Workbench, is_modern: bool) -> None:
    question = bot.mention("what is it?", files=[shared(bot, "a.pdf", make.open_pdf(is_modern=is_modern))])

    assert bot.answered(question) == [acknowledged("", "a.pdf"), "Because."]
    assert kinds(bot) == [("document", "pdf")]


def test_a_text_whose_encoding_is_a_guess_is_read_and_both_are_told(bot: Workbench) -> None:
    note = shared(bot, "이름.txt", "홍길동".encode("cp949"))
    *_, answer = bot.answered(bot.mention("누구예요?", files=[note]))

    assert answer == f"{KO.file_guessed.format(name='이름.txt')}\nBecause."
    assert kinds(bot) == [("document", "txt")]
    assert '"이름.txt", of which the encoding is a guess' in blocks(bot)[-1]["text"]


def test_a_voice_clip_is_no_video_whatever_slack_calls_it(bot: Workbench) -> None:
    clip = shared(bot, "audio_message.mp4", make.sound(), subtype="slack_audio", mimetype="video/mp4")
    unmarked = shared(bot, "clip.mp4", make.sound())
    *_, answer = bot.answered(bot.mention("what do I say?", files=[clip, unmarked]))

    names = ("audio_message.mp4", "clip.mp4")
    assert answer.split("\n") == [*(EN.file_of_sound.format(name=name) for name in names), "Because."]
    assert kinds(bot) == []


BAD = [
    ("x.rar", b"Rar!", {}, "file_of_unknown_kind"),
    ("big.pdf", b"%PDF-", {"size": MOST_BYTES + 1}, "file_too_big"),
    ("wide.png", make.png(), {"original_w": 9_000, "original_h": 10}, "file_too_many_pixels"),
    ("drive.pdf", b"", {"is_external": True, "size": 9}, "file_elsewhere"),
    ("old.pdf", b"", {"mode": "tombstone"}, "file_gone"),
    ("empty.txt", b"", {}, "file_empty"),
    ("secret.pdf", make.encrypted_pdf("x"), {}, "file_encrypted"),
    ("secret.docx", make.encrypted_docx(), {}, "file_encrypted"),
    ("photo.png", make.pdf("x"), {}, "file_mislabelled"),
]


@pytest.mark.parametrize(("name", "data", "more", "sentence"), BAD, ids=[f"{bad[3]} {bad[0]}" for bad in BAD])
def test_what_cannot_be_read_is_told_in_the_thread_and_the_rest_is_answered(
    bot: Workbench, name: str, data: bytes, more: dict[str, Any], sentence: str
) -> None:
    files = [shared(bot, name, data, **more), shared(bot, "fine.png", make.png())]
    *_, answer = bot.answered(bot.mention("왜요?", files=files))

    size = f"{MOST_BYTES // 1_000_000} MB"
    assert answer == f"{getattr(KO, sentence).format(name=name, size=size)}\nBecause."
    assert kinds(bot) == [("image", "png")]
    assert f'"{name}" cannot be read' in blocks(bot)[-1]["text"]


MISHAPS = [
    (Mishap(is_login=True), "file_unreadable"),
    (Mishap(status=403), "file_unreadable"),
    (Mishap(status=404), "file_gone"),
    (Mishap(extra=-10), "file_unreadable"),
    (Mishap(extra=10), "file_unreadable"),
    (Mishap(status=302, location="https://evil.example/x"), "file_unreadable"),
]


@pytest.mark.parametrize(("mishap", "sentence"), MISHAPS, ids=[str(each) for each, _ in MISHAPS])
def test_what_slack_does_not_give_is_told_likewise(bot: Workbench, mishap: Mishap, sentence: str) -> None:
    file = shared(bot, "photo.png", make.png())
    bot.servers.do(lambda: bot.slack.files.enqueue(file["id"], mishap))
    *_, answer = bot.answered(bot.mention("why?", files=[file]))

    assert answer == f"{getattr(EN, sentence).format(name='photo.png')}\nBecause."
    assert kinds(bot) == []


@pytest.mark.parametrize(("text", "texts"), [("x.rar", EN), ("압축.rar", KO)])
def test_where_nothing_at_all_can_be_read_and_nothing_is_asked_that_is_told(
    bot: Workbench, text: str, texts: Texts
) -> None:
    question = bot.dm("", files=[shared(bot, text, b"Rar!")])
    bot.until(lambda: bot.texts(question)[-1:] == [texts.file_of_unknown_kind.format(name=text)])

    assert not bot.prompts()


def test_of_an_image_that_is_too_large_slacks_own_smaller_one_is_read(bot: Workbench) -> None:
    small = make.png(1024, 10)
    file = shared(bot, "wide.png", make.png(2, 2), thumbnail=small, original_w=9_000, original_h=90)
    bot.answered(bot.mention("what is it?", files=[file]))

    (block,) = (block for block in blocks(bot) if "image" in block)
    assert block["image"]["format"] == "png"


def test_a_stub_of_slack_connect_is_asked_for_and_read(bot: Workbench) -> None:
    file = shared(bot, "계획.pdf", make.pdf("x"))
    bot.answered(bot.mention("what is it?", files=[bot.slack.stub(file)]))

    assert kinds(bot) == [("document", "pdf")]
    assert len(bot.calls("files.info")) == 1


def test_a_stub_of_a_file_that_is_gone_is_told(bot: Workbench) -> None:
    file = shared(bot, "plan.pdf", make.pdf("x"))
    bot.servers.do(lambda: bot.slack.files.delete(file["id"]))
    *_, answer = bot.answered(bot.mention("what is it?", files=[bot.slack.stub(file)]))

    assert answer == f"{EN.file_gone.format(name='file')}\nBecause."


def test_nothing_is_fetched_that_is_too_big_or_of_no_use(bot: Workbench) -> None:
    files = [
        shared(bot, "big.pdf", b"%PDF-", size=MOST_BYTES + 1),
        shared(bot, "x.rar", b"Rar!"),
    ]
    bot.answered(bot.mention("why?", files=files))

    assert bot.slack.files.asked == []


def test_a_retry_reads_the_files_again(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be"], then="cut"))
    question = bot.mention("what is it?", files=[shared(bot, "photo.png", make.png())])
    bot.until(lambda: bot.texts(question)[-1:] == [f"Be\n{EN.cut}"] and bot.at_rest())
    bot.press("retry", question)
    bot.until(lambda: len(bot.prompts()) == 2)

    assert kinds(bot) == [("image", "png")]


def test_questions_with_large_files_wait_acknowledged_and_each_is_answered_in_its_turn(
    ready: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for one such file. It is kept until its answer begins: it may have to be sent again."""
    monkeypatch.setattr("bot.engine.voices.MAX_BYTES_IN_FLIGHT", 2_000_000)
    ready.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException"))
    ready.start_bot()
    file = shared(ready, "large.pdf", make.pdf("x") + b"%" + bytes(200_000))
    asked = [ready.mention("what is it?", channel=each, files=[file]) for each in ready.channels(4)]
    ready.until(lambda: all(ready.texts(question) for question in asked))
    for begun in (2, 3, 4):
        ready.until(lambda count=begun: len(ready.prompts()) == count)  # type: ignore[misc]
        assert sum("Because." in ready.texts(question) for question in asked) <= begun - 2
        ready.bedrock.release()
    ready.until(lambda: sum("Because." in ready.texts(question) for question in asked) == 3)
