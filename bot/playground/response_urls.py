"""Response URLs, by which an app answers what somebody did.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.playground.api_rules import ApiError
from bot.playground.message_blocks import Content, content_of
from bot.playground.workspace import BOT_ID, BOT_USER, Message, Workspace

_MAX_POSTS = 5
_SECONDS = 30 * 60.0


@dataclass(frozen=True)
class _Url:
    """A response URL of what `user` did, good until `end` (Unix seconds).

    `message_ts` is the message whose button was pressed. A slash command and a shortcut have none that could
    be replaced: https://github.com/slackapi/bolt-js/issues/2287.
    """

    user: str
    channel: str
    message_ts: str
    end: float
    posts: int = 0


class ResponseUrls:
    """Gives them out, and puts what is posted to them into `workspace`.

    `changed` is told of each message that came, changed or went for everybody: what it was before (None: it
    is new), its channel and its ts.
    """

    def __init__(
        self,
        workspace: Workspace,
        clock: Callable[[], float],
        changed: Callable[[Message | None, tuple[str, str]], None],
    ) -> None:
        self._workspace, self._clock, self._changed = workspace, clock, changed
        self._urls: dict[str, _Url] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where they lead."""
        return [web.post("/commands/{key}", self._respond), web.post("/actions/{key}", self._respond)]

    def new(self, base_url: str, kind: str, user: str, channel: str, message_ts: str = "") -> str:
        """A response URL of a `kind`, "commands" or "actions", for what `user` did in `channel`."""
        key = uuid4().hex
        self._urls[key] = _Url(user, channel, message_ts, self._clock() + _SECONDS)
        return f"{base_url}/{kind}/{key}"

    async def _respond(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        url = self._urls.get(key)
        if url is None or url.posts >= _MAX_POSTS:
            return web.Response(status=404, text="used_url")
        if self._clock() >= url.end:
            return web.Response(status=404, text="expired_url")
        try:
            self._do(url, await request.json())
        except ApiError as error:
            return web.json_response({"ok": False, "error": error.code, **error.details}, status=400)
        self._urls[key] = replace(url, posts=url.posts + 1)
        return web.Response(text="ok")

    def _do(self, url: _Url, body: Mapping[str, Any]) -> None:
        """Replace the message of a press unless `replace_original` is false, also where the `response_type`
        is "ephemeral"; what is no press posts. Raises ApiError.

        https://github.com/howdyai/botkit/issues/1408, https://github.com/slack-go/slack/pull/428 and
        https://github.com/Netflix/dispatch/pull/2865
        """
        original = self._workspace.messages.get((url.channel, url.message_ts))
        if original and body.get("delete_original"):
            self._workspace.delete(original)
            self._changed(original, (url.channel, url.message_ts))
            return
        text = str(body.get("text") or "")
        content = content_of(body, self._workspace.tables_per_message)
        if not text and not content.blocks:
            raise ApiError("no_text")
        if original and body.get("replace_original") is not False:
            changed = replace(original, text=text, edited=not content.blocks)
            self._workspace.put(replace(changed, blocks=content.blocks, sent=content.sent))
            self._changed(original, (url.channel, url.message_ts))
            return
        self._post(url, text, content, body)

    def _post(self, url: _Url, text: str, content: Content, body: Mapping[str, Any]) -> None:
        """Post for `url.user` alone, or for everybody where the `response_type` is "in_channel".

        Only what everybody sees goes into a thread, by its `thread_ts`. For one person it appears in the
        channel, wherever the message stands: https://github.com/slackapi/bolt-js/issues/963.
        """
        is_public = body.get("response_type") == "in_channel"
        thread_ts = str(body["thread_ts"]) if is_public and body.get("thread_ts") else None
        ts = self._workspace.new_ts(self._clock())
        only_for = "" if is_public else url.user
        message = Message(url.channel, ts, BOT_USER, text, thread_ts, only_for=only_for, bot_id=BOT_ID)
        self._workspace.put(replace(message, blocks=content.blocks, sent=content.sent))
        if is_public:
            self._changed(None, (url.channel, ts))
