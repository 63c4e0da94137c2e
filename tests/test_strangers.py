"""Whom the bot does not know yet, over the wire: nobody is turned away because Slack is slow to say."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.limits import Limits
from bot.playground.workspace import ADA, MINJI, NOOR, SAM
from tests.conftest import offer
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
NO_LIST = Fault(error="limit_required")
SLOW = Fault(429, "ratelimited", retry_after=1)


@pytest.fixture
def unlisted(ready: Workbench) -> Workbench:
    """A workbench whose Slack lists nobody."""
    ready.slack.faults.always("users.list", NO_LIST)
    return ready


def listed(bench: Workbench) -> None:
    """Wait until both lists were read."""
    bench.until(lambda: bench.calls("users.list") and bench.calls("users.conversations"))


def test_250_strangers_at_once_are_all_answered_and_no_look_up_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Posts and edits are not limited here; what is read is, as in Slack."""
    of_method = {**Limits().of_method, "chat.update": inf}
    limits = Limits(50, inf, inf, inf, of_method)
    bench = Workbench(limits)
    offer(monkeypatch, bench)
    try:
        people = bench.servers.do(lambda: bench.slack.workspace.add_people(250))
        bench.bedrock.always("converse", Reply(text="On it."))
        bench.bedrock.always("converse-stream", Reply(text="Because."))
        bench.start_bot(slack_posts_per_minute=100_000, slack_edits_per_minute=100_000, max_live_answers=250)
        channels = bench.channels(250)
        asked = [
            bench.mention("why?", user=person.id, channel=channel)
            for person, channel in zip(people, channels, strict=True)
        ]
        bench.until(lambda: all(bench.begins(question, "Because.") for question in asked), 40.0)

        assert not [call for call in bench.slack.calls if call.status == 429]
        assert not bench.calls("users.info")
    finally:
        bench.close()


@pytest.mark.parametrize("fault", [SLOW, Fault(500, "internal_error")])
def test_who_cannot_be_looked_up_yet_is_acknowledged_and_then_answered(
    unlisted: Workbench, fault: Fault
) -> None:
    unlisted.start_bot()
    unlisted.slack.faults.enqueue("users.info", fault)
    question = unlisted.mention("why?")
    unlisted.until(lambda: unlisted.texts(question) == [EN.awaits_admission])
    assert not unlisted.prompts("converse")
    assert not unlisted.prompts()

    assert unlisted.answered(question) == [EN.awaits_admission, "Because."]
    assert not unlisted.prompts("converse")
    assert not unlisted.told_privately()


def test_a_guest_who_waited_is_told_in_the_thread_that_is_answered_by_nobody(unlisted: Workbench) -> None:
    unlisted.start_bot()
    unlisted.slack.faults.enqueue("users.info", SLOW)
    question = unlisted.mention("왜요?", user=SAM.id)
    unlisted.until(lambda: unlisted.texts(question) == [KO.awaits_admission, KO.denied_person])
    unlisted.until(unlisted.at_rest)

    assert not unlisted.prompts()
    assert not unlisted.told_privately(SAM.id)
    assert [one.outcome for one in unlisted.written(1)] == ["denied"]


def test_a_question_that_waited_when_its_process_ended_is_not_admitted_by_that(unlisted: Workbench) -> None:
    unlisted.slack.faults.always("users.info", Fault(429, "ratelimited", retry_after=30))
    stopped = unlisted.start_bot()
    by_guest = unlisted.mention("why?", user=SAM.id)
    by_member = unlisted.mention("why?", channel="CRANDOM")
    unlisted.until(lambda: unlisted.texts(by_guest) == unlisted.texts(by_member) == [EN.awaits_admission])
    unlisted.stop_bot(stopped)
    unlisted.slack.faults.always("users.info", None)
    unlisted.start_bot()
    unlisted.until(lambda: unlisted.texts(by_guest) == [EN.awaits_admission, EN.denied_person])

    assert unlisted.answered(by_member) == [EN.awaits_admission, "Because."]
    assert len(unlisted.prompts()) == 1


def test_a_command_waits_as_a_message_does_and_is_posted_when_it_is_known_who_gave_it(
    unlisted: Workbench,
) -> None:
    unlisted.start_bot()
    unlisted.slack.faults.enqueue("users.info", SLOW)
    unlisted.ask("why?")
    unlisted.until(lambda: unlisted.told_privately() == [EN.awaits_admission])
    assert not [message for message in unlisted.messages() if not message.only_for]

    assert unlisted.answered(unlisted.posted_question()) == ["On it.", "Because."]


def test_an_edit_while_its_asker_is_looked_up_changes_the_question(unlisted: Workbench) -> None:
    unlisted.start_bot()
    unlisted.slack.faults.enqueue("users.info", SLOW)
    question = unlisted.dm("why?")
    unlisted.until(lambda: unlisted.texts(question) == [EN.awaits_admission])
    unlisted.servers.do(lambda: unlisted.slack.edit(question, "why is the sky blue?"))

    assert unlisted.answered(question) == [EN.awaits_admission, "Because."]
    assert "why is the sky blue?" in str(unlisted.prompts())


def test_that_slack_does_not_know_who_asks_is_told_each_time(unlisted: Workbench) -> None:
    unlisted.slack.faults.always("users.info", Fault(error="user_not_found"))
    unlisted.start_bot()
    for count in (1, 2):
        unlisted.mention("why?")
        unlisted.until(lambda count=count: unlisted.told_privately() == [EN.denied_unknown] * count)  # type: ignore[misc]

    assert not unlisted.prompts()


def test_made_up_names_keep_nobody_from_being_admitted(unlisted: Workbench) -> None:
    """Each process has so many look-ups in a minute, of which names get a part."""
    people = unlisted.servers.do(lambda: unlisted.slack.workspace.add_people(6))
    unlisted.start_bot()
    for number in range(3):
        crowd = " ".join(f"<@UMADEUP{number}X{each}>" for each in range(90))
        unlisted.answered(unlisted.mention(f"who are {crowd}?"))
    assert len(unlisted.calls("users.info")) == 1 + 25

    for person in people:
        question = unlisted.mention("why?", user=person.id, channel="CRANDOM")
        assert unlisted.answered(question) == ["On it.", "Because."]


def test_after_a_restart_everybody_is_known(ready: Workbench) -> None:
    stopped = ready.start_bot()
    listed(ready)
    assert ready.answered(ready.mention("why?")) == ["On it.", "Because."]
    ready.stop_bot(stopped)
    ready.start_bot()
    assert ready.answered(ready.mention("and why?", user=MINJI.id)) == ["On it.", "Because."]
    ready.ask("why?")
    ready.answered(ready.posted_question())

    for method, count in (("users.list", 1), ("users.conversations", 1), ("users.info", 0)):
        assert len(ready.calls(method)) == count


def test_what_changes_about_people_and_channels_is_heard(bot: Workbench) -> None:
    listed(bot)
    assert bot.answered(bot.mention("why?")) == ["On it.", "Because."]
    bot.servers.do(lambda: bot.slack.change(replace(ADA, is_restricted=True)))
    bot.servers.do(lambda: bot.slack.join(replace(MINJI, id="UNEW", name="New")))
    bot.servers.do(lambda: bot.slack.share("CRANDOM"))
    bot.until(lambda: len(bot.calls("conversations.info")) == 1)
    bot.mention("why?")
    bot.until(lambda: bot.told_privately() == [EN.denied_person])
    bot.ask("why?", "CRANDOM", MINJI.id)
    bot.until(lambda: bot.told_privately(MINJI.id, "CRANDOM") == [EN.denied_room])

    assert bot.answered(bot.mention("why?", user="UNEW", channel="CKOREAN")) == ["On it.", "Because."]
    assert not bot.calls("users.info")


def test_somebody_of_another_company_who_is_in_no_list_is_looked_up(ready: Workbench) -> None:
    ready.start_bot(allow_external=True)
    listed(ready)

    assert ready.answered(ready.mention("why?", user=NOOR.id, channel="CPARTNERS")) == ["On it.", "Because."]
    assert len(ready.calls("users.info")) == 1
