"""The store that an address names."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.sqlite.database import SqliteDatabase
from bot.adapters.sqlite.directory import SqliteDirectory
from bot.adapters.sqlite.journal import SqliteJournal
from bot.adapters.sqlite.ledger import SqliteLedger
from bot.core.errors import StoreError
from bot.core.journal import Allowance
from bot.settings import SettingsError

if TYPE_CHECKING:  # the package redis is an extra
    from bot.adapters.redis.directory import RedisDirectory
    from bot.adapters.redis.journal import RedisJournal
    from bot.adapters.redis.ledger import RedisLedger

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Stores:
    """The parts of what all processes remember together, in one place."""

    journal: SqliteJournal | RedisJournal
    ledger: SqliteLedger | RedisLedger
    directory: SqliteDirectory | RedisDirectory


def open_store(url: str, allowance: Allowance) -> Stores:
    """The store at `url`, which is not touched yet. Raises SettingsError if there can be none."""
    if url.startswith(_SQLITE):
        database = SqliteDatabase(url.removeprefix(_SQLITE), steady=time.monotonic)
        return Stores(SqliteJournal(database, allowance), SqliteLedger(database), SqliteDirectory(database))
    try:
        from bot.adapters.redis.connection import RedisConnection
        from bot.adapters.redis.directory import RedisDirectory
        from bot.adapters.redis.journal import RedisJournal
        from bot.adapters.redis.ledger import RedisLedger
    except ModuleNotFoundError as error:
        problem = f"STORE_URL needs the package {error.name}. Install it with: pip install -e '.[redis]'"
        raise SettingsError([problem]) from error
    try:
        connection = RedisConnection(url)
    except StoreError as error:
        raise SettingsError([f"STORE_URL is wrong. {error}."]) from error
    return Stores(RedisJournal(connection, allowance), RedisLedger(connection), RedisDirectory(connection))
