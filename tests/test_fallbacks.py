"""What people see when a model or Slack fails. Each fault is made on the wire."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot import app
from bot.adapters.bedrock import BedrockModel
from bot.adapters.slack_web import SlackWeb
from bot.core.texts import Language, Texts, texts_in
from bot.engine.context import Context
from bot.engine.gate import Gate
from bot.engine.threads import Threads
from bot.playground.bedrock import Pace, Reply
from bot.playground.faults import SILENCE, Fault
from tests.workbench import Workbench, actions

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
SECRET = "arn:aws:iam::123456789012:role/duet is not authorized"


@pytest.fixture
def bot(bench: Workbench) -> Workbench:
    """A workbench with a running bot whose first model says "On it."."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.start_bot()
    return bench


def last_words(bot: Workbench, question: str) -> str:
    """The last message under a question once the bot is done with it."""
    asked = bot.mention(question)
    bot.until(lambda: bot.texts(asked) and bot.at_rest())
    return bot.texts(asked)[-1]


@pytest.mark.parametrize(
    ("code", "apology", "tries"),
    [
        ("ThrottlingException", "busy", 4),
        ("ServiceUnavailableException", "unavailable", 3),
        ("InternalServerException", "unavailable", 3),
        ("ModelNotReadyException", "unavailable", 4),
        ("ModelTimeoutException", "unavailable", 2),
        ("AccessDeniedException", "not_set_up", 1),
        ("ResourceNotFoundException", "not_set_up", 1),
        ("ExpiredTokenException", "not_set_up", 1),
        ("ValidationException", "failed", 1),
    ],
)
def test_a_model_that_fails_is_tried_as_often_as_that_is_worth_and_then_apologised_for(
    bot: Workbench, code: str, apology: str, tries: int
) -> None:
    bot.bedrock.always("converse-stream", Reply(error=code, message=SECRET))

    assert last_words(bot, "why?") == getattr(EN, apology)
    assert len(bot.prompts()) == tries
    assert SECRET not in str([call.parameters for call in bot.calls("chat.postMessage")])


def test_an_apology_is_in_the_language_of_the_question(bot: Workbench) -> None:
    bot.bedrock.always("converse-stream", Reply(error="AccessDeniedException"))

    assert last_words(bot, "왜요?") == KO.not_set_up


def test_a_second_try_that_succeeds_shows_the_answer_alone(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="ThrottlingException"), Reply(text="Because."))

    assert last_words(bot, "why?") == "Because."


def test_a_stream_that_fails_before_its_first_word_is_tried_again(bot: Workbench) -> None:
    broken = Reply(text=["", "Because."], after=1, then="exception:throttlingException")
    bot.bedrock.enqueue("converse-stream", broken, Reply(text="", then="end"), Reply(text="Because."))

    assert last_words(bot, "why?") == "Because."
    assert len(bot.prompts()) == 3


@pytest.mark.parametrize(
    "then",
    [
        "exception:throttlingException",
        "exception:modelStreamErrorException",
        "exception:internalServerException",
        "exception:somethingNewException",
        "cut",
        "end",
    ],
)
def test_a_stream_that_breaks_keeps_its_words_and_says_that_it_was_cut(bot: Workbench, then: str) -> None:
    bot.bedrock.always("converse-stream", Reply(text=["Because ", "it ", "is."], after=2, then=then))

    assert last_words(bot, "why?") == f"Because it\n{EN.cut}"
    assert len(bot.prompts()) == 1


def test_a_stream_that_goes_silent_is_given_up_after_the_idle_timeout(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text=["Because ", "it ", "is."], after=2, then="silence"))
    bench.start_bot(idle_timeout=0.5)

    assert last_words(bench, "why?") == f"Because it\n{EN.cut}"


@pytest.mark.parametrize(
    ("reason", "note"),
    [
        ("max_tokens", "length_limit"),
        ("model_context_window_exceeded", "length_limit"),
        ("content_filtered", "filtered"),
        ("guardrail_intervened", "guarded"),
        ("malformed_model_output", "cut"),
    ],
)
@pytest.mark.parametrize(("question", "texts"), [("why?", EN), ("왜요?", KO)])
def test_an_answer_that_stops_early_says_why(
    bot: Workbench, question: str, texts: Texts, reason: str, note: str
) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text="Because it", stop_reason=reason))

    assert last_words(bot, question) == f"Because it\n{getattr(texts, note)}"


def test_an_answer_that_the_filter_swallowed_whole_says_so(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(text=[], stop_reason="content_filtered"))

    assert last_words(bot, "why?") == EN.blocked


def test_a_question_that_the_filter_refuses_says_so_and_is_not_sent_again(bot: Workbench) -> None:
    refusal = "This request has been blocked by our content filters. Please adjust your text prompt."
    bot.bedrock.always("converse-stream", Reply(error="ValidationException", message=refusal))

    assert last_words(bot, "why?") == EN.blocked
    assert len(bot.prompts()) == 1


NOVA_TOO_LONG = "Input Tokens Exceeded: Number of input tokens exceeds maximum length"
DAY_IS_OVER = "Too many tokens per day, please wait before trying again."


@pytest.mark.parametrize(
    "reply",
    [
        Reply(error="ValidationException", message=NOVA_TOO_LONG),
        Reply(text="", then="exception:validationException", message=NOVA_TOO_LONG),
    ],
)
def test_what_is_too_long_is_told_so_without_a_second_try_or_a_button(bot: Workbench, reply: Reply) -> None:
    bot.bedrock.always("converse-stream", reply)
    asked = bot.mention("why?")
    bot.until(lambda: bot.texts(asked)[-1:] == [EN.too_long] and bot.at_rest())

    assert len(bot.prompts()) == 1
    assert actions(bot.messages(thread=asked)[-1]) == []


def test_what_turns_out_too_long_in_mid_answer_keeps_its_words_and_says_why(bot: Workbench) -> None:
    cut = Reply(text=["Because ", "it"], then="exception:validationException", message=NOVA_TOO_LONG)
    bot.bedrock.always("converse-stream", cut)
    asked = bot.mention("왜요?")
    cut_short = f"Because it\n{KO.broke_off} {KO.too_long}"
    bot.until(lambda: bot.texts(asked)[-1:] == [cut_short] and bot.at_rest())

    assert len(bot.prompts()) == 1
    assert actions(bot.messages(thread=asked)[-1]) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(error="ThrottlingException", message=DAY_IS_OVER),
        Reply(text="", then="exception:throttlingException", message=DAY_IS_OVER),
    ],
)
def test_a_day_whose_tokens_are_used_up_is_told_to_last_and_to_operators_as_a_quota(
    bot: Workbench, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    bot.bedrock.always("converse-stream", reply)
    with caplog.at_level(logging.WARNING, "bot"):
        asked = bot.mention("why?")
        bot.until(lambda: bot.texts(asked)[-1:] == [EN.over_quota] and bot.at_rest())

    assert len(bot.prompts()) == 1
    assert actions(bot.messages(thread=asked)[-1]) == []
    (record,) = (record for record in caplog.records if record.message == "answer.failed")
    assert vars(record)["fault"] == "over_quota"
    assert "tokens per day" in vars(record)["fix"]


def test_a_key_that_expired_is_replaced_by_the_one_on_disk_without_a_restart(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def keep(key: str) -> None:
        (tmp_path / "credentials").write_text(
            f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"
        )

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    keep("old")
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because."))
    bench.start_bot()
    bench.bedrock.refuse_key("old")
    with caplog.at_level(logging.INFO, "bot"):
        assert last_words(bench, "why?") == EN.not_set_up
        keep("new")
        assert last_words(bench, "why not?") == "Because."

    (record,) = (record for record in caplog.records if record.message == "answer.failed")
    assert "aws sso login" in vars(record)["fix"]
    assert "credentials.renewed" in caplog.messages


def test_operators_read_what_people_must_not_with_the_request_id(
    bot: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException", message=SECRET))
    with caplog.at_level(logging.WARNING, "bot"):
        last_words(bot, "why?")

    (record,) = (record for record in caplog.records if record.message == "answer.failed")
    (request,) = (request for request in bot.bedrock.requests if request.operation == "converse-stream")
    assert vars(record)["request_id"] == request.request_id
    assert SECRET in vars(record)["error"]


def test_a_post_that_slack_limits_is_made_again_later(bot: Workbench) -> None:
    bot.slack.faults.enqueue("chat.postMessage", Fault(429, "ratelimited", retry_after=1))
    bot.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    question = bot.mention("why?")

    assert bot.answered(question) == ["On it.", "Because."]


@pytest.mark.parametrize(
    "fault",
    [Fault(500, "internal_error"), Fault(502, body="<html>Bad Gateway</html>"), Fault(error="fatal_error")],
)
def test_the_final_text_arrives_although_slack_stumbles(bot: Workbench, fault: Fault) -> None:
    bot.slack.faults.enqueue("chat.update", fault, fault)
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    question = bot.mention("why?")

    bot.until(lambda: bot.texts(question)[-1:] == ["Be"])
    bot.bedrock.release()
    bot.until(lambda: bot.texts(question)[-1:] == ["Because."])


def test_a_slack_that_says_nothing_is_given_up_and_the_answer_stands_once(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_SLACK_TIMEOUT", 1)
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.slack.faults.enqueue("chat.postMessage", Fault(SILENCE, made=True), Fault(SILENCE))
    bench.start_bot()

    assert bench.answered(bench.mention("why?")) == [EN.stand_ins[0], "Because."]


def test_a_storm_of_limits_delays_the_last_words_and_loses_nothing(bot: Workbench) -> None:
    bot.slack.faults.enqueue("chat.update", *[Fault(429, "ratelimited", retry_after=0)] * 30)
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    question = bot.mention("why?")
    bot.until(lambda: bot.texts(question)[-1:] == ["Be"])
    bot.bedrock.release()

    bot.until(lambda: bot.texts(question)[-1:] == ["Because."])


@pytest.mark.parametrize(
    "code",
    ["message_not_found", "cant_update_message", "is_archived", "token_revoked", "account_inactive"],
)
def test_what_slack_refuses_for_good_ends_the_answer_closes_its_stream_and_is_told_to_operators(
    bot: Workbench, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    bot.slack.faults.enqueue("chat.update", Fault(error=code))
    slowly = Pace(tokens_per_second=50)
    bot.bedrock.enqueue("converse-stream", Reply(text=["word "] * 5000, pace=slowly))
    with caplog.at_level(logging.INFO, "bot"):
        question = bot.mention("why?")

        bot.until(lambda: bot.texts(question) and bot.at_rest())
        bot.until(lambda: bot.bedrock.closed)
    (refused,) = (record for record in caplog.records if record.message == "slack.refused")
    (done,) = (record for record in caplog.records if record.message == "answer.done")
    assert vars(refused)["error"].startswith(code)
    assert vars(done)["outcome"] == "refused"


def test_a_thread_that_cannot_be_read_is_answered_without_it(bot: Workbench) -> None:
    root = bot.say("something before")
    bot.slack.faults.enqueue("conversations.replies", Fault(500, "internal_error"))
    bot.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bot.mention("why?", thread=root)

    assert bot.answered(root) == ["On it.", f"{EN.thread_unread}\nBecause."]
    assert [turn["content"][0]["text"] for turn in bot.prompts()[0]["messages"]] == ["why?"]


# A guardrail


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_guardrail_reads_along_with_both_models(bench: Workbench, mode: str) -> None:
    bench.bedrock.always("converse", Reply(text="No.", stop_reason="guardrail_intervened"))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(bedrock_guardrail_id="g-1", bedrock_guardrail_version="2", bedrock_guardrail_mode=mode)
    question = bench.mention("why?")

    assert bench.answered(question) == [EN.stand_ins[0], "Because."]  # not what the guardrail says instead
    named = {"guardrailIdentifier": "g-1", "guardrailVersion": "2"}
    assert bench.prompts("converse")[0]["guardrailConfig"] == named
    assert bench.prompts()[0]["guardrailConfig"] == named | {"streamProcessingMode": mode}


def test_without_a_guardrail_none_is_named(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot()
    bench.answered(bench.mention("why?"))

    assert "guardrailConfig" not in str([*bench.prompts(), *bench.prompts("converse")])


@pytest.mark.parametrize(
    ("part", "name", "event"),
    [
        (Gate, "decide", "question.crashed"),
        (Context, "completed", "question.crashed"),
        (BedrockModel, "stream", "answer.crashed"),
    ],
)
def test_a_mistake_before_or_around_the_second_model_is_apologised_for(
    bot: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: type[object],
    name: str,
    event: str,
) -> None:
    monkeypatch.setattr(part, name, lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR, "bot"):
        assert last_words(bot, "why?") == EN.failed

    assert event in caplog.messages


def test_a_mistake_when_a_question_is_taken_up_again_is_logged_and_holds_up_nothing(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.slack.faults.always("chat.postMessage", Fault(500, "internal_error"))
    stopped = bench.start_bot()
    question = bench.mention("why?")
    bench.until(lambda: bench.calls("chat.postMessage"))
    bench.stop_bot(stopped)
    bench.slack.faults.always("chat.postMessage", None)
    monkeypatch.setattr(Gate, "decide", lambda *_: 1 / 0)
    with caplog.at_level(logging.WARNING, "bot"):
        bench.start_bot()
        bench.until(lambda: "answer.resumed" in caplog.messages and bench.at_rest())

    *_, defect = (record for record in caplog.records if record.message == "answer.crashed")
    assert defect.exc_info
    assert defect.exc_info[0] is ZeroDivisionError
    assert bench.texts(question) == [EN.failed]


@pytest.mark.parametrize(("part", "name"), [(Threads, "whole"), (SlackWeb, "set_status")])
def test_a_mistake_in_what_no_answer_waits_for_is_logged(
    bot: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: type[object],
    name: str,
) -> None:
    bot.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    monkeypatch.setattr(part, name, lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR, "bot"):
        question = bot.mention("why?")
        assert bot.answered(question) == ["On it.", "Because."]
        bot.press("menu", question, value="regenerate")
        bot.until(lambda: "work.crashed" in caplog.messages)


@pytest.mark.parametrize(
    ("part", "name", "event"),
    [(BedrockModel, "reply", "acknowledgement.crashed"), (Context, "greeting", "work.crashed")],
)
def test_a_mistake_around_the_first_model_leaves_the_answer_alone(
    bot: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: type[object],
    name: str,
    event: str,
) -> None:
    monkeypatch.setattr(part, name, lambda *_: 1 / 0)
    bot.bedrock.always("converse-stream", Reply(text="Because."))
    with caplog.at_level(logging.ERROR, "bot"):
        assert last_words(bot, "why?") == "Because."

    assert event in caplog.messages
