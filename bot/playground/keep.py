"""The folder of `--keep`: the workspace as it was left, and the bot's store beside it.

workspace.json   messages, files without their bytes, and what differs of the conversations
files/           the bytes of each file, under its id; what Slack made of it under id.thumbnail and id.pdf
bot.db           the bot's own store, which the bot writes
lock             held while a playground uses the folder

A folder may come from somebody else: nothing in it leads out of it. It and its files are its owner's alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.playground.errors import CannotStart
from bot.playground.kept_values import parsed, value_of
from bot.playground.message_blocks import stored
from bot.playground.workspace import Conversation, File, Message, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.playground.slack import Slack

_VERSION = 1
_OWN = re.compile(r"(workspace\.json|bot\.db|lock)([.-].*)?|files")
_MAX_STATE_BYTES = 100_000_000
_MAX_BYTES = 1_000_000_000  # of all files together, which are held in memory
_FILE_ID = re.compile(r"[A-Z0-9]{1,40}")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")
_ADDRESSES = ("url_", "thumb_", "converted_")  # what the names of a file object's addresses begin with
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
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.mkdir(mode=0o700, exist_ok=True)
            _make_private(folder, [path for path in folder.iterdir() if _OWN.fullmatch(path.name)])
            _make_private(self._files, list(self._files.iterdir()))
            self._lock = _locked(folder / "lock")
            self._text = self._file.read_text("utf-8") if self._file.exists() else ""
        except UnicodeDecodeError as error:
            raise self._damaged(self._file, error) from error
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
        before = parsed(self._text)["served_at"] if self._text else slack.base_url
        first, *others = self._text.split(before)
        moved = first + "".join((before if each[:1].isdigit() else slack.base_url) + each for each in others)
        self._read(moved, slack.workspace)
        slack.workspace.watchers.append(self._changed)

    def save(self) -> None:
        """Write it all, and let the old state stand until the new one is whole."""
        if self._saving:
            self._saving.cancel()
            self._saving = None
        workspace = self._slack.workspace
        try:
            for file_id, file in workspace.files.items():
                made = {"": file.data, ".thumbnail": file.thumbnail, ".pdf": file.pdf}
                for path, data in ((f"{file_id}{ending}", data) for ending, data in made.items()):
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
                _fill(workspace, parsed(text), self._files)
        except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
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
    if not _ADDRESS.fullmatch(served_at := state["served_at"]):
        raise ValueError(f"it was served at {served_at}")
    for kept in state["conversations"]:
        conversation = value_of(Conversation, kept | {"members": frozenset(kept["members"])})
        workspace.conversations[conversation.id] = conversation
    for kept in state["files"]:
        file = _file_of(kept, files)
        _check_file_object(file.shown, served_at)
        workspace.files[file.shown["id"]] = file
    for kept in state["messages"]:
        message = _translated(value_of(Message, kept | {"attachments": tuple(kept.get("attachments", ()))}))
        if message.user not in {*workspace.users, ""} or message.channel not in workspace.conversations:
            raise ValueError(f"nobody knows {message.user} or {message.channel}")
        for shown in message.files:
            _check_file_object(shown, served_at)
        workspace.put(message)
        workspace.new_ts(float(message.ts))  # what is said next comes after it


def _file_of(kept: dict[str, Any], files: Path) -> File:
    shown = kept["shown"]
    if not _FILE_ID.fullmatch(shown["id"]):
        raise ValueError(f"a file is called {shown['id']!r}")
    data = (files / shown["id"]).read_bytes() if shown["size"] else b""
    made = {name: files / f"{shown['id']}.{name}" for name in ("thumbnail", "pdf")}
    read = {name: path.read_bytes() if path.exists() else b"" for name, path in made.items()}
    return value_of(File, {"shown": shown, "data": data, "is_deleted": kept["is_deleted"], **read})


def _check_file_object(shown: Mapping[str, Any], served_at: str) -> None:
    """Raise ValueError if it leads elsewhere than to the server that kept it: the bot would go there."""
    addresses = (value for name, value in shown.items() if name.startswith(_ADDRESSES))
    if not all(each.startswith(f"{served_at}/") for each in addresses if isinstance(each, str)):
        raise ValueError(f"the file {shown['id']} is elsewhere")


def _translated(message: Message) -> Message:
    """A message as Slack keeps it: one that was kept before Markdown was translated has its Markdown yet."""
    if not any(block["type"] == "markdown" for block in message.blocks):
        return message
    return replace(message, blocks=stored(message.blocks), sent=message.blocks)


def _write(path: Path, data: bytes) -> None:
    """Let `path` hold `data`: all of it, or what it held before."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(new, "xb", opener=partial(os.open, mode=0o600)) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _make_private(folder: Path, own: Sequence[Path]) -> None:
    """Let `folder` and what is `own` in it be the owner's alone. Raises OSError for what leads out of it.

    That is a link, and the store's rollback journal, which can name another file for SQLite to delete
    (https://www.sqlite.org/fileformat2.html#the_rollback_journal). The folder stays as it is where others'
    files are in it, too.
    """
    total = 0
    for path in own:
        found = path.lstat()
        is_file = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and path.name != "bot.db-journal"
        if not is_file and not (stat.S_ISDIR(found.st_mode) and path.name == "files"):
            raise OSError(f"{path.name} is no file of a playground's")
        total += found.st_size
        if total > (_MAX_STATE_BYTES if path.name == "workspace.json" else _MAX_BYTES):
            raise OSError(f"{path.name} is too large")
        if is_file and found.st_mode & 0o077:
            path.chmod(0o600)
    if len(own) == len(list(folder.iterdir())):
        folder.chmod(0o700)


def _locked(path: Path) -> sqlite3.Connection:
    """A lock that goes with the process, however that ends. SQLite has one for every platform."""
    path.touch(mode=0o600)
    if path.stat().st_size:
        raise OSError(f"{path.name} is no lock")
    try:
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise CannotStart(
            f"{path.parent} is in use by another playground ({error}).\nChoose another with --keep."
        ) from error
    return lock
