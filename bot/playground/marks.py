"""An answer's timeline as the page gets it: marks in their order, and what each call of a model took."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from bot.playground.bedrock_answer import Request
from bot.playground.bedrock_prices import dollars
from bot.playground.timeline import Answer

_LISTED = 120  # characters of a question in a list
_MORE = {"chat.update": "edit", "chat.appendStream": "append", "chat.stopStream": "append"}


def shown(answer: Answer, skew: float) -> dict[str, Any]:
    """All that is seen of `answer`. Times are seconds since it was asked; `skew` is that of the timelines."""
    marks = sorted(_marks(answer, skew), key=lambda mark: mark[0])
    return {
        "name": answer.name,
        "channel": answer.channel,
        "thread_ts": answer.thread_ts,
        "text": " ".join(html.unescape(re.sub(r"<@[^<>]*>", "", answer.text)).split())[:_LISTED],
        "asked_at": answer.asked_at,
        "is_whole": answer.is_whole,
        "marks": [[round(at - answer.asked_at, 3), what, note] for at, what, note in marks],
        "models": [_model(request, skew - answer.asked_at) for request in answer.requests],
    }


def _marks(answer: Answer, skew: float) -> Iterator[tuple[float, str, str]]:
    """When (Unix seconds) what happened, with a note."""
    for number, delivery in enumerate(answer.deliveries):
        is_press = number and delivery.kind == "interactive"
        yield delivery.sent_at, "press" if is_press else "event", ""
        if delivery.acknowledged_at:
            yield delivery.acknowledged_at, "envelope", ""
    for request in answer.requests:
        for at, what in _turns(request):
            yield (
                at + skew,
                _part(request) + what,
                request.course.error if what == "Failed" else "",
            )
    yield from _shows(answer)


def _part(request: Request) -> str:
    """What a model is asked for: Micro to acknowledge or, once there is an answer, what can be asked next."""
    if request.operation == "converse-stream":
        return "pro"
    return "micro" if len(request.body["messages"]) == 1 else "next"


def _turns(request: Request) -> Iterator[tuple[float, str]]:
    course = request.course
    yield course.began, "Called"
    if request.sent:
        yield request.sent[0][0], "First"
    if course.ended:
        yield course.ended, "Said" if course.usage else "Failed"


def _shows(answer: Answer) -> Iterator[tuple[float, str, str]]:
    has_words = is_whole = False
    for call, key in answer.shows:
        if call.error:
            yield call.at, "refused", f"{call.method} {call.error}"
            continue
        if key.kind != "answer":
            yield call.at, key.kind, ""
            continue
        if call.method == "chat.startStream" and not call.parameters.get("markdown_text"):
            continue  # the words come later
        if not has_words or not key.is_end:
            later = _MORE.get(call.method, "page")
            yield call.at, later if has_words else "firstWords", ""
        elif is_whole:
            yield call.at, "nextShown", ""
        if key.is_end and not is_whole:
            yield call.at, "whole", ""
        has_words, is_whole = True, key.is_end


def _model(request: Request, shift: float) -> dict[str, Any]:
    """A call of a model; `shift` makes its times those of the answer."""
    course, usage = request.course, request.course.usage
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    return {
        "operation": request.operation,
        "model": request.model_id,
        "began": round(course.began + shift, 3),
        "first": round(request.sent[0][0] + shift, 3) if request.sent else None,
        "ended": round(course.ended + shift, 3) if course.ended else None,
        "error": course.error,
        "is_told": bool(usage),
        "input": usage.get("inputTokens", 0) + cached,
        "output": usage.get("outputTokens", 0),
        "dollars": dollars(request.model_id, usage) if usage else None,
    }
