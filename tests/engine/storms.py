"""Storms: whoever asks whatever, whenever, over a bad network, in a Slack with small budgets."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bot.core.errors import SlackError
from tests.engine.simulation import Broken, Network, Simulation, written

SECONDS = st.floats(0.01, 1.5)
CHANNELS = st.sampled_from(["C1", "C2", "C3"])
STREAMS = st.builds(
    written,
    tokens=st.integers(0, 150),
    per_second=st.floats(5, 200),
    begins_after=st.floats(0.05, 4),
    token=st.sampled_from(["", "word ", "낱말 ", "x" * 200 + "\n", "```\nline of code\n"]),
).map(tuple)
QUESTIONS = st.tuples(
    st.floats(0, 90), CHANNELS, STREAMS, st.none() | st.just("On it."), st.floats(0.05, 3), st.booleans()
)
NO_FAULTS: st.SearchStrategy[Broken | float | SlackError] = st.nothing()
CONNECTION_ERRORS = st.sampled_from(Broken)
LIMITS = st.floats(1, 30)
NO_STREAMS = st.just(0)


@st.composite
def storms(
    draw: st.DrawFn,
    faults: st.SearchStrategy[Broken | float | SlackError] = NO_FAULTS,
    starts: st.SearchStrategy[int] = NO_STREAMS,
) -> Simulation:
    """At most six things go wrong, as many as an exchange bears in a row."""
    network = Network(
        latencies=tuple(draw(st.lists(SECONDS, min_size=1, max_size=7))),
        arrivals=tuple(draw(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))),
        faults=draw(st.dictionaries(st.integers(0, 60), faults, max_size=6)),
    )
    edits = draw(st.sampled_from([1, 2, 3, 5, 8, 12, 20]))
    simulation = Simulation(edits, draw(st.integers(3, 40)), network, draw(starts))
    for at, channel, stream, greeting, greets_after, is_command in draw(
        st.lists(QUESTIONS, min_size=1, max_size=12)
    ):
        simulation.ask(at, channel, stream, greeting, greets_after, is_command=is_command)
    return simulation.run()


many = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
