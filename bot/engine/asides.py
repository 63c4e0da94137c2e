"""What is said and shown beside answers: to one person alone, in modals, over the message field."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from decimal import Decimal
from functools import partial
from math import inf
from typing import Protocol

from bot.core import access
from bot.core.access import Denial
from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.message import Content, Form, Kind, Outgoing
from bot.core.question import Place, Question, Recipient
from bot.core.safety import Safe, neutralise
from bot.core.spending import NanoDollars
from bot.core.texts import Language, Texts, language_of, texts_in
from bot.engine.budget import Window
from bot.engine.health import level
from bot.engine.lanes import Lane, unattended
from bot.engine.memory import remember
from bot.engine.people import People

log = logging.getLogger(__name__)

_AT_ONCE = 16
# Slack has a limit of its own for assistant.threads.setStatus and does not say which; most methods take 50.
_STATUSES_PER_MINUTE = 45
# Refusals of assistant.threads.setStatus that hold for one thread, and those that hold wherever it is called
# (https://docs.slack.dev/reference/methods/assistant.threads.setStatus). All others hold for the channel.
_STATUS_REFUSED_IN_THREAD = {"invalid_thread_ts", "thread_not_found", "message_not_found"}
_STATUS_REFUSED_EVERYWHERE = {
    *("not_agent_app", "feature_disabled", "feature_not_enabled", "unknown_method", "method_deprecated"),
    *("deprecated_endpoint", "missing_scope", "no_permission", "not_allowed_token_type", "access_denied"),
    *("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired"),
}
_EVERYWHERE = ""
_STATUS_RETRY_SECONDS = 3600.0  # a scope that was missing can be granted while the bot runs
_MAX_CHANNELS = 1_000


class Whispers(Protocol):
    """The two ways to tell one person alone. Every method raises SlackError."""

    def whisper(self, place: Place, user: str, text: Safe) -> None:
        """Say `text` in a thread, or (no `thread_ts`) in its channel, to nobody but `user`."""

    def tell_privately(self, response_url: str, text: Safe) -> None:
        """Say `text` to nobody but the one whom `response_url` belongs to, somewhere in that channel."""


class Slack(Whispers, Protocol):
    """The calls of Slack's that asides make. Every method raises SlackError."""

    def direct_message(self, user: str) -> str:
        """The channel id of the bot's direct messages with `user`."""

    def post(self, channel: str, thread_ts: str | None, message: Outgoing) -> str:
        """Post a message and return its ts."""

    def open_form(self, trigger_id: str, user: str, form: Form) -> None:
        """Open a small modal with one field for `user`, who caused the trigger."""

    def set_status(self, place: Place, status: str) -> None:
        """Show `status` in a thread until the bot posts there."""


class Asides:
    """Makes calls to Slack that no answer depends on. Thread-safe; no method waits but `settle` and `close`.

    `language` is that of all fixed sentences, None for that of their reader.
    """

    def __init__(
        self, slack: Slack, people: People, clock: Callable[[], float], language: Language | None = None
    ) -> None:
        self._slack, self._people, self._clock, self._language = slack, people, clock, language
        self._lock = threading.Lock()
        self._statuses = Window(_STATUSES_PER_MINUTE)
        self._lane = Lane("asides", _AT_ONCE)
        self._under_way: set[Future[None]] = set()
        self._no_status: dict[str, float] = {}  # since when a channel, or `_EVERYWHERE`, takes none

    def language_for(self, text: str) -> Language:
        """How to speak to somebody who reads `text`."""
        return self._language or language_of(text)

    def tell(self, recipient: Recipient, sentence: str) -> None:
        """Say a fixed `sentence` to `recipient`, and to nobody else."""
        self._do(lambda: tell_alone(self._slack, recipient, sentence), recipient.user)

    def explain(self, recipient: Recipient) -> None:
        """Tell who gave a command without a question how to ask, and nobody else."""
        self._do(lambda: tell_alone(self._slack, recipient, self._texts_for(recipient.user).usage_command))

    def deny(self, question: Question, why: Denial) -> None:
        """Tell who asked `question` that it is not answered, and nobody else."""
        self.tell(question.asker, access.told(texts_in(question.language), why))

    def ask_reason(self, trigger_id: str, user: str, carries: str, language: Language) -> None:
        """Let who voted an answer down say why."""
        texts = texts_in(language)
        words = (texts.reason_title, texts.reason_label, texts.reason_send, texts.close)
        form = Form("reason", carries, *words, is_optional=True)
        self._do(lambda: self._slack.open_form(trigger_id, user, form))

    def ask_about(self, trigger_id: str, carries: str, recipient: Recipient) -> None:
        """Let somebody put a question about a message, or tell them that this does not work now."""

        def open_form() -> None:
            texts = self._texts_for(recipient.user)
            words = (texts.about_title, texts.about_label, texts.about_send, texts.close)
            try:
                self._slack.open_form(trigger_id, recipient.user, Form("about", carries, *words))
            except SlackError:
                tell_alone(self._slack, recipient, texts.failed)
                raise

        self._do(open_form)

    def warn(self, admins: Iterable[str], budget: Decimal | None, spent: NanoDollars) -> None:
        """Tell each of `admins`, in direct messages, that most of the day's `budget` (dollars) is spent."""
        log.warning("budget.nearly_spent", extra={"dollars": spent / 10**9, "budget": budget})
        for admin in admins:
            self._do(partial(self._warn, admin, spent=f"{spent / 10**9:.2f}", budget=budget))

    def show_status(self, place: Place, texts: Texts) -> None:
        """Show that somebody thinks, while Slack takes more; not soon again where it does not offer that."""
        now = self._clock()
        with self._lock:
            refused = (self._no_status.get(where, -inf) for where in (_EVERYWHERE, place.channel))
            is_offered = max(refused) + _STATUS_RETRY_SECONDS <= now
            is_shown = is_offered and self._statuses.begin_if_room(now)
        if is_shown:
            self._do(lambda: self._show_status(place, texts.thinking))

    def close(self, seconds: float) -> None:
        """Make the calls that are under way, within so many seconds, and no more."""
        self.settle(seconds)
        self._lane.shutdown(cancel_futures=True)

    def settle(self, seconds: float) -> None:
        """Wait for the calls that are under way, for so many seconds at most."""
        wait(list(self._under_way), seconds)

    def _do(self, call: Callable[[], None], person: str = "") -> None:
        aside = self._lane.submit_for(person, _forgiven, call)
        self._under_way.add(aside)
        aside.add_done_callback(self._under_way.discard)

    def _warn(self, admin: str, **figures: object) -> None:
        sentence = neutralise(self._texts_for(admin).budget_warning.format(**figures))
        try:
            channel = self._slack.direct_message(admin)
            self._slack.post(channel, None, Outgoing(Kind.NOTICE, Content(sentence), key=f"{admin}/budget"))
        except SlackError as error:
            log.log(level(error), "warning.refused", extra={"user": admin, "code": error.code})

    def _texts_for(self, user: str) -> Texts:
        return texts_in(self._people.language(user))

    def _show_status(self, place: Place, status: str) -> None:
        try:
            self._slack.set_status(place, status)
        except (RateLimited, Unreachable):
            raise
        except SlackError as error:
            if error.code not in _STATUS_REFUSED_IN_THREAD:
                where = _EVERYWHERE if error.code in _STATUS_REFUSED_EVERYWHERE else place.channel
                with self._lock:
                    remember(self._no_status, where, self._clock(), _MAX_CHANNELS)
            raise
        finally:
            with self._lock:
                self._statuses.end(self._clock())


def tell_alone(slack: Whispers, recipient: Recipient, sentence: str) -> None:
    """Say a fixed `sentence` where `recipient` looks, and to nobody else. Raises SlackError.

    Where Slack does not let the bot do that (it is not in the channel, say), the response URL is tried once.
    That is the second choice: what is posted there appears outside the thread. A bot without a user is told
    nothing.
    """
    if recipient.user.startswith("B"):
        return
    text = neutralise(sentence)
    try:
        slack.whisper(recipient.place, recipient.user, text)
    except SlackError as error:
        if not recipient.response_url:
            raise
        log.debug("whisper.refused", extra={"code": error.code})
        slack.tell_privately(recipient.response_url, text)


@unattended
def _forgiven(call: Callable[[], None]) -> None:
    try:
        call()
    except SlackError as error:
        log.info("aside.refused", extra={"code": error.code})
