import { type CacheEvents, memoryStore } from '@larder/core'
import type { Store, StoreContext } from '@larder/core/store'
import { type FaultyStore, faultyStore, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

function failing(wrapStore: (inner: Store) => Store = (inner) => inner) {
  let store: FaultyStore | undefined
  const here = simulatedProcess({
    wrapStore: (inner) => {
      store = faultyStore(wrapStore(inner))
      return store
    },
  })
  const errors: CacheEvents['store-error'][] = []
  here.cache.on('store-error', (event) => errors.push(event))
  return { ...here, store: store as FaultyStore, errors }
}

it('a store that rejects every call costs hits and nothing else', async () => {
  const { get, put, store, errors, cache } = failing()
  store.fail('rejects')
  expect(await get(readRow1)).toMatchObject({ reason: 'unavailable', result: { v: 1 } })
  await put(writes.touch(1))
  expect(await get(readRow1)).toMatchObject({ result: { v: 1_001 } })
  await cache.invalidate({ tables: ['item'] })
  await cache.invalidate({ all: true })
  expect(new Set(errors.map(({ action }) => action))).toEqual(
    new Set(['fetch', 'mark', 'finish', 'invalidateAll']),
  )
})

it('a lost store is reported once, and its return is reported once', async () => {
  const { get, store, cache, clock } = failing()
  const states: string[] = []
  cache.on('store-state', ({ state }) => states.push(state))
  store.fail('rejects')
  for (let time = 0; time < 5; time++) await get(readRow1)
  expect(states).toEqual(['unavailable'])
  store.fail('works')
  await clock.advance(500)
  expect((await get(readRow1)).source).toBe('database')
  expect((await get(readRow1)).source).toBe('store')
  expect(states).toEqual(['unavailable', 'ready'])
})

it('a store that hangs delays a read by 100 ms and a write by 1 s', async () => {
  const { get, put, store, clock } = failing()
  store.fail('hangs')
  let [read, written] = [false, false]
  const reading = get(readRow1).then((result) => {
    read = true
    return result
  })
  await clock.advance(99)
  expect(read).toBe(false)
  await clock.advance(1)
  expect(await reading).toMatchObject({ reason: 'unavailable', result: { v: 1 } })
  const writing = put(writes.touch(1)).then(() => {
    written = true
  })
  await clock.advance(999)
  expect(written).toBe(false)
  await clock.advance(1)
  await writing
})

it('while marks and finishes fail, this process serves no rows that it changed, and serves them again afterwards', async () => {
  const { get, put, store, clock } = failing()
  await get(readRow1)
  await get(reads.byId(2))
  store.fail('rejects', 'mark', 'finish', 'renew')
  await put(writes.touch(1))
  await settled()
  expect(await get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: 1_001 } })
  expect((await get(reads.byId(2))).source).toBe('store')
  await clock.advance(10_000)
  expect((await get(readRow1)).reason).toBe('dirty')
  store.fail('works')
  await clock.advance(2_000)
  expect(await get(readRow1)).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  expect((await get(readRow1)).source).toBe('store')
})

it('when a store reports its return, the journal is sent immediately and reads use the store again', async () => {
  const contexts: StoreContext[] = []
  const { get, put, store, clock } = failing((inner) => ({
    ...inner,
    open: (context) => void contexts.push(context),
  }))
  await get(readRow1)
  store.fail('rejects')
  await clock.advance(100)
  await put(writes.touch(1))
  const other = reads.byId(2)
  for (let time = 0; time < 4; time++) await get(other)
  store.fail('works')
  // Time stands still: nothing is found out by waiting.
  expect([(await get(readRow1)).reason, (await get(other)).reason]).toEqual(['dirty', 'unavailable'])
  for (const context of contexts) context.ready()
  await settled()
  expect(await get(readRow1)).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  expect((await get(readRow1)).source).toBe('store')
  await get(other)
  expect((await get(other)).source).toBe('store')
})

it('without a store, equal reads of one turn run one query, and each caller gets a separate copy', async () => {
  const { get, store, database } = failing()
  store.fail('rejects')
  for (let time = 0; time < 4; time++) await get(readRow1)
  const load = vi.fn(database.read)
  const burst = () => Array.from({ length: 50 }, () => get(readRow1, { load: load as typeof database.read }))
  const results = await Promise.all(burst())
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.every(({ reason }) => reason === 'unavailable')).toBe(true)
  expect(results.filter(({ shared }) => shared)).toHaveLength(49)
  expect(new Set(results.map(({ result }) => result)).size).toBe(50)
  // Whoever comes when it has begun, begins another.
  const early = burst()
  await settled()
  await Promise.all([...early, ...burst()])
  expect(load).toHaveBeenCalledTimes(3)
})

it('without a store, one caller of a shared query that failed runs its own query, and the others share that', async () => {
  const { get, store, database } = failing()
  store.fail('rejects')
  for (let time = 0; time < 4; time++) await get(readRow1)
  const load = vi.fn(database.read).mockRejectedValueOnce(new Error('lost'))
  const ends = await Promise.allSettled(
    [1, 2, 3].map(() => get(readRow1, { load: load as typeof database.read })),
  )
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(load).toHaveBeenCalledTimes(2)
})

it('ten thousand writes without a store leave two timers and one invalidation in the journal', async () => {
  const { put, store, clock, get } = failing()
  store.fail('rejects')
  for (let write = 0; write < 10_000; write++) await put(writes.touch(1 + (write % 3)))
  await settled()
  // That of the journal, and the one by which all writes renew their marks.
  expect(clock.pending()).toBe(2)
  store.fail('works')
  const before = store.calls.length
  await clock.advance(2_000)
  // As many finishes as the journal keeps marks of, for the one table.
  expect(store.calls.slice(before)).toEqual(Array(16).fill('finish'))
  expect((await get(readRow1)).result?.v).toBe(11_000)
})

it('a finish that was applied but not acknowledged is sent again without harm', async () => {
  const { get, put, store, clock } = failing()
  await get(readRow1)
  store.fail('late', 'finish')
  await put(writes.touch(1))
  await clock.advance(2_000)
  store.fail('works')
  await clock.advance(2_000)
  expect((await get(readRow1)).result?.v).toBe(1_001)
  expect((await get(readRow1)).source).toBe('store')
  const sent = store.calls.filter((call) => call === 'finish').length
  await clock.advance(60_000)
  expect(store.calls.filter((call) => call === 'finish').length).toBe(sent)
})

it('a failed mark followed by a successful finish leaves nothing stale', async () => {
  const { get, put, store } = failing()
  for (const shape of [readRow1, reads.everything(), reads.byGroup(0)] as (typeof readRow1)[])
    await get(shape)
  store.fail('rejects', 'mark')
  await put(writes.touch(1, 'item', true))
  await settled()
  for (const shape of [readRow1, reads.everything(), reads.byGroup(0)] as (typeof readRow1)[])
    expect((await get(shape)).source).toBe('database')
})

it('after an insert whose invalidation could not be delivered, a lookup that found no row bypasses the cache', async () => {
  const { get, put, store } = failing()
  await get(reads.byId(9))
  store.fail('rejects', 'mark', 'finish')
  await put(writes.insert(9, 0))
  await settled()
  expect((await get(reads.byId(9))).result?.id).toBe(9)
})

it('a failed seed or set only loses the entry', async () => {
  const { get, store } = failing()
  store.fail('rejects', 'seed')
  expect((await get(readRow1)).reason).toBe('unavailable')
  store.fail('works')
  store.fail('rejects', 'set')
  expect((await get(readRow1)).reason).toBe('miss')
  expect((await get(readRow1)).reason).toBe('miss')
  store.fail('works')
  await get(readRow1)
  expect((await get(readRow1)).source).toBe('store')
})

it('an unacknowledged invalidate({ all }) is retried, and this process serves nothing until it is acknowledged', async () => {
  const { get, cache, store, clock, database } = failing()
  await get(readRow1)
  store.fail('rejects', 'invalidateAll')
  await database.write(writes.touch(1).mutation)
  await cache.invalidate({ all: true })
  expect(await get(readRow1)).toMatchObject({ reason: 'dirty', result: { v: 1_001 } })
  store.fail('works')
  await clock.advance(2_000)
  expect(await get(readRow1)).toMatchObject({ source: 'database', result: { v: 1_001 } })
  expect((await get(readRow1)).source).toBe('store')
})

const GARBAGE: readonly (readonly [string, (stored: Uint8Array) => Uint8Array])[] = [
  ['foreign', () => new TextEncoder().encode('{"hello":"world"}')],
  ['empty', () => new Uint8Array()],
  ['truncated', (stored) => stored.subarray(0, stored.length - 3)],
  ['damaged', (stored) => stored.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
  ['newer', (stored) => stored.map((byte, at) => (at === 3 ? 99 : byte))],
]

it.each(GARBAGE)('bytes that are %s count as a miss and emit an event', async (_, change) => {
  const { get, cache, inner } = simulatedProcess()
  const events: CacheEvents['codec-error'][] = []
  cache.on('codec-error', (event) => events.push(event))
  const { key } = await get(readRow1)
  const stored = (await inner.fetch(key, [])).entry?.bytes as Uint8Array
  await inner.set(key as string, Uint8Array.from(change(stored)), 60_000)
  expect(await get(readRow1)).toMatchObject({ reason: 'miss', result: { id: 1, v: 1 } })
  expect(events).toHaveLength(1)
  expect(events[0]?.key).toBe(key)
  expect((await get(readRow1)).source).toBe('memory')
})

it('an entry of another query under the name of this one is a miss', async () => {
  const { get, inner } = simulatedProcess()
  const { key } = await get(readRow1, { query: 'this' })
  const other = await get(readRow1, {
    query: 'other',
    load: async () => ({ id: 7, grp: 0, code: 'x', v: 7 }),
  })
  const stored = (await inner.fetch(other.key, [])).entry?.bytes as Uint8Array
  await inner.set(key as string, stored, 60_000)
  expect(await get(readRow1, { query: 'this' })).toMatchObject({ reason: 'miss', result: { id: 1 } })
})

it('an entry written by another codec is a miss', async () => {
  const store = memoryStore({ maxEntries: 100, isolated: true })
  const other = {
    name: 'other',
    bind: () => ({ encode: () => new Uint8Array([1]), decode: () => 'foreign' }),
  }
  await simulatedProcess({ store, codec: other }).get(readRow1)
  expect(await simulatedProcess({ store }).get(readRow1)).toMatchObject({ reason: 'miss', result: { id: 1 } })
})

it('after close() reads and writes go to the database and the store is not called', async () => {
  const { get, put, cache, store, errors, clock } = failing()
  await get(readRow1)
  await cache.close()
  const calls = store.calls.length
  expect(await get(readRow1)).toMatchObject({ reason: 'unavailable', result: { v: 1 } })
  await put(writes.touch(1))
  await clock.advance(10_000)
  expect((await get(readRow1)).result?.v).toBe(1_001)
  expect(store.calls).toHaveLength(calls)
  expect(errors).toEqual([])
})

it('close() waits for running invalidations, at most a second', async () => {
  const { put, cache, store, clock } = failing()
  store.fail('rejects', 'finish')
  await put(writes.touch(1))
  await settled()
  let closed = false
  const closing = cache.close().then(() => {
    closed = true
  })
  await settled()
  expect(closed).toBe(false)
  store.fail('works')
  await clock.advance(100)
  expect(closed).toBe(true)
  await closing
  const stuck = failing()
  stuck.store.fail('hangs', 'finish')
  await stuck.put(writes.touch(1))
  const giving = stuck.cache.close()
  await stuck.clock.advance(1_000)
  await giving
  // What it could not send it does not go on sending.
  await stuck.clock.advance(10_000)
  expect(stuck.clock.pending()).toBe(0)
})

it('a host that fails to count rows or to classify an error fails no query', async () => {
  const { engine, clock } = failing()
  const broken = (): never => {
    throw new Error('a mistake in the host')
  }
  const run = async () => ({ id: 1 })
  const occurrences = [{ table: 'item', pins: { id: [1] }, rows: broken }]
  const policy = engine.policy({ ttl: 1_000 }, 'test')
  const plan = {
    operation: 'item.odd',
    model: 'item',
    policy,
    query: 1,
    occurrences,
    severalStatements: false,
  }
  expect(await engine.read({ ...plan, run })).toEqual({ id: 1 })
  const lost = { operation: 'item.odd', model: 'item', changes: [], failed: broken }
  await expect(engine.write({ ...lost, run: () => Promise.reject(new Error('lost')) })).rejects.toThrow(
    'lost',
  )
  await clock.advance(60_000)
})
