"""Thirty questions at once, and how their answers went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.playground.workspace import BOT_USER, TEAM, Message, Workspace

if TYPE_CHECKING:
    from bot.playground.slack import Slack
    from bot.playground.timeline import Timelines

_QUESTIONS = (
    "What is a bloom filter?",
    "Why do airplanes leave white trails in the sky?",
    "해시 테이블이 뭐야?",
    "How do I write a good commit message?",
    "When should a team choose a monolith?",
    "김치는 왜 시어지나요?",
    "What is the difference between TCP and UDP?",
    "How does a heat pump work?",
    "커피를 맛있게 내리는 방법을 알려 주세요.",
    "Explain database indexes to a new colleague.",
    "Which tests are worth writing first?",
    "무지개는 왜 둥근가요?",
    "What happens when I type an address into a browser?",
    "How do I say no to a meeting politely?",
    "쿠버네티스를 한 문단으로 설명해 주세요.",
    "What is eventual consistency?",
    "Why is the sea salty?",
    "코드 리뷰를 잘하는 방법이 있을까요?",
    "How do vaccines work?",
    "What belongs in a runbook?",
    "서울에서 부산까지 기차로 얼마나 걸려?",
    "Compare REST and gRPC for internal services.",
    "What is technical debt, and when is it worth it?",
    "파이썬의 GIL을 설명해 주세요.",
    "How do I prepare a talk in a week?",
    "What does idempotent mean?",
    "회의록은 어떻게 쓰면 좋을까요?",
    "Why do leap years exist?",
    "How would you cache a slow report?",
    "좋은 질문을 하려면 어떻게 해야 할까요?",
)
_IN_THREADS = 6  # the last so many are asked under the first ones


@dataclass(frozen=True)
class Thirty:
    """A round of thirty: the names of its questions, and how many calls there had been before it."""

    names: tuple[str, ...]
    calls_before: int


def ask_thirty(slack: Slack) -> Thirty:
    """Ask them all now, in each channel and group that the bot is in, by all who are there."""
    calls_before, asked = slack.calls.total, list[Message]()
    places = _places(slack.workspace)
    for number, question in enumerate(_QUESTIONS):
        follows = number - (len(_QUESTIONS) - _IN_THREADS)
        root = asked[follows] if follows >= 0 else None
        channel = root.channel if root else list(places)[number % len(places)]
        people = places[channel]
        user = people[number // len(places) % len(people)]
        asked.append(slack.say(user, channel, f"<@{BOT_USER}> {question}", root.ts if root else None))
    return Thirty(tuple(message.ts for message in asked), calls_before)


def _places(workspace: Workspace) -> dict[str, list[str]]:
    """Where several people can ask, and who they are: without guests and other companies, who may not."""
    members = {
        user.id
        for user in workspace.users.values()
        if not (user.is_bot or user.is_restricted) and user.team == TEAM
    }
    return {
        conversation.id: sorted(conversation.members & members)
        for conversation in workspace.conversations.values()
        if BOT_USER in conversation.members
        and conversation.kind != "im"
        and not (conversation.is_archived or conversation.is_shared)
    }


def summary(round_: Thirty, timelines: Timelines, slack: Slack) -> dict[str, Any]:
    """How far they are: numbers of questions and of refused calls, and seconds within which all so far were
    acknowledged, and whole.
    """
    answers = [answer for name in round_.names if (answer := timelines.answers.get(name))]
    signed = [answer.signed_at - answer.asked_at for answer in answers if answer.signed_at]
    whole = [answer.whole_at - answer.asked_at for answer in answers if answer.whole_at]
    return {
        "asked": len(round_.names),
        "signed": len(signed),
        "whole": len(whole),
        "signed_within": round(max(signed, default=0.0), 1),
        "whole_within": round(max(whole, default=0.0), 1),
        "refused": sum(call.status == 429 for call in slack.calls.since(round_.calls_before)),
    }
