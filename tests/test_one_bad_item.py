"""A file that a model refuses, or a question that a guardrail blocks, costs a thread nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.bedrock_answer import TOO_LONG
from bot.playground.bedrock_media import FILE_REFUSALS
from bot.playground.guardrail import CANNED
from bot.playground.workspace import MINJI, Message
from tests import sample_files as make
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
GUARDRAIL = {"bedrock_guardrail_id": "g-1"}
PDF, PNG, OTHER_PNG = make.pdf("Q3"), make.png(), make.png(7, 7)


def shared(bot: Workbench, name: str, data: bytes) -> dict[str, Any]:
    return bot.servers.do(lambda: bot.slack.upload(name, data))


def media(body: dict[str, Any]) -> list[str]:
    """The kind of each file in a request."""
    blocks = [block for turn in body["messages"] for block in turn["content"]]
    return [kind for block in blocks for kind in block if kind in ("document", "image", "video")]


def said(body: dict[str, Any]) -> str:
    """All that a request says in words."""
    return str([block for turn in body["messages"] for block in turn["content"] if not media_of(block)])


def stands(bot: Workbench, question: Message, words: str) -> None:
    """Wait until `words` stand in a thread; nothing holds them up until there is a greeting."""
    bot.until(lambda: words in bot.texts(question) and bot.at_rest())


def media_of(block: dict[str, Any]) -> bool:
    return not block.keys().isdisjoint(("document", "image", "video"))


@pytest.mark.parametrize("refusal", ["pdf", "filter of images", "no word of files", "format"])
def test_a_file_that_the_model_refuses_is_named_and_the_question_answered_without_it_in_one_more_call(
    bot: Workbench, refusal: str
) -> None:
    bot.bedrock.refuse_file(PNG, FILE_REFUSALS[refusal])
    question = bot.mention("왜요?", files=[shared(bot, "사진.png", PNG)])

    assert bot.answered(question)[-1] == f"{KO.file_refused.format(name='사진.png')}\nBecause."
    assert list(map(media, bot.prompts())) == [["image"], []]
    assert '"사진.png" cannot be read' in said(bot.prompts()[-1])


def test_of_several_files_the_one_that_is_told_is_left_out_and_remembered_in_its_thread(
    ready: Workbench,
) -> None:
    ready.bedrock.refuse_file(PDF, FILE_REFUSALS["bytes"])
    first = ready.start_bot()
    files = [shared(ready, "photo.png", PNG), shared(ready, "plan.pdf", PDF)]
    question = ready.mention("what is it?", files=files)
    told = EN.file_refused.format(name="plan.pdf")

    assert ready.answered(question)[-1] == f"{told}\nBecause."
    ready.stop_bot(first)
    ready.start_bot()  # it reads in the thread what the other one found out
    ready.mention("and now?", thread=question)
    assert ready.answered(question, count=4, before=2)[-1] == "Because."
    assert list(map(media, ready.prompts())) == [["image", "document"], ["image"], ["image"]]


def test_where_no_file_is_told_all_are_left_out_and_only_the_new_ones_are_blamed(bot: Workbench) -> None:
    root = bot.say("Look", user=MINJI.id, files=[shared(bot, "old.png", OTHER_PNG)])
    bot.mention("what is it?", thread=root)
    bot.answered(root)
    bot.bedrock.refuse_file(PNG, FILE_REFUSALS["no word of files"])
    bot.mention("and this?", thread=root, files=[shared(bot, "new.png", PNG)])
    *_, answer = bot.answered(root, count=4, before=2)
    bot.mention("and then?", thread=root)
    bot.answered(root, count=6, before=4)

    names = ("new.png", "old.png")
    assert answer.split("\n") == [*(EN.file_refused.format(name=name) for name in names), "Because."]
    assert list(map(media, bot.prompts())) == [["image"], ["image", "image"], [], ["image"]]


@pytest.mark.parametrize("then", ["", "exception:validationException"])
def test_files_that_are_too_much_are_left_out(bot: Workbench, then: str) -> None:
    error = (
        Reply(text="", then=then, message=TOO_LONG)
        if then
        else Reply(error="ValidationException", message=TOO_LONG)
    )
    bot.bedrock.enqueue("converse-stream", error)
    question = bot.mention("why?", files=[shared(bot, "plan.pdf", PDF)])

    assert bot.answered(question)[-1] == f"{EN.file_refused.format(name='plan.pdf')}\nBecause."


def test_a_file_that_nothing_is_asked_about_is_told_alone(bot: Workbench) -> None:
    bot.bedrock.refuse_file(PDF, FILE_REFUSALS["pdf"])
    question = bot.dm("", files=[shared(bot, "plan.pdf", PDF)])
    stands(bot, question, EN.file_refused.format(name="plan.pdf"))

    assert len(bot.prompts()) == 1


def test_what_is_no_fault_of_a_file_is_tried_with_it_and_blames_none(bot: Workbench) -> None:
    error = Reply(error="ValidationException", message="The provided model identifier is invalid.")
    bot.bedrock.enqueue("converse-stream", error)
    question = bot.mention("why?", files=[shared(bot, "plan.pdf", PDF)])
    stands(bot, question, EN.not_set_up)

    assert len(bot.prompts()) == 1


# Guardrails and filters


def test_a_question_that_a_guardrail_blocked_and_its_sentence_are_no_part_of_the_thread(
    ready: Workbench,
) -> None:
    ready.bedrock.guard("cactus")
    ready.start_bot(**GUARDRAIL)
    root = ready.mention("how are you?")
    ready.answered(root)
    ready.mention("what is a cactus?", thread=root)
    stands(ready, root, f"{CANNED}\n{EN.guarded}")
    ready.mention("and a rose?", thread=root)
    ready.until(lambda: len(ready.prompts()) == 3)

    last = said(ready.prompts()[-1])
    assert "how are you?" in last
    assert "cactus" not in last
    assert CANNED not in last


def test_a_guardrail_judges_the_new_question_alone(ready: Workbench) -> None:
    ready.bedrock.guard("cactus")
    ready.start_bot(**GUARDRAIL)
    root = ready.say("my cactus", user=MINJI.id, files=[shared(ready, "a.png", PNG)])
    files = [
        shared(ready, "b.png", OTHER_PNG),
        shared(ready, "c.pdf", PDF),
        shared(ready, "d.gif", make.gif()),
    ]
    ready.mention("what is it?", thread=root, files=files)
    assert ready.answered(root)[-1] == "Because."

    (turn,) = ready.prompts()[0]["messages"]
    guarded = [block["guardContent"] for block in turn["content"] if "guardContent" in block]
    image, text = guarded
    assert image["image"]["format"] == "png"
    assert "what is it?" in text["text"]["text"]
    assert "my cactus" not in text["text"]["text"]
    assert [kind for block in turn["content"] for kind in block] == [
        *("image", "guardContent", "document", "image"),
        *("text", "guardContent"),
    ]


def test_a_question_that_the_models_own_filter_refused_is_left_out_too(bot: Workbench) -> None:
    refusal = "This request has been blocked by our content filters. Please adjust your text prompt."
    bot.bedrock.enqueue("converse-stream", Reply(error="ValidationException", message=refusal))
    root = bot.mention("something bad?")
    stands(bot, root, EN.blocked)
    bot.mention("and something good?", thread=root)
    bot.until(lambda: len(bot.prompts()) == 2)

    assert "something bad?" not in said(bot.prompts()[-1])
