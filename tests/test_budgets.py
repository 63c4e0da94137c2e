"""Who asks for more than may be spent is told when to ask again, and no model is called."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, MINJI
from tests.processes import Processes, two_on
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
ONE_ANSWER = Decimal("0.0015")  # dollars: less than one is expected to cost, so there is room for just one


def begins(sentence: str) -> str:
    """A sentence of the catalogue up to its first slot."""
    return sentence.partition("{")[0]


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", Reply(text="word " * 500, after=0, then="hold"))
    return bench


def refused(bench: Workbench, sentence: str, **where: str) -> None:
    """Ask, and be told `sentence` while no model is called."""
    before = len(bench.bedrock.requests)
    question = bench.mention("and this?", **where)
    (told,) = bench.answered(question, count=1)
    assert told.startswith(begins(sentence))
    assert told.endswith(("min.", "s.", "요.", "다."))
    assert len(bench.bedrock.requests) == before


def test_over_the_budget_of_the_day_nobody_is_answered(bench: Workbench) -> None:
    bench.start_bot(daily_budget_usd=ONE_ANSWER)
    bench.answered(bench.mention("why?"))

    refused(bench, EN.over_daily_budget)
    refused(bench, EN.over_daily_budget, user=MINJI.id, channel="CRANDOM")


def test_over_ones_own_budget_others_are_answered_still(bench: Workbench) -> None:
    bench.start_bot(user_daily_budget_usd=ONE_ANSWER)
    bench.answered(bench.mention("why?"))

    refused(bench, EN.over_user_budget)
    bench.answered(bench.mention("why?", user=MINJI.id))


def test_who_asks_too_much_in_a_minute_is_told_in_seconds(bench: Workbench) -> None:
    bench.start_bot(user_questions_per_minute=2)
    for _ in range(2):
        bench.answered(bench.mention("why?"))

    refused(bench, EN.over_rate)
    bench.answered(bench.mention("why?", user=MINJI.id))


def test_who_asks_in_korean_is_told_in_korean(bench: Workbench) -> None:
    bench.start_bot(user_questions_per_minute=1)
    bench.answered(bench.mention("왜요?"))

    (told,) = bench.answered(bench.mention("그리고요?"), count=1)
    assert told.startswith(begins(KO.over_rate))


def test_a_command_over_the_budget_is_told_in_the_thread_that_it_opens(bench: Workbench) -> None:
    bench.start_bot(user_questions_per_minute=1)
    bench.answered(bench.mention("why?"))
    bench.ask("why?", channel="CRANDOM")

    (told,) = bench.answered(bench.posted_question("CRANDOM"), count=1)
    assert told.startswith(begins(EN.over_rate))


def test_what_is_in_the_cache_is_shown_over_the_budget_too(bench: Workbench) -> None:
    """It costs nothing; but it is a question, and counts among those of a minute."""
    bench.start_bot(daily_budget_usd=ONE_ANSWER, user_questions_per_minute=2, cache_ttl=60.0)
    bench.answered(bench.mention("why?"))
    (again,) = bench.answered(bench.mention("Why?"), count=1)

    assert again.endswith(EN.from_cache)
    (told,) = bench.answered(bench.mention("WHY?"), count=1)
    assert told.startswith(begins(EN.over_rate))


def test_an_answer_that_cost_less_than_expected_leaves_the_rest_to_others(bench: Workbench) -> None:
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(daily_budget_usd=ONE_ANSWER)
    for number in range(3):
        bench.answered(bench.mention("why?"))
        bench.written(number + 1)


TINY = Decimal("0.01")  # dollars: nine of twelve plain questions
ASKERS = [ADA.id, MINJI.id]


def shared(bench: Workbench, name: str, data: bytes) -> dict[str, Any]:
    return bench.servers.do(lambda: bench.slack.upload(name, data))


def spent(bench: Workbench) -> Decimal:
    return sum((one.dollars or Decimal(0) for one in bench.written(12)), Decimal(0))


@pytest.mark.parametrize("limits", [{"daily_budget_usd": TINY}, {"user_daily_budget_usd": TINY / 2}])
@pytest.mark.parametrize("where", ["question", "thread"])
def test_twelve_questions_with_long_texts_end_within_the_budget(
    bench: Workbench, limits: dict[str, Decimal], where: str
) -> None:
    """The cost of what is sent is known once it was gathered. At most one answer goes beyond the budget."""
    bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
    bench.start_bot(**limits)
    questions = []
    for number, channel in enumerate(bench.channels(12)):
        words = (f"{number} words " if number % 3 else f"{number} 글자 ") * 10_000
        file, user = shared(bench, "long.txt", words.encode()), ASKERS[number % 2]
        root = None
        if where == "thread":
            root = bench.say("see", channel=channel, user=user, files=[file])
        files = [] if root else [file]
        questions.append(bench.mention("what is it?", channel=channel, user=user, thread=root, files=files))
    sentence = EN.over_daily_budget if "daily_budget_usd" in limits else EN.over_user_budget
    for question in questions:
        bench.until(lambda q=question: begins(sentence) in str(bench.texts(q)))  # type: ignore[misc]

    assert not bench.prompts()
    assert spent(bench) < TINY


def test_every_try_of_a_question_is_within_the_budget(bench: Workbench) -> None:
    """A stream that was cut before its first word is paid for all the same."""
    bench.bedrock.always("converse-stream", Reply(text="", then="cut"))
    bench.start_bot(daily_budget_usd=Decimal("0.03"))
    question = bench.mention("what is it?", files=[shared(bench, "long.txt", b"word" * 25_000)])  # $0.02
    bench.until(lambda: begins(EN.over_daily_budget) in str(bench.texts(question)))

    assert len(bench.prompts()) == 1
    assert bench.written(1)[0].dollars < Decimal("0.03")  # type: ignore[operator]


def test_a_retry_over_the_budget_leaves_what_stands_and_is_told_privately(bench: Workbench) -> None:
    bench.bedrock.enqueue("converse-stream", Reply(text=["Be"], then="cut"))
    bench.start_bot(user_questions_per_minute=1)
    question = bench.mention("why?")
    bench.until(lambda: bench.texts(question)[-1:] == [f"Be\n{EN.cut}"])
    bench.until(bench.at_rest)
    bench.press("retry", question)
    told = bench.until(lambda: [message for message in bench.messages() if message.only_for])

    assert told[-1].text.startswith(begins(EN.over_rate))
    assert f"Be\n{EN.cut}" in bench.texts(question)


def test_admins_are_warned_once_when_most_of_the_budget_is_spent_each_in_their_language(
    bench: Workbench,
) -> None:
    bench.start_bot(daily_budget_usd=Decimal("0.0018"), admin_users=(ADA.id, MINJI.id))
    bench.answered(bench.mention("why?", user=MINJI.id))
    (warning,) = bench.until(lambda: bench.messages("DADA"))
    (in_korean,) = bench.until(lambda: bench.messages("DMINJI"))
    refused(bench, EN.over_daily_budget, user=MINJI.id)

    assert warning.text.startswith(begins(EN.budget_warning) + "0.00 of today's budget of $0.0018")
    assert in_korean.text.startswith("오늘의 예산 $0.0018 중")
    assert len(bench.messages("DADA")) == 1


def test_an_admin_who_cannot_be_warned_is_told_to_operators(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.slack.faults.always("conversations.open", Fault(error="user_disabled"))
    bench.start_bot(daily_budget_usd=Decimal("0.0018"), admin_users=(ADA.id,))
    bench.answered(bench.mention("why?", user=MINJI.id))

    bench.until(lambda: "warning.refused" in caplog.messages)


@pytest.fixture(params=["sqlite", "redis"])
def two(request: pytest.FixtureRequest, bench: Workbench, tmp_path: Path) -> Iterator[Processes]:
    """Two bots that have room for one answer together."""
    with two_on(request.param, bench, tmp_path, DAILY_BUDGET_USD=str(ONE_ANSWER)) as processes:
        yield processes


def test_of_many_questions_at_the_edge_of_the_budget_two_processes_answer_one(two: Processes) -> None:
    bench = two.bench
    questions = [bench.mention("why?", channel=channel) for channel in bench.channels(10)]
    bench.until(lambda: all(bench.texts(question) for question in questions) and bench.prompts())
    bench.bedrock.release()
    bench.until(lambda: two.log.count("answer.done") == 10)

    told = [bench.texts(question) for question in questions]
    assert sorted(map(len, told)) == [1] * 9 + [2]
    assert len(bench.prompts()) == len(bench.prompts("converse")) == 1
