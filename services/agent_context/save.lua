-- SPDX-License-Identifier: Apache-2.0
-- Saves the contexts of some sessions, all or none: each only if it was made from what is there.
--
-- What a context is made from is its sequence and how many events wait beside it: while the one
-- stays the same the other only grows. A script that fails half-way is not rolled back, so
-- everything that could fail is looked at first and nothing is written before.
--
-- KEYS  generation, rebuilding, counts, sessions that wait,
--       then for each session: document, waiting events
-- ARGV  token of a rebuild ('' when live), lease in ms, retention after the end in ms, retention of
--       waiting events in ms, then for each session:
--         id, sequence and number of waiting events it was made from, new sequence, events applied,
--         document ('' if unchanged), '1' if it may be forgotten after a while,
--         how many no longer wait, their numbers, how many wait now, then of each its number,
--         the event, and '1' if it takes the place of one that waits there already
--
-- Returns {'saved'} or {'unbuilt'} or {'corrupt', key, what is wrong} or {'stale', id, ...}

local generation, rebuilding, counts, index = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, lease, ended_for, waiting_for = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if token == '' then
  if redis.call('EXISTS', generation) == 0 then return {'unbuilt'} end
elseif redis.call('GET', rebuilding) == token then
  redis.call('PEXPIRE', rebuilding, lease)
else
  return {'unbuilt'}
end

local function wrong(key)
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= 'hash' then
    return {'corrupt', key, 'holds a ' .. found .. ' instead of a hash'}
  end
end

local cursor = 4
local function read()
  cursor = cursor + 1
  return ARGV[cursor]
end
local function read_many(size)
  local found = {}
  for place = 1, tonumber(read()) * size do found[place] = read() end
  return found
end

local corrupt = wrong(counts) or wrong(index)
if corrupt then return corrupt end

local sessions, stale = {}, {'stale'}
for key = 5, #KEYS, 2 do
  local each = {document_key = KEYS[key], waiting_key = KEYS[key + 1]}
  each.id, each.from, each.beside = read(), read(), tonumber(read())
  each.sequence, each.applied, each.document, each.over = read(), read(), read(), read()
  each.waited, each.early = read_many(1), read_many(3)
  -- of a wrong type, either of the two fails here
  if (redis.call('HGET', each.document_key, 'sequence') or '0') ~= each.from
    or redis.call('HLEN', each.waiting_key) ~= each.beside then
    stale[#stale + 1] = each.id
  end
  sessions[#sessions + 1] = each
end
if #stale > 1 then return stale end

for _, each in ipairs(sessions) do
  if each.document ~= '' then
    if redis.call('EXISTS', each.document_key) == 0 then
      redis.call('HINCRBY', counts, 'sessions', 1)
    end
    redis.call('HSET', each.document_key, 'sequence', each.sequence, 'document', each.document)
    if each.over == '1' then
      redis.call('PEXPIRE', each.document_key, ended_for)
    else
      redis.call('PERSIST', each.document_key)
    end
    redis.call('HINCRBY', counts, 'events', each.applied)
  end
  for _, number in ipairs(each.waited) do redis.call('HDEL', each.waiting_key, number) end
  for place = 1, #each.early, 3 do
    local put = each.early[place + 2] == '1' and 'HSET' or 'HSETNX'
    redis.call(put, each.waiting_key, each.early[place], each.early[place + 1])
  end
  if redis.call('HLEN', each.waiting_key) > 0 then
    redis.call('PEXPIRE', each.waiting_key, waiting_for)
    redis.call('HSET', index, each.id, '1')
  else
    redis.call('HDEL', index, each.id)
  end
end
return {'saved'}
