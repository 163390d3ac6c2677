import { PRELUDE } from './prelude.ts'

/**
 * Puts a write's mark on a table's tags and creates missing ones. Executed again, it extends the mark.
 * Fields of the record that the writer does not know are marked, too.
 *
 * KEYS: the record if any field is named, then cells. ARGV: text for nonces, token, lifetime (ms), count and names of
 * fields, count and names of known fields, then what to report (see the prelude).
 */
export const MARK: string = `${PRELUDE}
OWN = ARGV[2]
local deadline = NOW + tonumber(ARGV[3])
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
