import { createCache, type WarmProgress } from '@larder/core'
import type { Store } from '@larder/core/store'
import { deferred, faultyStore, settled } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ReadShape, readPlan, reads } from '../support/item-host.ts'
import { type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

/** A function that makes one read. */
const reading =
  ({ engine, database }: SimulatedProcess, shape: ReadShape<unknown>, options?: object) =>
  () =>
    engine.read(readPlan(engine, shape, database.read, options as never))

const byIds = (here: SimulatedProcess, ...ids: readonly number[]) =>
  ids.map((id) => reading(here, reads.byId(id)))

describe('cache.warm', () => {
  it('loads results that are not cached, so that the next reads hit', async () => {
    const here = simulatedProcess()
    await here.get(reads.byId(1))
    expect(await here.cache.warm(byIds(here, 1, 2, 3))).toEqual({
      total: 3,
      loaded: 2,
      hits: 1,
      bypassed: 0,
      failed: 0,
      errors: [],
    })
    for (const id of [1, 2, 3]) expect(await here.get(reads.byId(id))).toMatchObject({ source: 'memory' })
  })

  it('counts each function once, by the worst outcome of its reads', async () => {
    const here = simulatedProcess()
    await here.get(reads.byId(1))
    const [hit, miss] = byIds(here, 1, 2)
    const bypass = reading(here, reads.byId(3), { bypass: 'lock' })
    const both =
      (...all: readonly (() => unknown)[]) =>
      () =>
        Promise.all(all.map((run) => run()))
    const counts = await here.cache.warm([
      both(hit!, miss!),
      both(hit!, hit!),
      both(hit!, bypass),
      () => 'none',
    ])
    expect(counts).toMatchObject({ total: 4, loaded: 1, hits: 1, bypassed: 2 })
  })

  it('counts a result that was not stored as bypassed', async () => {
    const here = simulatedProcess({ maxValueBytes: 10 })
    const counts = await here.cache.warm([
      reading(here, reads.everything()),
      reading(here, reads.byId(9), { options: { ttl: '1m', cacheEmpty: false } }),
    ])
    expect(counts).toMatchObject({ total: 2, loaded: 0, bypassed: 2 })
  })

  it('counts a load shared by two functions as loaded for both', async () => {
    const here = simulatedProcess()
    expect(await here.cache.warm(byIds(here, 1, 1, 1))).toMatchObject({ loaded: 3, hits: 0 })
    expect(here.cache.stats().misses).toBe(3)
  })

  it('counts every function as bypassed while the cache is paused or the store is unavailable', async () => {
    const paused = simulatedProcess({ enabled: false })
    expect(await paused.cache.warm(byIds(paused, 1, 2))).toMatchObject({ total: 2, bypassed: 2 })
    const down = simulatedProcess({
      wrapStore(store) {
        const faulty = faultyStore(store)
        faulty.fail('rejects')
        return faulty
      },
    })
    expect(await down.cache.warm(byIds(down, 1, 2))).toMatchObject({ total: 2, bypassed: 2 })
  })

  it('counts a computed value once, and not the reads inside its function', async () => {
    const here = simulatedProcess()
    const inner = reading(here, reads.byId(1), { bypass: 'no-policy' })
    const page = () => here.cache.wrap('page', { ttl: '1h', reads: ['item'] }, async () => inner())
    expect(await here.cache.warm([page])).toMatchObject({ loaded: 1 })
    expect(await here.cache.warm([page])).toMatchObject({ hits: 1 })
    // Warming inside such a function counts its reads all the same.
    const nested = await here.cache.wrap('nested', { ttl: '1h' }, () => here.cache.warm(byIds(here, 2)))
    expect(nested).toMatchObject({ loaded: 1 })
  })

  it('continues when functions fail, and reports their errors with their positions', async () => {
    const here = simulatedProcess()
    const failing = [
      () => Promise.reject(new Error('rejected')),
      () => {
        throw new Error('thrown')
      },
    ]
    const counts = await here.cache.warm([failing[0]!, ...byIds(here, 1), failing[1]!, ...byIds(here, 2)])
    expect(counts).toMatchObject({ total: 4, loaded: 2, failed: 2 })
    expect(counts.errors.map(({ index, error }) => [index, String(error)])).toEqual([
      [0, 'Error: rejected'],
      [2, 'Error: thrown'],
    ])
  })

  it('reports the errors of at most a hundred functions', async () => {
    const { cache } = simulatedProcess()
    const counts = await cache.warm(Array.from({ length: 150 }, () => () => Promise.reject(new Error('no'))))
    expect(counts.failed).toBe(150)
    expect(counts.errors).toHaveLength(100)
  })

  it.each([
    [undefined, 4],
    [1, 1],
    [7, 7],
  ])('with concurrency %s runs %s functions at a time', async (concurrency, most) => {
    const { cache } = simulatedProcess()
    let running = 0
    let peak = 0
    const task = async () => {
      peak = Math.max(peak, ++running)
      await settled()
      running--
    }
    await cache.warm(Array(20).fill(task), concurrency === undefined ? {} : { concurrency })
    expect(peak).toBe(most)
  })

  it('calls onProgress after each function, and turns its errors into process warnings', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const here = simulatedProcess()
    const log: WarmProgress[] = []
    const counts = await here.cache.warm(byIds(here, 1, 2), {
      onProgress(progress) {
        log.push(progress)
        throw new Error('mine')
      },
    })
    expect(log).toEqual([
      { done: 1, total: 2 },
      { done: 2, total: 2 },
    ])
    expect(counts.loaded).toBe(2)
    expect(warned).toHaveBeenCalledTimes(2)
    warned.mockRestore()
  })

  it.each<[string, boolean]>([
    ['with one statement', false],
    ['with several statements', true],
  ])('resolves when the store has acknowledged the entry of a read %s', async (_, severalStatements) => {
    const sent = deferred()
    const acknowledged = deferred()
    const here = simulatedProcess({
      wrapStore: (store): Store => ({
        ...faultyStore(store),
        async set(...args) {
          sent.resolve()
          await acknowledged.promise
          await store.set(...args)
        },
      }),
    })
    let resolved = false
    const warming = here.cache.warm([reading(here, { ...reads.byId(1), severalStatements })]).then(() => {
      resolved = true
    })
    await sent.promise
    await settled()
    expect(resolved).toBe(false)
    acknowledged.resolve()
    await warming
    const other = simulatedProcess({ sharedWith: here })
    expect(await other.get({ ...reads.byId(1), severalStatements })).toMatchObject({ source: 'memory' })
  })

  it('waits until an entry of several statements has been stored', async () => {
    const confirmed = deferred()
    const here = simulatedProcess({
      wrapStore: (store): Store => ({
        ...faultyStore(store),
        async fetch(entry, tags) {
          if (entry === undefined) await confirmed.promise
          return store.fetch(entry, tags)
        },
      }),
    })
    let resolved = false
    const warming = here.cache
      .warm([reading(here, { ...reads.byId(1), severalStatements: true })])
      .then(() => {
        resolved = true
      })
    await settled()
    expect(resolved).toBe(false)
    confirmed.resolve()
    await warming
    expect(await simulatedProcess({ sharedWith: here }).get(reads.byId(1))).toMatchObject({
      source: 'memory',
    })
  })

  it('does not wait forever for a store that acknowledges nothing', async () => {
    const here = simulatedProcess({
      wrapStore(store) {
        const faulty = faultyStore(store)
        faulty.fail('hangs', 'set')
        return faulty
      },
    })
    const warming = here.cache.warm(byIds(here, 1))
    await here.clock.advance(5_000)
    expect(await warming).toMatchObject({ loaded: 1 })
  })

  it('resolves to zeros for an empty list of functions', async () => {
    const log: unknown[] = []
    const counts = await createCache().warm([], { onProgress: (progress) => log.push(progress) })
    expect(counts).toEqual({ total: 0, loaded: 0, hits: 0, bypassed: 0, failed: 0, errors: [] })
    expect(log).toEqual([])
  })

  it.each<[string, unknown, unknown, RegExp]>([
    [
      'a first argument that is not an array',
      'all',
      undefined,
      /warm: the first argument is .*array of functions/,
    ],
    [
      'a promise instead of a function',
      [() => 1, Promise.resolve()],
      undefined,
      /warm: \[1\] is .*give a function/,
    ],
    ['options that are not an object', [], 5, /warm: options are 5/],
    ['an unknown option', [], { concurency: 5 }, /warm: there is no option concurency/],
    ['a concurrency of zero', [], { concurrency: 0 }, /warm: concurrency is 0/],
    ['a fractional concurrency', [], { concurrency: 1.5 }, /warm: concurrency is 1.5/],
    ['an onProgress that is not a function', [], { onProgress: true }, /warm: onProgress is true/],
  ])('refuses %s before any function runs', async (_, functions, options, message) => {
    const { cache } = simulatedProcess()
    await expect(cache.warm(functions as never, options as never)).rejects.toMatchObject({
      code: 'LARDER_CONFIG',
      message: expect.stringMatching(message),
    })
  })
})
