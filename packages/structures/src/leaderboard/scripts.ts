import { type Script, scriptOf } from '../base/script.ts'
import { PRELUDE } from './prelude.ts'

const script = (name: string, body: string, flags?: string): Script =>
  scriptOf(`leaderboard.${name}`, PRELUDE + body, flags)

/** ARGV: member, score. Returns the member's row. */
export const SUBMIT: Script = script(
  'submit',
  `
age(20)
local arrival = math.max(NOW, last + 1)
redis.call('HSET', base, 'last', digits(arrival))
record(ARGV[4], ARGV[5], arrival, true)
local rank = rankOf(ARGV[4])
return rows(rank, rank)
`,
)

/** A read answers nothing while rows of an earlier window are still there, unless ARGV[4] is 1. */
const CURRENT = `
local aged = age(500)
if not aged and ARGV[4] ~= '1' then return false end
`

/** ARGV: how many. */
export const TOP: Script = script('top', `${CURRENT}return rows(0, tonumber(ARGV[5]) - 1)`, 'allow-oom')

/** ARGV: member. */
export const RANK: Script = script('rank', `${CURRENT}return (rankOf(ARGV[5]) or -1) + 1`, 'allow-oom')

/** ARGV: member, how many on each side. */
export const AROUND: Script = script(
  'around',
  `${CURRENT}
local rank, reach = rankOf(ARGV[5]), tonumber(ARGV[6])
if not rank then return {} end
return rows(math.max(0, rank - reach), rank + reach)
`,
  'allow-oom',
)

/** Closed slices that are not archived, the oldest first. None of them changes any more. */
export const DUE: Script = script(
  'archive',
  `
redis.call('HSET', base, 'last', digits(NOW))
return redis.call('ZRANGEBYSCORE', due, '-inf', sliceOf(NOW) - 1, 'LIMIT', 0, 1000)
`,
  'allow-oom',
)

/** ARGV: slice, from which row, how many. Returns member, score and arrival of each. */
export const SLICE: Script = script(
  'archive',
  `
local first = tonumber(ARGV[5])
local flat = redis.call('ZRANGE', base .. ':s:' .. ARGV[4], first, first + tonumber(ARGV[6]) - 1, 'WITHSCORES')
local found = {}
for at = 1, #flat, 2 do
  found[#found + 1] = flat[at]
  found[#found + 1] = flat[at + 1]
  found[#found + 1] = redis.call('HGET', base .. ':a:' .. ARGV[4], flat[at])
end
return found
`,
  'allow-oom',
)

/** ARGV: slice. */
export const ARCHIVED: Script = script(
  'archive',
  `
redis.call('ZREM', due, ARGV[4])
if not redis.call('ZSCORE', live, ARGV[4]) then drop(ARGV[4]) end
return 1
`,
  'allow-oom',
)

/** ARGV: member, score and arrival (empty: now) of each row. Returns how many are in the window. */
export const RESTORE: Script = script(
  'restore',
  `
local restored = 0
for at = 4, #ARGV, 3 do
  local arrival = tonumber(ARGV[at + 2])
  if not arrival or arrival > NOW then
    NOW = NOW + 1
    arrival = NOW
    redis.call('HSET', base, 'last', digits(NOW))
  end
  if sliceOf(arrival) > gone then
    record(ARGV[at], ARGV[at + 1], arrival, sliceOf(arrival) == sliceOf(NOW))
    restored = restored + 1
  end
end
return restored
`,
)
