/**
 * Begins an epoch where there is none, or (`ARGV[2]` = 1) in place of the one there is; returns the one that counts.
 * A script although it is one SET, for two reasons: a full server refuses writes, except those of scripts that say so;
 * and with the server's time in it, a call executed twice, the second time late, does not bring its epoch back.
 * KEYS: the epoch's key. ARGV: a text never used before, 1 or 0.
 */
export const EPOCH: string = `#!lua flags=allow-oom
local time = redis.call('TIME')
local epoch = ARGV[1] .. '.' .. string.format('%x', time[1] * 1000000 + time[2])
if ARGV[2] == '1' then
  redis.call('SET', KEYS[1], epoch)
else
  redis.call('SET', KEYS[1], epoch, 'NX')
end
return redis.call('GET', KEYS[1])
`
