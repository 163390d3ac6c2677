/**
 * The beginning of every script. Scripts are strings because bundlers lose files.
 *
 * A tag's text is its nonce, then `|token,deadline` for each mark, with deadlines in the server's milliseconds, the earliest
 * first. A reader sees without a script that a tag is dirty: there is a `|`. A row that thousands write at once has thousands
 * of marks, so they are kept as text: the first shows whether any has expired, and the last how long the key lives.
 *
 * `ARGV[1]` is a text that the caller never sent before. With the server's microseconds and a counter, it makes nonces that
 * differ even if a call is executed twice. `OWN` is the token of the calling write. Expired marks of other writes are removed,
 * which gives the tag a new nonce.
 */
export const BASE: string = `#!lua flags=allow-oom
local call, find, sub = redis.call, string.find, string.sub
local time = call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
local OWN = false
-- The field of a record with its lifetime.
local LIFE = '~'
local STEM
local made = 0

-- Most marks make no nonce.
local function nonce()
  STEM = STEM or ARGV[1] .. '.' .. string.format('%x', time[1] * 1000000 + time[2]) .. '.'
  made = made + 1
  return STEM .. string.format('%x', made)
end

-- Remembers one text: a call writes the same deadline several times, and formatting costs more than a command.
local written, writtenText
local function digits(number)
  if number ~= written then written, writtenText = number, string.format('%.0f', number) end
  return writtenText
end

-- The deadline of the last of some marks, which is the latest; 0 without one.
local function lastOf(marks)
  return marks == '' and 0 or tonumber(string.match(sub(marks, -20), ',(%d+)$')) or 0
end

-- The marks without that of this write, and its deadline if it was there.
local function withoutOwn(marks)
  local from = OWN and find(marks, '|' .. OWN .. ',', 1, true)
  if not from then return marks, nil end
  local comma = from + #OWN + 1
  local after = find(marks, '|', comma, true) or #marks + 1
  local deadline = tonumber(sub(marks, comma + 1, after - 1))
  return sub(marks, 1, from - 1) .. sub(marks, after), deadline
end
`
