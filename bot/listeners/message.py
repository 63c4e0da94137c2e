"""Questions that are messages: mentions in channels, and direct messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from slack_bolt import BoltContext

from bot.core import message_text, mrkdwn
from bot.core.bots import SLACKBOT, bot_in, ids_in
from bot.core.question import Question
from bot.engine.reception import Reception
from bot.listeners.interaction import installed_in

# Other subtypes are edits, deletions and notes of Slack's own ("joined the channel"):
# https://docs.slack.dev/reference/events/message#subtypes
_CHANGES = {"message_changed", "message_deleted"}
_ASKING_SUBTYPES = {None, "file_share", "thread_broadcast"}


def mention_listener(reception: Reception, allow_bots: Collection[str] = ()) -> Callable[..., None]:
    """Hears `app_mention`. Of what bots say, it hears those that `allow_bots` names."""

    def hear_mention(event: Mapping[str, Any], body: Mapping[str, Any], context: BoltContext) -> None:
        question = question_in(event, body, context, allow_bots)
        # A mention that is edited, or edited in, comes as one again, under an event id of its own:
        # https://github.com/slack-go/slack/pull/1256
        if question and "edited" in event:
            reception.amend(question)
        elif question:
            reception.ask(question, str(body.get("event_id") or ""))

    return hear_mention


def message_listener(
    reception: Reception,
    *,
    follow_threads: bool,
    allow_bots: Collection[str] = (),
) -> Callable[..., None]:
    """Hears `message`: direct messages ask, and with `follow_threads` also what people go on with in a thread
    of the bot's, addressed to nobody. What mentions the bot comes as `app_mention`, too, and asks there.
    """

    def hear_message(event: Mapping[str, Any], body: Mapping[str, Any], context: BoltContext) -> None:
        if event.get("subtype") in _CHANGES:
            _hear_change(event, body, context, allow_bots, reception)
            return
        question = question_in(event, body, context, allow_bots)
        event_id = str(body.get("event_id") or "")
        if "edited" in event:
            return
        if question and event.get("channel_type") == "im":
            reception.ask(question, event_id)
        elif follow_threads and question and _goes_on(question, event):
            reception.follow(question, event_id)

    return hear_message


def _hear_change(
    event: Mapping[str, Any],
    body: Mapping[str, Any],
    context: BoltContext,
    allow_bots: Collection[str],
    reception: Reception,
) -> None:
    """Somebody deleted or changed a message, which may be a question that is being answered.

    https://docs.slack.dev/reference/events/message/message_changed
    """
    channel = str(event.get("channel") or "")
    message = event.get("message") or {}
    has_left_replies = message.get("subtype") == "tombstone"
    if event["subtype"] == "message_deleted" or has_left_replies:
        ts = event.get("deleted_ts") or message.get("ts")
        reception.withdraw(installed_in(context), f"{channel}/{ts}")
        return
    me, before = context.bot_user_id or "", event.get("previous_message") or {}
    question = question_in({**message, "channel": channel}, body, context, allow_bots)
    words, words_before = (message_text.own_words(each, me) for each in (message, before))
    # What a model reads is the same where Slack only unfurled a link, or somebody formatted a word.
    if question is None or mrkdwn.unformatted(words) == mrkdwn.unformatted(words_before):
        return
    if event.get("channel_type") == "im":
        reception.amend(question)
    else:  # a mention comes as app_mention, too
        reception.restart(question)


def _goes_on(question: Question, event: Mapping[str, Any]) -> bool:
    """Return whether a person goes on in a thread and addresses nobody. A bot has to mention whom it asks."""
    is_addressed = mrkdwn.addresses(str(event.get("text") or ""))
    return question.stands_in_thread and not question.bot and not is_addressed


def question_in(
    event: Mapping[str, Any], body: Mapping[str, Any], context: BoltContext, allow_bots: Collection[str] = ()
) -> Question | None:
    """The question that a message event asks; None where nobody asks.

    Apps ask where `allow_bots` has the id of the bot, its app or its user, also in a person's name. Slackbot
    never asks, nor the bot itself.
    """
    me, bot, ids = context.bot_user_id or "", bot_in(event), ids_in(event)
    if not ids or ids & {SLACKBOT, me, context.bot_id, body.get("api_app_id")}:
        return None
    if bot and ids.isdisjoint(allow_bots):
        return None
    if event.get("subtype") not in _ASKING_SUBTYPES | ({"bot_message"} if bot else set()):
        return None
    user = str(event.get("user") or event.get("bot_id") or "")
    if not user:
        return None
    thread_ts, is_external = event.get("thread_ts"), body.get("is_ext_shared_channel")
    return Question(
        team=installed_in(context),
        channel=str(event["channel"]),
        user=user,
        text=message_text.words(event, me),
        ts=str(event["ts"]),
        thread_ts=str(thread_ts) if thread_ts else None,
        files=message_text.files_of(event),
        is_external_room=is_external if isinstance(is_external, bool) else None,
        user_team=str(event.get("user_team") or event.get("team") or body.get("team_id") or ""),
        bot=bot,
    )
