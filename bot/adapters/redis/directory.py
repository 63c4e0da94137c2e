"""People and channels, in Redis or Valkey."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.adapters.redis.connection import RedisConnection, milliseconds
from bot.core.directory import KEEP_SECONDS, Found

_RECORDS_AT_ONCE = 500  # so that Redis does not keep others waiting

_FIND = """
local _, kind, id = unpack(ARGV)
local record = redis.call('GET', key('directory', kind, id))
return {record, redis.call('PTTL', key('directory', kind, id))}
"""

_KEEP = """
local _, kind, life = unpack(ARGV)
for number = 4, #ARGV, 2 do
  redis.call('SET', key('directory', kind, ARGV[number]), ARGV[number + 1], 'PX', life)
end
"""

_FORGET = """
for number = 3, #ARGV do
  redis.call('DEL', key('directory', ARGV[2], ARGV[number]))
end
"""

_LEASE = """
local _, name, owner, life = unpack(ARGV)
local lease = key('directory', 'lease', name)
if (redis.call('GET', lease) or owner) ~= owner then
  return 0
end
redis.call('SET', lease, owner, 'PX', life)
return 1
"""


class RedisDirectory:
    """Records of people and channels, by their kind and id, in the Redis of `connection`.

    Thread-safe. Every method raises StoreError, within a second or two, when Redis does not do as it is told.
    """

    def __init__(self, connection: RedisConnection) -> None:
        self._run = connection.run

    def find(self, kind: str, record_id: str) -> Found | None:
        """The record of an id, if there is one."""
        record, life = self._run(_FIND, kind, record_id)
        return None if record is None else Found(max(0.0, KEEP_SECONDS - life / 1000), record)

    def keep(self, kind: str, records: Mapping[str, str]) -> None:
        """Keep `records`, by their ids, as seen now; they go by themselves after KEEP_SECONDS."""
        items = list(records.items())
        for start in range(0, len(items), _RECORDS_AT_ONCE):
            chunk = [value for item in items[start : start + _RECORDS_AT_ONCE] for value in item]
            self._run(_KEEP, kind, milliseconds(KEEP_SECONDS), *chunk)

    def forget(self, kind: str, ids: Collection[str]) -> None:
        """Keep nothing of `ids`."""
        if ids:
            self._run(_FORGET, kind, *ids)

    def lease(self, name: str, owner: str, seconds: float) -> bool:
        """Let `owner` alone do what `name` says for `seconds`, or longer; False if another does."""
        return bool(self._run(_LEASE, name, owner, milliseconds(seconds)))
