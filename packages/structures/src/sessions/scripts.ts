import { type Script, scriptOf } from '../base/script.ts'

// KEYS[1] :s:<id>    hash: `data`, its `user`, and how long it `lives` without being used (ms). Of a session that was destroyed
//                    only `destroyed` stays, for a while.
// KEYS[1] :u:<user>  set: a user's sessions
// KEYS[1] :owner     hash: the user of each session that has one
// KEYS[1] :all       sorted set: all sessions by when they expire (ms)
// Only sessions themselves have a lifetime: if a full server evicted a user's set, `destroyAll` would miss sessions. Every write
// removes some expired sessions from the others.
// The prefix is one hash tag, so all of them are in one slot and a script finds them by their names.
// ARGV[1] is 1 if use extends a session.
const PRELUDE = `
local base, sliding = KEYS[1], ARGV[1] == '1'
local all, owner = base .. ':all', base .. ':owner'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function digits(number)
  return string.format('%.0f', number)
end

local function open(id)
  local key = base .. ':s:' .. id
  local data, user, lives, destroyed = unpack(redis.call('HMGET', key, 'data', 'user', 'lives', 'destroyed'))
  return { key = key, id = id, data = data, user = user or '', lives = tonumber(lives), destroyed = destroyed }
end

local function unlist(id)
  redis.call('ZREM', all, id)
  local user = redis.call('HGET', owner, id)
  if not user then return end
  redis.call('SREM', base .. ':u:' .. user, id)
  redis.call('HDEL', owner, id)
end

-- Sets when a session expires, and lists it under that.
local function expireIn(session, life)
  redis.call('PEXPIRE', session.key, digits(life))
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', all, '-inf', now, 'LIMIT', 0, 20)) do unlist(id) end
  redis.call('ZADD', all, digits(now + life), session.id)
  if session.user == '' then return end
  redis.call('SADD', base .. ':u:' .. session.user, session.id)
  redis.call('HSET', owner, session.id, session.user)
end

local function destroy(session)
  unlist(session.id)
  redis.call('UNLINK', session.key)
  if not session.data then return 0 end
  redis.call('HSET', session.key, 'destroyed', 1)
  redis.call('PEXPIRE', session.key, 300000)
  return 1
end

-- What is left of a session's life; all of it for a new one, or when use extends it.
local function lifeOf(session, life)
  if session.data and not sliding then return redis.call('PTTL', session.key) end
  return life
end

local function save(session, data, user, life)
  local left = lifeOf(session, life)
  if session.data and session.user ~= user then unlist(session.id) end
  session.user = user
  redis.call('HSET', session.key, 'data', data, 'user', user, 'lives', life)
  expireIn(session, left)
  return 1
end
`

const script = (name: string, body: string): Script =>
  scriptOf(`sessions.${name}`, PRELUDE + body, 'allow-oom')
/** One that needs memory: a full server refuses it. */
const growing = (name: string, body: string): Script => scriptOf(`sessions.${name}`, PRELUDE + body)

/** ARGV: id, data, user, life (ms). Returns whether it was stored: not if the session was destroyed. */
export const SET: Script = growing(
  'set',
  `
local session = open(ARGV[2])
if session.destroyed then return 0 end
return save(session, ARGV[3], ARGV[4], ARGV[5])
`,
)

/** ARGV: id, data, user. Returns whether the session was there. */
export const UPDATE: Script = growing(
  'update',
  `
local session = open(ARGV[2])
if not session.data then return 0 end
return save(session, ARGV[3], ARGV[4], session.lives)
`,
)

/** ARGV: id, new id, then data and user if they change. Returns whether the session was there. */
export const REGENERATE: Script = growing(
  'regenerate',
  `
local before, after = open(ARGV[2]), open(ARGV[3])
if not before.data then return 0 end
local left = lifeOf(before, before.lives)
after.user = ARGV[5] or before.user
redis.call('HSET', after.key, 'data', ARGV[4] or before.data, 'user', after.user, 'lives', digits(before.lives))
expireIn(after, left)
return destroy(before)
`,
)

/** ARGV: id. Returns the data. */
export const GET: Script = script(
  'get',
  `
local session = open(ARGV[2])
if session.data and sliding then expireIn(session, session.lives) end
return session.data
`,
)

/** ARGV: id, life (ms; 0: as it was). Returns whether the session was there. */
export const TOUCH: Script = script(
  'touch',
  `
local session = open(ARGV[2])
if not session.data then return 0 end
local life = tonumber(ARGV[3])
if sliding then
  if life > 0 then redis.call('HSET', session.key, 'lives', ARGV[3]) end
  expireIn(session, life > 0 and life or session.lives)
end
return 1
`,
)

/** ARGV: id. Returns whether the session was there. */
export const DESTROY: Script = script('destroy', 'return destroy(open(ARGV[2]))')

/** ARGV: user. Returns how many sessions were there. */
export const DESTROY_ALL: Script = script(
  'destroyAll',
  `
local destroyed = 0
for _, id in ipairs(redis.call('SMEMBERS', base .. ':u:' .. ARGV[2])) do destroyed = destroyed + destroy(open(id)) end
return destroyed
`,
)

/** ARGV: how many at most. Returns how many sessions were destroyed. */
export const CLEAR: Script = script(
  'clear',
  `
local ids = redis.call('ZRANGE', all, 0, ARGV[2] - 1)
for _, id in ipairs(ids) do destroy(open(id)) end
return #ids
`,
)

export const COUNT: Script = script('count', "return redis.call('ZCOUNT', all, '(' .. digits(now), '+inf')")

/** ARGV: from which, how many. Returns id and data of each; empty data for a session that is gone. */
export const LIST: Script = script(
  'list',
  `
local found = {}
for _, id in ipairs(redis.call('ZRANGE', all, ARGV[2], ARGV[2] + ARGV[3] - 1)) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', base .. ':s:' .. id, 'data') or ''
end
return found
`,
)
