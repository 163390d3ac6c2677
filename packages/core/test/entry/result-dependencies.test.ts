import { type FaultyStore, faultyStore } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { reads, type WriteShape, writes } from '../support/item-host.ts'
import {
  type GetOptions,
  type ProcessOptions,
  pausedLoad,
  simulatedProcess,
} from '../support/simulated-process.ts'

const withNote = reads.withNote('c2')
const withItems = reads.withItems('n1')

/** A process with a store whose calls are counted and may be made to fail. */
function counted(options: ProcessOptions = {}) {
  let store: FaultyStore | undefined
  const here = simulatedProcess({
    ...options,
    wrapStore: (inner) => {
      store = faultyStore(inner)
      return store
    },
  })
  const { calls, fail } = store as unknown as FaultyStore
  /** The calls a read makes. */
  const callsOfRead = async (options?: GetOptions<unknown>) => {
    const before = calls.length
    const { source } = await here.get(withNote, options as never)
    return [source, ...calls.slice(before)]
  }
  return { ...here, calls, fail, callsOfRead }
}

/** Another note, which nobody shows. */
const otherNote: WriteShape = {
  name: 'note.insert(9)',
  mutation: (tables, next) => {
    const row = { id: 9, grp: 0, code: 'n9', v: next() }
    tables.note.set(9, row)
    return [row]
  },
  changes: [{ table: 'note', effect: 'insert', sets: { id: 9, grp: 0, code: 'n9', v: 0 } }],
}

describe.each([
  ['in this process', simulatedProcess],
  ['on a server', counted],
] as const)('a row that is a result dependency, with a store %s', (_, start) => {
  it('a write to the row invalidates the entry, and writes to other rows of its table do not', async () => {
    const { get, put } = start()
    const first = await get(withNote)
    expect(first.result.map(({ code }) => code)).toEqual(['c2', 'n1'])
    await put(otherNote)
    const hit = await get(withNote)
    expect([hit.source === 'database', hit.result]).toEqual([false, first.result])
    expect(hit.tags.filter((tag) => tag.includes('note') && tag.endsWith('=1'))).toHaveLength(1)
    await put(writes.touch(1, 'note'))
    const after = await get(withNote)
    expect(after.source).toBe('database')
    expect(after.result[1]?.v).toBeGreaterThan(first.result[1]?.v as number)
  })

  it('the entry is invalidated when the referring row is changed to refer to another row', async () => {
    const { get, put } = start()
    await get(withNote)
    await put(writes.move(2, 0))
    expect((await get(withNote)).result.map(({ code }) => code)).toEqual(['c2'])
  })

  it('a write to children of the row invalidates the entry by their foreign key', async () => {
    const { get, put } = start()
    const first = await get(withItems)
    expect(first.result.map(({ code }) => code)).toEqual(['n1', 'c2'])
    await put(writes.touchGroup(0))
    expect((await get(withItems)).source).not.toBe('database')
    await put(writes.touchGroup(1))
    expect((await get(withItems)).source).toBe('database')
    await put(writes.insert(7, 1))
    expect((await get(withItems)).result.map(({ code }) => code)).toContain('c7')
  })
})

it('a result whose dependencies cannot be read depends on the whole table', async () => {
  const { get, put } = simulatedProcess()
  const blind = {
    ...withNote,
    occurrences: withNote.occurrences.map(({ resultDependency: _, ...occurrence }) => occurrence),
  }
  await get(blind)
  await put(otherNote)
  expect((await get(blind)).source).toBe('database')
})

it('a host that fails to read the dependencies off a result fails no query, and the read depends on the whole table', async () => {
  const { get, put } = simulatedProcess()
  const values = () => {
    throw new Error('unreadable')
  }
  const resultDependency = { columns: ['id'], found: true, values }
  const broken = {
    ...withNote,
    occurrences: [withNote.occurrences[0], { table: 'note', resultDependency }],
  } as typeof withNote
  expect((await get(broken)).result).toHaveLength(2)
  expect((await get(broken)).source).toBe('memory')
  await put(otherNote)
  expect((await get(broken)).source).toBe('database')
})

it('a result that depends on more than a hundred rows of a table depends on the whole table', async () => {
  const { get, put } = simulatedProcess()
  const named = (count: number) => ({
    ...withNote,
    name: `named ${count}`,
    occurrences: [
      {
        table: 'note',
        resultDependency: {
          columns: ['id'],
          found: true,
          values: () => Array.from({ length: count }, (_, id) => ({ id: id + 10 })),
        },
      },
    ],
  })
  await get(named(100))
  await get(named(101))
  await put(otherNote)
  expect([(await get(named(100))).source, (await get(named(101))).source]).toEqual(['memory', 'database'])
})

it('a unique key whose row may be missing pins no row', async () => {
  const { get, put } = simulatedProcess()
  const resultDependency = { columns: ['id'], found: false, values: () => [{ id: 9 }] }
  const looked = {
    ...withNote,
    query: ((state) => [state.note.get(9)].filter((row) => row !== undefined)) as typeof withNote.query,
    occurrences: [{ table: 'note', resultDependency }],
  }
  expect((await get(looked)).result).toEqual([])
  await put(otherNote)
  expect((await get(looked)).result).toHaveLength(1)
})

it('a write between the query and the reading of its result dependencies keeps the result from being stored', async () => {
  const here = simulatedProcess()
  const { get, put } = here
  const slow = pausedLoad(here, withNote)
  const reading = get(withNote, { load: slow.run })
  await slow.execute()
  await put(writes.touch(1, 'note'))
  slow.answer()
  const old = await reading
  const now = await get(withNote)
  expect(now).toMatchObject({ source: 'database' })
  expect(now.result[1]?.v).toBeGreaterThan(old.result[1]?.v as number)
})

describe('round trips of a read with result dependencies', () => {
  it('a process that stored or read the entry before fetches entry and tags in one round trip', async () => {
    const here = counted()
    expect(await here.callsOfRead()).toEqual(['database', 'fetch', 'seed', 'seed', 'set'])
    expect(await here.callsOfRead()).toEqual(['store', 'fetch'])
    const there = counted({ sharedWith: here })
    expect(await there.callsOfRead()).toEqual(['store', 'fetch', 'fetch'])
    expect(await there.callsOfRead()).toEqual(['store', 'fetch'])
  })

  it('outdated result dependencies cost one more round trip and nothing else', async () => {
    const here = counted()
    const there = counted({ sharedWith: here })
    await here.callsOfRead()
    await there.callsOfRead()
    await here.put(writes.move(2, 3))
    expect(await there.callsOfRead()).toEqual(['database', 'fetch', 'seed', 'set'])
    expect(await here.callsOfRead()).toEqual(['store', 'fetch', 'fetch'])
    expect(await here.callsOfRead()).toEqual(['store', 'fetch'])
  })
})

describe('with result dependencies', () => {
  it('a write whose invalidation could not be delivered is visible to every read of its process', async () => {
    const here = counted()
    const there = counted({ sharedWith: here })
    await there.callsOfRead()
    here.fail('rejects', 'mark', 'finish')
    await here.put(writes.touch(1, 'note'))
    // It never saw the entry: what that learned is new to it.
    expect((await here.get(withNote)).reason).toBe('dirty')
    expect((await here.get(withNote)).result[1]?.v).toBeGreaterThan(1_000)
    expect((await there.get(withNote)).source).toBe('store')
  })

  it('a write to another row leaves the read cached, even if its invalidation could not be delivered', async () => {
    const here = counted()
    await here.callsOfRead()
    here.fail('rejects', 'mark', 'finish')
    await here.put(writes.touch(2, 'note'))
    expect((await here.get(withNote)).source).toBe('store')
  })
})

it('a result is not stored if the epoch changes while it loads', async () => {
  const here = counted()
  const slow = pausedLoad(here, withNote)
  const reading = here.get(withNote, { load: slow.run })
  await slow.execute()
  await here.inner.invalidateAll()
  slow.answer()
  await reading
  expect(here.calls).not.toContain('set')
  expect((await here.get(withNote)).source).toBe('database')
})

it('an entry of one epoch is not served with equal nonces of the next epoch', async () => {
  const here = counted()
  await here.get(withNote)
  let after: (() => Promise<void>) | undefined = () => here.inner.invalidateAll()
  // Another process, which has no hint: its second round trip comes after the epoch has changed.
  const there = simulatedProcess({
    sharedWith: here,
    wrapStore: (inner) => ({
      ...faultyStore(inner),
      async fetch(entry, tags) {
        const reply = await inner.fetch(entry, tags)
        await after?.()
        after = undefined
        return reply
      },
    }),
  })
  expect((await there.get(withNote)).source).toBe('database')
  expect(after).toBeUndefined()
})

it('a result is not stored if seeding its tags fails', async () => {
  const here = counted()
  await here.callsOfRead()
  await here.put(writes.touch(1, 'note'))
  const slow = pausedLoad(here, withNote)
  const reading = here.get(withNote, { load: slow.run })
  await slow.execute()
  here.fail('rejects', 'seed')
  slow.answer()
  await reading
  here.fail('works')
  expect((await here.get(withNote)).source).toBe('database')
  expect((await here.get(withNote)).source).toBe('store')
})
