import { createCache, memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import { faultyStore, repeatWhenBusy, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import { pausedLoad, type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'
import { remote } from '../tier/remote.ts'

repeatWhenBusy()

const readRow1 = reads.byId(1)
const DISABLED = { source: 'database', reason: 'disabled' }

/** Collects the warnings of a cache. */
function warnings({ cache }: Pick<SimulatedProcess, 'cache'>): string[] {
  const codes: string[] = []
  cache.on('warning', ({ code, message }) => codes.push(`${code}: ${message}`))
  return codes
}

describe('a paused cache', () => {
  it('reads from the database and stores nothing', async () => {
    const here = simulatedProcess()
    await here.get(readRow1)
    here.cache.pause()
    expect(await here.get(readRow1)).toMatchObject(DISABLED)
    expect(await here.get(reads.byId(2))).toMatchObject(DISABLED)
    here.cache.resume()
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
    expect(await here.get(reads.byId(2))).toMatchObject({ reason: 'miss' })
  })

  it('still invalidates the tables it writes, so that no older result is served after the pause', async () => {
    const here = simulatedProcess()
    await here.get(readRow1)
    here.cache.pause()
    await here.put(writes.touch(1))
    here.cache.resume()
    expect(await here.get(readRow1)).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  })

  it('still invalidates the cached reads of other processes', async () => {
    const here = simulatedProcess()
    const other = simulatedProcess({ sharedWith: here })
    await other.get(readRow1)
    here.cache.pause()
    await here.put(writes.touch(1))
    expect(await other.get(readRow1)).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  })

  it.each([0, '1m'] as const)(
    'does not store the result of a load that began before the pause (maxStaleness: %s)',
    async (maxStaleness) => {
      const here = simulatedProcess({ defaults: { maxStaleness } })
      const load = pausedLoad(here, readRow1)
      const reading = here.get(readRow1, { load: load.run })
      await load.sent
      here.cache.pause()
      await load.execute()
      load.answer()
      expect(await reading).toMatchObject({ reason: 'miss' })
      here.cache.resume()
      expect(await here.get(readRow1)).toMatchObject({ reason: 'miss' })
    },
  )

  it('does not write rows through', async () => {
    const here = simulatedProcess({ through: {} })
    here.cache.pause()
    await here.put(writes.touch(1, 'item', true))
    here.cache.resume()
    expect(await here.get(readRow1)).toMatchObject({ reason: 'miss', result: { v: 1_001 } })
  })

  it('does not store the row of a write that began before the pause', async () => {
    const here = simulatedProcess({ through: {} })
    await here.put(writes.touch(1, 'item', true), (mutation) => {
      here.cache.pause()
      return here.database.write(mutation)
    })
    await settled()
    here.cache.resume()
    expect(await here.get(readRow1)).toMatchObject({ reason: 'miss' })
  })

  it('bypasses every read with the reason `disabled`, even if another reason applies as well', async () => {
    const here = simulatedProcess({ scope: () => undefined, requireScope: true })
    here.cache.pause()
    expect(await here.get(readRow1, { bypass: 'transaction' })).toMatchObject(DISABLED)
    expect(await here.get(readRow1, { bypass: 'no-policy' })).toMatchObject(DISABLED)
    expect(await here.get(readRow1)).toMatchObject(DISABLED)
    expect(here.cache.stats()).toMatchObject({ reads: 3, bypasses: 3 })
  })

  it('runs the load of wrap each time, and stores no computed value', async () => {
    const { cache } = simulatedProcess()
    let loads = 0
    const load = async () => ++loads
    expect(await cache.wrap('n', { ttl: '1h' }, load)).toBe(1)
    expect(await cache.wrap('n', { ttl: '1h' }, load)).toBe(1)
    cache.pause()
    expect(await cache.wrap('n', { ttl: '1h' }, load)).toBe(2)
    expect(await cache.wrap('other', { ttl: '1h' }, load)).toBe(3)
    cache.resume()
    expect(await cache.wrap('n', { ttl: '1h' }, load)).toBe(1)
    expect(await cache.wrap('other', { ttl: '1h' }, load)).toBe(4)
  })

  it('stores no result of a sync driver, and hits again after the pause', async () => {
    const { cache, engine } = simulatedProcess()
    const policy = engine.policy({ ttl: '1h', jitter: 0 }, 'test')
    let runs = 0
    const read = (run: () => unknown) =>
      engine.sync.read({
        operation: 'item.byId',
        model: 'item',
        policy,
        query: [1],
        occurrences: [{ table: 'item', pins: { id: [1] }, rows: () => 1 }],
        severalStatements: false,
        run,
      })
    const count = () => ++runs
    cache.pause()
    expect([read(count), read(count)]).toEqual([1, 2])
    cache.resume()
    // Paused while the query runs: what it returned is not stored either.
    read(() => cache.pause())
    cache.resume()
    expect([read(count), read(count)]).toEqual([3, 3])
  })

  it.each(['validate', 'push'] as const)('does not serve from the memory tier in mode %s', async (mode) => {
    const here = remote({ memory: { mode } })
    await here.get(readRow1)
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
    here.takeCalls()
    here.cache.pause()
    expect(await here.get(readRow1)).toMatchObject(DISABLED)
    expect(here.takeCalls()).toEqual([])
    here.cache.resume()
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
  })
})

describe('enabled: false', () => {
  it('starts the cache paused, until it is resumed', async () => {
    const here = simulatedProcess({ enabled: false })
    const messages = warnings(here)
    expect(here.cache).toMatchObject({ paused: true, pauseReason: 'enabled is false' })
    expect(await here.get(readRow1)).toMatchObject(DISABLED)
    expect(await here.get(readRow1)).toMatchObject(DISABLED)
    expect(messages).toEqual([])
    here.cache.resume()
    expect(here.cache.paused).toBe(false)
    await here.get(readRow1)
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
  })

  it.each([0, 'false', null])('refuses the value %s', (enabled) => {
    expect(() => createCache({ enabled: enabled as never })).toThrow(/enabled is/)
  })
})

describe('pause and resume', () => {
  it('report whether the cache is paused and why, and warn once for each change', async () => {
    const here = simulatedProcess()
    const messages = warnings(here)
    expect(here.cache).toMatchObject({ paused: false, pauseReason: undefined })
    here.cache.pause('first')
    here.cache.pause('second')
    expect(here.cache).toMatchObject({ paused: true, pauseReason: 'second' })
    here.cache.resume()
    here.cache.resume()
    expect(here.cache).toMatchObject({ paused: false, pauseReason: undefined })
    await settled()
    expect(messages).toEqual([
      'paused: the cache is paused for this process: first. Reads go to the database until cache.resume()',
      'resumed: the cache is resumed for this process',
    ])
  })

  it('refuse invalid arguments and unknown options', () => {
    const { cache } = simulatedProcess()
    expect(() => cache.pause(5 as never)).toThrow(/pause: the reason is 5/)
    expect(() => cache.pause({ fleet: true } as never)).toThrow(/pause\('a reason', \{ fleet: true \}\)/)
    expect(() => cache.pause('why', { flete: true } as never)).toThrow(/pause has no option flete/)
    expect(() => cache.pause('why', { fleet: 'yes' as never })).toThrow(
      /pause: fleet is 'yes'|fleet is "yes"/,
    )
    expect(() => cache.resume('why' as never)).toThrow(/resume: options are/)
    expect(cache.paused).toBe(false)
  })
})

describe('a pause of the fleet', () => {
  it('pauses every cache of the store until the fleet is resumed', async () => {
    const here = simulatedProcess()
    const other = simulatedProcess({ sharedWith: here })
    const messages = warnings(other)
    await other.get(readRow1)
    await here.cache.pause('incident', { fleet: true })
    for (const { cache } of [here, other])
      expect(cache).toMatchObject({ paused: true, pauseReason: 'incident' })
    expect(await other.get(readRow1)).toMatchObject(DISABLED)
    await other.cache.resume({ fleet: true })
    expect([here.cache.paused, other.cache.paused]).toEqual([false, false])
    expect(await here.get(readRow1)).toMatchObject({ source: 'memory' })
    expect(messages).toEqual([
      'paused: the cache is paused for the fleet: incident. Reads go to the database until cache.resume({ fleet: true })',
      'resumed: the cache is resumed for the fleet',
    ])
  })

  it('pauses a cache that is created later, which warns of it', async () => {
    const here = simulatedProcess()
    await here.cache.pause('incident', { fleet: true })
    const other = simulatedProcess({ sharedWith: here })
    const messages = warnings(other)
    expect(other.cache.paused).toBe(true)
    await settled()
    expect(messages).toHaveLength(1)
  })

  it('is not ended by resuming one process, and resuming it does not end the pause of one process', async () => {
    const here = simulatedProcess()
    const messages = warnings(here)
    here.cache.pause('mine')
    await here.cache.pause('ours', { fleet: true })
    expect(here.cache.pauseReason).toBe('ours')
    here.cache.resume()
    expect(here.cache).toMatchObject({ paused: true, pauseReason: 'ours' })
    here.cache.pause('mine')
    await here.cache.resume({ fleet: true })
    expect(here.cache).toMatchObject({ paused: true, pauseReason: 'mine' })
    await settled()
    expect(messages.at(-1)).toBe('resumed: the cache is resumed for the fleet: this process is still paused')
  })

  it('pauses the caches of one namespace over the memory stores of a process, and no others', async () => {
    const [a, b, other] = ['fleet-1', 'fleet-1', 'fleet-2'].map((namespace) => createCache({ namespace }))
    await a?.pause('incident', { fleet: true })
    expect([a?.paused, b?.paused, other?.paused]).toEqual([true, true, false])
    await a?.close()
    expect(b?.paused).toBe(true)
    await b?.close()
    // The last one has emptied the store.
    const next = createCache({ namespace: 'fleet-1' })
    expect(next.paused).toBe(false)
    await Promise.all([other?.close(), next.close()])
  })

  it('serves nothing to a read whose store reply arrives after the pause', async () => {
    let answer = (): void => {}
    const here = simulatedProcess({
      wrapStore: (store) => {
        const late = faultyStore(store)
        const fetch: Store['fetch'] = async (...args) => {
          const fetched = await store.fetch(...args)
          await new Promise<void>((resolve) => {
            answer = resolve
          })
          return fetched
        }
        return { ...late, fetch }
      },
    })
    const filled = simulatedProcess({ sharedWith: here })
    await filled.get(readRow1)
    const reading = here.get(readRow1)
    await settled()
    here.cache.pause()
    answer()
    expect(await reading).toMatchObject(DISABLED)
  })

  it('fails with a clear error if the store does not acknowledge it, and then pauses nothing', async () => {
    let faulty = faultyStore(memoryStore())
    const here = simulatedProcess({
      wrapStore(store) {
        faulty = faultyStore(store)
        return faulty
      },
    })
    faulty.fail('rejects', 'pause')
    const errors: string[] = []
    here.cache.on('store-error', ({ action }) => errors.push(action))
    await expect(here.cache.pause('why', { fleet: true })).rejects.toMatchObject({
      code: 'LARDER_STORE',
      message: expect.stringContaining('the store did not acknowledge pause'),
    })
    expect(errors).toEqual(['pause'])
    expect(here.cache.paused).toBe(false)
    faulty.fail('hangs', 'resume')
    const resuming = here.cache.resume({ fleet: true })
    const rejected = expect(resuming).rejects.toMatchObject({ code: 'LARDER_STORE' })
    await here.clock.advance(5_000)
    await rejected
  })

  it('is refused by a store that cannot pause a fleet, and by a closed cache', async () => {
    const { pause: _pause, resume: _resume, ...plain } = memoryStore()
    const cache = createCache({ store: { ...plain, source: 'store' } })
    await expect(cache.pause('why', { fleet: true })).rejects.toMatchObject({ code: 'LARDER_CONFIG' })
    await expect(cache.resume({ fleet: true })).rejects.toMatchObject({ code: 'LARDER_CONFIG' })
    await cache.close()
    const closed = createCache()
    await closed.close()
    await expect(closed.pause('why', { fleet: true })).rejects.toThrow(/closed/)
  })

  it('truncates a long reason', async () => {
    const { cache } = simulatedProcess()
    await cache.pause('x'.repeat(10_000), { fleet: true })
    expect(cache.pauseReason).toHaveLength(500)
  })
})
