"""The Redis or Valkey that processes of many machines share."""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.core.errors import NewerStore, StoreError

_PATIENCE_SECONDS = 1.0

# Each script is run as one step. Times are milliseconds of the server's clock. Scripts
# make the names of keys, with ARGV[1] before them, which only a Redis Cluster would not take. A version that
# lays them out as this one cannot read them is to write the key `schema`, so that this one keeps away.
_START = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function key(...)
  return ARGV[1] .. table.concat({...}, ':')
end
if redis.call('EXISTS', key('schema')) == 1 then
  return redis.error_reply('NEWER than this version of Duet')
end
"""


class RedisConnection:
    """The Redis at `url`, in which all our keys begin with `prefix`. Thread-safe.

    The constructor raises StoreError for a `url` that is none.
    """

    def __init__(self, url: str, prefix: str = "duet:") -> None:
        self._prefix = prefix
        try:
            self._redis = Redis.from_url(
                url,
                protocol=2,  # with 3, a missing password is reported as a misuse of HELLO
                decode_responses=True,
                encoding_errors="replace",  # one spoilt text must not keep the others from being read
                socket_timeout=_PATIENCE_SECONDS,
                socket_connect_timeout=_PATIENCE_SECONDS,
                retry=Retry(NoBackoff(), 0),  # a call whose answer was lost may have been counted
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # complains of options that it does not know
        except (TypeError, ValueError):
            # Not with the cause, which may quote a part of the password.
            raise StoreError("The address is not like redis://user:password@host:6379/0") from None

    def run(self, script: str, *values: str | float) -> Any:
        """What `script` returns, which finds `values` in ARGV from 2 on. Raises StoreError."""
        try:
            return self._redis.register_script(_START + script)(args=(self._prefix, *values))
        except (RedisError, OSError) as error:
            if str(error).startswith("NEWER"):
                raise NewerStore from error
            raise StoreError(f"Redis: {error}") from error


def milliseconds(seconds: float) -> int:
    """`seconds` as Redis takes them for the life of a key, which is at least one millisecond."""
    return max(1, int(seconds * 1000))
