import type { PolicyOptions } from '@larder/core'
import { deferred, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { type ReadShape, reads, type WriteShape, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type GetOptions, pausedLoad, simulatedProcess } from '../support/simulated-process.ts'
import { type Remote, remote } from '../tier/remote.ts'

const readRow1 = reads.byId(1)
const all = reads.everything()
const BOUND = 1_000
const POLICY: PolicyOptions = { ttl: '10m', jitter: 0, maxStaleness: BOUND }
const options = { options: POLICY }

/** Two processes over one remote store. */
function two(mode: 'off' | 'validate' | 'push' = 'validate'): {
  readonly here: Remote
  readonly other: Remote
} {
  const here = remote({ memory: { mode } })
  return { here, other: remote({ sharedWith: here, memory: { mode } }) }
}

describe.each(['off', 'validate', 'push'] as const)('maxStaleness with the memory tier %s', (mode) => {
  it('serves a result without asking the store until it reaches the bound', async () => {
    const { here } = two(mode)
    await here.get(all, options)
    here.takeCalls()
    await here.clock.advance(BOUND - 1)
    expect(await here.get(all, options)).toMatchObject({ source: 'memory', age: BOUND - 1, ttl: 600_000 })
    expect(here.takeCalls()).toEqual([])
    await here.clock.advance(1)
    await here.get(all, options)
    if (mode !== 'push') expect(here.takeCalls()).not.toEqual([])
  })

  it('serves a result that another process has changed until it reaches the bound', async () => {
    const { here, other } = two(mode)
    await here.get(all, options)
    await here.clock.advance(10)
    await other.put(writes.touch(1))
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1 })
    await here.clock.advance(BOUND - 11)
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1 })
    await here.clock.advance(1)
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
    expect((await here.get(all)).result[0]).toMatchObject({ v: 1_001 })
  })

  it('serves results that were loaded while a write of another process was pending', async () => {
    const { here, other } = two(mode)
    const scope = other.engine.transaction('late')
    await other.engine.inside(scope, () => other.put(writes.touch(1), undefined, scope))
    await scope.seal()
    expect(await here.get(all, options)).toMatchObject({ source: 'database', reason: 'dirty' })
    here.takeCalls()
    expect(await here.get(all, options)).toMatchObject({ source: 'memory' })
    expect(here.takeCalls()).toEqual([])
    expect(await here.get(all)).toMatchObject({ source: 'database', reason: 'dirty' })
    await scope.end('failed')
  })

  it('serves a result of several statements only if nothing that it depends on changed while it was loaded', async () => {
    const { here, other } = two(mode)
    const several = { ...all, severalStatements: true }
    const scope = other.engine.transaction('late')
    await other.engine.inside(scope, () => other.put(writes.touch(1), undefined, scope))
    await scope.seal()
    for (let time = 0; time < 2; time++)
      expect(await here.get(several, options)).toMatchObject({ source: 'database', reason: 'dirty' })
    await scope.end('failed')
    const load = pausedLoad(here, several)
    const loading = here.get(several, { ...options, load: load.run })
    await load.sent
    await load.execute()
    await other.put(writes.touch(1))
    load.answer()
    await loading
    await settled()
    expect(await here.get(several, options)).toMatchObject({ source: 'database' })
    await settled()
    here.takeCalls()
    expect(await here.get(several, options)).toMatchObject({ source: 'memory' })
    expect(here.takeCalls()).toEqual([])
  })

  it('shows a write of this process immediately', async () => {
    const { here } = two(mode)
    await here.get(all, options)
    await here.put(writes.touch(1))
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
    await here.put(writes.touch(1))
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_002 })
  })

  it('shows a write of this process to a row that another process has moved out of a list', async () => {
    const { here, other } = two(mode)
    const list = reads.byGroup(0)
    const before = (await here.get(list, options)).result
    expect(before.map(({ id }) => id)).toContain(3)
    await other.put(writes.move(3, 1, true))
    await here.put(writes.touchGroup(1, true))
    const after = (await here.get(list, options)).result
    expect(after.map(({ id }) => id)).not.toContain(3)
  })

  it('keeps serving a row by its primary key after a write of this process to another row', async () => {
    const { here } = two(mode)
    await here.get(readRow1, options)
    await here.put(writes.touch(2))
    here.takeCalls()
    expect(await here.get(readRow1, options)).toMatchObject({ source: 'memory' })
    expect(here.takeCalls()).toEqual([])
  })
})

describe('maxStaleness', () => {
  it('counts the age of an entry of another process from its fetch, if it was current then', async () => {
    const { here, other } = two()
    await other.get(all)
    await here.clock.advance(60_000)
    expect(await here.get(all, options)).toMatchObject({ source: 'store' })
    await other.put(writes.touch(1))
    await here.clock.advance(BOUND - 1)
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1 })
    await here.clock.advance(1)
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
  })

  it('does not restart the age when `push` serves an entry without asking the store', async () => {
    const { here, other } = two('push')
    await here.get(all)
    await here.get(all)
    await here.clock.advance(100)
    expect(await here.get(all, options)).toMatchObject({ source: 'memory' })
    await other.put(writes.touch(1))
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
  })

  it('serves a result while the store does not answer', async () => {
    let lost = false
    const here = remote({
      memory: { mode: 'off' },
      through: (store) => ({
        ...store,
        fetch: async (...args) => {
          if (lost) throw new Error('lost')
          return store.fetch(...args)
        },
      }),
    })
    here.cache.on('store-state', () => {})
    lost = true
    expect(await here.get(all, options)).toMatchObject({ source: 'database', reason: 'unavailable' })
    expect(await here.get(all, options)).toMatchObject({ source: 'memory' })
    await here.clock.advance(BOUND)
    expect(await here.get(all, options)).toMatchObject({ source: 'database', reason: 'unavailable' })
  })

  it('is bounded by the policy of each read and by the ttl', async () => {
    const { here } = two('off')
    await here.get(all, options)
    await here.clock.advance(500)
    const brief = { options: { ...POLICY, maxStaleness: 500 } }
    expect(await here.get(all, brief)).toMatchObject({ source: 'store' })
    const short = { options: { ...POLICY, ttl: 400 } }
    await here.get(reads.byId(2), short)
    await here.clock.advance(399)
    expect(await here.get(reads.byId(2), short)).toMatchObject({ source: 'memory' })
    await here.clock.advance(1)
    expect(await here.get(reads.byId(2), short)).toMatchObject({ source: 'database' })
  })

  it('works with the memory store', async () => {
    const { get, put, cache, clock } = simulatedProcess()
    await get(all, options)
    await get(all, options)
    await put(writes.touch(1))
    expect((await get(all, options)).result[0]).toMatchObject({ v: 1_001 })
    await clock.advance(BOUND)
    expect(await get(all, options)).toMatchObject({ source: 'memory' })
    expect(cache.stats()).toMatchObject({ reads: 4, hits: 2, misses: 2, stale: 0 })
  })

  it('gives each caller separate objects', async () => {
    const { get } = simulatedProcess()
    for (let time = 0; time < 4; time++) {
      const { result } = await get(all, options)
      expect(result.map(({ v }) => v)).toEqual([1, 2, 3])
      Object.assign(result[0] ?? {}, { v: 9 })
      result.length = 1
    }
  })

  it('serves nothing to a read inside the load of a computed value', async () => {
    const { here, other } = two('off')
    await here.get(all, options)
    await other.put(writes.touch(1))
    const page = await here.cache.wrap('page', { ttl: '1m', reads: ['item'] }, async () => {
      const { result } = await here.get(all, options)
      return result[0]?.v
    })
    expect(page).toBe(1_001)
  })

  it('serves nothing in a transaction', async () => {
    const { get, engine } = simulatedProcess()
    await get(all, options)
    const scope = engine.transaction('late')
    expect(await get(all, { ...options, bypass: 'transaction' })).toMatchObject({ reason: 'transaction' })
    await scope.end('failed')
  })

  it('serves no result that the read does not accept, nor one with other tags', async () => {
    const { get } = simulatedProcess()
    await get(all, options)
    expect(await get(all, { ...options, accepts: () => false })).toMatchObject({ source: 'database' })
    const tagged = { options: { ...POLICY, tags: ['front'] } }
    expect(await get(all, tagged)).toMatchObject({ source: 'database' })
  })

  it('keeps no empty result that the policy does not cache', async () => {
    const { here } = two('off')
    const uncached = { options: { ...POLICY, cacheEmpty: false as const } }
    await here.get(reads.byId(9), uncached)
    expect(await here.get(reads.byId(9), uncached)).toMatchObject({ source: 'database' })
  })

  it('neither serves nor refreshes results after the cache is closed', async () => {
    const { get, cache, clock, database } = simulatedProcess({ random: () => 0.999_999 })
    let loads = 0
    const load = async (query: typeof all.query) => {
      loads++
      await clock.advance(100)
      return database.read(query)
    }
    await get(all, { ...options, load })
    await clock.advance(BOUND - 101)
    // Begins a refresh, in a later turn.
    const last = get(all, { ...options, load })
    const closed = cache.close()
    expect(await last).toMatchObject({ source: 'memory', age: BOUND - 1 })
    await closed
    await settled()
    expect(loads).toBe(1)
    for (let time = 1; time <= 2; time++)
      expect(await get(all, { ...options, load })).toMatchObject({ reason: 'unavailable' })
    expect(loads).toBe(3)
  })

  it('keeps nothing after the cache is closed', async () => {
    const { get, cache } = simulatedProcess()
    await get(all, options)
    await cache.close()
    expect(await get(all, options)).toMatchObject({ source: 'database', reason: 'unavailable' })
  })

  it('serves a sync driver', async () => {
    const { engine, clock, cache } = simulatedProcess()
    const policy = engine.policy(POLICY, 'test')
    let row = 'a'
    const read = () =>
      engine.sync.read({
        operation: 'item.byId',
        model: 'item',
        policy,
        query: [1],
        occurrences: [{ table: 'item' }],
        severalStatements: false,
        run: () => row,
      })
    const scope = engine.transaction('early')
    const before = await cache.explain(() => read())
    expect(before.reads).toMatchObject([{ source: 'database' }])
    row = 'b'
    expect(read()).toBe('a')
    engine.sync.write(
      {
        operation: 'item.set',
        model: 'item',
        changes: [{ table: 'item', effect: 'update', before: { id: [1] }, sets: { v: 0 } }],
        run: () => undefined,
      },
      false,
    )
    expect(read()).toBe('b')
    await scope.end('failed')
    await clock.advance(BOUND)
    expect(read()).toBe('b')
  })

  it('refreshes a hot result before it reaches the bound', async () => {
    const clockRandom = { value: 0 }
    const here = simulatedProcess({ random: () => clockRandom.value })
    let loads = 0
    const load: GetOptions<Row[]>['load'] = async (query) => {
      loads++
      await new Promise<void>((resolve) => here.clock.after(50, resolve))
      return here.database.read(query)
    }
    const first = here.get(all, { ...options, load })
    await settled()
    await here.clock.advance(50)
    await first
    await here.database.write(writes.touch(1).mutation)
    await here.cache.invalidate({ tables: ['note'] })
    clockRandom.value = 0.9
    // Never in the first half of its time.
    await here.clock.advance(440)
    await here.get(all, { ...options, load })
    expect(loads).toBe(1)
    await here.clock.advance(11)
    expect(await here.get(all, { ...options, load })).toMatchObject({ source: 'memory', age: 501 })
    // The entry of the store is current still: nothing is loaded.
    expect(await here.get(all, { ...options, load })).toMatchObject({ source: 'memory', age: 0 })
    expect(loads).toBe(1)
    expect(here.cache.stats()).toMatchObject({ reads: 4, hits: 3 })
  })
})

/** Reads, with writes of this process that must end their results, and writes that must not. */
const rules: readonly [
  name: string,
  read: ReadShape<Row | null | Row[]>,
  touching: readonly WriteShape[],
  other: readonly WriteShape[],
][] = [
  [
    'a row by id',
    readRow1,
    [writes.touch(1), writes.raw(3), writes.touchAll(), writes.touchCode('c1')],
    [writes.touch(2)],
  ],
  ['a missing row', reads.byId(4), [writes.insert(4, 0)], []],
  ['rows of a group', reads.byGroup(0), [writes.touchGroup(0), writes.insert(4, 0), writes.move(1, 0)], []],
  ['a whole table', all, [writes.touch(1), writes.insert(4, 0)], [writes.touch(1, 'note')]],
  ['a row that is a result dependency', reads.withNote('c1'), [writes.touch(1, 'note'), writes.touch(1)], []],
] as never

describe.each(rules)('a result of %s within maxStaleness', (_, read, touching, other) => {
  it.each(touching.map((write) => [write.name, write] as const))(
    'is invalidated by a write of this process that may change it: %s',
    async (_name, write) => {
      const { here } = two('off')
      await here.database.write(() => [])
      await here.get(read, options)
      await here.put(write)
      expect(await here.get(read, options)).toMatchObject({ source: 'database' })
    },
  )

  it.each(other.map((write) => [write.name, write] as const))(
    'is kept after a write of this process that cannot change it: %s',
    async (_name, write) => {
      const { here } = two('off')
      await here.get(read, options)
      await here.put(write)
      await settled()
      here.takeCalls()
      expect(await here.get(read, options)).toMatchObject({ source: 'memory' })
      expect(here.takeCalls()).toEqual([])
    },
  )
})

describe('maxStaleness and writes of this process', () => {
  it.each([
    ['tables', { tables: ['item'] }],
    ['rows', { rows: [{ table: 'item', key: { id: 1 } }] }],
    ['tags', { tags: ['front'] }],
    ['all', { all: true }],
  ] as const)('invalidate by %s invalidates a result', async (_, request) => {
    const { here } = two('off')
    const tagged = { options: { ...POLICY, tags: ['front'] } }
    await here.get(readRow1, tagged)
    await here.cache.invalidate(request)
    expect(await here.get(readRow1, tagged)).toMatchObject({ source: 'database' })
  })

  it('a load that began before a write returned is not served after it', async () => {
    const { here } = two('off')
    const load = pausedLoad(here, all)
    const reading = here.get(all, { ...options, load: load.run })
    await load.sent
    await load.execute()
    await here.put(writes.touch(1))
    load.answer()
    expect((await reading).result[0]).toMatchObject({ v: 1 })
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
  })

  it('nothing is served while a write is pending, starting before it may commit', async () => {
    const { here } = two('off')
    await here.get(all, options)
    const scope = here.engine.transaction('late')
    await here.engine.inside(scope, () => here.put(writes.touch(1), undefined, scope))
    // Nothing of it can be committed yet.
    expect(await here.get(all, options)).toMatchObject({ source: 'memory' })
    await scope.seal()
    expect(await here.get(all, options)).toMatchObject({ source: 'database', reason: 'dirty' })
    await scope.end('committed')
    expect(await here.get(all, options)).toMatchObject({ source: 'database' })
  })

  it('a write of unknown outcome keeps results from being served until it is finished', async () => {
    const { here } = two('off')
    await here.get(all, options)
    const lost = here.put(writes.touch(1), async () => {
      throw new Error('connection lost')
    })
    await expect(lost).rejects.toThrow()
    expect(await here.get(all, options)).toMatchObject({ reason: 'dirty' })
    await here.clock.advance(59_000)
    expect(await here.get(all, options)).toMatchObject({ reason: 'dirty' })
  })

  it('more writes than can be recorded invalidate every result', async () => {
    const { here } = two('off')
    await here.get(readRow1, options)
    for (let time = 0; time < 5_001; time++) await here.put(writes.touch(2))
    await settled()
    expect(await here.get(readRow1, options)).toMatchObject({ source: 'store' })
  })

  it('a failed load keeps the last result', async () => {
    const { here } = two('off')
    await here.get(all, options)
    await here.clock.advance(BOUND)
    const answer = deferred<Row[]>()
    await here.put(writes.touch(1))
    const failing = here.get(all, { ...options, load: () => answer.promise })
    answer.reject(new Error('down'))
    await expect(failing).rejects.toThrow('down')
    expect((await here.get(all, options)).result[0]).toMatchObject({ v: 1_001 })
  })
})
