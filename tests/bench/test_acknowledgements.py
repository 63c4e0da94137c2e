"""Count of fixed sentences that stand in for the first model's, over sixty questions."""

from __future__ import annotations

import pytest

from bot.bench.acknowledgements import ENGLISH, KOREAN
from bot.cli import main
from bot.core.texts import Language, language_of
from bot.playground.bedrock import Reply
from tests.conftest import offer
from tests.workbench import Workbench


def test_sixty_different_questions_are_asked_half_of_them_in_korean() -> None:
    assert len(set(ENGLISH)) == len(set(KOREAN)) == 30
    assert {language_of(asked) for asked in ENGLISH} == {Language.EN}
    assert {language_of(asked) for asked in KOREAN} == {Language.KO}


def test_what_cannot_stand_is_listed_and_counted(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.bedrock.always("converse", Reply(text="질문을 이해했습니다. 답변을 준비하고 있습니다!"))
    offer(monkeypatch, bench)

    assert main(["bench", "--acknowledgements", "--bedrock"]) == 0
    told = capsys.readouterr().out
    assert "A fixed sentence stood in for 60 of 60 acknowledgements." in told
    assert "  30 in another language\n" in told
    assert "announces no answer: '질문을 이해했습니다.' to '파이썬 GIL이 뭔가요?'" in told


def test_the_scripted_model_keeps_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--acknowledgements"]) == 0
    assert "stood in for 0 of 60" in capsys.readouterr().out


def test_without_an_account_it_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)

    assert main(["bench", "--acknowledgements", "--bedrock"]) == 2
    assert "AWS_REGION is missing" in capsys.readouterr().err
