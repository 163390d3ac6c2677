import { setTimeout as wait } from 'node:timers/promises'
import type { Cache } from '@larder/core'
import { median } from '../statistics.ts'
import { type Mode, openCache } from '../valkey/caches.ts'
import { drive } from '../valkey/drive.ts'
import { itemOf } from '../valkey/items.ts'
import type { Server } from '../valkey/server.ts'
import { openShop, type Shop } from '../valkey/shop.ts'
import { usageOf } from '../valkey/usage.ts'

/**
 * CPU in ns. `fixed` is paid once for the requests that a process sends together, `each` for every read or write among
 * them.
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
  /** The entry alone, as a shard is asked that does not have its table. */
  readonly get: Cost
  /** To store an entry. */
  readonly set: Cost
  /** To make the cell of a row whose last write removed it. */
  readonly seed: Cost
  /** A mark and a finish. */
  readonly write: Cost
  /** To notify one process of one write. */
  readonly notify: number
  /** CPU of the process for a hit. */
  readonly client: Readonly<Record<Mode, Cost>>
}

export function costOf({ fixed, each }: Cost, together: number): number {
  return fixed / together + each
}

const KEYS = 500
/** In flight: the costs are fitted to these two. */
const FITTED = [1, 64] as const
const ROUNDS = 3
const FOLLOWERS = 8
/** Ms until the feeds of all followers have begun. */
const FEED_BEGINS = 500

/** For one operation. */
export interface Small {
  /** Ns of CPU of the server and of this process. */
  readonly server: number
  readonly client: number
  /** That the server received. Less than 1: operations shared packets. */
  readonly packets: number
}

/** One hit. `pause`: ms that each reader rests after each. */
export async function measureHits(
  server: Server,
  options: { mode: Mode; tables: 1 | 3; inFlight: number; hits: number; pause?: number },
): Promise<Small> {
  const { mode, tables, inFlight, hits, pause = 0 } = options
  return withShop(server, mode, async (shop) => {
    const read = tables === 1 ? shop.readItem : shop.readPage
    const readAndRest = async (id: number): Promise<void> => {
      await read(id)
      await wait(pause)
    }
    return measure(server, pause ? readAndRest : read, { inFlight, requests: hits })
  })
}

/** One write, and a load after it if `loads`. */
export async function measureWrites(
  server: Server,
  { inFlight, writes, loads = false }: { inFlight: number; writes: number; loads?: boolean },
): Promise<Small> {
  return withShop(server, 'off', async (shop) => {
    const write = async (id: number): Promise<void> => {
      await shop.writeItem(id)
      if (loads) await shop.readItem(id)
    }
    return measure(server, write, { inFlight, requests: writes })
  })
}

/** Ns for one write, while processes are connected that the server notifies or not. */
async function measureFollowers(server: Server, mode: 'push' | 'validate', writes: number): Promise<number> {
  const followers: Cache[] = []
  const namespace = `${server.prefix}-units-off`
  try {
    for (let at = 0; at < FOLLOWERS; at++)
      followers.push(await openCache({ url: server.url, namespace, mode }))
    await wait(FEED_BEGINS)
    return (await measureWrites(server, { inFlight: 1, writes })).server
  } finally {
    for (const follower of followers) await follower.close()
  }
}

/** Ns for one command by a plain client. `inFlight` of them share a packet. */
async function measureCommand(
  server: Server,
  command: 'get' | 'set',
  { inFlight, requests }: { inFlight: number; requests: number },
): Promise<Small> {
  const { client, prefix } = server
  const value = JSON.stringify(itemOf('300 B', 0))
  let next = 0
  const run = async (only: 'get' | 'set'): Promise<void> => {
    const pipeline = client.pipeline()
    for (let at = 0; at < inFlight; at++) {
      const key = `${prefix}-units-plain-${next++ % KEYS}`
      if (only === 'set') pipeline.set(key, value, 'PX', 600_000)
      else pipeline.mget(key)
    }
    await pipeline.exec()
  }
  for (let at = 0; at < KEYS; at += inFlight) await run('set')
  const packet = await measure(server, () => run(command), {
    inFlight: 1,
    requests: Math.ceil(requests / inFlight),
  })
  return {
    server: packet.server / inFlight,
    client: packet.client / inFlight,
    packets: packet.packets / inFlight,
  }
}

export async function measureUnitCosts(server: Server, requests: number): Promise<UnitCosts> {
  const hits = (mode: Mode) =>
    eachFitted((inFlight) => measureHits(server, { mode, tables: 1, inFlight, hits: requests }))
  const command = (name: 'get' | 'set') =>
    eachFitted((inFlight) => measureCommand(server, name, { inFlight, requests: requests / 2 }))
  const writes = (loads: boolean) =>
    eachFitted((inFlight) => measureWrites(server, { inFlight, writes: requests / 4, loads }))
  const [validate, off, push] = [await hits('validate'), await hits('off'), await hits('push')]
  const [fetch, set, write] = [fitCost(off), fitCost(await command('set')), fitCost(await writes(false))]
  const notify: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const notified = await measureFollowers(server, 'push', requests / 8)
    notify.push((notified - (await measureFollowers(server, 'validate', requests / 8))) / FOLLOWERS)
  }
  return {
    validate: fitCost(validate),
    fetch,
    get: fitCost(await command('get')),
    set,
    // What a write with a load after it takes, without the parts that were measured.
    seed: [write, fetch, set].reduce(minus, fitCost(await writes(true))),
    write,
    notify: Math.max(0, median(notify)),
    client: {
      validate: fitCost(validate, 'client'),
      off: fitCost(off, 'client'),
      push: fitCost(push, 'client'),
    },
  }
}

async function eachFitted(run: (inFlight: number) => Promise<Small>): Promise<readonly Small[]> {
  const all: Small[] = []
  for (const inFlight of FITTED) all.push(await medianOf(() => run(inFlight)))
  return all
}

/** Of a few rounds: other programs use the machine, too. */
async function medianOf(run: () => Promise<Small>): Promise<Small> {
  const rounds: Small[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await run())
  const of = (name: keyof Small): number => median(rounds.map((each) => each[name]))
  return { server: of('server'), client: of('client'), packets: of('packets') }
}

function fitCost(measured: readonly Small[], of: 'server' | 'client' = 'server'): Cost {
  const [alone, many] = measured
  if (!alone || !many) throw new Error('A fit takes two measurements')
  const packets = alone.packets - many.packets
  const perPacket = packets > 0.1 ? Math.max(0, (alone[of] - many[of]) / packets) : 0
  // A hit without a packet has no fixed part.
  const fixed = Math.min(alone[of], perPacket * alone.packets)
  return { fixed, each: alone[of] - fixed }
}

function minus(from: Cost, part: Cost): Cost {
  return { fixed: Math.max(0, from.fixed - part.fixed), each: Math.max(0, from.each - part.each) }
}

async function withShop<T>(server: Server, mode: Mode, action: (shop: Shop) => Promise<T>): Promise<T> {
  const namespace = `${server.prefix}-units-${mode}`
  const cache = await openCache({ url: server.url, namespace, mode, finish: 'await' })
  try {
    return await action(openShop(cache, async (id) => itemOf('300 B', id)))
  } finally {
    await cache.close()
  }
}

async function measure(
  { client }: Server,
  run: (id: number) => Promise<unknown>,
  { inFlight, requests }: { inFlight: number; requests: number },
): Promise<Small> {
  await drive(run, { inFlight: 16, requests: KEYS, keys: KEYS })
  await drive(run, { inFlight, requests: requests / 8, keys: KEYS })
  const used = process.cpuUsage()
  const { cpu, packets } = await usageOf(client, () => drive(run, { inFlight, requests, keys: KEYS }))
  const { user, system } = process.cpuUsage(used)
  return {
    server: cpu / requests,
    client: ((user + system) * 1e3) / requests,
    packets: packets / requests,
  }
}
