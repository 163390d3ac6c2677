import { memoryStore } from '@larder/core'
import type { FinishRequest, Store } from '@larder/core/store'
import { deferred, fakeClock, faultyStore, settled, sized } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { MOST_CELLS, MOST_RECORDS } from '../../src/marks/backlog.ts'
import { createJournal } from '../../src/marks/journal.ts'
import { createPendingWrites } from '../../src/marks/pending-writes.ts'
import { createEvents } from '../../src/report/events.ts'
import { guardStore } from '../../src/store/guard.ts'
import type { ReadTag } from '../../src/tags/read-tags.ts'

function journaling(wrapStore: (store: Store) => Partial<Store> = () => ({})) {
  const clock = fakeClock()
  const store = faultyStore(memoryStore({ clock }))
  const sent: FinishRequest[] = []
  const watched: Store = {
    ...store,
    async finish(request) {
      sent.push(request)
      await store.finish(request)
    },
  }
  const events = createEvents()
  const warnings: string[] = []
  events.on('warning', ({ code }) => warnings.push(code))
  const guard = guardStore({ ...watched, ...wrapStore(watched) }, clock, events)
  const pendingWrites = createPendingWrites()
  const journal = createJournal({ store: guard, clock, events, pendingWrites })
  const covers = (fields: readonly string[], cells: readonly string[] = [], record = '{t}') =>
    pendingWrites.mustBypass([readOf(record, fields, cells)])
  return { clock, store, sent, guard, unfinished: pendingWrites, journal, covers, warnings }
}

function readOf(record: string, fields: readonly string[], cells: readonly string[]): ReadTag {
  const list = fields.includes('list') ? 'depends' : 'no'
  return { record, fields, cells, list, names: [], insteadOfList: () => undefined } as ReadTag
}

let tokens = 0
const finish = (more: Partial<FinishRequest> = {}): FinishRequest => ({
  record: '{t}',
  token: `w${tokens++}`,
  untouched: [],
  keep: [],
  cells: [],
  ...more,
})

describe('the contents of the journal', () => {
  it('keep exactly the reads that depend on the writes from the cache, until the store acknowledges them', async () => {
    const { journal, covers, unfinished, clock, store } = journaling()
    store.fail('rejects')
    journal.add([finish({ untouched: ['id', 'code'], cells: ['id=1'] })])
    expect(covers(['id'], ['id=1'])).toBe(true)
    expect(covers(['id'], ['id=2'])).toBe(false)
    expect(covers(['list'])).toBe(true)
    expect(covers(['other'], ['other=1'])).toBe(true)
    expect(covers(['list'], [], '{u}')).toBe(false)
    journal.add([finish({ untouched: ['id'], cells: ['id=2'] })])
    expect([covers(['id'], ['id=1']), covers(['id'], ['id=2']), covers(['id'], ['id=3'])]).toEqual([
      true,
      true,
      false,
    ])
    // Only the first of the two knew that key.
    expect(covers(['code'], ['code=x'])).toBe(true)
    expect(unfinished.isWriting('{t}')).toBe(true)
    await clock.advance(60_000)
    expect(covers(['list'])).toBe(true)
    store.fail('works')
    await clock.advance(2_000)
    expect([covers(['list']), unfinished.isWriting('{t}'), journal.backlog.records]).toEqual([
      false,
      false,
      0,
    ])
    await unfinished.idle()
  })

  it('are one finish per record and write, each of which invalidates the tags of all writes of the record', async () => {
    const { journal, sent } = journaling()
    const first = finish({ untouched: ['id', 'code'], keep: ['grp'], cells: ['id=1'] })
    const second = finish({ untouched: ['id'], keep: ['code', 'grp'], cells: ['id=2'] })
    journal.add([first, finish({ record: '{u}', keep: ['k'] })])
    journal.add([second])
    await journal.replay()
    const both = { record: '{t}', untouched: ['id'], keep: [], cells: ['id=1', 'id=2'] }
    expect(sent).toEqual([
      { ...both, token: first.token },
      // Alone it is what it was.
      expect.objectContaining({ record: '{u}', keep: ['k'] }),
      { ...both, token: second.token },
    ])
  })

  it('invalidate the cells of a write that changed nothing, because the store may have lost its marks', async () => {
    const { journal, sent } = journaling()
    journal.add([finish({ keep: ['list'], cells: ['id=1'], unchanged: { lifetime: 1_000 } })])
    await journal.replay()
    expect(sent).toEqual([expect.not.objectContaining({ unchanged: expect.anything() })])
    expect(sent).toEqual([expect.objectContaining({ cells: ['id=1'] })])
  })

  it('remove the marks of all writes once sent', async () => {
    const { journal, guard } = journaling()
    const mark = { record: '{t}', fields: ['list'], known: [], cells: ['{t}:c'], lifetime: 30_000 }
    for (const token of ['a', 'b', 'c']) await guard.mark({ ...mark, token })
    for (const token of ['a', 'b', 'c']) journal.add([finish({ token, cells: ['{t}:c'] })])
    await journal.replay()
    const reply = await guard.fetch(undefined, [{ record: '{t}', fields: ['list'], cells: ['{t}:c'] }])
    expect(reply.ok && reply.value.tags[0]?.fields[0]?.dirty).toBe(false)
    expect(reply.ok && reply.value.tags[0]?.cells[0]?.dirty).not.toBe(true)
  })

  it('are sent again if more was added to a finish while it was sent', async () => {
    const answer = deferred()
    const { journal, covers, sent, clock } = journaling((store) => ({
      async finish(request) {
        await store.finish(request)
        if (request.cells.length === 1) await answer.promise
      },
    }))
    journal.add([finish({ untouched: ['id'], cells: ['id=1'] })])
    const replayed = journal.replay()
    await settled()
    journal.add([finish({ untouched: ['id'], cells: ['id=2'] })])
    answer.resolve()
    await replayed
    expect(covers(['id'], ['id=2'])).toBe(true)
    await clock.advance(100)
    expect(sent.at(-1)?.cells).toEqual(['id=1', 'id=2'])
    expect(covers(['id'], ['id=2'])).toBe(false)
  })

  it('cover everything after a failed invalidateAll, until it succeeds', async () => {
    const { journal, covers, store, clock } = journaling()
    store.fail('rejects')
    journal.add([finish({ record: '{a}' })])
    journal.addEverything()
    journal.add([finish({ record: '{b}' })])
    expect([journal.backlog.records, covers(['list'], [], '{any}')]).toEqual([0, true])
    await clock.advance(1_000)
    store.fail('works')
    const before = store.calls.length
    await clock.advance(2_000)
    expect(store.calls.slice(before)).toEqual(['invalidateAll'])
    expect(covers(['list'], [], '{any}')).toBe(false)
  })
})

describe('the journal is sent again', () => {
  it('after pauses that grow to two seconds, with one timer', async () => {
    const { journal, store, clock } = journaling()
    store.fail('rejects')
    journal.add([finish()])
    const attempts = async (ms: number): Promise<number> => {
      const before = store.calls.length
      await clock.advance(ms)
      expect(clock.pending()).toBe(1)
      return store.calls.length - before
    }
    expect(await attempts(400)).toBe(3)
    await attempts(6_000)
    expect(await attempts(60_000)).toBe(30)
  })

  it('immediately when the store is back', async () => {
    const { journal, store, clock } = journaling()
    await journal.replay()
    store.fail('rejects')
    journal.add([finish()])
    await clock.advance(60_000)
    store.fail('works')
    await journal.replay()
    expect(journal.backlog.records).toBe(0)
    const { length } = store.calls
    // The timer of answered calls fires once more.
    await clock.advance(2_000)
    expect([store.calls.length, clock.pending()]).toEqual([length, 0])
  })

  it('with one call per record until the first is answered, however many writes the record has', async () => {
    const { journal, store, sent } = journaling()
    store.fail('rejects')
    for (let write = 0; write < 10; write++) journal.add([finish()])
    await journal.replay()
    expect(sent).toHaveLength(1)
    store.fail('works')
    await journal.replay()
    expect(sent).toHaveLength(11)
  })

  it('at most until sixteen records in a row have failed, starting with other records next time', async () => {
    const { journal, store, sent } = journaling()
    store.fail('rejects')
    for (let record = 0; record < 40; record++) journal.add([finish({ record: `{${record}}` })])
    await journal.replay()
    expect(sent.map(({ record }) => record)).toEqual(Array.from({ length: 16 }, (_, record) => `{${record}}`))
    await journal.replay()
    expect(sent[16]?.record).toBe('{16}')
    store.fail('works')
    await journal.replay()
    expect(journal.backlog.records).toBe(0)
  })

  it('never after the store is closed, and it then records nothing more', async () => {
    const { journal, guard, clock, covers, store } = journaling()
    store.fail('rejects')
    journal.add([finish()])
    await guard.close()
    await clock.advance(50)
    expect([journal.backlog.records, clock.pending(), covers(['list'])]).toEqual([0, 0, false])
    journal.add([finish()])
    journal.addEverything()
    expect([journal.backlog.records, clock.pending()]).toEqual([0, 0])
    expect(store.calls).toEqual([])
  })
})

describe('the bounds of the journal', () => {
  it('beyond a thousand cells of a table, the whole table is invalidated', async () => {
    const { journal, covers, sent } = journaling()
    for (let id = 0; id <= 1_000; id++)
      journal.add([
        finish({ untouched: ['id'], cells: [`id=${id}`] }),
        finish({ record: '{u}', untouched: ['id'] }),
      ])
    expect([journal.backlog.records, journal.backlog.cells]).toEqual([2, 0])
    expect(covers(['id'], ['id=77777'])).toBe(true)
    expect(covers(['id'], ['id=77777'], '{u}')).toBe(false)
    await journal.replay()
    const ofTable = sent.filter(({ record }) => record === '{t}')
    expect(ofTable).toHaveLength(16)
    expect(ofTable[0]).toMatchObject({ untouched: [], keep: [], cells: [] })
  })

  it('beyond ten thousand cells in total, the table with the most cells is invalidated as a whole', () => {
    const { journal, covers } = journaling()
    const cells = (record: string, count: number): void => {
      const names = Array.from({ length: count }, (_, id) => `${record}=${id}`)
      journal.add([finish({ record, untouched: ['id'], cells: names })])
    }
    cells('{most}', 900)
    for (let record = 0; record < 12; record++) cells(`{${record}}`, 800)
    expect(journal.backlog.cells).toBe(12 * 800)
    expect(covers(['id'], ['x'], '{most}')).toBe(true)
    for (let record = 0; record < 12; record++) expect(covers(['id'], ['x'], `{${record}}`)).toBe(false)
  })

  it('beyond a thousand tables and tags, every read bypasses the cache, and one warning says so', async () => {
    const { journal, covers, warnings, store, clock } = journaling()
    store.fail('rejects')
    for (let record = 0; record < MOST_RECORDS; record++) journal.add([finish({ record: `{${record}}` })])
    expect([journal.backlog.records, covers(['list'], [], '{other}')]).toEqual([1_000, false])
    for (let record = 0; record < 3_000; record++) journal.add([finish({ record: `{more ${record}}` })])
    expect([journal.backlog.records, covers(['list'], [], '{other}')]).toEqual([0, true])
    expect(warnings).toEqual(['journal-overflow'])
    store.fail('works')
    await clock.advance(2_000)
    expect(store.calls.at(-1)).toBe('invalidateAll')
    expect(covers(['list'], [], '{other}')).toBe(false)
  })

  const SECONDS = sized(600, 3_600)

  it('hold while the store is down for long and a thousand writes a second fail', async () => {
    const { journal, store, clock } = journaling()
    store.fail('rejects')
    let [records, cells, timers, writes] = [0, 0, 0, 0]
    for (let second = 0; second < SECONDS; second++) {
      for (let write = 0; write < 1_000; write++) {
        const id = writes++
        // Fifty tables, a few of which take most of the writes.
        const record = `{${id % 7 ? id % 5 : id % 50}}`
        journal.add([finish({ record, token: `h${id}`, untouched: ['id'], cells: [`${record}:id=${id}`] })])
      }
      await clock.advance(1_000)
      records = Math.max(records, journal.backlog.records)
      cells = Math.max(cells, journal.backlog.cells)
      timers = Math.max(timers, clock.pending())
    }
    expect(writes).toBe(1_000 * SECONDS)
    expect(records).toBe(50)
    expect(cells).toBeLessThanOrEqual(MOST_CELLS)
    expect(timers).toBe(1)
    // Bounded, too, is what the store is asked: one call for sixteen tables every two seconds.
    expect(store.calls.length).toBeLessThan((SECONDS / 2) * 16 * 1.1)
    store.fail('works')
    await clock.advance(2_000)
    expect([journal.backlog.records, journal.backlog.cells]).toEqual([0, 0])
    // The timer of answered calls fires once more.
    await clock.advance(2_000)
    expect(clock.pending()).toBe(0)
  })
})
