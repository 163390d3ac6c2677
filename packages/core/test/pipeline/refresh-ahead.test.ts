import type { PolicyOptions } from '@larder/core'
import { deferred, settled } from '@larder/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LONGEST_AHEAD, refreshesAhead } from '../../src/entry/lifetime.ts'
import { reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type GetOptions, simulatedProcess } from '../support/simulated-process.ts'
import { remote } from '../tier/remote.ts'

const readRow1 = reads.byId(1)
const TTL = 100_000
const options: { readonly options: PolicyOptions } = { options: { ttl: TTL, jitter: 0 } }

/** A load that takes 1 s. */
function slow({ clock, database }: Pick<ReturnType<typeof simulatedProcess>, 'clock' | 'database'>) {
  const loads = { count: 0 }
  const load: GetOptions<Row | null>['load'] = async (query) => {
    loads.count++
    await new Promise<void>((resolve) => clock.after(1_000, resolve))
    return database.read(query)
  }
  return { loads, load }
}

/** Reads, and lets the load take its time. */
async function loaded(here: ReturnType<typeof simulatedProcess>, more: GetOptions<Row | null>) {
  const reading = here.get(readRow1, more)
  await settled()
  await here.clock.advance(1_000)
  return reading
}

describe('the rule for refreshing ahead', () => {
  it('is true for the share of hits that XFetch prescribes', () => {
    const share = (remaining: number, beta: number): number => {
      let count = 0
      for (let at = 0; at < 10_000; at++) if (refreshesAhead(remaining, 100, beta, at / 10_000)) count++
      return count / 10_000
    }
    expect(share(100, 1)).toBeCloseTo(Math.exp(-1), 2)
    expect(share(300, 1)).toBeCloseTo(Math.exp(-3), 2)
    expect(share(300, 3)).toBeCloseTo(Math.exp(-1), 2)
    expect(share(0.001, 1)).toBeCloseTo(1, 2)
  })

  it('is never true while so much time is left that no random number is drawn', () => {
    // The largest number below 1 that `Math.random` can return.
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (random) => {
        expect(refreshesAhead(100 * LONGEST_AHEAD, 100, 1, random)).toBe(false)
      }),
    )
    expect(refreshesAhead(100 * LONGEST_AHEAD, 100, 1, 1 - 2 ** -53)).toBe(false)
  })
})

describe('refreshAhead', () => {
  it('does not count the time that a load waited for its slot', async () => {
    const { get, clock, database } = simulatedProcess({ random: () => 0.9 })
    const limited: PolicyOptions = { ttl: 10_000, jitter: 0, maxConcurrentLoads: 1 }
    const gate = deferred()
    const load = async () => {
      await gate.promise
      return null
    }
    const slow = get(reads.byId(2), { options: limited, load })
    await settled()
    const queued = get(reads.byId(1), { options: limited })
    await settled()
    await clock.advance(4_900)
    gate.resolve()
    await Promise.all([slow, queued])
    await clock.advance(5_000)
    let loads = 0
    const count = (query: Parameters<typeof database.read>[0]) => {
      loads++
      return database.read(query)
    }
    await get(reads.byId(1), { options: limited, load: count as typeof database.read })
    expect(loads).toBe(0)
  })

  it('is on by default, and loads a hot entry again before it expires', async () => {
    const here = simulatedProcess({ random: () => 0.9 })
    const { loads, load } = slow(here)
    await loaded(here, { ...options, load })
    await here.database.write(writes.touch(1).mutation)
    // 2.3 s is -ln(1 - 0.9) times the load.
    await here.clock.advance(TTL - 2_310)
    expect(await here.get(readRow1, { ...options, load })).toMatchObject({ source: 'memory' })
    expect(loads.count).toBe(1)
    await here.clock.advance(20)
    expect(await here.get(readRow1, { ...options, load })).toMatchObject({
      source: 'memory',
      result: { v: 1 },
    })
    expect(loads.count).toBe(2)
    // One at a time.
    expect(await here.get(readRow1, { ...options, load })).toMatchObject({ source: 'memory' })
    expect(loads.count).toBe(2)
    await here.clock.advance(1_000)
    expect(await here.get(readRow1, { ...options, load })).toMatchObject({
      source: 'memory',
      result: { v: 1_001 },
      age: 0,
    })
    expect(here.cache.stats()).toMatchObject({ reads: 5, hits: 4, misses: 1, stale: 0 })
  })

  it.each([
    ['false disables it', false, 1],
    ['a small factor refreshes later', 0.1, 1],
    ['a large factor refreshes earlier', 10, 2],
  ] as const)('%s', async (_, refreshAhead, expected) => {
    const here = simulatedProcess({ random: () => 0.9 })
    const { loads, load } = slow(here)
    const more = { options: { ...options.options, refreshAhead }, load }
    await loaded(here, more)
    await here.clock.advance(TTL - 2_290)
    await here.get(readRow1, more)
    if (refreshAhead === 10) await here.clock.advance(1)
    expect(loads.count).toBe(expected)
  })

  it('never refreshes an entry whose load took no time', async () => {
    const { get, clock, cache } = simulatedProcess({ random: () => 0.999_999 })
    await get(readRow1, options)
    await clock.advance(TTL - 1)
    expect(await get(readRow1, { ...options, load: () => Promise.reject(new Error('down')) })).toMatchObject({
      source: 'memory',
    })
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 })
  })

  it('leaves nothing stale if a write happens during a refresh', async () => {
    const here = simulatedProcess({ random: () => 0.9 })
    const { load } = slow(here)
    await loaded(here, { ...options, load })
    await here.clock.advance(TTL - 2_000)
    const before = await here.database.read(readRow1.query)
    const late: GetOptions<Row | null>['load'] = async () => {
      await new Promise<void>((resolve) => here.clock.after(1_000, resolve))
      return before
    }
    await here.get(readRow1, { ...options, load: late })
    await here.put(writes.touch(1))
    await here.clock.advance(1_000)
    expect(await here.get(readRow1, options)).toMatchObject({ source: 'database', result: { v: 1_001 } })
  })

  it('stores entries that a write invalidates like any other', async () => {
    const here = simulatedProcess({ random: () => 0.9 })
    const { load } = slow(here)
    await loaded(here, { ...options, load })
    await here.clock.advance(TTL - 2_000)
    await here.get(readRow1, { ...options, load })
    await here.clock.advance(1_000)
    await here.put(writes.touch(1))
    expect(await here.get(readRow1, options)).toMatchObject({ source: 'database', reason: 'invalidated' })
  })

  it.each(['off', 'validate', 'push'] as const)(
    'uses an entry that another process has refreshed, with the memory tier %s',
    async (mode) => {
      const here = remote({ memory: { mode }, random: () => 0.9 })
      const other = remote({ sharedWith: here, memory: { mode } })
      const { loads, load } = slow(here)
      const more = { ...options, load }
      const first = here.get(readRow1, more)
      await settled()
      await here.clock.advance(1_000)
      await first
      await other.get(readRow1, more)
      await here.clock.advance(TTL - 2_000)
      await other.get(readRow1, more)
      await here.clock.advance(1_000)
      expect(loads.count).toBe(2)
      // Kept without a look into the store, the old entry is still there.
      await here.get(readRow1, more)
      await settled()
      expect(loads.count).toBe(2)
      expect(await here.get(readRow1, more)).toMatchObject({ age: 0 })
    },
  )
})
