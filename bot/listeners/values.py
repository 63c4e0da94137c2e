"""Values of buttons and modals, each verified before any listener hears of it.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.core import signature
from bot.core.question import Place, Recipient
from bot.core.texts import texts_in
from bot.engine.asides import Asides

log = logging.getLogger(__name__)


def verifier(key: bytes, asides: Asides) -> Callable[..., BoltResponse]:
    """Return what Bolt calls first: it takes signatures off, and lets nothing pass that has none."""

    def verify(body: dict[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
        for holder, name, purpose in _values(body):
            value = signature.verified(holder.get(name), purpose, _scope(body), key)
            if value is None:
                _refuse(body, purpose, asides)
                return BoltResponse(status=200)
            holder[name] = value
        return next_()

    return verify


def _values(body: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each value that a payload brings back: what it stands in, its name there, and what it is for."""
    for action in body.get("actions") or ():
        yield action.get("selected_option") or action, "value", str(action["action_id"])
    if view := body.get("view"):
        yield view, "private_metadata", str(view.get("callback_id") or view["type"])


def _scope(body: Mapping[str, Any]) -> str:
    """Return the scope that the envelope names: the channel of a message, or the reader of a view."""
    return str((body["user"] if body.get("view") else body["channel"])["id"])


def _refuse(body: Mapping[str, Any], purpose: str, asides: Asides) -> None:
    """Tell who pressed what nobody signed, or whose signature is of an older token, to ask again."""
    log.warning("press.unsigned", extra={"payload": body.get("type"), "purpose": purpose})
    message = body.get("message")
    if message:
        place = Place(str(body["channel"]["id"]), str(message.get("thread_ts") or message["ts"]))
        presser = Recipient(str(body["user"]["id"]), place, str(body.get("response_url") or ""))
        texts = texts_in(asides.language_for(str(message.get("text") or "")))
        asides.tell(presser, texts.question_gone)
