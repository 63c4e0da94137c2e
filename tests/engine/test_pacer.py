"""What readers get out of the calls that Slack takes, in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given

from bot.core.draft import Draft
from bot.core.errors import OverBudget, RateLimited
from bot.core.journal import Allowance, CallKind, Charge, Spent
from bot.core.message import Content, Kind, Standing
from bot.core.question import Place, Question
from bot.core.stream import Text
from bot.engine.exchange import Exchange
from bot.engine.pacer import FLOOR_SECONDS, Pacer
from bot.engine.steps import OpenThread, Show
from tests.engine.admitted import admitted
from tests.engine.simulation import (
    END,
    Broken,
    Call,
    Network,
    Simulation,
    Stream,
    is_answer,
    percentile,
    written,
)
from tests.engine.storms import CONNECTION_ERRORS, CONNECTION_ERRORS_AND_LIMITS, many, storms

LATENCY = 0.06
QUESTION = Question("T1", "C1", "U1", "why?", ts="1.0")

CALM = storms()
STORMS = storms(CONNECTION_ERRORS_AND_LIMITS)


@many
@given(storms(CONNECTION_ERRORS))
def test_slack_never_has_to_refuse_a_call(storm: Simulation) -> None:
    """It counts a call at any moment between its sending and its return."""
    assert storm.refusals == []


@many
@given(STORMS)
def test_every_answer_is_shown_to_its_last_word_whatever_goes_wrong(storm: Simulation) -> None:
    assert set(storm.over) == set(storm.exchanges)
    assert all(map(storm.is_exact, storm.exchanges))


@many
@given(STORMS)
def test_nothing_stands_twice_although_nobody_knew_whether_it_was_posted(storm: Simulation) -> None:
    for exchange in storm.exchanges:
        keys = storm.keys(exchange)
        assert len(set(keys)) == len(keys)


@many
@given(STORMS)
def test_an_exchange_makes_one_call_at_a_time(storm: Simulation) -> None:
    for exchange in storm.exchanges:
        assert all(later.sent >= earlier.returned for earlier, later in pairwise(storm.calls_of(exchange)))


@many
@given(STORMS)
def test_a_thread_is_opened_and_acknowledged_before_it_is_answered(storm: Simulation) -> None:
    order = [Kind.QUESTION, Kind.ACKNOWLEDGEMENT, Kind.ANSWER, Kind.NOTICE]
    for exchange in storm.exchanges:
        ranks = [order.index(kind) for kind in storm.kinds(exchange)]
        assert ranks == sorted(ranks)
        assert ranks.count(1) <= 1


@many
@given(STORMS)
def test_every_call_says_what_is_newest_and_not_on_screen(storm: Simulation) -> None:
    for exchange in storm.exchanges:
        on_screen: dict[int, Content] = {}
        for call in storm.calls_of(exchange):
            if call.is_answer:
                contents = call.draft.contents(exchange.texts)
                news = (said for number, said in enumerate(contents) if on_screen.get(number) != said)
                assert call.content == next(news)
            shown = call.found or call.step
            if call.error is None and isinstance(shown, Show) and is_answer(shown):
                on_screen[shown.number] = shown.message.content


@many
@given(STORMS)
def test_a_limit_is_a_deadline_for_its_method(storm: Simulation) -> None:
    for refused in storm.calls:
        if isinstance(refused.error, RateLimited):
            until = refused.returned + refused.error.retry_after
            same = [call for call in storm.calls if call.is_post is refused.is_post]
            assert not [call for call in same if refused.returned < call.sent < until]


@many
@given(CALM)
def test_an_answer_that_was_opened_is_whole_as_soon_as_it_has_ended(storm: Simulation) -> None:
    """It held an edit for that, however small the budget is; only its own call in flight is waited for."""
    for exchange in storm.exchanges:
        calls = [call for call in storm.calls_of(exchange) if call.is_answer]
        begun = [call for call in calls if call.sent < exchange.ended_at]
        if begun and calls[len(begun) :] and not calls[len(begun)].is_post:
            assert calls[len(begun)].sent == max(exchange.ended_at, begun[-1].returned)


# How it reads, with a Slack that answers within 0.06 s and models as fast as Nova


@cache
def burst(count: int, channels: int = 1000) -> Simulation:
    """So many ask at once, in channels of their own or in a few, for 500 tokens at 90 a second."""
    simulation = Simulation()
    for number in range(count):
        simulation.ask(1.0, f"C{number % channels}")
    return simulation.run()


def progress(simulation: Simulation, exchange: Exchange) -> list[Call]:
    return [call for call in simulation.calls_of(exchange) if call.is_progress]


def shows(simulation: Simulation, exchange: Exchange) -> list[float]:
    """When calls that show words of an answer were sent."""
    return [call.sent for call in simulation.calls_of(exchange) if call.is_answer]


def test_with_nothing_to_share_a_lone_answer_is_shown_at_the_floor_from_its_first_word_to_its_last() -> None:
    simulation = Simulation(edits=inf, posts=inf)
    exchange = simulation.ask(0.0, "C1", written(begins_after=0.8))
    *growing, whole = shows(simulation.run(), exchange)

    assert growing[0] == 0.8
    assert [later - earlier for earlier, later in pairwise(growing)] == pytest.approx(
        [FLOOR_SECONDS] * (len(growing) - 1)
    )
    assert whole == exchange.ended_at < growing[-1] + FLOOR_SECONDS


@pytest.mark.parametrize(
    ("count", "edits", "staleness", "first_words"),
    [(1, 14, 0.27, 1.0), (10, 50, 0.65, 1.4), (30, 50, 1.5, 2.8)],
)
def test_what_readers_see_is_fresh_as_long_as_there_is_room(
    count: int, edits: int, staleness: float, first_words: float
) -> None:
    simulation = burst(count)

    assert len(simulation.edits) <= edits
    assert simulation.mean_staleness() <= staleness
    assert percentile(simulation.first_words()) <= first_words


@pytest.mark.parametrize("count", [1, 10, 30, 100])
def test_however_many_ask_at_once_every_answer_is_whole_at_once_and_nothing_is_refused(count: int) -> None:
    simulation = burst(count)

    assert simulation.refusals == []
    assert all(map(simulation.is_exact, simulation.exchanges))
    assert max(map(simulation.whole_after, simulation.exchanges)) == pytest.approx(LATENCY)


def test_one_question_a_second_for_two_minutes_is_answered_whole_at_once() -> None:
    simulation = Simulation()
    for second in range(120):
        simulation.ask(second, f"C{second}")
    simulation.run()

    assert simulation.refusals == []
    assert all(map(simulation.is_exact, simulation.exchanges))
    assert max(map(simulation.whole_after, simulation.exchanges)) < 2 * LATENCY


def test_where_no_edit_can_be_kept_an_answer_is_posted_once_when_it_has_ended() -> None:
    simulation = burst(100)
    answers = [
        [call for call in simulation.calls_of(exchange) if call.is_answer]
        for exchange in simulation.exchanges
    ]
    opened = [calls for calls in answers if not calls[0].is_final]

    assert len(opened) == 50
    assert [[call.is_post for call in calls] for calls in opened] == [[True, False]] * 50
    assert [len(calls) for calls in answers if calls[0].is_final] == [1] * 50


def test_an_answer_without_an_edit_to_keep_is_acknowledged_all_the_same() -> None:
    simulation = burst(100)

    assert {simulation.kinds(exchange)[0] for exchange in simulation.exchanges} == {Kind.ACKNOWLEDGEMENT}


def test_a_growing_answer_without_an_edit_to_keep_shows_its_acknowledgement_although_it_has_begun() -> None:
    simulation = Simulation(edits=1)
    simulation.ask(0.0, "C1", written(1000, begins_after=0.1))
    exchange = simulation.ask(5.0, "C2", written(begins_after=0.1), greeting="")
    simulation.run()

    assert simulation.kinds(exchange) == [Kind.ACKNOWLEDGEMENT, Kind.ANSWER]
    assert [call.is_post for call in simulation.calls_of(exchange)] == [True, True]
    assert simulation.over[exchange] == pytest.approx(exchange.ended_at + LATENCY)


def test_answers_that_grow_at_once_share_what_is_left_after_the_last_edits() -> None:
    simulation = burst(20)
    counts = [len(progress(simulation, exchange)) for exchange in simulation.exchanges]

    assert sum(counts) > 20
    assert max(counts) - min(counts) <= 2


def test_a_long_answer_does_not_spend_the_minute_in_its_first_seconds_and_never_stands_still() -> None:
    simulation = Simulation()
    exchange = simulation.ask(0.0, "C1", written(5000))
    simulation.run()
    shown = shows(simulation, exchange)

    early = [call for call in simulation.edits if call.sent < exchange.began_at + 10]
    assert 20 <= len(early) <= 27
    assert max(later - earlier for earlier, later in pairwise(shown)) <= 10
    assert simulation.is_exact(exchange)


def test_it_learns_how_long_answers_take() -> None:
    """Ten long answers on, a long one is spread better than the first was."""
    simulation = Simulation()
    answers = [simulation.ask(100.0 * number, f"C{number}", written(2700)) for number in range(11)]
    simulation.run()
    first, *_, last = map(simulation.staleness, answers)

    assert last < 0.8 * first


def test_edits_are_kept_for_those_who_ask_next() -> None:
    """As many asked in the last minute; else two long answers would have taken all that is left."""
    simulation = Simulation()
    for number in range(10):
        simulation.ask(0.0, f"A{number}")
    for number in range(2):
        simulation.ask(2.0, f"B{number}", written(4000))
    late = [simulation.ask(40.0, f"C{number}") for number in range(10)]
    simulation.run()
    opened = [exchange for exchange in late if shows(simulation, exchange)[0] < exchange.ended_at]

    assert len(opened) >= 5


def test_the_reader_who_is_furthest_behind_is_served_first() -> None:
    """Two edits are kept, and one of three is left: it goes to the one with most to tell."""
    simulation = Simulation(edits=3)
    slow = simulation.ask(0.0, "C1", written(100, per_second=5))
    fast = simulation.ask(0.0, "C2", written(2000, per_second=100))
    simulation.run(until=15.0)

    assert len(progress(simulation, fast)) == 1
    assert progress(simulation, slow) == []


def test_without_news_nothing_is_sent() -> None:
    simulation = Simulation()
    exchange = simulation.ask(
        0.0, "C1", [(0.5, Text("Be")), (0.6, Text("")), (20.0, Text("cause.")), (40.0, END)]
    )
    simulation.run()

    first, more, end = shows(simulation, exchange)
    assert [first, more, end] == pytest.approx([0.55, 20.0, 40.0], abs=0.05)  # the last takes a button away
    assert simulation.is_exact(exchange)


# Posts


def test_in_one_channel_all_are_shown_a_sign_before_any_is_shown_more() -> None:
    simulation = burst(10, channels=1)
    posts = simulation.posts

    assert len({call.exchange for call in posts[:10]}) == 10
    assert [is_answer(call.step) for call in posts] == [False] * 5 + [True] * 10


def test_in_one_channel_all_are_whole_within_a_second_of_what_the_channel_allows() -> None:
    simulation = burst(10, channels=1)
    burst_at = simulation.posts[0].sent
    earliest = burst_at + len(simulation.posts) - 5  # five at once, and then one a second

    assert simulation.refusals == []
    assert all(map(simulation.is_exact, simulation.exchanges))
    assert max(simulation.over.values()) <= earliest + 1


def test_when_posts_are_scarce_an_answer_that_has_begun_needs_no_acknowledgement() -> None:
    simulation = burst(10, channels=1)

    assert [simulation.kinds(exchange)[0] for exchange in simulation.exchanges] == (
        [Kind.ACKNOWLEDGEMENT] * 5 + [Kind.ANSWER] * 5
    )


def test_a_channels_posts_go_to_whole_answers_then_signs_then_first_words_then_next_messages() -> None:
    """Five acknowledgements take the burst; from then on there is one post a second."""
    simulation = Simulation()
    pages: Stream = [(0.4, Text("word ")), (1.6, Text("word " * 3000)), (30.0, END)]
    long = simulation.ask(0.0, "C1", pages, greets_after=0.1)
    growing = [
        simulation.ask(0.1 * number, "C1", written(900, begins_after=1.5), greets_after=0.1)
        for number in range(3)
    ]
    ended = simulation.ask(0.4, "C1", written(5, begins_after=1.5), greets_after=0.1)
    late = simulation.ask(2.0, "C1", written(900, begins_after=1.0), greets_after=0.1)
    simulation.run()
    posts = [call.exchange for call in simulation.posts]

    assert posts[:6] == [long, *growing, ended, long]
    assert posts[6:] == [ended, late, *growing, long]  # the late one's answer begins before its sign's turn


def test_of_the_workspaces_posts_those_are_acknowledgements_that_no_answer_needs() -> None:
    simulation = Simulation(posts=20)
    for number in range(15):
        simulation.ask(0.0, f"C{number}")
    simulation.run()
    kinds = [is_answer(call.step) for call in simulation.posts]

    assert simulation.refusals == []
    assert kinds == [False] * 5 + [True] * 15
    assert all(map(simulation.is_exact, simulation.exchanges))


def test_news_that_begins_another_message_is_a_post_for_which_is_asked_at_once() -> None:
    """What an earlier process left happens to be all that the first message holds: the news is no edit."""
    text = "word " * 3000
    exchange = admitted(Exchange(QUESTION, 0.0, 1.5, resumes=True))
    first, _ = Draft(text).contents(exchange.texts)
    exchange.opened(Place("C1", "1.0"), {"C1/1.0/answer/0": Standing("2.0", first.body)}, 0.0)
    exchange.receive(Text(text), 1.0)
    pacer = Pacer(Allowance())

    assert pacer.turns([exchange], 10.0) == ([], 10.0)
    (turn,), _ = pacer.turns([exchange], 10.0)
    assert turn.charge == Charge(CallKind.POST, "C1", reserved=2, is_spare=True)


def test_of_those_who_need_the_same_who_asked_first_is_served_first() -> None:
    texts = {1.0: "why?", 2.0: "how so?"}
    questions = [(at, replace(QUESTION, text=text, ts=f"{at}")) for at, text in texts.items()]
    asked = [admitted(Exchange(question, at, 1.5)) for at, question in questions]
    for number, exchange in enumerate(asked):
        exchange.receive(Text("word " * (1 + number)), 3.0)  # the later one's reader is further behind
        exchange.receive(END, 3.0)
    turns, _ = Pacer(Allowance(per_second=1.0, burst=1)).turns(asked[::-1], 10.0)

    assert [turn.exchange for turn in turns] == asked[:1]


def test_of_those_who_need_the_same_each_person_is_served_before_any_is_served_twice() -> None:
    flood, other = [ended(number) for number in range(3)], ended(9, user="U2", asked_at=1.0)
    turns, _ = Pacer(Allowance(per_second=1.0, burst=3)).turns([*flood, other], 2.0)

    assert [turn.exchange for turn in turns[:2]] == [flood[0], other]
    assert len(turns) == 3


def ended(number: int, user: str = "U1", asked_at: float = 0.0) -> Exchange:
    """An answer that is whole and of which nothing stands yet, in the channel C1."""
    exchange = admitted(Exchange(replace(QUESTION, ts=f"{number}.0", user=user), asked_at, 1.5))
    exchange.receive(Text("word"), 0.0)
    exchange.receive(END, 0.0)
    return exchange


def begun() -> Exchange:
    """Another, of which the first words stand."""
    exchange = admitted(Exchange(replace(QUESTION, ts="9.0"), 0.0, 1.5, resumes=True))
    exchange.opened(Place("C1", "9.0"), {"C1/9.0/answer/0": Standing("10.0", "wo")}, 0.0)
    exchange.receive(Text("word"), 0.0)
    exchange.receive(END, 0.0)
    return exchange


@pytest.mark.parametrize("error", [None, OverBudget(5.0)])
def test_an_edit_takes_no_room_of_its_channel_and_leaves_none(error: OverBudget | None) -> None:
    pacer = Pacer(Allowance(per_second=1.0, burst=1))
    (turn,), _ = pacer.turns([begun()], 0.0)
    assert turn.charge.kind is CallKind.EDIT
    pacer.ended(turn, 0.0, error)

    turns, _ = pacer.turns([ended(1), ended(2)], 5.0)
    assert [turn.charge.kind for turn in turns] == [CallKind.POST]


def test_where_other_processes_left_no_edit_none_is_tried_until_there_is_room() -> None:
    pacer = Pacer(Allowance())
    exchange = begun()
    (turn,), _ = pacer.turns([exchange], 0.0)
    pacer.ended(turn, 0.0, OverBudget(5.0))

    assert pacer.turns([begun()], 0.0) == ([], 5.0)


# What goes wrong


def nth(count: int, of: Callable[[Call], bool], plan: Callable[[Network], Simulation]) -> int:
    """The number, among all calls, of the `count`th call that is one `of` these when nothing goes wrong."""
    return [number for number, call in enumerate(plan(Network()).calls) if of(call)][count]


def four(network: Network) -> Simulation:
    """Four ask one after the other."""
    simulation = Simulation(network=network)
    for number in range(4):
        simulation.ask(number, f"C{number}")
    return simulation.run()


def opens(call: Call) -> bool:
    return call.is_post and call.is_answer


def acknowledges(call: Call) -> bool:
    return call.is_post and not call.is_answer


@pytest.mark.parametrize("is_post", [True, False])
def test_a_limit_pauses_its_method_and_no_other(is_post: bool) -> None:
    number = nth(3, lambda call: call.is_post is is_post, four)
    simulation = four(Network(faults={number: 2.5}))
    refused = simulation.calls[number]
    during = [call for call in simulation.calls if refused.returned <= call.sent < refused.returned + 2.5]
    after = [call for call in simulation.calls if call.is_post is is_post and call.sent > refused.returned]

    assert {call.is_post for call in during} == {not is_post}
    assert after[0].sent == refused.returned + 2.5
    assert all(map(simulation.is_exact, simulation.exchanges))


def test_what_comes_after_a_limit_is_the_newest_text() -> None:
    number = nth(2, lambda call: call.is_progress, four)
    simulation = four(Network(faults={number: 2.5}))
    refused = simulation.calls[number]
    (again, *_) = [call for call in simulation.calls_of(refused.exchange) if call.sent > refused.sent]

    assert again.sent == refused.returned + 2.5
    assert len(again.draft.text) > len(refused.draft.text)
    assert again.content == again.draft.contents(again.exchange.texts)[0]


def test_after_a_limit_whole_answers_come_first() -> None:
    number = nth(0, lambda call: call.is_final, four)
    simulation = four(Network(faults={number: 1.5}))
    refused = simulation.calls[number]
    after = [call for call in simulation.edits if call.sent == refused.returned + 1.5]

    assert [call.is_final for call in after] == [True, True, False, False]


@pytest.mark.parametrize("how", Broken)
def test_an_edit_that_met_a_connection_error_is_the_next_edits_business(how: Broken) -> None:
    number = nth(5, lambda call: call.is_progress, four)
    simulation = four(Network(faults={number: how}))
    broken = simulation.calls[number]
    (again, *_) = [call for call in simulation.calls_of(broken.exchange) if call.sent > broken.sent]

    assert not again.is_post
    assert again.sent == pytest.approx(broken.returned + 0.5)
    assert len(again.draft.text) > len(broken.draft.text)
    assert all(map(simulation.is_exact, simulation.exchanges))


@pytest.mark.parametrize("how", Broken)
@pytest.mark.parametrize("which", [opens, acknowledges])
def test_a_post_is_looked_for_before_it_is_made_again(how: Broken, which: Callable[[Call], bool]) -> None:
    number = nth(1, which, four)
    simulation = four(Network(faults={number: how}))
    broken = simulation.calls[number]
    (again, *_) = [call for call in simulation.calls_of(broken.exchange) if call.sent > broken.sent]
    step = broken.step

    assert isinstance(step, Show)
    assert isinstance(again.step, Show)
    assert again.step.unsure == (step,)
    assert again.found is (step if how is Broken.MADE else None)
    assert len(set(simulation.keys(broken.exchange))) == len(simulation.keys(broken.exchange))
    assert simulation.is_exact(broken.exchange)


REPLIES, HISTORY, OPEN = "conversations.replies", "conversations.history", "conversations.open"


@pytest.mark.parametrize("is_command", [False, True])
def test_the_limit_of_a_look_up_holds_up_those_who_need_it_and_nobody_else(is_command: bool) -> None:
    """The first post got no answer, and it cannot be looked for yet, as can none of the next one's."""
    method = HISTORY if is_command else REPLIES
    simulation = Simulation(
        network=Network(faults={0: Broken.MADE, 1: Broken.LOST, 2: RateLimited(5.0, method)})
    )
    unsure = [simulation.ask(0.3 * number, f"C{number}", is_command=is_command) for number in range(2)]
    others = [simulation.ask(1.5 + 0.1 * number, f"D{number}") for number in range(20)]
    simulation.run()
    limited = simulation.calls[2]
    again = [call for call in simulation.calls if call.exchange in unsure and call.sent > limited.sent]

    assert all((exchange.acknowledged_at or inf) - exchange.asked_at < 0.5 for exchange in others)
    assert again[0].sent == again[1].sent == limited.returned + 5.0
    assert all(map(simulation.is_exact, simulation.exchanges))
    assert all(len(set(simulation.keys(each))) == len(simulation.keys(each)) for each in unsure)


@pytest.mark.parametrize("method", [OPEN, "users.info"])
def test_what_one_turn_alone_needs_to_know_holds_up_that_turn_alone(method: str) -> None:
    simulation = Simulation(network=Network(faults={0: RateLimited(4.0, method)}))
    command = simulation.ask(0.0, "C1", is_command=True)
    other = simulation.ask(0.1, "C1", is_command=True)
    simulation.run()
    first, again, *_ = simulation.calls_of(command)

    assert again.sent == first.returned + 4.0
    assert simulation.calls_of(other)[0].sent == 0.1
    assert all(map(simulation.is_exact, simulation.exchanges))


def test_the_limit_of_another_kind_of_call_pauses_that_kind() -> None:
    """An edit had to stop a stream first, and there was no stop left: edits go on."""
    number = nth(2, lambda call: call.is_progress, four)
    simulation = four(Network(faults={number: RateLimited(20.0, "chat.stopStream")}))
    refused = simulation.calls[number]

    assert [call for call in simulation.edits if refused.returned <= call.sent < refused.returned + 2]


@pytest.mark.parametrize("how", Broken)
def test_a_commands_question_is_looked_for_before_it_is_posted_again(how: Broken) -> None:
    simulation = Simulation(network=Network(faults={0: how}))
    exchange = simulation.ask(0.0, "C1", is_command=True)
    simulation.run()

    assert [call.step for call in simulation.calls[:2]] == [OpenThread(), OpenThread(again=True)]
    assert simulation.kinds(exchange) == [Kind.QUESTION, Kind.ACKNOWLEDGEMENT, Kind.ANSWER]


def test_of_two_posts_without_an_answer_the_later_is_looked_for_as_well() -> None:
    """The acknowledgement did not arrive; the first words did, and nobody knows either."""
    simulation = Simulation(network=Network(faults={0: Broken.LOST, 1: Broken.MADE}))
    exchange = simulation.ask(0.0, "C1", written(begins_after=0.4))
    simulation.run()

    assert simulation.kinds(exchange) == [Kind.ANSWER]
    assert simulation.is_exact(exchange)


def test_first_words_that_stood_already_are_brought_up_to_date_at_once() -> None:
    """The model said more while nobody knew of them, and then nothing for long."""
    simulation = Simulation(network=Network(faults={1: Broken.MADE}))
    exchange = simulation.ask(0.0, "C1", [(1.0, Text("Be")), (1.3, Text("cause.")), (60.0, END)])
    simulation.run()
    calls = [call for call in simulation.calls_of(exchange) if call.is_answer]

    assert [call.content.body for call in calls] == ["Be", "Because.", "Because.", "Because."]
    assert calls[1].found is calls[0].step
    assert calls[2].sent < 3.0


# Other processes


def test_what_other_processes_spend_and_reserve_is_left_to_them() -> None:
    simulation = Simulation()
    simulation.pacer.share(Spent({CallKind.EDIT: 30}, reserved=15), 1, 0.0)
    simulation.ask(0.0, "C1", written(2000))
    simulation.run(until=20.0)

    assert len(simulation.edits) == 50 - 30 - 15 - 1


def test_processes_that_nobody_counts_for_spend_no_more_together_than_slack_takes() -> None:
    """The store is away from 5 s to 12 s, and knows of none of the edits between when it is back."""
    processes = [Simulation() for _ in range(3)]
    for simulation in processes:
        simulation.ask(0.0, "C1", written(2000))
        simulation.run(until=5.0)
    made = [len(simulation.edits) for simulation in processes]
    for simulation, own in zip(processes, made, strict=True):
        simulation.pacer.share(Spent({CallKind.EDIT: sum(made) - own}, reserved=2), 2, 5.0)
        for second in range(5, 12):
            simulation.pacer.keep_apart(float(second))
        simulation.pacer.share(Spent({CallKind.EDIT: 1}, reserved=2), 2, 12.0)
        simulation.run(until=55.0)
    spent = [len(simulation.edits) for simulation in processes]

    assert sum(spent) <= 50
    assert min(after - before for after, before in zip(spent, made, strict=True)) > 5
    assert max(simulation.whole_after(simulation.exchanges[0]) for simulation in processes) < 2 * LATENCY


def test_a_process_that_is_alone_goes_on_with_all_that_slack_takes_while_its_store_is_away() -> None:
    alone, counted = Simulation(), Simulation()
    alone.pacer.share(Spent(), 0, 0.0)
    alone.pacer.keep_apart(0.0)
    for simulation in (alone, counted):
        simulation.ask(0.0, "C1", written(2000))
        simulation.run(until=40.0)

    assert len(alone.edits) == len(counted.edits) > 50 / 2


def test_no_part_is_taken_of_what_has_no_limit() -> None:
    simulation = Simulation(edits=inf, posts=inf)
    simulation.pacer.share(Spent(), 1, 0.0)
    simulation.pacer.keep_apart(0.0)
    simulation.ask(0.0, "C1")
    simulation.run(until=40.0)

    assert len(simulation.edits) > 5


def test_progress_that_others_left_no_room_for_does_not_delay_last_words() -> None:
    number = nth(2, lambda call: call.is_progress, four)
    simulation = four(Network(faults={number: OverBudget(30.0)}))

    assert max(map(simulation.whole_after, simulation.exchanges)) < 2 * LATENCY
    assert all(map(simulation.is_exact, simulation.exchanges))
    progress_after = [call for call in simulation.calls[number + 1 :] if call.is_progress]
    assert progress_after[0].sent == pytest.approx(simulation.calls[number].returned + 1.0)


def test_a_message_that_others_left_no_edit_for_is_opened_soon_and_holds_up_nobody() -> None:
    number = nth(1, opens, four)
    simulation = four(Network(faults={number: OverBudget(30.0)}))

    assert max(map(simulation.whole_after, simulation.exchanges)) < 2 * LATENCY
    assert all(map(simulation.is_exact, simulation.exchanges))


def test_a_channel_that_others_filled_waits_alone() -> None:
    number = nth(2, acknowledges, four)
    simulation = four(Network(faults={number: OverBudget(2.5)}))
    refused = simulation.calls[number]
    (again, *_) = [call for call in simulation.calls_of(refused.exchange) if call.sent > refused.sent]

    assert again.sent == pytest.approx(refused.returned + 2.5)
    assert [call for call in simulation.posts if refused.returned < call.sent < again.sent]


def test_an_opening_of_unknown_outcome_keeps_an_edit_for_its_last_words() -> None:
    """There is one: who opened a message meanwhile would take it, and one of the two would stay in pieces."""
    simulation = Simulation(edits=1, network=Network(faults={2: Broken.MADE}))
    for channel in ("C1", "C2"):
        simulation.ask(0.0, channel)
    simulation.run()

    assert is_answer(simulation.calls[2].step)
    assert all(map(simulation.is_exact, simulation.exchanges))
    assert max(map(simulation.whole_after, simulation.exchanges)) < 0.2


def test_a_slack_that_is_away_for_half_a_minute_costs_no_answer() -> None:
    """Thirty live answers; nearly all that is called meanwhile is called once, to see whether it is back."""
    simulation = Simulation(network=Network(away=(4.0, 36.0)))
    exchanges = [simulation.ask(number * 0.2, f"C{number}", written()) for number in range(30)]
    simulation.run()

    meanwhile = [call for call in simulation.calls if 5.0 < call.sent < 35.0]
    assert all(map(simulation.is_exact, exchanges))
    assert len(meanwhile) < 40
