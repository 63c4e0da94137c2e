"""Apps that ask: workflows, and people's own words that an app posts. Who is not named is not answered."""

from __future__ import annotations

import pytest

from bot.core.bots import MAX_ANSWERS_IN_THREAD
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import ADA, BOT_ID, BOT_USER, RELAY, SAM, SLACKBOT, Message
from tests.workbench import Workbench

EN = texts_in(Language.EN)


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", pace=Pace(0, 0.3, 1000)))
    return bench


def posted(
    bench: Workbench, user: str = "", bot_id: str = "BFLOW", app_id: str = "AFLOW", thread: str | None = None
) -> Message:
    """A mention that an app posts in the name of `user`, or as a workflow in nobody's."""
    return bench.servers.do(
        lambda: bench.slack.say(user, "CGENERAL", f"<@{BOT_USER}> why?", thread, (), bot_id, app_id)
    )


@pytest.mark.parametrize("named", ["BFLOW", "AFLOW"])
def test_a_workflow_that_is_named_is_answered_and_pays_for_itself(bench: Workbench, named: str) -> None:
    bench.start_bot(allow_bots=(named,), allowed_users=(ADA.id,), user_questions_per_minute=1)
    question = posted(bench)
    bench.until(lambda: bench.texts(question)[-1:] == ["Because."] and bench.at_rest())
    again = posted(bench)
    bench.until(lambda: bench.texts(again) and bench.at_rest())

    assert [one.user for one in bench.written(2)] == ["BFLOW", "BFLOW"]
    assert bench.texts(again)[-1].startswith(EN.over_rate.partition("{")[0])
    assert not bench.calls("users.info")


@pytest.mark.parametrize("named", ["BFLOW", ADA.id])
def test_a_persons_words_that_a_named_app_posts_are_that_persons(bench: Workbench, named: str) -> None:
    bench.start_bot(allow_bots=(named,))
    question = posted(bench, user=ADA.id)
    bench.until(lambda: bench.texts(question)[-1:] == ["Because."] and bench.at_rest())

    (one,) = bench.written(1)
    assert one.user == ADA.id


def test_a_guests_words_are_a_guests_whatever_app_posts_them(bench: Workbench) -> None:
    bench.start_bot(allow_bots=("BFLOW",))
    posted(bench, user=SAM.id)

    bench.until(lambda: bench.told_privately(SAM.id) == [EN.denied_person])
    assert not bench.prompts()


def test_who_is_not_named_or_is_slackbot_or_the_bot_itself_is_not_answered(bench: Workbench) -> None:
    bench.start_bot(allow_bots=("BOTHER", "BDUET", "ADUET", SLACKBOT.id, BOT_USER))
    posted(bench)
    posted(bench, user=ADA.id)
    posted(bench, bot_id=BOT_ID, app_id="")
    posted(bench, bot_id="BOWN", app_id="ADUET")
    posted(bench, user=SLACKBOT.id, bot_id="BOTHER")
    plain = Message("CGENERAL", "1.0", SLACKBOT.id, f"<@{BOT_USER}> why?")
    event = {
        "type": "app_mention",
        "user": plain.user,
        "text": plain.text,
        "ts": plain.ts,
        "channel": "CGENERAL",
    }
    bench.servers.do(lambda: bench.slack.events.send(event))
    last = posted(bench, bot_id="BOTHER")
    bench.until(lambda: bench.texts(last)[-1:] == ["Because."] and bench.at_rest())

    assert len(bench.prompts()) == 1
    assert {message.thread_ts for message in bench.messages()} == {last.ts}
    assert not bench.slack.sockets.unacknowledged


def test_a_workflow_where_the_bot_may_not_answer_is_told_nothing_and_nothing_breaks(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.start_bot(allow_bots=("BFLOW",), allowed_channels=("CRANDOM",))
    posted(bench)
    bench.until(lambda: [one.outcome for one in bench.written(1)] == ["denied"])

    assert not bench.calls("chat.postEphemeral")
    assert not [record for record in caplog.records if record.exc_info]


def test_two_bots_do_not_keep_each_other_busy(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(text="On it.", pace=Pace(converse=9.0)))  # after the answer
    bench.start_bot(allow_bots=(RELAY.id,))
    root = bench.mention("why?", user=RELAY.id)
    for count in range(1, MAX_ANSWERS_IN_THREAD + 3):
        bench.until(lambda: bench.at_rest() and len(bench.prompts()) >= min(count, MAX_ANSWERS_IN_THREAD))  # noqa: B023
        bench.mention("and why that?", user=RELAY.id, thread=root)
    after = bench.mention("and why that?", thread=root)
    bench.until(lambda: len(bench.prompts()) == MAX_ANSWERS_IN_THREAD + 1 and bench.at_rest())

    assert after.user == ADA.id
    outcomes = [one.outcome for one in bench.written(MAX_ANSWERS_IN_THREAD + 4)]
    assert outcomes.count("whole") == MAX_ANSWERS_IN_THREAD + 1
    assert outcomes.count("denied") == 3
    assert not bench.calls("chat.postEphemeral")


def test_in_threads_that_are_followed_a_bot_still_has_to_mention_whom_it_asks(bench: Workbench) -> None:
    bench.start_bot(allow_bots=(RELAY.id,), follow_threads=True)
    root = bench.mention("why?")
    bench.until(lambda: bench.texts(root)[-1:] == ["Because."] and bench.at_rest())
    event = {"type": "message", "channel": "CGENERAL", "channel_type": "channel", "thread_ts": root.ts}
    told = {"user": RELAY.id, "bot_id": "BURELAY", "text": "just saying", "ts": "9999999999.000001"}
    bench.servers.do(lambda: bench.slack.events.send(event | told))
    bench.servers.do(
        lambda: bench.slack.events.send(event | {"user": ADA.id, "text": "go on", "ts": "9999999999.000002"})
    )
    bench.until(lambda: len(bench.prompts()) == 2 and bench.at_rest())

    assert "just saying" not in str(bench.prompts()[-1]["messages"][-1])
