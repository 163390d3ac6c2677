import { createCache, memoryStore } from '@larder/core'
import type { LoadLeases, Store } from '@larder/core/store'
import { deferred, faultyStore, settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { attachItems, reads, writes } from '../support/item-host.ts'
import {
  type ProcessOptions,
  pausedLoad,
  type SimulatedProcess,
  simulatedProcess,
} from '../support/simulated-process.ts'

const all = reads.everything()
const CLUSTER = { singleFlight: 'cluster' as const }

/** Processes over one database and one store. */
function processes(count: number, options: ProcessOptions = {}): readonly SimulatedProcess[] {
  const first = simulatedProcess(options)
  return [
    first,
    ...Array.from({ length: count - 1 }, () => simulatedProcess({ ...options, sharedWith: first })),
  ]
}

type Load = SimulatedProcess['database']['read']
const counted = (here: SimulatedProcess) => vi.fn(here.database.read)

it('processes that miss one key run one query, and each caller gets a separate copy', async () => {
  const members = processes(8)
  const slow = pausedLoad(members[0] as SimulatedProcess, all)
  const load = vi.fn(slow.run)
  const readings = members.flatMap(({ get }) =>
    Array.from({ length: 10 }, () => get(all, { load: load as Load, options: CLUSTER })),
  )
  await slow.sent
  await slow.execute()
  slow.answer()
  const results = await Promise.all(readings)
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.every(({ reason, source }) => reason === 'miss' && source === 'database')).toBe(true)
  expect(results.filter(({ shared }) => shared)).toHaveLength(79)
  expect(new Set(results.map(({ result }) => result)).size).toBe(80)
  for (const { cache } of members) expect(cache.stats()).toMatchObject({ reads: 10, misses: 10 })
})

it('a process that looked up an entry just before another process stored it then finds it', async () => {
  let answer: (() => void) | undefined
  const delayed = ({ sync: _, ...store }: Store): Store => ({
    ...store,
    source: 'store',
    async fetch(...args) {
      const reply = await store.fetch(...args)
      if (answer === undefined) await new Promise<void>((resolve) => (answer = resolve))
      return reply
    },
  })
  const first = simulatedProcess()
  const second = simulatedProcess({ sharedWith: first, wrapStore: delayed })
  const load = counted(first)
  const more = { load: load as Load, options: CLUSTER }
  const late = second.get(all, more)
  await settled()
  await first.get(all, more)
  answer?.()
  expect(await late).toMatchObject({ reason: 'miss', shared: true })
  expect(load).toHaveBeenCalledTimes(1)
})

it('a read begun after a write does not wait for an earlier load of another process', async () => {
  const [first, second] = processes(2) as [SimulatedProcess, SimulatedProcess]
  const slow = pausedLoad(first, all)
  const early = first.get(all, { load: slow.run, options: CLUSTER })
  await slow.execute()
  await second.put(writes.touch(1))
  const late = await second.get(all, { options: CLUSTER })
  expect(late.result.find(({ id }) => id === 1)?.v).toBe(1_001)
  expect(late.shared).toBeUndefined()
  slow.answer()
  expect((await early).result.find(({ id }) => id === 1)?.v).toBe(1)
  expect((await second.get(all)).result.find(({ id }) => id === 1)?.v).toBe(1_001)
})

it('a waiter loads by itself if its tags have changed when the other process has loaded', async () => {
  const [first, second] = processes(2) as [SimulatedProcess, SimulatedProcess]
  const slow = pausedLoad(first, all)
  const holder = first.get(all, { load: slow.run, options: CLUSTER })
  await slow.execute()
  const load = counted(second)
  const waiter = second.get(all, { load: load as Load, options: CLUSTER })
  await settled()
  expect(load).not.toHaveBeenCalled()
  await first.put(writes.touch(1))
  slow.answer()
  expect((await waiter).result.find(({ id }) => id === 1)?.v).toBe(1_001)
  expect(load).toHaveBeenCalledTimes(1)
  await holder
  // It was stored under the tags as they are now.
  expect((await first.get(all)).source).toBe('memory')
})

it('a waiter sees a write that its own process makes meanwhile', async () => {
  const [first, second] = processes(2) as [SimulatedProcess, SimulatedProcess]
  const slow = pausedLoad(first, all)
  const holder = first.get(all, { load: slow.run, options: CLUSTER })
  await slow.execute()
  const waiter = second.get(all, { options: CLUSTER })
  await settled()
  await second.put(writes.touch(1))
  slow.answer()
  expect((await waiter).result.find(({ id }) => id === 1)?.v).toBe(1_001)
  await holder
})

it('if the process that holds the lease fails, one waiter loads and the others share that load', async () => {
  const [first, ...others] = processes(4) as [SimulatedProcess, ...SimulatedProcess[]]
  const slow = pausedLoad(first, all)
  const holder = first.get(all, { load: slow.run, options: CLUSTER })
  const failing = expect(holder).rejects.toThrow('lost')
  await slow.sent
  const load = counted(first)
  const waiting = others.map(({ get }) => get(all, { load: load as Load, options: CLUSTER }))
  await settled()
  slow.lose(new Error('lost'))
  await slow.execute()
  await failing
  const results = await Promise.all(waiting)
  expect(load).toHaveBeenCalledTimes(1)
  expect(results.every(({ result }) => result.length === 3)).toBe(true)
})

it('if a result may not be stored, each waiting process loads immediately', async () => {
  const members = processes(3, { maxValueBytes: 10 })
  const slow = pausedLoad(members[0] as SimulatedProcess, all)
  const load = vi.fn(slow.run)
  const results = members.map(({ get }) => get(all, { load: load as Load, options: CLUSTER }))
  await slow.execute()
  slow.answer()
  // Time stands still: nobody waited for a timer.
  expect((await Promise.all(results)).map(({ reason }) => reason)).toEqual(Array(3).fill('too-large'))
  expect(load).toHaveBeenCalledTimes(3)
})

it('a lease holder that dies delays the others by two seconds, and one of them takes over', async () => {
  const leases: LoadLeases[] = []
  const [first, ...others] = processes(4, {
    wrapStore: (store) => {
      leases.push(store.leases as LoadLeases)
      return store
    },
  }) as [SimulatedProcess, ...SimulatedProcess[]]
  // A process that was killed: it neither renews nor releases.
  const renew = vi.spyOn(leases[0] as LoadLeases, 'renew').mockReturnValue(new Promise(() => {}))
  void first.get(all, { load: () => new Promise(() => {}), options: CLUSTER })
  await settled()
  const load = counted(first)
  const waiting = others.map(({ get }) => get(all, { load: load as Load, options: CLUSTER }))
  await first.clock.advance(1_999)
  expect(load).not.toHaveBeenCalled()
  await first.clock.advance(25)
  renew.mockRestore()
  expect((await Promise.all(waiting)).map(({ shared }) => shared ?? false).sort()).toEqual([
    false,
    true,
    true,
  ])
  expect(load).toHaveBeenCalledTimes(1)
})

it('a lease holder that hangs delays no reader longer than the join timeout', async () => {
  const [first, second] = processes(2) as [SimulatedProcess, SimulatedProcess]
  void first.get(all, { load: () => new Promise(() => {}), options: CLUSTER })
  await settled()
  const load = counted(second)
  const more = { load: load as Load, options: CLUSTER }
  const waiting = [second.get(all, more), second.get(all, more)]
  await settled()
  await first.clock.advance(4_999)
  expect(load).not.toHaveBeenCalled()
  await first.clock.advance(1)
  expect((await Promise.all(waiting)).map(({ shared }) => shared)).toEqual([undefined, true])
  expect(load).toHaveBeenCalledTimes(1)
})

it('the lease of a slow load is renewed, and others wait for it', async () => {
  const [first, second] = processes(2) as [SimulatedProcess, SimulatedProcess]
  const slow = pausedLoad(first, all)
  const holder = first.get(all, { load: slow.run, options: CLUSTER })
  await slow.sent
  const load = counted(second)
  const waiter = second.get(all, { load: load as Load, options: CLUSTER })
  await first.clock.advance(4_500)
  await slow.execute()
  slow.answer()
  expect([(await holder).shared, (await waiter).shared]).toEqual([undefined, true])
  expect(load).not.toHaveBeenCalled()
})

it('two processes do not deadlock if each waits for the load slot or lease of the other', async () => {
  const members = processes(2) as [SimulatedProcess, SimulatedProcess]
  const options = { ttl: '1m', maxConcurrentLoads: 1, ...CLUSTER } as const
  const go = deferred()
  const calls: Promise<unknown>[] = []
  for (const [at, { cache }] of members.entries()) {
    const page = cache.wrap(['page', at], options, async () => {
      await go.promise
      return cache.wrap(['part', 1 - at], options, async () => at)
    })
    calls.push(page)
    await settled()
    calls.push(cache.wrap(['part', at], options, async () => at))
    await settled()
  }
  go.resolve()
  // Time stands still: nobody waited for a timer.
  expect(await Promise.all(calls)).toHaveLength(4)
})

it('a store that delivers no messages delays a waiter and fails no read', async () => {
  const errors: unknown[] = []
  const [first, second] = processes(2, {
    wrapStore: (store) => ({
      ...store,
      leases: {
        ...(store.leases as LoadLeases),
        subscribe() {
          throw new Error('no messages')
        },
      },
    }),
  }) as [SimulatedProcess, SimulatedProcess]
  second.cache.on('store-error', ({ error }) => errors.push(error))
  const slow = pausedLoad(first, all)
  const holder = first.get(all, { load: slow.run, options: CLUSTER })
  await slow.sent
  const waiter = second.get(all, { options: CLUSTER })
  await settled()
  await slow.execute()
  slow.answer()
  await holder
  await first.clock.advance(2_020)
  expect(await waiter).toMatchObject({ reason: 'miss', shared: true })
  expect(errors).toMatchObject([{ message: 'no messages' }])
})

it('leases that fail or do not answer cost at most one query', async () => {
  let faulty: ReturnType<typeof faultyStore> | undefined
  const here = simulatedProcess({
    wrapStore: (store) => {
      faulty = faultyStore(store)
      return faulty
    },
  })
  faulty?.fail('rejects', 'lease')
  expect((await here.get(all, { options: CLUSTER })).reason).toBe('miss')
  faulty?.fail('hangs', 'lease')
  const reading = here.get(reads.byId(1), { options: CLUSTER })
  await settled()
  await here.clock.advance(100)
  expect((await reading).reason).toBe('miss')
  // Neither opens the breaker.
  expect((await here.get(all)).source).toBe('store')
})

it('a load that needs its own result does not wait for its own lease', async () => {
  const { get, database } = simulatedProcess()
  const inner = vi.fn(database.read)
  const load = async () => (await get(all, { load: inner as Load, options: CLUSTER })).result
  expect((await get(all, { load: load as Load, options: CLUSTER })).result).toHaveLength(3)
  expect(inner).toHaveBeenCalledTimes(1)
})

it("a cache refuses singleFlight: 'cluster' if its store has no leases", () => {
  const { leases: _, ...plain } = memoryStore({ isolated: true })
  const store: Store = plain
  expect(() => createCache({ store, defaults: CLUSTER })).toThrow(
    /^defaults\.singleFlight is 'cluster', and this store has no leases: use valkeyStore/,
  )
  const engine = attachItems(createCache({ store }))
  expect(() => engine.policy({ ttl: '1m', ...CLUSTER }, 'models.Item')).toThrow(/^models\.Item\.singleFlight/)
})
