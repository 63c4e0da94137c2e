"""Attachments that Slack makes: the message that somebody forwards.

The shape is that of https://github.com/slackapi/java-slack-sdk/issues/1179 and
https://github.com/NousResearch/hermes-agent/issues/96384.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from bot.playground.workspace import TEAM, Conversation, Message


def forwarded(message: Message, writer: str, conversation: Conversation) -> Mapping[str, Any]:
    """The attachment that shows `message`, which the one named `writer` wrote in `conversation`."""
    said_at = datetime.fromtimestamp(float(message.ts), timezone.utc)
    link = f"https://playground.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    kept = {
        "team": TEAM,
        "channel": message.channel,
        "ts": message.ts,
        "message": {"blocks": list(message.blocks)},
    }
    shown = {
        "id": 1,
        "ts": message.ts,
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": message.user,
        "author_name": message.app or writer,
        "author_subname": message.app or writer,
        "channel_id": message.channel,
        "channel_team": TEAM,
        "from_url": link,
        "fallback": f"[{said_at:%B} {said_at.day}, {said_at:%Y %I:%M %p}] {writer}: {message.text}",
        "text": message.text,
        "footer": "Direct Message" if conversation.kind == "im" else f"Posted in #{conversation.name}",
        "mrkdwn_in": ["text"],
        "message_blocks": [kept] if message.blocks else [],
        "files": list(message.files),
        "attachments": list(message.attachments),
    }
    return {name: value for name, value in shown.items() if value}
