"""The `text` of the bot's messages: what notifications show and screen readers say in place of blocks."""

from __future__ import annotations

from bot.core.message import Kind, Outgoing
from bot.core.mrkdwn import fallback
from bot.core.plain_words import plain_words
from bot.core.safety import Safe, neutralise
from bot.core.texts import language_of, texts_in

_READ_CHARACTERS = 3_000  # of a message: more than its notification holds, as marks go


def notification(message: Outgoing) -> str:
    """Return the plain words of `message`, escaped and within the limit of an edit.

    One word says nothing in a notification, so it gets company: an answer may be posted with its first one.
    """
    words = plain_words(message.content.body[:_READ_CHARACTERS])
    return fallback(_in_company(message.kind, words) if len(words.split()) < 2 else neutralise(words))


def _in_company(kind: Kind, word: str) -> Safe:
    texts = texts_in(language_of(word))
    said = word if any(map(str.isalnum, word)) else "…"
    match kind:
        case Kind.ACKNOWLEDGEMENT:
            return neutralise(texts.stand_ins[0])
        case Kind.QUESTION:
            return neutralise(texts.question_says.format(words=said))
        case _:
            return neutralise(texts.answer_says.format(words=said))
