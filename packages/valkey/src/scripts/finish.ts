import { BASE } from './base.ts'
import { PRELUDE } from './prelude.ts'
import { USUAL_CASE } from './usual-case.ts'

/** A write that knew all rows that it changed: cells and `list` are bumped. */
const FINISH_LIST = `${USUAL_CASE}
local function finishList()
  local list, life, isThere = listOf(KEYS[1], 6, 5 + ARGV[5])
  -- A record without list is not the usual case.
  if list == nil or (isThere and not list) then return false end
  local latest, marks, _ = 0, ''
  if list then
    _, marks, latest = partsOf(list)
    if not marks then return false end
  end
  for at = 2, #KEYS do
    local text = call('GET', KEYS[at])
    if text then
      local _, others, last = partsOf(text)
      if not others then return false end
      if others == '' then
        call('UNLINK', KEYS[at])
      else
        call('SET', KEYS[at], nonce() .. others, 'PXAT', digits(last))
      end
    end
  end
  if not isThere then return true end
  if latest == 0 and life == 0 then
    call('UNLINK', KEYS[1])
    return true
  end
  call('HSET', KEYS[1], 'list', nonce() .. marks)
  if latest > 0 then
    call('PEXPIREAT', KEYS[1], digits(latest))
  else
    call('PEXPIRE', KEYS[1], digits(life))
  end
  return true
end
local after = 6 + ARGV[5]
if ARGV[3] == '1' and ARGV[4] == '0' and ARGV[after] == '0' and ARGV[after + 1] == '0' and finishList() then return 1 end
`

/**
 * Removes a write's mark from a table's tags, from cells first and then from the record.
 * - Cells are bumped, unless the write changed nothing and its mark is still there. A bumped cell without another mark is
 *   removed.
 * - A field keeps its nonce if the writer left it untouched, or if it is in `keep` and the mark is still there. All other
 *   fields are bumped, whoever marked them.
 *
 * KEYS: the record if there is one, then cells. ARGV: text for nonces, token, 1 or 0 for the record, the lifetime (ms) of
 * cells that keep their nonce (0: all are bumped), count and names of untouched fields, count and names of kept fields, then
 * what to report (see the prelude). Cells that are reported stay, with a new nonce.
 */
export const FINISH: string = `${BASE}
OWN = ARGV[2]
${FINISH_LIST}
${PRELUDE}
local unchangedLife = tonumber(ARGV[4])
local untouched = setAt(5)
local keep, rest = setAt(after)
local report = reportAt(rest)
local first = 1 + tonumber(ARGV[3])
for at = first, #KEYS do
  local text = call('GET', KEYS[at])
  if text then
    local tag = tagOf(text)
    recordState(report, 'c' .. at, tag)
    local kept = unmark(tag) and unchangedLife > 0
    if not kept then bump(tag) end
    recordNonce(report, 'c' .. at, tag)
    if isMarked(tag) then
      call('SET', KEYS[at], textOf(tag), 'PXAT', digits(latestOf(tag, 0)))
    elseif kept then
      call('SET', KEYS[at], textOf(tag), 'PX', digits(unchangedLife))
    elseif report and report.places[tostring(at)] then
      call('SET', KEYS[at], textOf(tag), 'PX', digits(report.life))
    else
      call('UNLINK', KEYS[at])
    end
  end
end
if first == 2 then
  local record = openRecord(KEYS[1])
  if not record.empty then
    if report then
      for _, name in ipairs(report.fields) do recordState(report, 'f' .. name, tagIn(record, name)) end
    end
    openOthers(record, untouched)
    for name, tag in pairs(record.tags) do
      local had = unmark(tag)
      if not untouched[name] and not (had and keep[name]) then bump(tag) end
    end
    saveRecord(record)
  end
end
return replyOf(report)
`
