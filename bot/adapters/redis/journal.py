"""Questions, processes and calls to Slack, in Redis or Valkey."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from bot.adapters.redis.connection import RedisConnection, milliseconds
from bot.core.journal import (
    BEGINNING,
    REMEMBERED_SECONDS,
    WINDOW_SECONDS,
    Allowance,
    Beat,
    CallKind,
    Charge,
    Entry,
    Grant,
    Hold,
    Noted,
    Owner,
    Spent,
    encoded,
    read_back,
)
from bot.core.question import Place, Question

log = logging.getLogger(__name__)

_UNLIMITED = 1e9  # Lua need not know infinity

_TAKE = """
local _, id, event, owner, question, remembered = unpack(ARGV)
local entry = key('question', id)
local is_new = event == '' or redis.call('SET', key('event', event), '', 'NX', 'PX', remembered)
if redis.call('EXISTS', entry) == 1 then
  local taken = redis.call('HMGET', entry, 'owner', 'tries')
  return taken[1] == owner and taken[2] == '1' and 1 or 0
end
if not is_new then
  return 0
end
redis.call('HSET', entry, 'taken_at', now, 'owner', owner, 'tries', 1, 'question', question, 'intent', '')
redis.call('PEXPIRE', entry, remembered)
redis.call('ZADD', key('open'), now, id)
redis.call('PEXPIRE', key('open'), remembered)
return 1
"""

_NOTE = """
local _, id, owner, channel, thread_ts, messages, intent = unpack(ARGV)
local entry = key('question', id)
local pending = redis.call('HGET', entry, 'intent')
if redis.call('HGET', entry, 'owner') == owner and (pending == '' or pending == intent) then
  redis.call('HSET', entry, 'channel', channel, 'thread_ts', thread_ts)
  redis.call('HSET', entry, 'messages', messages, 'intent', '')
end
"""

# What is left keeps the time at which it goes.
_CLOSING = """
local function close(id, owner)
  local entry = key('question', id)
  if redis.call('HGET', entry, 'owner') == owner then
    redis.call('HDEL', entry, 'owner', 'beat', 'tries', 'deaths', 'question')
    redis.call('HDEL', entry, 'channel', 'thread_ts', 'messages', 'intent')
    redis.call('ZREM', key('open'), id)
  end
end
"""

_CLOSE = """
close(ARGV[2], ARGV[3])
"""

_DROP = """
local _, id, owner = unpack(ARGV)
local entry = key('question', id)
if redis.call('HGET', entry, 'owner') == owner then
  redis.call('DEL', entry)
  redis.call('ZREM', key('open'), id)
end
"""

_JOIN = """
local _, id, line, owner, question = unpack(ARGV)
local entry = key('question', id)
if redis.call('HGET', entry, 'owner') == owner then
  redis.call('HSET', entry, 'question', question)
  close(line, owner)
end
"""

_STOP = """
local entry = key('question', ARGV[2])
if redis.call('HEXISTS', entry, 'owner') == 1 then
  redis.call('HSET', entry, 'stopped', 1)
end
"""

_OWNERS = """
local function running()
  local found = {}
  for _, id in ipairs(redis.call('SMEMBERS', key('owners'))) do
    local owner = redis.call('HMGET', key('owner', id), 'host', 'state', 'reserved')
    if owner[1] then
      table.insert(found, {id, unpack(owner)})
    else
      redis.call('SREM', key('owners'), id)
    end
  end
  return found
end
"""

# What was adopted is told again until a beat's answer arrives: the next beat has another name. After a time
# in which nobody could beat, the others have as long as a lease to do so before anybody adopts what is
# theirs; what was left in good order has no owner, and is anybody's at once.
# A lease that is gone though it was renewed in time tells that the server's clock was put forward, or its
# memory lost, and all other leases with it: nobody adopts before all had the time to beat again. A lease that
# lasts longer than any can was given before the clock was put back.
_BEAT = """
local _, me, host, state, reserved, lease, beat, remembered, since = unpack(ARGV)
local kinds = {unpack(ARGV, 10)}
lease = tonumber(lease)
if since ~= '' and tonumber(since) < lease and redis.call('EXISTS', key('owner', me)) == 0 then
  redis.call('SET', key('grace'), '', 'PX', lease)
end
local beaten_at = redis.call('GET', key('beaten_at'))
if beaten_at and math.abs(now - beaten_at) > lease then
  redis.call('SET', key('grace'), '', 'PX', lease)
end
redis.call('SET', key('beaten_at'), now, 'PX', remembered)
local is_grace_over = redis.call('EXISTS', key('grace')) == 0

local function is_gone(owner)
  local life = redis.call('PTTL', key('owner', owner))
  if life > lease then
    redis.call('PEXPIRE', key('owner', owner), lease)
  end
  return life == -2
end

redis.call('HSET', key('owner', me), 'host', host, 'state', state, 'reserved', reserved)
redis.call('PEXPIRE', key('owner', me), lease)
redis.call('SADD', key('owners'), me)
redis.call('PEXPIRE', key('owners'), remembered)

redis.call('ZREMRANGEBYSCORE', key('open'), '-inf', '(' .. now - remembered)
local adopted, owned, stopped = {}, {}, {}
for _, id in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
  local entry = key('question', id)
  local owner = redis.call('HGET', entry, 'owner')
  if owner and (owner == '' or is_grace_over) and is_gone(owner) then
    redis.call('HINCRBY', entry, 'tries', 1)
    redis.call('HINCRBY', entry, 'deaths', owner == '' and 0 or 1)
    owner = me
    redis.call('HSET', entry, 'owner', me, 'beat', beat)
  end
  if owner == me then
    table.insert(owned, id)
    if redis.call('HEXISTS', entry, 'stopped') == 1 then
      table.insert(stopped, id)
    end
    if redis.call('HGET', entry, 'beat') == beat then
      local age = math.max(0, now - redis.call('HGET', entry, 'taken_at'))
      local fields = {'tries', 'deaths', 'question', 'channel', 'thread_ts', 'messages', 'intent'}
      local written = redis.call('HMGET', entry, unpack(fields))
      table.insert(adopted, {id, age, unpack(written)})
    end
  end
end

local function spent_by_others(kind)
  local calls, count = key('calls', kind), 0
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', now)
  for _, call in ipairs(redis.call('ZRANGE', calls, 0, -1)) do
    if call:match('^(.*) ') ~= me then
      count = count + 1
    end
  end
  return count
end

local spent = {}
for number, kind in ipairs(kinds) do
  spent[number] = spent_by_others(kind)
end
return {adopted, owned, stopped, spent, running()}
"""

_LEAVE = """
local me = ARGV[2]
for _, id in ipairs(redis.call('ZRANGE', key('open'), 0, -1)) do
  if redis.call('HGET', key('question', id), 'owner') == me then
    redis.call('HSET', key('question', id), 'owner', '')
  end
end
redis.call('DEL', key('owner', me))
"""

# New messages in a channel are paid off one by one; its key tells when the last of them will be. The edit
# that a post will need is reserved already. Times that no call can have written yet are those of a clock that
# was put back: they count as now.
_SPEND = """
local _, me, call, kind, spare, reserved, begins, limit, edits, window = unpack(ARGV)
local channel, interval, at_once, id, messages, intent, place, thread_ts = unpack(ARGV, 11)

local entry, hold = key('question', id), 'ours'
if id ~= '' and redis.call('EXISTS', entry) == 0 then
  hold = 'missing'
elseif id ~= '' and redis.call('HGET', entry, 'owner') ~= me then
  return {0, 'taken'}
end
if redis.call('ZSCORE', key('calls', kind), me .. ' ' .. call) then
  return {0, hold}
end

local function wait_of_window(kind, limit)
  local calls, latest = key('calls', kind), now + window
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', now)
  for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', calls, '(' .. latest, '+inf')) do
    redis.call('ZADD', calls, latest, ahead)
  end
  local surplus = math.ceil(redis.call('ZCARD', calls) + 1 - limit)
  if surplus <= 0 then
    return 0
  end
  local oldest = redis.call('ZRANGE', calls, 0, surplus - 1, 'WITHSCORES')
  return (oldest[#oldest] or now + window) - now
end

if spare == '1' then
  edits = edits - reserved
  for _, owner in ipairs(running()) do
    if owner[1] ~= me then
      edits = edits - owner[4]
    end
  end
end

local wait, paid_off = 0, now
if kind == 'edit' then
  wait = wait_of_window('edit', edits)
else
  wait = wait_of_window(kind, limit)
  if begins == '1' then
    local latest = math.ceil(now + at_once + interval)
    paid_off = math.max(now, redis.call('GET', key('channel', channel)) or now)
    if paid_off > latest then
      paid_off = latest
      redis.call('SET', key('channel', channel), latest, 'PX', latest - now)
    end
    wait = math.max(wait, paid_off - at_once - now)
  end
  if spare == '1' then
    wait = math.max(wait, wait_of_window('edit', edits + 1))
  end
end
if wait > 0 then
  return {math.ceil(wait), hold}
end
if messages ~= '' and hold == 'ours' then
  redis.call('HSET', entry, 'messages', messages, 'intent', intent)
  if place ~= '' then
    redis.call('HSET', entry, 'channel', place, 'thread_ts', thread_ts)
  end
end
redis.call('ZADD', key('calls', kind), now + window, me .. ' ' .. call)
redis.call('PEXPIRE', key('calls', kind), window)
if reserved ~= '' and redis.call('EXISTS', key('owner', me)) == 1 then
  redis.call('HSET', key('owner', me), 'reserved', reserved)
end
if begins == '1' then
  paid_off = paid_off + interval
  redis.call('SET', key('channel', channel), paid_off, 'PX', math.max(1, math.ceil(paid_off - now)))
end
return {0, hold}
"""


class RedisJournal:
    """The questions, processes and calls to Slack that are written down in the Redis of `connection`.

    Thread-safe. Every method raises StoreError, within a second or two, when Redis does not do as it is
    told; whether it was done after all is not known then. The next call tries anew.
    """

    def __init__(
        self,
        connection: RedisConnection,
        allowance: Allowance,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._steady = connection.run, steady
        self._allowance = allowance
        self._beat = uuid4().hex
        self._beaten_at: float | None = None

    def take(self, question: Question, event_id: str, owner: str) -> bool:
        """Write `question` down as `owner`'s; False if it, or `event_id`, was taken before.

        Not by `owner` itself: it is taken still while it is open, and nothing changes. What it adopted it did
        not take. An `event_id` of "" is none. Whose lease does not run loses what it takes to the next that
        beats.
        """
        written = (question.id, event_id, owner, encoded(question))
        return bool(self._run(_TAKE, *written, milliseconds(REMEMBERED_SECONDS)))

    def note(self, entry_id: str, owner: str, place: Place, noted: Noted) -> None:
        """Write down where a question is answered, and what stands now that an intent's outcome is known.

        Nothing happens if it is closed, not `owner`'s any more, or if another call is under way.
        """
        written = (place.channel, place.thread_ts, noted.encoded(), noted.intent)
        self._run(_NOTE, entry_id, owner, *written)

    def close(self, entry_id: str, owner: str) -> None:
        """A question is answered to the end: all is forgotten but that it was taken.

        Nothing happens if it is not `owner`'s any more.
        """
        self._run(_CLOSING + _CLOSE, entry_id, owner)

    def drop(self, entry_id: str, owner: str) -> None:
        """A question is not answered after all: nothing is kept of it, and it can be taken again.

        Nothing happens if it is closed, or not `owner`'s any more.
        """
        self._run(_DROP, entry_id, owner)

    def join(self, question: Question, line_id: str, owner: str) -> None:
        """Write down that `question` says now what was taken as `line_id`, too, which is closed by that.

        Nothing happens if it is closed, or not `owner`'s any more.
        """
        self._run(_CLOSING + _JOIN, question.id, line_id, owner, encoded(question))

    def stop(self, entry_id: str) -> None:
        """Tell whoever owns a question, with each beat, that it is to be stopped."""
        self._run(_STOP, entry_id)

    def beat(self, owner: Owner, lease_seconds: float) -> Beat:
        """Renew the lease of `owner`, and let it adopt what owners without a lease left open."""
        lease = (owner.id, owner.host, owner.state, owner.reserved, milliseconds(lease_seconds))
        kinds = [kind.value for kind in CallKind]
        begun_at = self._steady()
        since = "" if self._beaten_at is None else milliseconds(begun_at - self._beaten_at)
        adopted, owned, stopped, spent, running = self._run(
            _OWNERS + _BEAT, *lease, self._beat, milliseconds(REMEMBERED_SECONDS), since, *kinds
        )
        self._beaten_at = begun_at
        entries = {entry_id: self._entry(entry_id, owner.id, *written) for entry_id, *written in adopted}
        self._beat = uuid4().hex
        unreadable = {entry_id for entry_id, entry in entries.items() if not entry}
        peers = [other for other in _owners(running) if other.id != owner.id]
        reserved = sum(peer.reserved for peer in peers)
        return Beat(
            tuple(filter(None, entries.values())),
            frozenset(owned) - unreadable,
            frozenset(stopped),
            Spent({kind: calls for kind, calls in zip(CallKind, spent, strict=True) if calls}, reserved),
            len(peers),
        )

    def leave(self, owner_id: str) -> None:
        """The owner's lease ends now, and what it left open is anybody's."""
        self._run(_LEAVE, owner_id)
        self._beaten_at = None

    def owners(self) -> list[Owner]:
        """Those whose lease runs."""
        running = self._run(_OWNERS + "return running()")
        return sorted(_owners(running), key=lambda owner: owner.id)

    def spend(self, owner_id: str, charge: Charge) -> Grant:
        """Count a call to Slack, or say after how many seconds it is worth asking again.

        A new message has to find room in its channel, too, and what is spare beside the reserved edits. It is
        not counted if its question is not `owner_id`'s any more; else what is noted of that is written down.
        """
        ours, noted = self._allowance, charge.noted
        reserved = "" if charge.reserved is None else charge.reserved
        call = (owner_id, str(uuid4()), charge.kind.value, int(charge.is_spare), reserved)
        limits = (min(ours.per_minute(kind), _UNLIMITED) for kind in (charge.kind, CallKind.EDIT))
        interval = 1000 / min(ours.per_second, _UNLIMITED)
        bucket = (charge.channel, interval, interval * (min(ours.burst, _UNLIMITED) - 1))
        window = milliseconds(WINDOW_SECONDS)
        place = (charge.place.channel, charge.place.thread_ts) if charge.place else ("", "")
        written = (charge.entry_id, *((noted.encoded(), noted.intent) if noted else ("", "")), *place)
        wait, hold = self._run(
            _OWNERS + _SPEND, *call, int(charge.kind in BEGINNING), *limits, window, *bucket, *written
        )
        return Grant(wait / 1000, Hold(hold))

    def _entry(
        self, entry_id: str, owner: str, age: int, tries: str, deaths: str, *written: Any
    ) -> Entry | None:
        """An entry as it was written; one that nobody can read is closed."""
        try:
            return read_back(age / 1000, int(tries), int(deaths), *written)
        except (TypeError, ValueError):
            log.exception("entry.unreadable", extra={"entry": entry_id})
            self.close(entry_id, owner)
            return None


def _owners(running: list[list[str]]) -> Iterator[Owner]:
    return (Owner(owner, host, state, int(reserved)) for owner, host, state, reserved in running)
