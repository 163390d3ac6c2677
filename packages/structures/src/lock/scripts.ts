import { type Script, scriptOf } from '../base/script.ts'

// A lock is one key, a hash: the `token` of its holder, `until` when it holds it (ms), and the last `fence` given. It stays for
// a day after its last use. Nothing is scanned, so holders that died cost memory for that long at most.

/**
 * ARGV: token, ttl (ms), how long the key lives after that (ms). Returns 1 and the fence, or 0 and how long the holder has it
 * for (ms). A call that arrives twice gets the same fence.
 */
export const ACQUIRE: Script = scriptOf(
  'lock.acquire',
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, deadline, fence = unpack(redis.call('HMGET', KEYS[1], 'token', 'until', 'fence'))
if token and token ~= ARGV[1] and tonumber(deadline) > now then return { 0, tonumber(deadline) - now } end
if token ~= ARGV[1] then
  -- Not below the clock: if the server loses its data, fences go on where its clock is.
  fence = string.format('%.0f', math.max((tonumber(fence) or 0) + 1, time[1] * 1000000 + time[2]))
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]), 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return { 1, fence }
`,
)

/** ARGV: token, ttl, how long the key lives after that. Returns whether the lock is still the caller's. */
export const RENEW: Script = scriptOf(
  'lock.renew',
  `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1
`,
  'allow-oom',
)

/** ARGV: token, how long the key lives from now. Returns whether the lock was the caller's. */
export const RELEASE: Script = scriptOf(
  'lock.release',
  `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'token', 'until')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
  'allow-oom',
)
