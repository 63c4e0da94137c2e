"""Messages that are changed: into a question, before their answer is whole, and after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.events import ALL_EVENTS
from bot.playground.faults import Fault
from bot.playground.limits import UNLIMITED
from bot.playground.slack import ALL_SCOPES
from bot.playground.workspace import ADA, BOT_USER, SAM, Message
from tests.conftest import offer
from tests.workbench import Workbench, words

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
OFFER = EN.edited_later.format(regenerate=EN.regenerate)
DAY = 86_400


def edit(bench: Workbench, message: Message, text: str) -> Message:
    mention = f"<@{BOT_USER}> " if message.channel.startswith("C") else ""
    return bench.servers.do(lambda: bench.slack.edit(message, mention + text))


def asked(bench: Workbench) -> list[str]:
    """The last words of all that the answering model was given."""
    return [prompt["messages"][-1]["content"][0]["text"] for prompt in bench.prompts()]


def settled(bench: Workbench) -> None:
    """Wait until what happened was heard of: what comes after it is answered."""
    bench.answered(bench.mention("another", channel="CRANDOM"))


def answered_in_place(bench: Workbench, question: Message, answer: str) -> None:
    """Wait until the last that was said to all in a thread is a new answer."""

    def is_over() -> bool:
        bench.bedrock.release()
        said = [words(message) for message in bench.messages(thread=question) if not message.only_for]
        return said[-1] == answer

    bench.until(is_over)


def in_public(bench: Workbench, question: Message) -> list[str]:
    return [words(message) for message in bench.messages(thread=question) if not message.only_for]


@pytest.fixture
def keen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A bot that also hears what is said and changed in channels."""
    bench = Workbench(UNLIMITED, ALL_SCOPES, ALL_EVENTS | {"message.channels"})
    offer(monkeypatch, bench)
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot()
    yield bench
    bench.close()


def test_a_mention_that_is_edited_in_is_answered_once_although_two_events_tell_of_it(keen: Workbench) -> None:
    """https://github.com/slackapi/bolt-js/issues/960"""
    question = keen.say("why?")
    edit(keen, question, "why?")

    assert keen.answered(question) == ["On it.", "Because."]
    settled(keen)
    assert asked(keen) == ["why?", "another"]
    assert not keen.told_privately()


def test_an_edit_of_what_mentions_nobody_asks_nothing(keen: Workbench) -> None:
    plain = keen.say("just talking")
    keen.servers.do(lambda: keen.slack.edit(plain, "still talking"))
    settled(keen)

    assert asked(keen) == ["another"]


def test_an_edit_is_no_way_around_access_control(bot: Workbench) -> None:
    message = bot.say("why?", user=SAM.id)
    edit(bot, message, "why?")
    assert bot.until(lambda: bot.told_privately(SAM.id)) == [EN.denied_person]
    edit(bot, message, "why not?")
    settled(bot)

    assert asked(bot) == ["another"]
    assert bot.told_privately(SAM.id) == [EN.denied_person]


def test_an_edit_is_no_way_around_the_rate(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    ready.start_bot(user_questions_per_minute=1)
    question = ready.mention("why?")
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    edit(ready, question, "how?")
    (told,) = ready.until(ready.told_privately)
    ready.bedrock.release()
    ready.until(lambda: in_public(ready, question)[-1:] == ["Because."])
    edited_in = ready.say("when?")
    edit(ready, edited_in, "when?")

    ready.until(lambda: ready.texts(edited_in))
    assert told.startswith(EN.over_rate.partition("{")[0])
    assert asked(ready) == ["why?"]


@pytest.mark.parametrize("channel", ["CGENERAL", "DADA"])
def test_an_edit_after_the_answer_is_offered_to_be_answered_by_one_quiet_line(
    bot: Workbench, channel: str
) -> None:
    question = bot.dm("why?") if channel == "DADA" else bot.mention("why?")
    bot.answered(question)
    edit(bot, question, "how?")
    (told,) = bot.until(lambda: bot.told_privately(channel=channel))
    edit(bot, question, "how?")
    settled(bot)

    assert told == OFFER
    assert bot.told_privately(channel=channel) == [OFFER]
    assert in_public(bot, question) == ["On it.", "Because."]
    assert asked(bot) == ["why?", "another"]


def test_what_is_offered_answers_the_question_as_it_reads_now(bot: Workbench) -> None:
    question = bot.mention("why?")
    bot.answered(question)
    edit(bot, question, "how?")
    bot.until(bot.told_privately)
    bot.press("menu", question, value="regenerate")

    answered_in_place(bot, question, f"Because.\n{EN.regenerated}")
    assert asked(bot) == ["why?", "how?"]


@pytest.mark.parametrize("text", ["*why* is the `sky` blue?", "why  is the sky _blue_?"])
def test_an_edit_that_only_formats_or_unfurls_does_nothing(bot: Workbench, text: str) -> None:
    for question in (bot.mention("why is the sky blue?"), bot.dm("why is the sky blue?")):
        bot.answered(question)
        edit(bot, question, text)
        bot.servers.do(lambda: bot.slack.events.of_change(question, question))  # noqa: B023 - in its turn
    settled(bot)

    assert len(asked(bot)) == 3
    assert not bot.told_privately()
    assert not bot.told_privately(channel="DADA")


@pytest.mark.parametrize("way", ["mention", "direct message"])
def test_a_question_that_was_empty_is_answered_in_place_once_it_says_something(
    bot: Workbench, way: str
) -> None:
    question = bot.mention("") if way == "mention" else bot.dm("")
    assert bot.answered(question, count=1) == [EN.usage]
    edit(bot, question, "why?")

    answered_in_place(bot, question, f"Because.\n{EN.regenerated}")
    assert asked(bot) == ["why?"]


def test_a_direct_message_that_was_never_heard_of_is_answered_when_it_is_changed(bot: Workbench) -> None:
    unheard = Message("DADA", f"{time.time() - 60:.6f}", ADA.id, "wy?")
    bot.servers.do(lambda: bot.slack.workspace.put(unheard))
    edit(bot, unheard, "why?")

    assert bot.answered(unheard) == ["On it.", "Because."]


def test_what_was_said_more_than_a_day_ago_is_answered_unless_its_thread_has_an_answer(
    bot: Workbench,
) -> None:
    old = Message("CGENERAL", f"{time.time() - 3 * DAY:.6f}", ADA.id, "why?")
    bot.servers.do(lambda: bot.slack.workspace.put(old))
    edit(bot, old, "why?")
    bot.answered(old)
    first, second = bot.messages(thread=old)
    # As if all that had been days ago, and the store had forgotten it.
    older = replace(old, ts=f"{time.time() - 4 * DAY:.6f}")
    moved = [
        replace(each, ts=f"{float(older.ts) + 1 + number:.6f}", thread_ts=older.ts)
        for number, each in enumerate((first, second))
    ]
    for each in (older, *(_renamed(message, old, older) for message in moved)):
        bot.servers.do(lambda each=each: bot.slack.workspace.put(each))  # type: ignore[misc]
    edit(bot, older, "how?")

    assert bot.until(bot.told_privately) == [OFFER]
    assert asked(bot) == ["why?"]


def _renamed(message: Message, old: Message, new: Message) -> Message:
    """A message of the bot's as if it answered another one."""
    assert message.metadata
    payload = message.metadata["event_payload"]
    key = payload["key"].replace(old.ts, new.ts)
    return replace(message, metadata={**message.metadata, "event_payload": {**payload, "key": key}})


def test_what_waited_in_the_store_is_answered_as_it_reads_now_or_not_at_all(ready: Workbench) -> None:
    """No process heard of the changes."""
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    ready.slack.faults.always("users.info", Fault(429, "ratelimited", retry_after=30))
    stopped = ready.start_bot()
    changed, gone = ready.mention("why?"), ready.mention("a password", channel="CRANDOM")
    ready.until(lambda: ready.texts(changed) == ready.texts(gone) == [EN.awaits_admission])
    ready.stop_bot(stopped)
    ready.slack.faults.always("users.info", None)
    workspace = ready.slack.workspace
    ready.servers.do(lambda: workspace.put(replace(changed, text=f"<@{BOT_USER}> how?")))
    ready.servers.do(lambda: workspace.delete(gone))
    ready.start_bot()

    assert ready.answered(changed) == [EN.awaits_admission, "Because."]
    ready.until(ready.at_rest)
    assert asked(ready) == ["how?"]
