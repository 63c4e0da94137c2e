"""Both models at the same moment, in lanes of their own, into two messages."""

from __future__ import annotations

from itertools import pairwise

from bot.core.texts import Language, texts_in
from bot.engine.pacer import FLOOR_SECONDS
from bot.playground.bedrock import Pace, Reply
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def test_both_models_are_asked_before_either_has_answered(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(text="On it.", then="hold"))
    bench.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(ack_deadline=30.0)
    question = bench.mention("why?")

    bench.until(lambda: len(bench.bedrock.requests) == 2)
    assert not bench.texts(question)
    bench.bedrock.release()
    bench.until(lambda: bench.texts(question)[-1:] == ["Because."])


def test_the_answer_is_posted_with_the_first_words_and_grows_in_place(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(text="On it."))
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause", " so."], after=1, then="hold"))
    bench.start_bot()
    question = bench.mention("why?")

    bench.until(lambda: bench.texts(question)[-1:] == ["Be"])
    answer = bench.messages(thread=question)[-1]
    bench.bedrock.release()
    bench.until(lambda: bench.versions(answer) == ["Be", "Because so."])
    assert not any(message.edited for message in bench.messages())


def test_a_growing_answer_shows_more_with_each_edit_and_never_edits_twice_at_once(bench: Workbench) -> None:
    """Although Slack takes longer for an edit than is left between two."""
    numbers = [f"{number} " for number in range(2000)]
    pace = Pace(0.0, 0.0, tokens_per_second=1000.0)
    bench.bedrock.enqueue("converse-stream", Reply(text=numbers, pace=pace))
    bench.start_bot()
    bench.slack.answering_seconds = 2 * FLOOR_SECONDS
    question = bench.mention("count")
    bench.until(lambda: bench.texts(question)[-1:] == ["".join(numbers).strip()])

    edits = sorted(bench.calls("chat.update"), key=lambda call: call.at)
    assert len(edits) > 1
    for before, after in pairwise(edits):
        assert after.at - after.seconds >= before.at
        assert after.parameters["text"].startswith(before.parameters["text"])


def test_a_silent_first_model_is_stood_in_for_at_the_deadline(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(then="silence"))
    bench.bedrock.enqueue("converse-stream", Reply(text="까닭은 이렇습니다.", after=0, then="hold"))
    bench.start_bot(ack_deadline=0.2)
    question = bench.mention("왜요?")

    assert bench.answered(question) == [KO.stand_ins[0], "까닭은 이렇습니다."]


def test_a_failing_first_model_is_stood_in_for_without_waiting(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(error="ThrottlingException"))
    bench.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(ack_deadline=3600.0)
    question = bench.mention("why?")

    assert bench.answered(question) == [EN.stand_ins[0], "Because."]


def test_a_first_model_that_says_nothing_usable_is_stood_in_for(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(text="<thinking>hm</thinking>\n"))
    bench.bedrock.enqueue("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(ack_deadline=3600.0)
    question = bench.mention("why?")

    assert bench.answered(question) == [EN.stand_ins[0], "Because."]


def test_no_acknowledgement_is_pushed_under_an_answer_that_has_begun(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse", Reply(text="On it.", then="hold"))
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    bench.start_bot(ack_deadline=3600.0)
    question = bench.mention("why?")

    bench.until(lambda: bench.texts(question) == ["Be"])
    bench.bedrock.release()
    assert bench.answered(question, count=1) == ["Because."]


def test_fifty_questions_are_all_acknowledged_while_two_answers_hold_all_places(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(max_live_answers=2)
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(50)]

    bench.until(lambda: all(map(bench.texts, questions)))

    assert len(bench.prompts()) == 2
    said = [bench.answered(question) for question in questions]
    assert {acknowledgement.split("\n")[0] for acknowledgement, _ in said} == {"On it."}
    assert {answer for _, answer in said} == {"Because."}


def test_listener_threads_stay_free_while_answers_are_live(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(then="silence"))
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(ack_deadline=1.0)
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(20)]
    bench.until(lambda: len(bench.prompts()) == 20)

    bench.ask("and now?")  # Bolt's five threads would leave the command without its acknowledgement

    assert not [message.text for message in bench.messages() if message.only_for]
    assert not bench.slack.sockets.unacknowledged
    bench.until(lambda: all(bench.texts(question) == [EN.stand_ins[0]] for question in questions))
    assert all(bench.answered(question) == [EN.stand_ins[0], "Because."] for question in questions)
