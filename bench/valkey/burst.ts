import type { Catalogue } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { answeringClient, type Client, larderClient, peerClient } from '../orm/prisma-hits.ts'
import { figure, type Row, ratioFigure } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import { whole } from '../units.ts'
import { cacheAside, shareInFlight } from './cache-aside.ts'
import type { Server } from './server.ts'

/** Requests of one burst, and the keys that they ask for in turn. */
export const BURST = { requests: 5_000, keys: 500 } as const
/** No burst begins after so many ms. */
const LONGEST = 30_000
/** Bursts on a warm cache that are thrown away: in them the compiler is still at work. */
const WARM_UP = 1
const PEER = 'prisma-extension-redis'

/** One way to read a report, and what bursts of requests did to it. */
interface Target {
  readonly name: string
  readonly cold: Burst
  readonly warm: Burst[]
  loads: number
  burst(): Promise<Burst>
  close(): Promise<void>
}

interface Burst {
  /** Per second. */
  readonly rate: number
  /** In ms. */
  readonly p99: number
}

/** Bursts of requests that all come at once, over a cache that is cold at first: who protects the database. */
export async function benchBurst(context: Context): Promise<void> {
  const shared = await context.server()
  // Of its own: another group reads the same rows.
  const server = { ...shared, prefix: `${shared.prefix}-burst` }
  const catalogue = await context.serverCatalogue()
  const most = context.quick ? 5 : 20
  const clients: (readonly [string, Client])[] = [
    ['ceiling: an extension that answers immediately', await answeringClient(catalogue)],
    ['Larder', await larderClient(catalogue, server)],
    [PEER, peerClient(catalogue, server)],
    ['cache-aside by hand', byHand(catalogue, server, 'alone', (_, read) => read())],
    ['by hand, with a map of reads in flight', byHand(catalogue, server, 'shared', shareInFlight())],
  ]
  const targets: Target[] = []
  try {
    for (const [name, client] of clients) targets.push(await open(name, client, catalogue))
    // They take turns. A database that is not protected makes a burst last.
    let bursts = 0
    for (const end = performance.now() + LONGEST; bursts < most && performance.now() < end; bursts++)
      for (const target of targets) {
        const one = await target.burst()
        if (bursts >= WARM_UP) target.warm.push(one)
      }
    const peer = targets.find(({ name }) => name === PEER) as Target
    context.show({
      id: 'burst',
      title: `Prisma on PostgreSQL and Valkey: bursts of ${whole(BURST.requests)} requests at once, over ${BURST.keys} keys`,
      note: `The cache is empty before the first burst (cold); ${bursts - WARM_UP} warm ones are measured. Loads are SQL
statements: ${BURST.keys} are needed. prisma-extension-redis stores JSON: a hit gives texts for
dates and decimals, where Larder gives what Prisma gives. The rows by hand are this repository's
bench/valkey/cache-aside.ts: JSON too, no invalidation, and their hits do not pass through Prisma,
as those of an extension do. With the map, callers that ask for one key at the same time share one
object.`,
      columns: [
        { name: 'warm', unit: '/s' },
        { name: '× peer', unit: '×' },
        { name: 'p99', unit: 'ms' },
        { name: 'cold', unit: '/s' },
        { name: 'loads', unit: 'count' },
      ],
      rows: targets.map((target) => rowOf(target, peer)),
    })
  } finally {
    for (const [, { close }] of clients) await close()
  }
}

function rowOf({ name, warm, cold, loads }: Target, peer: Target): Row {
  const rates = warm.map(({ rate }) => rate)
  const theirs = peer.warm.map(({ rate }) => rate)
  return {
    name,
    figures: [
      figure(rates),
      ratioFigure(rates, theirs),
      figure(warm.map(({ p99 }) => p99)),
      { value: cold.rate },
      { value: loads },
    ],
  }
}

async function open(name: string, { client, close }: Client, { statements }: Catalogue): Promise<Target> {
  const measure = async (): Promise<Burst> => {
    const times: number[] = []
    const read = async (id: number): Promise<void> => {
      const began = performance.now()
      await client.strike.findFirst({ where: { id } })
      times.push(performance.now() - began)
    }
    const began = performance.now()
    await burst(read)
    return { rate: (BURST.requests * 1_000) / (performance.now() - began), p99: quantile(times, 0.99) }
  }
  const before = statements()
  const target = { name, cold: await measure(), warm: [], loads: 0, close }
  const counted = async (): Promise<Burst> => {
    const sent = statements()
    const one = await measure()
    target.loads += statements() - sent
    return one
  }
  target.loads = statements() - before
  return Object.assign(target, { burst: counted })
}

/** Reads all at once. */
export function burst(read: (id: number) => PromiseLike<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: BURST.requests }, (_, index) => read(1 + (index % BURST.keys))))
}

/** @param name is part of its keys: two clients share no entries. */
function byHand(
  { prisma }: Catalogue,
  { connect, prefix }: Server,
  name: string,
  guard: ReturnType<typeof shareInFlight>,
): Client {
  const redis = connect()
  return {
    client: {
      strike: {
        findFirst({ where }) {
          const key = `${prefix}:burst:${name}:${where.id}`
          return guard(key, () => cacheAside(redis, key, () => prisma.strike.findFirst({ where })))
        },
      },
    },
    close: async () => redis.disconnect(),
  }
}
