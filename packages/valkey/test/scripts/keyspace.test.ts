import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache } from '@larder/core'
import type { Engine } from '@larder/core/host'
import { repeatWhenBusy } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  attachItems,
  type ReadShape,
  readPlan,
  reads,
  writePlan,
  writes,
} from '../../../core/test/support/item-host.ts'
import { simulatedDatabase, startState } from '../../../core/test/support/simulated-database.ts'
import { connectTo, ownServer, type Server, until } from '../support/server.ts'

repeatWhenBusy()

/** Longest lifetime of any entry, in milliseconds: tags live twice as long. */
const LIFETIME = 2_000
/** When nothing may be left. */
const EMPTY = 2 * LIFETIME + 1_000

let valkey: Server
let server: Redis
let cache: Cache
let engine: Engine
const database = simulatedDatabase(startState(5), async () => {})

beforeEach(async () => {
  valkey = await ownServer()
  server = connectTo(valkey.url)
  const store = valkeyStore(valkey.url)
  cache = createCache({ store, memory: { mode: 'off' } })
  await store.ping()
  engine = attachItems(cache)
})
afterEach(async () => {
  await cache.close()
  server.disconnect()
  await valkey.kill()
})

async function read<R>(shape: ReadShape<R>, ttl: number = LIFETIME): Promise<string> {
  const options = { ttl: `${ttl}ms`, jitter: 0 } as const
  const { reads: reports } = await cache.explain(() =>
    engine.read(readPlan(engine, shape, database.read, { options })),
  )
  return reports[0]?.source ?? ''
}
const write = (id: number): Promise<unknown> =>
  engine.write(writePlan(writes.touch(id, 'item', true), database.write))
/** Every key, without what each connected process asks for every second. */
const keys = async (): Promise<readonly string[]> =>
  (await server.keys('*')).filter((key) => !/^larder:(epoch|node)/.test(key))

/** Reads and writes of every kind. */
async function use(): Promise<void> {
  for (let id = 1; id <= 5; id++) await read(reads.byId(id))
  await read(reads.byGroup(0))
  await read(reads.everything())
  await read(reads.joined(2))
  for (let id = 1; id <= 3; id++) await write(id)
  await cache.invalidate({ tags: ['a user tag'], tables: ['note'] })
  await read(reads.byId(1))
}

it('every key expires within twice the longest lifetime', async () => {
  await use()
  await until(async () => (await keys()).length > 5)
  await until(async () => (await keys()).length === 0, EMPTY)
})

it('no key remains after the cache is closed', async () => {
  await use()
  await cache.close()
  expect(await server.dbsize()).toBeGreaterThan(5)
  await until(async () => (await server.dbsize()) === 0, EMPTY)
})

it('tags outlive the entries that depend on them, so entries that are read continuously never miss together', async () => {
  const ttl = 1_000
  const entries = [0, 1, 2, 3, 4].map((name) => ({ ...reads.everything(), name: `everything ${name}` }))
  const rounds: number[] = []
  let hits = 0
  const started = performance.now()
  for (let passed = 0; passed < 5; passed = (performance.now() - started) / ttl) {
    const sources: string[] = []
    // Each begins at another time, so that no two of them expire together.
    for (const [place, entry] of entries.entries())
      if (passed >= place / entries.length) sources.push(await read(entry, ttl))
    const misses = sources.filter((source) => source === 'database').length
    rounds.push(misses)
    hits += sources.length - misses
    await wait(10)
  }
  // A record that died after twice their lifetime would take all five.
  expect(Math.max(...rounds)).toBeLessThan(entries.length)
  expect(hits).toBeGreaterThan(100)
})

it('an entry with a long lifetime keeps its tags while others of its table are stored all the time', async () => {
  const long = { ...reads.byGroup(1), name: 'long' }
  await read(long, 4_000)
  const sources: string[] = []
  const end = performance.now() + 3_500
  while (performance.now() < end) {
    await read(reads.byId(1), 200)
    sources.push(await read(long, 4_000))
    await wait(50)
  }
  expect(sources.filter((source) => source !== 'store')).toEqual([])
})
