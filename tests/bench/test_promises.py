"""The promises, measured on a few questions: real bots, in processes of their own."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from bot.bench.promises import run
from bot.bench.questions import Asked, hundred
from bot.cli import main
from bot.core.answers import EVERYBODY, key_of
from bot.core.question import Question
from bot.core.texts import Language, language_of
from bot.playground.bedrock import Reply
from tests.conftest import offer
from tests.workbench import Workbench

FEW = (
    Asked("What is a lease?", 60),
    Asked("임대란 무엇인가요?", 60),
    Asked("And then?", 30, follows=0),
    Asked("what is a  lease", 60),
)


def test_a_hundred_mixed_questions_are_a_hundred_and_mixed() -> None:
    questions = hundred()
    keys = Counter(
        key_of(Question("T", "C", "U", asked.text), "", EVERYBODY)
        for asked in questions
        if asked.follows is None
    )

    assert len(questions) == 100
    assert sum(language_of(asked.text) is Language.KO for asked in questions) >= 20
    assert sum(asked.tokens >= 450 for asked in questions) >= 20
    assert sum(count - 1 for count in keys.values()) == 10
    follow_ups = [
        (number, asked.follows) for number, asked in enumerate(questions) if asked.follows is not None
    ]
    assert len(follow_ups) == 10
    assert all(follows < number for number, follows in follow_ups)


def test_the_promises_are_printed_with_their_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(real_models=False, most_dollars=Decimal(1), questions=FEW) == 0

    told = capsys.readouterr().out
    assert told.startswith("4 questions, one a second, to scripted models")
    assert "Slack refused 0 calls" in told
    assert "from the cache   1" in told
    for promise in ("first words of either model", "the whole answer", "under $0.002", "both came in time"):
        (line,) = (line for line in told.splitlines() if promise in line and "%" in line)
        assert "100.0%   4 of 4" in line


def test_with_the_models_of_an_account_no_more_is_asked_than_may_be_spent(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, bench)
    bench.bedrock.always("converse-stream", Reply(text="word " * 100))
    assert run(real_models=True, most_dollars=Decimal("0.0001"), questions=FEW) == 0

    assert 1 <= len(bench.prompts()) < len(FEW)
    assert "to the models of your AWS account" in capsys.readouterr().out


def test_a_cap_that_is_no_number_of_dollars_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--promises", "--most-dollars", "five"])
    assert "--most-dollars: 'five' is no number of dollars" in capsys.readouterr().err
