"""The Redis or Valkey that processes of many machines share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from redis import Redis
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.core.errors import NewerStore, StoreError

log = logging.getLogger(__name__)

_TIMEOUT = 1.0
_MAX_CONNECTIONS = 16  # small plans take 20 in all: https://elements.heroku.com/addons/heroku-redis
# Firewalls and load balancers forget idle connections without a word, the strictest after a minute or so.
_MAX_IDLE_SECONDS = 50.0

# Another connection can help: this one was lost, or leads to what was the primary before a failover.
_LOST = (errors.ConnectionError, errors.TimeoutError, errors.ReadOnlyError)
_NOT_LOST = (errors.AuthenticationError, errors.BusyLoadingError)  # of the same family

# Each script is run as one step, and may be run twice with the same values: what one that got no answer has
# done is not done again. Times are milliseconds of the server's clock. Scripts
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

    def __init__(self, url: str, prefix: str = "duet:", clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix, self._clock = prefix, clock
        self._renewed_at = clock()
        self._has_worked = False  # since then
        self._free = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        try:
            self._redis = Redis.from_url(
                url,
                protocol=2,  # with 3, a missing password is reported as a misuse of HELLO
                decode_responses=True,
                encoding_errors="replace",  # one spoilt text must not keep the others from being read
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                retry=Retry(NoBackoff(), 0),  # on the same connection, that is
                max_connections=_MAX_CONNECTIONS,
            )
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # complains of options that it does not know
        except (TypeError, ValueError):
            # Not with the cause, which may quote a part of the password.
            raise StoreError("The address is not like redis://user:password@host:6379/0") from None

    def run(self, script: str, *values: str | float) -> Any:
        """Return what `script` returns, which finds `values` in ARGV from 2 on. Raises StoreError.

        Where a connection turns out to be lost, it is run once more on a new one.
        """
        call = partial(self._redis.register_script(_START + script), args=(self._prefix, *values))
        if not self._free.acquire(timeout=_TIMEOUT):
            raise StoreError("Redis: Timeout waiting for one of the connections")
        try:
            return self._run(call)
        except (RedisError, OSError) as error:
            self._renewed_at = -inf  # the next call is made on a new connection
            if str(error).startswith("NEWER"):
                raise NewerStore from error
            raise StoreError(f"Redis: {error}") from error
        finally:
            self._free.release()

    def _run(self, call: Callable[[], Any]) -> Any:
        if self._clock() - self._renewed_at >= _MAX_IDLE_SECONDS:
            self._renew()
        try:
            found = call()
        except _LOST as error:
            if isinstance(error, _NOT_LOST) or not self._has_worked:
                raise
            log.warning("redis.retried", extra={"error": str(error)})
            self._renew()
            found = call()
        self._has_worked = True
        return found

    def _renew(self) -> None:
        """Let connections that nobody uses just now be made anew before they are used again."""
        self._renewed_at, self._has_worked = self._clock(), False
        self._redis.connection_pool.disconnect(inuse_connections=False)


def milliseconds(seconds: float) -> int:
    """`seconds` as Redis takes them for the life of a key, which is at least one millisecond."""
    return max(1, int(seconds * 1000))
