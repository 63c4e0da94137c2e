"""The bench itself: real bots, in processes of their own, against servers that limit as Slack does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.bench.figures import figures
from bot.bench.run import run
from bot.bench.scenario import Scenario, observe
from bot.bench.subject import DUET, PLAIN
from bot.cli import main


def test_duet_is_never_limited_where_a_plain_bot_is() -> None:
    """Sixteen answers of four seconds want sixty edits of a plain bot; Slack allows fifty."""
    scenario = Scenario("a short one", 16, tokens=80, tokens_per_second=20.0, patience=6.0)
    duet, plain = (figures(observe(scenario, command)) for command in (DUET, PLAIN))

    assert (duet.finished, duet.refused) == (16, 0)
    assert plain.refused > 0
    assert duet.edits <= 50


def test_the_bench_prints_a_row_for_each_bot_and_writes_every_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([Scenario("tiny", 1, tokens=20)], 1, tmp_path / "figures.json") == 0

    heading, duet, plain = capsys.readouterr().out.splitlines()
    assert "ack p95" in heading
    assert duet.split()[:2] == ["tiny", "Duet"]
    assert "an edit a second" in plain
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [(row["bot"], row["median"]["finished"], len(row["runs"])) for row in written] == [
        ("Duet", 1, 1),
        ("an edit a second", 1, 1),
    ]


def test_a_scenario_that_does_not_exist_is_told_with_those_that_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--only", "none of these"]) == 2
    assert "100, own channels" in capsys.readouterr().err
