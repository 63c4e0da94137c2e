"""Models are told when and where they are asked: the asker's date and time, names of channels."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import Any

import pytest

from bot.core import prompts
from bot.core.conversation import Role, Turn
from bot.core.person import Person
from bot.core.question import Question
from bot.playground.faults import Fault
from bot.playground.workspace import ADA, MINJI, SAM
from tests.test_threads import answered, told
from tests.workbench import Workbench

FRIDAY = 1_790_952_600.0  # 2026-10-02, 14:50 UTC
SEOUL = Person("민지", "ko-KR", time_zone="Asia/Seoul", utc_offset=32_400)


@pytest.mark.parametrize(
    ("person", "note"),
    [
        (SEOUL, "⟦Where the question is asked it is Friday, 2026-10-02, 23:50 (Asia/Seoul, UTC+09:00).⟧"),
        (
            Person("Ada", time_zone="America/St_Johns", utc_offset=-9_000),
            "⟦Where the question is asked it is Friday, 2026-10-02, 12:20 (America/St_Johns, UTC-02:30).⟧",
        ),
        (
            Person("Ada", time_zone="Pacific/Apia", utc_offset=50_400),
            "⟦Where the question is asked it is Saturday, 2026-10-03, 04:50 (Pacific/Apia, UTC+14:00).⟧",
        ),
        (
            Person("Ada", time_zone="Europe/London", utc_offset=0),
            "⟦Where the question is asked it is Friday, 2026-10-02, 14:50 (Europe/London, UTC).⟧",
        ),
        (None, "⟦It is Friday, 2026-10-02, 14:50 UTC. The time zone of whoever asks is not known.⟧"),
        (Person("Ada"), "⟦It is Friday, 2026-10-02, 14:50 UTC. The time zone of whoever asks is not known.⟧"),
    ],
)
def test_date_weekday_and_time_zone_are_those_of_the_asker(person: Person | None, note: str) -> None:
    assert prompts.local_time(FRIDAY, person) == note


def test_the_time_stands_after_all_that_the_prompt_cache_keeps() -> None:
    history = (Turn(Role.USER, "a"), Turn(Role.ASSISTANT, "b", is_checkpoint=True), Turn(Role.USER, "c"))
    first, later = (prompts.answer(history, note) for note in ("⟦noon⟧", "⟦one⟧"))

    assert (
        (first.system, first.turns[:-1]) == (later.system, later.turns[:-1]) == (first.system, history[:-1])
    )
    assert [prompt.turns[-1].note for prompt in (first, later)] == ["⟦noon⟧", "⟦one⟧"]
    assert (
        prompts.acknowledge(Question("T1", "C1", "U1", "why?"), told_time="⟦noon⟧").turns[0].note == "⟦noon⟧"
    )


def notes(bench: Workbench, operation: str) -> list[str]:
    """Return what was told of the time in the last turn of each request, and in no other."""
    bodies: list[dict[str, Any]] = [
        each.body for each in bench.bedrock.requests if each.operation == operation
    ]
    texts = [
        [block.get("text", "") for turn in body["messages"] for block in turn["content"]] for body in bodies
    ]
    found = [[text for text in each if re.match("⟦(?:It is|Where the question)", text)] for each in texts]
    assert all(
        len(each) == 1 and body["messages"][-1]["content"][-2]["text"] == each[0]
        for each, body in zip(found, bodies, strict=True)
    )
    assert "It is" not in str([body["system"] for body in bodies])
    return [each[0] for each in found]


@pytest.mark.parametrize(
    ("user", "zone"), [(MINJI.id, "Asia/Seoul, UTC+09:00"), (ADA.id, "America/Los_Angeles, UTC-08:00")]
)
def test_both_models_know_the_askers_time(bot: Workbench, user: str, zone: str) -> None:
    bot.answered(bot.mention("what day is it?", user=user))

    for operation in ("converse", "converse-stream"):
        (note,) = notes(bot, operation)
        assert f"({zone})" in note
        offset = 32_400 if user == MINJI.id else -28_800
        days = {time.strftime("%A, %Y-%m-%d", time.gmtime(time.time() + offset - ago)) for ago in (0, 60)}
        assert any(day in note for day in days)


def test_a_follow_up_at_another_time_reads_the_prompt_cache(
    ready: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ready.mention("Read this: " + "a fact of many. " * 400)
    bot = ready.start_bot()
    answered(ready, root, 1)
    for count in (2, 3):
        later = time.time() + 3_600.0 * count
        monkeypatch.setattr(bot.reception._context, "_now", partial(float, later))  # noqa: SLF001
        ready.mention("and then?", thread=root)
        answered(ready, root, count)

    assert len(set(notes(ready, "converse-stream"))) == 3
    assert ready.bedrock.requests[-1].course.usage["cacheReadInputTokens"] > 1_000


# Channels


def channels_told(bench: Workbench, text: str, **where: Any) -> str:
    """Return what the answering model reads of a question that mentions channels."""
    bench.answered(bench.mention(text, **where))
    return told(bench)[-1]


def test_mentioned_channels_are_told_by_name_or_by_id(bot: Workbench) -> None:
    """Slack sends no label: public channels have a name, and so does the one of the question."""
    text = channels_told(
        bot, "<#CRANDOM|>, <#CKOREAN>, <#CQUIET|>, <#GSECRET|>, <#GTEAM|>, <#CNONE|> or <#C9|lbl>?"
    )

    assert text == "#random, #한국어, #quiet, #GSECRET, #GTEAM, #CNONE or #lbl?"
    assert channels_told(bot, "in <#GTEAM|>?", channel="GTEAM") == "in #team?"
    assert channels_told(bot, "in <#CRANDOM|> of <#GTEAM|>?", channel="GTEAM") == "in #random of #team?"


def test_a_guest_is_told_of_no_other_channel(ready: Workbench) -> None:
    ready.start_bot(allow_guests=True)

    assert channels_told(ready, "<#CRANDOM|> or <#CGENERAL|>?", user=SAM.id) == "#CRANDOM or #general?"


def test_many_made_up_channels_cost_few_look_ups(bot: Workbench) -> None:
    before = len(bot.calls("conversations.info"))
    made_up = " ".join(f"<#CMADE{number}|>" for number in range(60))
    text = channels_told(bot, f"{made_up} <#CRANDOM|>?")

    assert "#CMADE59" in text
    assert len(bot.calls("conversations.info")) - before <= 4


def test_where_slack_does_not_say_an_id_stands_in(ready: Workbench) -> None:
    for method in ("conversations.info", "users.conversations"):
        ready.slack.faults.always(method, Fault(error="missing_scope"))
    ready.start_bot(allow_external=True)

    assert channels_told(ready, "<#CRANDOM|>?") == "#CRANDOM?"
