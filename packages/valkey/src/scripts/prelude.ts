/**
 * What every script needs for the tags of a table, after `BASE`. Defining it takes the server longer than a command, so
 * a script tries the usual case first.
 */
export const PRELUDE: string = `-- Marks in the order of their deadlines, without expired ones and without text that is no mark.
local function sorted(marks)
  local live = {}
  for token, deadline in string.gmatch(marks, '|([^|,]*),(%d+)') do
    if token == OWN or tonumber(deadline) > NOW then live[#live + 1] = { token, tonumber(deadline) } end
  end
  table.sort(live, function(one, other) return one[2] < other[2] end)
  for at = 1, #live do live[at] = '|' .. live[at][1] .. ',' .. digits(live[at][2]) end
  return table.concat(live)
end

-- Parses a tag's text, or makes a new tag. marks are those of other writes; own is the deadline of this write's mark.
local function tagOf(text)
  if not text then return { nonce = nonce(), marks = '', changed = true } end
  local bar = find(text, '|', 1, true)
  if not bar then return { nonce = text, marks = '' } end
  local tag = { nonce = sub(text, 1, bar - 1) }
  tag.marks, tag.own = withoutOwn(sub(text, bar))
  tag.isMarkedByOthers = tag.marks ~= ''
  if tag.isMarkedByOthers then
    local first = string.match(tag.marks, '^|[^|,]*,(%d+)')
    if not (first and tonumber(first) > NOW) then
      tag.marks = sorted(tag.marks)
      tag.changed = true
    end
  end
  -- Foreign text looks dirty to readers, so it must not become clean with the nonce it had.
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

-- A table's record: its tags by field, and the longest lifetime that a seed asked for (0: it was never seeded).
-- clean has the nonces of fields without a mark, which most calls leave as they are: they become tags when they are needed.
local function openRecord(key)
  local tags, clean = {}, {}
  local record = { key = key, tags = tags, clean = clean, life = 0 }
  local flat = call('HGETALL', key)
  for at = 1, #flat, 2 do
    local name, text = flat[at], flat[at + 1]
    if name == LIFE then
      record.life = tonumber(text) or 0
    elseif name == 'list' or find(text, '|', 1, true) then
      tags[name] = tagOf(text)
    else
      clean[name] = text
    end
  end
  record.empty = #flat == 0
  if not tags.list then tags.list = tagOf(false) end
  return record
end

-- The tag of a field. nil: there is no such field.
local function tagIn(record, name)
  local nonce = record.clean[name]
  if nonce then
    record.clean[name] = nil
    record.tags[name] = tagOf(nonce)
  end
  return record.tags[name]
end

-- Makes tags of the clean fields that are not in a set.
local function openOthers(record, names)
  for name in pairs(record.clean) do
    if not names[name] then tagIn(record, name) end
  end
end

-- A new field gets the live marks of list, whoever creates it.
local function fieldOf(record, name)
  local tag = tagIn(record, name)
  if not tag then
    tag = tagOf(false)
    local list = record.tags.list
    tag.marks, tag.own, tag.isMarkedByOthers = list.marks, list.own, list.isMarkedByOthers
    record.tags[name] = tag
  end
  return tag
end

-- Followers of changes are notified of a new lifetime, too, so a clean key gets one only if it differs enough.
local function extend(key, life)
  if call('PTTL', key) < life * 0.9 then call('PEXPIRE', key, digits(life)) end
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
    call('UNLINK', record.key)
    return
  end
  if record.longer then
    changed[#changed + 1] = LIFE
    changed[#changed + 1] = digits(record.life)
  end
  for at = 1, #changed, 2 do call('HSET', record.key, changed[at], changed[at + 1]) end
  -- A dirty record expires with its last mark: the process that left it there is dead.
  if latest > 0 then
    call('PEXPIREAT', record.key, digits(latest))
  elseif #changed > 0 then
    call('PEXPIRE', record.key, digits(record.life))
  else
    extend(record.key, record.life)
  end
end

-- Names in ARGV: a count at the given place, then as many. Returns them as a list, and the next place.
local function namesAt(at)
  local last = at + (tonumber(ARGV[at]) or 0)
  local names = {}
  for index = at + 1, last do names[index - at] = ARGV[index] end
  return names, last + 1
end

-- The same as a set.
local function setAt(at)
  local last = at + (tonumber(ARGV[at]) or 0)
  local set = {}
  for index = at + 1, last do set[ARGV[index]] = true end
  return set, last + 1
end

-- What a write-through wants reported: a lifetime (0: nothing), count and names of fields, count and positions of cells.
-- nil: nothing is wanted.
local function reportAt(at)
  if ARGV[at] == '0' then return nil end
  local fields, after = namesAt(at + 1)
  return { life = tonumber(ARGV[at]), fields = fields, places = setAt(after), cells = namesAt(after), states = {} }
end

-- Records a tag as found: its nonce, whether this write's mark is there, whether another write's was.
local function recordState(report, name, tag)
  if not report or not tag then return end
  report.states[name] = { tag.nonce, tag.own and '1' or '0', tag.isMarkedByOthers and '1' or '0', '' }
end

-- Records the nonce that the tag is left with.
local function recordNonce(report, name, tag)
  if report and report.states[name] then report.states[name][4] = tag.nonce end
end

local function replyOf(report)
  if not report then return 1 end
  local reply = {}
  local function add(name)
    local state = report.states[name] or { '', '0', '0', '' }
    for at = 1, 4 do reply[#reply + 1] = state[at] end
  end
  for _, name in ipairs(report.fields) do add('f' .. name) end
  for _, place in ipairs(report.cells) do add('c' .. place) end
  return reply
end
`
