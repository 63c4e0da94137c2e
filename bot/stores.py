"""The store that an address names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.sqlite_store import SqliteStore
from bot.core.errors import StoreError
from bot.core.journal import Allowance
from bot.settings import SettingsError

if TYPE_CHECKING:  # the package redis is an extra
    from bot.adapters.redis_store import RedisStore

_SQLITE = "sqlite:///"


def open_store(url: str, allowance: Allowance) -> SqliteStore | RedisStore:
    """The store at `url`, which is not touched yet. Raises SettingsError if there can be none."""
    if url.startswith(_SQLITE):
        return SqliteStore(url.removeprefix(_SQLITE), allowance)
    try:
        from bot.adapters.redis_store import RedisStore
    except ModuleNotFoundError as error:
        problem = f"STORE_URL needs the package {error.name}. Install it with: pip install -e '.[redis]'"
        raise SettingsError([problem]) from error
    try:
        return RedisStore(url, allowance)
    except StoreError as error:
        raise SettingsError([f"STORE_URL is wrong. {error}."]) from error
