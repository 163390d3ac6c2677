/**
 * What every script begins with. Scripts are strings because bundlers lose files.
 *
 * A tag's text is its nonce, then `|token,deadline` per mark, deadlines in the server's milliseconds: a reader sees
 * dirty wherever there is a `|`, without a script. `ARGV[1]` is text the caller never sent before; with the server's
 * microseconds and a count it makes nonces that differ even when one call is executed twice.
 * `OWN` is the token of the calling write; an expired mark of anybody else is pruned, and that gives a new nonce.
 */
export const PRELUDE: string = `#!lua flags=allow-oom
local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local STEM = ARGV[1] .. '.' .. string.format('%x', time[1] * 1000000 + time[2]) .. '.'
local OWN = false
local LIFE = '~'
local made = 0

local function nonce()
  made = made + 1
  return STEM .. string.format('%x', made)
end

local function digits(number)
  return string.format('%.0f', number)
end

-- Reads a tag's text; without one, a new tag.
local function tagOf(text)
  if not text then return { nonce = nonce(), marks = {}, changed = true } end
  local bar = string.find(text, '|', 1, true)
  if not bar then return { nonce = text, marks = {} } end
  local tag = { nonce = string.sub(text, 1, bar - 1), marks = {} }
  for token, deadline in string.gmatch(text, '|([^|,]*),(%d+)') do
    if token == OWN or tonumber(deadline) > NOW then
      tag.marks[token] = tonumber(deadline)
    else
      tag.changed = true
    end
  end
  -- Text that is not ours looks dirty to readers: it may not become clean with the nonce it had.
  if tag.changed or not next(tag.marks) then
    tag.nonce = nonce()
    tag.changed = true
  end
  return tag
end

local function textOf(tag)
  local text = tag.nonce
  for token, deadline in pairs(tag.marks) do text = text .. '|' .. token .. ',' .. digits(deadline) end
  return text
end

local function bump(tag)
  tag.nonce = nonce()
  tag.changed = true
end

local function mark(tag, deadline)
  tag.marks[OWN] = deadline
  tag.changed = true
end

local function latestOf(tag, latest)
  for _, deadline in pairs(tag.marks) do latest = math.max(latest, deadline) end
  return latest
end

-- A table's record: its tags by field, and the longest lifetime any seed asked for (0: nobody seeded it).
local function openRecord(key)
  local record = { key = key, tags = {}, life = 0 }
  local flat = redis.call('HGETALL', key)
  for at = 1, #flat, 2 do
    if flat[at] == LIFE then
      record.life = tonumber(flat[at + 1]) or 0
    else
      record.tags[flat[at]] = tagOf(flat[at + 1])
    end
  end
  record.empty = #flat == 0
  if not record.tags.list then record.tags.list = tagOf(false) end
  return record
end

-- A field, whoever creates it, is born with the live marks of list.
local function fieldOf(record, name)
  local tag = record.tags[name]
  if not tag then
    tag = tagOf(false)
    for token, deadline in pairs(record.tags.list.marks) do tag.marks[token] = deadline end
    record.tags[name] = tag
  end
  return tag
end

-- A new lifetime is told to those who follow changes like any other: a clean key gets one when it is worth that.
local function prolong(key, life)
  if redis.call('PTTL', key) < life * 0.9 then redis.call('PEXPIRE', key, digits(life)) end
end

local function saveRecord(record)
  local latest, changed = 0, {}
  for name, tag in pairs(record.tags) do
    latest = latestOf(tag, latest)
    if tag.changed then
      changed[#changed + 1] = name
      changed[#changed + 1] = textOf(tag)
    end
  end
  if latest == 0 and record.life == 0 then
    redis.call('UNLINK', record.key)
    return
  end
  if record.longer then
    changed[#changed + 1] = LIFE
    changed[#changed + 1] = digits(record.life)
  end
  for at = 1, #changed, 2 do redis.call('HSET', record.key, changed[at], changed[at + 1]) end
  -- A dirty record goes with its last mark: whoever left it there is dead.
  if latest > 0 then
    redis.call('PEXPIREAT', record.key, digits(latest))
  elseif #changed > 0 then
    redis.call('PEXPIRE', record.key, digits(record.life))
  else
    prolong(record.key, record.life)
  end
end

-- A set of ARGV: a count at the given place, then as many names. Returns the set, the list, and the next place.
local function namesAt(at)
  local set, list = {}, {}
  local count = tonumber(ARGV[at])
  for index = at + 1, at + count do
    set[ARGV[index]] = true
    list[#list + 1] = ARGV[index]
  end
  return set, list, at + count + 1
end
`
