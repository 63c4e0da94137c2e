"""An outage of Slack, told from calls in a row that got no answer. Rules only; time is an argument."""

from __future__ import annotations

from math import inf

_MIN_UNANSWERED = 3  # in a row, of whichever answers; one alone may be its own fault
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.5, 10.0


class Outage:
    """Lets one call through at a time, the probe, while Slack answers none."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._probes = 0
        self._probe_at = -inf
        self._is_probing = False

    @property
    def is_on(self) -> bool:
        """Return True while Slack seems to be away."""
        return self._unanswered >= _MIN_UNANSWERED

    def free_at(self, now: float) -> float:
        """Return when the next call may be made; inf while a probe is under way."""
        if not self.is_on:
            return now
        return inf if self._is_probing else self._probe_at

    def begin(self) -> bool:
        """Return True if the call that is being made is the probe."""
        self._is_probing = self._is_probing or self.is_on
        return self.is_on

    def answered(self) -> None:
        """Take note that Slack answered a call, be it with an error."""
        self._unanswered = self._probes = 0
        self._is_probing = False

    def postponed(self) -> None:
        """Take note that the probe was not made after all."""
        self._is_probing = False

    def unanswered(self, now: float, *, is_probe: bool) -> None:
        """Take note that a call got no answer. Those that were under way when it began tell nothing new."""
        if self.is_on and not is_probe:
            return
        self._unanswered += 1
        if is_probe:
            self._is_probing, self._probes = False, self._probes + 1
        self._probe_at = now + min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0**self._probes)
