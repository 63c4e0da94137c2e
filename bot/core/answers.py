"""Which questions share an answer."""

from __future__ import annotations

import json
import unicodedata
from hashlib import sha256

from bot.core.links import linked
from bot.core.question import Question

# Whoever generates an answer for all tells so as it gets on; after so long without, another generates it.
LEAD_SECONDS = 2.0

_CLOSING = " \t\n.?!…。．？！‽~"


def key_of(question: Question, fingerprint: str, *, is_open: bool) -> str:
    """The name under which the answer to `question` is kept; "" if it is not to be shared.

    What was asked in a room that is not open to all stays there.

    Only first questions share one: what stands in a thread or comes with files or links is answered from
    these, and who asks again wants another. Questions that are the same but for case, white space and closing
    punctuation have one key, as long as the models and what they are told are the same: the `fingerprint`.
    """
    words = " ".join(unicodedata.normalize("NFKC", question.text).casefold().split()).rstrip(_CLOSING)
    is_first = not (question.stands_in_thread or question.retry)
    if not words or not is_first or question.files or linked(question.text):
        return ""
    parts = (question.team, "" if is_open else question.channel, words, fingerprint)
    return sha256(json.dumps(parts).encode()).hexdigest()
