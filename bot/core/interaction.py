"""What is kept of a question and its answer: figures, and no texts unless the operator wants them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum

from bot.core.stream import Usage


class Voice(Enum):
    """For what a model spoke: the first one acknowledges and suggests, the second one answers."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ANSWER = "answer"
    SUGGESTION = "suggestion"


@dataclass(frozen=True)
class Call:
    """One call of a model. `began_at` and `ended_at` are seconds since 1970 (UTC).

    `first_token_s` is how many seconds after its beginning a stream said its first word; None if it said
    none, or was none. `usage` is None where nothing was billed. `stop_reason` is Converse's, "" where it told
    none; `error` is the code of what went wrong, "" if nothing did.
    """

    voice: Voice
    model_id: str
    began_at: float
    ended_at: float
    first_token_s: float | None = None
    usage: Usage | None = None
    stop_reason: str = ""
    error: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Interaction:
    """One question, from its event to the whole answer on screen.

    Names ending in `_s` are seconds from when the event came, None where it never came to that; but
    `first_token_s` is the answering model's own, from its call on. `asked_at` is seconds since 1970 (UTC).
    `outcome` is how the answer ended and `fault` what went wrong, "" if nothing did. `usage` is that of all
    calls to both models, `tokens_per_s` the pace of the answering one, `tries` how often that was called.
    `dollars` is None where the price of a model is not known. `refused` counts Slack's 429s. `first_message`
    is where the answer begins, like "C1/1700000000.000100", "" where none stands. `answer_key` is the name
    under which the answer that was generated may be kept, "" for one that is not.
    """

    id: str
    team: str
    channel: str
    user: str
    asked_at: float
    way_in: str
    language: str
    outcome: str
    fault: str = ""
    is_from_cache: bool = False
    ack_s: float | None = None
    first_words_s: float | None = None
    whole_s: float | None = None
    first_token_s: float | None = None
    usage: Usage = Usage()
    tokens_per_s: float | None = None
    dollars: Decimal | None = Decimal(0)
    tries: int = 0
    edits: int = 0
    refused: int = 0
    first_message: str = ""
    answer_key: str = ""
    question: str | None = None
    answer: str | None = None

    @property
    def first_sign_s(self) -> float | None:
        """Seconds until the first words of either model, or what stood in for them, were on screen."""
        return min((at for at in (self.ack_s, self.first_words_s) if at is not None), default=None)

    def encoded(self) -> str:
        """This as JSON; `read_interaction` is the way back."""
        return json.dumps(asdict(self), default=str)


def read_interaction(text: str) -> Interaction:
    """The interaction that `encoded` wrote; what a newer version added to it is left out.

    Raises ValueError or TypeError if that cannot be read.
    """
    written = json.loads(text)
    if not isinstance(written, dict):
        raise TypeError("not an object")
    values = {name: value for name, value in written.items() if name in Interaction.__dataclass_fields__}
    dollars = values.get("dollars")
    try:
        values["dollars"] = None if dollars is None else Decimal(dollars)
    except InvalidOperation as error:
        raise ValueError(f"not a number of dollars: {dollars!r}") from error
    values["usage"] = Usage(**values.get("usage", {}))
    return Interaction(**values)


def without_texts(written: str) -> str | None:
    """Return what `encoded` wrote, without its texts; None if it has none, or cannot be read."""
    try:
        fields = json.loads(written)
    except ValueError:
        return None
    bare = {"question": None, "answer": None}
    if not isinstance(fields, dict) or fields | bare == fields:
        return None
    return json.dumps(fields | bare)


@dataclass(frozen=True)
class Vote:
    """What `voter` thought of an answer. A later vote of the same person replaces it."""

    interaction_id: str
    voter: str
    is_up: bool
    reason: str = ""
