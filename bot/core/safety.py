"""What may leave: no text that can ping people, and no secret.

A text becomes `Safe` only here, and whatever shows text in Slack takes nothing but `Safe`, so the type
checker finds a text that was forgotten. Control sequences and their meaning:
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NewType

from bot.core.disguise import NOTE, undisguised, with_inserted
from bot.core.markdown_inline import BREAK
from bot.core.secrets import mask_secrets

Safe = NewType("Safe", str)

# In mrkdwn nothing says that code is safe, so none of these is let through anywhere.
# Only what can be one is broken: `<!DOCTYPE html>`, `<!-- -->` and `List<@NonNull String>` can be copied.
_CONTROL_SEQUENCE = re.compile(
    r"(?:<|&lt;)(?=!(?i:here|channel|everyone|group|subteam)\b|@[UWB](?:[A-Z0-9]|\Z)|#[CDG](?:[A-Z0-9]|\Z))"
)
_BARE_BROADCAST = re.compile(r"@(?=(?:here|channel|everyone)(?![a-z0-9_]))", re.IGNORECASE)

# Where zero-width characters are put: into sequences and what looks like one, links, images, beside emphasis.
_BROKEN = re.compile(
    rf"{NOTE.pattern}"
    r"|(?<=<) ?\u200b(?=[\w/!@#?])|(?<=&lt;)\u200b(?=[!@#])|(?<=@)\u200b(?=here|channel|everyone)"
    r"|(?<=!)\u200b(?=\[)|(?<=\])\u200b(?=[(:])|(?<=\[)\u200b|(?<=http)\u200b"
    r"|(?<=[*_~])[\u200b\u2060]+|(?<![\u200b\u2060])[\u200b\u2060]+(?=[*_~])",
    re.IGNORECASE,
)

APART = f" {BREAK}"  # in code: what is changed there has to be seen

_USER_ID = re.compile(r"[UW][A-Z0-9]+")


def neutralise(text: str) -> Safe:
    """`text` as it may be shown anywhere in Slack: no mention in it fires and no secret is readable.

    It reads the same: a zero-width space stands inside what would have been a control sequence, in code, too.
    Neutralising twice changes nothing more.
    """
    quiet = without_secrets(text)
    return Safe(undisguised(with_inserted(quiet, dict.fromkeys(notifying(quiet), BREAK))))


def without_secrets(text: str) -> str:
    """`text` without secrets, and without halves of characters, which a stream can leave."""
    return mask_secrets(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def notifying(text: str) -> Iterator[int]:
    """Yield the places at which a character has to stand so that `text` notifies nobody."""
    for pattern in (_CONTROL_SEQUENCE, _BARE_BROADCAST):
        yield from (found.end() for found in pattern.finditer(text))


def restored(text: str) -> str:
    """Return what was shown as it was written: without the zero-width characters that keep it quiet.

    Secrets stay masked. Before it is shown again, it has to be neutralised again.
    """
    return _BROKEN.sub("", text)


def naming(sentence: str, user_id: str) -> Safe:
    """`sentence` with the person `user_id` in its slot `{asker}`: the one mention that Duet itself makes."""
    if not _USER_ID.fullmatch(user_id):
        raise ValueError(f"not a Slack user id: {user_id!r}")
    return Safe(neutralise(sentence).format(asker=f"<@{user_id}>"))
