"""Next questions: what is suggested under an answer, and asked in its thread by a press."""

from __future__ import annotations

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.workspace import MINJI, Message
from tests.workbench import Workbench, actions

EN = texts_in(Language.EN)
BECAUSE = Reply(text="Because.", pace=Pace(0, 0.3, 1000))
NEXT = ["Since when?", "왜 그런가요?", "Who decided that?"]


@pytest.fixture
def bot(bench: Workbench) -> Workbench:
    """A workbench with a running bot that suggests; its first model acknowledges, and then it suggests."""
    bench.bedrock.enqueue("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse", Reply(text="\n".join(NEXT)))
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    bench.start_bot(follow_ups=3)
    return bench


def suggested(bench: Workbench, question: Message) -> list[str]:
    """The labels of the buttons that ask on, under the last message in a thread."""
    elements = [element for message in bench.messages(thread=question)[-1:] for element in actions(message)]
    return [e["text"]["text"] for e in elements if e["action_id"].startswith("follow_up")]


def test_a_whole_answer_is_followed_by_buttons_that_ask_on(bot: Workbench) -> None:
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question)[-1:] == ["Because."] and suggested(bot, question) == NEXT)

    asked = bot.prompts("converse")[-1]
    assert [turn["content"][0]["text"] for turn in asked["messages"][:2]] == ["why?", "Because."]
    assert "3 short questions" in asked["messages"][2]["content"][0]["text"]
    (interaction,) = bot.written(1)
    assert interaction.usage.output > sum(len(text) for text in NEXT) / 4  # what it suggested was billed, too


def test_a_press_asks_in_the_thread_for_whoever_pressed_and_once(bot: Workbench) -> None:
    question = bot.mention("why?")
    bot.until(lambda: suggested(bot, question))
    answer = bot.messages(thread=question)[-1]
    for user in (MINJI.id, question.user):
        bot.servers.wait_for(lambda user=user: bot.slack.click(user, answer, "follow_up_2"))  # type: ignore[misc]
    bot.until(lambda: len(bot.prompts()) == 2 and bot.at_rest())

    assert bot.texts(question).count(EN_ASKS_KO) == 1
    assert bot.texts(question)[-1] == "Because."
    told = [turn["content"][0]["text"] for turn in bot.prompts()[-1]["messages"]]
    assert told[1] == "Because."
    assert told[0].endswith("why?")
    assert told[2].endswith(NEXT[1])
    assert len(told) == 3
    assert len(bot.prompts()) == 2


EN_ASKS_KO = f"{texts_in(Language.KO).asks.format(asker=f'<@{MINJI.id}>')}\n> {NEXT[1]}"


def test_an_answer_to_a_suggested_question_can_be_given_anew_within_its_thread(bot: Workbench) -> None:
    question = bot.mention("why?")
    bot.until(lambda: suggested(bot, question))
    answer = bot.messages(thread=question)[-1]
    bot.servers.wait_for(lambda: bot.slack.click(MINJI.id, answer, "follow_up_1"))
    bot.until(lambda: len(bot.prompts()) == 2 and bot.at_rest())
    before = [turn["content"][0]["text"] for turn in bot.prompts()[-1]["messages"]]
    bot.press("menu", question, user=MINJI.id, value="regenerate")
    bot.until(lambda: len(bot.prompts()) == 3 and bot.at_rest())

    assert [turn["content"][0]["text"] for turn in bot.prompts()[-1]["messages"]] == before


@pytest.mark.parametrize(
    "answer",
    [
        Reply(error="AccessDeniedException"),
        Reply(text=["Be", "cause."], after=1, then="cut", pace=Pace(0, 0.3, 1000)),
        Reply(text="Because.", stop_reason="max_tokens", pace=Pace(0, 0.3, 1000)),
    ],
)
def test_nothing_is_suggested_where_the_answer_is_none_or_not_whole(bot: Workbench, answer: Reply) -> None:
    bot.bedrock.enqueue("converse-stream", answer)
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question) and bot.at_rest() and bot.prompts("converse"))

    assert len(bot.prompts("converse")) == 1
    assert not suggested(bot, question)


def test_nothing_is_suggested_again_under_an_answer_from_the_cache(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    bench.start_bot(follow_ups=3, cache_ttl=60.0)
    first = bench.mention("why?")
    bench.until(lambda: suggested(bench, first) == ["On it."])
    bench.until(bench.at_rest)
    second = bench.mention("why?")
    bench.until(lambda: bench.texts(second) and bench.at_rest())

    assert len(bench.prompts("converse")) == 2
    assert not suggested(bench, second)


def test_an_answer_for_which_the_model_suggests_nothing_is_an_answer(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(text="On it."))
    bench.bedrock.always("converse", Reply(error="ThrottlingException"))
    bench.bedrock.always("converse-stream", BECAUSE)
    bench.start_bot(follow_ups=3)
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Because."] and bench.at_rest())

    assert len(bench.prompts("converse")) == 2
    assert not suggested(bench, question)


def test_an_answer_for_which_slack_takes_no_suggestions_is_an_answer(bench: Workbench) -> None:
    question = whole_and_held(bench)
    bench.slack.faults.enqueue("chat.update", Fault(error="cant_update_message"))
    bench.bedrock.release()
    bench.until(bench.at_rest)

    assert not suggested(bench, question)
    (interaction,) = bench.written(1)
    assert interaction.outcome == "whole"


def test_where_no_edit_is_left_nothing_is_suggested(bench: Workbench) -> None:
    question = whole_and_held(bench, slack_edits_per_minute=1)
    bench.bedrock.release()
    bench.until(bench.at_rest)

    assert not suggested(bench, question)
    assert len(bench.calls("chat.update")) == 1


def test_how_long_an_answer_took_is_told_without_the_thinking_about_suggestions(bench: Workbench) -> None:
    question = whole_and_held(bench)
    bench.bedrock.release()
    bench.until(bench.at_rest)

    (interaction,) = bench.written(1)
    assert suggested(bench, question)
    assert interaction.whole_s
    assert interaction.asked_at + interaction.whole_s < bench.calls("chat.update")[-1].at


def test_an_answer_that_is_given_anew_is_not_written_over_by_late_suggestions(bench: Workbench) -> None:
    question = whole_and_held(bench)
    bench.bedrock.always("converse-stream", Reply(text="For another reason.", pace=Pace(0, 0.3, 1000)))
    bench.press("menu", question, value="regenerate")
    bench.until(lambda: len(bench.prompts()) == 2)
    bench.bedrock.release()
    bench.until(lambda: suggested(bench, question) == ["On it."] and bench.at_rest())

    assert bench.texts(question)[-1].startswith("For another reason.")
    assert NEXT[0] not in str(bench.calls("chat.update"))


def whole_and_held(bench: Workbench, **settings: int) -> Message:
    """A question whose answer is whole on screen, after an edit, while the first model thinks on."""
    bench.bedrock.enqueue("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse", Reply(text="\n".join(NEXT), then="hold"))
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    bench.start_bot(follow_ups=3, **settings)
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    bench.bedrock.release()
    bench.until(lambda: bench.texts(question)[-1:] == ["Because."])
    bench.until(lambda: len(bench.prompts("converse")) == 2)
    bench.until(lambda: not bench.calls("chat.update")[-1:][0].error)
    return question
