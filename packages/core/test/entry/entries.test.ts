import { expect, it } from 'vitest'
import { msgpackCodec } from '../../src/codec/msgpack.ts'
import { createEntries } from '../../src/entry/entries.ts'
import { createEvents } from '../../src/report/events.ts'

const owner = { operation: 'item.findMany', key: { key: 'n:e:1', proof: 'p' } }

it.each([
  ['is right', 400, 400],
  ['was set back by an hour', 3_600_400, 1_000],
])(
  'an entry lives no longer than it was to live when it was stored: a store whose clock %s',
  (_, left, lives) => {
    const entries = createEntries(msgpackCodec(), {}, { events: createEvents(), remember: 'no' })
    const payload = entries.encode([{ id: 1 }], owner)
    if ('error' in payload) throw payload.error
    const header = { epoch: 'e', lifetime: 1_000, empty: false, loadTime: 1, grace: 0, tags: [] }
    const opened = entries.open({ bytes: entries.seal(header, payload, owner), remaining: left }, owner)
    expect(opened?.state.remaining).toBe(lives)
    expect(opened?.age).toBe(1_000 - lives)
  },
)
