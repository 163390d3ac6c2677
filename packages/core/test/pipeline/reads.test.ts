import { type CacheEvents, memoryStore, type ReadEvent } from '@larder/core'
import { settled } from '@larder/testing'
import { expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { paused, simulatedProcess } from '../support/simulated-process.ts'

const readRow1 = reads.byId(1)

it('a miss is stored, and the next read is a hit with its age and ttl', async () => {
  const { get, clock } = simulatedProcess()
  expect(await get(readRow1)).toMatchObject({ source: 'database', reason: 'miss', ttl: 600_000 })
  await clock.advance(1_000)
  const hit = await get(readRow1)
  expect(hit).toMatchObject({ source: 'memory', age: 1_000, ttl: 600_000, result: { id: 1, v: 1 } })
  expect(hit.reason).toBeUndefined()
})

it('each bypass and miss is reported with its reason', async () => {
  const { get, put, clock, database, cache } = simulatedProcess({ maxValueBytes: 200 })
  const wide = {
    load: async () => ({ ...(await database.read(readRow1.query)), text: 'x'.repeat(500) }) as unknown as Row,
  }
  const reasons = new Map<string | undefined, string>()
  const note = async (name: string, read: Promise<{ reason?: string; source: string }>) => {
    const { reason, source } = await read
    reasons.set(name, reason ?? source)
  }
  await note('first', get(readRow1))
  await note('again', get(readRow1))
  await clock.advance(600_000)
  await note('after its lifetime', get(readRow1))
  await put(writes.touch(1))
  await settled()
  await note('after a write', get(readRow1))
  await note('too large', get(reads.byId(2), wide))
  const slow = paused(database.write)
  const writing = put(writes.touch(1), slow.run)
  await slow.sent
  await note('while written', get(readRow1))
  await slow.execute()
  slow.answer()
  await writing
  await note('in a transaction', get(readRow1, { bypass: 'transaction' }))
  await note('locking', get(readRow1, { bypass: 'lock' }))
  await note('without a policy', get(readRow1, { policy: undefined }))
  await note('operation left out', get(readRow1, { options: { operations: ['findMany'] } }))
  await note('unencodable argument', get(readRow1, { query: () => {} }))
  await note(
    'unencodable result',
    get(readRow1, { query: 'f', load: async () => (() => {}) as unknown as Row }),
  )
  expect(Object.fromEntries(reasons)).toEqual({
    first: 'miss',
    again: 'memory',
    'after its lifetime': 'expired',
    'after a write': 'invalidated',
    'too large': 'too-large',
    'while written': 'dirty',
    'in a transaction': 'transaction',
    locking: 'lock',
    'without a policy': 'no-policy',
    'operation left out': 'disabled',
    'unencodable argument': 'opaque',
    'unencodable result': 'opaque',
  })
  const { reads: total, hits, misses, bypasses } = cache.stats()
  expect({ total, hits, misses, bypasses }).toEqual({ total: 12, hits: 1, misses: 4, bypasses: 7 })
})

it('a read whose entry has changed tags is reported as invalidated', async () => {
  const { get, put } = simulatedProcess()
  await get(reads.everything())
  await put(writes.touch(1))
  await settled()
  expect((await get(reads.everything())).reason).toBe('invalidated')
})

it('a result too large to store reaches its caller complete, every time', async () => {
  const { get } = simulatedProcess({ maxValueBytes: 10 })
  for (let time = 0; time < 2; time++)
    expect(await get(readRow1)).toMatchObject({ reason: 'too-large', result: { id: 1, v: 1 } })
})

it('empty results are cached for cacheEmpty, and not at all if that is false', async () => {
  const { get, clock } = simulatedProcess()
  const nobody = reads.byId(99)
  expect((await get(nobody)).ttl).toBe(30_000)
  await clock.advance(29_000)
  expect((await get(nobody)).source).toBe('memory')
  await clock.advance(1_000)
  expect((await get(nobody)).reason).toBe('expired')
  const never = { options: { cacheEmpty: false as const } }
  expect((await get(reads.byGroup(7), never)).reason).toBe('miss')
  expect((await get(reads.byGroup(7), never)).reason).toBe('miss')
  expect((await get(reads.byGroup(8), { options: { cacheEmpty: '5s' } })).ttl).toBe(5_000)
})

it('jitter shortens the ttl by a random part', async () => {
  const { get } = simulatedProcess({ random: () => 0.5 })
  expect((await get(readRow1, { options: { jitter: 0.2 } })).ttl).toBe(540_000)
  expect((await get(reads.byId(2), { options: { jitter: 0 } })).ttl).toBe(600_000)
})

it('an argument with a cycle bypasses the cache, does not fail the query, and emits one event', async () => {
  const { get, cache } = simulatedProcess()
  const errors: CacheEvents['codec-error'][] = []
  cache.on('codec-error', (event) => errors.push(event))
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  expect(await get(readRow1, { query: cyclic })).toMatchObject({ reason: 'opaque', result: { id: 1 } })
  expect(errors).toHaveLength(1)
})

it('a result that cannot be stored reaches every caller unchanged, and emits an event', async () => {
  const { get, cache } = simulatedProcess()
  const errors: unknown[] = []
  cache.on('codec-error', (event) => errors.push(event.error))
  const odd = { id: 1, run: () => 7 }
  const reported = await get(readRow1, { load: async () => odd as unknown as Row })
  expect(reported.result).toBe(odd)
  expect(errors).toHaveLength(1)
})

it('the result of several statements that saw different database states is not stored', async () => {
  const { get, put, inner, database } = simulatedProcess({
    wrapStore: (store) => ({ ...store, source: 'store' }),
  })
  const shape = reads.inTwo(1)
  const slow = paused(async () => [
    ...(await database.read((state) => [...state.item.values()])),
    ...(await database.read((state) => [...state.note.values()])),
  ])
  const loading = get(shape, { load: slow.run })
  await slow.sent
  await put(writes.touch(1))
  await slow.execute()
  slow.answer()
  const { key } = await loading
  expect((await inner.fetch(key, [])).entry).toBeNull()
  await get(shape)
  expect((await inner.fetch(key, [])).entry).not.toBeNull()
  expect((await get(shape)).source).toBe('store')
})

it('changing a result affects neither the entry nor the result of another caller', async () => {
  const { get } = simulatedProcess()
  const missed = await get(reads.everything())
  missed.result.length = 0
  const hit = await get(reads.everything())
  expect(hit.result).toHaveLength(3)
  hit.result.length = 0
  expect((await get(reads.everything())).result).toHaveLength(3)
})

it('an error of the database reaches the caller, is counted, and is not stored', async () => {
  const { get, cache } = simulatedProcess()
  await expect(
    get(readRow1, { load: async () => Promise.reject(new Error('no such column')) }),
  ).rejects.toThrow('no such column')
  expect(cache.stats()).toMatchObject({ reads: 1, misses: 1 })
  expect((await get(readRow1)).reason).toBe('miss')
})

it('a listener that throws does not fail a read or a write', async () => {
  const { get, put, cache } = simulatedProcess()
  const warnings: string[] = []
  const hear = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', hear)
  const fail = (): never => {
    throw new Error('listener')
  }
  cache.on('read', fail)
  cache.on('write', fail)
  expect((await get(readRow1)).reason).toBe('miss')
  await put(writes.touch(1))
  await settled()
  process.off('warning', hear)
  expect(warnings.filter((text) => text.includes('listener'))).toHaveLength(2)
})

it('each read is reported once with its tags, and only to current listeners', async () => {
  const { get, cache } = simulatedProcess()
  const events: ReadEvent[] = []
  const off = cache.on('read', (event) => events.push(event))
  await get(readRow1)
  await get(readRow1)
  off()
  await get(readRow1)
  expect(events.map(({ source }) => source)).toEqual(['database', 'memory'])
  expect(events[0]?.tags).toHaveLength(3)
  expect(events[0]?.key).toBe(events[1]?.key)
})

it('counters add up, in total and by model', async () => {
  const { get, put, cache } = simulatedProcess()
  for (let round = 0; round < 30; round++) {
    await get(reads.byId(1 + (round % 3)), { model: round % 2 ? 'Odd' : 'Even' })
    if (round % 5 === 0) await put(writes.touch(1))
    if (round % 7 === 0) await get(readRow1, { bypass: 'transaction', model: 'Odd' })
  }
  const { models, ...total } = cache.stats()
  expect(total.reads).toBe(35)
  expect(total.hits + total.misses + total.bypasses).toBe(total.reads)
  const sum = Object.values(models).reduce((all, { reads: count }) => all + count, 0)
  expect(sum).toBe(total.reads)
})

it('two hosts with different identities never share an entry', async () => {
  const store = memoryStore({ maxEntries: 100, isolated: true })
  const [first, second] = [
    simulatedProcess({ store, version: '1' }),
    simulatedProcess({ store, version: '2' }),
  ]
  await first.get(readRow1)
  expect((await second.get(readRow1)).reason).toBe('miss')
  expect((await first.get(readRow1)).source).toBe('memory')
})
