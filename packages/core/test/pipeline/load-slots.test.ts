import { type CacheError, createCache } from '@larder/core'
import { deferred, fakeClock, faultyStore, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { createLoadSlots } from '../../src/sharing/load-slots.ts'
import { reads, writes } from '../support/item-host.ts'
import { pausedLoad, simulatedProcess } from '../support/simulated-process.ts'

const POLICY = { maxConcurrentLoads: 2, loadQueueTimeout: 5_000, onOverload: 'reject' as const }

/** Loads that run until they are ended, in the order in which they began. */
function paced() {
  const clock = fakeClock()
  const slots = createLoadSlots(clock)
  const ends: (() => void)[] = []
  const begun: number[] = []
  let most = 0
  let running = 0
  const run = (id: number, policy: Parameters<typeof slots.run>[1] = POLICY, model = 'Product') =>
    slots.run(model, policy, async () => {
      begun.push(id)
      running++
      most = Math.max(most, running)
      const end = deferred()
      ends.push(() => end.resolve())
      await end.promise
      running--
      return id
    })
  return { clock, slots, ends, begun, run, most: () => most }
}

it('at most the configured number of loads run at a time, and the others follow in order', async () => {
  const { run, ends, begun, most } = paced()
  const all = [1, 2, 3, 4, 5].map((id) => run(id))
  await settled()
  expect(begun).toEqual([1, 2])
  while (ends.length) {
    ends.shift()?.()
    await settled()
  }
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4, 5])
  expect(begun).toEqual([1, 2, 3, 4, 5])
  expect(most()).toBe(2)
})

it('a new load never overtakes waiting loads, even at the moment a load ends', async () => {
  const { run, ends, begun, most } = paced()
  const all = [1, 2, 3].map((id) => run(id))
  await settled()
  ends.shift()?.()
  await Promise.resolve()
  all.push(run(4))
  await settled()
  expect(begun).toEqual([1, 2, 3])
  while (ends.length) {
    ends.shift()?.()
    await settled()
  }
  await Promise.all(all)
  expect(most()).toBe(2)
})

it('each model has separate slots', async () => {
  const { run, begun } = paced()
  for (const id of [1, 2, 3]) void run(id)
  void run(4, POLICY, 'User')
  await settled()
  expect(begun).toEqual([1, 2, 4])
})

it('a load that waits too long is refused with an error that names model, limit, time and fix', async () => {
  const { clock, run, begun } = paced()
  void run(1)
  void run(2)
  const refused: CacheError[] = []
  void run(3).catch((error: CacheError) => refused.push(error))
  await clock.advance(4_999)
  expect(refused).toEqual([])
  await clock.advance(1)
  expect(refused).toMatchObject([
    {
      code: 'LARDER_OVERLOADED',
      message:
        "Product: 2 loads are running (maxConcurrentLoads) and none has ended within 5000 ms (loadQueueTimeout). This read waited 5000 ms and sent no query. Find out why the queries are slow, raise one of the two, or set onOverload: 'proceed'",
    },
  ])
  expect(begun).toEqual([1, 2])
  expect(clock.pending()).toBe(0)
})

it('after a timeout the next loads are refused immediately until a load ends', async () => {
  const { clock, run, ends } = paced()
  void run(1)
  void run(2)
  run(3).catch(() => {})
  await clock.advance(5_000)
  await expect(run(4)).rejects.toThrow('waited 0 ms')
  ends.shift()?.()
  await settled()
  const fifth = run(5)
  await settled()
  ends.at(-1)?.()
  expect(await fifth).toBe(5)
})

it("with onOverload: 'proceed' a load exceeds the limit after the queue timeout", async () => {
  const { clock, run, begun, ends } = paced()
  const policy = { ...POLICY, onOverload: 'proceed' as const }
  for (const id of [1, 2, 3]) void run(id, policy)
  await clock.advance(5_000)
  expect(begun).toEqual([1, 2, 3])
  const fourth = run(4, policy)
  ends.shift()?.()
  await settled()
  // Two still run.
  expect(begun).toEqual([1, 2, 3])
  ends.shift()?.()
  await settled()
  ends.at(-1)?.()
  expect(await fourth).toBe(4)
})

it('a load inside a load of the same model does not wait for the slot of that load', async () => {
  const slots = createLoadSlots(fakeClock())
  const policy = { ...POLICY, maxConcurrentLoads: 1 }
  const nested = slots.run('wrap', policy, () => slots.run('wrap', policy, async () => 1))
  expect(await nested).toBe(1)
})

it('work that continues after its load has ended waits for a slot like any other', async () => {
  const slots = createLoadSlots(fakeClock())
  const policy = { ...POLICY, maxConcurrentLoads: 1 }
  const go = deferred()
  let background: Promise<number> | undefined
  await slots.run('wrap', policy, async () => {
    background = go.promise.then(() => slots.run('wrap', policy, async () => 2))
  })
  const end = deferred()
  void slots.run('wrap', policy, () => end.promise)
  go.resolve()
  const over = vi.fn()
  void background?.then(over)
  await settled()
  expect(over).not.toHaveBeenCalled()
  end.resolve()
  expect(await background).toBe(2)
})

it('a load that joins a load which waits for the same slot does not hang', async () => {
  const clock = fakeClock()
  const cache = createCache({}, { clock })
  const options = { ttl: '1m', maxConcurrentLoads: 1 } as const
  const go = deferred()
  const a = cache.wrap('a', options, async () => {
    await go.promise
    return (await cache.wrap('b', options, async () => 1)) + 1
  })
  await settled()
  const b = cache.wrap('b', options, async () => 10)
  await settled()
  go.resolve()
  // Time stands still: nobody waited for a timer.
  expect([await a, await b]).toEqual([2, 10])
})

it('a load that has waited for its slot and joins a load which still waits does not hang', async () => {
  const clock = fakeClock()
  const cache = createCache({}, { clock })
  const options = { ttl: '1m', maxConcurrentLoads: 1 } as const
  const go = deferred()
  const first = cache.wrap('first', options, () => go.promise)
  await settled()
  const page = cache.wrap('page', options, async () => (await cache.wrap('part', options, async () => 1)) + 1)
  await settled()
  const part = cache.wrap('part', options, async () => 10)
  await settled()
  go.resolve()
  await first
  // Time stands still: nobody waited for a timer.
  expect([await page, await part]).toEqual([2, 10])
})

it('without a store, a burst of reads runs one query per key, and at most the configured number at a time', async () => {
  const here = simulatedProcess({
    wrapStore: (store) => {
      const faulty = faultyStore(store)
      faulty.fail('rejects')
      return faulty
    },
  })
  const [KEYS, LIMIT] = [500, 10]
  let [running, most, all] = [0, 0, 0]
  const load = async (): Promise<never[]> => {
    all++
    most = Math.max(most, ++running)
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    running--
    return []
  }
  const herd = Array.from({ length: 5_000 }, (_, at) => {
    const shape = { ...reads.everything(), name: `herd ${at % KEYS}` }
    return here.get(shape, { load, options: { maxConcurrentLoads: LIMIT } })
  })
  const results = await Promise.all(herd)
  expect([most, all]).toEqual([LIMIT, KEYS])
  expect(results.every(({ reason }) => reason === 'unavailable')).toBe(true)
  expect(results.filter(({ shared }) => shared)).toHaveLength(5_000 - KEYS)
})

it('callers that share a refused load are refused as well', async () => {
  const here = simulatedProcess()
  const options = { maxConcurrentLoads: 1 } as const
  const slow = pausedLoad(here, reads.everything())
  const first = here.get(reads.everything(), { load: slow.run, options })
  await slow.sent
  const load = vi.fn(here.database.read)
  const waiting = Array.from({ length: 10 }, () =>
    here.get(reads.byId(1), { load: load as typeof here.database.read, options }),
  )
  const ends = Promise.allSettled(waiting)
  await settled()
  await here.clock.advance(5_000)
  expect((await ends).map((end) => (end.status === 'rejected' ? end.reason.code : 'fulfilled'))).toEqual(
    Array(10).fill('LARDER_OVERLOADED'),
  )
  expect(load).not.toHaveBeenCalled()
  await slow.execute()
  slow.answer()
  expect((await first).result).toHaveLength(3)
  expect((await here.get(reads.byId(1), { options })).result?.v).toBe(1)
})

it('reads that bypass the cache because of a dirty tag wait for a slot', async () => {
  const here = simulatedProcess()
  const options = { maxConcurrentLoads: 1 } as const
  const slow = pausedLoad(here, reads.everything())
  const first = here.get(reads.everything(), { load: slow.run, options })
  await slow.sent
  const writing = deferred()
  const put = here.put(writes.touch(1), async () => {
    await writing.promise
    return []
  })
  await settled()
  const load = vi.fn(here.database.read)
  const dirty = here.get(reads.byGroup(0), { load: load as typeof here.database.read, options })
  await settled()
  expect(load).not.toHaveBeenCalled()
  await slow.execute()
  slow.answer()
  expect((await dirty).reason).toBe('dirty')
  writing.resolve()
  await Promise.all([first, put])
})
