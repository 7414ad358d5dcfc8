-- SPDX-License-Identifier: Apache-2.0
-- Adds what a batch of events adds, once: all of it, or nothing.
--
-- A script that fails half-way is not rolled back, so everything that could fail is looked at first
-- and nothing is written before. What is refused is said, and the caller asks again without it.
--
-- KEYS  generation, rebuilding, totals
-- ARGV  token of a rebuild ('' when live), lease in ms, retention in ms, room for names, batch
--
-- The batch is JSON:
--   seen      [[key, [bit, ...]], ...]                          one bit for each event
--   totals    [[field, amount], ...]                            amounts are text: 64 bits
--   names     [[key, [name, ...]], ...]                         free label values
--   sessions  [[key, [[field, amount], ...], first, last], ...]
--   firsts    [[key, flag, beside, field of totals], ...]
--
-- Returns {'applied'} or {'unbuilt'} or {'corrupt', key, what is wrong}
--   or {'seen', key, bit, key, bit, ...} or {'names', key, name, key, name, ...}

local generation, rebuilding, totals = KEYS[1], KEYS[2], KEYS[3]
local token, lease, retention, room = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local batch = cjson.decode(ARGV[5])

if token == '' then
  if redis.call('EXISTS', generation) == 0 then return {'unbuilt'} end
elseif redis.call('GET', rebuilding) == token then
  redis.call('PEXPIRE', rebuilding, lease)
else
  return {'unbuilt'}
end

local function wrong(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= kind then
    return {'corrupt', key, 'holds a ' .. found .. ' instead of a ' .. kind}
  end
end

local function not_a_number(key, fields)
  for _, each in ipairs(fields) do
    local value = redis.call('HGET', key, each[1])
    if value and not (#value <= 18 and string.find(value, '^%d+$')) then
      return {'corrupt', key, 'holds no number that can grow in the field ' .. each[1]}
    end
  end
end

local found = wrong(totals, 'hash') or not_a_number(totals, batch.totals)
if found then return found end
for _, session in ipairs(batch.sessions) do
  found = wrong(session[1], 'hash') or not_a_number(session[1], session[2])
    or not_a_number(session[1], {{'first_at'}, {'last_at'}})
  if found then return found end
end
for _, first in ipairs(batch.firsts) do
  found = wrong(first[1], 'hash') or not_a_number(totals, {{first[4]}})
  if found then return found end
end

local seen = {'seen'}
for _, marks in ipairs(batch.seen) do
  found = wrong(marks[1], 'string')
  if found then return found end
  for _, bit in ipairs(marks[2]) do
    if redis.call('GETBIT', marks[1], bit) == 1 then
      seen[#seen + 1] = marks[1]
      seen[#seen + 1] = bit
    end
  end
end
if #seen > 1 then return seen end

local refused, admitted = {'names'}, {}
for _, kind in ipairs(batch.names) do
  found = wrong(kind[1], 'set')
  if found then return found end
  local left = room - redis.call('SCARD', kind[1])
  for _, name in ipairs(kind[2]) do
    if redis.call('SISMEMBER', kind[1], name) == 0 then
      if left > 0 then
        left = left - 1
        admitted[#admitted + 1] = {kind[1], name}
      else
        refused[#refused + 1] = kind[1]
        refused[#refused + 1] = name
      end
    end
  end
end
if #refused > 1 then return refused end

for _, each in ipairs(admitted) do redis.call('SADD', each[1], each[2]) end
for _, marks in ipairs(batch.seen) do
  for _, bit in ipairs(marks[2]) do redis.call('SETBIT', marks[1], bit, 1) end
  redis.call('PEXPIRE', marks[1], retention)
end
for _, each in ipairs(batch.totals) do redis.call('HINCRBY', totals, each[1], each[2]) end
for _, session in ipairs(batch.sessions) do
  local key = session[1]
  for _, each in ipairs(session[2]) do redis.call('HINCRBY', key, each[1], each[2]) end
  local first = tonumber(redis.call('HGET', key, 'first_at') or session[3])
  local last = tonumber(redis.call('HGET', key, 'last_at') or session[4])
  redis.call('HSET', key,
    'first_at', string.format('%.0f', math.min(first, session[3])),
    'last_at', string.format('%.0f', math.max(last, session[4])))
  redis.call('PEXPIRE', key, retention)
end
for _, first in ipairs(batch.firsts) do
  if redis.call('HSETNX', first[1], 'flag:' .. first[2], '1') == 1
    and (first[3] == '' or redis.call('HEXISTS', first[1], 'flag:' .. first[3]) == 1) then
    redis.call('HINCRBY', totals, first[4], 1)
  end
  redis.call('PEXPIRE', first[1], retention)
end
return {'applied'}
