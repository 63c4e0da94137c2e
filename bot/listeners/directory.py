"""Changes of people and channels.

https://docs.slack.dev/reference/events/user_change, https://docs.slack.dev/reference/events/team_join,
https://docs.slack.dev/reference/events/channel_shared
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.person import Person
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.users import UserDirectory

PersonReader = Callable[[Mapping[str, Any]], tuple[str, Person | None]]


def user_listener(users: UserDirectory, person_in: PersonReader) -> Callable[..., None]:
    """Hears that somebody joined the workspace or changed; `person_in` reads a user object of Slack's."""

    def hear_user(event: Mapping[str, Any]) -> None:
        users.heed(*person_in(event["user"]))

    return hear_user


def shared_listener(channels: ChannelDirectory) -> Callable[..., None]:
    """Hears that a channel was shared with another company, or no longer is."""

    def hear_shared(event: Mapping[str, Any]) -> None:
        channels.heed(str(event["channel"]))

    return hear_shared
