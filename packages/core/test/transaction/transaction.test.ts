import type { WriteEvent } from '@larder/core'
import type { Store } from '@larder/core/store'
import { type FaultyStore, faultyStore, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { Refused, reads, writePlan, writes } from '../support/item-host.ts'
import { paused, type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

/** Notes which marks and finishes reach the store. */
function watched(calls: string[]): (store: Store) => Store {
  return (store) => ({
    ...store,
    mark: async (request) => {
      calls.push('mark')
      await store.mark(request)
    },
    finish: async (request) => {
      calls.push('finish')
      await store.finish(request)
    },
  })
}

async function isDirty({ get }: SimulatedProcess, shape = readRow1): Promise<boolean> {
  return (await get(shape)).reason === 'dirty'
}

it('late: marks are sent in the background, seal() sends none twice, and each is finished once', async () => {
  const calls: string[] = []
  const here = simulatedProcess({ wrapStore: watched(calls) })
  await here.get(readRow1)
  const scope = here.engine.transaction('late')
  const transaction = here.database.begin()
  await here.put(writes.touch(1), transaction.write, scope)
  await here.put(writes.touch(2), transaction.write, scope)
  await here.put(writes.touch(1), transaction.write, scope)
  expect(calls).toEqual(['mark', 'mark'])
  await scope.seal()
  await scope.seal()
  expect(calls).toEqual(['mark', 'mark'])
  expect(await isDirty(here)).toBe(true)
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect(calls).toEqual(['mark', 'mark', 'finish'])
  expect((await here.get(readRow1)).result?.v).toBe(1_003)
})

it('late: a statement is sent synchronously, before anything is awaited', async () => {
  const { engine, database } = simulatedProcess()
  const scope = engine.transaction('late')
  const transaction = database.begin()
  const sent: string[] = []
  const plan = (name: string, written: Parameters<typeof writePlan>[0]) => ({
    ...writePlan(written, transaction.write),
    run: async () => {
      sent.push(name)
      return []
    },
  })
  const ended = [
    engine.write(plan('first', writes.touch(1)), scope),
    engine.write(plan('second', writes.touch(2)), scope),
  ]
  sent.push('both were called')
  await Promise.all(ended)
  expect(sent).toEqual(['first', 'second', 'both were called'])
})

it('early: each statement is marked before it runs', async () => {
  const calls: string[] = []
  const { put, engine, database } = simulatedProcess({ wrapStore: watched(calls) })
  const scope = engine.transaction('early')
  const transaction = database.begin()
  const run = vi.fn(async (mutation) => {
    calls.push('statement')
    return transaction.write(mutation)
  })
  await put(writes.touch(1), run, scope)
  await put(writes.touch(2), run, scope)
  expect(calls).toEqual(['mark', 'statement', 'mark', 'statement'])
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect(calls.filter((call) => call === 'finish')).toHaveLength(1)
})

it('a rollback removes the marks and invalidates nothing', async () => {
  const here = simulatedProcess()
  const { get, put, engine, database } = here
  for (const shape of [readRow1, reads.byId(2)]) await get(shape)
  await get(reads.byGroup(0))
  const scope = engine.transaction('late')
  const transaction = database.begin()
  await put(writes.touch(1), transaction.write, scope)
  expect(await isDirty(here)).toBe(true)
  await transaction.rollback()
  await scope.end('failed')
  expect((await get(reads.byId(2))).source).toBe('memory')
  expect((await get(reads.byGroup(0))).source).toBe('memory')
  expect(await get(readRow1)).toMatchObject({ source: 'memory', result: { v: 1 } })
})

it.each(['late', 'early'] as const)(
  '%s: rows of other keys stay cached if the statements returned their rows',
  async (marking) => {
    const { get, put, engine, database } = simulatedProcess()
    await get(reads.byGroup(1))
    await get(reads.byGroup(0))
    const scope = engine.transaction(marking)
    const transaction = database.begin()
    await put(writes.touch(1, 'item', true), transaction.write, scope)
    await scope.seal()
    await transaction.commit()
    await scope.end('committed')
    await settled()
    expect((await get(reads.byGroup(1))).source).toBe('memory')
    expect((await get(reads.byGroup(0))).source).toBe('database')
  },
)

it('a key gets a new nonce if one of the statements did not return its rows', async () => {
  const { get, put, engine, database } = simulatedProcess()
  await get(reads.byGroup(1))
  const scope = engine.transaction('late')
  const transaction = database.begin()
  await put(writes.touch(1, 'item', true), transaction.write, scope)
  await put(writes.touch(3), transaction.write, scope)
  await scope.seal()
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect((await get(reads.byGroup(1))).source).toBe('database')
})

it('a statement issued after the seal marks immediately and is finished with the rest', async () => {
  const here = simulatedProcess()
  const { get, put, engine, database } = here
  await get(readRow1)
  const scope = engine.transaction('late')
  const transaction = database.begin()
  await scope.seal()
  await put(writes.touch(1), transaction.write, scope)
  expect(await isDirty(here)).toBe(true)
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect((await get(readRow1)).result?.v).toBe(1_001)
  await get(readRow1)
  expect((await get(readRow1)).source).toBe('memory')
})

it.each(['committed', 'failed'] as const)(
  'a statement that is not awaited and still runs when the transaction has %s keeps its mark for a minute at most',
  async (outcome) => {
    const here = simulatedProcess()
    const { get, put, engine, database, clock } = here
    await get(readRow1)
    const scope = engine.transaction('late')
    await scope.seal()
    const slow = paused(database.write)
    const forgotten = put(writes.touch(1), slow.run, scope)
    await slow.sent
    await scope.end(outcome)
    await settled()
    expect(await isDirty(here)).toBe(true)
    await clock.advance(30_000)
    await slow.execute()
    slow.answer()
    await forgotten
    await clock.advance(30_000)
    expect((await get(readRow1)).result?.v).toBe(1_001)
    expect((await get(readRow1)).source).toBe('memory')
  },
)

it('a statement that is still being marked when the transaction ends is finished', async () => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const here = simulatedProcess({
    wrapStore: (store) => ({
      ...store,
      mark: async (request) => {
        await gate
        await store.mark(request)
      },
    }),
  })
  const { get, put, engine, database, clock } = here
  const scope = engine.transaction('early')
  const late = put(writes.touch(1), database.write, scope)
  await scope.end('committed')
  release()
  await late
  expect(await isDirty(here)).toBe(true)
  await clock.advance(60_000)
  expect((await get(readRow1)).result?.v).toBe(1_001)
  expect((await get(readRow1)).source).toBe('memory')
})

it('a statement after the end of its transaction is marked, and finished after a minute', async () => {
  const here = simulatedProcess()
  const { get, put, engine, database, clock } = here
  await get(readRow1)
  const scope = engine.transaction('late')
  await scope.end('failed')
  await put(writes.touch(1), database.write, scope)
  expect(await isDirty(here)).toBe(true)
  await clock.advance(60_000)
  expect((await get(readRow1)).result?.v).toBe(1_001)
  expect((await get(readRow1)).source).toBe('memory')
})

it('a failed statement does not leave marks behind', async () => {
  const { get, put, engine, database } = simulatedProcess()
  await get(readRow1)
  const scope = engine.transaction('early')
  const transaction = database.begin()
  await put(writes.touch(1), transaction.write, scope)
  await expect(put(writes.touch(2), () => Promise.reject(new Refused()), scope)).rejects.toThrow(Refused)
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect((await get(readRow1)).result?.v).toBe(1_001)
  await get(reads.byId(2))
  expect((await get(reads.byId(2))).source).toBe('memory')
})

it('a transaction that was never sealed invalidates when it ends', async () => {
  const { get, put, engine, database } = simulatedProcess()
  await get(readRow1)
  const scope = engine.transaction('late')
  const transaction = database.begin()
  await put(writes.touch(1), transaction.write, scope)
  await transaction.commit()
  await scope.end('committed')
  await settled()
  expect((await get(readRow1)).result?.v).toBe(1_001)
})

it.each(['late', 'early'] as const)(
  'a nested scope (%s) merges its writes and invalidations into its parent',
  async (marking) => {
    const here = simulatedProcess({ finish: 'await' })
    const { get, put, engine, database, cache } = here
    const tagged = { options: { tags: ['price'] } }
    await get(readRow1)
    await get(reads.byId(2), tagged)
    const outer = engine.transaction('late')
    const transaction = database.begin()
    const inner = engine.transaction(marking)
    await engine.inside(inner, async () => {
      await put(writes.touch(1), transaction.write, inner)
      await cache.invalidate({ tags: ['price'] })
    })
    await inner.mergeInto(outer)
    expect(inner.open).toBe(false)
    await put(writes.touch(3), transaction.write, inner)
    expect(outer.tables()).toEqual(['item'])
    await outer.seal()
    expect(await isDirty(here)).toBe(true)
    expect(await isDirty(here, reads.byId(3))).toBe(true)
    await transaction.commit()
    await outer.end('committed')
    expect((await get(readRow1)).result?.v).toBe(1_001)
    expect((await get(readRow1)).source).toBe('memory')
    expect((await get(reads.byId(2), tagged)).source).toBe('database')
  },
)

it('invalidate inside a transaction is applied at the commit and dropped by a rollback', async () => {
  for (const outcome of ['failed', 'committed'] as const) {
    const { get, engine, cache } = simulatedProcess({ finish: 'await' })
    const invalidated = vi.fn()
    cache.on('invalidate', invalidated)
    await get(readRow1)
    const scope = engine.transaction('late')
    await engine.inside(scope, async () => {
      await cache.invalidate({ tables: ['item'] })
      await cache.invalidate({ all: true })
    })
    expect((await get(readRow1)).source).toBe('memory')
    expect(invalidated).not.toHaveBeenCalled()
    if (outcome === 'committed') await scope.seal()
    await scope.end(outcome)
    expect((await get(readRow1)).source).toBe(outcome === 'committed' ? 'database' : 'memory')
    expect(invalidated).toHaveBeenCalledTimes(outcome === 'committed' ? 2 : 0)
  }
})

it('invalidate({ all }) of a committed transaction takes effect immediately, even if the finish is not awaited', async () => {
  const { get, engine, cache, database } = simulatedProcess({ wrapStore: faultyStore })
  await get(readRow1)
  const scope = engine.transaction('late')
  await engine.inside(scope, () => cache.invalidate({ all: true }))
  await database.write(writes.touch(1).mutation)
  await scope.end('committed')
  expect((await get(readRow1)).result?.v).toBe(1_001)
})

it('invalidate after the transaction has ended is applied immediately, even in code that it started', async () => {
  const { get, engine, cache } = simulatedProcess()
  await get(readRow1)
  const scope = engine.transaction('late')
  await engine.inside(scope, async () => {
    await scope.end('committed')
    await cache.invalidate({ all: true })
  })
  expect((await get(readRow1)).source).toBe('database')
})

it('a transaction emits one write event with its tables and outcome', async () => {
  const { put, engine, cache } = simulatedProcess()
  const events: WriteEvent[] = []
  cache.on('write', (event) => events.push(event))
  const scope = engine.transaction('late')
  await put(writes.touch(1), undefined, scope)
  await put(writes.touch(1, 'note'), undefined, scope)
  await engine.inside(scope, () => cache.invalidate({ tags: ['no table'] }))
  await scope.seal()
  await scope.end('unknown')
  await engine.transaction('late').end('committed')
  expect(events).toEqual([expect.objectContaining({ tables: ['item', 'note'], outcome: 'unknown' })])
})

it('a statement that is still being marked when its savepoint is released belongs to the outer transaction', async () => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let marks = 0
  const here = simulatedProcess({
    wrapStore: (store) => ({
      ...store,
      mark: async (request) => {
        if (!marks++) await gate
        await store.mark(request)
      },
    }),
  })
  const { get, put, engine, database } = here
  const outer = engine.transaction('late')
  const inner = engine.transaction('early')
  const late = put(writes.touch(1), database.write, inner)
  await inner.mergeInto(outer)
  release()
  await late
  await outer.seal()
  await outer.end('committed')
  await settled()
  expect((await get(readRow1)).result?.v).toBe(1_001)
  expect((await get(readRow1)).source).toBe('memory')
})

it('a savepoint released after the COMMIT of its transaction invalidates its tags, even if its marks then fail', async () => {
  let store: FaultyStore | undefined
  const here = simulatedProcess({
    wrapStore: (inner) => {
      store = faultyStore(inner)
      return store
    },
  })
  const other = simulatedProcess({ sharedWith: here, wrapStore: (inner) => faultyStore(inner) })
  for (let time = 0; time < 2; time++) await other.get(readRow1)
  const [outer, inner] = [here.engine.transaction('late'), here.engine.transaction('late')]
  const transaction = here.database.begin()
  await here.put(writes.touch(1), transaction.write, inner)
  await outer.seal()
  await transaction.commit()
  await outer.end('committed')
  store?.fail('rejects', 'mark')
  await inner.mergeInto(outer)
  await settled()
  expect((await other.get(readRow1)).result?.v).toBe(1_001)
})

it('invalidate({ all }) of a transaction with an unknown outcome is applied immediately and again after a minute', async () => {
  const { get, engine, cache, database, clock } = simulatedProcess()
  const scope = engine.transaction('late')
  await engine.inside(scope, () => cache.invalidate({ all: true }))
  await get(readRow1)
  await scope.end('unknown')
  expect((await get(readRow1)).source).toBe('database')
  expect((await get(readRow1)).source).toBe('memory')
  await database.write(writes.touch(1).mutation)
  await clock.advance(60_000)
  expect((await get(readRow1)).result?.v).toBe(1_001)
})
