"""An answer that another process began: what stands of it, and how it goes on in the same messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.core.draft import Draft, Outcome
from bot.core.errors import Fault, ModelError, SlackError
from bot.core.journal import CallKind, Entry
from bot.core.layout import LEVELS
from bot.core.message import Action, Button, Content, Kind, Press, Standing
from bot.core.question import Place, Question
from bot.core.safety import Safe
from bot.core.stream import Failed, Finished, Text
from bot.core.texts import Language, texts_in
from bot.engine.exchange import Ending, Exchange
from bot.engine.steps import Need, OpenThread, Show
from tests.engine.admitted import admitted

EN = texts_in(Language.EN)
PLACE = Place("C1", "1.0")
QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
RETRIED = replace(QUESTION, retry=1)
REGENERATED = replace(RETRIED, replaces=True)
COMMAND = replace(QUESTION, ts=None, trigger_id="1.0")
ACK, FIRST, SECOND = "C1/1.0/acknowledgement/0", "C1/1.0/answer/0", "C1/1.0/answer/1"
END = Finished("end_turn", None)


def resumed(
    standing: Mapping[str, Standing], *, lost_by: Fault | None = None, question: Question = QUESTION
) -> Exchange:
    exchange = admitted(Exchange(question, 0.0, 1.5, resumes=True, lost_by=lost_by))
    exchange.opened(PLACE, standing, 0.0)
    return exchange


def told(exchange: Exchange, *pieces: str) -> Exchange:
    for piece in pieces:
        exchange.receive(Text(piece), 1.0)
    return exchange


def call(exchange: Exchange) -> Show:
    """The call that it wishes for, begun."""
    wish = exchange.wish()
    assert wish
    step = exchange.grant(wish, 2.0)
    assert isinstance(step, Show)
    return step


def test_nothing_is_shown_before_it_is_known_what_stands() -> None:
    exchange = told(admitted(Exchange(QUESTION, 0.0, 1.5, resumes=True)), "Because.")
    exchange.receive(END, 1.0)

    assert exchange.wish() is None
    assert not exchange.is_over


def test_a_command_whose_question_may_stand_is_looked_for_before_it_is_posted() -> None:
    exchange = admitted(Exchange(COMMAND, 0.0, 1.5, resumes=True))
    wish = exchange.wish()

    assert wish
    assert exchange.grant(wish, 0.0) == OpenThread(again=True)


def test_where_nothing_stands_it_is_acknowledged_and_answered_like_any_question() -> None:
    exchange = resumed({})
    exchange.greet("On it.")

    assert call(exchange).message.content.body == "On it."


def test_an_acknowledgement_that_stands_is_not_given_again() -> None:
    exchange = resumed({ACK: Standing("2.0", "On it.")})
    exchange.greet("On it.")

    assert exchange.screen.has_sign
    assert exchange.wish() is None


def test_an_answer_that_stands_in_part_is_edited_and_not_posted_again() -> None:
    exchange = told(resumed({FIRST: Standing("3.0", "Be")}), "Because.")

    assert (call(exchange).ts, exchange.screen.messages[FIRST]) == ("3.0", "3.0")


def test_a_growing_answer_is_not_shown_while_it_is_shorter_than_what_stands() -> None:
    exchange = told(resumed({FIRST: Standing("3.0", "Because it is so.")}), "Because")
    assert exchange.wish() is None

    wish = told(exchange, " it is so, and more").wish()
    assert wish
    assert wish.need is Need.PROGRESS


def test_an_answer_that_ends_shorter_than_what_stands_comes_below_that() -> None:
    exchange = told(resumed({FIRST: Standing("3.0", "Because it is so.")}), "So.")
    exchange.receive(END, 1.0)
    step = call(exchange)

    both = f"Because it is so.\n\n---\n\n{EN.answered_again}\n\nSo."
    assert (step.message.content.body, step.message.is_end, step.ts) == (both, True, "3.0")


def test_an_answer_whose_message_somebody_removed_meanwhile_is_posted_anew() -> None:
    exchange = told(resumed({ACK: Standing("2.0", "On it."), FIRST: Standing("3.0", "Be")}), "Because.")
    call(exchange)
    exchange.refused(SlackError("message_not_found"), 2.0)

    step = call(exchange)
    assert (step.ts, step.message.content.body) == (None, "Because.")


def test_an_answer_that_stands_to_its_end_is_over() -> None:
    exchange = resumed({ACK: Standing("2.0", "On it."), FIRST: Standing("3.0", "Because.", is_end=True)})

    assert exchange.ending is Ending.STOOD
    assert exchange.is_over


def test_messages_that_another_answer_does_not_need_say_so() -> None:
    standing = {FIRST: Standing("3.0", "long"), SECOND: Standing("4.0", "longer")}
    exchange = told(resumed(standing, question=REGENERATED), "Short.")
    exchange.receive(END, 1.0)
    first = call(exchange)
    exchange.shown(first, "3.0", 2.0)
    second = call(exchange)
    exchange.shown(second, "4.0", 2.0)

    assert (second.ts, second.message.kind) == ("4.0", Kind.NOTICE)
    assert second.message.content.body == EN.superseded
    assert exchange.is_over


def test_an_answer_of_more_messages_than_stand_goes_on_in_new_ones() -> None:
    exchange = told(resumed({FIRST: Standing("3.0", "Be")}), "word " * LEVELS[0].units)
    exchange.receive(END, 1.0)
    exchange.shown(call(exchange), "3.0", 2.0)

    assert call(exchange).ts is None


def test_news_that_turns_out_to_begin_a_message_is_wished_for_as_a_post() -> None:
    """What stands happens to be all that the first message holds."""
    text = "word " * LEVELS[0].units
    first = Draft(text).contents(EN)[0].body
    exchange = told(resumed({FIRST: Standing("3.0", first)}), text)
    edit = exchange.wish()
    assert edit
    assert edit.kind is CallKind.EDIT

    assert exchange.grant(edit, 2.0) is None
    post = exchange.wish()
    assert post
    assert (post.need, post.kind) == (Need.NEXT_PAGE, CallKind.POST)


def test_another_answer_replaces_what_stands_from_its_first_words_on() -> None:
    exchange = told(resumed({FIRST: Standing("3.0", "Because", is_end=True)}, question=REGENERATED), "So")
    step = call(exchange)

    assert (step.ts, step.message.content.body) == ("3.0", "So")
    assert step.message.press == Press("U1", 1, "C1/1.0")


def test_a_retry_shows_at_once_that_it_can_be_stopped_and_keeps_the_words_until_there_are_more() -> None:
    exchange = resumed({FIRST: Standing("3.0", "Because", is_end=True)}, question=RETRIED)
    step = call(exchange)
    exchange.shown(step, "3.0", 2.0)

    assert (step.ts, step.message.content) == (
        "3.0",
        Content(Safe("Because"), button=Button(Action.STOP, EN.stop)),
    )
    assert told(exchange, "So").wish() is None
    assert call(told(exchange, ", in short")).message.content.body == "So, in short"


def test_a_retry_that_fails_keeps_the_words_that_stand_and_can_be_tried_again() -> None:
    exchange = resumed({FIRST: Standing("3.0", "Be", is_end=True)}, question=RETRIED)
    exchange.receive(Failed(ModelError(Fault.BUSY, "Throttling")), 1.0)
    message = call(exchange).message

    assert (message.content.body, message.content.note) == ("Be", EN.cut)
    assert message.press == Press("U1", 1, "C1/1.0")


def test_a_retry_after_an_apology_takes_its_place_or_is_another_apology() -> None:
    apology = {"C1/1.0/notice/0": Standing("3.0", EN.busy, is_end=True, kind=Kind.NOTICE)}
    exchange = resumed(apology, question=RETRIED)
    exchange.receive(Failed(ModelError(Fault.UNAVAILABLE, "ServiceUnavailable")), 1.0)
    step = call(exchange)

    assert (step.ts, step.message.content.body) == ("3.0", EN.unavailable)


def test_an_answer_that_its_asker_stopped_keeps_its_words() -> None:
    exchange = told(resumed({}), "Be")
    exchange.interrupt(2.0, Fault.STOPPED)
    content = call(exchange).message.content

    again = Button(Action.RETRY, EN.retry, replaces=True)
    assert (content.body, content.note, content.button) == ("Be", EN.stopped, again)


def test_a_model_that_fails_this_time_leaves_the_words_that_stand() -> None:
    exchange = resumed({FIRST: Standing("3.0", "Be")})
    exchange.receive(Failed(ModelError(Fault.UNAVAILABLE, "ServiceUnavailable")), 1.0)
    content = call(exchange).message.content

    assert (content.body, content.note) == ("Be", EN.cut)


def test_a_lost_question_keeps_its_words_and_says_that_it_was_interrupted() -> None:
    exchange = resumed({FIRST: Standing("3.0", "Be")}, lost_by=Fault.INTERRUPTED)
    content = call(exchange).message.content

    assert (content.body, content.note) == ("Be", EN.unfinished)
    assert exchange.draft.outcome is Outcome.CUT


def test_a_lost_question_without_an_answer_is_told_that_it_was_interrupted() -> None:
    step = call(resumed({ACK: Standing("2.0", "On it.")}, lost_by=Fault.INTERRUPTED))

    assert (step.ts, step.message.content.body) == (None, EN.interrupted)


def test_what_another_process_goes_on_with_is_shown_no_further_by_this_one() -> None:
    exchange = told(resumed({}), "Because.")
    exchange.end(Ending.HANDED_OVER)
    exchange.end(Ending.REFUSED)

    assert exchange.wish() is None
    assert exchange.ending is Ending.HANDED_OVER


def test_a_call_in_flight_is_waited_for_before_an_answer_is_handed_over() -> None:
    """Or whoever takes it up would not find the message that is just being posted."""
    exchange = told(resumed({ACK: Standing("2.0", "On it.")}), "Because.")
    step = call(exchange)
    exchange.end(Ending.HANDED_OVER)
    assert not exchange.is_over

    exchange.shown(step, "3.0", 2.0)
    assert exchange.is_over


def test_a_refusal_after_a_hand_over_does_not_close_what_others_go_on_with() -> None:
    exchange = told(resumed({ACK: Standing("2.0", "On it.")}), "Because.")
    call(exchange)
    exchange.end(Ending.HANDED_OVER)
    exchange.refused(SlackError("message_not_found"), 2.0)

    assert exchange.ending is Ending.HANDED_OVER


def test_a_question_is_lost_when_it_is_too_old_or_two_processes_ended_with_it() -> None:
    """However many handed it on in good order."""
    assert Entry(QUESTION, age=900.0, tries=9, deaths=1).lost_by(900.0) is None
    assert Entry(QUESTION, age=901.0).lost_by(900.0) is Fault.INTERRUPTED
    assert Entry(QUESTION, tries=3, deaths=2).lost_by(900.0) is Fault.GIVEN_UP


def test_a_question_that_ends_processes_even_as_it_is_marked_is_given_up() -> None:
    assert not Entry(QUESTION, tries=9, deaths=3).is_hopeless
    assert Entry(QUESTION, deaths=4).is_hopeless
