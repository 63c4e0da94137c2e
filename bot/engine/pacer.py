"""One budget for the whole workspace: who may call Slack now, and when to ask again.

Rules only; time is an argument. A message that was opened holds one edit in reserve for its final text, so a
finished answer is whole on screen at once, however many others are live; only what nobody will need shows
progress, and it is spread over the time that an answer is likely to take. Where nothing can be reserved, an
answer is not opened but posted once, whole: a post costs no edit.

Where Slack's own streaming is switched on, an answer is opened as a stream while there is room for one: it
takes no edit, but a stop is kept for each.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass
from math import inf

from bot.core.errors import OverBudget, RateLimited, SlackError
from bot.core.journal import BEGINNING, Allowance, CallKind, Charge, Spent
from bot.engine.budget import WINDOW_SECONDS, Bucket, Window
from bot.engine.exchange import Exchange
from bot.engine.journal import BEAT_SECONDS
from bot.engine.steps import Need, OpenThread, Show, Start, Wish

FLOOR_SECONDS = 0.4  # between two edits of one message, when there is room for all
_LONGEST_PATIENCE = 2.5  # for first words that are held back to carry something
_PATIENCE_FOR_WORDS = 0.3  # with which a stream can be started; a post would be edited to its end
_FIRST_GUESS = 6.0  # seconds that an answer takes, before any was seen: 500 tokens at 90 a second
_LEARNING = 0.2
_SPARE = {Need.TURN, Need.PROGRESS, Need.FOLLOW_UPS}  # what is done without where no edit is left for it


@dataclass(frozen=True)
class Turn:
    """A call to make now for an exchange, and what it is counted as."""

    exchange: Exchange
    step: Show | OpenThread
    charge: Charge


@dataclass
class _Room:
    """What can still be spent in one round of turns."""

    edits: float  # those that no opened message needs
    unopened: int  # answers that will want to open a message
    growing: int  # those that are not streamed
    spare: float  # for answers that nobody asked for yet
    streams: float  # those that can be started
    streaming: int
    appends: float

    @property
    def surplus(self) -> float:
        """Edits that can show progress."""
        return max(0.0, self.edits - max(0.0, self.unopened - self.streams) - self.spare)

    def starts(self, wish: Wish) -> bool:
        """Whether what is wished for is to be the start of a stream."""
        return wish.start is Start.NOW and self.streams >= 1

    def share(self, *, is_streamed: bool) -> float:
        """The steps in which each answer that still grows can show its progress."""
        if is_streamed:
            return self.appends / max(1, self.streaming)
        return self.surplus / max(1, self.growing)


class Pacer:
    """Grants calls within `allowance`, of which other processes take a part, too."""

    def __init__(self, allowance: Allowance, *, floor: float = FLOOR_SECONDS) -> None:
        self._windows = {kind: Window(allowance.per_minute(kind)) for kind in CallKind}
        self._paused_until = dict.fromkeys(CallKind, -inf)
        self._channels: defaultdict[str, Bucket] = defaultdict(
            lambda: Bucket(allowance.per_second, allowance.burst)
        )
        self.reserved = 0  # edits that the open answers of this process still need
        self._reserved_by_others = 0
        self._floor = floor
        self._spare_paused_until = -inf
        self._typical_seconds = _FIRST_GUESS
        self._answered: deque[float] = deque()  # when the answers of the last minute ended
        self._most_spare = allowance.edits_per_minute / 5

    def share(self, others: Spent) -> None:
        """Take note of what other processes spend of the same allowance."""
        for kind, window in self._windows.items():
            window.others = others.calls.get(kind, 0)
        self._reserved_by_others = others.reserved

    def turns(self, live: Collection[Exchange], now: float) -> tuple[list[Turn], float]:
        """The calls to make now, and when to ask again if nothing happens until then."""
        self.reserved = sum(exchange.screen.is_open for exchange in live)
        streaming = sum(exchange.screen.is_streaming for exchange in live)
        room = _Room(
            edits=self._windows[CallKind.EDIT].room(now) - self.reserved - self._reserved_by_others,
            unopened=sum(exchange.is_unopened for exchange in live),
            growing=sum(exchange.grows and not exchange.screen.is_streaming for exchange in live),
            spare=min(self._most_spare, self._recently_answered(now)),
            streams=self._streams(streaming, now),
            streaming=streaming,
            appends=self._windows[CallKind.APPEND].room(now),
        )
        again = inf
        if now < self._spare_paused_until:
            room.edits, again = 0, self._spare_paused_until
        wishes = [(wish, exchange) for exchange in live if (wish := exchange.wish())]
        wishes.sort(key=lambda pair: (pair[0].need, _precedence(pair[0], pair[1], now)))
        turns: list[Turn] = []
        for wish, exchange in wishes:
            at = max(wish.earliest, self._due(wish, exchange, room), self._free_at(wish, room, now))
            if at > now and wish.need is Need.FOLLOW_UPS:  # nobody waits for them
                exchange.forgo()
                again = now
            elif at > now:
                again = min(again, at)
            elif turn := self._grant(wish, exchange, room, now):
                turns.append(turn)
            elif exchange.wish():  # for another kind of call: its news begins a new message
                again = now
        return turns, again

    def ended(self, turn: Turn, now: float, error: SlackError | None = None) -> None:
        """The call of `turn` was answered, or failed with `error`."""
        pause = now + error.retry_after if isinstance(error, RateLimited) else now
        made = not isinstance(error, OverBudget)
        if not made and turn.charge.is_spare:  # others reserved it since the last beat told of them
            self._spare_paused_until = now + BEAT_SECONDS
            pause = now
        kind = turn.charge.kind
        self._windows[kind].end(now, made=made)
        if kind in BEGINNING and not made:
            self._channels[turn.charge.channel].refuse(pause if kind is CallKind.POST else now)
        elif kind in BEGINNING:
            self._channels[turn.charge.channel].end(now)
        if made or kind is not CallKind.POST:  # a post that was not made may lack room in its channel alone
            self._paused_until[kind] = max(self._paused_until[kind], pause)

    def learn(self, exchange: Exchange) -> None:
        """Take note of how long a finished answer took to be written."""
        took = exchange.ended_at - exchange.began_at
        self._typical_seconds += _LEARNING * (took - self._typical_seconds)
        self._answered.append(exchange.ended_at)

    def _recently_answered(self, now: float) -> int:
        """How many answers ended in the last minute: about as many may be asked for in the next."""
        while self._answered and self._answered[0] <= now - WINDOW_SECONDS:
            self._answered.popleft()
        return len(self._answered)

    def _streams(self, streaming: int, now: float) -> float:
        """How many streams can be started, if each is to be stopped as soon as its answer ends."""
        if any(now < self._paused_until[kind] for kind in (CallKind.START, CallKind.APPEND, CallKind.STOP)):
            return 0.0
        stops, appends = (self._windows[kind].room(now) for kind in (CallKind.STOP, CallKind.APPEND))
        return max(0.0, min(self._windows[CallKind.START].room(now), stops - streaming, appends - streaming))

    def _due(self, wish: Wish, exchange: Exchange, room: _Room) -> float:
        """When the reader is best served by it, if Slack took any number of calls."""
        waits_for_words = wish.start is Start.SOON and room.streams >= 1
        words_at = exchange.began_at + _PATIENCE_FOR_WORDS if waits_for_words else -inf
        match wish.need:
            case Need.FIRST_WORDS:  # a third of the steps that follow: early for the reader, but not empty
                share = room.share(is_streamed=room.starts(wish))
                patience = self._typical_seconds / (3 * share + 2)
                return max(words_at, exchange.began_at + min(_LONGEST_PATIENCE, patience))
            case Need.PROGRESS:
                share = room.share(is_streamed=wish.kind is CallKind.APPEND)
                age = exchange.granted_at - exchange.began_at
                rest = max(self._typical_seconds - age, 2 * age - self._typical_seconds)
                return exchange.granted_at + max(self._floor, rest / (share + 1))
            case _:
                return words_at

    def _free_at(self, wish: Wish, room: _Room, now: float) -> float:
        """When Slack takes it; a later time can turn out to be too early, then this is asked again."""
        window, edits = self._windows[wish.kind], self._windows[CallKind.EDIT]
        free_at = self._paused_until[wish.kind]
        if wish.kind is CallKind.EDIT and wish.need in _SPARE:
            return max(free_at, now if room.surplus >= 1 else edits.next_room())
        if window.room(now) < 1:
            free_at = max(free_at, window.next_room())
        if wish.kind is CallKind.POST:
            free_at = max(free_at, self._channels[wish.channel].free_at(now))
        if wish.opens and wish.need is not Need.SIGN and room.edits < 1 and not room.starts(wish):
            free_at = max(free_at, edits.next_room())
        return max(free_at, now)

    def _grant(self, wish: Wish, exchange: Exchange, room: _Room, now: float) -> Turn | None:
        step = exchange.grant(wish, now, may_open=room.edits >= 1, starts=room.starts(wish))
        if step is None:
            return None
        kind = step.kind if isinstance(step, Show) else CallKind.POST
        self._windows[kind].begin()
        if kind in BEGINNING:
            self._channels[wish.channel].begin()
        is_spare = kind is CallKind.EDIT and wish.need in _SPARE
        if kind in BEGINNING and isinstance(step, Show) and step.grows:
            room.unopened -= step.number == 0
            is_spare = kind is CallKind.POST
            self.reserved += is_spare
        room.edits -= is_spare
        room.appends -= kind is CallKind.APPEND
        room.streams -= kind is CallKind.START
        room.streaming += kind is CallKind.START
        return Turn(exchange, step, Charge(kind, wish.channel, self.reserved, is_spare))


def _precedence(wish: Wish, exchange: Exchange, now: float) -> float:
    """Within one need: who asked first; for progress, whose reader is furthest behind."""
    if wish.need is Need.PROGRESS:
        return -exchange.unseen * (now - exchange.granted_at)
    return exchange.asked_at
