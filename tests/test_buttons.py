"""Stop and try again: buttons under answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import MINJI, Message
from tests.processes import two_on
from tests.workbench import Workbench, actions

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
ANEW = f"Because.\n{EN.regenerated}"
SLOWLY = Reply(text=["word "] * 3000, pace=Pace(0, 0.3, 50))
BECAUSE = Reply(text="Because.", pace=Pace(0, 0.3, 1000))
CUT = Reply(text=["Be", "cause."], after=1, then="cut", pace=Pace(0, 0.3, 1000))


@pytest.fixture
def bot(bench: Workbench) -> Workbench:
    """A workbench with a running bot whose first model says "On it."."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.start_bot()
    return bench


def buttons(message: Message) -> list[str]:
    """The labels of the buttons under a message."""
    return [element["text"]["text"] for element in actions(message) if element["type"] == "button"]


def test_stop_ends_the_answer_closes_its_stream_and_keeps_its_words(bot: Workbench) -> None:
    bot.bedrock.always("converse-stream", SLOWLY)
    question = bot.mention("why?")
    bot.until(lambda: bot.begins(question, "word word"))
    bot.press("stop", question)

    bot.until(lambda: bot.bedrock.closed and bot.at_rest())
    words, note = bot.texts(question)[-1].split("\n")
    assert words.startswith("word word")
    assert note == EN.stopped
    assert buttons(bot.messages(thread=question)[-1]) == [EN.retry]


def test_a_finished_answer_offers_no_button_and_a_growing_one_stop(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text=["그", "렇습니다."], after=1, then="hold"))
    question = bot.mention("왜요?")
    bot.until(lambda: bot.texts(question)[-1:] == ["그"])
    assert buttons(bot.messages(thread=question)[-1]) == [KO.stop]

    bot.bedrock.release()
    bot.until(bot.at_rest)
    assert buttons(bot.messages(thread=question)[-1]) == []


@pytest.mark.parametrize(("text", "texts"), [("why?", EN), ("왜요?", KO)])
def test_only_who_asked_may_press(bot: Workbench, text: str, texts: object) -> None:
    begun = "Because" if text == "why?" else "왜냐하면"
    bot.bedrock.enqueue("converse-stream", Reply(text=[begun, " so."], after=1, then="hold"))
    question = bot.mention(text)
    bot.until(lambda: bot.texts(question)[-1:] == [begun])
    bot.press("stop", question, user=MINJI.id)

    told = bot.until(lambda: [message for message in bot.messages() if message.only_for])
    assert [(message.only_for, message.text) for message in told] == [(MINJI.id, texts.only_asker)]  # type: ignore[attr-defined]
    bot.bedrock.release()
    bot.until(bot.at_rest)
    assert f"{begun} so." in bot.texts(question)


def test_a_retry_puts_the_answer_in_place_of_the_apology(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="ServiceUnavailableException"))
    bot.bedrock.enqueue("converse-stream", Reply(error="ServiceUnavailableException"))
    bot.bedrock.enqueue("converse-stream", Reply(error="ServiceUnavailableException"))
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question)[-1:] == [EN.unavailable] and bot.at_rest())
    bot.bedrock.enqueue("converse-stream", BECAUSE)
    bot.press("retry", question)
    bot.until(lambda: bot.stands_whole(question, ANEW))

    assert bot.prompts()[-1]["messages"] == [{"role": "user", "content": [{"text": "why?"}]}]
    assert len(bot.prompts("converse")) == 1


def test_a_retry_that_is_pressed_twice_is_made_once(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", CUT)
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question)[-1:] == [f"Be\n{EN.cut}"] and bot.at_rest())
    cut = bot.messages(thread=question)[-1]
    bot.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    for _ in range(3):
        assert bot.servers.wait_for(lambda: bot.slack.click(question.user, cut, "retry"))
    bot.until(lambda: len(bot.prompts()) == 2)
    bot.bedrock.release()
    bot.until(lambda: bot.stands_whole(question, ANEW) and bot.at_rest())

    assert len(bot.prompts()) == 2


def test_a_retry_that_fails_can_be_tried_again(bot: Workbench) -> None:
    bot.bedrock.always("converse-stream", CUT)
    question = bot.mention("why?")
    for count in (1, 2):
        bot.until(lambda count=count: len(bot.prompts()) == count and bot.texts(question) and bot.at_rest())  # type: ignore[misc]
        assert bot.texts(question)[-1] == f"Be\n{EN.cut}"
        if count == 2:
            bot.bedrock.always("converse-stream", BECAUSE)
        bot.press("retry", question)

    bot.until(lambda: bot.stands_whole(question, ANEW))


def test_the_question_of_a_command_can_be_tried_again(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException"), CUT)
    bot.ask("why\nso?")
    root = bot.posted_question()
    bot.until(lambda: bot.texts(root)[-1:] == [EN.not_set_up] and bot.at_rest())
    assert buttons(bot.messages(thread=root)[-1]) == []  # which no retry can mend

    bot.ask("why\nso?", channel="CRANDOM")
    root = bot.posted_question("CRANDOM")
    bot.until(lambda: bot.texts(root)[-1:] == [f"Be\n{EN.cut}"] and bot.at_rest())
    bot.bedrock.enqueue("converse-stream", BECAUSE)
    bot.press("retry", root)

    bot.until(lambda: bot.stands_whole(root, ANEW))
    assert bot.prompts()[-1]["messages"] == [{"role": "user", "content": [{"text": "why\nso?"}]}]


def test_a_retry_of_a_question_that_is_gone_is_told_to_who_pressed(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", CUT)
    root = bot.say("before")
    question = bot.mention("why?", thread=root)
    bot.until(lambda: bot.texts(root)[-1:] == [f"Be\n{EN.cut}"] and bot.at_rest())
    bot.servers.do(lambda: bot.slack.workspace.remove(question))
    bot.press("retry", root)

    told = bot.until(lambda: [message for message in bot.messages() if message.only_for])
    assert [message.text for message in told] == [EN.question_gone]
    assert len(bot.prompts()) == 1


def test_a_press_that_reaches_another_process_works_all_the_same(bench: Workbench, tmp_path: Path) -> None:
    """Eight answers of two processes; Slack hands each press to any one of them."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", SLOWLY)
    with two_on("redis", bench, tmp_path):
        questions = [bench.mention("why?", channel=channel) for channel in bench.channels(8)]
        bench.until(lambda: all(bench.begins(question, "word") for question in questions))
        for question in questions:
            bench.press("stop", question)
        bench.until(lambda: all(bench.texts(q)[-1].endswith(EN.stopped) for q in questions))
        bench.until(lambda: len(bench.bedrock.closed) == 8)

        bench.bedrock.always("converse-stream", BECAUSE)
        for question in questions:
            bench.press("retry", question)
        bench.until(lambda: all(bench.stands_whole(question, ANEW) for question in questions))
