import type { SyncReadPlan } from '@larder/core/host'
import { settled } from '@larder/testing'
import { expect, it, vi } from 'vitest'
import { readPlan, reads, writes } from '../support/item-host.ts'
import type { Row } from '../support/simulated-database.ts'
import { type SimulatedProcess, simulatedProcess } from '../support/simulated-process.ts'

const byId = reads.byId(1)

/** A read by a driver that answers at once. */
function readNow(
  { engine, database }: SimulatedProcess,
  more: Partial<SyncReadPlan<Row | null>> = {},
): Row | null {
  const now = (): Row | null => structuredClone(byId.query(database.states.at(-1) ?? database.states[0]!))
  const { run: _, joined: __, detach: ___, ...plan } = readPlan(engine, byId, async () => null)
  return engine.sync.read({ ...plan, run: now, ...more })
}

function page(shop: SimulatedProcess, more: Partial<SyncReadPlan<Row | null>> = {}) {
  const load = vi.fn(async () => readNow(shop, more))
  const ask = async () => {
    const { result, reads: reports } = await shop.cache.explain(() =>
      shop.cache.wrap('page', { ttl: '1m' }, load),
    )
    await settled()
    const report = reports.findLast(({ operation }) => operation === 'wrap')
    return { result, source: report?.source, reason: report?.reason }
  }
  return { ask, load }
}

it.each([
  ['cached', {}],
  ['not cached', { policy: undefined, dependencies: () => byId.occurrences }],
])('a computed value depends on a sync read that is %s', async (_, more) => {
  const shop = simulatedProcess()
  const { ask } = page(shop, more)
  await ask()
  expect(await ask()).toMatchObject({ source: 'memory' })
  await shop.put(writes.touch(2))
  await settled()
  expect(await ask()).toMatchObject({ source: 'memory' })
  await shop.put(writes.touch(1))
  await settled()
  expect(await ask()).toMatchObject({ source: 'database', reason: 'invalidated', result: { v: 1_002 } })
})

it('a computed value depends on a sync read that was a hit', async () => {
  const shop = simulatedProcess()
  readNow(shop)
  const { ask } = page(shop)
  await ask()
  await shop.put(writes.touch(1))
  await settled()
  expect(await ask()).toMatchObject({ reason: 'invalidated', result: { v: 1_001 } })
})

it('a computed value is not stored if one of its sync reads is opaque or if it writes', async () => {
  const opaque = page(simulatedProcess(), { bypass: 'opaque' })
  for (let time = 0; time < 2; time++) expect(await opaque.ask()).toMatchObject({ reason: 'opaque' })
  const shop = simulatedProcess()
  const load = async (): Promise<number> => {
    shop.engine.sync.write(
      { operation: 'w', model: 'Item', changes: writes.touch(1).changes, run: () => 1 },
      false,
    )
    return 1
  }
  const { reads: reports } = await shop.cache.explain(() => shop.cache.wrap('w', { ttl: '1m' }, load))
  expect(reports).toMatchObject([{ operation: 'wrap', reason: 'opaque' }])
})

it('a computed value with a sync read is not stored in a remote store, which sync reads cannot use', async () => {
  const shop = simulatedProcess({ wrapStore: ({ sync: _, ...store }) => ({ ...store, source: 'store' }) })
  const { ask } = page(shop)
  for (let time = 0; time < 2; time++) expect(await ask()).toMatchObject({ reason: 'unavailable' })
})
