import { setImmediate } from 'node:timers/promises'
import type { Servers } from '@larder/example-servers'
import { Pool } from 'undici'
import { createCatalogue } from '../../catalogue/src/service.ts'
import * as schema from '../../inventory/src/schema.ts'
import { createInventory } from '../../inventory/src/service.ts'
import { createFloors } from './floors.ts'
import { createMeter, type Measured } from './measure.ts'
import { perform, type Shop } from './visitors.ts'
import { PIECES, SCARCE, skuOf, workload } from './workload.ts'

export interface ShopLoad {
  readonly servers: Servers
  /** Prefix of the keys of this run. */
  readonly namespace: string
  readonly enabled: boolean
  /** Ends after this many ms… */
  readonly limit: number
  /** …or this many requests, whichever is first. */
  readonly most: number
  readonly signal: AbortSignal
  onProgress(share: number): void
}

/** Visitors at once. Each sends its next request when the last one was answered. */
export const VISITORS = 16
const SEED = 20_261_129
/** How often the event loop gets a turn: for the bar, and so that Ctrl-C is heard (ms). */
const TURN_EVERY = 40

/** Starts both services of the shop and lets visitors in. */
export async function runShop(load: ShopLoad): Promise<Measured> {
  const { servers, namespace, enabled } = load
  await servers.runScript(
    `UPDATE stock SET quantity = ${PIECES} WHERE sku <= '${skuOf(SCARCE)}'; DELETE FROM orders`,
  )
  const common = { adapter: servers.adapter(), enabled }
  const services = [
    await createCatalogue({ ...common, store: servers.store(), namespace: `${namespace}-catalogue` }),
    await createInventory({
      ...common,
      adapter: servers.adapter(),
      db: servers.drizzle(schema),
      store: servers.store(),
      namespace: `${namespace}-inventory`,
    }),
  ] as const
  const pools: Pool[] = []
  try {
    for (const service of services)
      pools.push(new Pool(await service.listen({ port: 0 }), { connections: VISITORS }))
    const [catalogue, inventory] = pools as [Pool, Pool]
    return await visit({ catalogue, inventory }, load)
  } finally {
    for (const pool of pools) await pool.destroy()
    for (const service of services) await service.close()
  }
}

async function visit(shop: Shop, { servers, limit, most, signal, onProgress }: ShopLoad): Promise<Measured> {
  const floors = createFloors()
  const operations = workload(SEED)
  // What the first requests of a process load and compile is in neither run.
  for (let id = 1; id <= 20; id++)
    await perform(
      { kind: 'product', id: 1_900 + id },
      shop,
      floors,
      createMeter(() => 0),
    )
  const meter = createMeter(servers.statements)
  let [lastTurn, sent] = [0, 0]
  const visitor = async (): Promise<void> => {
    while (meter.elapsed() < limit && sent < most && !signal.aborted) {
      sent++
      await perform(operations.next().value, shop, floors, meter)
      if (meter.elapsed() - lastTurn < TURN_EVERY) continue
      lastTurn = meter.elapsed()
      onProgress(Math.min(1, Math.max(lastTurn / limit, sent / most)))
      await setImmediate()
    }
  }
  await Promise.all(Array.from({ length: VISITORS }, visitor))
  return meter.stop({ keptOff: await shareKeptOff(shop), oversold: await oversold(servers) })
}

/** Of all queries of both services. */
async function shareKeptOff(shop: Shop): Promise<number> {
  const stats = await Promise.all(
    [shop.catalogue, shop.inventory].map(async (pool) => {
      const { body } = await pool.request({ method: 'GET', path: '/stats' })
      return (await body.json()) as { reads: number; hits: number }
    }),
  )
  const reads = stats.reduce((sum, each) => sum + each.reads, 0)
  return reads > 0 ? stats.reduce((sum, each) => sum + each.hits, 0) / reads : 0
}

/** By the tables: what was sold, and what there was. */
async function oversold(servers: Servers): Promise<number> {
  const rows = await servers.query<{ sold: number; left: number }>(`
    SELECT coalesce(sum(l.quantity), 0)::int AS sold, s.quantity AS left
    FROM stock s LEFT JOIN order_line l USING (sku) WHERE s.sku <= '${skuOf(SCARCE)}' GROUP BY s.sku`)
  if (rows.length !== SCARCE) throw new Error(`${rows.length} rows of stock, not ${SCARCE}`)
  return rows.reduce(
    (sum, { sold, left }) => sum + Math.max(0, sold - PIECES, -left) + Math.abs(PIECES - sold - left),
    0,
  )
}
