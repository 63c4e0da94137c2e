"""What is wrong with how the app is set up is told: to operators once, with the fix, to askers as that."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import Fault
from bot.playground.limits import UNLIMITED
from bot.playground.slack import ALL_SCOPES
from tests.conftest import offer
from tests.sample_files import png
from tests.workbench import Workbench

EN = texts_in(Language.EN)
KO = texts_in(Language.KO)


@contextmanager
def without(monkeypatch: pytest.MonkeyPatch, *scopes: str) -> Iterator[Workbench]:
    """A workbench with a running bot whose app lacks some scopes."""
    bench = Workbench(UNLIMITED, ALL_SCOPES - set(scopes))
    try:
        offer(monkeypatch, bench)
        bench.bedrock.always("converse", Reply(text="On it."))
        bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
        bench.start_bot()
        yield bench
    finally:
        bench.close()


def told_once(caplog: pytest.LogCaptureFixture, event: str) -> dict[str, str]:
    """The fields of the only line about the set-up, which is an `event`."""
    words = ("missing_scope", "no_permission", "token_revoked", "account_inactive")
    lines = [
        record
        for record in caplog.records
        if record.name.startswith("bot.") and any(word in str(vars(record)) for word in words)
    ]
    assert [record.message for record in lines] == [event], [vars(record) for record in lines]
    return vars(lines[0])


# Scopes


@pytest.mark.parametrize(
    ("scope", "text", "sentence"),
    [("users:read", "why?", EN.not_set_up), ("users:read", "왜요?", KO.not_set_up)],
)
def test_who_cannot_be_looked_up_because_of_a_scope_is_told_to_ask_an_administrator(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, scope: str, text: str, sentence: str
) -> None:
    with without(monkeypatch, scope) as bench:
        bench.mention(text)
        bench.until(lambda: bench.told_privately() == [sentence])
        bench.mention(text, channel="CRANDOM")
        bench.until(lambda: bench.told_privately(channel="CRANDOM") == [sentence])
        bench.until(bench.at_rest)

        assert bench.bedrock.requests == []
    fields = told_once(caplog, "permission.missing")
    assert fields["needed"] == scope
    assert set(fields["provided"].split(",")) == ALL_SCOPES - {scope}
    assert f"add the scope {scope}" in fields["fix"]


@pytest.mark.parametrize(
    ("channel", "scope"),
    [("CGENERAL", "channels:read"), ("GTEAM", "groups:read"), ("GGROUP", "mpim:read")],
)
def test_a_command_in_a_conversation_whose_type_cannot_be_looked_up_is_told_so(
    monkeypatch: pytest.MonkeyPatch, channel: str, scope: str
) -> None:
    with without(monkeypatch, scope) as bench:
        bench.ask("why?", channel=channel)

        bench.until(lambda: bench.told_privately(channel=channel) == [EN.not_set_up])


def test_a_scope_that_one_type_lacks_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with without(monkeypatch, "groups:read") as bench:
        bench.ask("why?")

        assert bench.answered(bench.posted_question()) == ["On it.", "Because."]


@pytest.mark.parametrize(
    ("channel", "scope"),
    [("CGENERAL", "channels:history"), ("GTEAM", "groups:history"), ("GGROUP", "mpim:history")],
)
def test_an_answer_without_its_thread_says_so_where_a_scope_is_missing(
    monkeypatch: pytest.MonkeyPatch, channel: str, scope: str
) -> None:
    with without(monkeypatch, scope) as bench:
        root = bench.say("something before", channel=channel)
        bench.mention("why?", thread=root)

        assert bench.answered(root) == ["On it.", f"{EN.thread_not_set_up}\nBecause."]


def test_a_file_that_may_not_be_read_because_of_a_scope_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with without(monkeypatch, "files:read") as bench:
        photo = bench.servers.do(lambda: bench.slack.upload("photo.png", png()))
        question = bench.mention("what is this?", files=[photo])

        assert EN.file_not_set_up.format(name="photo.png") in bench.answered(question)[1]


@pytest.mark.parametrize(("channel", "scope"), [("CQUIET", "im:write"), ("CGENERAL", "chat:write")])
def test_a_command_that_may_be_answered_nowhere_because_of_a_scope_is_told_so(
    monkeypatch: pytest.MonkeyPatch, channel: str, scope: str
) -> None:
    with without(monkeypatch, scope) as bench:
        bench.ask("why?", channel=channel)

        bench.until(lambda: bench.told_privately(channel=channel) == [EN.not_set_up])


def test_an_answer_that_cannot_be_tried_again_because_of_a_scope_tells_so(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", *[Reply(error="ValidationException")] * 9)
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question) and bot.at_rest())
    bot.slack.faults.always("conversations.replies", Fault(error="missing_scope"))
    bot.press("retry", question)

    bot.until(lambda: EN.not_set_up in bot.told_privately())


def test_a_scope_that_is_granted_again_is_a_problem_no_more(
    bot: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    (running,) = bot.bots
    bot.until(lambda: running.health.is_healthy)
    bot.slack.granted = ALL_SCOPES - {"mpim:read"}
    running.ask_for_token()
    assert running.orchestrator.state.startswith("connected: the scope mpim:read is missing")
    assert running.health.is_healthy  # what works goes on
    bot.slack.granted = ALL_SCOPES
    running.ask_for_token()

    assert running.orchestrator.state == "connected"
    assert told_once(caplog, "permission.missing")["needed"] == "mpim:read"


# The token


@pytest.mark.parametrize("code", ["token_revoked", "account_inactive"])
def test_while_slack_takes_the_token_no_more_no_model_is_asked_and_afterwards_all_is_answered(
    bot: Workbench, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    (running,) = bot.bots
    slowly = Pace(tokens_per_second=50)
    bot.bedrock.enqueue("converse-stream", Reply(text=["word "] * 5000, pace=slowly))
    begun = bot.mention("why?")
    bot.until(lambda: bot.begins(begun, "word"))
    bot.slack.faults.always("", Fault(error=code))
    bot.until(lambda: bot.bedrock.closed)  # the stream that nobody could have been shown
    bot.until(lambda: not running.health.is_healthy)
    asked = len(bot.bedrock.requests)
    late = [bot.mention("and why?"), bot.dm("why not?")]
    bot.ask("how?")
    bot.until(lambda: bot.told_privately() == [EN.kept_for_later])
    running.ask_for_token()

    assert len(bot.bedrock.requests) == asked
    assert running.orchestrator.state.startswith(f"suspended: Slack refuses SLACK_BOT_TOKEN ({code})")
    (error,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert (error.message, vars(error)["code"]) == ("token.refused", code)
    assert "install the app again" in vars(error)["fix"]
    bot.slack.faults.always("", None)
    running.ask_for_token()
    bot.answered_whole("Because.", *late)
    commanded = next(each for each in bot.messages() if not each.is_reply and not each.only_for)
    bot.answered_whole("Because.", commanded)
    assert bot.texts(begun)[-1].startswith("word")  # what was on screen stays
    assert bot.texts(begun)[-1].endswith("Because.")
    assert running.orchestrator.state == "connected"


def test_a_question_that_waited_too_long_for_the_token_is_marked_as_interrupted(ready: Workbench) -> None:
    running = ready.start_bot(recover_within=0.0)
    ready.slack.faults.always("", Fault(error="token_revoked"))
    running.ask_for_token()
    question = ready.mention("why?")
    ready.until(lambda: running.orchestrator.kept == 1)
    ready.slack.faults.always("", None)
    running.ask_for_token()

    ready.until(lambda: ready.texts(question) == [EN.interrupted])
    assert ready.bedrock.requests == []


def test_a_token_that_is_refused_while_the_asker_is_looked_up_keeps_the_question(bot: Workbench) -> None:
    (running,) = bot.bots
    bot.slack.faults.always("", Fault(error="invalid_auth"))
    question = bot.mention("why?")
    bot.until(lambda: running.orchestrator.kept == 1)
    bot.slack.faults.always("", None)
    running.ask_for_token()

    assert bot.answered(question)[1:] == ["Because."]


def test_a_question_that_waits_for_the_token_is_answered_by_the_next_start(bot: Workbench) -> None:
    (running,) = bot.bots
    bot.slack.faults.always("", Fault(error="account_inactive"))
    running.ask_for_token()
    question = bot.mention("why?")
    bot.until(lambda: running.orchestrator.kept == 1)
    bot.stop_bot(running)
    bot.slack.faults.always("", None)
    bot.start_bot()

    assert bot.answered(question) == ["On it.", "Because."]


def test_a_method_that_alone_refuses_the_token_is_not_tried_for_ever(bot: Workbench) -> None:
    (running,) = bot.bots
    bot.slack.faults.always("chat.postMessage", Fault(error="team_access_not_granted"))
    bot.mention("why?")

    def is_given_up() -> bool:
        running.ask_for_token()
        return bot.at_rest() and running.orchestrator.kept == 0

    bot.until(lambda: bool(bot.bedrock.requests))
    bot.until(is_given_up)
    bot.until(lambda: len(bot.written(1)) == 1)
    assert len(bot.prompts()) <= 4
