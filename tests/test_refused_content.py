"""Answers that Slack does not take as they are, over the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.core.message import Action
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from tests.sample_blocks import kinds, table
from tests.workbench import Workbench, actions, grows

EN = texts_in(Language.EN)
CHAPTERS = [f"## Part {number}\n\nword{number} says why.\n\n" for number in range(80)]
TABLES = [f"word{number}\n\n{table(3, 2, f'cell{number}')}\n\n" for number in range(4)]


def has_table(parameters: Mapping[str, Any]) -> bool:
    return "table" in kinds(parameters)


def has_blocks(parameters: Mapping[str, Any]) -> bool:
    return bool(parameters.get("blocks"))


def refuse(bot: Workbench, code: str, where: Callable[[Mapping[str, Any]], bool]) -> None:
    for method in ("chat.postMessage", "chat.update"):
        bot.slack.faults.always(method, Fault(error=code), where)


def is_whole(bot: Workbench, words: list[str], text: Callable[[], str]) -> bool:
    return bot.at_rest() and all(word in text() for word in words)


@pytest.mark.parametrize("name", ["n" * 250, "<&>" * 80, "*_`~" * 60, "\u202e😀\n# " * 50])
def test_long_names_of_files_keep_no_answer_from_being_shown(bot: Workbench, name: str) -> None:
    """In blocks, and where Slack takes no blocks."""
    bot.bedrock.enqueue("converse-stream", Reply(text=[f"word{number} " for number in range(2_000)]))
    bot.bedrock.enqueue("converse-stream", Reply(text=[f"word{number} " for number in range(2_000)]))
    files = [{"id": f"F{number}", "name": f"{name}.rar"} for number in range(10)]
    for is_refused in (False, True):
        if is_refused:
            refuse(bot, "invalid_blocks", has_blocks)
        question = bot.mention("why?", files=files)
        bot.until(lambda: is_whole(bot, ["word0 ", "word1999"], lambda: "\n".join(bot.texts(question))))  # noqa: B023

        assert is_refused or EN.files_left_out.format(count=6) in "\n".join(bot.texts(question))


def test_an_answer_with_many_headings_comes_whole_and_nothing_of_it_is_refused(bot: Workbench) -> None:
    slowly = Pace(tokens_per_second=400)
    bot.bedrock.enqueue("converse-stream", Reply(text=CHAPTERS, pace=slowly))
    question = bot.mention("why?")
    words = [f"word{number} " for number in range(80)]
    bot.until(lambda: is_whole(bot, words, lambda: "\n".join(bot.texts(question))))

    calls = bot.calls("chat.postMessage") + bot.calls("chat.update")
    assert [call.error for call in calls if call.error] == []


@pytest.mark.parametrize(
    ("code", "where"),
    [("invalid_blocks", has_table), ("invalid_blocks", has_blocks), ("msg_blocks_too_long", has_blocks)],
)
def test_what_slack_refuses_is_shown_in_plain_words_and_leaves_no_button_that_does_nothing(
    bot: Workbench, code: str, where: Callable[[Mapping[str, Any]], bool]
) -> None:
    refuse(bot, code, where)
    bot.bedrock.enqueue("converse-stream", Reply(text=TABLES, pace=Pace(tokens_per_second=30)))
    question = bot.mention("why?")
    words = [f"cell{number}" for number in range(4)]
    bot.until(lambda: is_whole(bot, words, lambda: "\n".join(bot.texts(question))))

    pressed = [each["action_id"] for message in bot.messages(thread=question) for each in actions(message)]
    assert Action.STOP.value not in pressed


def test_where_no_edit_with_blocks_is_taken_the_stop_buttons_go_all_the_same(bot: Workbench) -> None:
    bot.slack.faults.always("chat.update", Fault(error="invalid_blocks"), has_blocks)
    bot.bedrock.enqueue("converse-stream", Reply(text=CHAPTERS[:9], after=4, then="hold"))
    question = bot.mention("why?")
    bot.until(lambda: "word0" in "".join(bot.texts(question)))
    bot.bedrock.release()
    words = [f"word{number} " for number in range(9)]
    bot.until(lambda: is_whole(bot, words, lambda: "\n".join(bot.texts(question))))

    last = bot.calls("chat.update")[-1]
    assert (last.error, last.parameters["blocks"]) == ("", [])
    assert not any(map(grows, bot.messages(thread=question)))


def test_a_slack_with_one_table_a_message_gets_one_table_a_message(bot: Workbench) -> None:
    bot.servers.do(lambda: setattr(bot.slack.workspace, "tables_per_message", 1))
    bot.bedrock.enqueue("converse-stream", Reply(text=TABLES, pace=Pace(tokens_per_second=30)))
    question = bot.mention("why?")
    words = [f"cell{number}" for number in range(4)]
    bot.until(lambda: is_whole(bot, words, lambda: "\n".join(bot.texts(question))))

    stored = [[block["type"] for block in message.blocks] for message in bot.messages(thread=question)]
    assert max(kinds.count("table") for kinds in stored) == 1
    assert sum(kinds.count("table") for kinds in stored) >= 4  # one can go on in the next message


def test_where_slack_takes_nothing_of_an_answer_its_asker_is_told(bot: Workbench) -> None:
    refuse(bot, "msg_too_long", lambda parameters: "word0" in str(parameters))
    bot.bedrock.enqueue("converse-stream", Reply(text=TABLES))
    question = bot.mention("why?")

    bot.until(lambda: bot.texts(question)[-1:] == [EN.unshown] and bot.at_rest())


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long"])
def test_a_command_whose_question_is_refused_is_posted_in_plain_text_and_goes_on(
    bot: Workbench, code: str
) -> None:
    asks = EN.asks.rpartition("}")[2]
    bot.slack.faults.always("chat.postMessage", Fault(error=code), lambda p: asks in str(p.get("blocks")))
    bot.ask("Why **now**?")
    question = bot.posted_question()
    bot.answered(question)
    bot.mention("and then?", thread=question)
    bot.until(lambda: len(bot.prompts()) == 2)

    assert question.blocks == []
    assert [turn["content"][0]["text"] for turn in bot.prompts()[-1]["messages"]] == [
        "Why **now**?",
        "Because.",
        "and then?",
    ]


def test_where_slack_takes_nothing_of_a_command_its_asker_is_told(bot: Workbench) -> None:
    bot.slack.faults.always("chat.postMessage", Fault(error="msg_too_long"))
    bot.ask("why?")

    bot.until(lambda: bot.told_privately() == [EN.failed] and bot.at_rest())
