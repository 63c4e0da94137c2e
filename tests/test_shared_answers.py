"""What was answered once is not answered again: the cache, and one generation for all who ask at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import MINJI, NOOR, Message
from tests.processes import Processes, two_on
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


@pytest.fixture
def bot(ready: Workbench) -> Workbench:
    """A workbench with a running bot that keeps answers."""
    ready.start_bot(cache_ttl=60.0)
    return ready


def counted(bot: Workbench) -> tuple[int, int]:
    """How often the first and the second model were asked."""
    return len(bot.prompts("converse")), len(bot.prompts())


def test_a_repeated_question_is_answered_at_once_without_a_model_and_says_so(bot: Workbench) -> None:
    bot.answered(bot.mention("Why is the sky blue?"))
    again = bot.mention("why is the  sky blue", channel="CRANDOM", user=MINJI.id)

    assert bot.answered(again, count=1) == [f"Because.\n{EN.from_cache}"]
    assert counted(bot) == (1, 1)
    (message,) = bot.messages(thread=again)
    assert len(bot.versions(message)) == 1


def test_a_command_is_answered_from_the_cache_too_and_in_korean(bot: Workbench) -> None:
    bot.answered(bot.mention("하늘은 왜 파란가요?"))
    bot.ask("하늘은 왜 파란가요", channel="CRANDOM")

    question = bot.posted_question("CRANDOM")
    assert bot.answered(question, count=1) == [f"Because.\n{KO.from_cache}"]
    assert counted(bot) == (1, 1)


def test_a_conversation_goes_on_from_an_answer_out_of_the_cache(bot: Workbench) -> None:
    bot.answered(bot.mention("why?"))
    again = bot.mention("why?")
    bot.answered(again, count=1)
    bot.mention("and then?", thread=again)
    bot.answered(again, count=3, before=1)

    told = [(turn["role"], turn["content"][0]["text"]) for turn in bot.prompts()[-1]["messages"]]
    assert told == [("user", "why?"), ("assistant", "Because."), ("user", "and then?")]


def test_a_question_in_a_thread_or_a_direct_message_gets_an_answer_of_its_own(bot: Workbench) -> None:
    bot.answered(bot.mention("why?"))
    root = bot.say("something before")
    bot.mention("why?", thread=root)
    bot.answered(root)
    bot.answered(bot.dm("why?"))
    bot.answered(bot.mention("why?", channel="GTEAM"))

    assert counted(bot) == (4, 4)


def test_a_question_with_a_file_gets_an_answer_of_its_own(bot: Workbench) -> None:
    bot.answered(bot.mention("why?"))
    bot.answered(bot.mention("why?", files=[{"name": "plan.pdf"}]))

    assert counted(bot) == (2, 2)


def test_another_company_neither_gets_nor_gives_kept_answers(ready: Workbench) -> None:
    ready.start_bot(cache_ttl=60.0, allow_external=True)
    ready.answered(ready.mention("why?"))
    ready.answered(ready.mention("why?", user=NOOR.id, channel="CPARTNERS"))
    ready.answered(ready.mention("why?", channel="CPARTNERS"))
    ready.answered(ready.mention("how?", user=NOOR.id, channel="CPARTNERS"))
    ready.answered(ready.mention("how?"))
    assert counted(ready) == (5, 5)

    ready.servers.do(lambda: ready.slack.share("CGENERAL"))
    ready.until(lambda: ready.calls("conversations.info"))
    ready.answered(ready.mention("how?"))
    assert ready.answered(ready.mention("how?", channel="CRANDOM"), count=1) == [f"Because.\n{EN.from_cache}"]
    assert counted(ready) == (6, 6)


@pytest.mark.parametrize("change", ["deleted", "changed", "a file added"])
def test_an_answer_is_kept_no_longer_than_its_question_stands_as_it_was(bot: Workbench, change: str) -> None:
    """No event tells of it: by default the bot does not hear what happens to messages in channels."""
    question = bot.mention("why?")
    bot.answered(question)
    workspace = bot.slack.workspace
    if change == "deleted":
        bot.servers.do(lambda: workspace.remove(question))
    elif change == "changed":
        bot.servers.do(lambda: workspace.put(replace(question, text="<@UDUET> who leaves?")))
    else:
        bot.servers.do(lambda: workspace.put(replace(question, files=({"id": "F1", "name": "a.txt"},))))

    for _ in range(2):  # what is generated is kept again
        bot.answered(bot.mention("why?", channel="CRANDOM"), count=1 if len(bot.prompts()) == 2 else 2)
    assert counted(bot) == (2, 2)


def test_what_depends_on_the_time_or_the_asker_is_generated_each_time(bot: Workbench) -> None:
    for text in ("what is on today?", "내 연차 며칠 남았어?"):
        for _ in range(2):
            bot.answered(bot.mention(text))

    assert counted(bot) == (4, 4)


@pytest.mark.parametrize(
    ("reply", "texts"),
    [
        (Reply(text="Because", after=1, then="cut"), 2),
        (Reply(text="Because", stop_reason="max_tokens"), 2),
        (Reply(text="Because", stop_reason="content_filtered"), 2),
        (Reply(error="ValidationException"), 2),
    ],
    ids=["cut", "too long", "filtered", "failed"],
)
def test_an_answer_that_is_not_whole_is_never_kept(bench: Workbench, reply: Reply, texts: int) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse-stream", reply)
    bench.start_bot(cache_ttl=60.0)
    bench.until(lambda: bench.at_rest())
    bench.mention("why?")
    bench.until(lambda: len(bench.prompts()) == 1)
    bench.until(bench.at_rest)
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))

    assert bench.answered(bench.mention("why?", user=MINJI.id)) == ["On it.", "Because."]


def test_an_answer_with_personal_data_that_is_to_be_masked_is_never_kept(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", Reply(text="Write to ada@example.com.", after=0, then="hold"))
    ready.start_bot(cache_ttl=60.0, redact=("email",))
    for count in (1, 2):
        ready.answered(ready.mention("Why is the sky blue?"))
        assert len(ready.prompts()) == count


def test_an_answer_that_was_stopped_is_never_kept(bot: Workbench) -> None:
    slowly = Pace(0, 0, tokens_per_second=50)
    bot.bedrock.enqueue("converse-stream", Reply(text=["word "] * 5000, pace=slowly))
    question = bot.mention("why?")
    bot.until(lambda: "word" in "".join(bot.texts(question)))
    bot.press("stop", question)
    bot.until(lambda: bot.texts(question)[-1].endswith(EN.stopped))
    bot.until(lambda: bot.bedrock.closed)

    assert bot.answered(bot.mention("why?", user=MINJI.id)) == ["On it.", "Because."]


def test_without_a_time_to_keep_them_answers_are_not_kept(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(cache_ttl=0.0)
    for _ in range(2):
        bench.answered(bench.mention("why?"))

    assert len(bench.prompts()) == 2


def test_fifty_who_ask_the_same_at_once_are_answered_by_one_generation(bot: Workbench) -> None:
    questions = [bot.mention("why?", channel=channel) for channel in bot.channels(50)]
    bot.until(lambda: all(bot.texts(question) == ["On it."] for question in questions) and bot.prompts())
    bot.bedrock.release()
    bot.until(lambda: all(bot.texts(question) == ["On it.", "Because."] for question in questions))

    assert counted(bot) == (1, 1)


def test_who_asks_the_same_while_it_is_answered_sees_at_once_what_was_said(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    first = bot.mention("why?")
    bot.until(lambda: bot.texts(first)[-1:] == ["Be"])
    second = bot.mention("why?", channel="CRANDOM")

    bot.until(lambda: bot.texts(second)[-1:] == ["Be"])
    bot.bedrock.release()
    bot.until(lambda: bot.texts(first)[-1:] == bot.texts(second)[-1:] == ["Because."])
    assert counted(bot) == (1, 1)


def test_when_the_first_who_asked_wants_no_more_the_others_get_it_all(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    first, second = (bot.mention("why?", channel=channel) for channel in bot.channels(2))
    bot.until(lambda: bot.texts(first)[-1:] == bot.texts(second)[-1:] == ["Be"])
    bot.press("stop", first)
    bot.until(lambda: bot.texts(first)[-1:] == [f"Be\n{EN.stopped}"])
    bot.bedrock.release()

    bot.until(lambda: bot.texts(second)[-1:] == ["Because."])
    assert bot.answered(bot.mention("why?"), count=1) == [f"Because.\n{EN.from_cache}"]


@pytest.fixture(params=["sqlite", "redis"])
def two(request: pytest.FixtureRequest, bench: Workbench, tmp_path: Path) -> Iterator[Processes]:
    """Two bots that keep answers together."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    with two_on(request.param, bench, tmp_path, CACHE_TTL="60") as processes:
        yield processes


def ask_ten(bench: Workbench) -> list[Message]:
    """Ask the same in ten channels; of two processes both have askers."""
    return [bench.mention("why?", channel=channel) for channel in bench.channels(10)]


def are_answered(bench: Workbench, questions: Sequence[Message], words: str) -> bool:
    return all(words in "".join(bench.texts(question)) for question in questions)


def test_two_processes_generate_once_what_many_ask_at_once(two: Processes) -> None:
    """However long it takes, while it gets on."""
    bench = two.bench
    slowly = Reply(text=[*["word "] * 26, "end."], pace=Pace(0, 0, tokens_per_second=10))
    bench.bedrock.always("converse-stream", slowly)
    questions = ask_ten(bench)
    bench.until(lambda: are_answered(bench, questions, "end."))

    assert len(bench.prompts()) == 1
    assert two.log.count("is_from_cache=True") < 10


def test_who_waits_for_an_answer_that_does_not_get_on_generates_it(two: Processes) -> None:
    bench = two.bench
    bench.bedrock.always("converse-stream", Reply(text="At last."))
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    questions = ask_ten(bench)
    bench.until(lambda: any(bench.texts(question)[-1:] == ["At last."] for question in questions))
    bench.bedrock.release()

    def is_whole(question: Message) -> bool:
        return bench.texts(question)[-1].partition("\n")[0] in ("At last.", "Because.")

    bench.until(lambda: all(is_whole(question) for question in questions))
    assert len(bench.prompts()) == 2


def test_what_a_killed_process_was_generating_another_generates(two: Processes) -> None:
    """Both have askers: those of the killed one are taken over, those of the other wait for nobody."""
    bench = two.bench
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(6)]
    bench.until(lambda: all(bench.texts(question) == ["On it."] for question in questions))
    two.kill(two.running[0])

    def all_stand() -> bool:
        bench.bedrock.release()
        return all("Because." in bench.texts(question)[-1] for question in questions)

    bench.until(all_stand, seconds=30.0)
