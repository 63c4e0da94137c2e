"""Links from one Slack message to another, as "Copy link" makes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.conversation import Remark, Role
from bot.core.frames import name_in_frame, note, quotation
from bot.core.mrkdwn import naming

_MOST_LINKS = 3
# https://docs.slack.dev/reference/methods/chat.getPermalink
_PERMALINK = re.compile(
    r"https://[a-z0-9.-]+\.slack(?:-gov)?\.com/archives/([CDG][A-Z0-9]+)/p(\d{10})(\d{6})"
    r"(?:\?[^\s>|]*?thread_ts=(\d{10}\.\d{6}))?"
)


@dataclass(frozen=True)
class Link:
    """A link to the message `ts` of a channel; `thread_ts` is its thread's, if it stands in one."""

    channel: str
    ts: str
    thread_ts: str = ""


def linked(text: str) -> list[Link]:
    """The messages that `text` links to, each once, and not more than three."""
    found = (
        Link(channel, f"{seconds}.{rest}", thread or "")
        for channel, seconds, rest, thread in _PERMALINK.findall(text)
    )
    return list(dict.fromkeys(found))[:_MOST_LINKS]


def quoted(link: Link, remark: Remark | None, names: Mapping[str, str]) -> str:
    """The linked message as a model reads it; None stands for one that may not be read, or is gone."""
    if remark is None or not remark.text.strip():
        return note(f"The linked message {link.ts} cannot be read here.")
    if remark.role is Role.ASSISTANT:
        return quotation(f"The linked message {link.ts}, by you", remark.text.strip())
    who = f"the app {remark.app}" if remark.app else name_in_frame(names.get(remark.user, "")) or "somebody"
    return quotation(f"The linked message {link.ts}, by {who}", naming(remark.text, names).strip())
