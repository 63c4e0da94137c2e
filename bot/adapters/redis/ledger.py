"""Money, kept answers and figures, in Redis or Valkey."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TypeVar
from uuid import uuid4

from bot.adapters.redis.connection import RedisConnection, milliseconds
from bot.core.answers import LEAD_SECONDS
from bot.core.interaction import Interaction, Vote, read_interaction, without_texts
from bot.core.journal import REMEMBERED_SECONDS
from bot.core.spending import DAY_SECONDS, MINUTE_SECONDS, Budget, DaySpending, Limit, NanoDollars, Refusal

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_READ_AT_ONCE = 500  # so that Redis does not keep others waiting
_LISTED_AT_ONCE = 5000

# What a question costs is kept twice: by itself, so that it can be replaced, and in the totals of its day.
# Both go two days after that day began. HINCRBY is what adds exactly, and takes no "-0".
_SPENDING = """
local _, day_length, question, user, price, minute, per_minute, user_daily, daily = unpack(ARGV)
local today = math.floor(now / day_length)
local spending = key('spending', question)
local earlier_user, earlier_day, earlier_price =
  unpack(redis.call('HMGET', spending, 'user', 'day', 'price'))

local function add(day, user, price)
  local totals = key('day', day)
  redis.call('HINCRBY', totals, 'all', price)
  redis.call('HINCRBY', totals, 'user:' .. user, price)
  redis.call('PEXPIREAT', totals, (day + 2) * day_length)
end

local function spend(day)
  if earlier_price then
    add(earlier_day, earlier_user, 0 - earlier_price)
  end
  add(day, user, price)
  redis.call('HSET', spending, 'user', user, 'day', day, 'price', price)
  redis.call('PEXPIREAT', spending, (day + 2) * day_length)
end

local function is_over(day, own, limit, field)
  if limit == '' then
    return false
  end
  local spent = redis.call('HGET', key('day', day), field) or 0
  return spent - own >= tonumber(limit)
end

local function over(day, own)
  if is_over(day, own, user_daily, 'user:' .. user) then
    return {'user_daily', (today + 1) * day_length - now}
  end
  if is_over(day, own, daily, 'all') then
    return {'daily', (today + 1) * day_length - now}
  end
end
"""

_ADMIT = """
if earlier_price then
  return
end
local admitted = key('admitted', user)
redis.call('ZREMRANGEBYSCORE', admitted, '-inf', now)
if per_minute ~= '' then
  local untils = {}
  local found = redis.call('ZRANGE', admitted, 0, -1, 'WITHSCORES')
  for at = 2, #found, 2 do
    table.insert(untils, math.min(found[at], now + minute))  -- later ones are those of a clock put back
  end
  table.insert(untils, now + minute)
  local surplus = #untils - per_minute
  if surplus > 0 then
    return {'questions_per_minute', untils[surplus] - now}
  end
end

local refused = over(today, 0)
if refused then
  return refused
end

redis.call('ZADD', admitted, now + minute, question)
redis.call('PEXPIRE', admitted, minute)
spend(today)
"""

_RESERVE = """
local day, own = earlier_day or tostring(today), tonumber(earlier_price or 0)
local refused = tonumber(price) > own and over(day, own)
if refused then
  return refused
end
spend(day)
"""

_SETTLE = """
local day = earlier_day or tostring(today)
spend(day)
return {day, redis.call('HGET', key('day', day), 'all')}
"""

_RECALL = """
return redis.call('GET', key('answer', ARGV[2]))
"""

_FORGET = """
redis.call('DEL', key('answer', ARGV[2]))
redis.call('ZREM', key('answers', 'by_age'), ARGV[2])
redis.call('ZREM', key('answers', 'by_end'), ARGV[2])
"""

# One that lasts longer than any can was given before the server's clock was put back.
_LEAD = """
local _, name, owner, life = unpack(ARGV)
if redis.call('EXISTS', key('answer', name)) == 1 then
  return 0
end
local lead = key('lead', name)
local leader = redis.call('GET', lead)
if leader and leader ~= owner and redis.call('PTTL', lead) <= tonumber(life) then
  return 0
end
redis.call('SET', lead, owner, 'PX', life)
return 1
"""

_ABANDON = """
local _, name, owner = unpack(ARGV)
if redis.call('GET', key('lead', name)) == owner then
  redis.call('DEL', key('lead', name))
end
"""

# Within a millisecond, what came first is first.
_LISTS = """
local exactly = time[1] + time[2] / 1000000

local function outlast(list, life)
  redis.call('PEXPIRE', list, math.max(life, redis.call('PTTL', list)))
end
"""

_KEEP = """
local _, name, owner, answer, life, most = unpack(ARGV)
if redis.call('GET', key('lead', name)) ~= owner then
  return
end
redis.call('DEL', key('lead', name))

local by_age, by_end = key('answers', 'by_age'), key('answers', 'by_end')
local function drop(names)
  for _, dropped in ipairs(names) do
    redis.call('ZREM', by_age, dropped)
    redis.call('ZREM', by_end, dropped)
    redis.call('DEL', key('answer', dropped))
  end
end
drop(redis.call('ZRANGEBYSCORE', by_end, '-inf', now))
redis.call('SET', key('answer', name), answer, 'PX', life)
redis.call('ZADD', by_age, exactly, name)
redis.call('ZADD', by_end, now + life, name)
drop(redis.call('ZREVRANGE', by_age, most, -1))
outlast(by_age, life)
outlast(by_end, life)
"""

# Whoever adds one clears away up to ten of the oldest whose time is over, so that a list stays as short as
# what it lists.
_RECORD = """
local _, kind, id, at, written, life, asker = unpack(ARGV)
local function add_to(list)
  redis.call('ZADD', list, at ~= '' and at or exactly, id)
  outlast(list, life)
  for _, oldest in ipairs(redis.call('ZRANGE', list, 0, 9)) do
    if redis.call('EXISTS', key(kind, oldest)) == 0 then
      redis.call('ZREM', list, oldest)
    end
  end
end
redis.call('SET', key(kind, id), written, 'PX', life)
add_to(key(kind .. 's'))
if asker then
  add_to(key(kind .. 's_of', asker))
end
"""

# From the newest on: what is added meanwhile, or goes with its time, moves nothing away from what is to come.
_LISTED = """
local _, kind, since, start, most = unpack(ARGV)
local listed = redis.call('ZCOUNT', key(kind .. 's'), since, '+inf')
if tonumber(start) >= listed then
  return {}
end
return redis.call('ZREVRANGE', key(kind .. 's'), start, math.min(start + most, listed) - 1)
"""

_LISTED_OF = """
return redis.call('ZREVRANGEBYSCORE', key(ARGV[2] .. 's_of', ARGV[3]), '+inf', ARGV[4], 'LIMIT', 0, ARGV[5])
"""

_READ = """
local names = {}
for at = 3, #ARGV do
  table.insert(names, key(ARGV[2], ARGV[at]))
end
return redis.call('MGET', unpack(names))
"""

_CLAIM = """
local _, name, claimant, life = unpack(ARGV)
redis.call('SET', key('claim', name), claimant, 'NX', 'PX', life)
return redis.call('GET', key('claim', name)) == claimant and 1 or 0
"""

_IS_CLAIMED = """
return redis.call('EXISTS', key('claim', ARGV[2]))
"""

_FORGET_OLDER = """
local _, kind, seconds, most = unpack(ARGV)
local before = time[1] + time[2] / 1000000 - seconds
local older = redis.call('ZRANGEBYSCORE', key(kind .. 's'), '-inf', '(' .. before, 'LIMIT', 0, most)
for _, id in ipairs(older) do
  redis.call('DEL', key(kind, id))
  redis.call('ZREM', key(kind .. 's'), id)
end
return #older
"""

_REWRITE = """
local _, id, written, bare = unpack(ARGV)
local entry = key('interaction', id)
if redis.call('GET', entry) == written then
  redis.call('SET', entry, bare, 'PX', redis.call('PTTL', entry))
end
"""


class RedisLedger:
    """What is spent, which answers are kept, and how questions went, as written down in the Redis of
    `connection`.

    Of answers there are at most `most_answers`. Thread-safe. Every method raises StoreError, within a second
    or two, when Redis does not do as it is told; whether it was done after all is not known then. The next
    call tries anew.
    """

    def __init__(self, connection: RedisConnection, most_answers: int = 1000) -> None:
        self._run = connection.run
        self._most_answers = most_answers

    # Money

    def admit(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Count a question of `user` and reserve `price` for it today, or say why that is over `budget`.

        One that was admitted before is so still, and nothing changes.
        """
        return self._unless_refused(_ADMIT, question_id, user, price, budget)

    def reserve(self, question_id: str, user: str, price: NanoDollars, budget: Budget) -> Refusal | None:
        """Reserve `price` for a question of `user` in place of what was, or say why that is over `budget`.

        No more than before is reserved always.
        """
        return self._unless_refused(_RESERVE, question_id, user, price, budget)

    def _unless_refused(
        self, script: str, question_id: str, user: str, price: NanoDollars, budget: Budget
    ) -> Refusal | None:
        limits = (budget.questions_per_minute, budget.user_daily, budget.daily)
        values = ("" if limit is None else limit for limit in limits)
        spending = (milliseconds(DAY_SECONDS), question_id, user, price)
        refused = self._run(_SPENDING + script, *spending, milliseconds(MINUTE_SECONDS), *values)
        return Refusal(Limit(refused[0]), refused[1] / 1000) if refused else None

    def settle(self, question_id: str, user: str, price: NanoDollars) -> DaySpending:
        """Let what a question cost replace what was reserved for it, or was settled before.

        Returns what all spend on the day on which it was reserved; that is today if nothing was.
        """
        spending = (milliseconds(DAY_SECONDS), question_id, user, price)
        day, spent = self._run(_SPENDING + _SETTLE, *spending)
        return DaySpending(int(day), int(spent))

    # Answers that are kept

    def recall(self, key: str) -> str | None:
        """The answer that is kept under `key`."""
        answer: str | None = self._run(_RECALL, key)
        return answer

    def lead(self, key: str, owner: str) -> bool:
        """Let `owner` generate the answer for `key`; False if it is kept already, or another generates it.

        Who does not ask again in time, as it gets on, loses the lead to the next who asks.
        """
        return bool(self._run(_LEAD, key, owner, milliseconds(LEAD_SECONDS)))

    def keep(self, key: str, owner: str, answer: str, seconds: float) -> None:
        """Keep what `owner` generated for `seconds`; the oldest answers make room. Its lead is over.

        Nothing happens if it does not lead.
        """
        self._run(_LISTS + _KEEP, key, owner, answer, milliseconds(seconds), self._most_answers)

    def forget(self, key: str) -> None:
        """Keep the answer under `key` no longer."""
        self._run(_FORGET, key)

    def abandon(self, key: str, owner: str) -> None:
        """The lead of `owner` is over, and there is no answer. Nothing happens if it does not lead."""
        self._run(_ABANDON, key, owner)

    # How questions went

    def record(self, interaction: Interaction, seconds: float) -> None:
        """Keep `interaction` for `seconds`, in place of one with the same id."""
        written = (interaction.id, interaction.asked_at, interaction.encoded())
        asker = _asker(interaction.team, interaction.user)
        self._run(_LISTS + _RECORD, "interaction", *written, milliseconds(seconds), asker)

    def interactions(self, since: float) -> list[Interaction]:
        """Those asked at or after `since` (seconds since 1970, UTC), oldest first."""
        return list(self._read("interaction", self._listed("interaction", since), read_interaction))

    def interactions_of(self, user: str, team: str, since: float, most: int) -> list[Interaction]:
        """The newest of what `user` of `team` asked at or after `since`, newest first, at most `most`."""
        ids = self._run(_LISTED_OF, "interaction", _asker(team, user), since, most)
        found = self._read("interaction", ids, read_interaction)
        # What replaced another person's is still listed as theirs.
        return [one for one in found if (one.team, one.user) == (team, user)]

    def interactions_with(self, ids: Sequence[str]) -> list[Interaction]:
        """Return those of the questions that have these ids."""
        return list(self._read("interaction", ids, read_interaction))

    def vote(self, vote: Vote, seconds: float) -> None:
        """Keep `vote` for `seconds`, in place of what its voter thought of the same answer before."""
        name = json.dumps([vote.interaction_id, vote.voter])
        written = (name, "", json.dumps(asdict(vote)))
        self._run(_LISTS + _RECORD, "vote", *written, milliseconds(seconds))

    def votes(self, since: float) -> list[Vote]:
        """Those cast at or after `since` (seconds since 1970, UTC), oldest first."""
        return list(self._read("vote", self._listed("vote", since), _read_vote))

    def claim(self, name: str, seconds: float | None = None) -> bool:
        """True for the first who claims `name` within so many `seconds`, a day if None."""
        life = milliseconds(REMEMBERED_SECONDS if seconds is None else seconds)
        return bool(self._run(_CLAIM, name, uuid4().hex, life))

    def is_claimed(self, name: str) -> bool:
        """Return True if somebody claimed `name`, and that lasts still."""
        return bool(self._run(_IS_CLAIMED, name))

    def prune(self, seconds: float, *, keep_text: bool) -> Iterator[None]:
        """Forget what is older than `seconds`, and texts unless they are kept, a batch with each step."""
        for kind in ("interaction", "vote"):
            while self._run(_FORGET_OLDER, kind, seconds, _READ_AT_ONCE):
                yield
        for ids in () if keep_text else self._pages("interaction", 0.0, _READ_AT_ONCE):
            for interaction_id, written in zip(ids, self._run(_READ, "interaction", *ids), strict=True):
                if written is not None and (bare := without_texts(written)) is not None:
                    self._run(_REWRITE, interaction_id, written, bare)
            yield

    def _listed(self, kind: str, since: float) -> list[str]:
        """The ids of what is recorded of a `kind` since then, oldest first."""
        listed = dict.fromkeys(each for page in self._pages(kind, since, _LISTED_AT_ONCE) for each in page)
        return [*reversed(listed)]

    def _pages(self, kind: str, since: float, most: int) -> Iterator[list[str]]:
        """These ids from the newest on, at most so many at a time; one may come twice."""
        start = 0
        while page := self._run(_LISTED, kind, since, start, most):
            yield page
            start += len(page)

    def _read(self, kind: str, ids: Sequence[str], read: Callable[[str], _T]) -> Iterator[_T]:
        """What is recorded of a `kind` under `ids`, but for what nobody can read."""
        for start in range(0, len(ids), _READ_AT_ONCE):
            chunk = ids[start : start + _READ_AT_ONCE]
            for record_id, written in zip(chunk, self._run(_READ, kind, *chunk), strict=True):
                # One that went since it was listed is None.
                found = None if written is None else _readable(kind, record_id, written, read)
                if found is not None:
                    yield found


def _asker(team: str, user: str) -> str:
    return json.dumps([team, user])


def _readable(kind: str, record_id: str, written: str, read: Callable[[str], _T]) -> _T | None:
    """What was written, if anybody can read it."""
    try:
        return read(written)
    except (TypeError, ValueError):
        log.exception(f"{kind}.unreadable", extra={kind: record_id})
        return None


def _read_vote(written: str) -> Vote:
    """The vote that was written as JSON; what a newer version added to it is left out.

    Raises ValueError or TypeError if that cannot be read.
    """
    fields = json.loads(written)
    return Vote(**{name: fields[name] for name in Vote.__dataclass_fields__ if name in fields})
