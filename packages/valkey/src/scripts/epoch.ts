/**
 * Begins an epoch where there is none, or (`ARGV[2]` = 1) in place of the one there is; returns the one that counts.
 * A script although it is one SET: a full server refuses writes, except those of scripts that say so.
 * KEYS: the epoch's key. ARGV: a text never used before, 1 or 0.
 */
export const EPOCH = `#!lua flags=allow-oom
if ARGV[2] == '1' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'NX')
end
return redis.call('GET', KEYS[1])
`
