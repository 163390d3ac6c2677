/**
 * The beginning of every script of a leaderboard.
 *
 * KEYS[1]            hash: `length` of a slice (ms), `last` arrival (µs), `cursor` in the slice that is leaving the window
 * KEYS[1] :board     sorted set of the whole window: `arrival:member` by the negated best score, so that equal scores are in the
 *                    order of their arrival
 * KEYS[1] :best      hash: each member's arrival in `:board`
 * KEYS[1] :s:<slice> sorted set: each member's best score of the slice; `:a:<slice>` is a hash of the arrivals of those
 * KEYS[1] :live      sorted set: slices that still count; `:due`: slices that are not archived
 * None of them has a lifetime, so `volatile-lru` does not evict them.
 *
 * ARGV[1] is the length of a slice (ms), ARGV[2] how many slices a window has, ARGV[3] how many more a slice waits to be
 * archived. A slice leaves the window when its last score does.
 */
export const PRELUDE: string = `
local base = KEYS[1]
local board, best, live, due = base .. ':board', base .. ':best', base .. ':live', base .. ':due'
local length = tonumber(ARGV[1])
local known = redis.call('HGET', base, 'length')
if not known then redis.call('HSET', base, 'length', ARGV[1]) end
if known and known ~= ARGV[1] then
  return redis.error_reply('SLICES of this leaderboard are ' .. known .. ' ms long, not ' .. ARGV[1] .. ' ms: give the window and slices it was made with, or another name')
end
local time = redis.call('TIME')
local last = tonumber(redis.call('HGET', base, 'last') or 0)
-- Never earlier than the last arrival, also after a failover to a server whose clock is behind.
local NOW = math.max(time[1] * 1000000 + time[2], last)

local function sliceOf(arrival)
  return math.floor(arrival / 1000 / length)
end
local gone = sliceOf(NOW) - tonumber(ARGV[2]) - 1

local function digits(number)
  return string.format('%.0f', number)
end

local function elementOf(arrival, member)
  return string.format('%016.0f', arrival) .. ':' .. member
end

local function negated(score)
  if string.sub(score, 1, 1) == '-' then return string.sub(score, 2) end
  return '-' .. score
end

local function place(member, score, arrival, before)
  if before then redis.call('ZREM', board, elementOf(before, member)) end
  redis.call('HSET', best, member, digits(arrival))
  redis.call('ZADD', board, negated(score), elementOf(arrival, member))
end

local function drop(slice)
  redis.call('UNLINK', base .. ':s:' .. slice, base .. ':a:' .. slice)
end

-- The member's best score is leaving the window: its next best takes the place.
local function replace(member, before, slices)
  local score, arrival
  for _, slice in ipairs(slices) do
    local found = redis.call('ZSCORE', base .. ':s:' .. slice, member)
    if found and (not score or tonumber(found) > tonumber(score)) then
      score, arrival = found, tonumber(redis.call('HGET', base .. ':a:' .. slice, member))
    end
  end
  if score then return place(member, score, arrival, before) end
  redis.call('ZREM', board, elementOf(before, member))
  redis.call('HDEL', best, member)
end

-- Removes slices that left the window, at most that many of their rows. Returns whether none is left.
local function age(budget)
  local slices
  while true do
    local slice = redis.call('ZRANGEBYSCORE', live, '-inf', gone, 'LIMIT', 0, 1)[1]
    if not slice then break end
    if budget <= 0 then return false end
    slices = slices or redis.call('ZRANGEBYSCORE', live, gone + 1, '+inf')
    local cursor = tonumber(redis.call('HGET', base, 'cursor') or 0)
    local members = redis.call('ZRANGE', base .. ':s:' .. slice, cursor, cursor + budget - 1)
    for _, member in ipairs(members) do
      local before = tonumber(redis.call('HGET', best, member) or NOW)
      if sliceOf(before) <= gone then replace(member, before, slices) end
    end
    if #members < budget then
      redis.call('HDEL', base, 'cursor')
      redis.call('ZREM', live, slice)
      if not redis.call('ZSCORE', due, slice) then drop(slice) end
    else
      redis.call('HSET', base, 'cursor', cursor + #members)
    end
    budget = budget - #members
  end
  for _, slice in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', gone - tonumber(ARGV[3]), 'LIMIT', 0, 10)) do
    redis.call('ZREM', due, slice)
    drop(slice)
  end
  return true
end

-- Keeps a score in its slice and, if it is the member's best, in the window.
local function record(member, score, arrival, isDue)
  local slice = digits(sliceOf(arrival))
  local scores, arrivals = base .. ':s:' .. slice, base .. ':a:' .. slice
  local number = tonumber(score)
  local before = redis.call('ZSCORE', scores, member)
  if not before and redis.call('EXISTS', scores) == 0 then
    redis.call('ZADD', live, slice, slice)
    if isDue then redis.call('ZADD', due, slice, slice) end
  end
  local equal = before and number == tonumber(before)
  if not before or number > tonumber(before) or (equal and arrival < tonumber(redis.call('HGET', arrivals, member))) then
    redis.call('ZADD', scores, score, member)
    redis.call('HSET', arrivals, member, digits(arrival))
  end
  local had = tonumber(redis.call('HGET', best, member))
  if not had then return place(member, score, arrival) end
  local most = -tonumber(redis.call('ZSCORE', board, elementOf(had, member)))
  if number > most or (number == most and arrival < had) then place(member, score, arrival, had) end
end

-- Member, score and rank of the places from first to last, counted from 0.
local function rows(first, last)
  local flat = redis.call('ZRANGE', board, first, last, 'WITHSCORES')
  local found = {}
  for at = 1, #flat, 2 do
    found[#found + 1] = string.sub(flat[at], 18)
    found[#found + 1] = flat[at + 1]
    found[#found + 1] = first + #found / 3 + 1
  end
  return found
end

local function rankOf(member)
  local had = tonumber(redis.call('HGET', best, member))
  return had and redis.call('ZRANK', board, elementOf(had, member))
end
`
