"""`python -m bot bench`: measure, print a table, write JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.bench.figures import Figures, figures, medians
from bot.bench.scenario import SCENARIOS, Scenario, observe
from bot.bench.subject import DUET, PLAIN

_BOTS = {"Duet": DUET, "an edit a second": PLAIN}
_HEADINGS = {
    "finished": "finished",
    "ack_p95": "ack p95",
    "first_words_p95": "first words p95",
    "staleness_mean": "staleness",
    "whole_p95": "whole p95",
    "late_p95": "late p95",
    "edits": "edits",
    "refused": "429s",
    "cpu_ms_an_answer": "CPU ms/answer",
    "peak_mb": "peak MB",
}


def named(only: Sequence[str]) -> list[Scenario]:
    """The scenarios whose names begin with one of `only`; all, if that is empty."""
    return [scenario for scenario in SCENARIOS if not only or scenario.name.startswith(tuple(only))]


def run(scenarios: Sequence[Scenario], runs: int, target: Path | None) -> int:
    """Measure each scenario `runs` times, both bots in turn; the table shows medians. Returns 0."""
    _row("scenario", "bot", *_HEADINGS.values())
    results = []
    for scenario in scenarios:
        measured: dict[str, list[Figures]] = {name: [] for name in _BOTS}
        for _ in range(runs):
            for name, command in _BOTS.items():
                measured[name].append(figures(observe(scenario, command)))
        for name, figures_of_runs in measured.items():
            middle = asdict(medians(figures_of_runs))
            _row(scenario.name, name, *(_shown(middle[key]) for key in _HEADINGS))
            every = [asdict(each) for each in figures_of_runs]
            results.append({"scenario": scenario.name, "bot": name, "median": middle, "runs": every})
    if target:
        target.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _row(scenario: str, bot: str, *cells: str) -> None:
    print(f"{scenario:28} {bot:17}", *(f"{cell:>15}" for cell in cells), flush=True)  # noqa: T201


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
