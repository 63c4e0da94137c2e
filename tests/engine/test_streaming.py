"""Answers that Slack streams, and their way back to edits, in simulated time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.draft import Outcome
from bot.core.errors import Fault, ModelError, OverBudget, SlackError
from bot.core.journal import CallKind
from bot.core.stream import Aside, Failed, Text
from bot.engine.exchange import Exchange
from tests.engine.simulation import END, Broken, Network, Simulation, Stream, written
from tests.engine.storms import CONNECTION_ERRORS, CONNECTION_ERRORS_AND_LIMITS, many, storms

POST, EDIT = CallKind.POST, CallKind.EDIT
START, APPEND, STOP = CallKind.START, CallKind.APPEND, CallKind.STOP
OF_STREAMS = {START, APPEND, STOP}
STARTS = st.integers(0, 20)
STREAM_ERRORS = st.sampled_from(["message_not_in_streaming_state", "missing_recipient_user_id"]).map(
    SlackError
)

CALM = storms(starts=STARTS)
STORMS = storms(CONNECTION_ERRORS_AND_LIMITS, STARTS)


@many
@given(storms(CONNECTION_ERRORS, STARTS))
def test_slack_never_has_to_refuse_a_call_of_a_stream(storm: Simulation) -> None:
    assert storm.refusals == []


@many
@given(STORMS)
def test_every_streamed_answer_is_shown_to_its_last_word_whatever_goes_wrong(storm: Simulation) -> None:
    assert set(storm.over) == set(storm.exchanges)
    assert all(map(storm.is_exact, storm.exchanges))
    for exchange in storm.exchanges:
        keys = storm.keys(exchange)
        assert len(set(keys)) == len(keys)
        assert all(later.sent >= earlier.returned for earlier, later in pairwise(storm.calls_of(exchange)))


@many
@given(CALM)
def test_a_streamed_answer_is_whole_as_soon_as_it_has_ended(storm: Simulation) -> None:
    """A stop was kept for that; only its own call in flight is waited for."""
    for exchange in storm.exchanges:
        calls = [call for call in storm.calls_of(exchange) if call.is_answer]
        begun = [call for call in calls if call.sent < exchange.ended_at]
        if begun and begun[-1].kind in (START, APPEND):
            last = calls[len(begun)]
            assert (last.kind, last.sent) == (STOP, max(exchange.ended_at, begun[-1].returned))


def one(
    stream: Stream | None = None, starts: float = 20, **faults: object
) -> tuple[Simulation, list[CallKind]]:
    """One who asks, and the calls that show the answer."""
    simulation = Simulation(starts=starts)
    exchange = simulation.ask(0.0, "C1", stream)
    simulation.run()
    assert simulation.is_exact(exchange)
    return simulation, kinds(simulation)


def kinds(simulation: Simulation) -> list[CallKind]:
    return [call.kind for call in simulation.calls if call.is_answer]


def kinds_of(simulation: Simulation, exchange: Exchange) -> list[CallKind]:
    return [call.kind for call in simulation.calls_of(exchange) if call.is_answer]


def test_an_answer_is_started_appended_to_and_stopped_and_takes_no_edit() -> None:
    _, calls = one()

    assert (calls[0], calls[-1]) == (START, STOP)
    assert set(calls[1:-1]) == {APPEND}
    assert len(calls) > 10


def test_a_stream_is_given_whole_words_and_leaves_a_fence_open() -> None:
    simulation, _ = one(written(tokens=200, token="```\nline of code\n", per_second=50))

    told = [call.content.body for call in simulation.calls if call.is_answer][:-1]
    assert all(not body or body.endswith(("line of", "code", "```")) for body in told)
    assert any(body.count("```") % 2 for body in told)


def test_each_page_of_a_long_answer_is_a_stream_of_its_own() -> None:
    _, calls = one(written(tokens=150, token="x " * 100, per_second=20))

    assert [kind for kind in calls if kind is not APPEND] == [START, STOP] * 3


def test_a_first_word_that_comes_alone_waits_a_moment_for_the_next_to_be_streamed() -> None:
    soon, calls = one(written(tokens=40, token="word ", per_second=5))
    assert calls[0] is START
    (began,) = {exchange.began_at for exchange in soon.exchanges}
    assert next(call.sent for call in soon.calls if call.is_answer) == began + 0.3

    _, calls = one(written(tokens=10, token="word ", per_second=1))
    assert calls[0] is POST


def test_of_many_at_the_same_moment_no_more_are_streamed_than_may_be() -> None:
    simulation = Simulation(starts=2)
    for number in range(5):
        simulation.ask(1.0, f"C{number}")
    simulation.run(until=30.0)

    first = [next(kind for kind in kinds_of(simulation, exchange)) for exchange in simulation.exchanges]
    assert first == [START, START, POST, POST, POST]


def test_for_every_stream_that_grows_a_stop_is_kept() -> None:
    simulation = Simulation(starts=20)
    patient: Stream = [(0.5, Text("Some words to begin with ")), (100.0, END)]
    for number in range(20):
        simulation.ask(0.0, f"C{number}", patient)
    late = simulation.ask(70.0, "C20")
    simulation.run()

    assert [kinds_of(simulation, each)[0] for each in simulation.exchanges[:20]] == [START] * 20
    assert kinds_of(simulation, late)[0] is POST


@pytest.mark.parametrize("limited", [START, APPEND, STOP])
def test_no_stream_is_started_while_slack_limits_what_streams_need(limited: CallKind) -> None:
    def two(network: Network) -> Simulation:
        simulation = Simulation(network=network, starts=20)
        for at in (0.0, 8.0):
            simulation.ask(at, f"C{at}")
        return simulation.run()

    number = [call.kind for call in two(Network()).calls].index(limited)
    simulation = two(Network(faults={number: 30.0}))

    assert kinds_of(simulation, simulation.exchanges[0])[0] is START
    assert kinds_of(simulation, simulation.exchanges[1])[0] is POST
    assert all(map(simulation.is_exact, simulation.exchanges))


def test_where_streams_are_switched_off_there_are_none() -> None:
    _, calls = one(starts=0)

    assert not OF_STREAMS & set(calls)


def test_an_answer_that_has_something_told_above_it_is_not_streamed() -> None:
    _, calls = one([(0.5, Aside("One file could not be read.")), *written()])

    assert not OF_STREAMS & set(calls)


def test_an_apology_is_not_streamed() -> None:
    _, calls = one([(0.5, Failed(ModelError(Fault.FAILED, "x")))])

    assert calls == [POST]


def test_when_no_start_is_left_in_the_minute_answers_are_edited() -> None:
    simulation = Simulation(starts=2)
    exchanges = [simulation.ask(number / 10, f"C{number}") for number in range(5)]
    simulation.run()

    opened = [
        next(call.kind for call in simulation.calls_of(exchange) if call.is_answer) for exchange in exchanges
    ]
    assert sorted(opened, key=str) == [POST] * 3 + [START] * 2
    assert not simulation.refusals


def test_appends_that_are_used_up_do_not_keep_an_answer_from_its_end() -> None:
    simulation = Simulation(starts=20)
    for number in range(20):
        simulation.ask(0.0, f"C{number}", written(tokens=900, per_second=30))
    simulation.run()

    assert not simulation.refusals
    assert all(simulation.whole_after(exchange) < 1 for exchange in simulation.exchanges)


def after_fault(number: int, fault: Broken | float | SlackError, stream: Stream | None = None) -> Simulation:
    """One who asks, and whose call of that number goes wrong; the first is the acknowledgement's."""
    simulation = Simulation(starts=20, network=Network(faults={number: fault}))
    exchange = simulation.ask(0.0, "C1", stream)
    simulation.run()
    assert simulation.is_exact(exchange)
    return simulation


@pytest.mark.parametrize("number", [2, 3, 6])
@pytest.mark.parametrize("fault", [Broken.LOST, Broken.MADE, SlackError("message_not_in_streaming_state")])
def test_a_stream_that_fails_is_gone_on_with_by_edits(number: int, fault: Broken | SlackError) -> None:
    calls = kinds(after_fault(number, fault))

    assert calls[0] is START
    assert set(calls[number:]) == {EDIT}


def test_a_stream_that_cannot_be_started_is_a_post() -> None:
    calls = kinds(after_fault(1, SlackError("channel_type_not_supported")))

    assert calls[:2] == [START, POST]
    assert set(calls[2:]) == {EDIT}


@pytest.mark.parametrize(("fault", "then"), [(Broken.LOST, START), (Broken.MADE, APPEND)])
def test_a_start_of_which_nothing_is_known_is_looked_for(fault: Broken, then: CallKind) -> None:
    calls = kinds(after_fault(1, fault))

    assert calls[:2] == [START, START]
    assert calls[2] is APPEND


def test_a_stream_that_was_started_by_the_second_of_two_tries_says_nothing_twice() -> None:
    simulation = Simulation(starts=20, network=Network(faults={1: Broken.LOST, 2: Broken.MADE}))
    exchange = simulation.ask(0.0, "C1")
    simulation.run()

    first, second, third, append, *_ = (call for call in simulation.calls_of(exchange) if call.is_answer)
    assert [first.kind, second.kind, third.kind, append.kind] == [START, START, START, APPEND]
    assert third.found == second.step != first.step
    assert simulation.is_exact(exchange)


@pytest.mark.parametrize("fault", [2.0, OverBudget(2.0)])
def test_a_stop_that_has_to_wait_is_made_all_the_same(fault: float | OverBudget) -> None:
    quick: Stream = [(1.0, Text("Because it ")), (1.05, Text("is.")), (1.1, END)]
    calls = kinds(after_fault(2, fault, quick))

    assert calls == [START, STOP, STOP]


def test_a_stop_button_of_slacks_own_stops_the_answer() -> None:
    simulation = after_fault(3, SlackError("stopped_by_user"))
    (exchange,) = simulation.exchanges

    assert exchange.draft.outcome is Outcome.CUT
    assert exchange.draft.fault is Fault.STOPPED


def test_what_was_streamed_and_belongs_on_the_next_page_is_taken_back_by_an_edit() -> None:
    """A full page is cut between paragraphs, so it can lose words that stood on it already.

    They stand on the next one before they go.
    """
    paragraphs = written(tokens=30, token="word " * 130 + "\n\n" + "word " * 130, per_second=1)
    _, calls = one(paragraphs)

    steps = [kind for kind in calls if kind is not APPEND]
    assert steps[:4] == [START, STOP, START, EDIT]
    assert steps[-1] is STOP
