import { AsyncLocalStorage } from 'node:async_hooks'
import type { PolicyOptions } from '@larder/core'
import { deferred, settled } from '@larder/testing'
import { describe, expect, it } from 'vitest'
import { reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type GetOptions, simulatedProcess } from '../support/simulated-process.ts'
import { remote } from '../tier/remote.ts'

const readRow1 = reads.byId(1)
const MINUTE = 60_000
const POLICY: PolicyOptions = { ttl: '10m', jitter: 0, staleWhileRevalidate: '1m' }
const options = { options: POLICY }

/** Changes a row as a program does that Larder does not know. */
async function changeUnseen({ database }: ReturnType<typeof simulatedProcess>): Promise<void> {
  await database.write(writes.touch(1).mutation)
}

/** A load that counts its calls. */
function counted(here: ReturnType<typeof simulatedProcess>) {
  const loads = { count: 0 }
  const load: GetOptions<Row | null>['load'] = async (query) => {
    loads.count++
    return here.database.read(query)
  }
  return { loads, load }
}

describe('staleWhileRevalidate', () => {
  it('serves an expired entry and refreshes it in the background', async () => {
    const here = simulatedProcess()
    const { get, clock, cache } = here
    const { loads, load } = counted(here)
    await get(readRow1, { ...options, load })
    await changeUnseen(here)
    await clock.advance(10 * MINUTE + 1)
    const stale = await get(readRow1, { ...options, load })
    expect(stale).toMatchObject({ source: 'stale', result: { v: 1 }, age: 10 * MINUTE + 1, ttl: 10 * MINUTE })
    expect(stale.reason).toBeUndefined()
    expect(loads.count).toBe(2)
    expect(await get(readRow1, { ...options, load })).toMatchObject({
      source: 'memory',
      result: { v: 1_001 },
    })
    expect(cache.stats()).toMatchObject({ reads: 3, hits: 2, misses: 1, bypasses: 0, stale: 1 })
    expect(cache.stats().models.Item).toMatchObject({ stale: 1 })
  })

  it('stops once a refresh gives a result that cannot be stored, so that hits do not start one load each', async () => {
    const here = simulatedProcess()
    const { get, clock } = here
    const { loads, load } = counted(here)
    const more = { options: { ...POLICY, cacheEmpty: false as const }, load }
    await get(readRow1, more)
    await clock.advance(10 * MINUTE + 1)
    const uncacheable = { ...more, load: async () => void loads.count++ as unknown as null }
    expect(await get(readRow1, uncacheable)).toMatchObject({ source: 'stale', result: { v: 1 } })
    expect(loads.count).toBe(2)
    // What the database said last is not served from the cache, and neither is what it said before.
    expect(await get(readRow1, uncacheable)).toMatchObject({ source: 'database', reason: 'expired' })
    expect(loads.count).toBe(3)
    // The row is back: its next expiry is like the first.
    await get(readRow1, more)
    await clock.advance(10 * MINUTE + 1)
    expect(await get(readRow1, more)).toMatchObject({ source: 'stale' })
  })

  it('serves nothing after its time is over', async () => {
    const { get, clock } = simulatedProcess()
    await get(readRow1, options)
    await clock.advance(11 * MINUTE - 1)
    const failing = { ...options, load: () => Promise.reject(new Error('down')) }
    expect(await get(readRow1, failing)).toMatchObject({ source: 'stale' })
    await clock.advance(1)
    expect(await get(readRow1, options)).toMatchObject({ source: 'database', reason: 'expired' })
  })

  it('is bounded by the policy of the reader, not of the process that stored the entry', async () => {
    const { get, clock } = simulatedProcess()
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 5_000)
    const strict = { options: { ttl: '10m' } as const }
    expect(
      await get(readRow1, { ...strict, load: () => Promise.reject(new Error('down')) }).catch(String),
    ).toMatch(/down/)
    const brief = { options: { ...POLICY, staleWhileRevalidate: '5s' } as const }
    expect(await get(readRow1, brief)).toMatchObject({ source: 'database', reason: 'expired' })
  })

  it('never serves an invalidated entry', async () => {
    const { get, put, clock } = simulatedProcess()
    await get(readRow1, options)
    await put(writes.touch(1))
    await clock.advance(10 * MINUTE + 1)
    expect(await get(readRow1, options)).toMatchObject({
      source: 'database',
      reason: 'invalidated',
      result: { v: 1_001 },
    })
  })

  it('serves nothing while a write is pending', async () => {
    const here = simulatedProcess()
    const { get, put, clock, engine } = here
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    const scope = engine.transaction('late')
    await engine.inside(scope, () => put(writes.touch(1), undefined, scope))
    await scope.seal()
    expect(await get(readRow1, options)).toMatchObject({ source: 'database', reason: 'dirty' })
    await scope.end('failed')
  })

  it('runs one refresh per key for any number of callers', async () => {
    const here = simulatedProcess()
    const { get, clock } = here
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    const answer = deferred<Row | null>()
    let loads = 0
    const load = () => {
      loads++
      return answer.promise
    }
    const results = await Promise.all(Array.from({ length: 50 }, () => get(readRow1, { ...options, load })))
    for (const { source } of results) expect(source).toBe('stale')
    expect(loads).toBe(1)
    answer.resolve({ id: 1, grp: 0, code: 'c1', v: 7 })
    await settled()
    expect(await get(readRow1, options)).toMatchObject({ source: 'memory', result: { v: 7 } })
  })

  it('joins the running load of a miss', async () => {
    const here = simulatedProcess()
    const { get, clock } = here
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 30_000)
    const answer = deferred<Row | null>()
    const miss = get(readRow1, { options: { ttl: '10m', jitter: 0 }, load: () => answer.promise })
    await settled()
    let loads = 0
    const stale = await get(readRow1, {
      ...options,
      load: () => {
        loads++
        return answer.promise
      },
    })
    expect(stale.source).toBe('stale')
    answer.resolve({ id: 1, grp: 0, code: 'c1', v: 7 })
    expect(await miss).toMatchObject({ source: 'database', reason: 'expired', result: { v: 7 } })
    expect(loads).toBe(0)
  })

  it('reports a failed refresh and retries after a pause that grows', async () => {
    const { get, clock, cache } = simulatedProcess()
    const warnings: string[] = []
    cache.on('warning', ({ code, message }) => warnings.push(`${code} ${message}`))
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    let loads = 0
    const load = () => {
      loads++
      return Promise.reject(new Error('down'))
    }
    for (const [passed, expected] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [1_999, 2],
      [1, 3],
      [3_999, 3],
    ] as const) {
      await clock.advance(passed)
      expect(await get(readRow1, { ...options, load })).toMatchObject({ source: 'stale' })
      expect(loads).toBe(expected)
    }
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toMatch(/^refresh-failed .*in 1 s.*down/)
    await clock.advance(1)
    await get(readRow1, options)
    expect(await get(readRow1, options)).toMatchObject({ source: 'memory' })
  })

  it('runs the refresh outside the context of the caller', async () => {
    const request = new AsyncLocalStorage<string>()
    const { get, clock } = simulatedProcess()
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    let context: string | undefined = 'not run'
    const load: GetOptions<Row | null>['load'] = async () => {
      context = request.getStore()
      return null
    }
    await request.run('of the caller', () => get(readRow1, { ...options, load }))
    expect(context).toBeUndefined()
  })

  it('runs the refresh in the context of the caller if the scope depends on it', async () => {
    const tenant = new AsyncLocalStorage<string>()
    const { get, clock } = simulatedProcess({ scope: () => tenant.getStore() })
    const contexts: unknown[] = []
    const load: GetOptions<Row | null>['load'] = async () => {
      contexts.push(tenant.getStore())
      return null
    }
    const empty = { options: { ...POLICY, cacheEmpty: '10m' } as const, load }
    await tenant.run('a', () => get(readRow1, empty))
    await clock.advance(10 * MINUTE + 1)
    expect(await tenant.run('a', () => get(readRow1, empty))).toMatchObject({ source: 'stale' })
    expect(contexts).toEqual(['a', 'a'])
  })

  it('refreshes by the plan that the host detaches, unless that plan is of another query', async () => {
    const here = simulatedProcess()
    const { get, clock, engine } = here
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    const ran: string[] = []
    const plan = (name: string, query: unknown) => ({
      operation: readRow1.name,
      model: 'Item',
      policy: engine.policy(POLICY, 'test'),
      query,
      occurrences: readRow1.occurrences,
      severalStatements: false,
      run: async () => {
        ran.push(name)
        return null as Row | null
      },
    })
    await get(readRow1, { ...options, ...{ detach: () => plan('other', 'other query') } })
    expect(ran).toEqual([])
    await get(readRow1, { ...options, ...{ detach: () => plan('same', readRow1.name) } })
    expect(ran).toEqual(['same'])
  })

  it('does not run the query while the host forbids it, and emits no warning', async () => {
    const { get, clock, cache } = simulatedProcess()
    const warnings: unknown[] = []
    cache.on('warning', (event) => warnings.push(event))
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    let loads = 0
    const load = async () => {
      loads++
      return null
    }
    expect(await get(readRow1, { ...options, load, mayRun: () => false })).toMatchObject({ source: 'stale' })
    expect(loads).toBe(0)
    await get(readRow1, { ...options, load, mayRun: () => true })
    expect(loads).toBe(1)
    expect(warnings).toEqual([])
  })

  it('is not counted in the stats and not included in an explain that is still running', async () => {
    const { get, clock, cache } = simulatedProcess()
    await get(readRow1, options)
    await clock.advance(10 * MINUTE + 1)
    const { reads: reported } = await cache.explain(async () => {
      await get(readRow1, options)
      await settled()
    })
    expect(reported).toHaveLength(0)
    expect(cache.stats()).toMatchObject({ reads: 2, misses: 1 })
  })

  it('serves nothing stale to a read inside the load of a computed value', async () => {
    const here = simulatedProcess()
    const { get, clock, cache } = here
    await get(readRow1, options)
    await changeUnseen(here)
    await clock.advance(10 * MINUTE + 1)
    const page = await cache.wrap(
      'page',
      { ttl: '1m', reads: ['item'] },
      async () => (await get(readRow1, options)).result,
    )
    expect(page).toMatchObject({ v: 1_001 })
  })

  it('serves a sync driver and refreshes after the current turn', async () => {
    const { engine, clock, cache } = simulatedProcess()
    const policy = engine.policy(POLICY, 'test')
    let row = 'a'
    let inTransaction = false
    const read = () =>
      engine.sync.read({
        operation: 'item.byId',
        model: 'item',
        policy,
        query: [1],
        occurrences: readRow1.occurrences,
        severalStatements: false,
        mayRun: () => !inTransaction,
        run: () => row,
      })
    read()
    row = 'b'
    await clock.advance(10 * MINUTE + 1)
    const { reads: reported } = await cache.explain(() => {
      expect(read()).toBe('a')
    })
    expect(reported).toMatchObject([{ source: 'stale' }])
    inTransaction = true
    await settled()
    expect(read()).toBe('a')
    await settled()
    inTransaction = false
    expect(read()).toBe('a')
    await settled()
    expect(read()).toBe('b')
  })
})

describe('staleWhileRevalidate over a remote store', () => {
  it.each(['off', 'validate'] as const)(
    'uses an entry that another process has refreshed, with the memory tier %s',
    async (mode) => {
      const here = remote({ memory: { mode } })
      const other = remote({ sharedWith: here, memory: { mode } })
      await here.get(readRow1, options)
      await here.clock.advance(10 * MINUTE + 1)
      await other.get(readRow1, options)
      here.takeCalls()
      expect(
        await here.get(readRow1, { ...options, load: () => Promise.reject(new Error('not needed')) }),
      ).toMatchObject({
        source: 'store',
      })
      expect(here.takeCalls()).toEqual(['fetch'])
    },
  )

  it('asks the store before a refresh if `push` served the expired entry without asking', async () => {
    const here = remote({ memory: { mode: 'push' } })
    const other = remote({ sharedWith: here })
    await here.get(readRow1, options)
    await here.get(readRow1, options)
    await here.clock.advance(10 * MINUTE + 1)
    await here.get(reads.byId(1), { options: { ttl: '1m' } })
    const warnings: unknown[] = []
    here.cache.on('warning', (event) => warnings.push(event))
    await other.get(readRow1, options)
    here.takeCalls()
    const load = () => Promise.reject(new Error('not needed'))
    const result = await here.get(readRow1, { ...options, load })
    expect(['stale', 'store', 'memory']).toContain(result.source)
    expect(await here.get(readRow1, { ...options, load })).toMatchObject({ source: 'memory' })
    expect(warnings).toEqual([])
  })

  it('keeps an entry in the store for its ttl and its grace', async () => {
    const here = remote({ memory: { mode: 'off' } })
    const lifetimes: number[] = []
    const other = remote({
      sharedWith: here,
      memory: { mode: 'off' },
      through: (store) => ({
        ...store,
        set: (entry, bytes, lifetime, renewal) => {
          lifetimes.push(lifetime, renewal?.lifetime ?? 0)
          return store.set(entry, bytes, lifetime, renewal)
        },
      }),
    })
    await other.get(readRow1, options)
    expect(lifetimes).toEqual([11 * MINUTE, 22 * MINUTE])
  })
})
