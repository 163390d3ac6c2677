/**
 * What every script begins with. Scripts are strings because bundlers lose files.
 *
 * A tag's text is its nonce, then `|token,deadline` per mark, deadlines in the server's milliseconds, the earliest first:
 * a reader sees dirty wherever there is a `|`, without a script. A row that thousands write at once has thousands of
 * marks, so they stay text: the first tells whether any has expired, the last how long the key lives. `ARGV[1]` is text the caller never sent before; with the server's
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

-- The deadline of the last of some marks, which is the latest; 0 without one.
local function lastOf(marks)
  return tonumber(string.match(string.sub(marks, -20), ',(%d+)$')) or 0
end

-- Marks in the order of their deadlines, without those that have expired and without what is no mark.
local function sorted(marks)
  local live = {}
  for token, deadline in string.gmatch(marks, '|([^|,]*),(%d+)') do
    if token == OWN or tonumber(deadline) > NOW then live[#live + 1] = { token, tonumber(deadline) } end
  end
  table.sort(live, function(one, other) return one[2] < other[2] end)
  for at = 1, #live do live[at] = '|' .. live[at][1] .. ',' .. digits(live[at][2]) end
  return table.concat(live)
end

-- Some marks without that of this write, and its deadline if it is there.
local function withoutOwn(marks)
  local from = OWN and string.find(marks, '|' .. OWN .. ',', 1, true)
  if not from then return marks, nil end
  local comma = from + #OWN + 1
  local after = string.find(marks, '|', comma, true) or #marks + 1
  local deadline = tonumber(string.sub(marks, comma + 1, after - 1))
  return string.sub(marks, 1, from - 1) .. string.sub(marks, after), deadline
end

-- Reads a tag's text; without one, a new tag. Its marks are those of other writes; the deadline of its own is apart.
local function tagOf(text)
  if not text then return { nonce = nonce(), marks = '', changed = true } end
  local bar = string.find(text, '|', 1, true)
  if not bar then return { nonce = text, marks = '' } end
  local tag = { nonce = string.sub(text, 1, bar - 1) }
  tag.marks, tag.own = withoutOwn(string.sub(text, bar))
  tag.foreign = tag.marks ~= ''
  local first = string.match(tag.marks, '^|[^|,]*,(%d+)')
  if tag.foreign and not (first and tonumber(first) > NOW) then
    tag.marks = sorted(tag.marks)
    tag.changed = true
  end
  -- Text that is not ours looks dirty to readers: it may not become clean with the nonce it had.
  if tag.changed or (tag.marks == '' and not tag.own) then
    tag.nonce = nonce()
    tag.changed = true
  end
  return tag
end

local function textOf(tag)
  if not tag.own then return tag.nonce .. tag.marks end
  local marks = tag.marks .. '|' .. OWN .. ',' .. digits(tag.own)
  if tag.own < lastOf(tag.marks) then marks = sorted(marks) end
  return tag.nonce .. marks
end

local function isMarked(tag)
  return tag.own ~= nil or tag.marks ~= ''
end

local function bump(tag)
  tag.nonce = nonce()
  tag.changed = true
end

local function mark(tag, deadline)
  tag.own = deadline
  tag.changed = true
end

local function unmark(tag)
  local had = tag.own ~= nil
  tag.own = nil
  tag.changed = tag.changed or had
  return had
end

local function latestOf(tag, latest)
  return math.max(latest, tag.own or 0, lastOf(tag.marks))
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
    local list = record.tags.list
    tag.marks, tag.own, tag.foreign = list.marks, list.own, list.foreign
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
  local count = tonumber(ARGV[at]) or 0
  for index = at + 1, at + count do
    set[ARGV[index]] = true
    list[#list + 1] = ARGV[index]
  end
  return set, list, at + count + 1
end

-- What a write through asks, if it does: a lifetime (0: nothing), the count and names of fields, the count and places of cells.
local function witnessAt(at)
  local _, fields, after = namesAt(at + 1)
  local places, cells = namesAt(after)
  return { life = tonumber(ARGV[at]) or 0, fields = fields, places = places, cells = cells, seen = {} }
end

-- A tag as it is found: its nonce, whether this write's mark is there, whether another's was.
local function see(witness, name, tag)
  if not tag then return end
  witness.seen[name] = { tag.nonce, tag.own and '1' or '0', tag.foreign and '1' or '0', '' }
end

-- The nonce it is left with.
local function leave(witness, name, tag)
  if witness.seen[name] then witness.seen[name][4] = tag.nonce end
end

local function testimony(witness)
  if witness.life == 0 then return 1 end
  local said = {}
  local function say(name)
    local seen = witness.seen[name] or { '', '0', '0', '' }
    for at = 1, 4 do said[#said + 1] = seen[at] end
  end
  for _, name in ipairs(witness.fields) do say('f' .. name) end
  for _, place in ipairs(witness.cells) do say('c' .. place) end
  return said
end
`
