"""What people do with a finished answer: rate it, say why, have it given anew; and what stands under it."""

from __future__ import annotations

import re

import pytest

from bot.core.journal import Allowance
from bot.core.texts import Language, Texts, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import ADA, MINJI, Message
from bot.stats import read
from bot.stores import open_store
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
ANEW = Reply(text="Otherwise.", pace=Pace(0, 0.3, 1000))


@pytest.fixture
def bot(ready: Workbench) -> Workbench:
    ready.start_bot(cache_ttl=60.0)
    return ready


def asked(bot: Workbench, text: str = "why?", **where: str) -> Message:
    question = bot.mention(text, **where)
    bot.answered(question)
    return question


def test_a_finished_answer_can_be_rated_and_anybody_may(bot: Workbench) -> None:
    question = asked(bot)
    bot.press("feedback", question, value="up")
    bot.until(lambda: len(bot.votes()) == 1)
    bot.press("feedback", question, user=MINJI.id, value="up")
    bot.until(lambda: len(bot.votes()) == 2)

    kept = {vote.voter: vote.is_up for vote in bot.votes()}
    assert kept == {ADA.id: True, MINJI.id: True}
    (written,) = bot.written(1)
    assert {vote.interaction_id for vote in bot.votes()} == {written.id}


@pytest.mark.parametrize(("text", "texts"), [("why?", EN), ("왜요?", KO)])
def test_the_voter_alone_is_thanked_in_the_language_of_the_answer(
    ready: Workbench, text: str, texts: Texts
) -> None:
    words = "Because." if texts is EN else "그렇습니다."
    ready.bedrock.always("converse-stream", Reply(text=words, after=0, then="hold"))
    ready.start_bot()
    question = asked(ready, text)
    ready.press("feedback", question, user=MINJI.id, value="up")

    ready.until(lambda: ready.told_privately(MINJI.id) == [texts.thanks])
    assert ready.told_privately(ADA.id) == []


def test_a_vote_can_be_changed_and_repeated_and_is_one(bot: Workbench) -> None:
    question = asked(bot)
    for verdict in ("up", "down", "down", "up"):
        bot.press("feedback", question, value=verdict)
    bot.until(lambda: [vote.is_up for vote in bot.votes()] == [True])

    found = read(open_store(bot.store_url, Allowance()).ledger, 0.0)
    assert (found.satisfied_votes.times, found.satisfied_votes.of) == (1, 1)


def test_who_votes_an_answer_down_may_say_why(bot: Workbench) -> None:
    question = asked(bot)
    bot.press("feedback", question, value="down")
    (view,) = bot.until(lambda: bot.servers.do(lambda: bot.slack.open_views(ADA.id)))
    assert view.body["title"]["text"] == EN.reason_title
    assert (
        bot.servers.wait_for(lambda: bot.slack.submit(ADA.id, view.id, {"reason": {"reason": "틀렸어요"}}))
        == {}
    )

    bot.until(lambda: bot.votes() and bot.votes()[0].reason == "틀렸어요")
    assert not bot.votes()[0].is_up


def test_a_reason_can_be_left_out(bot: Workbench) -> None:
    question = asked(bot)
    bot.press("feedback", question, value="down")
    (view,) = bot.until(lambda: bot.servers.do(lambda: bot.slack.open_views(ADA.id)))
    assert bot.servers.wait_for(lambda: bot.slack.submit(ADA.id, view.id, {})) == {}

    assert [(vote.is_up, vote.reason) for vote in bot.votes()] == [(False, "")]


def test_an_answer_that_was_voted_down_is_shown_to_nobody_again(bot: Workbench) -> None:
    question = asked(bot)
    bot.press("feedback", question, value="down")
    bot.until(lambda: bot.votes())

    assert bot.answered(bot.mention("Why?", user=MINJI.id)) == ["On it.", "Because."]


def test_an_answer_out_of_the_cache_that_is_voted_down_leaves_it_too(bot: Workbench) -> None:
    asked(bot)
    again = bot.mention("Why?")
    assert bot.answered(again, count=1) == [f"Because.\n{EN.from_cache}"]
    bot.press("feedback", again, value="down")
    bot.until(lambda: bot.votes())

    assert bot.answered(bot.mention("WHY?", user=MINJI.id)) == ["On it.", "Because."]


def test_an_apology_and_a_fixed_sentence_are_not_rated(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException"))
    failed, empty = bot.mention("why?"), bot.mention("", channel="CRANDOM")
    bot.until(lambda: EN.not_set_up in bot.texts(failed) and bot.texts(empty) and bot.at_rest())

    for question in (failed, empty):
        assert "feedback" not in str(bot.messages(thread=question)[-1].blocks)


def test_an_answer_of_yesterdays_process_can_be_rated(ready: Workbench) -> None:
    first = ready.start_bot()
    question = asked(ready)
    ready.stop_bot(first)
    ready.start_bot()
    ready.press("feedback", question, value="up")

    ready.until(lambda: len(ready.votes()) == 1)


# Answering anew


def test_a_finished_answer_is_given_anew_in_its_place_and_says_so(bot: Workbench) -> None:
    question = asked(bot)
    bot.bedrock.enqueue("converse-stream", ANEW)
    bot.press("menu", question, value="regenerate")
    bot.until(lambda: bot.texts(question) == ["On it.", f"Otherwise.\n{EN.regenerated}"] and bot.at_rest())

    bot.bedrock.enqueue("converse-stream", Reply(text="And again.", pace=Pace(0, 0.3, 1000)))
    bot.press("menu", question, value="regenerate")
    bot.until(lambda: bot.texts(question) == ["On it.", f"And again.\n{EN.regenerated}"])


def test_an_answer_out_of_the_cache_is_given_anew_past_the_cache(bot: Workbench) -> None:
    asked(bot)
    again = bot.mention("Why?")
    bot.answered(again, count=1)
    bot.bedrock.enqueue("converse-stream", ANEW)
    bot.press("menu", again, value="regenerate")

    bot.until(lambda: bot.texts(again) == [f"Otherwise.\n{EN.regenerated}"])


def test_others_may_not_have_it_given_anew_but_an_admin_may(ready: Workbench) -> None:
    ready.start_bot(admin_users=("UADMIN", MINJI.id))
    question = asked(ready, user=ADA.id)
    other = asked(ready, user=MINJI.id, channel="CRANDOM")
    ready.press("menu", other, user=ADA.id, value="regenerate")
    ready.until(lambda: ready.told_privately(ADA.id, "CRANDOM") == [EN.only_asker])
    ready.bedrock.enqueue("converse-stream", ANEW)
    ready.press("menu", question, user=MINJI.id, value="regenerate")

    ready.until(lambda: ready.texts(question)[-1] == f"Otherwise.\n{EN.regenerated}")
    assert ready.texts(other)[-2:-1] == ["Because."] or "Because." in ready.texts(other)


# Stopping, without a button


def test_an_admin_may_stop_anybodys_answer(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    ready.start_bot(admin_users=(MINJI.id,))
    question = ready.mention("why?")
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    ready.press("stop", question, user=MINJI.id)

    ready.until(lambda: ready.texts(question)[-1:] == [f"Be\n{EN.stopped}"])


def test_deleting_the_question_stops_its_answer(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["word "] * 3000, pace=Pace(0, 0, 50)))
    ready.start_bot()
    question = ready.dm("why?")
    ready.until(lambda: "word" in "".join(ready.texts(question)))
    ready.servers.do(lambda: ready.slack.delete(question))

    ready.until(lambda: ready.texts(question)[-1].endswith(EN.stopped))
    ready.until(lambda: ready.bedrock.closed)


@pytest.mark.parametrize("way", ["mention", "direct message"])
def test_changing_the_question_starts_its_answer_anew_in_the_same_messages(
    ready: Workbench, way: str
) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"), ANEW)
    ready.start_bot()
    question = ready.dm("why?") if way != "mention" else ready.mention("why?")
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    changed = question.text.replace("why", "how")
    ready.servers.do(lambda: ready.slack.edit(question, changed))

    ready.until(lambda: ready.stands_whole(question, f"Otherwise.\n{EN.regenerated}"))
    assert ready.prompts()[-1]["messages"][-1]["content"][0]["text"] == "how?"


# The footer


@pytest.mark.parametrize(
    ("footer", "text", "pattern"),
    [
        ("short", "why?", r"\d+\.\d s · \$0\.0\d{3}"),
        ("short", "왜요?", r"\d+\.\d초 · \$0\.0\d{3}"),
        (
            "full",
            "why?",
            (
                r"us\.amazon\.nova-micro-v1:0 \+ us\.amazon\.nova-pro-v1:0 · first words after \d+\.\d s, "
                r"whole after \d+\.\d s · \d+ tokens in, \d+ out · \$0\.0\d{3}"
            ),
        ),
    ],
)
def test_a_quiet_line_under_the_answer_tells_how_long_it_took_and_what_it_cost(
    ready: Workbench, footer: str, text: str, pattern: str
) -> None:
    ready.start_bot(footer=footer)
    acknowledgement, answer = ready.answered(ready.mention(text))

    assert acknowledgement in ("On it.", KO.stand_ins[0])
    words, line = answer.split("\n")
    assert words == "Because."
    assert re.fullmatch(pattern, line), line


def test_an_answer_out_of_the_cache_tells_that_it_cost_nothing(ready: Workbench) -> None:
    ready.start_bot(footer="short", cache_ttl=60.0)
    asked(ready)
    (answer,) = ready.answered(ready.mention("why?"), count=1)

    assert re.fullmatch(rf"Because\.\n{re.escape(EN.from_cache)}\n\d\.\d s · \$0", answer), answer


def test_a_stopped_answer_tells_an_estimate_and_a_model_without_price_says_so(ready: Workbench) -> None:
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    ready.start_bot(footer="short", pro_model_id="us.amazon.nova-pro-v1:0")
    question = ready.mention("why?")
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    ready.press("stop", question)

    ready.until(lambda: re.search(r"· ~\$0\.0\d{3}$", ready.texts(question)[-1]))


def test_where_nobody_knows_the_price_that_is_said(ready: Workbench) -> None:
    ready.start_bot(footer="short", pro_model_id="us.amazon.nova-next-v1:0")
    _, answer = ready.answered(ready.mention("why?"))

    assert answer.endswith(f"· {EN.footer_unpriced}")
