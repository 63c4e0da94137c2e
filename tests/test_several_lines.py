"""Several lines in a row in direct messages, and going on at top level."""

from __future__ import annotations

from functools import partial

import pytest

from bot.core import lines
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.workspace import ADA, MINJI, Message
from tests.processes import Processes
from tests.workbench import Workbench, open_questions

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
BURST = ("hey", "quick question", "can you explain DNS?")


def asked(bench: Workbench) -> list[str]:
    return [prompt["messages"][-1]["content"][0]["text"] for prompt in bench.prompts()]


def write(bench: Workbench, *texts: str) -> list[Message]:
    """Write several lines in Ada's direct messages, each after the one before it was heard."""
    said = []
    for number, text in enumerate(texts):
        said.append(bench.dm(text))
        if number + 1 < len(texts):
            bench.until(lambda: text in pending(bench))  # noqa: B023 - in its turn
    return said


def released(bench: Workbench) -> Workbench:
    """The workbench, whose models go on now."""
    bench.bedrock.release()
    return bench


def pending(bench: Workbench) -> str:
    """All that is asked in the bot and not answered yet."""
    live = bench.bots[0].orchestrator._live  # noqa: SLF001 - nobody else can tell
    return "\n".join(exchange.question.text for exchange in tuple(live))


@pytest.fixture
def patient(ready: Workbench, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A bot that waits for lines for so long that a test can tell it waits."""
    monkeypatch.setattr(lines, "SETTLE_SECONDS", 30.0)
    ready.start_bot()
    return ready


def test_lines_in_a_row_are_one_question_with_one_answer_under_the_first(patient: Workbench) -> None:
    first, *others = write(patient, *BURST)

    assert patient.answered(first)[1] == "Because."
    assert asked(patient) == ["\n".join(BURST)]
    assert not [text for other in others for text in patient.texts(other)]
    assert len(patient.written(1)) == 1


def test_what_looks_unfinished_is_acknowledged_at_once_and_answered_when_nothing_follows(
    ready: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "SETTLE_SECONDS", 0.4)
    ready.start_bot()
    first = ready.dm("hey")
    ready.until(lambda: ready.texts(first) == ["On it."])
    assert not ready.prompts()

    assert ready.answered(first) == ["On it.", "Because."]
    assert len(ready.prompts("converse")) == 1


def test_a_line_that_comes_before_the_answers_first_word_begins_it_anew(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text="No.", after=0, then="hold"))
    ready.start_bot()
    first = ready.dm("why?")
    ready.until(ready.prompts)
    ready.dm("and how?")

    assert ready.answered(first) == ["On it.", "Because."]
    assert asked(ready) == ["why?", "why?\nand how?"]


def test_a_line_that_comes_after_the_answers_words_is_a_question_of_its_own(bot: Workbench) -> None:
    first = bot.dm("why?")
    bot.answered(first)
    second = bot.dm("how?")

    assert bot.answered(second)[1] == "Because."
    assert bot.texts(first) == ["On it.", "Because."]


def test_twenty_lines_start_the_answering_model_a_few_times(
    ready: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "SETTLE_SECONDS", 0.5)
    ready.start_bot()
    first, *_ = write(ready, *(f"is it {number}?" for number in range(lines.MAX_LINES)))
    ready.until(lambda: asked(ready)[-1].count("\n") == lines.MAX_LINES - 1)

    assert ready.answered(first)[1] == "Because."
    assert len(ready.prompts()) <= lines.MAX_EARLY_STARTS + 1


def test_only_ones_own_lines_are_joined(patient: Workbench) -> None:
    hers, theirs = patient.dm("hey"), patient.say("hey", channel="DMINJI", user=MINJI.id)
    patient.until(lambda: pending(patient).count("hey") == 2)  # events can be heard in another order
    patient.dm("why?")
    patient.say("왜요?", channel="DMINJI", user=MINJI.id)

    for question in (hers, theirs):
        assert patient.answered(question)[1] == "Because."
    assert sorted(asked(patient)) == ["hey\nwhy?", "hey\n왜요?"]


def test_a_line_that_is_delivered_again_asks_nothing(patient: Workbench) -> None:
    first = patient.dm("hey")
    patient.until(lambda: patient.texts(first))
    event = {"type": "message", "channel_type": "im", "channel": "DADA", "user": ADA.id, "text": "why?"}
    for _ in range(3):
        send = partial(patient.slack.events.send, event | {"ts": f"{float(first.ts) + 1:.6f}"}, "EvSAME")
        patient.servers.do(send)
    patient.answered(first)
    patient.answered(patient.mention("another"))

    assert asked(patient) == ["hey\nwhy?", "another"]


def test_a_line_that_is_changed_or_deleted_meanwhile_is_answered_as_it_reads(ready: Workbench) -> None:
    ready.bedrock.enqueue(
        "converse-stream", *(Reply(text=["Be", "cause."], after=1, then="hold") for _ in range(2))
    )
    ready.start_bot()
    first, second, third = write(ready, "hey", "so", "hw?")
    ready.until(lambda: ready.texts(first)[-1:] == ["Be"])
    ready.servers.do(lambda: ready.slack.edit(third, "how?"))
    ready.until(lambda: asked(ready)[-1] == "hey\nso\nhow?")
    ready.until(lambda: ready.calls("chat.update"))
    ready.servers.do(lambda: ready.slack.delete(second))

    ready.until(lambda: asked(ready)[-1] == "hey\nhow?")
    ready.until(lambda: released(ready).begins(first, "Because."))


def test_a_follow_up_and_an_answer_given_anew_know_all_lines(patient: Workbench) -> None:
    first, *_ = write(patient, *BURST)
    patient.answered(first)
    patient.press("menu", first, value="regenerate")
    patient.until(lambda: released(patient).begins(first, "Because.\n"))
    patient.dm("and then?", thread=first)
    patient.until(lambda: len(released(patient).prompts()) == 3)

    told = [turn["content"][0]["text"] for turn in patient.prompts()[-1]["messages"]]
    assert asked(patient)[1] == "\n".join(BURST)
    assert told[0] == "\n".join(BURST)


def test_lines_whose_process_died_are_answered_together(processes: Processes) -> None:
    bench = processes.bench
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    process = processes.start()
    first = bench.dm("hey")
    bench.until(lambda: bench.texts(first))
    second = bench.dm("quick question")
    bench.until(lambda: "line.joined" in processes.log and len(open_questions(processes.store)) == 1)
    processes.kill(process)
    processes.start()

    bench.answered_whole("Because.", first)
    assert asked(bench) == ["hey\nquick question"]
    assert not bench.texts(second)


# Threads remember


def test_who_goes_on_at_top_level_is_told_once_that_threads_remember(bot: Workbench) -> None:
    for text in ("why?", "how?", "when?"):
        bot.answered(bot.dm(text))
    bot.answered(bot.say("왜요?", channel="DMINJI", user=MINJI.id))

    assert bot.told_privately(channel="DADA") == [EN.threads_remember]
    assert not bot.told_privately(MINJI.id, "DMINJI")
    bot.answered(bot.say("어떻게요?", channel="DMINJI", user=MINJI.id))
    assert bot.until(lambda: bot.told_privately(MINJI.id, "DMINJI")) == [KO.threads_remember]
