"""Values that go to Slack with a button or a modal, and come back: signed, so that nobody else can make one.

A client of Slack's tells which value was pressed. Reading the question in its thread instead would take a
call for each press, of which Slack lets 50 be made in a minute; and a modal has no thread. A signature needs
no call and no store, and holds in every process that has the same token.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from html import unescape

_BYTES = 16
LENGTH = 1 + (_BYTES * 8 + 5) // 6  # characters by which a value grows: a space, and base64


def key_of(token: str) -> bytes:
    """Return the key for signatures of whoever has the bot's `token`, which it does not tell of."""
    return hmac.digest(token.encode(), b"values of buttons and modals", "sha256")


def signed(value: str, purpose: str, scope: str, key: bytes) -> str:
    """Return `value` with its signature, which holds for one `purpose` in one `scope`.

    The scope is the channel of a message, or the only reader of a view.
    """
    return f"{value} {_signature(value, purpose, scope, key)}"


def verified(text: object, purpose: str, scope: str, key: bytes) -> str | None:
    """Return the value that was `signed` as `text`; None if it was not, or for something else."""
    value, _, signature = str(text).rpartition(" ")
    wanted = _signature(value, purpose, scope, key)
    return value if hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), wanted.encode()) else None


def _signature(value: str, purpose: str, scope: str, key: bytes) -> str:
    """A signature of all three, whether Slack escaped `value` or not."""
    parts = (part.encode("utf-8", "surrogatepass") for part in (purpose, scope, unescape(value)))
    digest = hmac.digest(key, b"\0".join(parts), "sha256")
    return urlsafe_b64encode(digest[:_BYTES]).decode().rstrip("=")
