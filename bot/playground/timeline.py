"""What became of each question, told from what the two servers saw of it.

The bot says in the metadata of each message which question it belongs to, and what it is. Slack takes that of
a stream when it stops; until then it is known by its thread and by whom it is for. A model's request is known
by the question's words, with which its last turn ends.
"""

from __future__ import annotations

import html
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Any

from bot.playground.api_rules import ApiError, decoded
from bot.playground.bedrock_answer import Request
from bot.playground.guardrail import plain_block
from bot.playground.records import Records
from bot.playground.slack import Call
from bot.playground.socket_mode import Delivery

_MOST_ANSWERS = 100
_MOST_POSSIBLE = 500  # deliveries that may turn out to be a question
_COMPARED = 200  # characters of a piece of a question, of which a model may be given the beginning only
_SAID_BY_PEOPLE = {None, "file_share", "thread_broadcast"}


@dataclass(frozen=True)
class Key:
    """What the bot writes in a message's metadata: the question's name, and the message's kind.

    The name is the ts of the question's message, or the trigger_id of what was no message.
    """

    name: str
    kind: str
    is_end: bool


def key_in(metadata: Any) -> Key | None:
    """The key in a message's `metadata`; None where the bot wrote none."""
    try:
        told = (decoded(metadata or {}, "") or {}).get("event_payload") or {}
        return Key(str(told["key"]).split("/")[1], str(told["kind"]), bool(told.get("is_end")))
    except (ApiError, AttributeError, IndexError, KeyError):
        return None


@dataclass
class Answer:
    """A question, and all that was seen of its answer. `version` grows whenever there is news."""

    name: str
    user: str
    text: str
    channel: str
    thread_ts: str
    asked_at: float
    deliveries: list[Delivery] = field(default_factory=list)
    shows: list[tuple[Call, Key]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    version: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it stands in Slack."""
        shown = [key for call, key in self.shows if not call.error]
        return bool(shown) and shown[-1].is_end

    @property
    def signed_at(self) -> float | None:
        """When its asker first saw something, in Unix seconds."""
        return next((call.at for call, _ in self.shows if not call.error), None)

    @property
    def whole_at(self) -> float | None:
        """When all of it stood in Slack, in Unix seconds; None before. What can be asked next comes later."""
        if not self.is_whole:
            return None
        ends = takewhile(
            lambda show: show[1].is_end, reversed([show for show in self.shows if not show[0].error])
        )
        return min(call.at for call, _ in ends)

    def state(self) -> Sequence[object]:
        """What of it changes without a new record."""
        went = [(bool(request.sent), request.course.ended) for request in self.requests]
        return [delivery.acknowledged_at for delivery in self.deliveries], went


class Timelines:
    """The newest answers, by the names of their questions, as of the last `catch_up`.

    It reads what is new in the servers' records, and costs nothing as long as nobody asks. `skew` is to be
    added to a time of time.monotonic, which Bedrock's records have, to have it in Unix seconds.
    """

    def __init__(
        self, deliveries: Records[Delivery], calls: Records[Call], requests: Records[Request]
    ) -> None:
        self.answers: dict[str, Answer] = {}
        self._deliveries, self._calls, self._requests = deliveries, calls, requests
        self._read = 0, 0, 0
        self._possible: dict[str, Delivery] = {}
        self._unplaced: deque[Request] = deque(maxlen=_MOST_ANSWERS)
        self._streams: dict[str, str] = {}  # the name of the question that the message of that ts answers
        self._states: dict[str, object] = {}
        self.skew = time.time() - time.monotonic()
        self._serial = 0

    def catch_up(self) -> None:
        """Read on, in the order in which it happened."""
        deliveries, calls, requests = self._deliveries, self._calls, self._requests
        heard, called, asked = self._read
        self._read = deliveries.total, calls.total, requests.total
        news: list[tuple[float, Callable[[], None]]] = [
            *((each.sent_at, partial(self._heard, each)) for each in deliveries.since(heard)),
            *((each.at, partial(self._called, each)) for each in calls.since(called)),
            *((each.course.began + self.skew, partial(self._asked, each)) for each in requests.since(asked)),
        ]
        for _, take in sorted(news, key=lambda pair: pair[0]):
            take()
        for answer in self.answers.values():
            if (state := answer.state()) != self._states.get(answer.name):
                self._states[answer.name] = state
                self._touch(answer)

    def since(self, version: int) -> list[Answer]:
        """The answers of which there is news since that version."""
        return [answer for answer in self.answers.values() if answer.version > version]

    @property
    def version(self) -> int:
        """The version of what is newest."""
        return self._serial

    def streamed(self, ts: str) -> str | None:
        """The name of the question that is answered by the message `ts`, if that is or was a stream."""
        return self._streams.get(ts)

    def _touch(self, answer: Answer) -> None:
        self._serial += 1
        answer.version = self._serial

    def _heard(self, delivery: Delivery) -> None:
        payload = delivery.payload
        event, message = payload.get("event") or {}, payload.get("message") or {}
        if delivery.kind == "interactive" and (key := key_in(message.get("metadata"))):
            if answer := self.answers.get(key.name):  # a button under it was pressed
                answer.deliveries.append(delivery)
                self._touch(answer)
            return
        if event.get("bot_id") or event.get("subtype") not in _SAID_BY_PEOPLE:
            return
        name = str(payload.get("trigger_id") or event.get("ts"))
        self._possible[name] = delivery
        if len(self._possible) > _MOST_POSSIBLE:
            del self._possible[next(iter(self._possible))]
        is_question = event.get("type") == "app_mention" or event.get("channel_type") == "im"
        if is_question or delivery.kind == "slash_commands":
            self._answer(name, delivery)

    def _answer(self, name: str, delivery: Delivery) -> Answer:
        """The answer to what was delivered, which is new unless it was delivered before."""
        payload, event = delivery.payload, delivery.payload.get("event") or {}
        answer = self.answers.get(name) or Answer(
            name,
            str(event.get("user") or payload.get("user_id") or (payload.get("user") or {}).get("id")),
            str(event.get("text") or payload.get("text") or ""),
            str(event.get("channel") or payload.get("channel_id") or ""),
            str(event.get("thread_ts") or event.get("ts") or ""),
            delivery.sent_at,
        )
        self.answers[name] = answer
        answer.deliveries.append(delivery)
        self._touch(answer)
        if len(self.answers) > _MOST_ANSWERS:
            oldest = next(iter(self.answers))
            del self.answers[oldest]
            self._states.pop(oldest, None)
        return answer

    def _called(self, call: Call) -> None:
        key = key_in(call.parameters.get("metadata")) or self._key_of_stream(call)
        if key is None:
            return
        answer = self.answers.get(key.name)
        if answer is None and key.name in self._possible:
            answer = self._answer(key.name, self._possible[key.name])
        if answer is None:  # it was asked before this began, or too long ago
            return
        if key.kind == "question":
            answer.text = answer.text or str(call.parameters.get("text") or "")
        else:
            answer.channel = str(call.parameters.get("channel"))
            answer.thread_ts = str(call.parameters.get("thread_ts") or answer.thread_ts)
            answer.shows.append((call, key))
        self._touch(answer)
        for request in [one for one in self._unplaced if key.kind == "question"]:
            self._unplaced.remove(request)
            self._asked(request)

    def _key_of_stream(self, call: Call) -> Key | None:
        """The key of what a stream says, which does not tell it itself."""
        name = self._streams.get(str(call.parameters.get("ts")))
        if call.method == "chat.startStream":
            asked = call.parameters.get("thread_ts"), call.parameters.get("recipient_user_id")
            fitting = (answer for answer in self.answers.values() if (answer.thread_ts, answer.user) == asked)
            answer = min(fitting, key=lambda answer: answer.is_whole, default=None)
            name = answer.name if answer else None
            self._streams.update({call.ts: name} if name and call.ts else {})
        return Key(name, "answer", is_end=False) if name else None

    def _asked(self, request: Request) -> None:
        """Give a model's request to the question whose words it carries, the longest that fits."""
        said = _words(_asking_turn(request))

        def rank(answer: Answer) -> tuple[int, bool, int, float]:
            tries = sum(other.operation == request.operation for other in answer.requests)
            return -sum(map(len, _pieces(answer.text))), answer.is_whole, tries, answer.asked_at

        fitting = [
            answer
            for answer in self.answers.values()
            if (pieces := _pieces(answer.text)) and all(piece in said for piece in pieces)
        ]
        if not fitting:
            self._unplaced.append(request)
            return
        answer = min(fitting, key=rank)
        answer.requests.append(request)
        self._touch(answer)


def _asking_turn(request: Request) -> str:
    """The text of the turn that asks; "" in a request that Bedrock would refuse.

    Micro is told the question first, also when it is to say what can be asked next; Pro last.
    """
    number = 0 if request.operation == "converse" else -1
    try:
        return "\n".join(
            plain_block(block).get("text", "") for block in request.body["messages"][number]["content"]
        )
    except (AttributeError, IndexError, KeyError, TypeError):
        return ""


def _pieces(text: str) -> list[str]:
    """What of a question in mrkdwn a model is given as it is: the text between mentions and links."""
    return [
        words[:_COMPARED] for piece in re.split(r"<[^<>]*>", text) if (words := _words(html.unescape(piece)))
    ]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
