"""`python -m bot doctor --channel C…`: what only a channel can tell, tried there and taken away again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

from slack_sdk import WebClient

from bot.adapters import slack_trial
from bot.adapters.slack_web import SlackWeb
from bot.core import trial
from bot.core.diagnosis import Finding, Status
from bot.core.errors import SlackError
from bot.core.message import Content, Kind, Outgoing
from bot.core.question import Place
from bot.core.slack_markdown import for_slack


class ChannelTrial:
    """Posts messages in `channel` that notify nobody by name, looks at them, and deletes them.

    Each check returns what it found; those after the first post are skipped without one.
    """

    def __init__(self, client: WebClient, slack: SlackWeb, channel: str) -> None:
        self._client, self._slack, self._channel = client, slack, channel
        self._key = f"doctor-{uuid4().hex}"
        self._posted: list[str] = []
        self._shown: slack_trial.Shown | None = None

    @property
    def checks(self) -> Mapping[str, Callable[[], Finding]]:
        """All checks by their names, in order."""
        return {
            "channel": self._see_channel,
            "post": self._post_sample,
            "read back": self._with_post(self._read_back),
            "blocks": self._with_post(self._look),
            "Korean bold": self._with_post(self._look_at_bold),
            "metadata": self._with_post(self._read_metadata),
            "edit": self._with_post(self._edit),
            "thread": self._with_post(self._reply),
            "two tables": self._with_post(lambda: self._try("two tables", trial.TWO_TABLES)),
            "51 headings": self._with_post(lambda: self._try("51 headings", trial.MANY_HEADINGS)),
            "private reply": self._whisper,
            "delete": self._delete,
        }

    def _with_post(self, check: Callable[[], Finding]) -> Callable[[], Finding]:
        def checked() -> Finding:
            if not self._posted:
                return Finding(Status.SKIPPED, "it needs the message that could not be posted")
            return check()

        return checked

    def _see_channel(self) -> Finding:
        if self._channel.startswith("D"):  # the bot has no scope to look those up, and needs none
            return Finding(Status.OK, "they are direct messages")
        try:
            found = slack_trial.channel(self._client, self._channel)
        except SlackError as error:
            return trial.refused(error, "conversations.info")
        if found.is_archived or not found.is_member:
            return trial.refused(
                SlackError("is_archived" if found.is_archived else "not_in_channel"), "chat.postMessage"
            )
        return Finding(Status.OK, f"the bot is in {found.name}")

    def _post_sample(self) -> Finding:
        try:
            self._post(trial.SAMPLE, "sample")
        except SlackError as error:
            return trial.refused(error, "chat.postMessage")
        return Finding(Status.OK, "a message with headings, a list, code and a table was taken")

    def _post(self, text: str, name: str, thread_ts: str | None = None) -> str:
        ts = self._slack.post(self._channel, thread_ts, self._message(text, name))
        self._posted.append(ts)
        return ts

    def _message(self, text: str, name: str) -> Outgoing:
        content = Content(for_slack(text))
        return Outgoing(Kind.NOTICE, content, f"{self._key}/{name}", is_end=True)

    def _read_back(self) -> Finding:
        try:
            standing = self._slack.replies(self._place, "", "").standing
        except SlackError as error:
            return trial.refused(error, "conversations.replies")
        found = next((each.body for each in standing.values() if each.ts == self._posted[0]), "")
        return trial.of_reading(trial.SAMPLE, found)

    @property
    def _place(self) -> Place:
        return Place(self._channel, self._posted[0])

    def _see(self, ts: str) -> slack_trial.Shown:
        return slack_trial.shown(self._client, self._channel, self._posted[0], ts)

    def _look(self) -> Finding:
        try:
            self._shown = self._see(self._posted[0])
        except SlackError as error:
            return trial.refused(error, "conversations.replies")
        return trial.of_types(self._shown.types)

    def _look_at_bold(self) -> Finding:
        if self._shown is None:
            return Finding(Status.SKIPPED, "it needs the message that could not be read")
        return trial.of_bold(self._shown.text, self._shown.bold)

    def _read_metadata(self) -> Finding:
        try:
            standing = self._slack.replies(self._place, "", "").standing
        except SlackError as error:
            return trial.refused(error, "conversations.replies")
        if f"{self._key}/sample" not in standing:
            fix = "Report it: after a restart the bot does not know its own messages again."
            return Finding(Status.WRONG, "the message's metadata did not come back", fix)
        return Finding(Status.OK, "the bot knows its message again by its metadata")

    def _edit(self) -> Finding:
        try:
            self._slack.edit(self._channel, self._posted[0], self._message(trial.CHANGED, "sample"))
            text = self._see(self._posted[0]).text
        except SlackError as error:
            return trial.refused(error, "chat.update")
        if "came with an edit" not in text:
            return Finding(Status.WRONG, "an edit was taken and is not to be seen", "Report it.")
        return Finding(Status.OK, "an edit is to be seen")

    def _reply(self) -> Finding:
        try:
            thread_ts = self._see(self._post(trial.REPLY, "reply", self._posted[0])).thread_ts
        except SlackError as error:
            return trial.refused(error, "chat.postMessage")
        if thread_ts != self._posted[0]:
            fix = "Allow replies in threads in this channel, or name another."
            return Finding(Status.WRONG, "a reply does not stand in the thread", fix)
        return Finding(Status.OK, "a reply stands in the thread")

    def _try(self, what: str, text: str) -> Finding:
        """Return whether Slack takes a message that may be beyond its limits."""
        try:
            self._post(text, what, self._posted[0])
        except SlackError as error:
            return trial.of_limit(what, error, "chat.postMessage")
        return trial.of_limit(what, None, "chat.postMessage")

    def _whisper(self) -> Finding:
        return Finding(
            Status.SKIPPED, "it needs a person who sees it: see the checklist of docs/operations.md"
        )

    def _delete(self) -> Finding:
        if not self._posted:
            return Finding(Status.SKIPPED, "nothing was posted")
        error = self.take_away()
        return trial.of_deletion(len(self._posted), error)

    def take_away(self) -> SlackError | None:
        """Delete all that was posted; the error that kept something from it."""
        try:
            while self._posted:  # replies first: a message with replies would leave a tombstone
                slack_trial.delete(self._client, self._channel, self._posted[-1])
                self._posted.pop()
        except SlackError as error:
            return error
        return None
