"""`python -m bot bench --promises`: a hundred mixed questions, and how many of the promises were kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from bot import stats
from bot.bench.questions import Asked, hundred
from bot.bench.subject import Subject, started, wait_until
from bot.core.figures import figures
from bot.core.interaction import Interaction
from bot.core.journal import Allowance
from bot.playground.bedrock import Bedrock, Reply
from bot.playground.workspace import Message
from bot.stores import open_store

_BETWEEN_QUESTIONS = 1.0  # seconds
_PATIENCE = 60.0  # seconds after the last question


def run(*, real_models: bool, most_dollars: Decimal, questions: Sequence[Asked] = ()) -> int:
    """Ask, print what it came to, and return 0 if every question was answered.

    The scripted models have Nova's published speeds. With real ones no more is asked once the answers cost
    `most_dollars` in all.
    """
    questions = questions or hundred()
    with started(len(questions), real_models=real_models) as subject:
        servers, records = subject.servers, open_store(subject.store_url, Allowance()).ledger
        _script(servers.bedrock, questions)
        asked = _ask(subject, records, questions, most_dollars if real_models else None)
        wait_until(lambda: len(records.interactions(0.0)) >= len(asked), _PATIENCE)
        found = records.interactions(0.0)
        refused = sum(call.error == "ratelimited" for call in servers.slack.calls)
    which = "the models of your AWS account" if real_models else "scripted models at Nova's published speeds"
    print(f"{len(asked)} questions, one a second, to {which}; Slack refused {refused} calls.\n")  # noqa: T201
    print(stats.as_table(figures(found)), end="")  # noqa: T201
    return 0 if len(found) == len(asked) else 1


def _script(bedrock: Bedrock, questions: Sequence[Asked]) -> None:
    """Let the scripted model answer each question at its length."""
    lengths = {" ".join(asked.text.split()): asked.tokens for asked in questions}

    def answer(messages: Sequence[Mapping[str, Any]]) -> list[str]:
        question = messages[-1]["content"][-1]["text"]
        return ["six "] * lengths[" ".join(question.split())]

    bedrock.always("converse-stream", Reply(text=answer))


def _ask(
    subject: Subject, records: stats.Records, questions: Sequence[Asked], most_dollars: Decimal | None
) -> list[Message]:
    """Ask one after the other, each in a channel of its own or in the thread of the one that it follows."""
    workspace = subject.servers.slack.workspace
    asked: list[Message] = []
    start = time.monotonic()
    for number, question in enumerate(questions):
        if most_dollars is not None and _cost(records.interactions(0.0)) >= most_dollars:
            break
        time.sleep(max(0.0, start + number * _BETWEEN_QUESTIONS - time.monotonic()))
        before = None if question.follows is None else asked[question.follows]
        channel = before.channel if before else f"CBENCH{number}"

        if before is None:
            subject.servers.do(partial(workspace.add_channel, channel, channel.lower()))
        thread_ts = before.ts if before else None
        asker = number if question.follows is None else question.follows
        say = partial(subject.say, asker, channel, question.text, thread_ts)
        asked.append(subject.servers.do(say))
    return asked


def _cost(interactions: Sequence[Interaction]) -> Decimal:
    return sum((one.dollars for one in interactions if one.dollars), Decimal(0))
