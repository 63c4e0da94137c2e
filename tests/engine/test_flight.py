"""One generation and all who wait for it; and what the calls come to that it takes."""

from __future__ import annotations

import threading

import pytest

from bot.core.admission import Admitted
from bot.core.errors import Fault, ModelError
from bot.core.interaction import Call, Voice
from bot.core.prompts import acknowledge, answer, estimated_usage
from bot.core.question import Question
from bot.core.stream import Failed, Finished, Notice, Recalled, Reply, Text, Usage
from bot.engine.exchange import Ending, Exchange
from bot.engine.flight import Flight, OpenCall
from tests.engine.admitted import admitted

PROMPT = answer(())
USAGE = Usage(300, 500)
END = Finished("end_turn", USAGE, "request-1")


def exchange(ts: str = "1.0") -> Exchange:
    question = Question("T1", "C1", "U1", "why?", ts=ts)
    return admitted(Exchange(question, asked_at=0.0, ack_deadline=1.5))


def begun(exchange: Exchange, key: str = "") -> Flight:
    return Flight(exchange, Admitted(exchange.question), key)


def pro_call(at: float = 10.0) -> OpenCall:
    return OpenCall(Voice.ANSWER, "pro", PROMPT, at)


def broken(*, may_be_billed: bool) -> Failed:
    return Failed(ModelError(Fault.UNAVAILABLE, "StreamCut", request_id="r", may_be_billed=may_be_billed))


def test_a_call_that_ended_tells_what_it_used_and_how_long_it_took() -> None:
    call = pro_call(at=10.0)
    for event, at in ((Text(""), 10.2), (Text("Be"), 10.75), (Text("cause."), 11.0), (END, 12.0)):
        call.hear(event, at)

    assert call.as_of(99.0) == Call(
        Voice.ANSWER, "pro", 10.0, 12.0, 10.75 - 10.0, USAGE, "end_turn", "", "request-1"
    )


def test_a_call_that_did_not_stream_ends_with_its_reply() -> None:
    call = OpenCall(Voice.ACKNOWLEDGEMENT, "micro", acknowledge(exchange().question), 10.0)
    call.hear(Reply("On it.", "end_turn", Usage(50, 30), "r"), 10.3)

    ended = call.as_of(99.0)
    assert (ended.usage, ended.ended_at, ended.first_token_s) == (Usage(50, 30), 10.3, None)


def test_a_call_under_way_is_estimated_as_if_it_was_cut_now() -> None:
    call = pro_call()
    call.hear(Text("이것은 답변입니다."), 10.8)

    now = call.as_of(11.0)
    assert now.usage == estimated_usage(PROMPT, "이것은 답변입니다.")
    assert now.usage
    assert now.usage.is_estimate
    assert now.usage.output == 9
    assert (now.ended_at, now.stop_reason) == (11.0, "")


def test_a_stream_that_broke_is_billed_for_what_it_wrote_and_a_refused_call_for_nothing() -> None:
    cut, refused = pro_call(), pro_call()
    cut.hear(Text("Because"), 10.8)
    cut.hear(broken(may_be_billed=True), 11.0)
    refused.hear(broken(may_be_billed=False), 11.0)

    assert cut.as_of(99.0).usage == estimated_usage(PROMPT, "Because")
    assert cut.as_of(99.0).error == "StreamCut"
    assert refused.as_of(99.0).usage is None


def test_an_end_that_tells_no_usage_is_estimated() -> None:
    call = pro_call()
    call.hear(Text("Because."), 10.8)
    call.hear(Finished("end_turn", None), 11.0)

    assert call.as_of(99.0).usage == estimated_usage(PROMPT, "Because.")


@pytest.fixture
def flight() -> Flight:
    flight = begun(exchange("1.0"), "a key")
    flight.call(Voice.ACKNOWLEDGEMENT, "micro", PROMPT, 0.0)
    flight.call(Voice.ANSWER, "pro", PROMPT, 0.0)
    return flight


def test_who_joins_has_what_was_said_and_hears_the_rest(flight: Flight) -> None:
    flight.receive(Text("Be"), 1.0)
    late = exchange("2.0")
    flight.join(late, 2.0)

    assert late.draft.text == "Be"
    flight.receive(Text("cause."), 3.0)
    flight.receive(END, 4.0)
    assert (late.draft.text, late.grows) == ("Because.", False)


@pytest.mark.parametrize("end", [END, broken(may_be_billed=True)])
def test_who_joins_after_the_end_has_the_end_too(flight: Flight, end: Finished | Failed) -> None:
    flight.receive(Text("Because."), 1.0)
    flight.receive(end, 2.0)
    late, first = exchange("2.0"), exchange("3.0")
    first.receive(Text("Because."), 1.0)
    first.receive(end, 2.0)
    flight.join(late, 3.0)

    assert late.draft == first.draft


def test_what_another_process_said_is_told_to_all(flight: Flight) -> None:
    other = exchange("2.0")
    flight.join(other, 0.5)
    flight.receive(Recalled("Because."), 1.0)

    assert (other.draft.text, other.draft.is_from_cache) == ("Because.", True)


@pytest.mark.parametrize("joins", ["before", "after"])
def test_a_greeting_is_shared(flight: Flight, joins: str) -> None:
    other = exchange("2.0")
    if joins == "before":
        flight.join(other, 0.1)
    flight.greet("On it.")
    if joins == "after":
        flight.join(other, 0.1)
    wish = other.wish()
    assert wish
    show = other.grant(wish, 0.5)

    assert show
    assert show.message.content.body == "On it."  # type: ignore[union-attr]


def test_it_lands_when_nobody_waits_any_more(flight: Flight) -> None:
    other = exchange("2.0")
    flight.join(other, 0.5)
    other.end(Ending.HANDED_OVER)
    assert not flight.lands()
    flight.receive(END, 1.0)
    assert flight.lands()


def test_what_nobody_waits_for_any_more_nobody_can_join(flight: Flight) -> None:
    """It may be closed at any moment now, and who joined it would wait for ever."""
    flight.receive(END, 1.0)
    assert flight.lands()

    late = exchange("2.0")
    assert not flight.join(late, 2.0)
    assert late.grows


def test_the_first_pays_for_all_that_it_took(flight: Flight) -> None:
    first, other = Exchange(flight.question, 0.0, 1.5), exchange("2.0")
    flight = begun(first, "a key")
    flight.call(Voice.ANSWER, "pro", PROMPT, 0.0)
    flight.join(other, 0.5)
    flight.receive(END, 1.0)

    assert flight.leave(other, 2.0) == []
    (call,) = flight.leave(first, 2.0)
    assert call.usage == USAGE


def test_where_the_first_leaves_early_the_next_pays_for_all(flight: Flight) -> None:
    first, other = Exchange(flight.question, 0.0, 1.5), exchange("2.0")
    flight = begun(first, "a key")
    flight.call(Voice.ANSWER, "pro", PROMPT, 0.0)
    flight.join(other, 0.5)

    assert flight.leave(first, 0.8) == []
    flight.receive(END, 1.0)
    (call,) = flight.leave(other, 2.0)
    assert call.usage == USAGE


def test_where_the_first_may_not_pay_the_next_does_and_the_last_ends_it() -> None:
    first, other = exchange("1.0"), exchange("2.0")
    flight, notice = begun(first, "a key"), Notice("Over.", is_over_budget=True)
    flight.join(other, 0.5)

    assert flight.turn_payer_away(notice, 1.0)
    assert (first.draft.outcome is None, other.draft.outcome is None) == (False, True)
    assert flight.payer is other
    assert not flight.turn_payer_away(notice, 1.0)
    assert flight.lands()
    assert not flight.join(exchange("3.0"), 2.0)


def test_where_all_leave_early_the_last_pays_what_is_estimated(flight: Flight) -> None:
    first = Exchange(flight.question, 0.0, 1.5)
    flight = begun(first)
    flight.call(Voice.ANSWER, "pro", PROMPT, 0.0)
    flight.receive(Text("Be"), 0.5)

    (call,) = flight.leave(first, 0.8)
    assert call.usage == estimated_usage(PROMPT, "Be")


def test_nobody_who_joins_in_the_midst_of_words_misses_or_repeats_one() -> None:
    """A hundred join from another thread while a thousand words are said."""
    flight = begun(exchange("0.0"))
    flight.call(Voice.ANSWER, "pro", PROMPT, 0.0)
    late = [exchange(f"{number}.0") for number in range(1, 101)]

    def join_all() -> None:
        for each in late:
            assert flight.join(each, 0.0)

    joining = threading.Thread(target=join_all)
    joining.start()
    for number in range(1000):
        flight.receive(Text(f"{number} "), 0.0)
    joining.join()
    flight.receive(END, 1.0)

    whole = "".join(f"{number} " for number in range(1000))
    assert {each.draft.text for each in late} == {whole}
