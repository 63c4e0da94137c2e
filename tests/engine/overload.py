"""What people get when more is asked than Slack takes, as a table: `python -m tests.engine.overload`."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from statistics import median

from bot.engine.exchange import Exchange
from bot.settings import Settings
from tests.engine.simulation import Simulation, percentile, written

_PLACES = Settings.max_live_answers


def steady(per_minute: float, minutes: float = 5, channels: int = 1) -> Simulation:
    """So many ask in every minute, evenly, each in the next of the channels."""
    simulation = Simulation(places=_PLACES)
    for number in range(round(per_minute * minutes)):
        simulation.ask(1 + number * 60 / per_minute, f"C{number % channels}")
    return simulation.run()


def by_chance(per_minute: float, minutes: float = 5, channels: int = 1) -> Simulation:
    """So many ask in a minute on the mean, for answers of any length that are as long on the mean."""
    simulation, chance, at = Simulation(places=_PLACES), Random(1), 1.0  # noqa: S311
    while (at := at + chance.expovariate(per_minute / 60)) < minutes * 60:
        tokens = round(chance.uniform(50, 950))
        simulation.ask(at, f"C{chance.randrange(channels)}", written(tokens))
    return simulation.run()


def at_once(count: int, channels: int = 1000, per_second: float = 90) -> Simulation:
    """So many ask at the same moment; the models write so many tokens a second."""
    simulation = Simulation(places=_PLACES)
    for number in range(count):
        simulation.ask(1.0, f"C{number % channels}", written(per_second=per_second))
    return simulation.run()


def flood(
    places: int = _PLACES, tokens: int = 500, count: int = 60, channels: int = 1, until: float = 3600.0
) -> tuple[Simulation, list[Exchange]]:
    """One person asks so many things at once, and ten others one each, later, in the first channel."""
    simulation = Simulation(places=places)
    for number in range(count):
        simulation.ask(1.0, f"C{number % channels}", written(tokens), user="U1")
    others = [simulation.ask(2.0 + 5 * number, "C0", written(tokens)) for number in range(10)]
    return simulation.run(until), others


def signs(simulation: Simulation, exchanges: list[Exchange] | None = None) -> list[float]:
    """The seconds from each question to the first that is seen of it."""
    seen: dict[Exchange, float] = {}
    for call in simulation.posts:
        if not call.error:
            seen.setdefault(call.exchange, call.returned - call.exchange.asked_at)
    return [seen[exchange] for exchange in exchanges or simulation.exchanges]


def wholes(simulation: Simulation, exchanges: list[Exchange] | None = None) -> list[float]:
    """The seconds from each question until all of its answer is seen."""
    return [simulation.over[exchange] - exchange.asked_at for exchange in exchanges or simulation.exchanges]


def _scenarios() -> Iterator[tuple[str, Simulation, list[Exchange]]]:
    def all_of(name: str, simulation: Simulation) -> tuple[str, Simulation, list[Exchange]]:
        return name, simulation, simulation.exchanges

    yield all_of("a lone question", at_once(1))
    for count in (10, 60):
        yield all_of(f"{count} at once, one channel", at_once(count, 1))
    for rate in (30, 45, 60, 90):
        yield all_of(f"{rate} a minute, one channel", steady(rate))
    yield all_of("60 a minute by chance, one channel", by_chance(60))
    for count in (100, 150, 200, 300, 1000):
        yield all_of(f"{count} at once, own channels", at_once(count))
    yield all_of("300 at once, a minute for each answer", at_once(300, per_second=8))
    for rate in (150, 200, 300):
        yield all_of(f"{rate} a minute, 50 channels", steady(rate, channels=50))
    yield all_of("200 a minute by chance, 50 channels", by_chance(200, channels=50))
    yield ("10 people beside a flood of 60, one channel", *flood())
    yield ("the same, 4 places, 100 tokens", *flood(places=4, tokens=100))
    yield ("10 people beside a flood of 250, one channel", *flood(count=250))
    yield ("the same, own channels", *flood(count=250, channels=250))


def main() -> None:
    """Print the table, in seconds; those by rate go on for five minutes."""
    head = "".join(
        f"{name:>7}" for name in ("sign", "p95", "max", "whole", "p95", "max", "1 min", "acks", "429")
    )
    print(f"{'':45}{head}")  # noqa: T201
    for name, simulation, exchanges in _scenarios():
        times = signs(simulation, exchanges), wholes(simulation, exchanges)
        seconds = [each for of in times for each in (median(of), percentile(of), max(of))]
        counts = (
            sum(each <= 60 for each in times[1]),
            sum(exchange.acknowledged_at is not None for exchange in exchanges),
            len(simulation.refusals),
        )
        cells = [f"{each:7.1f}" for each in seconds] + [f"{each:7}" for each in counts]
        print(f"{name:45}{''.join(cells)}")  # noqa: T201


if __name__ == "__main__":
    main()
