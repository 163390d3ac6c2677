import { createCache, memoryStore, type PolicyOptions } from '@larder/core'
import { fixedConnection } from '@larder/core/host'
import { deferred, fakeClock, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { readPlan, reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type GetOptions, simulatedProcess } from '../support/simulated-process.ts'
import { remote } from '../tier/remote.ts'

const readRow1 = reads.byId(1)
const MINUTE = 60_000
const TTL = 10 * MINUTE
const options: { readonly options: PolicyOptions } = {
  options: { ttl: TTL, jitter: 0, refreshAhead: false, staleIfError: '1h' },
}

class Unreachable extends Error {}

/** A read of a host that knows which errors mean that the database cannot be reached. */
function failing(error: unknown) {
  const loads = { count: 0 }
  const more: GetOptions<Row | null> = {
    ...options,
    unreachable: (thrown) => thrown instanceof Unreachable,
    load: () => {
      loads.count++
      return Promise.reject(error)
    },
  }
  return { loads, more }
}

/** A cache with an entry that has expired, and its warnings. */
async function expired() {
  const here = simulatedProcess()
  const warnings: string[] = []
  here.cache.on('warning', ({ code }) => warnings.push(code))
  await here.get(readRow1, options)
  await here.clock.advance(TTL + 1)
  return { ...here, warnings }
}

describe('staleIfError', () => {
  it('serves an expired entry if the database cannot be reached', async () => {
    const { get, cache, warnings } = await expired()
    const { more } = failing(new Unreachable('refused'))
    expect(await get(readRow1, more)).toMatchObject({
      source: 'stale',
      result: { v: 1 },
      age: TTL + 1,
      ttl: TTL,
    })
    expect(cache.stats()).toMatchObject({ reads: 2, hits: 1, misses: 1, stale: 1 })
    expect(warnings).toEqual(['database-unreachable'])
  })

  it.each(['process', 'cluster', false] as const)(
    'serves an expired entry if the queue of loads is full, with singleFlight: %s',
    async (singleFlight) => {
      const { get, clock, warnings } = await expired()
      const limited = {
        options: { ...options.options, singleFlight, maxConcurrentLoads: 1, loadQueueTimeout: '1s' as const },
      }
      const hung = deferred<Row | null>()
      const slow = get(reads.byId(2), { ...limited, load: () => hung.promise })
      await settled()
      const read = get(readRow1, limited)
      await settled()
      await clock.advance(1_000)
      expect(await read).toMatchObject({ source: 'stale', result: { v: 1 } })
      // The database was not asked: nothing is known of it.
      expect(warnings).toEqual([])
      hung.resolve(null)
      await slow
    },
  )

  it('passes on an error of the query', async () => {
    const { get, cache, warnings } = await expired()
    const { more } = failing(new Error('syntax'))
    await expect(get(readRow1, more)).rejects.toThrow('syntax')
    expect(cache.stats()).toMatchObject({ reads: 2, misses: 2, stale: 0 })
    expect(warnings).toEqual([])
  })

  it.each([
    ['the host cannot distinguish outages from other errors', { unreachable: undefined }],
    [
      'the host fails to classify the error',
      {
        unreachable: () => {
          throw new Error('no judgement')
        },
      },
    ],
    ['the policy does not set it', { options: { ttl: TTL, jitter: 0 } }],
    ['the host does not accept the result', { accepts: () => false }],
  ] as const)('passes on the error where %s', async (_, change) => {
    const { get } = await expired()
    const { more } = failing(new Unreachable('refused'))
    await expect(get(readRow1, { ...more, ...(change as GetOptions<Row | null>) })).rejects.toThrow('refused')
  })

  it('serves nothing if there is no entry or if a write invalidated it', async () => {
    const { get, put } = await expired()
    const { more } = failing(new Unreachable('refused'))
    await expect(get(reads.byId(2), more)).rejects.toThrow('refused')
    await put(writes.touch(1))
    await expect(get(readRow1, more)).rejects.toThrow('refused')
  })

  it('serves nothing after its time is over, including the time that the load took', async () => {
    const { get, clock } = await expired()
    await clock.advance(60 * MINUTE - 1_001)
    const answer = deferred<Row | null>()
    const { more } = failing(new Unreachable('refused'))
    const inTime = get(readRow1, { ...more, load: () => answer.promise })
    await settled()
    await clock.advance(999)
    answer.reject(new Unreachable('late'))
    expect(await inTime).toMatchObject({ source: 'stale', age: TTL + 60 * MINUTE - 1 })
    await clock.advance(1)
    await expect(get(readRow1, more)).rejects.toThrow('refused')
  })

  it('queries the database once a second, even while a read of an invalidated entry waits for it', async () => {
    const { get, put, clock } = await expired()
    await get(reads.byId(2), options)
    await put(writes.touch(2))
    const { loads, more } = failing(new Unreachable('refused'))
    expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    await clock.advance(1_000)
    // The write has invalidated its entry, so it has to ask in any case.
    const hung = deferred<Row | null>()
    const other = get(reads.byId(2), { ...more, load: () => hung.promise })
    await settled()
    expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    expect(loads.count).toBe(2)
    hung.resolve(null)
    await other
  })

  it('queries the database once a second while it cannot be reached', async () => {
    const { get, clock, warnings } = await expired()
    const { loads, more } = failing(new Unreachable('refused'))
    for (let time = 0; time < 20; time++) expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    expect(loads.count).toBe(1)
    await clock.advance(1_000)
    for (let time = 0; time < 20; time++) expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    expect(loads.count).toBe(2)
    expect(warnings).toEqual(['database-unreachable'])
  })

  it('sends one query while the database does not answer, however many callers there are', async () => {
    const { get, clock } = await expired()
    const { more } = failing(new Unreachable('refused'))
    await get(readRow1, more)
    await clock.advance(1_000)
    let loads = 0
    const hanging: GetOptions<Row | null> = {
      ...more,
      load: () => {
        loads++
        return new Promise(() => {})
      },
    }
    void get(readRow1, hanging)
    await settled()
    for (let time = 0; time < 9; time++) {
      expect(await get(readRow1, hanging)).toMatchObject({ source: 'stale' })
      await clock.advance(1_000)
    }
    expect(loads).toBe(1)
  })

  it('serves callers that share the failed load as well, and not all of them query again', async () => {
    const { get } = await expired()
    const { loads, more } = failing(new Unreachable('refused'))
    const results = await Promise.all(Array.from({ length: 30 }, () => get(readRow1, more)))
    for (const read of results) expect(read).toMatchObject({ source: 'stale', result: { v: 1 } })
    expect(loads.count).toBe(1)
  })

  it('passes the error on to a caller that shares the failed load without this policy', async () => {
    const { get } = await expired()
    const { more } = failing(new Unreachable('refused'))
    const [stale, strict] = await Promise.allSettled([
      get(readRow1, more),
      get(readRow1, { ...more, options: { ttl: TTL, jitter: 0 } }),
    ])
    expect(stale).toMatchObject({ status: 'fulfilled', value: { source: 'stale' } })
    expect(strict).toMatchObject({ status: 'rejected' })
  })

  it('loads again when the database is back, and warns once for each outage', async () => {
    const { get, clock, warnings } = await expired()
    const { more } = failing(new Unreachable('refused'))
    await get(readRow1, more)
    await clock.advance(1_000)
    expect(await get(readRow1, options)).toMatchObject({ source: 'database', reason: 'expired' })
    expect(await get(readRow1, options)).toMatchObject({ source: 'memory' })
    await clock.advance(TTL + 1)
    expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    expect(warnings).toEqual(['database-unreachable', 'database-unreachable'])
  })

  it('ends the outage when a query fails with an ordinary error', async () => {
    const { get, clock } = await expired()
    await get(readRow1, failing(new Unreachable('refused')).more)
    await clock.advance(1_000)
    await expect(get(readRow1, failing(new Error('syntax')).more)).rejects.toThrow('syntax')
    expect(await get(readRow1, options)).toMatchObject({ source: 'database' })
  })

  it('neither queries nor ends the outage because of a query that was refused by the load queue', async () => {
    const { get, clock } = await expired()
    const { loads, more } = failing(new Unreachable('refused'))
    await get(readRow1, more)
    const limited = { ...options.options, maxConcurrentLoads: 1, loadQueueTimeout: 100 }
    void get(reads.byId(2), { options: limited, load: () => new Promise(() => {}) })
    await clock.advance(1_000)
    const overloaded = get(readRow1, { ...more, options: limited })
    await settled()
    await clock.advance(100)
    expect(await overloaded).toMatchObject({ source: 'stale' })
    expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
    expect(loads.count).toBe(1)
  })

  it('treats an outage of one database separately from others', async () => {
    const clock = fakeClock()
    const cache = createCache({ store: memoryStore({ clock }) }, { clock })
    const readOf = (place: string) => {
      const connection = fixedConnection(place)
      const tables = new Map()
      const engine = cache.attach({
        name: 'items',
        schema: { tables },
        database: undefined,
        identity: [],
        types: {},
        connection,
      })
      const { load: _, ...more } = failing(undefined).more
      return (load: () => Promise<Row | null>) => engine.read(readPlan(engine, readRow1, load, more))
    }
    const [down, well] = [readOf('down'), readOf('well')]
    const row = (v: number) => async () => ({ id: 1, grp: 0, code: '', v })
    await down(row(1))
    await well(row(2))
    await settled()
    await clock.advance(TTL + 1)
    expect(await down(() => Promise.reject(new Unreachable('refused')))).toMatchObject({ v: 1 })
    expect(await well(row(3))).toMatchObject({ v: 3 })
  })

  it('serves nothing stale to a read inside the load of a computed value', async () => {
    const { get, cache } = await expired()
    const { more } = failing(new Unreachable('refused'))
    const page = cache.wrap(
      'page',
      { ttl: '1m', reads: ['item'] },
      async () => (await get(readRow1, more)).result,
    )
    await expect(page).rejects.toThrow('refused')
  })

  it('serves a sync driver', async () => {
    const { engine, clock } = simulatedProcess()
    const policy = engine.policy(options.options, 'test')
    const read = (run: () => unknown) =>
      engine.sync.read({
        operation: 'item.byId',
        model: 'item',
        policy,
        query: [1],
        occurrences: readRow1.occurrences,
        severalStatements: false,
        unreachable: (error) => error instanceof Unreachable,
        run,
      })
    expect(read(() => 'a')).toBe('a')
    await clock.advance(TTL + 1)
    let loads = 0
    const refused = () => {
      loads++
      throw new Unreachable('refused')
    }
    expect(read(refused)).toBe('a')
    expect(read(refused)).toBe('a')
    expect(loads).toBe(1)
    await clock.advance(1_000)
    expect(() =>
      read(() => {
        throw new Error('syntax')
      }),
    ).toThrow('syntax')
    expect(read(() => 'b')).toBe('b')
  })

  it('serves entries of the `push` tier while store and database are lost at the same time', async () => {
    let lost = false
    const here = remote({
      memory: { mode: 'push' },
      through: (store) => ({
        ...store,
        fetch: async (...args) => {
          if (lost) throw new Error('lost')
          return store.fetch(...args)
        },
      }),
    })
    here.cache.on('store-state', () => {})
    await here.get(readRow1, options)
    await here.get(readRow1, options)
    await here.clock.advance(TTL + 1)
    // Its tags are fetched again, and their lease lasts for a moment.
    await here.get(readRow1, failing(new Unreachable('refused')).more)
    lost = true
    expect(await here.get(readRow1, failing(new Unreachable('refused')).more)).toMatchObject({
      source: 'stale',
    })
    here.cut()
    await expect(here.get(readRow1, failing(new Unreachable('refused')).more)).rejects.toThrow('refused')
  })
})
