import { BASE } from './base.ts'
import { PRELUDE } from './prelude.ts'

/**
 * Creates missing tags of a table and returns the texts of all tags in the request, fields before cells.
 * Clean tags live for at least nine tenths of the lifetime; dirty ones live as long as their marks.
 *
 * KEYS: the record if any field is named, then cells. ARGV: text for nonces, lifetime (ms), count and names of fields.
 */
export const SEED: string = `${BASE}
${PRELUDE}
local life = tonumber(ARGV[2])
local fields = namesAt(3)
local replies = {}
local first = 1
if #fields > 0 then
  first = 2
  local record = openRecord(KEYS[1])
  for _, name in ipairs(fields) do fieldOf(record, name) end
  if life > record.life then
    record.life = life
    record.longer = true
  end
  saveRecord(record)
  for _, name in ipairs(fields) do replies[#replies + 1] = textOf(record.tags[name]) end
end
for at = first, #KEYS do
  local tag = tagOf(call('GET', KEYS[at]))
  local latest = latestOf(tag, 0)
  local text = textOf(tag)
  if latest > 0 then
    if tag.changed then call('SET', KEYS[at], text, 'PXAT', digits(latest)) end
  elseif tag.changed then
    call('SET', KEYS[at], text, 'PX', digits(life))
  else
    extend(KEYS[at], life)
  end
  replies[#replies + 1] = text
end
return replies
`
