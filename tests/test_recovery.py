"""A question outlives the process that took it: real processes, killed for good."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, BOT_USER, TEAM, Message
from tests.forks import exit_status
from tests.processes import Processes
from tests.workbench import Workbench, words

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
WORDS = [f"word{number:03} " for number in range(100)]
WHOLE = "".join(WORDS).strip()


def test_killed_at_twenty_moments_every_answer_ends_whole_and_none_stands_twice(
    bench: Workbench, processes: Processes
) -> None:
    """Twenty questions, one every tenth of a second, so that each is at another point of its life."""
    bench.bedrock.always("converse", Reply(text="On it.", pace=Pace(0.3, 0, 0)))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, pace=Pace(0, 0.5, 100)))
    bot = processes.start()
    questions = []
    for channel in bench.channels(20):
        questions.append(bench.mention("why?", channel=channel))
        bench.servers.wait_for(lambda: asyncio.sleep(0.1))
    bench.until(lambda: len({tuple(bench.texts(question)) for question in questions}) >= 5)
    processes.kill(bot)
    processes.start()
    bench.until(lambda: all(bench.stands_whole(question, WHOLE) for question in questions), seconds=30.0)


@pytest.mark.parametrize(
    "deadly", ["On it.", "word000", WHOLE], ids=["acknowledgement", "first words", "last"]
)
def test_killed_by_one_of_its_own_messages_it_goes_on_in_them(
    bench: Workbench, processes: Processes, deadly: str
) -> None:
    """Slack has the message; the bot never learns of it."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, after=0, then="hold", pace=Pace(0, 0, 100)))
    is_dead = threading.Event()

    def watch(message: Message, _is_gone: bool) -> None:
        text = words(message)
        is_it = text.startswith(deadly) if deadly == "word000" else text == deadly
        if is_it and message.user == BOT_USER and not is_dead.is_set():
            processes.running[-1].kill()
            is_dead.set()

    bench.servers.do(lambda: bench.slack.workspace.watchers.append(watch))
    processes.start()
    question = bench.mention("why?")

    def is_over(seen: Callable[[], bool]) -> bool:
        if bench.texts(question):  # the model answers once the acknowledgement stands
            bench.bedrock.release()
        return seen()

    bench.until(partial(is_over, is_dead.is_set))
    processes.kill(processes.running[-1])
    processes.start()
    bench.until(partial(is_over, lambda: "answer.done" in processes.log))

    assert bench.texts(question) == ["On it.", WHOLE]
    assert len(bench.prompts()) in (1, 2)  # the second model may not be asked yet when the first has spoken


def test_a_question_that_is_too_old_is_marked_as_interrupted_keeps_its_words_and_can_be_asked_again(
    bench: Workbench, processes: Processes
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    begins = Reply(text=["Be", "cause."], after=1, then="silence", pace=Pace(0, 0.3, 1000))
    bench.bedrock.always("converse-stream", begins)
    bot = processes.start()
    begun, acknowledged = bench.mention("why?"), bench.mention("왜요?", channel="CRANDOM")
    for question in (begun, acknowledged):
        bench.until(lambda question=question: bench.texts(question)[-1:] == ["Be"])  # type: ignore[misc]
    processes.kill(bot)
    first_words = bench.messages(thread=acknowledged)[-1]
    bench.servers.do(lambda: bench.slack.workspace.remove(first_words))
    processes.start(RECOVER_WITHIN="0")

    bench.until(lambda: bench.texts(begun)[-1:] == [f"Be\n{EN.unfinished}"])
    bench.until(lambda: bench.texts(acknowledged)[-1:] == [KO.interrupted])
    assert len(bench.prompts()) == 2

    bench.bedrock.always("converse-stream", Reply(text="Because."))
    for question in (begun, acknowledged):
        bench.press("retry", question)
    bench.until(lambda: bench.stands_whole(begun, f"Because.\n{EN.regenerated}"))
    bench.until(lambda: bench.stands_whole(acknowledged, f"Because.\n{KO.regenerated}"))


@pytest.mark.parametrize("can_read", [True, False], ids=["thread read", "thread not to be read"])
def test_after_a_kill_no_edit_leaves_fewer_words_than_were_on_screen(
    bench: Workbench, processes: Processes, tmp_path: Path, *, can_read: bool
) -> None:
    """One of two answers is written longer than before, and one shorter."""
    before = [
        f"## Part {number}\n\n- **Why** [it](https://example.com/{number}) is so. " * 3
        for number in range(20)
    ]
    ways = {"short": ["Shorter."], "long": ["# Longer\n\n", *["and **more** of it. "] * 300]}

    def again(turns: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        return next(answer for way, answer in ways.items() if way in str(turns[-1]))

    bench.bedrock.always("converse", Reply(text="On it."))
    begins = Reply(text=before, after=15, then="silence", pace=Pace(0, 0.3, 1000))
    bench.bedrock.always("converse-stream", begins)
    bot = processes.start()
    questions = {
        way: bench.mention(f"{way}?", channel=channel)
        for way, channel in zip(ways, bench.channels(2), strict=True)
    }
    bench.until(lambda: noted(tmp_path / "bot.db").count("/14)") == 6)
    answers = {way: bench.messages(thread=question)[-1] for way, question in questions.items()}
    processes.kill(bot)
    bench.bedrock.always("converse-stream", Reply(text=again))
    if not can_read:
        limited = Fault(429, "ratelimited", retry_after=0)
        bench.servers.do(lambda: bench.slack.faults.always("conversations.replies", limited))
    processes.start()
    bench.until(lambda: processes.log.count("answer.done") == 2)

    for way, question in questions.items():
        lengths = [len(version) for version in bench.versions(answers[way])]
        assert lengths == sorted(lengths)
        assert bench.texts(question)[-1].endswith("".join(ways[way]).strip())


def test_what_another_bot_began_goes_on_in_the_language_that_is_set(bench: Workbench) -> None:
    begins = Reply(text=["Be", "cause."], after=1, then="silence", pace=Pace(0, 0.3, 1000))
    bench.bedrock.always("converse-stream", begins)
    first = bench.start_bot(language="ko")
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    bench.stop_bot(first)
    bench.start_bot(recover_within=0.0)

    bench.until(lambda: bench.texts(question)[-1:] == [f"Be\n{KO.unfinished}"])


def test_a_bot_that_is_told_to_stop_leaves_the_rest_to_the_next(
    bench: Workbench, processes: Processes
) -> None:
    """Ten live answers; those that end within the grace time are finished by the one that began them."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse-stream", *[Reply(text=WORDS, after=2, then="hold")] * 5)
    bench.bedrock.enqueue("converse-stream", *[Reply(text=WORDS, after=2, then="silence")] * 5)
    bench.bedrock.always("converse-stream", Reply(text=WORDS))
    bot = processes.start(SHUTDOWN_GRACE="2")
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(10)]
    bench.until(lambda: all(bench.begins(question, "word000") for question in questions))
    bot.terminate()
    bench.until(lambda: not bench.slack.sockets.connections)
    bench.bedrock.release()

    assert exit_status(bot) == 0
    assert sum(bench.stands_whole(question, WHOLE) for question in questions) == 5
    processes.running.remove(bot)
    processes.start()
    bench.until(lambda: all(bench.stands_whole(question, WHOLE) for question in questions))
    assert len(bench.prompts()) == 15


def test_a_question_is_written_down_before_slack_hears_that_it_arrived(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    def written() -> int:
        with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
            return int(db.execute("SELECT count(*) FROM questions").fetchone()[0])

    processes.start()
    event = {"type": "app_mention", "user": ADA.id, "channel": "CGENERAL", "ts": "1.0", "text": "why?"}
    wrapper = {"type": "event_callback", "team_id": TEAM, "event": event, "event_id": "Ev1"}
    bench.servers.wait_for(lambda: bench.slack.sockets.deliver_event(wrapper))
    assert written() == 1

    bench.ask("why?")
    assert written() == 2


def noted(store: Path) -> str:
    """What is written down of the answers that stand."""
    with closing(sqlite3.connect(store)) as db:
        return "".join(text or "" for (text,) in db.execute("SELECT messages FROM questions"))


def test_what_was_taken_before_a_crash_is_not_taken_again(bench: Workbench, processes: Processes) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because."))
    event = {"type": "app_mention", "user": ADA.id, "channel": "CGENERAL", "text": f"<@{BOT_USER}> why?"}
    root = bench.say("a root to answer under")

    def send() -> None:
        bench.servers.do(lambda: bench.slack.events.send(event | {"ts": root.ts}, event_id="EvSAME"))

    bot = processes.start()
    send()
    bench.until(lambda: "answer.done" in processes.log)
    processes.kill(bot)
    processes.start()
    send()
    bench.mention("another")
    bench.until(lambda: processes.log.count("answer.done") == 2)

    assert len(bench.prompts()) == 2


def test_a_question_that_two_processes_died_with_is_ended_with_an_apology(
    bench: Workbench, processes: Processes
) -> None:
    """One that ends in good order, and hands its questions over, is none of them."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=["Be", "cause."], after=1, then="silence"))
    bot = processes.start()
    begun, asked = bench.mention("why?"), bench.mention("왜요?", channel="CRANDOM")
    for prompts, ends_well in ((2, False), (4, True), (6, False)):
        bench.until(lambda prompts=prompts: len(bench.prompts()) == prompts)  # type: ignore[misc]
        bench.until(lambda: bench.begins(begun, "Be") and bench.begins(asked, "Be"))
        if ends_well:
            bot.terminate()
            assert exit_status(bot) == 0
            processes.running.remove(bot)
        else:
            processes.kill(bot)
        bot = processes.start(SHUTDOWN_GRACE="0")

    bench.until(lambda: bench.texts(begun)[-1:] == [f"Be\n{EN.broke_off} {EN.given_up}"])
    bench.until(lambda: bench.texts(asked)[-1:] == [f"Be\n{KO.broke_off} {KO.given_up}"])
    bench.until(lambda: processes.log.count("answer.done") == 2)
    assert processes.log.count("answer.given_up") == 2
    assert len(bench.prompts()) == 6
    assert "retry" not in str([bench.messages(thread=question)[-1].blocks for question in (begun, asked)])


def test_a_question_that_ends_processes_even_as_it_is_apologised_for_is_closed_unseen(
    bench: Workbench, processes: Processes, tmp_path: Path
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text=WORDS, after=0, then="silence"))
    bot = processes.start()
    question = bench.mention("why?")
    bench.until(lambda: bench.prompts())
    processes.kill(bot)
    with closing(sqlite3.connect(tmp_path / "bot.db")) as db, db:
        db.execute("UPDATE questions SET deaths = 3")
    before = bench.texts(question)
    processes.start()
    bench.until(lambda: "question.given_up" in processes.log)

    assert bench.texts(question) == before
    assert "answer." not in processes.log
