"""The folder of `--keep`: the workspace as it was left, and the bot's store beside it.

workspace.json   messages, files without their bytes, and what differs of the conversations
files/           the bytes of each file, under its id; those of a thumbnail under id.thumbnail
bot.db           the bot's own store, which the bot writes
lock             held while a playground uses the folder
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.playground.errors import CannotStart
from bot.playground.message_blocks import stored
from bot.playground.workspace import Conversation, File, Message, Workspace

if TYPE_CHECKING:
    from bot.playground.slack import Slack

_VERSION = 1
_PAUSE = 0.5  # seconds in which changes are gathered: a growing answer changes its message all the time


class Keep:
    """One playground's folder, from `open` to `close`. `restore` and `save` are for the thread of `slack`."""

    def __init__(self, folder: Path) -> None:
        """Read what was kept; nothing is written yet. Raises CannotStart if it is damaged or in use."""
        self.folder = folder
        self._file, self._files = folder / "workspace.json", folder / "files"
        self._slack: Slack
        self._saving: asyncio.TimerHandle | None = None
        try:
            self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder / "lock")
            self._text = self._file.read_text() if self._file.exists() else ""
        except OSError as error:
            reason = error.strerror or error
            raise CannotStart(f"{folder} cannot be used ({reason}).\nChoose another with --keep.") from error
        self._check_store()
        self._read(self._text, Workspace())

    @property
    def store_url(self) -> str:
        """The STORE_URL of the bot."""
        return f"sqlite:///{self.folder.absolute() / 'bot.db'}"

    def restore(self, slack: Slack) -> None:
        """Let the workspace of `slack`, which listens already, be as it was; and keep it from now on.

        Files have addresses, which were those of the server that was.
        """
        self._slack = slack
        before = json.loads(self._text)["served_at"] if self._text else slack.base_url
        self._read(self._text.replace(before, slack.base_url), slack.workspace)
        slack.workspace.watchers.append(self._changed)

    def save(self) -> None:
        """Write it all, and let the old state stand until the new one is whole."""
        if self._saving:
            self._saving.cancel()
            self._saving = None
        workspace = self._slack.workspace
        try:
            for file_id, file in workspace.files.items():
                for path, data in ((file_id, file.data), (f"{file_id}.thumbnail", file.thumbnail)):
                    if data and not (self._files / path).exists():
                        _write(self._files / path, data)
            state = _state(workspace, self._slack.base_url)
            _write(self._file, json.dumps(state, ensure_ascii=False).encode())
        except OSError as error:
            sys.stderr.write(f"What was said cannot be kept in {self.folder}: {error.strerror or error}.\n")

    def close(self) -> None:
        """Let others use the folder."""
        self._lock.close()

    def _changed(self, _message: Message, _is_gone: bool) -> None:
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(_PAUSE, self.save)

    def _check_store(self) -> None:
        store = self.folder / "bot.db"
        if not store.exists():
            return
        try:
            with closing(sqlite3.connect(store)) as database:
                database.execute("PRAGMA schema_version")
        except sqlite3.DatabaseError as error:
            raise self._damaged(store, error) from error

    def _read(self, text: str, workspace: Workspace) -> None:
        """Put what `text` tells into `workspace`."""
        try:
            if text:
                _fill(workspace, json.loads(text), self._files)
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            raise self._damaged(self._file, error) from error

    def _damaged(self, path: Path, error: Exception) -> CannotStart:
        return CannotStart(
            f"{path} cannot be read: it is damaged, or of another version ({error}).\n"
            f"Nothing was changed. Move it away, or choose another folder with --keep."
        )


def _state(workspace: Workspace, base_url: str) -> dict[str, Any]:
    usual = Workspace().conversations
    changed = [one for one in workspace.conversations.values() if one != usual.get(one.id)]
    return {
        "version": _VERSION,
        "served_at": base_url,
        "conversations": [vars(one) | {"members": sorted(one.members)} for one in changed],
        "files": [{"shown": file.shown, "is_deleted": file.is_deleted} for file in workspace.files.values()],
        "messages": [vars(message) for message in workspace.messages.values()],
    }


def _fill(workspace: Workspace, state: dict[str, Any], files: Path) -> None:
    if state["version"] != _VERSION:
        raise ValueError(f"it is of version {state['version']}")
    for kept in state["conversations"]:
        conversation = Conversation(**kept | {"members": frozenset(kept["members"])})
        workspace.conversations[conversation.id] = conversation
    for kept in state["files"]:
        shown, path = kept["shown"], files / kept["shown"]["id"]
        thumbnail = path.with_name(f"{path.name}.thumbnail")
        workspace.files[shown["id"]] = File(
            shown,
            path.read_bytes() if shown["size"] else b"",
            thumbnail.read_bytes() if thumbnail.exists() else b"",
            kept["is_deleted"],
        )
    for kept in state["messages"]:
        kept["attachments"] = tuple(kept.get("attachments", ()))
        message = _translated(Message(**kept))
        if message.user not in {*workspace.users, ""} or message.channel not in workspace.conversations:
            raise ValueError(f"nobody knows {message.user} or {message.channel}")
        workspace.put(message)
        workspace.new_ts(float(message.ts))  # what is said next comes after it


def _translated(message: Message) -> Message:
    """A message as Slack keeps it: one that was kept before Markdown was translated has its Markdown yet."""
    if not any(block["type"] == "markdown" for block in message.blocks):
        return message
    return replace(message, blocks=stored(message.blocks), sent=message.blocks)


def _write(path: Path, data: bytes) -> None:
    """Let `path` hold `data`: all of it, or what it held before."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _locked(path: Path) -> sqlite3.Connection:
    """A lock that goes with the process, however that ends. SQLite has one for every platform."""
    try:
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise CannotStart(
            f"{path.parent} is in use by another playground ({error}).\nChoose another with --keep."
        ) from error
    return lock
