"""Messages as Slack sends and returns them: shapes as public repositories record them, values of our own.

Forwards: https://github.com/slackapi/java-slack-sdk/issues/1179. Pasted tables:
https://github.com/vercel/chat/issues/803. Alerts: https://docs.slack.dev/reference/messaging/attachments.
"""

from __future__ import annotations

from typing import Any


def text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def rich_text(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "block_id": "Kx1q", "elements": list(elements)}


def mrkdwn(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words, "verbatim": False}


def person(words: str, *elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A message of a person's: Slack writes the same as `text` and as rich text."""
    return {
        "type": "message",
        "user": "U1",
        "ts": "1700000000.000100",
        "client_msg_id": "0b5c6a9e-6c55-4f0a-9d6e-6f2f8f4f1d3a",
        "text": words,
        "team": "T1",
        "blocks": [rich_text(section(*(elements or (text(words),))))],
        **fields,
    }


def forward(words: str, **fields: Any) -> dict[str, Any]:
    """The attachment of a forward."""
    kept = {
        "team": "T1",
        "channel": "C2",
        "ts": "1690000000.000200",
        "message": {"blocks": [rich_text(section(text(words)))]},
    }
    return {
        "id": 1,
        "ts": "1690000000.000200",
        "author_id": "U2",
        "author_name": "Mina Park",
        "author_subname": "Mina",
        "author_link": "https://ours.slack.com/team/U2",
        "channel_id": "C2",
        "channel_team": "T1",
        "is_msg_unfurl": True,
        "is_share": True,
        "from_url": "https://ours.slack.com/archives/C2/p1690000000000200",
        "fallback": f"[July 22nd, 2023 4:26 AM] mina: {words}",
        "footer": "Posted in #deploys",
        "mrkdwn_in": ["text"],
        "text": words,
        "message_blocks": [kept],
        **fields,
    }


def table(*rows: tuple[str, ...]) -> dict[str, Any]:
    """A table block as a client makes one: rich text in each cell."""
    cells = [[{"type": "rich_text", "elements": [section(text(cell))]} for cell in row] for row in rows]
    return {"type": "table", "block_id": "tb1", "rows": cells, "column_settings": [{"is_wrapped": True}]}


def pasted(*rows: tuple[str, ...]) -> dict[str, Any]:
    """The attachment of a table that somebody pasted."""
    return {"id": 1, "blocks": [table(*rows)], "fallback": "[no preview available]"}


def preview(words: str, **fields: Any) -> dict[str, Any]:
    """The attachment that Slack adds to a message with a link."""
    return {
        "id": 1,
        "from_url": "https://status.example.com/42",
        "original_url": "https://status.example.com/42",
        "service_name": "Example Status",
        "title": "Incident 42",
        "title_link": "https://status.example.com/42",
        "text": words,
        "fallback": "Example Status: Incident 42",
        **fields,
    }


def alert(**fields: Any) -> dict[str, Any]:
    """A message of another app's, whose words are in an attachment."""
    attachment = {
        "id": 1,
        "color": "D63232",
        "fallback": "[FIRING:1] HighCPU web-7",
        "title": "[FIRING:1] HighCPU web-7",
        "title_link": "https://grafana.example.com/alert/7",
        "text": "CPU at 97 % for 10 minutes &amp; rising",
        "fields": [
            {"title": "Severity", "value": "critical", "short": True},
            {"title": "Runbook", "value": "<https://wiki.example.com/cpu|High CPU>", "short": False},
        ],
        "footer": "Grafana v11.2",
        "ts": 1700000000,
    }
    return {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B7",
        "username": "Grafana",
        "text": "",
        "ts": "1700000000.000300",
        "attachments": [attachment],
        **fields,
    }


ALERT_WORDS = """\
[FIRING:1] HighCPU web-7 (https://grafana.example.com/alert/7)
CPU at 97 % for 10 minutes & rising
Severity: critical
Runbook: High CPU (https://wiki.example.com/cpu)
Grafana v11.2"""
