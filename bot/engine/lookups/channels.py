"""Directory of channels: which everybody may read, and which are shared with other companies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf
from typing import Protocol

from bot.core.access import Room
from bot.core.directory import Page, encoded_channel, read_channel
from bot.core.errors import SlackError
from bot.core.journal import CallKind
from bot.engine.journal import Journal
from bot.engine.lanes import Lane, unattended
from bot.engine.lookups.cached_lookup import CachedLookup
from bot.engine.lookups.list_reader import ListReader, ListSource
from bot.engine.lookups.read_budget import ReadBudget
from bot.engine.lookups.records import Codec, Records, Store

# No event tells that a channel became private, so the list is read often; it is one call for most bots.
LIST_SECONDS, FRESH_SECONDS = 300.0, 600.0
_LOOK_SECONDS = 10.0  # from one look at the list for a channel that is not known to the next
_MAX_PAGES = 10  # of about 1,000 channels that the bot is in
_CODEC = Codec("channel", encoded_channel, read_channel)


class Channels(Protocol):
    """Calls to Slack that knowing channels needs. Every method raises SlackError."""

    def room(self, channel: str) -> Room:
        """Return what Slack tells of a conversation; of one that the bot cannot see, that it is closed."""

    def rooms(self, cursor: str) -> Page[Room]:
        """A page of the channels that the bot is in."""


class ChannelDirectory:
    """Channels by their ids. `changed`, which may be replaced, is called whenever more of them may be known.

    Thread-safe.
    """

    def __init__(
        self,
        slack: Channels,
        store: Store,
        journal: Journal,
        budget: ReadBudget,
        clock: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._records = Records(_CODEC, store, journal, clock)
        one, many = (partial(budget.turn, kind) for kind in (CallKind.CHANNEL, CallKind.CHANNEL_LIST))
        self.lookup = CachedLookup(
            slack.room, self._records, one, clock, wait, seconds=FRESH_SECONDS, ahead=self._look_at_list
        )
        self._slack, self._turn, self._clock = slack, many, clock
        self._listing, self._listed_at = threading.Lock(), -inf
        source = ListSource("channels", slack.rooms, many, LIST_SECONDS, _MAX_PAGES)
        self.reader = ListReader(source, self._records, store, journal, clock, wait, lambda: self.changed())
        self._news = Lane("channels", 1)

    def start(self) -> None:
        """Read the list in the background, now and then."""
        threading.Thread(target=self.reader.run, name="channel_list", daemon=True).start()

    def _look_at_list(self) -> None:
        """Read the first page of the list, if it was not just done: the bot may have joined many channels."""
        with self._listing:
            if self._clock() - self._listed_at >= _LOOK_SECONDS:
                self._listed_at = self._clock()
                with suppress(SlackError), self._turn():
                    self._records.put(self._slack.rooms("").found)

    def heed(self, channel: str) -> None:
        """Look up, soon, what is true of a channel that was shared with another company, or no longer is."""
        self._news.submit(self._heed, channel)

    @unattended
    def _heed(self, channel: str) -> None:
        try:
            self.lookup.refresh(channel)
        except SlackError:
            self._records.remove([channel])  # whoever needs it asks again

    def close(self) -> None:
        """Take note of nothing more."""
        self._news.shutdown(cancel_futures=True)
