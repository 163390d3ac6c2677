import type { ReadReport } from '@larder/core'
import type { SyncWritePlan, WriteThrough } from '@larder/core/host'
import { deferred, settled } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ProcessOptions, simulatedProcess } from '../support/simulated-process.ts'

/** A driver that answers at once, over a map of its own. */
function started(options: ProcessOptions = {}) {
  const { cache, engine, clock } = simulatedProcess(options)
  const rows = new Map([
    [1, 'a'],
    [2, 'b'],
  ])
  const policy = engine.policy({ ttl: '1h', jitter: 0 }, 'test')
  const plan = (id: number) => ({
    operation: 'item.byId',
    model: 'item',
    policy,
    query: [id],
    occurrences: [{ table: 'item', pins: { id: [id] }, rows: (row: unknown) => (row === undefined ? 0 : 1) }],
    severalStatements: false,
  })
  const read = (id: number): string | undefined => engine.sync.read({ ...plan(id), run: () => rows.get(id) })
  const change = (id: number): Omit<SyncWritePlan<void>, 'run'> => ({
    operation: 'item.set',
    model: 'item',
    changes: [{ table: 'item', effect: 'update', before: { id: [id] }, sets: { v: 0 } }],
  })
  /** The row that a write leaves, as the read of it gives it. */
  const through = (id: number): WriteThrough<string> => ({
    policy,
    table: 'item',
    changes: 1,
    reads: (result) => [
      {
        as: 'item.byId',
        model: 'item',
        query: [id],
        occurrence: { table: 'item', pins: { id: [id] }, rows: () => 1 },
        result,
      },
    ],
  })
  const store = (id: number, text: string, inTransaction = false): string => {
    const run = () => {
      rows.set(id, text)
      return text
    }
    const { operation, model, changes } = change(id)
    return engine.sync.write({ operation, model, changes, through: through(id), run }, inTransaction)
  }
  const write = (id: number, text: string, inTransaction = false): void =>
    engine.sync.write({ ...change(id), run: () => void rows.set(id, text) }, inTransaction)
  const reportOf = async (id: number): Promise<ReadReport> => {
    const { reads } = await cache.explain(async () => read(id))
    return reads[0] as ReadReport
  }
  return { cache, engine, clock, rows, plan, change, read, write, store, reportOf }
}

describe('with a sync driver', () => {
  it('a read hits from memory until a write of the same row in the same tick', async () => {
    const { read, write, rows, reportOf } = started()
    expect([read(1), read(2)]).toStrictEqual(['a', 'b'])
    rows.set(1, 'unseen')
    expect(read(1)).toBe('a')
    write(1, 'new')
    expect(read(1)).toBe('new')
    expect(await reportOf(1)).toMatchObject({ source: 'memory' })
    expect(await reportOf(2)).toMatchObject({ source: 'memory' })
  })

  it('an entry expires', async () => {
    const { clock, read, rows, reportOf } = started()
    read(1)
    rows.set(1, 'later')
    await clock.advance(3_600_001)
    expect(await reportOf(1)).toMatchObject({ source: 'database' })
    expect(read(1)).toBe('later')
  })

  it('a load by an async driver that began before a write does not restore the old row', async () => {
    const { engine, plan, read, write } = started()
    const answer = deferred<void>()
    const slow = engine.read({
      ...plan(1),
      run: async () => {
        await answer.promise
        return 'a'
      },
    })
    await settled()
    write(1, 'new')
    answer.resolve()
    expect(await slow).toBe('a')
    await settled()
    expect(read(1)).toBe('new')
  })

  it('reads bypass the cache while a write by an async driver is in flight', async () => {
    const { engine, change, read, reportOf } = started()
    read(1)
    const answer = deferred<void>()
    const slow = engine.write({ ...change(1), run: () => answer.promise })
    await settled()
    expect(await reportOf(1)).toMatchObject({ source: 'database', reason: 'dirty' })
    expect(await reportOf(2)).toMatchObject({ reason: 'miss' })
    answer.resolve()
    await slow
    expect(await reportOf(1)).toMatchObject({ reason: 'invalidated' })
  })

  it('a row written through is a hit in the same tick, until the next write', async () => {
    const { read, write, store, reportOf } = started()
    read(1)
    store(1, 'stored')
    expect(await reportOf(1)).toMatchObject({ source: 'memory' })
    expect(read(1)).toBe('stored')
    write(1, 'next')
    expect(read(1)).toBe('next')
  })

  it('a row is not written through during a write of it by an async driver, nor inside a transaction', async () => {
    const { engine, change, rows, read, store, reportOf } = started()
    const answer = deferred<void>()
    const slow = engine.write({ ...change(1), run: () => answer.promise })
    await settled()
    store(1, 'stored')
    rows.set(1, 'by the other')
    answer.resolve()
    await slow
    expect(read(1)).toBe('by the other')
    store(2, 'undone', true)
    rows.set(2, 'b')
    engine.sync.end(false)
    expect(await reportOf(2)).toMatchObject({ source: 'database' })
    expect(read(2)).toBe('b')
  })

  it("with `write: 'around'` reads outlive writes of their model, but raw SQL invalidates them", () => {
    const { engine, plan, change, rows } = started()
    const policy = engine.policy({ ttl: '1h', write: 'around' }, 'test')
    const read = () => engine.sync.read({ ...plan(1), policy, run: () => rows.get(1) })
    const put = (text: string, model?: string) =>
      engine.sync.write({ ...change(1), model, run: () => void rows.set(1, text) }, false)
    read()
    put('new', 'item')
    expect(read()).toBe('a')
    put('raw')
    expect(read()).toBe('raw')
  })

  it('the writes of a transaction invalidate when it commits, and not when it rolls back', async () => {
    const { engine, read, write, rows, reportOf } = started()
    for (const id of [1, 2]) read(id)
    write(1, 'kept', true)
    expect(await reportOf(1)).toMatchObject({ source: 'memory' })
    engine.sync.end(true)
    expect(read(1)).toBe('kept')
    write(2, 'undone', true)
    rows.set(2, 'b')
    engine.sync.end(false)
    engine.sync.end(true)
    expect(await reportOf(2)).toMatchObject({ source: 'memory' })
  })

  it('a write that is proven to have failed invalidates nothing, and any other failed write invalidates what it may have changed', async () => {
    const { engine, change, read, reportOf } = started()
    const failing = (proven: boolean) => () =>
      engine.sync.write(
        {
          ...change(1),
          failed: () => proven,
          run: () => {
            throw new Error('refused')
          },
        },
        false,
      )
    read(1)
    expect(failing(true)).toThrow('refused')
    expect(await reportOf(1)).toMatchObject({ source: 'memory' })
    expect(failing(false)).toThrow('refused')
    expect(await reportOf(1)).toMatchObject({ reason: 'invalidated' })
  })

  it('over a remote store reads go to the database, and async reads of this process bypass the cache until the store has acknowledged its writes', async () => {
    const reply = deferred<undefined>()
    const finish = vi.fn(() => reply.promise)
    const { cache, engine, plan, write, reportOf } = started({
      wrapStore: ({ sync: _, ...store }) => ({ ...store, source: 'store', finish }),
    })
    const reasonOfRead = async (): Promise<string | undefined> => {
      const { reads } = await cache.explain(() => engine.read({ ...plan(1), run: async () => 'a' }))
      return reads[0]?.reason
    }
    expect(await reportOf(1)).toMatchObject({ reason: 'unavailable' })
    expect(await reasonOfRead()).toBe('miss')
    write(1, 'new')
    expect(finish).toHaveBeenCalledTimes(1)
    expect(await reasonOfRead()).toBe('dirty')
    reply.resolve(undefined)
    await settled()
    expect(await reasonOfRead()).not.toBe('dirty')
  })
})
