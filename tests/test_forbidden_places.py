"""Questions that Slack lets nobody answer where they were asked, and threads that are gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import SILENCE, Fault
from bot.playground.workspace import ADA, Message
from tests.processes import Processes
from tests.workbench import Workbench, words

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def admins_let(bench: Workbench, posting: str = "all", channel: str = "CGENERAL", **more: Any) -> None:
    """Let the admins of a channel decide what the bot may post there."""
    channels = bench.slack.workspace.conversations
    changed = replace(channels[channel], posting=posting, **more)
    bench.servers.do(lambda: channels.update({channel: changed}))


def moved(bench: Workbench) -> Message:
    """The question that the bot posted in Ada's direct messages."""
    return bench.until(
        lambda: next((m for m in bench.messages("DADA") if not m.is_reply and not m.only_for), None)
    )


@pytest.mark.parametrize(
    "posting", ["some", "admins", "top_level", "locked_threads", "suspended", "other_apps"]
)
def test_a_mention_where_nobody_may_post_is_answered_in_direct_messages_with_a_link(
    bot: Workbench, posting: str
) -> None:
    admins_let(bot, posting)
    question = bot.mention("why?")

    root = moved(bot)
    assert bot.answered(root) == ["On it.", "Because."]
    link = f"https://playground.slack.com/archives/CGENERAL/p{question.ts.replace('.', '')}"
    assert words(root) == f"<@{ADA.id}> asks:\n> why?\n{EN.answered_here_of.format(link=link)}"
    assert [m.text for m in bot.messages() if not m.only_for] == []
    # An app that a preference keeps from posting may not whisper either: the root says why.
    assert bot.told_privately() == ([] if posting == "some" else [EN.moved_to_dm])
    assert len(bot.prompts()) == len(bot.prompts("converse")) == 1


def test_where_only_threads_are_allowed_a_mention_is_answered_in_one(bot: Workbench) -> None:
    admins_let(bot, "threads")
    assert bot.answered(bot.mention("why?")) == ["On it.", "Because."]

    bot.ask("왜요?")
    assert bot.answered(moved(bot)) == [KO.stand_ins[0], "Because."]
    assert bot.told_privately() == [KO.moved_to_dm]


def test_a_command_whose_question_takes_no_replies_moves_and_leaves_nothing_behind(bot: Workbench) -> None:
    admins_let(bot, "top_level")
    bot.ask("why?")

    assert bot.answered(moved(bot)) == ["On it.", "Because."]
    assert [message.only_for for message in bot.messages()] == [ADA.id]
    assert len(bot.prompts()) == 1


@pytest.mark.parametrize("way", ["mention", "command"])
def test_in_an_archived_channel_the_asker_is_told_so_once_and_alone(bot: Workbench, way: str) -> None:
    admins_let(bot, is_archived=True)
    bot.mention("why?") if way == "mention" else bot.ask("why?")

    told = bot.until(lambda: bot.messages("DADA") or bot.messages())
    bot.until(bot.at_rest)
    assert [words(message) for message in told] == [EN.channel_archived]
    assert len([*bot.messages("DADA"), *bot.messages()]) == 1


@pytest.mark.parametrize("way", ["mention", "command"])
def test_where_direct_messages_are_off_too_the_asker_is_told_so_once(bot: Workbench, way: str) -> None:
    admins_let(bot, "admins")
    admins_let(bot, "no_messages_tab", "DADA")
    bot.mention("why?") if way == "mention" else bot.ask("why?")

    assert bot.until(bot.told_privately) == [EN.nowhere_to_answer]
    bot.until(bot.at_rest)
    assert bot.told_privately() == [EN.nowhere_to_answer]
    assert not bot.messages("DADA")


def test_an_answer_that_may_not_go_on_says_so_to_its_asker_alone(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    admins_let(ready, is_archived=True)
    ready.bedrock.release()

    (told,) = ready.until(lambda: ready.messages("DADA"))
    assert words(told) == EN.no_longer_posting
    assert ready.texts(question)[-1] == "Be"


def test_a_moved_answer_that_lost_its_process_goes_on_in_direct_messages(processes: Processes) -> None:
    bench = processes.bench
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    admins_let(bench, "admins")
    first = processes.start()
    bench.mention("why?")
    root = moved(bench)
    bench.until(lambda: bench.texts(root) == ["On it."])
    processes.kill(first)
    processes.start()

    bench.answered_whole("Because.", root)
    assert len([m for m in bench.messages("DADA") if not m.is_reply]) == 1
    assert [message.only_for for message in bench.messages()] == [ADA.id]


# A thread that is gone


@pytest.fixture
def held(ready: Workbench) -> Callable[[], Message]:
    """Asks a question that is deleted before the bot's first post is made."""
    ready.bedrock.always("converse-stream", Reply(text=["word "] * 3000, pace=Pace(0, 0, 50)))
    ready.slack.answering_seconds = 0.3
    ready.start_bot()

    def ask_and_delete() -> Message:
        question = ready.mention("why?")
        ready.until(lambda: ready.bedrock.requests)
        ready.servers.do(lambda: ready.slack.delete(question))
        return question

    return ask_and_delete


def test_what_was_posted_at_top_level_for_want_of_its_thread_is_deleted(
    ready: Workbench, held: Callable[[], Message]
) -> None:
    question = held()
    (gone,) = ready.until(lambda: ready.calls("chat.delete"))
    ready.until(lambda: ready.at_rest() and ready.bedrock.closed)

    (stray,) = ready.calls("chat.postMessage")
    assert (gone.parameters["ts"], gone.error) == (stray.ts, "")
    assert not ready.messages()
    assert not ready.texts(question)
    (written,) = ready.written(1)
    assert written.outcome == "withdrawn"


@pytest.mark.parametrize(
    "fault", [Fault(429, "ratelimited", retry_after=0), Fault(500, "internal_error"), Fault(500, made=True)]
)
def test_a_stray_that_could_not_be_deleted_is_deleted_later(
    ready: Workbench, held: Callable[[], Message], fault: Fault
) -> None:
    ready.slack.faults.enqueue("chat.delete", fault)
    held()

    ready.until(lambda: ready.calls("chat.delete") and ready.at_rest())
    assert not ready.messages()
    assert len(ready.calls("chat.postMessage")) == 1


def test_a_stray_of_unknown_outcome_is_found_and_deleted(
    ready: Workbench, held: Callable[[], Message]
) -> None:
    ready.slack.faults.enqueue("chat.postMessage", Fault(500, "internal_error", made=True))
    held()

    ready.until(lambda: ready.calls("chat.delete") and ready.at_rest())
    assert not ready.messages()
    assert len(ready.calls("chat.postMessage")) == 1


def test_a_stray_whose_process_died_is_deleted_by_the_next_and_not_gone_on_with(processes: Processes) -> None:
    bench = processes.bench
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.slack.faults.always("chat.delete", Fault(SILENCE))
    bench.slack.answering_seconds = 0.3
    first = processes.start()
    question = bench.mention("why?")
    bench.until(lambda: bench.bedrock.requests)
    bench.servers.do(lambda: bench.slack.delete(question))
    bench.until(bench.messages)
    processes.kill(first)
    bench.slack.faults.always("chat.delete", None)
    processes.start()

    bench.until(lambda: not bench.messages())
    bench.bedrock.release()
    bench.until(lambda: "answer.done" in processes.log)
    assert len(bench.calls("chat.postMessage")) == 1


def test_a_direct_message_that_is_deleted_at_once_is_not_answered(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse", Reply(text="On it.", after=0, then="hold"))
    ready.start_bot()
    question = ready.dm("why?")
    ready.until(lambda: len(ready.bedrock.requests) == 2)
    ready.servers.do(lambda: ready.slack.delete(question))
    ready.until(ready.at_rest)
    ready.bedrock.release()

    ready.answered(ready.mention("another"))
    assert not ready.messages("DADA")
    assert not ready.calls("chat.delete")
