"""A thread in which an exchange shows itself at once, where Slack takes what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.core.errors import ContentRefused
from bot.core.message import Content, Kind, Standing
from bot.core.question import Place
from bot.core.safety import neutralise
from bot.core.stream import StreamEvent
from bot.engine.exchange import Exchange
from bot.engine.steps import Show

PLACE = Place("C1", "1.0")


def takes_all(_content: Content) -> bool:
    return False


class Thread:
    """`letters` are those of the answer after each call, and `seen` the most that they may not fall below."""

    def __init__(
        self,
        exchange: Exchange,
        stood: Mapping[str, Standing],
        refuses: Callable[[Content], bool] = takes_all,
    ) -> None:
        self.exchange, self.refuses = exchange, refuses
        self.stands = {each.ts: Content(neutralise(each.body)) for each in stood.values()}
        self.kinds = {each.ts: each.kind for each in stood.values()}
        self.begun: list[Show] = []
        self.refused = 0
        self.letters = [len("".join(content.body for content in self.stands.values()))]
        self.seen = [0]
        self._settled = 0

    def hears(self, event: StreamEvent) -> None:
        """Let the model say something, and make all calls that are wished for then."""
        self.exchange.receive(event, 1.0)
        self.settle()

    def settle(self) -> None:
        for _ in range(500):
            wish = self.exchange.wish()
            if wish is None or wish.earliest > 1.5:
                self._settled = self.letters[-1]
                return
            step = self.exchange.grant(wish, 1.0)
            if isinstance(step, Show):
                self._make(step)
        raise AssertionError("it never comes to rest")

    def _make(self, step: Show) -> None:
        if self.refuses(step.message.content):
            self.refused += 1
            self.exchange.refused(ContentRefused("invalid_blocks"), 1.0)
            return
        self.begun.append(step)
        ts = step.ts or f"{len(self.stands) + 100}.0"
        self.stands[ts], self.kinds[ts] = step.message.content, step.message.kind
        self.exchange.shown(step, ts, 1.0)
        self.letters.append(len("".join(content.body for content in self.contents)))
        self.seen.append(self._settled)

    @property
    def contents(self) -> list[Content]:
        """What stands of the answer, or in its place."""
        return [content for ts, content in self.stands.items() if self.kinds[ts] is not Kind.ACKNOWLEDGEMENT]

    @property
    def answer(self) -> str:
        """All that stands of the answer."""
        return "\n\n".join(content.body for content in self.contents)
