"""One budget for the whole workspace: who may call Slack now, and when to ask again.

Rules only; time is an argument. A message that was opened holds one edit in reserve for its final text, so a
finished answer is whole on screen at once, however many others are live; only what nobody will need shows
progress, and it is spread over the time that an answer is likely to take. Where nothing can be reserved, an
answer is not opened but posted once, whole: a post costs no edit.

Where Slack's own streaming is switched on, an answer is opened as a stream while there is room for one: it
takes no edit, but a stop is kept for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf

from bot.core.errors import OverBudget, RateLimited, SlackError, TakenOver, Unreachable
from bot.core.journal import BEGINNING, Allowance, CallKind, Charge, Spent
from bot.engine.budget import WINDOW_SECONDS, Bucket, Window
from bot.engine.exchange import Exchange
from bot.engine.forecast import Forecast
from bot.engine.journal import BEAT_SECONDS
from bot.engine.line import MAX_HELD_PER_FREE
from bot.engine.order import Guard, Order, unguarded
from bot.engine.outage import Outage
from bot.engine.steps import METHODS, OF_STREAMS, Need, OpenThread, Show, Start, Wish

FLOOR_SECONDS = 0.4  # between two edits of one message, when there is room for all
_LONGEST_PATIENCE = 2.5  # for first words that are held back to carry something
_PATIENCE_FOR_WORDS = 0.3  # with which a stream can be started; a post would be edited to its end
_SECONDS_BETWEEN_ESTIMATES = 1.0
_OPENS = {Need.FIRST_WORDS, Need.NEXT_PAGE}  # for which an edit is kept; a sign can be an acknowledgement
_MIN_CHANNELS = 100  # that are remembered before it is looked which of them nothing is known of any more
_SPARE = {Need.TURN, Need.PROGRESS, Need.FOLLOW_UPS}  # what is done without where no edit is left for it


@dataclass(frozen=True)
class Turn:
    """A call to make now for an exchange, and what it is counted as."""

    exchange: Exchange
    step: Show | OpenThread
    charge: Charge
    is_probe: bool = False  # whether Slack is away, and this finds out if it is back


@dataclass
class _Room:
    """What can still be spent in one round of turns."""

    edits: float  # those that no opened message needs
    kept: float  # of these, what is left to others by who was given much
    posts: float
    signs: float  # posts that can be acknowledgements, since no answer is likely to need them
    first_signs: float  # the same, where only answers to those count who were not given much yet
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

    def opens(self, *, has_much: bool) -> bool:
        """Return whether there is an edit for the end of a message that is opened now."""
        return self.edits >= 1 + (self.kept if has_much else 0)

    def starts(self, wish: Wish) -> bool:
        """Whether what is wished for is to be the start of a stream."""
        return wish.start is Start.NOW and self.streams >= 1

    def acknowledges(self, wish: Wish, exchange: Exchange, *, has_much: bool) -> bool:
        """Return whether `wish` becomes an acknowledgement: the answer has not begun, or cannot open."""
        may_open = wish.opens and (self.opens(has_much=has_much) or self.starts(wish))
        return wish.need is Need.SIGN and exchange.place is not None and not may_open

    def share(self, *, is_streamed: bool) -> float:
        """The steps in which each answer that still grows can show its progress."""
        if is_streamed:
            return self.appends / max(1, self.streaming)
        return self.surplus / max(1, self.growing)


class Pacer:
    """Grants calls within `allowance`, of which other processes take a part, too."""

    def __init__(self, allowance: Allowance, *, floor: float = FLOOR_SECONDS) -> None:
        self._windows = {kind: Window(allowance.per_minute(kind)) for kind in CallKind}
        self._paused_until: defaultdict[str, float] = defaultdict(lambda: -inf)  # by the method
        self._channels: defaultdict[str, Bucket] = defaultdict(
            lambda: Bucket(allowance.per_second, allowance.burst)
        )
        self._most_channels = _MIN_CHANNELS
        self.reserved = 0  # edits that the open answers of this process still need
        self._reserved_by_others = 0
        self._peers = 0
        self._apart_until = -inf  # what others spend is not known until then
        self._floor = floor
        self._spare_paused_until = -inf
        self._outage = Outage()
        self._forecast, self._order = Forecast(), Order()
        self._most_spare = allowance.edits_per_minute / 5

    def share(self, others: Spent, peers: int, now: float) -> None:
        """Take note of what `peers` other processes spend of the same allowance."""
        self._peers = peers
        if now < self._apart_until:
            return  # calls that nobody counted are missing from it
        for kind, window in self._windows.items():
            window.others = others.calls.get(kind, 0)
        self._reserved_by_others = others.reserved

    def keep_apart(self, now: float) -> None:
        """Take no more than an equal part of what is left, since nobody counts now what all spend.

        That holds until the last call that was not counted is older than a window.
        """
        if not self._peers:
            return
        if now >= self._apart_until:
            for kind, window in self._windows.items():
                is_edit = kind is CallKind.EDIT
                window.others += self._reserved_by_others if is_edit else 0
                left = max(0.0, window.room(now) - (self.reserved if is_edit else 0))
                window.others += 0.0 if left == inf else left * self._peers / (self._peers + 1)
            self._reserved_by_others = 0
        self._apart_until = now + WINDOW_SECONDS

    def turns(
        self, live: Collection[Exchange], now: float, guard: Guard = unguarded
    ) -> tuple[list[Turn], float]:
        """The calls to make now, and when to ask again if nothing happens until then.

        What fails on one of the exchanges is done within its `guard`; where that lets it pass, that exchange
        is left out.
        """
        if (free_at := self._outage.free_at(now)) > now:
            return [], free_at
        live = _readable(live, guard)
        self.reserved = sum(exchange.screen.is_open for exchange in live)
        streaming = sum(exchange.screen.is_streaming for exchange in live)
        unopened = sum(exchange.is_unopened for exchange in live)
        few = [exchange for exchange in live if not self._order.has_much(exchange)]
        self._forecast.watch(live, now)
        wishes = self._order.wishes(live, self._forecast, now, guard)
        posts = self._windows[CallKind.POST].room(now)
        room = _Room(
            edits=self._windows[CallKind.EDIT].room(now) - self.reserved - self._reserved_by_others,
            kept=self._most_spare,
            posts=posts,
            signs=posts - self._to_post(wishes, live, now),
            first_signs=posts - self._to_post(wishes, few, now),
            unopened=unopened,
            growing=sum(exchange.grows and not exchange.screen.is_streaming for exchange in live),
            spare=min(self._most_spare, self._forecast.recently_ended(now)),
            streams=self._streams(streaming, now),
            streaming=streaming,
            appends=self._windows[CallKind.APPEND].room(now),
        )
        again = inf
        if now < self._spare_paused_until:
            room.edits, again = 0, self._spare_paused_until
        turns: list[Turn] = []
        for wish, exchange in wishes:
            with guard(exchange):
                due_at, free_at = self._due(wish, exchange, room), self._free_at(wish, exchange, room, now)
                at = max(wish.earliest, due_at, free_at)
                if at > now and wish.need is Need.FOLLOW_UPS:  # nobody waits for them
                    exchange.forgo()
                    again = now
                elif at > now:
                    again = min(again, at)
                elif turn := self._grant(wish, exchange, room, now):
                    turns.append(turn)
                    if self._outage.is_on:
                        return turns, inf
                elif exchange.wish():  # for another kind of call: its news begins a new message
                    again = now
        return turns, again

    def ended(self, turn: Turn, now: float, error: SlackError | None = None) -> None:
        """The call of `turn` was answered, or failed with `error`."""
        charge, made = turn.charge, not isinstance(error, OverBudget | TakenOver)
        if isinstance(error, Unreachable):
            self._outage.unanswered(now, is_probe=turn.is_probe)
        elif made:
            self._outage.answered()
        elif turn.is_probe:
            self._outage.postponed()
        self._windows[charge.kind].end(now, made=made)
        if charge.kind in BEGINNING and made:
            self._channels[charge.channel].end(now)
        elif charge.kind in BEGINNING:
            self._channels[charge.channel].refuse(now)
        if isinstance(error, RateLimited):
            self._pause(charge, error, now)
        if len(self._channels) > self._most_channels:
            self._forget_channels(now)

    def _pause(self, charge: Charge, error: RateLimited, now: float) -> None:
        """Make no call of what was limited until that can help; a look-up's limit is not the post's."""
        until, method = now + error.retry_after, error.method or METHODS[charge.kind]
        is_ours = isinstance(error, OverBudget)  # not Slack's limit, but what all processes have left of it
        if is_ours and charge.is_spare:  # others reserved it since the last beat told of them
            self._spare_paused_until = now + BEAT_SECONDS
        elif is_ours and charge.kind is CallKind.POST:  # there may be room in other channels
            self._channels[charge.channel].pause(until)
        else:
            self._paused_until[method] = max(self._paused_until[method], until)

    def _forget_channels(self, now: float) -> None:
        """Forget the channels in which as much may be posted as in one that is not known."""
        for channel in [channel for channel, bucket in self._channels.items() if bucket.is_unused(now)]:
            del self._channels[channel]
        self._most_channels = max(_MIN_CHANNELS, 2 * len(self._channels))

    def learn(self, exchange: Exchange) -> None:
        """Take note of how long a finished answer took to be written."""
        self._forecast.learn(exchange)

    def _to_post(
        self, wishes: Sequence[tuple[Wish, Exchange]], among: Sequence[Exchange], now: float
    ) -> float:
        """Count the answers `among` those that may want their first post within the minute for which a
        post counts.
        """
        own = set(among)
        ended = sum(
            wish.need is Need.WHOLE and wish.kind is CallKind.POST and exchange in own
            for wish, exchange in wishes
        )
        return ended + min(sum(exchange.is_unopened for exchange in among), self._forecast.will_end(now))

    def _streams(self, streaming: int, now: float) -> float:
        """How many streams can be started, if each is to be stopped as soon as its answer ends."""
        if any(now < self._paused_until[METHODS[kind]] for kind in OF_STREAMS):
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
                patience = self._forecast.typical_seconds / (3 * share + 2)
                return max(words_at, exchange.began_at + min(_LONGEST_PATIENCE, patience))
            case Need.PROGRESS:
                share = room.share(is_streamed=wish.kind is CallKind.APPEND)
                age = exchange.granted_at - exchange.began_at
                rest = max(self._forecast.typical_seconds - age, 2 * age - self._forecast.typical_seconds)
                return exchange.granted_at + max(self._floor, rest / (share + 1))
            case _:
                return words_at

    def _free_at(self, wish: Wish, exchange: Exchange, room: _Room, now: float) -> float:
        """When Slack takes it; a later time can turn out to be too early, then this is asked again."""
        window, edits = self._windows[wish.kind], self._windows[CallKind.EDIT]
        has_much = self._order.has_much(exchange)
        free_at = self._paused_until[METHODS[wish.kind]]
        if wish.kind is CallKind.POST and exchange.looks_up:
            free_at = max(free_at, self._paused_until[exchange.looks_up])
        if wish.kind is CallKind.EDIT and wish.need in _SPARE:
            return max(free_at, now if room.surplus >= 1 else edits.next_room())
        if window.room(now) < 1:
            free_at = max(free_at, window.next_room())
        if wish.kind is CallKind.POST:
            free_at = max(free_at, self._channels[wish.channel].free_at(now))
            if has_much and self._order.given(exchange) >= MAX_HELD_PER_FREE * room.posts:
                free_at = max(free_at, window.next_room())
        signs = room.signs if has_much else room.first_signs
        if room.acknowledges(wish, exchange, has_much=has_much) and signs < 1:
            free_at = max(free_at, min(window.next_room(), now + _SECONDS_BETWEEN_ESTIMATES))
        if wish.need in _OPENS and wish.opens and not (room.opens(has_much=has_much) or room.starts(wish)):
            free_at = max(free_at, edits.next_room())
        return max(free_at, now)

    def _grant(self, wish: Wish, exchange: Exchange, room: _Room, now: float) -> Turn | None:
        may_open = room.opens(has_much=self._order.has_much(exchange))
        step = exchange.grant(wish, now, may_open=may_open, starts=room.starts(wish))
        if step is None:
            return None
        kind = step.kind if isinstance(step, Show) else CallKind.POST
        self._windows[kind].begin()
        if kind in BEGINNING:
            self._channels[wish.channel].begin()
            self._order.served(exchange, now)
        is_spare = kind is CallKind.EDIT and wish.need in _SPARE
        if kind in BEGINNING and isinstance(step, Show) and step.grows:
            room.unopened -= step.number == 0
            is_spare = kind is CallKind.POST
            self.reserved += is_spare
        is_first = isinstance(step, Show) and step.number == 0 and not step.is_acknowledgement
        is_sign = kind is CallKind.POST and not is_first
        room.signs, room.first_signs = room.signs - is_sign, room.first_signs - is_sign
        room.posts -= kind is CallKind.POST
        room.edits -= is_spare
        room.appends -= kind is CallKind.APPEND
        room.streams -= kind is CallKind.START
        room.streaming += kind is CallKind.START
        charge = Charge(kind, wish.channel, self.reserved, is_spare)
        return Turn(exchange, step, charge, is_probe=self._outage.begin())


def _readable(live: Collection[Exchange], guard: Guard) -> list[Exchange]:
    """Those of which all can be read that a round of turns reads of each."""
    readable = []
    for exchange in live:
        with guard(exchange):
            screen = exchange.screen
            _ = (
                screen.is_open,
                screen.is_streaming,
                exchange.is_unopened,
                exchange.is_in_line,
                exchange.unseen,
            )
            readable.append(exchange)
    return readable
