"""The Slack Web API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.adapters.slack_errors import translated
from bot.adapters.slack_messages import (
    as_modal,
    as_view,
    finished,
    is_same,
    remark,
    rendered,
    signed,
    standing,
)
from bot.core import signature
from bot.core.access import Room
from bot.core.bots import is_own
from bot.core.conversation import Remark, Replies
from bot.core.directory import Page
from bot.core.errors import SlackError, ThreadGone
from bot.core.home import Home
from bot.core.message import Form, Outgoing
from bot.core.person import Person
from bot.core.question import Place
from bot.core.rich_line import integer, string
from bot.core.safety import Safe

_SLACK_DOMAINS = (".slack.com", ".slack-gov.com")
_PAGE = 200
_PAGE_OF_LISTS = 999
_DAY = 86_400


class SlackWeb:
    """Slack as the engine needs it, through `client`, for the bot user `me`. Raises SlackError.

    `team` is the workspace that the bot is installed in, `organisation` the Enterprise Grid organisation that
    it belongs to, None for none. `my_bot` is the id of the bot that belongs to the user `me`.
    """

    def __init__(
        self, client: WebClient, me: str, team: str, organisation: str | None = None, my_bot: str = ""
    ) -> None:
        self._client = client
        self.key = signature.key_of(client.token or "")  # of what people press
        self._me, self._my_bot, self._team, self._organisation = me, my_bot, team, organisation

    def post(self, channel: str, thread_ts: str | None, message: Outgoing) -> str:
        """Post a message and return its ts. Nothing in it unfurls."""
        with _translated():
            response = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                unfurl_links=False,
                unfurl_media=False,
                **signed(rendered(message), channel, self.key),
            )
        # Slack un-threads a reply whose thread is gone, and only this tells so:
        # https://github.com/slack-go/slack/issues/1571
        if thread_ts and "thread_ts" not in (response.get("message") or {"thread_ts": thread_ts}):
            raise ThreadGone(stray=str(response["ts"]))
        return str(response["ts"])

    def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot's away."""
        with _translated():
            self._client.chat_delete(channel=channel, ts=ts)

    def strays(self, channel: str, question_key: str) -> list[str]:
        """The ts of what stands newly at top level in a channel of the answer to a question."""
        found = (standing(message, self._me, self._my_bot) for message in self._newest(channel))
        return [own.ts for each in found for key, own in each if key.startswith(f"{question_key}/")]

    def edit(self, channel: str, ts: str, message: Outgoing) -> None:
        """Let the message `ts` become `message`; if Slack still streams it, that ends."""
        # Blocks that an edit did not name were seen to stay: https://github.com/slack-go/slack/issues/1214
        content = {"blocks": [], **signed(rendered(message), channel, self.key)}
        try:
            with _translated():
                self._client.chat_update(channel=channel, ts=ts, **content)
        except SlackError as error:
            if error.code != "streaming_state_conflict":
                raise
            with _translated():
                self._client.chat_stopStream(channel=channel, ts=ts)
                self._client.chat_update(channel=channel, ts=ts, **content)

    def start_stream(self, place: Place, text: Safe, user: str, team: str) -> str:
        """Begin a message that Slack streams, for `user` of `team`, and return its ts."""
        with _translated():
            response = self._client.chat_startStream(
                channel=place.channel,
                thread_ts=place.thread_ts,
                markdown_text=text or None,  # without any, Slack waits for what is appended
                recipient_user_id=user,
                recipient_team_id=team,
            )
        return str(response["ts"])

    def append(self, channel: str, ts: str, more: Safe) -> None:
        """Add to what the stream of the message `ts` says."""
        with _translated():
            self._client.chat_appendStream(channel=channel, ts=ts, markdown_text=more)

    def stop_stream(self, channel: str, ts: str, more: Safe, message: Outgoing | None) -> None:
        """Let the stream of the message `ts` end with `more`, and with what stands under `message`.

        Without a `message`, which is then yet to come, it only ends.
        """
        under = signed(finished(message), channel, self.key) if message else {}
        with _translated():
            self._client.chat_stopStream(channel=channel, ts=ts, markdown_text=more or None, **under)

    def replies(self, place: Place, since: str, cursor: str) -> Replies:
        """A page of a thread from the message `since` on ("": all); the first message comes with each."""
        with _translated():
            page = self._client.conversations_replies(
                channel=place.channel,
                ts=place.thread_ts,
                oldest=since or None,
                inclusive=True,
                limit=_PAGE,
                cursor=cursor or None,
                include_all_metadata=True,
            )
        messages = page["messages"]
        return Replies(
            tuple(found for message in messages if (found := remark(message, self._me, self._my_bot))),
            {key: own for message in messages for key, own in standing(message, self._me, self._my_bot)},
            _next_cursor(page),
        )

    def between(self, channel: str, first: str, last: str) -> tuple[Remark, ...]:
        """Return what was said at top level in a channel from the message `first` to `last`."""
        with _translated():
            answer = self._client.conversations_history(
                channel=channel, oldest=first, latest=last, inclusive=True, limit=_PAGE
            )
        return tuple(
            found for message in answer["messages"] if (found := remark(message, self._me, self._my_bot))
        )

    def person(self, user: str) -> Person:
        """A user, by the display name, or the real name where none is set."""
        with _translated():
            return self._person(self._client.users_info(user=user, include_locale=True)["user"])

    def people(self, cursor: str) -> Page[Person]:
        """A page of the people of the workspace; those whose account is deactivated are gone.

        The team is ignored, but for a token of an organisation: https://docs.slack.dev/reference/methods/users.list
        """
        with _translated():
            page = self._client.users_list(
                limit=_PAGE_OF_LISTS,
                cursor=cursor or None,
                include_locale=True,
                team_id=self._team if self._organisation else None,
            )
        people = dict(self.person_in(user) for user in page["members"])
        found = {user: person for user, person in people.items() if person}
        return Page(found, frozenset(people.keys() - found.keys()), _next_cursor(page))

    def person_in(self, user: Mapping[str, Any]) -> tuple[str, Person | None]:
        """The id of a user object, and what it tells; None of a deactivated account.

        https://docs.slack.dev/reference/objects/user-object
        """
        return str(user["id"]), None if user.get("deleted") else self._person(user)

    def _person(self, user: Mapping[str, Any]) -> Person:
        profile = user.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or user.get("name") or ""
        return Person(
            str(name),
            str(user.get("locale") or ""),
            bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            self._is_external(user),
            bool(user.get("is_bot")),
            string(user.get("tz")),
            offset if abs(offset := integer(user.get("tz_offset"))) < _DAY and user.get("tz") else None,
        )

    def _is_external(self, user: Mapping[str, Any]) -> bool:
        """Whether a user belongs to another company: to another workspace, and not to one of the same
        organisation. https://docs.slack.dev/reference/objects/user-object
        """
        organisation = (user.get("enterprise_user") or {}).get("enterprise_id") or user.get("enterprise_id")
        is_of_ours = organisation is not None and organisation == self._organisation
        return bool(user.get("is_stranger")) or (user.get("team_id") != self._team and not is_of_ours)

    def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        with _translated():
            return str(self._client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])

    def publish_home(self, user: str, page: Home) -> None:
        """Let `page` be what `user` sees in the Home."""
        with _translated():
            self._client.views_publish(user_id=user, view=signed(as_view(page), user, self.key))

    def room(self, channel: str) -> Room:
        """What Slack tells of a conversation; of one that the bot cannot see, that it is closed."""
        try:
            with _translated():
                found = self._client.conversations_info(channel=channel)["channel"]
        except SlackError as error:
            if error.code != "channel_not_found":
                raise
            return Room()
        return _room(found)

    def rooms(self, cursor: str) -> Page[Room]:
        """A page of the channels that the bot is in, open and private, by their ids."""
        with _translated():
            page = self._client.users_conversations(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_PAGE_OF_LISTS,
                cursor=cursor or None,
                team_id=self._team if self._organisation else None,
            )
        return Page({str(each["id"]): _room(each) for each in page["channels"]}, cursor=_next_cursor(page))

    def whisper(self, place: Place, user: str, text: Safe) -> None:
        """Say `text` in a thread to nobody but `user`."""
        with _translated():
            self._client.chat_postEphemeral(
                channel=place.channel, user=user, thread_ts=place.thread_ts or None, text=text
            )

    def find(self, channel: str, thread_ts: str | None, message: Outgoing) -> str | None:
        """The ts of `message`, if it was posted in a thread, or newly in a channel.

        One that Slack streams has no metadata yet, and is known by its words.
        """
        with _translated():
            messages = self._thread(channel, thread_ts) if thread_ts else self._newest(channel)
        own = (each for each in messages if is_own(each, self._me, self._my_bot))
        return next((str(each["ts"]) for each in own if is_same(message, each)), None)

    def _newest(self, channel: str) -> list[dict[str, Any]]:
        with _translated():
            answer = self._client.conversations_history(channel=channel, limit=50, include_all_metadata=True)
        return list(answer["messages"])

    def _thread(self, channel: str, thread_ts: str) -> list[dict[str, Any]]:
        answer = self._client.conversations_replies(
            channel=channel, ts=thread_ts, limit=_PAGE, include_all_metadata=True
        )
        return [message for page in answer for message in page["messages"]]

    def direct_message(self, user: str) -> str:
        """The channel id of the bot's direct messages with `user`."""
        with _translated():
            return str(self._client.conversations_open(users=user)["channel"]["id"])

    def set_status(self, place: Place, status: str) -> None:
        """Show "… is thinking" in a thread until the bot posts there, where Slack offers that."""
        with _translated():
            self._client.assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread_ts, status=status
            )

    def open_form(self, trigger_id: str, user: str, form: Form) -> None:
        """Open a small modal with one field for `user`, who caused the trigger."""
        with _translated():
            self._client.views_open(trigger_id=trigger_id, view=signed(as_modal(form), user, self.key))

    def tell_privately(self, response_url: str, text: Safe) -> None:
        """Say `text` to nobody but the one whom `response_url` belongs to, somewhere in that channel.

        Without `replace_original`, it would replace the message whose button was pressed, for everybody:
        https://docs.slack.dev/interactivity/handling-user-interaction
        """
        own = urlsplit(self._client.base_url)
        url = urlsplit(response_url)
        if (url.scheme, url.netloc) != (own.scheme, own.netloc) and not (
            url.scheme == "https" and (url.hostname or "").endswith(_SLACK_DOMAINS)
        ):
            raise SlackError("foreign_response_url", url.netloc)
        with _translated():
            response = WebhookClient(
                response_url,
                timeout=self._client.timeout,
                ssl=self._client.ssl,
                proxy=self._client.proxy,
                retry_handlers=[],
            ).send(text=text, response_type="ephemeral", replace_original=False)
        if response.status_code != 200:
            raise SlackError("response_url_refused", f"HTTP {response.status_code}")


def _next_cursor(page: SlackResponse) -> str:
    """https://docs.slack.dev/apis/web-api/pagination"""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")


def _room(found: Mapping[str, Any]) -> Room:
    """https://docs.slack.dev/reference/objects/conversation-object"""
    is_open = bool(found.get("is_channel")) and not found.get("is_private")
    return Room(is_open, bool(found.get("is_ext_shared")), string(found.get("name")))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (SlackApiError, OSError, HTTPException) as error:
        raise translated(error) from error
