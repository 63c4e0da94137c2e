"""Going on in a thread of the bot's without a mention: nothing is lost, and other threads are left alone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.playground.bedrock import Reply
from bot.playground.events import ALL_EVENTS
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, BOT_USER, MINJI, RELAY, TEAM, Message
from tests.conftest import offer
from tests.processes import Processes
from tests.test_threads import answered, told
from tests.workbench import Workbench, open_questions

# What manifest.yml has as an option.
FOLLOWING = set(
    re.findall(r"# - (message\.\w+)", (Path(__file__).parent.parent / "manifest.yml").read_text())
)


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A workbench whose app hears every message in its channels, too."""
    bench = Workbench(subscribed=ALL_EVENTS | FOLLOWING)
    offer(monkeypatch, bench)
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    yield bench
    bench.close()


@pytest.fixture
def followed(hearing: Workbench) -> Workbench:
    """A bot that follows its threads."""
    hearing.start_bot(follow_threads=True)
    return hearing


def test_in_a_thread_of_the_bots_people_go_on_without_a_mention(followed: Workbench) -> None:
    root = followed.mention("why?")
    answered(followed, root, 1)
    followed.say("and then?", thread=root)
    answered(followed, root, 2)
    followed.say("여기서는요?", thread=root, user=MINJI.id)
    answered(followed, root, 3)

    assert told(followed)[-1] == "⟦A message by 민지:⟧\n여기서는요?"


@pytest.mark.parametrize("channel", ["GTEAM", "GGROUP"])
def test_in_private_channels_and_group_messages_people_go_on_likewise(
    followed: Workbench, channel: str
) -> None:
    root = followed.mention("why?", channel=channel)
    answered(followed, root, 1)
    followed.say("and then?", thread=root)

    answered(followed, root, 2)


def test_in_a_thread_under_ask_people_go_on_likewise(followed: Workbench) -> None:
    followed.ask("why?")
    root = followed.posted_question()
    answered(followed, root, 1)
    followed.say("and then?", thread=root)

    answered(followed, root, 2)


def test_a_bot_that_started_anew_knows_its_threads(hearing: Workbench) -> None:
    first = hearing.start_bot(follow_threads=True)
    root = hearing.mention("why?")
    answered(hearing, root, 1)
    hearing.stop_bot(first)
    hearing.start_bot(follow_threads=True)
    hearing.say("and then?", thread=root)

    answered(hearing, root, 2)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        (f"<@{MINJI.id}> what do you think?", ADA.id),
        ("so, <@URELAY>?", ADA.id),
        ("<!subteam^S1|@devs> look", ADA.id),
        ("<!here> lunch?", ADA.id),
        ("a bot says this", RELAY.id),
    ],
)
def test_what_is_addressed_to_somebody_else_is_never_answered(
    followed: Workbench, text: str, user: str
) -> None:
    root = followed.mention("why?")
    answered(followed, root, 1)
    followed.say(text, thread=root, user=user)
    followed.mention("another", channel="CRANDOM")
    followed.until(lambda: len(followed.prompts()) == 2)
    followed.bedrock.release()
    followed.until(followed.at_rest)

    assert followed.texts(root).count("Because.") == 1


def test_a_thread_that_the_bot_has_no_part_in_is_left_alone(followed: Workbench) -> None:
    root = followed.say("Shall we?")
    followed.say("Yes, why not?", thread=root)
    followed.until(lambda: followed.calls("conversations.replies"))
    followed.say("Then let us.", thread=root)
    followed.answered(followed.mention("another", channel="CRANDOM"))

    assert followed.texts(root) == []
    assert (
        len([call for call in followed.calls("conversations.replies") if call.parameters["ts"] == root.ts])
        == 1
    )


def test_a_mention_in_a_thread_that_is_followed_is_answered_once(followed: Workbench) -> None:
    root = followed.mention("why?")
    answered(followed, root, 1)
    followed.mention("and then?", thread=root)
    answered(followed, root, 2)

    assert len(followed.prompts()) == 2


def test_without_the_setting_nobody_goes_on_without_a_mention(hearing: Workbench) -> None:
    hearing.start_bot()
    root = hearing.mention("why?")
    answered(hearing, root, 1)
    hearing.say("and then?", thread=root)
    hearing.answered(hearing.mention("another", channel="CRANDOM"))

    assert hearing.texts(root).count("Because.") == 1


def test_outside_of_threads_nobody_is_answered_without_a_mention(followed: Workbench) -> None:
    followed.say("why?")
    followed.answered(followed.mention("another", channel="CRANDOM"))

    assert len(followed.prompts()) == 1
    assert BOT_USER not in str([message.text for message in followed.messages()])


# Nothing is lost


def reads(bench: Workbench, root: Message) -> int:
    """Count the calls that read a thread."""
    calls = bench.calls("conversations.replies")
    return len([call for call in calls if call.parameters["ts"] == root.ts])


def refuse_reads(bench: Workbench, fault: Fault | None, root: Message | None = None) -> None:
    """Let every read of threads, or of one, fail so; None ends it."""
    bench.servers.do(
        lambda: bench.slack.faults.always(
            "conversations.replies", fault, lambda asked: root is None or asked.get("ts") == root.ts
        )
    )


@pytest.fixture
def old(hearing: Workbench) -> Message:
    """The first message of a thread in which a bot spoke whose notes are gone."""
    bot = hearing.start_bot()
    root = hearing.mention("why?")
    answered(hearing, root, 1)
    hearing.stop_bot(bot)
    with closing(sqlite3.connect(hearing.store_url.removeprefix("sqlite:///"))) as db, db:
        assert db.execute("DELETE FROM claims").rowcount
    return root


def test_what_is_said_in_a_thread_is_written_down_before_slack_hears_that_it_arrived(
    followed: Workbench,
) -> None:
    root = followed.say("Shall we?")
    refuse_reads(followed, Fault(429, "ratelimited", retry_after=60))
    event = {
        "type": "message",
        "channel_type": "channel",
        "channel": root.channel,
        "user": ADA.id,
        "ts": "2.0",
        "thread_ts": root.ts,
        "text": "and then?",
    }
    wrapper = {"type": "event_callback", "team_id": TEAM, "event": event, "event_id": "EvFOLLOWED"}
    followed.servers.wait_for(lambda: followed.slack.sockets.deliver_event(wrapper))

    assert open_questions(followed.store_url) == [f"{TEAM}/{root.channel}/2.0"]


def test_what_was_said_to_a_bot_that_was_killed_is_answered_by_the_next(
    hearing: Workbench, old: Message, tmp_path: Path
) -> None:
    processes = Processes(hearing, tmp_path, hearing.store_url)
    hearing.bedrock.always("converse-stream", Reply(text="Because."))
    root, other = old, hearing.say("Shall we?")
    try:
        refuse_reads(hearing, Fault(429, "ratelimited", retry_after=1))
        bot = processes.start(FOLLOW_THREADS="true")
        hearing.say("and then?", thread=root)
        hearing.say("Yes.", thread=other)
        hearing.until(
            lambda: len(open_questions(hearing.store_url)) == 2 and hearing.calls("conversations.replies")
        )
        processes.kill(bot)
        refuse_reads(hearing, None)
        processes.start(FOLLOW_THREADS="true")
        hearing.until(
            lambda: hearing.texts(root).count("Because.") == 2 and not open_questions(hearing.store_url)
        )
    finally:
        processes.close()

    assert hearing.texts(other) == []
    assert len(hearing.prompts()) == len(hearing.prompts("converse")) == 2


@pytest.mark.parametrize(
    "fault", [Fault(429, "ratelimited", retry_after=1), Fault(500), Fault(status=0)], ids=str
)
def test_while_slack_lets_no_thread_be_read_what_is_said_there_waits(
    old: Message, followed: Workbench, fault: Fault
) -> None:
    followed.servers.do(lambda: followed.slack.faults.enqueue("conversations.replies", fault))
    followed.say("and then?", thread=old)

    answered(followed, old, 2)


def test_what_slack_will_never_tell_is_given_up(old: Message, followed: Workbench) -> None:
    refuse_reads(followed, Fault(error="channel_not_found"))
    before = reads(followed, old)
    followed.say("and then?", thread=old)
    followed.until(lambda: reads(followed, old) > before and not open_questions(followed.store_url))

    assert followed.texts(old) == ["On it.", "Because."]


def test_behind_60_threads_of_others_who_goes_on_with_the_bot_is_answered_at_once(
    hearing: Workbench,
) -> None:
    first = hearing.start_bot(follow_threads=True)
    root = hearing.mention("why?", thread=hearing.say("Shall we?"))
    answered(hearing, root, 1)
    hearing.stop_bot(first)
    others = [hearing.say("Shall we?", channel="CRANDOM") for _ in range(60)]
    refuse_reads(hearing, Fault(429, "ratelimited", retry_after=60), root=others[0])
    hearing.start_bot(follow_threads=True)
    for other in others:
        hearing.say("Yes.", thread=other)
    hearing.say("and then?", thread=root)
    hearing.until(lambda: len(hearing.prompts()) == 2)

    assert len(open_questions(hearing.store_url)) > 30  # the others wait


def test_what_is_said_in_a_thread_of_others_leaves_nothing_in_the_store(followed: Workbench) -> None:
    root = followed.say("Shall we?")
    followed.say("Yes, why not?", thread=root)
    followed.until(lambda: reads(followed, root) == 1)
    followed.say("Then let us.", thread=root)
    followed.answered(followed.mention("another", channel="CRANDOM"))
    followed.until(lambda: not open_questions(followed.store_url))

    with closing(sqlite3.connect(followed.store_url.removeprefix("sqlite:///"))) as db:
        assert root.channel not in str(db.execute("SELECT * FROM questions").fetchall())
        assert root.channel not in str(db.execute("SELECT * FROM interactions").fetchall())


def test_what_is_deleted_before_its_thread_was_read_is_not_answered(
    old: Message, followed: Workbench
) -> None:
    refuse_reads(followed, Fault(429, "ratelimited", retry_after=1))
    gone = followed.say("and then?", thread=old)
    followed.until(lambda: open_questions(followed.store_url))
    followed.servers.do(lambda: followed.slack.delete(gone))
    followed.until(lambda: not open_questions(followed.store_url))
    refuse_reads(followed, None)
    followed.say("and now?", thread=old)
    answered(followed, old, 2)

    assert len(followed.prompts()) == 2


def test_a_mention_that_is_edited_into_a_thread_of_others_is_answered(followed: Workbench) -> None:
    root = followed.say("Shall we?")
    message = followed.say("why?", thread=root)
    followed.until(lambda: reads(followed, root) and not open_questions(followed.store_url))
    followed.servers.do(lambda: followed.slack.edit(message, f"<@{BOT_USER}> why?"))

    answered(followed, root, 1)
