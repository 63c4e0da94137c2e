"""Storms: whoever asks whatever, whenever, over a bad network, in a Slack with small budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bot.core.errors import SlackError
from tests.engine.simulation import Broken, Network, Simulation, written

LATENCIES = st.lists(st.floats(0.01, 1.5), min_size=1, max_size=7)
ARRIVALS = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5)
CHANNELS = st.sampled_from(["C1", "C2", "C3"])
STREAMS = st.builds(
    written,
    tokens=st.integers(0, 150),
    per_second=st.floats(5, 200),
    begins_after=st.floats(0.05, 4),
    token=st.sampled_from(["", "word ", "낱말 ", "x" * 200 + "\n", "```\nline of code\n"]),
).map(tuple)
GREETINGS = st.sampled_from(["", "On it."])
QUESTIONS = st.lists(
    st.tuples(st.floats(0, 90), CHANNELS, STREAMS, GREETINGS, st.floats(0.05, 3), st.booleans()),
    min_size=1,
    max_size=12,
)
EDITS = st.sampled_from([1, 2, 3, 5, 8, 12, 20])
Faults: TypeAlias = Mapping[int, Broken | float | SlackError]  # by the number of the call that goes wrong
NO_FAULTS: st.SearchStrategy[Faults] = st.just({})
NO_STREAMS = st.just(0)


def at_most_six(kinds: st.SearchStrategy[Broken | float]) -> st.SearchStrategy[Faults]:
    """As many as an exchange bears in a row."""
    return st.dictionaries(st.integers(0, 60), kinds, max_size=6)


CONNECTION_ERRORS = at_most_six(st.sampled_from(Broken))
CONNECTION_ERRORS_AND_LIMITS = at_most_six(st.sampled_from(Broken) | st.floats(1, 30))


@st.composite
def storms(
    draw: st.DrawFn,
    faults: st.SearchStrategy[Faults] = NO_FAULTS,
    starts: st.SearchStrategy[int] = NO_STREAMS,
) -> Simulation:
    network = Network(tuple(draw(LATENCIES)), tuple(draw(ARRIVALS)), draw(faults))
    simulation = Simulation(draw(EDITS), draw(st.integers(3, 40)), network, draw(starts))
    for at, channel, stream, greeting, greets_after, is_command in draw(QUESTIONS):
        simulation.ask(at, channel, stream, greeting, greets_after, is_command=is_command)
    return simulation.run()


many = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
