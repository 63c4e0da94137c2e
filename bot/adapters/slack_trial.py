"""Messages that the doctor posts, reads back as Slack translated them, and deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack_errors import translated
from bot.core.errors import SlackError

_ERRORS = (SlackApiError, OSError, HTTPException)


@dataclass(frozen=True)
class Channel:
    """A conversation as the bot sees it."""

    name: str
    is_member: bool
    is_archived: bool


@dataclass(frozen=True)
class Shown:
    """A message as people see it: the types of its blocks, all its text, and what of that is bold."""

    types: frozenset[str]
    text: str
    bold: str
    thread_ts: str


def channel(client: WebClient, channel_id: str) -> Channel:
    """The conversation `channel_id`. Raises SlackError."""
    try:
        found = client.conversations_info(channel=channel_id)["channel"]
    except _ERRORS as error:
        raise translated(error) from error
    is_direct = bool(found.get("is_im") or found.get("is_mpim"))
    is_member = is_direct or bool(found.get("is_member"))
    return Channel(str(found.get("name") or channel_id), is_member, bool(found.get("is_archived")))


def shown(client: WebClient, channel_id: str, thread_ts: str, ts: str) -> Shown:
    """The message `ts` of a thread, as Slack gives it back. Raises SlackError."""
    try:
        page = client.conversations_replies(channel=channel_id, ts=thread_ts, oldest=ts, inclusive=True)
    except _ERRORS as error:
        raise translated(error) from error
    found = next((each for each in page["messages"] if each.get("ts") == ts), None)
    if found is None:
        raise SlackError("message_not_found")
    blocks = found.get("blocks") or []
    texts = list(_texts(blocks))
    return Shown(
        frozenset(str(block.get("type")) for block in blocks),
        "\n".join(text for text, _ in texts),
        "\n".join(text for text, is_bold in texts if is_bold),
        str(found.get("thread_ts") or ""),
    )


def delete(client: WebClient, channel_id: str, ts: str) -> None:
    """Take a message of the bot's away. Raises SlackError."""
    try:
        client.chat_delete(channel=channel_id, ts=ts)
    except _ERRORS as error:
        raise translated(error) from error


def _texts(node: Any) -> Iterator[tuple[str, bool]]:
    """Each text in blocks, at any depth, and whether it is bold."""
    if isinstance(node, Mapping):
        if isinstance(text := node.get("text"), str):
            yield text, bool((node.get("style") or {}).get("bold")) if node.get("type") == "text" else False
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _texts(each)
