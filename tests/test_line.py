"""More questions than may be answered at once: a line, and what those who wait in it are told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.limits import Limits
from bot.playground.workspace import MINJI
from tests.conftest import offer
from tests.workbench import Workbench

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
BECAUSE = Reply(text=["Be", "cause."], after=1, then="hold")


def narrow(bench: Workbench, **settings: Any) -> None:
    """Start a bot that lets one answer be written at once, each held after its first word."""
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    bench.start_bot(max_live_answers=1, **settings)


def finish(bench: Workbench) -> None:
    """Let all answers be written to their ends."""

    def is_over() -> bool:
        bench.bedrock.release()
        return bench.at_rest()

    bench.until(is_over)


def test_who_waits_is_told_how_many_are_ahead_and_once_that_the_turn_has_come(bench: Workbench) -> None:
    narrow(bench)
    first = bench.mention("why?")
    bench.until(lambda: bench.texts(first)[-1:] == ["Be"])
    second = bench.mention("how?", user=MINJI.id)
    bench.until(lambda: bench.texts(second) == [f"On it.\n{EN.next_in_line}"])
    third = bench.mention("언제요?")
    bench.until(lambda: bench.texts(third) == [f"{KO.stand_ins[0]}\n{KO.in_line.format(ahead=1)}"])
    assert "1" in bench.texts(third)[0]

    for question, words, texts in ((second, "On it.", EN), (third, KO.stand_ins[0], KO)):
        told = [f"{words}\n{texts.turn_came}", "Be"]
        bench.bedrock.release()
        bench.until(lambda q=question, t=told: bench.texts(q) == t)  # type: ignore[misc]
    bench.bedrock.release()
    bench.until(bench.at_rest)

    told = bench.versions(bench.messages(thread=third)[0])
    assert told == [f"{KO.stand_ins[0]}\n{line}" for line in (KO.in_line.format(ahead=1), KO.turn_came)]
    assert bench.texts(third)[1] == "Because."
    assert bench.texts(first)[-1] == "Because."


def test_who_asks_one_thing_does_not_wait_behind_all_that_another_asked(bench: Workbench) -> None:
    narrow(bench)
    first = bench.mention("why 0?")
    bench.until(lambda: bench.texts(first)[-1:] == ["Be"])
    flood = [bench.mention(f"why {number}?") for number in (1, 2, 3)]
    bench.until(lambda: all(map(bench.texts, flood)))
    other = bench.mention("how?", channel="CRANDOM", user=MINJI.id)
    bench.until(lambda: bench.texts(other) == [f"On it.\n{EN.in_line.format(ahead=1)}"])
    finish(bench)

    asked = [str(prompt["messages"]) for prompt in bench.prompts()]
    words = ("0", "1", "2", "3", "how")
    order = [word for prompt in asked for word in words if word in prompt[-60:]]
    assert (order[0], order.index("how")) == ("0", 2)  # the others of the flood come in any order


def test_a_flood_of_one_person_leaves_a_place_and_a_post_to_who_comes_then(bench: Workbench) -> None:
    bench.bedrock.always("converse", Reply(text="On it."))
    bench.bedrock.always("converse-stream", BECAUSE)
    bench.start_bot(max_live_answers=3)
    flood = [bench.mention(f"why {at}?", channel=each) for at, each in enumerate(bench.channels(30))]
    bench.until(
        lambda: all(map(bench.texts, flood)) and sum("Be" in bench.texts(each) for each in flood) == 2
    )
    other = bench.mention("how?", channel="CRANDOM", user=MINJI.id)
    bench.until(lambda: bench.texts(other)[-1:] == ["Be"])

    assert len(bench.prompts()) == 3
    finish(bench)


def test_an_answer_that_is_shared_is_waited_for_in_one_place(bench: Workbench) -> None:
    narrow(bench, cache_ttl=60.0)
    first = bench.mention("why?")
    bench.until(lambda: bench.texts(first)[-1:] == ["Be"])
    same = [bench.mention("how?") for _ in range(2)]

    for question in same:
        bench.until(lambda q=question: any(EN.next_in_line in text for text in bench.texts(q)))  # type: ignore[misc]
    finish(bench)
    assert all("Because." in bench.texts(question)[-1] for question in same)


def test_where_no_edit_is_left_nobody_is_kept_from_an_answer_by_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Workbench(Limits(per_minute=2))
    try:
        offer(monkeypatch, bench)
        narrow(bench, slack_edits_per_minute=2)
        questions = [bench.mention(f"why {number}?") for number in range(4)]
        for question in questions:
            bench.until(lambda q=question: bench.texts(q))  # type: ignore[misc]
        finish(bench)

        assert [bench.texts(question)[-1] for question in questions] == ["Because."] * 4
        assert not [call for call in bench.calls("chat.update") if call.error]
    finally:
        bench.close()
