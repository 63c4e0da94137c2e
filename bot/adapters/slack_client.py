"""The client of Slack's Web API, which tells of every call that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.adapters.slack_errors import translated
from bot.core.errors import SlackError


class ObservedClient(WebClient):
    """slack_sdk's client; `observe` is given the method and the error of each call that Slack refuses."""

    def __init__(self, token: str, observe: Callable[[str, SlackError], None], **options: Any) -> None:
        super().__init__(token, **options)
        self._observe = observe

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        """Make a call. Raises what slack_sdk raises."""
        try:
            return super().api_call(api_method, **arguments)
        except SlackApiError as error:
            self._observe(api_method, translated(error))
            raise
