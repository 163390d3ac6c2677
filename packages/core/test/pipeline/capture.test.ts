import { AsyncResource } from 'node:async_hooks'
import type { WrapOptions } from '@larder/core'
import { createCache, memoryStore } from '@larder/core'
import type { ReadPlan } from '@larder/core/host'
import { deferred, settled } from '@larder/testing'
import { describe, expect, it, vi } from 'vitest'
import { computed, readIn, type Shape } from '../support/computed-value.ts'
import { attachItems, readPlan, reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

const HIT = { source: 'memory', reason: undefined }

describe('the dependencies of a computed value', () => {
  it('are those of the reads inside its load', async () => {
    const shop = simulatedProcess()
    const { ask } = computed(shop, async () => [
      await readIn(shop, reads.byId(1)),
      await readIn(shop, reads.byGroup(0)),
    ])
    await ask()
    await shop.put(writes.touch(2, 'item', true))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({
      reason: 'invalidated',
      result: [{ v: 1_002 }, [{ id: 1 }, { id: 3 }]],
    })
    expect(await ask()).toMatchObject(HIT)
  })

  const forms: Readonly<Record<string, Partial<ReadPlan<Row | Row[] | null>>>> = {
    'a miss': {},
    'not cached because it has no policy': {
      policy: undefined,
      dependencies: () => reads.byId(1).occurrences,
    },
    'not cached because the call disables it': {
      policy: undefined,
      bypass: 'disabled',
      dependencies: () => reads.byId(1).occurrences,
    },
  }
  it.each(Object.entries(forms))('include those of a read that is %s', async (_, form) => {
    const shop = simulatedProcess()
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1), form))
    await ask()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(2))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: { v: 1_002 } })
  })

  it('include those of a read whose operation the policy does not cache', async () => {
    const shop = simulatedProcess()
    const policy = shop.engine.policy({ ttl: '1h', operations: ['other'] }, 'models.Item')
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1), { policy }))
    await ask()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({ result: { v: 1_001 } })
  })

  it('include those of a read that was a hit, including its result dependencies', async () => {
    const shop = simulatedProcess()
    for (const shape of [reads.withNote('c2'), reads.byId(3)]) await shop.get<Row | Row[] | null>(shape)
    const { ask } = computed(shop, async () => [
      await readIn(shop, reads.withNote('c2')),
      await readIn(shop, reads.byId(3)),
    ])
    await ask()
    await shop.put(writes.touch(2, 'note'))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1, 'note'))
    await settled()
    expect(await ask()).toMatchObject({
      reason: 'invalidated',
      result: [[{ id: 2 }, { v: 1_002 }], { id: 3 }],
    })
  })

  it('include the result dependencies of a load', async () => {
    const shop = simulatedProcess()
    const { ask } = computed(shop, () => readIn(shop, reads.withNote('c2')))
    await ask()
    await shop.put(writes.touch(2, 'note'))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1, 'note'))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: [{ id: 2 }, { v: 1_002 }] })
  })

  it('include the user tags of the reads', async () => {
    const shop = simulatedProcess()
    const policy = shop.engine.policy({ ttl: '1h', tags: ['front'] }, 'models.Item')
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1), { policy }))
    await ask()
    expect(await ask()).toMatchObject(HIT)
    await shop.cache.invalidate({ tags: ['front'] })
    expect(await ask()).toMatchObject({ reason: 'invalidated' })
  })

  it('are added to `reads` and `tags`', async () => {
    const shop = simulatedProcess()
    const options = { reads: ['note', 'item'], tags: ['front'] }
    const { ask, load } = computed(shop, () => readIn(shop, reads.byId(1)), options)
    const invalidations = [
      () => shop.put(writes.touch(3, 'note')),
      () => shop.put(writes.touch(2)),
      () => shop.put(writes.touch(1)),
      () => shop.cache.invalidate({ tags: ['front'] }),
    ]
    for (const [index, invalidate] of invalidations.entries()) {
      await ask()
      expect(await ask()).toMatchObject(HIT)
      expect(load).toHaveBeenCalledTimes(index + 1)
      await invalidate()
      await settled()
      expect(await ask()).toMatchObject({ reason: 'invalidated' })
    }
  })

  it('are only `reads` and `tags` with `capture: false`', async () => {
    const shop = simulatedProcess()
    const { ask } = computed(shop, () => readIn(shop, reads.byId(1)), { capture: false, reads: ['note'] })
    await ask()
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1, 'note'))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated' })
  })

  it('are those of all concurrent reads', async () => {
    const shop = simulatedProcess()
    const ids = [1, 2, 3]
    const { ask } = computed(shop, () => Promise.all(ids.map((id) => readIn(shop, reads.byId(id)))))
    await ask()
    for (const id of ids) {
      expect(await ask()).toMatchObject(HIT)
      await shop.put(writes.touch(id))
      await settled()
      expect(await ask()).toMatchObject({ reason: 'invalidated' })
    }
  })

  it('are those of a read that shared the load of an outside caller', async () => {
    const shop = simulatedProcess()
    const answer = deferred<Row>()
    const slow = readPlan(shop.engine, reads.byId(1), () => answer.promise)
    const outside = shop.engine.read(slow)
    await settled()
    const { ask } = computed(shop, () =>
      shop.engine.read(readPlan(shop.engine, reads.byId(1), shop.database.read)),
    )
    const value = ask()
    await settled()
    answer.resolve({ id: 1, grp: 0, code: 'c1', v: 1 })
    await Promise.all([outside, value])
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  })

  it('are the whole table if a load reads more than a hundred rows of it', async () => {
    const shop = simulatedProcess()
    const ids = Array.from({ length: 150 }, (_, index) => index + 1)
    const { ask } = computed(shop, async () => {
      for (const id of ids)
        await readIn(shop, reads.byId(id), { policy: shop.engine.policy({ ttl: '1h' }, 'm') })
      return 1
    })
    await ask()
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.insert(1_000, 7))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated' })
  })
})

describe('nested computed values', () => {
  const nested = (shop: SimulatedProcess, options: Partial<WrapOptions> = {}) => {
    const inner = vi.fn(() => readIn(shop, reads.byId(1)))
    const outer = computed(shop, async () => [
      await shop.cache.wrap('inner', { ttl: '1m', ...options }, inner),
      await readIn(shop, reads.byId(2)),
    ])
    return { inner, ...outer }
  }

  it.each([
    ['loaded', false],
    ['hit', true],
  ])('depend on the dependencies of an inner value that was %s', async (_, warm) => {
    const shop = simulatedProcess()
    const { ask, inner } = nested(shop)
    if (warm) {
      await shop.cache.wrap('inner', { ttl: '1m' }, inner)
      await settled()
    }
    await ask()
    expect(inner).toHaveBeenCalledTimes(1)
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: [{ v: 1_001 }, { id: 2 }] })
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(2))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: [{ v: 1_001 }, { v: 1_002 }] })
    expect(inner).toHaveBeenCalledTimes(2)
  })

  it('depend on the dependencies of an inner value that another caller is loading', async () => {
    const shop = simulatedProcess()
    const gate = deferred<void>()
    const inner = async () => {
      await gate.promise
      return readIn(shop, reads.byId(1))
    }
    const wrapInner = () => shop.cache.wrap('inner', { ttl: '1m' }, inner)
    const outside = wrapInner()
    await settled()
    const { ask } = computed(shop, wrapInner)
    const value = ask()
    await settled()
    gate.resolve()
    await Promise.all([outside, value])
    expect(await ask()).toMatchObject(HIT)
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
  })

  it('do not depend on the reads of an inner value with `capture: false`', async () => {
    const shop = simulatedProcess()
    const { ask } = nested(shop, { capture: false, tags: ['inner'] })
    await ask()
    await shop.put(writes.touch(1))
    await settled()
    expect(await ask()).toMatchObject(HIT)
    await shop.cache.invalidate({ tags: ['inner'] })
    expect(await ask()).toMatchObject({ reason: 'invalidated' })
  })
})

describe('a computed value is not stored', () => {
  const row = reads.byId(1)
  type Refused = (shop: SimulatedProcess) => Promise<unknown>
  const unnoticed: Partial<ReadPlan<Row | Row[] | null>> = { policy: undefined }
  const permanent: readonly (readonly [string, string, RegExp, Refused])[] = [
    ['an opaque read', 'opaque', /item\.byId\(1\)/, (shop) => readIn(shop, row, { bypass: 'opaque' })],
    ['a read of unknown tables', 'opaque', /declare/, (shop) => readIn(shop, row, unnoticed)],
    ['a locking read', 'lock', /lock/, (shop) => readIn(shop, row, { bypass: 'lock' })],
    [
      'a read in a transaction',
      'transaction',
      /transaction/,
      (shop) => readIn(shop, row, { bypass: 'transaction' }),
    ],
    ['a write', 'opaque', /writes/, (shop) => shop.put(writes.touch(1))],
    [
      'a read that another cache serves',
      'opaque',
      /another store/,
      (shop) => {
        const engine = attachItems(createCache({ store: memoryStore({ isolated: true }) }))
        return engine.read(readPlan(engine, row as Shape, shop.database.read))
      },
    ],
    [
      'a failed read that it replaces by another result',
      'opaque',
      /failed/,
      (shop) =>
        shop.engine.read(readPlan(shop.engine, row, () => Promise.reject(new Error('no')))).catch(() => null),
    ],
    [
      'a read that is not awaited',
      'opaque',
      /had not ended/,
      async (shop) => void shop.engine.read(readPlan(shop.engine, row, () => deferred<Row>().promise)),
    ],
    [
      'reads of more rows than can be recorded',
      'too-large',
      /too many/,
      async (shop) => {
        for (let id = 0; id < 10_001; id++)
          await readIn(shop, reads.byId(id), { policy: undefined, ...withDependencies(id) })
      },
    ],
  ]
  const withDependencies = (id: number) => ({ dependencies: () => reads.byId(id).occurrences })

  it.each(permanent)(
    'if its load has %s, and is loaded each time with a reason and one warning',
    async (...parts) => {
      const [, reason, message, refused] = parts
      const shop = simulatedProcess()
      const { ask, load, warnings } = computed(shop, async () => {
        await refused(shop)
        return 1
      })
      for (let time = 1; time <= 2; time++) {
        expect(await ask()).toMatchObject({ source: 'database', reason, result: 1 })
        expect(load).toHaveBeenCalledTimes(time)
      }
      expect(warnings).toEqual([expect.stringMatching(message)])
      expect(warnings[0]).toMatch(/^wrap\("page"\) is not stored: /)
    },
  )

  it('while a dependency is being written, and is stored at the next load without a warning', async () => {
    const shop = simulatedProcess()
    const { ask, warnings } = computed(shop, () => readIn(shop, row))
    const gate = deferred<void>()
    const put = shop.put(writes.touch(1), async (mutation) => {
      await gate.promise
      return shop.database.write(mutation)
    })
    await settled()
    expect(await ask()).toMatchObject({ source: 'database', reason: 'dirty', result: { v: 1 } })
    gate.resolve()
    await put
    await settled()
    expect(await ask()).toMatchObject({ source: 'database', result: { v: 1_001 } })
    expect(await ask()).toMatchObject(HIT)
    expect(warnings).toEqual([])
  })

  it('if a row was written between two reads of it, and is stored at the next load', async () => {
    const shop = simulatedProcess()
    let first = true
    const { ask } = computed(shop, async () => {
      const rows = [await readIn(shop, row)]
      if (first) await written(shop)
      first = false
      return [...rows, await readIn(shop, row)]
    })
    expect(await ask()).toMatchObject({ source: 'database', reason: 'dirty' })
    expect(await ask()).toMatchObject({ source: 'database', result: [{ v: 1_001 }, { v: 1_001 }] })
    expect(await ask()).toMatchObject(HIT)
  })

  it('if a row was written while a read without a policy ran, and is stored at the next load', async () => {
    const shop = simulatedProcess()
    let first = true
    const { ask } = computed(shop, () =>
      shop.engine.read(
        readPlan(
          shop.engine,
          row,
          async (query) => {
            const rows = await shop.database.read(query)
            if (first) await written(shop)
            first = false
            return rows
          },
          { policy: undefined, ...withDependencies(1) },
        ),
      ),
    )
    await ask()
    expect(await ask()).toMatchObject({ source: 'database', result: { v: 1_001 } })
    expect(await ask()).toMatchObject(HIT)
  })

  it('if a row was written after it was read as one of many, and is stored at the next load', async () => {
    const shop = simulatedProcess()
    let first = true
    const { ask } = computed(shop, async () => {
      const result = await readIn(shop, row)
      if (first) await written(shop)
      first = false
      for (let id = 2; id < 150; id++) await readIn(shop, reads.byId(id))
      return result
    })
    await ask()
    expect(await ask()).toMatchObject({ source: 'database', result: { v: 1_001 } })
    expect(await ask()).toMatchObject(HIT)
  })

  it('if a row was written after it was read, and is stored at the next load', async () => {
    const shop = simulatedProcess()
    let first = true
    const { ask } = computed(shop, async () => {
      const result = await readIn(shop, row)
      if (first) await written(shop)
      first = false
      return result
    })
    await ask()
    expect(await ask()).toMatchObject({ source: 'database', result: { v: 1_001 } })
    expect(await ask()).toMatchObject(HIT)
  })
})

/** A write of another process. */
async function written(shop: SimulatedProcess): Promise<void> {
  const other = simulatedProcess({ sharedWith: shop as SimulatedProcess & { inner: never } })
  await new Promise<void>((resolve, reject) => {
    // Outside the load that is running.
    outside(() => other.put(writes.touch(1)).then(() => resolve(), reject))
  })
  await settled()
}

const program = new AsyncResource('program')
const outside = (run: () => unknown): unknown => program.runInAsyncScope(run)
