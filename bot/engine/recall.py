"""What stands in a thread, read back no faster than Slack takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from bot.core.errors import RateLimited, Unreachable
from bot.core.message import Standing
from bot.core.question import Place
from bot.engine.budget import Bucket

# conversations.replies takes 50 calls a minute, some of which follow-up questions need.
_PER_SECOND, _AT_ONCE = 0.5, 20
_MOST_TRIES = 5  # for one thread, until what was written down has to do


class Threads(Protocol):
    """What recalling needs of Slack."""

    def standing(self, place: Place, question_key: str) -> Mapping[str, Standing]:
        """The bot's messages in a thread that belong to a question, by their keys. Raises SlackError."""


class Recaller:
    """Reads threads one after the other; `wait` waits so many seconds, and says True if it is cut short."""

    def __init__(self, slack: Threads, clock: Callable[[], float], wait: Callable[[float], bool]) -> None:
        self._slack, self._clock, self._wait = slack, clock, wait
        self._bucket = Bucket(_PER_SECOND, _AT_ONCE)

    def standing(self, place: Place, question_key: str, noted: Mapping[str, str]) -> Mapping[str, Standing]:
        """What stands of an answer. Where that cannot be read, it is what was `noted`: a ts for each key.

        Raises SlackError if there is nothing to be read for good: the thread is gone, or the bot.
        """
        for _ in range(_MOST_TRIES):
            self._wait(self._bucket.free_at(self._clock()) - self._clock())
            self._bucket.begin()
            try:
                return self._slack.standing(place, question_key)
            except (RateLimited, Unreachable) as error:
                pause = error.retry_after if isinstance(error, RateLimited) else 1.0
            finally:
                self._bucket.end(self._clock())
            if self._wait(pause):
                break
        return {key: Standing(ts) for key, ts in noted.items()}
