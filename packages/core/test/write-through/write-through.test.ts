import type { Store } from '@larder/core/store'
import { faultyStore, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { Refused, reads, writes } from '../support/item-host.ts'
import {
  type ProcessOptions,
  paused,
  type SimulatedProcess,
  simulatedProcess,
} from '../support/simulated-process.ts'

// Rows that are written are stored, where nothing else can have changed them. The tables have the keys id, code and grp.

const readRow1 = reads.byId(1)
const touch = writes.touch(1, 'item', true)
const open = (options: ProcessOptions = {}) => simulatedProcess({ through: {}, ...options })

/** Where the row is read from, after the write's finish. */
async function source({ get }: SimulatedProcess, shape = readRow1): Promise<string | undefined> {
  await settled()
  const { source, reason, result } = await get(shape)
  return reason ?? (result ? source : 'nothing')
}

describe('write-through', () => {
  it('makes the next read hit the new value, whether the row was read before or not', async () => {
    for (const before of [false, true]) {
      const here = open()
      if (before) await here.get(readRow1)
      await here.put(touch)
      expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1_001 } })
    }
  })

  it('makes lookups hit by the keys in the filter of the write, and by no other key', async () => {
    const here = open()
    await here.put(writes.touchCode('c1', true))
    expect(await source(here, reads.byCode('c1'))).toBe('memory')
    expect(await source(here)).toBe('miss')
  })

  it('of an insert makes lookups hit by every unique key of the row', async () => {
    const here = open()
    await here.put(writes.remove(3))
    await here.put(writes.insert(3, 1))
    expect(await source(here, reads.byId(3))).toBe('memory')
    expect(await source(here, reads.byCode('c3'))).toBe('memory')
  })

  it.each([
    ['unknown rows', writes.touchAll()],
    ['several rows', writes.swapCodes(1, 2)],
    ['a raw SQL write', writes.raw(1)],
    ['no row', writes.remove(1)],
  ])('of %s only invalidates', async (_, shape) => {
    const here = open()
    await here.get(readRow1)
    await here.put(shape)
    expect(await source(here)).toMatch(/^(invalidated|miss)$/)
  })

  it('of a write that fails or has an unknown outcome stores no row', async () => {
    const here = open()
    await expect(here.put(touch, () => Promise.reject(new Refused()))).rejects.toThrow()
    expect(await source(here)).toBe('miss')
    await expect(here.put(touch, () => Promise.reject(new Error('lost')))).rejects.toThrow()
    expect(await source(here)).toBe('dirty')
  })

  it('serves the new row after the write, and bypasses the cache between write and finish', async () => {
    const here = open()
    const slow = paused(here.database.write)
    const written = here.put(touch, slow.run)
    await slow.sent
    expect(await source(here)).toBe('dirty')
    await slow.execute()
    slow.answer()
    await written
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1_001 } })
  })

  it('of two simultaneous writes to one row stores no row', async () => {
    const here = open()
    const slow = paused(here.database.write)
    const first = here.put(touch, slow.run)
    await slow.sent
    await here.put(touch)
    await slow.execute()
    slow.answer()
    await first
    expect(await here.get(readRow1)).toMatchObject({ reason: 'miss', result: { v: 1_002 } })
  })

  it('of a row larger than maxValueBytes stores nothing', async () => {
    const here = open({ maxValueBytes: 8 })
    await here.put(touch)
    expect(await source(here)).toBe('too-large')
  })
})

describe('write-through to a remote store', () => {
  const remote = (more: ProcessOptions) => open({ memory: { mode: 'off' }, ...more })

  it('only invalidates if the store does not report tags', async () => {
    const mute = (store: Store): Store => ({
      ...store,
      source: 'store',
      mark: async (request) => void (await store.mark(request)),
    })
    const here = remote({ wrapStore: mute })
    await here.put(touch)
    expect(await source(here)).toBe('miss')
  })

  it.each(['mark', 'finish', 'set'] as const)('does not fail the write if %s fails', async (call) => {
    let faulty: ReturnType<typeof faultyStore> | undefined
    const here = remote({
      wrapStore: (store) => {
        faulty = faultyStore(store)
        return faulty
      },
    })
    await here.get(readRow1)
    faulty?.fail('rejects', call)
    expect(await here.put(touch)).toMatchObject([{ v: 1_001 }])
    await settled()
    faulty?.fail('works')
    await here.clock.advance(5_000)
    expect(await here.get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_001 } })
  })

  it.each(['validate', 'push'] as const)('also stores the row in the memory tier (%s)', async (mode) => {
    const here = open({ wrapStore: (store) => ({ ...store, source: 'store' }), memory: { mode } })
    await here.put(touch)
    await settled()
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1_001 } })
  })

  it('stores the row for other processes', async () => {
    const wrapStore = (store: Store): Store => ({ ...store, source: 'store' })
    const here = remote({ wrapStore })
    const there = remote({ wrapStore, sharedWith: here })
    await there.get(readRow1)
    await here.put(touch)
    await settled()
    expect(await there.get(readRow1)).toMatchObject({ source: 'store', result: { v: 1_001 } })
  })
})

describe('write-through in a transaction', () => {
  const inside = async (
    here: SimulatedProcess,
    body: (tools: Inside) => Promise<unknown>,
    sealed = true,
  ): Promise<void> => {
    const scope = here.engine.transaction('late')
    const transaction = here.database.begin()
    await body({ scope, put: (shape, run = transaction.write) => here.put(shape, run, scope) })
    if (sealed) await scope.seal()
    await transaction.commit()
    await scope.end('committed')
    await settled()
  }
  interface Inside {
    readonly scope: ReturnType<SimulatedProcess['engine']['transaction']>
    put(shape: typeof touch, run?: Parameters<SimulatedProcess['put']>[1]): Promise<unknown>
  }

  it('stores its rows as they were committed', async () => {
    const here = open()
    await inside(here, async ({ put }) => {
      await put(touch)
      await put(writes.touch(2, 'item', true))
      await put(touch)
    })
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1_003 } })
    expect(await source(here, reads.byId(2))).toBe('memory')
  })

  it.each<[string, (tools: Inside) => Promise<unknown>]>([
    ['a later statement may change it', ({ put }) => put(writes.touchAll())],
    ['a later statement names no table', async ({ scope }) => scope.write([])],
    [
      'a statement was rejected',
      ({ put }) => put(touch, () => Promise.reject(new Refused())).catch(() => {}),
    ],
    [
      'a read was rejected',
      ({ scope }) => scope.trackUnknown(() => Promise.reject(new Error('x'))).catch(() => {}),
    ],
    ['a read has not ended', async ({ scope }) => void scope.trackUnknown(() => new Promise(() => {}))],
    ['the host discards the rows', async ({ scope }) => scope.discardRows()],
  ])('stores no row where %s', async (_, then) => {
    const here = open()
    await inside(here, async (tools) => {
      await tools.put(touch)
      await then(tools)
    })
    expect(await source(here)).not.toBe('memory')
  })

  it('stores no row if the marks were not set before COMMIT', async () => {
    const here = open()
    await inside(here, ({ put }) => put(touch), false)
    expect(await source(here)).toBe('miss')
  })

  it('stores no row of a savepoint, and no row at all after one was rolled back', async () => {
    for (const rolledBack of [false, true]) {
      const here = open()
      await inside(here, async ({ scope, put }) => {
        const nested = here.engine.transaction('late')
        await here.put(writes.touch(2, 'item', true), here.database.write, nested)
        if (rolledBack) nested.discardRows()
        await nested.mergeInto(scope)
        await put(touch)
      })
      expect(await source(here, reads.byId(2))).toBe('miss')
      expect(await source(here)).toBe(rolledBack ? 'miss' : 'memory')
    }
  })
})

describe("`write: 'around'`", () => {
  const around = { options: { write: 'around' } } as const
  const all = reads.everything()

  it('keeps reads of the model through its writes, which still invalidate reads of other models', async () => {
    const here = simulatedProcess()
    await here.get(all, around)
    await here.get(reads.inTwo(1))
    await here.put(writes.touch(1))
    expect(await here.get(all, around)).toMatchObject({ source: 'memory' })
    expect((await here.get(all, around)).result[0]?.v).toBe(1)
    expect((await here.get(reads.inTwo(1))).source).toBe('database')
  })

  it('lets explicit invalidations and raw SQL invalidate reads of the model', async () => {
    const here = simulatedProcess()
    const raw = { operation: 'raw', model: undefined, changes: writes.raw(1).changes, run: async () => 1 }
    for (const end of [
      () => here.cache.invalidate({ tables: ['item'] }),
      () => here.cache.invalidate({ rows: [{ table: 'item', key: { id: 1 } }] }),
      () => here.engine.write(raw),
    ]) {
      await here.get(readRow1, around)
      expect(await here.get(readRow1, around)).toMatchObject({ source: 'memory' })
      await end()
      expect((await here.get(readRow1, around)).reason).toBe('invalidated')
    }
  })

  it('never serves its entries to a strict read of the same query', async () => {
    const here = simulatedProcess()
    await here.get(readRow1, around)
    await here.put(writes.touch(1))
    expect(await here.get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_001 } })
  })

  it('invalidates a read by writes to its other tables', async () => {
    const here = simulatedProcess()
    const joined = reads.joined(1)
    await here.get(joined, around)
    await here.put(writes.touch(1))
    expect(await here.get(joined, around)).toMatchObject({ source: 'memory' })
    await here.put(writes.touch(1, 'note'))
    expect((await here.get(joined, around)).reason).toBe('invalidated')
  })
})
