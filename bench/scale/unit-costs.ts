import type { Cache } from '@larder/core'
import { type Mode, openCache } from '../valkey/caches.ts'
import { drive } from '../valkey/drive.ts'
import { itemOf } from '../valkey/items.ts'
import type { Server } from '../valkey/server.ts'
import { openShop, type Shop } from '../valkey/shop.ts'
import { usageOf } from '../valkey/usage.ts'

/**
 * What the server's one thread needs, in ns. `fixed` is paid once for the commands that a process sends together,
 * `each` for every read or write among them.
 */
export interface Cost {
  readonly fixed: number
  readonly each: number
}

/** Measured with one process, one server and one table. */
export interface UnitCosts {
  /** To compare the versions of an entry in memory. */
  readonly validate: Cost
  /** The same, with the transfer of the entry. */
  readonly fetch: Cost
  /** A mark and a finish. */
  readonly write: Cost
  /** To tell one process of a write. */
  readonly notify: number
  /** CPU of the process for a hit, where many are in flight. */
  readonly client: Readonly<Record<Mode, number>>
}

export function costOf({ fixed, each }: Cost, together: number): number {
  return fixed / together + each
}

const KEYS = 500
/** In flight: the costs are fitted to these two. */
export const FITTED = [1, 64] as const
const READERS = 8

export interface Small {
  readonly server: number
  readonly client: number
}

/** Ns of the server and of this process for one hit. */
export async function measureHits(
  server: Server,
  { mode, tables, inFlight, hits }: { mode: Mode; tables: 1 | 3; inFlight: number; hits: number },
): Promise<Small> {
  return withShop(server, mode, async (shop) => {
    const read = tables === 1 ? shop.readItem : shop.readPage
    return measure(server, read, { inFlight, requests: hits })
  })
}

/** The same for one write. `readers`: other caches, each of which reads the row before every write. */
export async function measureWrites(
  server: Server,
  {
    inFlight,
    writes,
    readers = 0,
    mode = 'off',
  }: { inFlight: number; writes: number; readers?: number; mode?: Mode },
): Promise<Small> {
  const namespace = `${server.prefix}-units-${mode}${readers}`
  const caches: Cache[] = []
  try {
    for (let at = 0; at < readers; at++) caches.push(await openCache({ url: server.url, namespace, mode }))
    const shops = caches.map(open)
    const cache = await openCache({ url: server.url, namespace, mode: 'off', finish: 'await' })
    caches.push(cache)
    const shop = open(cache)
    const write = async (id: number): Promise<void> => {
      for (const { readItem } of shops) await readItem(id)
      await shop.writeItem(id)
    }
    return await measure(server, write, { inFlight, requests: writes })
  } finally {
    for (const cache of caches) await cache.close()
  }
}

export async function measureUnitCosts(server: Server, requests: number): Promise<UnitCosts> {
  const hits = async (mode: Mode): Promise<readonly Small[]> => {
    const all: Small[] = []
    for (const inFlight of FITTED)
      all.push(await measureHits(server, { mode, tables: 1, inFlight, hits: requests }))
    return all
  }
  const [validate, off, push] = [await hits('validate'), await hits('off'), await hits('push')]
  const writes: Small[] = []
  for (const inFlight of FITTED) writes.push(await measureWrites(server, { inFlight, writes: requests / 4 }))
  // The same reads and writes, with and without news of them.
  const told = { inFlight: 1, writes: requests / 16, readers: READERS } as const
  const [news, none] = [
    await measureWrites(server, { ...told, mode: 'push' }),
    await measureWrites(server, { ...told, mode: 'off' }),
  ]
  const client = (all: readonly Small[]): number => all[1]?.client ?? Number.NaN
  return {
    validate: fitted(validate),
    fetch: fitted(off),
    write: fitted(writes),
    notify: Math.max(0, (news.server - none.server) / READERS),
    client: { validate: client(validate), off: client(off), push: client(push) },
  }
}

function fitted(measured: readonly Small[]): Cost {
  const [alone, together] = measured.map(({ server }) => server)
  const [one, many] = FITTED
  if (alone === undefined || together === undefined) throw new Error('A fit takes two measurements')
  const fixed = Math.max(0, (alone - together) / (1 / one - 1 / many))
  return { fixed, each: Math.max(0, alone - fixed / one) }
}

async function withShop<T>(server: Server, mode: Mode, action: (shop: Shop) => Promise<T>): Promise<T> {
  const cache = await openCache({ url: server.url, namespace: `${server.prefix}-units-${mode}`, mode })
  try {
    return await action(open(cache))
  } finally {
    await cache.close()
  }
}

const open = (cache: Cache): Shop => openShop(cache, async (id) => itemOf('300 B', id))

async function measure(
  { client }: Server,
  run: (id: number) => Promise<unknown>,
  { inFlight, requests, warm = requests / 4 }: { inFlight: number; requests: number; warm?: number },
): Promise<Small> {
  for (let id = 0; warm > 0 && id < KEYS; id++) await run(id)
  if (warm > 0) await drive(run, { inFlight, requests: warm, keys: KEYS })
  const used = process.cpuUsage()
  const { cpu } = await usageOf(client, () => drive(run, { inFlight, requests, keys: KEYS }))
  const { user, system } = process.cpuUsage(used)
  return { server: cpu / requests, client: ((user + system) * 1e3) / requests }
}
