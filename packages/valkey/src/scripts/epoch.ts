/**
 * Creates a text if there is none, or replaces it (`ARGV[2]` = 1). Returns the text that counts.
 * It is a script for three reasons. A full server accepts writes only from scripts that ask for it. A replica, or a primary
 * that accepts no writes, refuses it even if there is nothing to write. And because the text contains the server's time, a
 * call that is executed again later does not restore an old text.
 * KEYS: the text's key. ARGV: a text that was never used, 1 or 0, the shortest remaining lifetime (ms).
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
