import { PRELUDE } from './prelude.ts'

/**
 * Creates what is missing of a table's tags and returns the texts of all that were asked for, fields then cells.
 * Clean tags live nine tenths as long as asked, at least; dirty ones as long as their marks.
 * KEYS: the record if any field is named, then cells. ARGV: nonce text, lifetime (ms), count and names of fields.
 */
export const SEED: string = `${PRELUDE}
local life = tonumber(ARGV[2])
local _, fields = namesAt(3)
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
  local tag = tagOf(redis.call('GET', KEYS[at]))
  local latest = latestOf(tag, 0)
  local text = textOf(tag)
  if latest > 0 then
    if tag.changed then redis.call('SET', KEYS[at], text, 'PXAT', digits(latest)) end
  elseif tag.changed then
    redis.call('SET', KEYS[at], text, 'PX', digits(life))
  else
    prolong(KEYS[at], life)
  end
  replies[#replies + 1] = text
end
return replies
`
