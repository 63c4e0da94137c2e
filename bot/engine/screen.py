"""The messages of one answer: what stands of them, and the next call that lets them say what they should.

Rules only, as an exchange's are. A message is known by its key, which it carries in Slack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.journal import CallKind
from bot.core.message import Content, Kind, Outgoing, Press, Standing
from bot.core.question import Place, Question
from bot.core.safety import Safe, neutralise
from bot.core.texts import texts_in
from bot.engine.steps import OF_STREAMS, OpenThread, Show


@dataclass(frozen=True)
class Shown:
    """A message of the answer as it is on screen."""

    ts: str
    content: Content
    grows: bool
    is_streamed: bool = False


class Screen:
    """What stands, or may stand, of the answer to `question`."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.messages: dict[str, str] = {}  # the ts of all that stand, by their keys
        self.answer: list[Shown] = []
        self.in_flight: Show | OpenThread | None = None
        self._letters = 0  # of the answer, which its reader has seen and is to see on
        self.answer_key = ""  # under which the answer may be kept, which its buttons tell
        # What may stand, by key and words of a stream: of a post's tries the first, as what stands says that
        # or more; of a stream's starts each, as Slack lets them be known by their words alone.
        self._unsure: dict[tuple[str, Safe], Show] = {}

    # What stands

    @property
    def has_sign(self) -> bool:
        """Whether anything stands by which the reader knows that the question was heard."""
        return self._key(Kind.ACKNOWLEDGEMENT) in self.messages or bool(self.answer)

    def standing(self, step: Show | OpenThread | None = None) -> dict[str, Standing]:
        """All messages that stand, by their keys, as they are once `step` has edited one of them."""
        bodies = {shown.ts: str(shown.content.body) for shown in self.answer}
        if isinstance(step, Show) and step.ts and not step.is_acknowledgement:
            bodies[step.ts] = step.message.content.body
        return {key: Standing(ts, bodies.get(ts, ""), kind=_kind(key)) for key, ts in self.messages.items()}

    @property
    def speaks(self) -> bool:
        """Return whether a word of the answer stands, or may stand soon."""
        tried = (*self._unsure.values(), *([self.in_flight] if isinstance(self.in_flight, Show) else []))
        return bool(self.answer) or any(not show.is_acknowledgement for show in tried)

    @property
    def is_blank(self) -> bool:
        """Return whether nothing stands, nor may stand."""
        return not (self.messages or self.in_flight or self._unsure)

    @property
    def is_open(self) -> bool:
        """Whether a message will need an edit to be complete, or may need one."""
        if any(show.grows for show in self._unsure.values()):
            return True
        flying = self.in_flight
        if isinstance(flying, Show) and flying.kind not in OF_STREAMS and not flying.is_acknowledgement:
            return flying.grows
        return bool(self.answer) and self.answer[-1].grows and not self.is_streaming

    @property
    def is_unsure(self) -> bool:
        """Return whether a post may stand of which nobody knows."""
        return bool(self._unsure)

    @property
    def is_streaming(self) -> bool:
        """Whether Slack streams a message, which will need to be stopped."""
        if isinstance(self.in_flight, Show) and self.in_flight.kind is CallKind.START:
            return True
        return bool(self.answer) and self.answer[-1].is_streamed

    def found(self, standing: Mapping[str, Standing]) -> list[Standing]:
        """`standing`, by their keys, are all messages there are; those of the answer, in order."""
        self.messages.update((key, found.ts) for key, found in standing.items())
        answer: list[Standing] = []
        while found := self._answer_in(standing, len(answer)):
            answer.append(found)
        self.answer = [Shown(found.ts, Content(neutralise(found.body)), grows=True) for found in answer]
        self._letters = 0 if self.question.replaces else sum(len(shown.content.body) for shown in self.answer)
        return answer

    def _answer_in(self, standing: Mapping[str, Standing], number: int) -> Standing | None:
        keys = (self._key(kind, number) for kind in (Kind.ANSWER, Kind.NOTICE))
        return next((standing[key] for key in keys if key in standing), None)

    def shown(self, show: Show, ts: str) -> None:
        """The call `show` was made; the message is `ts`."""
        self.settled()
        self.messages[show.message.key] = ts
        if not show.is_acknowledgement:
            is_streamed = show.kind in (CallKind.START, CallKind.APPEND)
            shown = Shown(ts, show.message.content, show.grows, is_streamed)
            self.answer[show.number : show.number + 1] = [shown]
            if show.grows or show.message.is_end:
                self._letters = sum(len(each.content.body) for each in self.answer)

    def settled(self) -> None:
        """It is known what stands."""
        self.in_flight = None
        self._unsure.clear()

    def doubt(self, show: Show) -> None:
        """The call may have been made or not."""
        if show.ts is None:
            self._unsure.setdefault((show.message.key, show.more), show)

    def leave_stream(self) -> None:
        """What was streamed goes on as a message that is edited."""
        if self.is_streaming:
            self.answer[-1] = replace(self.answer[-1], is_streamed=False)

    # What should stand

    def acknowledgement(self, place: Place, content: Content, ts: str | None = None) -> Show:
        """The call that lets the acknowledgement, a new one or `ts`, say `content`."""
        return self._show(place, Kind.ACKNOWLEDGEMENT, content, ts=ts)

    def next(
        self, place: Place, kind: Kind, contents: Sequence[Content], *, grows: bool, starts: bool = False
    ) -> tuple[Show | None, CallKind | None]:
        """The next call for a message that does not say what `contents` want, and the kind of the one after.

        If the answer `grows`, so does its last message; it is opened as a stream of Slack's if it `starts`.
        Messages come in their order, but one that gets shorter comes after the one that its words go to.
        """
        wrong = self._wrong(contents, grows=grows)
        if not wrong:
            return self._superseding(place, contents, grows=grows), None
        number = self._first(wrong, contents)
        is_last = number == len(contents) - 1
        show = self._call(
            place, kind, contents[number], number, grows=is_last and grows, is_end=is_last and not grows
        )
        if starts and show.ts is None and show.grows:
            show = replace(show, kind=CallKind.START, more=contents[number].body)
        if len(contents) > len(self.answer) + (show.ts is None):
            return show, CallKind.POST
        return show, CallKind.EDIT if len(wrong) > 1 else None

    def _wrong(self, contents: Sequence[Content], *, grows: bool) -> list[int]:
        """The numbers of messages that do not say what `contents` want, with the first that is not there."""
        stands = zip(contents, self.answer, strict=False)
        wrong = [
            number
            for number, (content, shown) in enumerate(stands)
            if content != shown.content or (shown.is_streamed and not (grows and number == len(contents) - 1))
        ]
        return wrong + ([len(self.answer)] if len(contents) > len(self.answer) else [])

    def _first(self, wrong: Sequence[int], contents: Sequence[Content]) -> int:
        """The first message of those that are `wrong` whose call takes no words from the screen."""
        stands = [len(shown.content.body) for shown in self.answer]
        total = sum(stands)
        wanted = min(self._letters, sum(len(content.body) for content in contents))

        def left(number: int) -> int:
            if number < len(stands) and self.answer[number].is_streamed:
                return total  # where its words change, it is stopped first, and keeps them
            return total + len(contents[number].body) - sum(stands[number : number + 1])

        return next((number for number in wrong if left(number) >= wanted), max(wrong, key=left))

    def _call(
        self, place: Place, kind: Kind, content: Content, number: int, *, grows: bool, is_end: bool
    ) -> Show:
        if number == len(self.answer):
            return self._show(place, kind, content, number, grows=grows, is_end=is_end)
        shown = self.answer[number]
        if shown.is_streamed:
            return self._streamed(place, content, number, grows=grows, is_end=is_end)
        return self._show(place, kind, content, number, shown.ts, grows=grows, is_end=is_end)

    def _superseding(self, place: Place, contents: Sequence[Content], *, grows: bool) -> Show | None:
        """The call for a message of an earlier answer, which was longer."""
        superseded = Content(neutralise(texts_in(self.question.language).superseded))
        for number, shown in enumerate(self.answer[len(contents) :], len(contents)):
            if not grows and shown.content != superseded:
                return self._show(place, Kind.NOTICE, superseded, number, shown.ts)
        return None

    def forget(self, show: Show) -> None:
        """The message that `show` would have edited is gone, and with it what came after."""
        gone = {show.ts, *(shown.ts for shown in self.answer[show.number :])}
        self.messages = {key: ts for key, ts in self.messages.items() if ts not in gone}
        self.answer, self._letters = self.answer[: show.number], 0

    def leave(self, number: int, content: Content) -> None:
        """Slack does not let message `number` say `content`: take it for done."""
        self.answer[number] = replace(self.answer[number], content=content, grows=False)

    def _streamed(self, place: Place, content: Content, number: int, *, grows: bool, is_end: bool) -> Show:
        """What a stream is given next. Where its words changed, it is only stopped, and then edited."""
        shown = self.answer[number]
        if not content.body.startswith(shown.content.body):
            show = self._show(place, Kind.ANSWER, shown.content, number, shown.ts, grows=True)
            return replace(show, kind=CallKind.STOP)
        more = Safe(content.body[len(shown.content.body) :])
        show = self._show(place, Kind.ANSWER, content, number, shown.ts, grows=grows, is_end=is_end)
        return replace(show, kind=CallKind.APPEND if grows else CallKind.STOP, more=more)

    def _show(
        self,
        place: Place,
        kind: Kind,
        content: Content,
        number: int = 0,
        ts: str | None = None,
        *,
        grows: bool = False,
        is_end: bool = False,
    ) -> Show:
        question = self.question
        press = Press(question.user, question.retry, question.key, self.answer_key)
        message = Outgoing(kind, content, self._key(kind, number), is_end, press, question.lines)
        if ts:
            return Show(place, message, number, ts, grows, kind=CallKind.EDIT)
        return Show(place, message, number, grows=grows, unsure=tuple(self._unsure.values()))

    def _key(self, kind: Kind, number: int = 0) -> str:
        return f"{self.question.key}/{kind.value}/{number}"


def _kind(key: str) -> Kind:
    """The kind of the message with that key, as `Screen` makes keys; of others, a question's."""
    *_, kind, _ = ("", *key.split("/"))
    return next((each for each in Kind if each.value == kind), Kind.QUESTION)
