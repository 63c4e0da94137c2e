"""Messages that are written before the reader's eyes: chat.startStream, appendStream and stopStream.

https://docs.slack.dev/reference/methods/chat.startStream
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.playground.api_rules import (
    ApiError,
    Parameters,
    as_slack_shows,
    checked_metadata,
    where_bot_is,
    where_bot_may_post,
)
from bot.playground.message_blocks import content_of, markdown_of, streamed
from bot.playground.workspace import BOT_ID, BOT_USER, Conversation, Message, Workspace

# Whatever is appended meanwhile: https://github.com/slackapi/python-slack-sdk/issues/1859
_STREAM_SECONDS = 300.0


def chat_start_stream(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    if parameters.get("thread_ts") is None:
        raise ApiError("invalid_arguments")
    # Slack does not say what becomes of a stream whose thread is gone; no error of it is listed, so it is
    # taken to be what becomes of a post.
    conversation, thread_ts = where_bot_may_post(workspace, parameters)
    _check_recipient(workspace, conversation, parameters)
    text = markdown_of(parameters)
    content = streamed(text)
    message = workspace.put(
        Message(
            conversation.id,
            workspace.new_ts(now),
            BOT_USER,
            text,
            thread_ts,
            blocks=content.blocks,
            sent=content.sent,
            bot_id=BOT_ID,
            streams_until=now + _STREAM_SECONDS,
        )
    )
    if thread_ts:
        workspace.set_status(conversation.id, thread_ts, "")
    return {"channel": message.channel, "ts": message.ts}


def chat_append_stream(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    message = _streaming(workspace, parameters, now)
    if not (more := markdown_of(parameters)):
        raise ApiError("no_text")
    text = message.text + more
    content = streamed(text)
    workspace.put(replace(message, text=text, blocks=content.blocks, sent=content.sent))
    return {"channel": message.channel, "ts": message.ts}


def chat_stop_stream(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    message = _streaming(workspace, parameters, now)
    text = message.text + markdown_of(parameters)
    said, below = streamed(text), content_of(parameters, workspace.tables_per_message)
    changed = workspace.put(
        replace(
            message,
            text=text,
            blocks=[*said.blocks, *below.blocks],
            sent=[*said.sent, *below.sent],
            metadata=checked_metadata(parameters),
            streams_until=0.0,
        )
    )
    return {"channel": message.channel, "ts": message.ts, "message": as_slack_shows(changed)}


def _check_recipient(workspace: Workspace, conversation: Conversation, parameters: Parameters) -> None:
    """Outside direct messages Slack wants to know whom the words are for."""
    if conversation.kind == "im":
        return
    if not parameters.get("recipient_user_id"):
        raise ApiError("missing_recipient_user_id")
    if not parameters.get("recipient_team_id"):
        raise ApiError("missing_recipient_team_id")
    if str(parameters["recipient_user_id"]) not in workspace.users:
        raise ApiError("user_not_found")


def _streaming(workspace: Workspace, parameters: Parameters, now: float) -> Message:
    conversation = where_bot_is(workspace, parameters.get("channel"))
    message = workspace.messages.get((conversation.id, str(parameters.get("ts"))))
    if message is None or message.only_for:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError("message_not_owned_by_app")
    if not message.is_streaming(now):
        raise ApiError("message_not_in_streaming_state")
    return message
