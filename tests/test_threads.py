"""Long threads, who says what in them, links to other messages, and going on without a mention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.core.tokens import estimated_tokens
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.limits import Limits
from bot.playground.workspace import ADA, MINJI, NOOR, Message
from tests.conftest import offer
from tests.workbench import Workbench

EN = texts_in(Language.EN)


def told(bench: Workbench, question: str = "") -> list[str]:
    """The texts of the turns that the answering model was last given, for a question that has such words."""
    prompts = [
        ["\n".join(b["text"] for b in turn["content"] if "text" in b) for turn in prompt["messages"]]
        for prompt in bench.prompts()
    ]
    return [turns for turns in prompts if question in turns[-1]][-1]


def answered(bench: Workbench, root: Message, count: int = 2) -> None:
    """Wait until there are so many answers in a thread."""

    def is_over() -> bool:
        bench.bedrock.release()
        return bench.texts(root).count("Because.") == count and bench.at_rest()

    bench.until(is_over)


def test_of_a_thread_of_400_messages_the_first_and_the_newest_that_fit_are_told(ready: Workbench) -> None:
    root = ready.say("How it all began", user=MINJI.id)
    for number in range(1, 401):
        ready.say(f"{number}번째 메시지입니다. " * 10, user=MINJI.id, thread=root)
    ready.start_bot(context_tokens=2_000)
    ready.mention("why?", thread=root)
    answered(ready, root, 1)

    (text,) = told(ready)
    first, gap, *_, last = text.split("\n\n")
    assert (first, last) == ("⟦A message by 민지:⟧\nHow it all began", "⟦A message by Ada:⟧\nwhy?")
    assert "left out" in gap
    assert "400번째" in text
    assert "100번째" not in text
    assert 1_500 < estimated_tokens(text) < 2_200
    assert len(ready.calls("conversations.replies")) == 3


def test_the_estimate_of_tokens_is_corrected_by_what_was_billed(ready: Workbench) -> None:
    """The playground counts a wide character and the space before it as one token, four letters as one."""
    root = ready.say("start", user=MINJI.id)
    for _ in range(60):
        ready.say("x" * 400, user=MINJI.id, thread=root)
    bot = ready.start_bot(context_tokens=2_000)
    ready.mention("why?", thread=root)
    answered(ready, root, 1)
    before = len(told(ready)[0])
    bot.reception._context.learn(100, 1_000)  # noqa: SLF001 - as if tokens had been far more than estimated
    ready.mention("why then?", thread=root)
    answered(ready, root, 2)

    assert len("".join(told(ready))) < before


def test_what_was_deleted_or_changed_since_is_not_repeated_to_a_model(ready: Workbench) -> None:
    """No event tells of it: another process may have had it, or the bot does not hear what changes there."""
    root = ready.say("start", user=MINJI.id)
    secret = ready.say("a password by mistake", user=MINJI.id, thread=root)
    wrong = ready.say("on Monday", user=MINJI.id, thread=root)
    ready.start_bot()
    ready.mention("why?", thread=root)
    answered(ready, root, 1)
    assert "a password by mistake" in str(told(ready))
    workspace = ready.slack.workspace
    ready.servers.do(lambda: workspace.remove(secret))
    ready.servers.do(lambda: workspace.put(replace(wrong, text="on Friday", edited=True)))
    ready.mention("and then?", thread=root)
    answered(ready, root, 2)

    said = str(told(ready))
    assert "start" in said
    assert "on Friday" in said
    assert "password" not in said
    assert "Monday" not in said


def test_a_follow_up_is_answered_by_itself_while_slack_limits_reading(ready: Workbench) -> None:
    root = ready.say("start of it", user=MINJI.id)
    ready.start_bot()
    ready.slack.faults.enqueue("conversations.replies", Fault(429, "ratelimited", retry_after=30))
    alone = f"{EN.thread_unread}\nBecause."
    for number, text in enumerate(("and then?", "and now?")):  # while it asks to wait, it is not asked
        ready.mention(text, thread=root)
        ready.answered(root, count=2 * number + 2, before=2 * number)

    assert [text for text in ready.texts(root) if "Because." in text] == [alone] * 2
    assert told(ready) == ["and now?"]
    assert len(ready.calls("conversations.replies")) == 1


def test_many_who_ask_in_threads_never_hit_a_limit_of_slacks(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench(Limits())
    offer(monkeypatch, bench)
    try:
        bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
        bench.start_bot()
        roots = [bench.say("start", channel=channel) for channel in bench.channels(60)]
        for root in roots:
            bench.mention("why?", thread=root)
        bench.until(lambda: all(bench.texts(root) for root in roots), seconds=40.0)
        bench.until(lambda: len(bench.calls("assistant.threads.setStatus")) >= 40)

        def are_answered() -> bool:
            bench.bedrock.release()
            return all(bench.texts(root)[-1].endswith("Because.") for root in roots) and bench.at_rest()

        bench.until(are_answered, seconds=40.0)
        assert not [(call.method, call.error) for call in list(bench.slack.calls) if call.error]
    finally:
        bench.close()


def test_people_are_told_apart_by_their_display_names_which_are_looked_up_once(ready: Workbench) -> None:
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    root = ready.say("Shall we deploy?", user=MINJI.id)
    ready.start_bot()
    for count in (1, 2):
        ready.mention(f"what would <@{MINJI.id}> say?", thread=root)
        answered(ready, root, count)

    assert told(ready) == [
        "⟦A message by 민지:⟧\nShall we deploy?\n\n⟦A message by Ada:⟧\nwhat would @민지 say?",
        "Because.",
        "⟦A message by Ada:⟧\nwhat would @민지 say?",
    ]
    assert sorted(str(call.parameters["user"]) for call in ready.calls("users.info")) == [ADA.id, MINJI.id]


def test_who_cannot_be_looked_up_is_somebody_and_never_an_id(ready: Workbench) -> None:
    ready.slack.faults.always("users.list", Fault(error="limit_required"))
    root = ready.say("Shall we deploy?", user=MINJI.id)
    ready.start_bot()
    ready.answered(ready.mention("hello"))  # from now on it is known who asks
    for _ in range(4):
        ready.slack.faults.enqueue("users.info", Fault(error="user_not_found"))
    ready.mention(f"what would <@{MINJI.id}> say?", thread=root)
    answered(ready, root, 1)

    assert MINJI.id not in str(ready.bedrock.requests)
    assert told(ready) == [
        "⟦A message by somebody:⟧\nShall we deploy?\n\n⟦A message by Ada:⟧\nwhat would @someone say?"
    ]


def test_a_long_conversation_is_kept_in_the_models_prompt_cache_and_costs_less(ready: Workbench) -> None:
    root = ready.mention("Read this: " + "a fact of many. " * 400)
    ready.start_bot()
    answered(ready, root, 1)
    for count, text in ((2, "why?"), (3, "and then?")):
        ready.mention(text, thread=root)
        answered(ready, root, count)
    first, second, third = ready.written(3)

    assert second.usage.cache_write > 1_000
    assert third.usage.cache_read > 1_000
    assert first.dollars
    assert third.dollars
    assert third.dollars < first.dollars
    sent = [turn["content"][-1] for turn in ready.prompts()[-1]["messages"]]
    assert {"cachePoint": {"type": "default"}} in sent


# Links to other messages


def link(message: Message) -> str:
    address = f"https://ours.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return address + (f"?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else "")


@pytest.fixture
def asked(ready: Workbench) -> Any:
    """Asks about a message that is linked to, and returns what the model was told."""
    ready.start_bot(cache_ttl=60.0)

    def ask(message: Message, channel: str = "CGENERAL") -> str:
        question = ready.mention(f"What of <{link(message)}>?", channel=channel)
        ready.answered(question)
        return told(ready, "What of")[-1]  # a message in a direct channel is a question, too

    return ask


def test_a_linked_message_is_read_and_quoted_with_its_writers_name(ready: Workbench, asked: Any) -> None:
    message = ready.say("We ship\non Friday.", channel="CRANDOM", user=MINJI.id)

    assert asked(message).endswith(
        f"⟦The linked message {message.ts}, by 민지:⟧\n> We ship\n> on Friday.\n⟦end⟧"
    )


def test_a_linked_reply_in_a_thread_is_read(ready: Workbench, asked: Any) -> None:
    root = ready.say("before", channel="CRANDOM")
    reply = ready.say("The reply itself", channel="CRANDOM", user=MINJI.id, thread=root)

    assert "> The reply itself" in asked(reply)


@pytest.mark.parametrize("channel", ["GTEAM", "GSECRET", "DMINJI"])
def test_what_was_said_in_a_closed_room_is_not_carried_out_of_it(
    ready: Workbench, asked: Any, channel: str
) -> None:
    message = ready.say("a secret", channel=channel, user=MINJI.id)

    said = asked(message)
    assert "a secret" not in said
    assert said.endswith("cannot be read here.⟧")


def test_within_a_closed_room_its_own_messages_are_read(ready: Workbench, asked: Any) -> None:
    message = ready.say("among us", channel="GTEAM", user=MINJI.id)

    assert "> among us" in asked(message, channel="GTEAM")


def test_no_link_carries_anything_over_to_another_company(ready: Workbench) -> None:
    ready.start_bot(allow_external=True)
    message = ready.say("a plan of ours", channel="CRANDOM", user=MINJI.id)
    among_all = ready.say("known to both", channel="CPARTNERS", user=MINJI.id)
    for user in (NOOR.id, ADA.id):
        text = f"What of <{link(message)}> and <{link(among_all)}>?"
        ready.answered(ready.mention(text, user=user, channel="CPARTNERS"))
        said = told(ready, "What of")[-1]

        assert "a plan of ours" not in said
        assert "> known to both" in said


def test_a_linked_message_that_is_gone_is_told_to_the_model(ready: Workbench, asked: Any) -> None:
    message = ready.say("gone soon", channel="CRANDOM")
    ready.servers.do(lambda: ready.slack.workspace.remove(message))

    assert asked(message).endswith("cannot be read here.⟧")


def test_a_question_with_a_link_is_never_answered_from_the_cache(ready: Workbench, asked: Any) -> None:
    message = ready.say("We ship on Friday.", channel="CRANDOM")
    for _ in range(2):
        asked(message)

    assert len(ready.prompts()) == 2
