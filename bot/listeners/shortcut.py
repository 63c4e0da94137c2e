"""Questions about a message, by the shortcut in its menu, which works in threads, too.

https://docs.slack.dev/interactivity/implementing-shortcuts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, BoltContext

from bot.core import message_text, mrkdwn, signature
from bot.core.frames import quote, unframed
from bot.core.lengths import MAX_METADATA_BYTES, cut, json_bytes
from bot.core.question import Place, Question, Recipient
from bot.core.secrets import mask_secrets
from bot.engine.asides import Asides
from bot.engine.reception import Reception
from bot.listeners.interaction import asking, user_team_in


def shortcut_listener(asides: Asides) -> Callable[..., None]:
    """Hears the shortcut, and opens a modal for the question."""

    def hear_shortcut(ack: Ack, body: Mapping[str, Any], context: BoltContext) -> None:
        message = body["message"]
        subject = message_text.words(message, context.bot_user_id or "")
        channel, thread_ts = str(body["channel"]["id"]), str(message.get("thread_ts") or message["ts"])
        response_url = str(body.get("response_url") or "")
        place = {
            "channel": channel,
            "thread_ts": thread_ts,
            "opens_thread": not message.get("thread_ts"),
            "response_url": response_url,
        }
        where = Place(channel, thread_ts if message.get("thread_ts") else "")
        recipient = Recipient(str(body["user"]["id"]), where, response_url)
        asides.ask_about(str(body["trigger_id"]), _carrying(place, subject), recipient)
        ack()

    return hear_shortcut


def _carrying(place: Mapping[str, Any], subject: str) -> str:
    """Return what the modal is to carry, as JSON: as much of the `subject` as there is room for.

    Secrets are masked before it is cut, since half of one is one still.
    """

    def carrying(quoted: str) -> str:
        return json.dumps({**place, "subject": quoted}, ensure_ascii=False)

    most = MAX_METADATA_BYTES - signature.LENGTH
    quoted = cut(mask_secrets(subject), lambda words: json_bytes(carrying(words)) <= most)
    return carrying(quoted)


def about_listener(reception: Reception) -> Callable[..., None]:
    """Hears the question that was put into the modal."""
    return asking(reception, question_in)


def question_in(body: Mapping[str, Any], team: str) -> Question:
    """The question, with the message that it is about; it is to be posted in that message's thread.

    A modal is sent once, so its `view.id` is what tells the question from others: a submission has no
    documented `trigger_id` (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload).
    """
    view = body["view"]
    carried = json.loads(view["private_metadata"])
    asked = mrkdwn.plain(str(view["state"]["values"]["about"]["about"].get("value") or ""), me="")
    return Question(
        team=team,
        channel=str(carried["channel"]),
        user=str(body["user"]["id"]),
        text=f"{unframed(asked)}\n\n{quote(str(carried['subject']))}".strip(),
        thread_ts=str(carried["thread_ts"]),
        trigger_id=str(view.get("id") or ""),
        response_url=str(carried["response_url"] or ""),
        opens_thread=bool(carried.get("opens_thread")),  # a modal that an older version opened has none
        user_team=user_team_in(body),
    )
