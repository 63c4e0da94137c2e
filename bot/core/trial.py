"""Messages that the doctor posts in a channel, and findings from what Slack makes of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from bot.core.diagnosis import Finding, Status
from bot.core.errors import ContentRefused, RateLimited, SlackError, Unreachable
from bot.core.slack_setup import of_permission

BOLD = "GIL(전역 락)"
CODE = 'def quotient(a, b):\n    """Leave `*` and <tags> alone."""\n    return a // b  # 몫'
# Nothing in it can notify anybody: it names no person, no group and no channel.
SAMPLE = f"""# A trial of Duet's doctor

It is taken away again in a moment. *Emphasis*, `code` and [a link](https://docs.slack.dev).

## A list

1. first
   - within it
2. second

**{BOLD}**은 한 번에 하나의 스레드만 허용합니다.

> A quotation.

```python
{CODE}
```

| Language | Hello |
|---|---|
| English | Hello |
| 한국어 | 안녕하세요 |
"""
CHANGED = f"{SAMPLE}\nThis line came with an edit."
REPLY = "A reply of Duet's doctor in its thread."
TWO_TABLES = "| a |\n|---|\n| 1 |\n\nBetween them.\n\n| b |\n|---|\n| 2 |"
# One more than Slack takes: https://github.com/slackapi/bolt-js/issues/2509
MANY_HEADINGS = "\n\n".join(f"## Heading {number}" for number in range(1, 52))

_LEAST_SHARE = 0.95
_BY_HAND = "Delete the doctor's messages by hand."
_IN_CHANNEL = {
    "channel_not_found": (
        "Copy the channel's id from the end of its details in Slack; in a private channel, /invite the bot."
    ),
    "not_in_channel": "In the channel, /invite the bot.",
    "is_archived": "Name a channel that is not archived.",
    "message_not_found": "Try again; if it stays so, somebody or an app deletes the bot's messages.",
}
_ELSEWHERE = "Name a channel in which everybody may post; the bot answers elsewhere where it may not."


def refused(error: SlackError, method: str) -> Finding:
    """Return why a step in the channel was not made."""
    detail = f"Slack refuses {method} ({error})"
    if isinstance(error, RateLimited):
        return Finding(Status.WRONG, detail, f"Try again after {error.retry_after:.0f} s.")
    if isinstance(error, Unreachable):
        return Finding(Status.WRONG, detail, "Try again; if it stays so, see https://slack-status.com.")
    if error.setup:
        problem = of_permission(error, method)
        return Finding(Status.WRONG, problem.detail, problem.fix)
    if isinstance(error, ContentRefused):
        return Finding(Status.WRONG, detail, "Report it: Slack takes less than Duet believes.")
    return Finding(Status.WRONG, detail, _IN_CHANNEL.get(error.code, _ELSEWHERE))


def of_reading(posted: str, found: str) -> Finding:
    """Return whether the Markdown that was `posted` was `found` again, as a follow-up question needs it."""
    share = _share(posted, found)
    if share < _LEAST_SHARE:
        detail = f"{share:.0%} of the letters came back"
        return Finding(Status.WRONG, detail, "Report it: answers to follow-up questions know that much.")
    if CODE not in found:
        detail = f"{share:.0%} of the letters came back, and the code was changed"
        return Finding(Status.WARNING, detail, "Report it: follow-up questions see other code.")
    return Finding(Status.OK, f"{share:.0%} of the letters came back, and the code exactly")


def of_types(types: Collection[str]) -> Finding:
    """Return whether headings and tables are shown as such."""
    told = f"Slack made {', '.join(sorted(types)) or 'no blocks'} of it"
    if missing := {"header", "rich_text", "table"} - set(types):
        detail = f"{told}, and no {', '.join(sorted(missing))}"
        return Finding(Status.WARNING, detail, "Look at an answer with a heading and a table in Slack.")
    return Finding(Status.OK, told)


def of_bold(text: str, bold: str) -> Finding:
    """Return whether bold that ends between punctuation and a Korean letter is bold."""
    if "**" in text or BOLD not in bold:
        return Finding(Status.WARNING, f"{BOLD} is not bold", "Look at a Korean answer with bold in Slack.")
    return Finding(Status.OK, f"{BOLD}, before a Korean letter, is bold")


def of_limit(what: str, refusal: SlackError | None, expected: str) -> Finding:
    """Tell people whether Slack takes `what`: answers are cut so that they fit either way."""
    if refusal is None:
        return Finding(Status.OK, f"Slack takes {what} in a message")
    if isinstance(refusal, ContentRefused):
        return Finding(
            Status.OK, f"Slack refuses {what} in a message ({refusal.code}), for which answers are cut"
        )
    return refused(refusal, expected)


def of_deletion(left: int, error: SlackError | None) -> Finding:
    """Return whether all that was posted is gone again."""
    if error is None:
        return Finding(Status.OK, "all that was posted is gone again")
    return Finding(Status.WRONG, f"{left} messages are left ({error})", _BY_HAND)


def _share(posted: str, found: str) -> float:
    """Return how many of the letters and digits of `posted` are in `found`, 0 to 1."""
    wanted, there = (Counter(re.findall(r"\w", text)) for text in (posted, found))
    return sum((wanted & there).values()) / max(1, sum(wanted.values()))
