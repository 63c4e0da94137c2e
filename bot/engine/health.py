"""State of this process: of Slack, the answering model and the store. Operators are told once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection

from bot.core import slack_setup
from bot.core.diagnosis import aws_fix, of_store_error
from bot.core.errors import (
    Fault,
    ModelError,
    RateLimited,
    SetupFault,
    SlackError,
    StoreError,
    Unreachable,
)
from bot.core.secrets import mask_secrets
from bot.core.slack_setup import Problem

log = logging.getLogger(__name__)

# Methods whose refusal says nothing new of the set-up: the connection and the probe tell of theirs, and a
# status is offered to apps with the agent feature alone.
_UNOBSERVED = {"apps.connections.open", "auth.test", "assistant.threads.setStatus"}

# Faults of a model that last, and so many of them in a row after which it is taken for unable to answer.
_LASTING = {Fault.NOT_SET_UP, Fault.OVER_QUOTA}
_MAX_LASTING_FAULTS = 2
_STORE_SECONDS = 60.0  # for which a store can be gone before that is worth waking somebody


def level(error: SlackError) -> int:
    """The level at which a refused call is logged: what is said here once needs no line for each call."""
    return logging.DEBUG if error.setup else logging.WARNING


class Health:
    """Thread-safe. `suspend` is called when Slack takes the bot's token no more, `resume` when it does again,
    and `tell` with the state whenever something has changed.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.suspend: Callable[[], None] = lambda: None
        self.resume: Callable[[], None] = lambda: None
        self.tell: Callable[[str], None] = lambda _state: None
        self._lock = threading.Lock()
        self._word = "starting"
        self._connection: Problem | None = None
        self._token: Problem | None = None
        self._granted: frozenset[str] | None = None
        self._lacks: dict[str, Problem] = {}  # by scopes, or by method where Slack names none
        self._model: Problem | None = None
        self._lasting_faults = 0  # of the answering model, in a row
        self._store: tuple[float, StoreError] | None = None  # since when it has failed, and how

    @property
    def is_healthy(self) -> bool:
        """Return whether questions are heard, and can be answered."""
        with self._lock:
            return self._word == "connected" and not (self._token or self._model or self._lost_store)

    @property
    def is_suspended(self) -> bool:
        """Return whether Slack takes the bot's token for nothing."""
        return self._token is not None

    @property
    def problems(self) -> list[Problem]:
        """Return what of the set-up is wrong, as far as is known."""
        with self._lock:
            worst = (self._token, self._connection, self._model, self._lost_store)
            return [*filter(None, worst), *self._lacks.values()]

    @property
    def state(self) -> str:
        """A word for how it stands, and after a colon what is wrong."""
        cannot_answer = self._word == "connected" and (self._model or self._lost_store)
        word = "suspended" if self.is_suspended else "failing" if cannot_answer else self._word
        return ": ".join(filter(None, (word, " ".join(map(str, self.problems)))))

    # The connection

    def connected(self) -> None:
        """Slack said hello."""
        self._stand("connected", None)

    def disconnected(self, problem: Problem | None = None) -> None:
        """There is no connection; the `problem` is why Slack gives none, None for a loss."""
        with self._lock:
            is_new = problem is not None and problem != self._connection
            problem = problem or self._connection
        if problem and is_new:
            log.error("socket.refused", extra={"reason": problem.code, "fix": problem.fix})
        self._stand("disconnected", problem)

    def stopping(self) -> None:
        """The process ends in good order."""
        self._stand("stopping", None)

    def _stand(self, word: str, connection: Problem | None) -> None:
        with self._lock:
            if self._word == "stopping":
                return
            self._word, self._connection = word, connection
        self.tell(self.state)

    # The token and its scopes

    def observe(self, method: str, error: SlackError) -> None:
        """A call of `method` was refused."""
        if method in _UNOBSERVED:
            return
        if error.setup is SetupFault.TOKEN:
            self._refuse_token(slack_setup.of_token(error))
        elif error.setup is SetupFault.PERMISSION:
            self._lack(error.needed or method, slack_setup.of_permission(error, method), error)

    def probed(self, granted: Collection[str]) -> None:
        """Slack takes the token; it told that these scopes were `granted`, or (none) nothing of scopes."""
        with self._lock:
            works_again, self._token = self._token is not None, None
            has_changed = bool(granted) and frozenset(granted) != self._granted
            if has_changed:
                self._granted = frozenset(granted)
                lacking = slack_setup.missing(granted)
                self._lacks = {scope: each for scope, each in self._lacks.items() if scope in lacking}
        for scope in slack_setup.missing(granted) if has_changed else ():
            error = SlackError("missing_scope", needed=scope, provided=",".join(sorted(granted)))
            self._lack(scope, slack_setup.of_scope(scope), error)
        if has_changed or works_again:
            self.tell(self.state)
        if works_again:
            log.warning("token.works_again")
            self.resume()

    def probe_failed(self, error: SlackError) -> None:
        """Slack does not say who the token belongs to, which needs no scope: it is the token then."""
        if not isinstance(error, RateLimited | Unreachable):
            self._refuse_token(slack_setup.of_token(error))

    def _refuse_token(self, problem: Problem) -> None:
        with self._lock:
            is_new, self._token = self._token is None, self._token or problem
        if is_new:
            log.error(
                "token.refused",
                extra={"setting": "SLACK_BOT_TOKEN", "code": problem.code, "fix": problem.fix},
            )
            self.tell(self.state)
            self.suspend()

    def _lack(self, key: str, problem: Problem, error: SlackError) -> None:
        with self._lock:
            is_new = key not in self._lacks
            self._lacks.setdefault(key, problem)
        if is_new:
            fields = {"code": error.code, "needed": error.needed or None, "provided": error.provided or None}
            log.error("permission.missing", extra={**fields, "lacks": key, "fix": problem.fix})

    # The answering model

    @property
    def doubts_model(self) -> bool:
        """Return whether the answering model failed, when it was asked last, in a way that lasts."""
        return self._lasting_faults > 0

    @property
    def refuses_to_answer(self) -> bool:
        """Return whether the answering model is known to give no answer."""
        return self._model is not None

    def observe_model(self, error: ModelError | None) -> None:
        """The answering model failed, or (None) began to answer."""
        if error is None:
            with self._lock:
                works_again, self._model, self._lasting_faults = self._model is not None, None, 0
            if works_again:
                log.warning("model.works_again")
                self.tell(self.state)
        elif error.fault in _LASTING:
            problem = Problem(
                error.code,
                f"AWS lets no answer be given ({error.code})",
                aws_fix(error, setting="PRO_MODEL_ID"),
            )
            with self._lock:
                self._lasting_faults += 1
                is_new = self._model is None and self._lasting_faults >= _MAX_LASTING_FAULTS
                if is_new:
                    self._model = problem
            if is_new:
                log.error("model.refused", extra={"code": problem.code, "fix": problem.fix})
                self.tell(self.state)

    # The store

    def observe_store(self, error: StoreError | None) -> None:
        """The store failed, or (None) works."""
        with self._lock:
            since = self._store[0] if self._store else self._clock()
            self._store = (since, error) if error else None

    @property
    def _lost_store(self) -> Problem | None:
        """The store's failure, once it has lasted."""
        if self._store is None or self._clock() - self._store[0] < _STORE_SECONDS:
            return None
        found = of_store_error("STORE_URL", self._store[1])
        return Problem("store", mask_secrets(found.detail), found.cure)
