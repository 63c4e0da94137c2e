"""What was said before in a thread, as the turns of a model's conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

from bot.core.message import Press
from bot.core.question import Place, Question

CONTEXT_TOKENS = 20_000

_TS = re.compile(r"\d+\.\d+")
_WIDE = re.compile(r"[\u1100-\uffff]")


class Role(Enum):
    """Who speaks in a turn, as the Converse API calls it."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Turn:
    """What one side says before the other speaks."""

    role: Role
    text: str


@dataclass(frozen=True)
class Remark:
    """A message of a thread that belongs to the conversation: a person's, or an answer of the bot's."""

    ts: str
    role: Role
    text: str


def turns(
    remarks: Iterable[Remark], question: str, before: str | None, budget: int = CONTEXT_TOKENS
) -> tuple[Turn, ...]:
    """The conversation that ends with `question`, within about `budget` tokens.

    It is what Converse demands: it begins with the user, roles alternate, and nothing is blank. Remarks
    from the message `before` (a ts) on are left out; when all is too long, the newest are kept.
    """
    earlier = sorted(
        (remark for remark in remarks if remark.text.strip() and (before is None or remark.ts < before)),
        key=lambda remark: remark.ts,
    )
    kept = _newest(earlier, budget - estimated_tokens(question))
    spoken = [*kept, Remark("", Role.USER, question)]
    while spoken[0].role is Role.ASSISTANT:
        spoken.pop(0)
    return tuple(
        Turn(role, "\n\n".join(remark.text.strip() for remark in group))
        for role, group in groupby(spoken, key=lambda remark: remark.role)
    )


def asked_again(press: Press, team: str, place: Place, remarks: Iterable[Remark]) -> Question | None:
    """The question of `team` that a button belongs to, as it stands in its thread; None if it is gone."""
    texts = {remark.ts: remark.text for remark in remarks}
    channel, _, name = press.question_key.partition("/")
    if name in texts:
        found = Question(team, channel, press.asker, texts[name], ts=name, thread_ts=place.thread_ts)
    elif place.thread_ts in texts and not _TS.fullmatch(name):  # a slash command's, named by its trigger
        found = Question(team, channel, press.asker, texts[place.thread_ts], trigger_id=name)
    else:
        return None
    return replace(found, retry=press.retry)


def _newest(remarks: Sequence[Remark], budget: int) -> Sequence[Remark]:
    for number, remark in enumerate(reversed(remarks)):
        budget -= estimated_tokens(remark.text)
        if budget < 0:
            return remarks[len(remarks) - number :]
    return remarks


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is: four letters of a Latin text to one, a Hangul syllable or Han
    character each one. Nova has no public tokenizer; the true number comes with a call's usage.
    """
    wide = len(_WIDE.findall(text))
    return wide + (len(text) - wide + 3) // 4
