import { type Script, scriptOf } from '../base/script.ts'

// KEYS[1]            hash: `open`, the id under which open increments will be delivered; of the batch being delivered, its
//                    `batch` id, its `holder`, and `until` when it belongs to that (ms)
// KEYS[1] :open      hash: increments that are in no batch yet
// KEYS[1] :batch     hash: increments of the batch being delivered
// KEYS[1] :writers   hash: per process the number of its last call, and when that was (s)
// None of them has a lifetime, so `volatile-lru` does not evict them.

/**
 * Adds increments once, however often the call arrives: the processes number their calls and have one in flight at a time.
 * ARGV: the process, the number of the call, an id for a batch, then pairs of id and increment.
 */
export const ADD: Script = scriptOf(
  'counter.add',
  `
local open, writers = KEYS[1] .. ':open', KEYS[1] .. ':writers'
local last = redis.call('HGET', writers, ARGV[1])
if last and tonumber(string.match(last, '^%d+')) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', writers, ARGV[1], ARGV[2] .. ' ' .. redis.call('TIME')[1])
-- The id is chosen with the first increment, not when the batch is taken. If the server loses its last seconds, what was
-- delivered already comes back under the id that the database has recorded.
if redis.call('EXISTS', open) == 0 then redis.call('HSET', KEYS[1], 'open', ARGV[3]) end
for at = 4, #ARGV, 2 do
  if redis.call('HINCRBY', open, ARGV[at], ARGV[at + 1]) == 0 then redis.call('HDEL', open, ARGV[at]) end
end
return 1
`,
)

/**
 * The next batch: the one being delivered if its holder had it for too long, else the open increments.
 * ARGV: who takes it, for how long (ms), the most ids, an id for what stays open. Returns the batch's id, then pairs of id
 * and increment; an empty list if there is nothing to deliver.
 */
export const TAKE: Script = scriptOf(
  'counter.take',
  `
local open, batch = KEYS[1] .. ':open', KEYS[1] .. ':batch'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, holder, deadline = unpack(redis.call('HMGET', KEYS[1], 'batch', 'holder', 'until'))
if id then
  if holder ~= ARGV[1] and tonumber(deadline) > now then return {} end
else
  local size, most = redis.call('HLEN', open), tonumber(ARGV[3])
  if size == 0 then return {} end
  id = redis.call('HGET', KEYS[1], 'open')
  if size <= most then
    redis.call('RENAME', open, batch)
  else
    local some = redis.call('HRANDFIELD', open, most, 'WITHVALUES')
    for at = 1, #some, 2 do
      redis.call('HSET', batch, some[at], some[at + 1])
      redis.call('HDEL', open, some[at])
    end
    redis.call('HSET', KEYS[1], 'open', ARGV[4])
  end
end
redis.call('HSET', KEYS[1], 'batch', id, 'holder', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
local taken = redis.call('HGETALL', batch)
table.insert(taken, 1, id)
return taken
`,
  'allow-oom',
)

/** Forgets a batch that was delivered. ARGV: its id. Processes that have not called for an hour are forgotten as well. */
export const ACKNOWLEDGE: Script = scriptOf(
  'counter.acknowledge',
  `
if redis.call('HGET', KEYS[1], 'batch') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'batch', 'holder', 'until')
redis.call('UNLINK', KEYS[1] .. ':batch')
local writers = KEYS[1] .. ':writers'
if redis.call('HLEN', writers) > 64 then
  local now, all = redis.call('TIME')[1], redis.call('HGETALL', writers)
  for at = 1, #all, 2 do
    if now - tonumber(string.match(all[at + 1], '%d+$')) > 3600 then redis.call('HDEL', writers, all[at]) end
  end
end
return 1
`,
  'allow-oom',
)

/** Lets anybody take the batch at once. ARGV: its id, its holder. */
export const GIVE_BACK: Script = scriptOf(
  'counter.giveBack',
  `
local id, holder = unpack(redis.call('HMGET', KEYS[1], 'batch', 'holder'))
if id == ARGV[1] and holder == ARGV[2] then redis.call('HSET', KEYS[1], 'until', 0) end
return 1
`,
  'allow-oom',
)

/** What is not acknowledged yet, of each id in ARGV. */
export const PENDING: Script = scriptOf(
  'counter.pending',
  `
local sums = {}
for at, id in ipairs(ARGV) do
  local sum = (redis.call('HGET', KEYS[1] .. ':open', id) or 0) + (redis.call('HGET', KEYS[1] .. ':batch', id) or 0)
  -- \`tostring\` keeps 14 digits.
  sums[at] = string.format('%.0f', sum)
end
return sums
`,
  'allow-oom',
)
