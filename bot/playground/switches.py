"""What can be let go wrong from the page: a switch for each fault, and the server that is told of it."""

from __future__ import annotations

from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.bedrock_answer import TOO_LONG
from bot.playground.faults import Fault
from bot.playground.slack import Slack

_SLOW_SECONDS = 2.0  # that Slack takes for each call
_RETRY_AFTER = 2  # seconds
# As quoted in https://github.com/minorun365/agent-book/issues/29
_DAY_IS_OVER = "Too many tokens per day, please wait before trying again."
_OF_SLACK = {
    "editsLimited": ("chat.update", Fault(429, "ratelimited", retry_after=_RETRY_AFTER)),
    "postsLimited": ("chat.postMessage", Fault(429, "ratelimited", retry_after=_RETRY_AFTER)),
    "slackFails": ("", Fault(500, "internal_error")),
}
_OF_MODELS = {
    "microSlow": ("converse", Reply(pace=Pace(converse=6.0))),
    "microFails": ("converse", Reply(error="InternalServerException")),
    "proThrottled": ("converse-stream", Reply(error="ThrottlingException")),
    "proOverQuota": ("converse-stream", Reply(error="ThrottlingException", message=_DAY_IS_OVER)),
    "proTooLong": (
        "converse-stream",
        Reply(after=60, then="exception:validationException", message=TOO_LONG),
    ),
    "proCut": ("converse-stream", Reply(after=60, then="cut")),
    "proSilent": ("converse-stream", Reply(after=60, then="silence")),
}


class Switches:
    """One for each, all off at first. Without a `bedrock`, the models are not ours to disturb."""

    def __init__(self, slack: Slack, bedrock: Bedrock | None) -> None:
        self._slack, self._bedrock = slack, bedrock
        self._usual_seconds = slack.answering_seconds
        self._on: list[str] = []
        self.names = ("slackSlow", *_OF_SLACK, *(_OF_MODELS if bedrock else ()))

    @property
    def on(self) -> list[str]:
        """The names of those that are on."""
        return list(self._on)

    def switch(self, name: str, *, is_on: bool) -> None:
        """Let a fault begin or end; a model has one at a time. Raises KeyError if there is none such."""
        if name not in self.names:
            raise KeyError(name)
        operation, reply = _OF_MODELS.get(name, ("", None))
        rivals = [other for other in self._on if operation and _OF_MODELS.get(other, ("",))[0] == operation]
        self._on = [other for other in self._on if other != name and other not in rivals]
        if is_on:
            self._on.append(name)
        if name == "slackSlow":
            self._slack.answering_seconds = _SLOW_SECONDS if is_on else self._usual_seconds
        elif name in _OF_SLACK:
            method, fault = _OF_SLACK[name]
            self._slack.faults.always(method, fault if is_on else None)
        elif self._bedrock:
            self._bedrock.always(operation, reply if is_on else None)

    def end(self) -> None:
        """Switch all of them off."""
        for name in self.on:
            self.switch(name, is_on=False)
