/**
 * Stores the pause of the fleet, or its end, in place of what was there (`ARGV[2]` = 1), or only if nothing is there. Returns
 * what is stored afterwards. It has no expiry: a server that evicts only keys with one never evicts it. It is a script because
 * a full server accepts writes only from scripts that ask for it.
 * KEYS: the key of the pause. ARGV: the text, 1 or 0.
 */
export const PAUSE: string = `#!lua flags=allow-oom
local found = ARGV[2] ~= '1' and redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
`
