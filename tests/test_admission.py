"""Whoever may not ask gets to no model, by whatever way, and whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, BOT_USER, MINJI, NOOR, SAM, Message
from tests.workbench import Workbench, words

EN = texts_in(Language.EN)
AWAY = Fault(429, "ratelimited", retry_after=1)
SLOWLY = Reply(text=["Be", "cause."], after=1, then="hold")
NOBODY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a guest": (SAM.id, "CGENERAL", {}),
    "a guest, directly": (SAM.id, "DSAM", {}),
    "another company": (NOOR.id, "CPARTNERS", {}),
    "a channel of several companies": (ADA.id, "CPARTNERS", {}),
    "a blocked person": (ADA.id, "CGENERAL", {"blocked_users": (ADA.id,)}),
    "a closed channel": (ADA.id, "CGENERAL", {"allowed_channels": ("CRANDOM",)}),
    "closed direct messages": (ADA.id, "DADA", {"allow_dm": False}),
}


def edit(bench: Workbench, message: Message, text: str) -> None:
    bench.servers.do(lambda: bench.slack.edit(message, f"<@{BOT_USER}> {text}"))


def settled(bench: Workbench) -> None:
    """Wait until all that happened was heard of, and is over."""
    bench.until(lambda: not bench.slack.sockets.unacknowledged)
    bench.until(bench.at_rest)


def asked(bench: Workbench) -> list[str]:
    return [prompt["messages"][-1]["content"][0]["text"] for prompt in bench.prompts()]


@pytest.mark.parametrize("who", NOBODY)
def test_edits_while_access_is_looked_up_bring_nobody_in(ready: Workbench, who: str) -> None:
    user, channel, settings = NOBODY[who]
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    ready.slack.faults.always("users.info", AWAY)
    ready.start_bot(**settings)
    question = ready.say(f"<@{BOT_USER}> why?", channel=channel, user=user)
    for number in range(5):
        edit(ready, question, f"why {number}?")
    ready.slack.faults.always("users.info", None)
    ready.until(lambda: [one.outcome for one in ready.written(1)] == ["denied"])
    for number in range(5, 8):
        edit(ready, question, f"why {number}?")
    settled(ready)

    assert not ready.prompts()
    assert not ready.prompts("converse")


def test_edits_while_access_is_looked_up_are_one_question_with_the_last_words(ready: Workbench) -> None:
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    ready.slack.faults.always("users.info", AWAY)
    ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.texts(question) == [EN.awaits_admission])
    for number in range(5):
        edit(ready, question, f"why {number}?")
    ready.slack.faults.always("users.info", None)

    assert ready.answered(question) == [EN.awaits_admission, "Because."]
    assert asked(ready) == ["why 4?"]


@pytest.mark.parametrize("channel", ["CGENERAL", "DADA"])
@pytest.mark.parametrize("limit", [{"user_questions_per_minute": 1}, {"daily_budget_usd": Decimal("0.001")}])
def test_twenty_edits_are_no_way_around_rate_and_budget(
    ready: Workbench, channel: str, limit: dict[str, Any]
) -> None:
    ready.bedrock.always("converse-stream", SLOWLY)
    ready.start_bot(**limit)
    question = ready.say(f"<@{BOT_USER}> why?", channel=channel)
    ready.until(lambda: ready.begins(question, "Be"))
    for number in range(20):
        edit(ready, question, f"why {number}?")
    ready.until(lambda: len(ready.told_privately(channel=channel)) == 20)

    assert asked(ready) == ["why?"]


def test_a_line_that_begins_the_answer_anew_counts_as_a_question(ready: Workbench) -> None:
    ready.start_bot(user_questions_per_minute=1)
    first = ready.dm("why?")
    ready.until(ready.prompts)
    second = ready.dm("and how?")
    (told,) = ready.until(lambda: ready.texts(second))

    assert told.startswith(EN.over_rate.partition("{")[0])
    assert ready.answered(first)[-1] == "Because."
    assert asked(ready) == ["why?"]


def test_lines_before_the_answering_model_begins_count_as_one(ready: Workbench) -> None:
    ready.start_bot(user_questions_per_minute=1)
    first = ready.dm("hey")
    ready.until(lambda: ready.texts(first))
    ready.dm("why?")

    assert ready.answered(first)[-1] == "Because."
    assert asked(ready) == ["hey\nwhy?"]


def test_what_was_reserved_for_an_answer_that_began_twice_is_settled(ready: Workbench) -> None:
    ready.start_bot(daily_budget_usd=Decimal("0.025"))  # room for two at their longest, not for three
    for count in (1, 2):
        first = ready.dm("why?")
        ready.until(lambda count=count: len(ready.prompts()) == 2 * count - 1)  # type: ignore[misc]
        ready.dm("and how?")
        ready.until(lambda count=count: len(ready.prompts()) == 2 * count)  # type: ignore[misc]
        assert ready.answered(first)[-1] == "Because."
        ready.written(count)


def test_after_many_edits_at_once_the_question_is_answered_still(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", SLOWLY)
    ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.begins(question, "Be"))
    for number in range(10):
        edit(ready, question, f"why {number}?")

    def is_whole() -> bool:
        ready.bedrock.release()
        said = [words(each) for each in ready.messages(thread=question) if not each.only_for]
        return said[-1].startswith("Because.") and ready.at_rest()

    ready.until(is_whole)
    assert len(asked(ready)) > 1


# Who might ask before, and may not any more


def becomes_guest(bench: Workbench) -> None:
    bench.servers.do(lambda: bench.slack.change(replace(ADA, is_restricted=True)))

    def is_heard() -> bool:
        person = bench.bots[0].users.lookup.known(ADA.id)
        return person is not None and person.is_guest

    bench.until(is_heard)


def by_retry(bench: Workbench, question: Message) -> None:
    bench.press("retry", question)


def by_menu(bench: Workbench, question: Message) -> None:
    bench.press("menu", question, value="regenerate")


def by_follow_up(bench: Workbench, question: Message) -> None:
    bench.press("follow_up_1", question)


def by_edit(bench: Workbench, question: Message) -> None:
    edit(bench, question, "how?")


def by_command(bench: Workbench, _question: Message) -> None:
    bench.ask("how?")


def by_example(bench: Workbench, _question: Message) -> None:
    (home,) = bench.servers.do(lambda: list(bench.slack.workspace.homes.values()))
    assert bench.servers.wait_for(lambda: bench.slack.click(ADA.id, home, "example_1"))


def by_shortcut(bench: Workbench, question: Message) -> None:
    (view,) = bench.servers.do(lambda: bench.slack.open_views(ADA.id))
    bench.servers.wait_for(lambda: bench.slack.submit(ADA.id, view.id, {"about": {"about": "how?"}}))


def by_going_on(bench: Workbench, question: Message) -> None:
    bench.mention("how?", thread=question)


WAYS = [by_retry, by_menu, by_follow_up, by_edit, by_command, by_example, by_shortcut, by_going_on]


@pytest.mark.parametrize("way", WAYS)
def test_who_may_not_ask_any_more_gets_no_answer_by_any_way(
    ready: Workbench, way: Callable[[Workbench, Message], None]
) -> None:
    if way is by_retry:
        ready.bedrock.enqueue("converse-stream", Reply(text=["Be"], then="cut"))
    ready.bedrock.always("converse", Reply(text="On it.\nWhat next?\nWhat else?"))
    ready.start_bot(follow_ups=2)
    ready.servers.do(lambda: ready.slack.events.of_home_opened(ADA.id))
    question = ready.mention("why?")

    def is_over() -> bool:
        ready.bedrock.release()
        return ready.at_rest() and ready.begins(question, "Be")

    ready.until(is_over)
    if way is by_shortcut:
        ready.servers.wait_for(lambda: ready.slack.message_shortcut(ADA.id, question, "ask_about_message"))
        ready.until(lambda: ready.servers.do(lambda: ready.slack.open_views(ADA.id)))
    ready.until(lambda: ready.servers.do(lambda: ready.slack.workspace.homes))
    becomes_guest(ready)
    calls = len(ready.bedrock.requests)
    way(ready, question)
    if way is not by_edit:
        channel = "DADA" if way is by_example else "CGENERAL"
        ready.until(lambda: EN.denied_person in ready.told_privately(channel=channel))
    settled(ready)

    assert len(ready.bedrock.requests) == calls


def test_an_answer_that_was_begun_for_who_is_blocked_since_is_not_gone_on_with(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", SLOWLY)
    stopped = ready.start_bot()
    question = ready.mention("why?")
    ready.until(lambda: ready.begins(question, "Be"))
    ready.stop_bot(stopped)
    calls = len(ready.bedrock.requests)
    ready.start_bot(blocked_users=(ADA.id,))
    ready.until(lambda: [one.outcome for one in ready.written(1)] == ["denied"])

    assert len(ready.bedrock.requests) == calls
    assert ready.begins(question, "Be\n")  # the words stay, and are marked


def test_a_denial_that_stands_is_no_admission_for_the_next_process(ready: Workbench) -> None:
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    ready.slack.faults.enqueue("users.info", AWAY)
    ready.slack.faults.enqueue("chat.update", *(Fault(500, "internal_error"),) * 3)
    stopped = ready.start_bot()
    question = ready.mention("why?", user=SAM.id)
    ready.until(lambda: EN.denied_person in ready.texts(question))
    ready.stop_bot(stopped)
    ready.start_bot()
    edit(ready, question, "how?")
    settled(ready)

    assert not ready.bedrock.requests
    assert MINJI.id not in {message.only_for for message in ready.messages()}
