"""The people of the workspace, as Slack lists them and tells of their changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground.limits import Limits
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.workspace import ADA, MINJI, NOOR, TEAM, User
from tests.playground.serving import serving, web_client


@pytest.fixture
def servers() -> Iterator[Servers]:
    with serving(lambda: Slack(Limits())) as servers:
        yield servers


def test_the_list_of_users_comes_in_pages_and_has_everybody_of_the_workspace(servers: Servers) -> None:
    client = web_client(servers)
    servers.do(lambda: servers.slack.workspace.add_people(2_500))
    gone = User("UGONE", "Gone", is_deleted=True)
    servers.do(lambda: servers.slack.workspace.users.update({gone.id: gone}))
    pages: list[list[dict[str, Any]]] = []
    cursor = None
    while cursor != "":
        page = client.users_list(limit=2_000, cursor=cursor, include_locale=True)
        pages.append(page["members"])
        cursor = page["response_metadata"]["next_cursor"]

    assert [len(members) for members in pages] == [1_000, 1_000, 507]
    listed = {user["id"]: user for members in pages for user in members}
    assert listed[MINJI.id]["locale"] == "ko-KR"
    assert listed["UGONE"]["deleted"] is True
    assert NOOR.id not in listed
    assert all(user["team_id"] == TEAM for user in listed.values())
    assert "locale" not in client.users_list(limit=1)["members"][0]


def test_many_users_are_listed_with_a_limit_alone_and_twenty_times_a_minute(servers: Servers) -> None:
    client = web_client(servers)
    servers.do(lambda: servers.slack.workspace.add_people(600))
    with pytest.raises(SlackApiError, match="limit_required"):
        client.users_list()
    for _ in range(19):
        client.users_list(limit=1)
    with pytest.raises(SlackApiError) as refused:
        client.users_list(limit=1)

    assert refused.value.response.status_code == 429


@pytest.fixture
def heard(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events that the app is sent."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(servers.slack.events, "send", lambda event, *_: events.append(event))
    return events


@pytest.mark.parametrize(("tell", "kind"), [(Slack.join, "team_join"), (Slack.change, "user_change")])
def test_who_joins_or_changes_is_told_in_full(
    servers: Servers, heard: list[dict[str, Any]], tell: Callable[[Slack, User], None], kind: str
) -> None:
    user = replace(ADA, name="Ada L.", is_restricted=True, is_deleted=True)
    servers.do(lambda: tell(servers.slack, user))

    assert [event["type"] for event in heard] == [kind]
    told = heard[0]["user"]
    assert (told["id"], told["name"], told["is_restricted"], told["deleted"]) == (
        ADA.id,
        "Ada L.",
        True,
        True,
    )


@pytest.mark.parametrize(("is_shared", "kind"), [(True, "channel_shared"), (False, "channel_unshared")])
def test_a_channel_that_is_shared_is_told_by_its_id(
    servers: Servers, heard: list[dict[str, Any]], is_shared: bool, kind: str
) -> None:
    servers.do(lambda: servers.slack.share("CRANDOM", is_shared=is_shared))

    assert [(event["type"], event["channel"]) for event in heard] == [(kind, "CRANDOM")]
    assert servers.slack.workspace.conversations["CRANDOM"].is_shared is is_shared
