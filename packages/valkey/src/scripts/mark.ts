import { BASE } from './base.ts'
import { PRELUDE } from './prelude.ts'
import { USUAL_CASE } from './usual-case.ts'

/** A write that marks `list` and cells. */
const MARK_LIST = `${USUAL_CASE}
-- The text with this write's mark as the last one. nil: not the usual case.
local function marked(text)
  if not text then return nonce() .. MINE end
  local _, _, latest, isMarked = partsOf(text)
  if not latest or isMarked or latest > deadline then return nil end
  return text .. MINE
end

local function markList()
  local list = listOf(KEYS[1], 7, 6 + ARGV[6])
  if list == nil then return false end
  local text = marked(list)
  if not text then return false end
  for at = 2, #KEYS do
    local cell = marked(call('GET', KEYS[at]))
    if not cell then return false end
    call('SET', KEYS[at], cell, 'PXAT', digits(deadline))
  end
  call('HSET', KEYS[1], 'list', text)
  call('PEXPIREAT', KEYS[1], digits(deadline))
  return true
end
if ARGV[4] == '1' and ARGV[5] == 'list' and ARGV[7 + ARGV[6]] == '0' and markList() then return 1 end
`

/**
 * Puts a write's mark on a table's tags and creates missing ones. Executed again, it extends the mark.
 * Fields of the record that the writer does not know are marked, too.
 *
 * KEYS: the record if any field is named, then cells. ARGV: text for nonces, token, lifetime (ms), count and names of
 * fields, count and names of known fields, then what to report (see the prelude).
 */
export const MARK: string = `${BASE}
OWN = ARGV[2]
local deadline = NOW + tonumber(ARGV[3])
local MINE = '|' .. OWN .. ',' .. digits(deadline)
${MARK_LIST}
${PRELUDE}
local fields, after = namesAt(4)
local known, rest = setAt(after)
local report = reportAt(rest)
local first = 1
if #fields > 0 then
  first = 2
  local record = openRecord(KEYS[1])
  if report and report.life > record.life then
    record.life = report.life
    record.longer = true
  end
  -- Before list is marked, because a field that is only reported must not get the mark of this write.
  if report then
    for _, name in ipairs(report.fields) do recordState(report, 'f' .. name, fieldOf(record, name)) end
  end
  mark(record.tags.list, deadline)
  for _, name in ipairs(fields) do mark(fieldOf(record, name), deadline) end
  openOthers(record, known)
  for name, tag in pairs(record.tags) do
    if name ~= 'list' and not known[name] then mark(tag, deadline) end
  end
  saveRecord(record)
end
for at = first, #KEYS do
  local tag = tagOf(call('GET', KEYS[at]))
  mark(tag, deadline)
  recordState(report, 'c' .. at, tag)
  call('SET', KEYS[at], textOf(tag), 'PXAT', digits(latestOf(tag, 0)))
end
return replyOf(report)
`
