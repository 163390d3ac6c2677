import { createCache, memoryStore, type PolicyOptions } from '@larder/core'
import { deferred, fakeClock, seededRandom, settled, sized } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { attachItems, readPlan, reads } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'

// Many entries that are loaded in the same second, each of which is then read once a second.

const KEYS = sized(1_000, 10_000)
/** In milliseconds. */
const [TTL, LOAD_TIME] = [100_000, 50]
/** Before this second no entry expires and none is refreshed ahead; after the last one, all are loaded again. */
const [FIRST_SECOND, LAST_SECOND] = [88, 102]

/** @returns how many loads began in each second around the expiry. */
async function loadsPerSecond(policy: PolicyOptions): Promise<readonly number[]> {
  const clock = fakeClock(seededRandom(11))
  const cache = createCache({ store: memoryStore({ maxEntries: 2 * KEYS, clock }) }, { clock })
  const engine = attachItems(cache)
  let loads = 0
  let loading = deferred()
  const load = async (): Promise<Row> => {
    loads++
    await loading.promise
    return { id: 1, grp: 1, code: 'a', v: 1 }
  }
  const options = { ttl: TTL, ...policy }
  const plans = Array.from({ length: KEYS }, (_, id) => readPlan(engine, reads.byId(id), load, { options }))
  const readAll = async (): Promise<number> => {
    loads = 0
    const all = plans.map((plan) => engine.read(plan))
    await settled()
    await clock.advance(LOAD_TIME)
    loading.resolve()
    await Promise.all(all)
    await settled()
    loading = deferred()
    await clock.advance(1_000 - LOAD_TIME)
    return loads
  }
  expect(await readAll()).toBe(KEYS)
  await clock.advance((FIRST_SECOND - 1) * 1_000)
  const seconds: number[] = []
  for (let second = FIRST_SECOND; second < LAST_SECOND; second++) seconds.push(await readAll())
  await cache.close()
  return seconds
}

describe('entries with a ttl of one second', () => {
  it('entries with a ttl of one second are loaded again over the whole jitter interval, with refresh-ahead', async () => {
    const busy = (await loadsPerSecond({ jitter: 0.1 })).filter((loads) => loads > 0)
    const mean = KEYS / busy.length
    expect(busy.length).toBeGreaterThanOrEqual(10)
    expect(Math.max(...busy)).toBeLessThan(1.5 * mean)
  })

  it('entries with a ttl of one second are all loaded again within one second without jitter and refresh-ahead', async () => {
    expect(Math.max(...(await loadsPerSecond({ jitter: 0, refreshAhead: false })))).toBe(KEYS)
  })
})
