"""A mention, a direct message and `/ask`; and what starts nothing."""

from __future__ import annotations

import pytest

from bot.core.texts import Language, Texts, texts_in
from bot.playground.bedrock import Reply
from bot.playground.events import ALL_EVENTS
from bot.playground.faults import Fault
from bot.playground.limits import UNLIMITED
from bot.playground.slack import ALL_SCOPES
from bot.playground.web_api import as_slack_shows
from bot.playground.workspace import ADA, BOT_USER, MINJI, RELAY
from tests.conftest import offer
from tests.workbench import Workbench, acknowledged, words

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def test_a_mention_is_answered_in_the_thread_under_it(bot: Workbench) -> None:
    question = bot.mention("why?")

    assert bot.answered(question) == ["On it.", "Because."]
    assert [message.thread_ts for message in bot.messages()] == [question.ts, question.ts]
    assert bot.prompts()[0]["messages"] == [{"role": "user", "content": [{"text": "why?"}]}]


def test_a_mention_in_a_thread_is_answered_in_that_thread(bot: Workbench) -> None:
    root = bot.say("Does anybody know?", user=MINJI.id)
    bot.mention("why?", thread=root)

    assert bot.answered(root) == ["On it.", "Because."]


def test_a_direct_message_is_answered_under_it(bot: Workbench) -> None:
    assert bot.answered(bot.dm("why?")) == ["On it.", "Because."]


def test_a_direct_message_that_names_the_bot_is_one_question(bot: Workbench) -> None:
    assert bot.answered(bot.dm(f"<@{BOT_USER}> why?")) == ["On it.", "Because."]
    assert bot.prompts()[0]["messages"][0]["content"][0]["text"] == "why?"


def test_a_group_message_and_a_private_channel_are_answered_like_any_channel(bot: Workbench) -> None:
    for channel in ("GGROUP", "GTEAM"):
        assert bot.answered(bot.mention("why?", channel=channel)) == ["On it.", "Because."]


def test_ask_posts_the_question_naming_the_asker_and_answers_in_its_thread(bot: Workbench) -> None:
    bot.ask("why *so*?\nreally <!channel>?")

    root = bot.posted_question()
    assert words(root) == f"<@{ADA.id}> asks:\n> why *so*?\n> really @\u200bchannel?"
    assert bot.answered(root) == [acknowledged("really @\u200bchannel?"), "Because."]


@pytest.mark.parametrize("channel", ["CQUIET", "GSECRET"])
def test_ask_where_the_bot_may_not_post_is_answered_in_the_direct_messages(
    bot: Workbench, channel: str
) -> None:
    bot.ask("왜요?", channel=channel)

    root = bot.posted_question("DADA")
    assert bot.answered(root) == [KO.stand_ins[0], "Because."]
    (told,) = bot.until(lambda: bot.messages(channel))
    assert (told.text, told.only_for) == (KO.moved_to_dm, ADA.id)


def test_ask_with_nowhere_to_answer_says_so_to_the_asker_alone(bot: Workbench) -> None:
    bot.slack.faults.enqueue("conversations.open", Fault(error="user_disabled"))
    bot.ask("why?", channel="CQUIET")

    (told,) = bot.until(lambda: bot.messages("CQUIET"))
    assert (told.text, told.only_for) == (EN.nowhere_to_answer, ADA.id)
    bot.until(bot.at_rest)
    assert not bot.messages("DADA")


def test_an_empty_mention_gets_a_usage_line_and_calls_no_model(bot: Workbench) -> None:
    assert bot.answered(bot.mention("  "), count=1) == [EN.usage]
    assert not bot.bedrock.requests


def test_an_empty_ask_gets_a_usage_line_that_only_the_asker_sees(bot: Workbench) -> None:
    bot.ask("  ")

    (told,) = bot.until(bot.messages)
    assert (told.text, told.only_for) == (EN.usage_command, ADA.id)
    assert not bot.bedrock.requests


def test_who_asks_nothing_is_told_how_to_ask_in_the_language_of_their_slack(bot: Workbench) -> None:
    bot.ask("", user=MINJI.id)
    (told,) = bot.until(bot.messages)
    assert (told.text, told.only_for) == (KO.usage_command, MINJI.id)

    assert bot.answered(bot.mention("", user=MINJI.id), count=1) == [KO.usage]
    assert bot.answered(bot.say("", channel="DMINJI", user=MINJI.id), count=1) == [KO.usage]
    assert bot.answered(bot.dm(""), count=1) == [EN.usage]


@pytest.mark.parametrize(("language", "texts"), [("ko", KO), ("en", EN)])
def test_an_operator_may_choose_the_language_of_all_fixed_sentences(
    bench: Workbench, language: str, texts: Texts
) -> None:
    bench.bedrock.always("converse", Reply(error="ThrottlingException"))
    bench.bedrock.always("converse-stream", Reply(error="AccessDeniedException"))
    bench.start_bot(language=language, ack_deadline=3600.0)
    for text in ("why?", "왜요?"):
        question = bench.mention(text)
        bench.until(lambda: bench.texts(question)[-1:] == [texts.not_set_up])  # noqa: B023 - in its turn
    bench.ask("", user=MINJI.id)

    bench.until(lambda: bench.told_privately(MINJI.id) == [texts.usage_command])


def test_slack_is_asked_to_show_that_duet_is_thinking(bot: Workbench) -> None:
    question = bot.mention("왜요?")
    bot.answered(question)
    (call,) = bot.until(lambda: bot.calls("assistant.threads.setStatus"))

    assert (call.parameters["thread_ts"], call.parameters["status"]) == (question.ts, KO.thinking)


def test_where_slack_offers_no_status_it_is_tried_once_and_costs_nothing(bot: Workbench) -> None:
    bot.slack.offers_status = False
    for _ in range(3):
        assert bot.answered(bot.mention("why?"))[1] == "Because."

    assert len(bot.calls("assistant.threads.setStatus")) == 1


def test_bots_and_deletions_start_nothing(bot: Workbench) -> None:
    bot.mention("why?", user=RELAY.id)
    plain = bot.say("just talking")
    bot.servers.do(lambda: bot.slack.edit(plain, "still talking"))
    note = bot.dm("why?")
    bot.answered(note)
    bot.servers.do(lambda: bot.slack.delete(note))
    bot.servers.do(
        lambda: bot.slack.events.send(
            {
                "type": "message",
                "subtype": "channel_topic",
                "channel": "DADA",
                "channel_type": "im",
                "ts": "1.2",
            }
        )
    )

    last = bot.mention("why?")
    bot.answered(last)
    assert [request["messages"][0]["content"][0]["text"] for request in bot.prompts()] == ["why?", "why?"]
    assert {message.thread_ts for message in bot.messages()} == {last.ts}
    assert not bot.slack.sockets.unacknowledged


def test_an_event_that_is_delivered_twice_is_answered_once(bot: Workbench) -> None:
    event = {"type": "app_mention", "user": ADA.id, "channel": "CGENERAL", "text": f"<@{BOT_USER}> why?"}
    root = bot.say("a root to answer under")
    for _ in range(3):
        bot.servers.do(lambda: bot.slack.events.send(event | {"ts": root.ts}, event_id="EvSAME"))
    bot.answered(root)

    bot.answered(bot.mention("another"))
    assert len(bot.prompts()) == 2
    assert len(bot.texts(root)) == 2


def test_a_mention_that_comes_as_two_events_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Workbench(UNLIMITED, ALL_SCOPES, ALL_EVENTS | {"message.channels"})
    try:
        offer(monkeypatch, bench)
        bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
        bench.start_bot()
        question = bench.mention("why?")
        bench.servers.do(
            lambda: bench.slack.events.send(
                as_slack_shows(question) | {"channel": "CGENERAL", "channel_type": "im", "type": "message"}
            )
        )
        bench.answered(question)
        bench.answered(bench.mention("another"))

        assert len(bench.prompts()) == 2
        assert not bench.slack.sockets.unacknowledged
    finally:
        bench.close()


def test_a_channel_where_slack_offers_no_status_says_nothing_of_the_others(bot: Workbench) -> None:
    bot.slack.channels_without_status = frozenset({"CRANDOM"})
    for channel in ("CRANDOM", "CGENERAL"):
        bot.answered(bot.mention("why?", channel=channel))
    bot.until(lambda: len(bot.calls("assistant.threads.setStatus")) == 2)

    told = {call.parameters["channel_id"]: call.error for call in bot.calls("assistant.threads.setStatus")}
    assert told == {"CRANDOM": "method_not_supported_for_channel_type", "CGENERAL": ""}
