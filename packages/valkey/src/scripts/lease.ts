// A lease is one text beside its entry: the holder's token, with a `+` behind it once somebody waits, or `=` for a moment
// after the entry was stored.

/** What a lease says whose holder has stored the entry. */
export const STORED = '='

/**
 * Takes a lease that is free, or that says `=` if ARGV[3] is 1. If it is held, notes that somebody waits.
 * KEYS: the lease. ARGV: token, lifetime (ms), 1 or 0. Returns -1: taken; -2: it says `=`; else its remaining lifetime (ms).
 */
export const JOIN_LEASE: string = `#!lua
local held = redis.call('GET', KEYS[1])
if not held or (held == '=' and ARGV[3] == '1') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return -1
end
if held == '=' then return -2 end
if string.sub(held, -1) ~= '+' then redis.call('SET', KEYS[1], held .. '+', 'KEEPTTL') end
return math.max(0, redis.call('PTTL', KEYS[1]))
`

/** Extends a lease. KEYS: the lease. ARGV: token, lifetime (ms). Returns 0 if it has another holder or none. */
export const RENEW_LEASE: string = `#!lua
local held = redis.call('GET', KEYS[1])
if held ~= ARGV[1] and held ~= ARGV[1] .. '+' then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

/**
 * Ends a lease, unless it has another holder, and announces how it ended to those who wait. A user who may not publish
 * ends it all the same.
 * KEYS: the lease. ARGV: token, how it ended, how long to remember that the entry was stored (ms).
 */
export const RELEASE_LEASE: string = `#!lua
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[1] .. '+' then return 0 end
if ARGV[2] == 'stored' then redis.call('SET', KEYS[1], '=', 'PX', ARGV[3])
elseif held then redis.call('UNLINK', KEYS[1]) end
if not held or string.sub(held, -1) == '+' then redis.pcall('PUBLISH', KEYS[1], ARGV[2]) end
return 1
`
