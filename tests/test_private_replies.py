"""Private replies to presses: they appear where the reader looks, and the answer stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, MINJI, SAM, Message
from tests.workbench import Workbench

EN = texts_in(Language.EN)
BECAUSE = Reply(text="Because.", pace=Pace(0, 0.3, 1000))
CUT = Reply(text=["Be", "cause."], after=1, then="cut", pace=Pace(0, 0.3, 1000))


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    return bench


def answered(bench: Workbench, answer: str = "Because.", **where: str) -> Message:
    question = bench.mention("why?", **where)
    bench.until(lambda: bench.begins(question, answer) and bench.at_rest())
    return question


def told(bench: Workbench, user: str, channel: str = "CGENERAL") -> list[tuple[str, str | None]]:
    """What nobody but `user` sees in a channel, each with its thread."""
    return [(each.text, each.thread_ts) for each in bench.messages(channel) if each.only_for == user]


def public(bench: Workbench, question: Message) -> list[Message]:
    """What all see of the bot's in a thread."""
    return [each for each in bench.messages(thread=question) if not each.only_for]


def press_thumbs_up(bench: Workbench, question: Message) -> None:
    bench.press("feedback", question, user=MINJI.id, value="up")


def regenerate_as_a_stranger(bench: Workbench, question: Message) -> None:
    bench.press("menu", question, user=MINJI.id, value="regenerate")


def regenerate_over_budget(bench: Workbench, question: Message) -> None:
    bench.press("menu", question, value="regenerate")


def follow_up_as_a_guest(bench: Workbench, question: Message) -> None:
    answer = public(bench, question)[-1]
    assert bench.servers.wait_for(lambda: bench.slack.click(SAM.id, answer, "follow_up_1"))


@pytest.mark.parametrize(
    ("press", "user", "settings", "sentence"),
    [
        (press_thumbs_up, MINJI.id, {}, EN.thanks),
        (regenerate_as_a_stranger, MINJI.id, {}, EN.only_asker),
        (regenerate_over_budget, ADA.id, {"user_questions_per_minute": 1}, EN.over_rate.partition("{")[0]),
        (follow_up_as_a_guest, SAM.id, {"follow_ups": 1}, EN.denied_person),
    ],
    ids=["thumbs up", "menu by a stranger", "menu over the budget", "follow-up by a guest"],
)
def test_after_a_press_who_pressed_is_told_in_the_thread_and_the_answer_stays(
    bench: Workbench,
    press: Callable[[Workbench, Message], None],
    user: str,
    settings: dict[str, int],
    sentence: str,
) -> None:
    bench.start_bot(**settings)
    question = answered(bench)
    before = public(bench, question)
    press(bench, question)

    ((text, thread_ts),) = bench.until(lambda: told(bench, user))
    assert text.startswith(sentence)
    assert thread_ts == question.ts
    bench.until(bench.at_rest)
    assert public(bench, question) == before


def test_a_stop_by_a_stranger_is_refused_in_the_thread_and_the_answer_grows_on(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    bench.start_bot()
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    before = public(bench, question)
    bench.press("stop", question, user=MINJI.id)

    assert bench.until(lambda: told(bench, MINJI.id)) == [(EN.only_asker, question.ts)]
    assert public(bench, question) == before
    bench.bedrock.release()
    bench.until(lambda: "Because." in bench.texts(question))


@pytest.mark.parametrize("reason", ["deleted", "unread", "denied"])
def test_a_retry_that_cannot_be_made_says_why_in_the_thread_and_the_answer_stays(
    bench: Workbench, reason: str
) -> None:
    bench.bedrock.enqueue("converse-stream", CUT)
    first = bench.start_bot()
    question = answered(bench, "Be")
    if reason == "deleted":
        bench.servers.do(partial(bench.slack.workspace.delete, question))
    elif reason == "unread":
        bench.slack.faults.always("conversations.replies", Fault(error="missing_scope"))
    else:
        bench.stop_bot(first)
        bench.start_bot(allowed_channels=("CRANDOM",))
    before = public(bench, question)
    bench.press("retry", question)
    said = bench.until(lambda: told(bench, ADA.id))

    sentence = {"deleted": EN.question_gone, "unread": EN.not_set_up, "denied": EN.denied_room}[reason]
    assert said == [(sentence, question.ts)]
    assert public(bench, question) == before


def test_thumbs_down_and_its_reason_leave_the_answer_as_it_was(bench: Workbench) -> None:
    bench.start_bot()
    question = answered(bench)
    before = public(bench, question)
    bench.press("feedback", question, value="down")
    (view,) = bench.until(lambda: bench.servers.do(lambda: bench.slack.open_views(ADA.id)))
    assert (
        bench.servers.wait_for(lambda: bench.slack.submit(ADA.id, view.id, {"reason": {"reason": "x"}})) == {}
    )

    assert public(bench, question) == before
    assert not told(bench, ADA.id)


@pytest.mark.parametrize("code", ["user_not_in_channel", "not_in_channel", "channel_not_found"])
def test_who_cannot_be_told_in_the_thread_is_told_by_the_response_url_and_the_answer_stays(
    bench: Workbench, code: str
) -> None:
    bench.start_bot()
    question = answered(bench)
    before = public(bench, question)
    bench.slack.faults.always("chat.postEphemeral", Fault(error=code))
    press_thumbs_up(bench, question)

    assert bench.until(lambda: told(bench, MINJI.id)) == [(EN.thanks, None)]
    assert public(bench, question) == before
    assert len(bench.calls("chat.postEphemeral")) == 1


@pytest.mark.parametrize("stands_in_thread", [True, False])
def test_who_may_not_ask_about_a_message_is_told_where_the_message_stands(
    bench: Workbench, stands_in_thread: bool
) -> None:
    """In a thread that has no replies yet, nothing that one person alone sees is shown."""
    bench.start_bot()
    message = bench.say("We ship on Friday.", user=MINJI.id)
    if stands_in_thread:
        message = bench.say("Or on Monday.", user=MINJI.id, thread=message)
    bench.servers.wait_for(lambda: bench.slack.message_shortcut(SAM.id, message, "ask_about_message"))
    (view,) = bench.until(lambda: bench.servers.do(lambda: bench.slack.open_views(SAM.id)))
    bench.servers.wait_for(lambda: bench.slack.submit(SAM.id, view.id, {"about": {"about": "Is that wise?"}}))

    assert bench.until(lambda: told(bench, SAM.id)) == [(EN.denied_person, message.thread_ts)]


def test_an_example_in_the_home_that_is_over_the_budget_changes_nothing_that_stands(bench: Workbench) -> None:
    bench.start_bot(blocked_users=(ADA.id,))
    bench.servers.do(lambda: bench.slack.events.of_home_opened(ADA.id))
    view = bench.until(lambda: bench.servers.do(lambda: bench.slack.workspace.homes.get(ADA.id)))
    assert bench.servers.wait_for(lambda: bench.slack.click(ADA.id, view, "example_1"))

    assert bench.until(lambda: told(bench, ADA.id, "DADA")) == [(EN.denied_person, None)]


def test_a_slash_command_is_answered_alone_in_the_channel_where_the_bot_is_none_of_it(
    bench: Workbench,
) -> None:
    bench.start_bot()
    for channel in ("CGENERAL", "CQUIET", "GSECRET"):
        bench.ask("", channel=channel)
        assert bench.until(lambda: told(bench, ADA.id, channel)) == [(EN.usage_command, None)]  # noqa: B023
