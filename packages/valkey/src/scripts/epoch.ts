/**
 * Begins a text where there is none, or (`ARGV[2]` = 1) in place of the one there is; returns the one that counts.
 * A script although it is one SET, for three reasons: a full server refuses writes, except those of scripts that say
 * so; a replica and a primary that may not take writes refuse it, even where there is nothing to write; and with the
 * server's time in it, a call executed twice, the second time late, does not bring its text back.
 * KEYS: the text's key. ARGV: a text never used before, 1 or 0, how long it lives at least from now on (ms).
 */
export const EPOCH: string = `#!lua flags=allow-oom
local time = redis.call('TIME')
local fresh = ARGV[1] .. '.' .. string.format('%x', time[1] * 1000000 + time[2])
local text = ARGV[2] ~= '1' and redis.call('GET', KEYS[1])
if text then
  redis.call('PEXPIRE', KEYS[1], ARGV[3], 'GT')
  return text
end
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], fresh, 'PX', math.max(left, tonumber(ARGV[3])))
return fresh
`
