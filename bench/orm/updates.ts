import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import { eq, sql } from 'drizzle-orm'
import { Redis } from 'iovalkey'
import { datamodel } from '../../prisma/generated/larder.ts'
import { compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { type Db, products } from '../products.ts'
import { takeTurns } from '../rounds.ts'
import { whole } from '../units.ts'
import { peerExtension } from './prisma-hits.ts'
import { ServerCache } from './server-cache.ts'

const IN_FLIGHT = [1, 8] as const
/** Rows that are written. */
const ROWS = 500
const PLAIN = 'plain'
const FLOOR = 'floor: two empty calls of Valkey'
const BY_HAND = 'by hand: a DEL after it'
/** What the other library does, which takes part in full runs. */
const PEERS: Readonly<Record<string, string>> = {
  Drizzle: "Drizzle's own cache (an adapter of this repository) reads the set of the table's keys.",
  Prisma: 'prisma-extension-redis scans the keys of the server for those of the model.',
}
/** Rounds before anything is timed: a process of an application has made its thousands of writes. */
const WARM_UP = { quick: 10, full: 50 } as const

export type Update = (id: number) => PromiseLike<unknown>

/** What a mark and a finish add to an update of one row by its key. */
export async function benchUpdates(context: Context): Promise<void> {
  const server = await context.server()
  const { url, prefix } = server
  const shop = await context.products()
  // A db of its own for each: one that two caches wrap is a mistake of which Larder warns.
  const db = (cache?: ServerCache): Db => shop.connect({ connections: 8, ...(cache && { cache }) })
  const { prisma } = await context.serverCatalogue()
  const [ttl, write] = ['1h', 'through'] as const
  const memory = createCache({ namespace: `${prefix}-updates` })
  const through = createCache({ namespace: `${prefix}-through` })
  const valkey = createCache({ namespace: `${prefix}-updates`, store: valkeyStore(url) })
  const [client, ofPeers] = [new Redis(url), server.connect()]
  const empty = (await client.script('LOAD', 'return 1')) as string
  const call = (): Promise<unknown> => client.evalsha(empty, 0)
  const remove = (id: number): Promise<unknown> => client.del(`${prefix}-by-hand-${id}`)
  const hosts: Record<string, Record<string, Update>> = {
    Drizzle: {
      [PLAIN]: raise(db()),
      'Larder, memory': raise(drizzleCache(db(), { cache: memory, tables: { '*': { ttl } } })),
      "Larder, memory, write: 'through'": raise(
        drizzleCache(db(), { cache: through, tables: { '*': { ttl, write } } }),
      ),
      [FLOOR]: between(call, raise(db())),
      [BY_HAND]: followed(remove, raise(db())),
      ...(!context.quick && {
        "Drizzle's own cache over Valkey": raise(db(new ServerCache(ofPeers, `${prefix}-own`))),
      }),
      'Larder, Valkey': raise(drizzleCache(db(), { cache: valkey, tables: { '*': { ttl } } })),
    },
    Prisma: {
      [PLAIN]: repair(prisma),
      'Larder, memory': repair(
        prisma.$extends(prismaCache({ cache: memory, datamodel, models: { Strike: { ttl } } })),
      ),
      "Larder, memory, write: 'through'": repair(
        prisma.$extends(prismaCache({ cache: through, datamodel, models: { Strike: { ttl, write } } })),
      ),
      [FLOOR]: between(call, repair(prisma)),
      [BY_HAND]: followed(remove, repair(prisma)),
      ...(!context.quick && {
        'prisma-extension-redis': repair(prisma.$extends(peerExtension(server, ofPeers))),
      }),
      'Larder, Valkey': repair(
        prisma.$extends(prismaCache({ cache: valkey, datamodel, models: { Strike: { ttl } } })),
      ),
    },
  }
  try {
    for (const [host, updates] of Object.entries(hosts))
      for (const inFlight of IN_FLIGHT)
        await measure(context, host, updates, { inFlight, keys: await client.dbsize() })
  } finally {
    client.disconnect()
    ofPeers.disconnect()
    for (const cache of [memory, through, valkey]) await cache.close()
  }
}

async function measure(
  { quick, show }: Context,
  host: string,
  updates: Readonly<Record<string, Update>>,
  { inFlight, keys }: { readonly inFlight: number; readonly keys: number },
): Promise<void> {
  const count = 20 * inFlight
  const cases = Object.entries(updates).map(([name, update]) => {
    let next = 0
    return {
      name,
      async round() {
        let left = count
        const caller = async (): Promise<void> => {
          while (left-- > 0) await update(1 + (next++ % ROWS))
        }
        const began = performance.now()
        await Promise.all(Array.from({ length: inFlight }, caller))
        return ((performance.now() - began) * 1e6) / count
      },
    }
  })
  await takeTurns(cases, quick ? WARM_UP.quick : WARM_UP.full)
  const timed = await takeTurns(cases, quick ? 16 : 80)
  show({
    id: `${host}-${inFlight}`,
    title: `${host} on PostgreSQL: update of one row by its key, ${inFlight} in flight`,
    note: `Time for one update: that of ${count} of them, divided. Larder marks before its statement, and
finishes in the background. The floor does nothing else: it waits for an empty script before its
statement, and sends another one after it. The others invalidate after the statement only, and await
it: a read in between finds the old row. By hand it is one key.${
      quick
        ? ''
        : ` ${PEERS[host]}
The server has ${whole(keys)} keys.`
    }`,
    ...compare(timed, [
      { head: '× plain', name: PLAIN },
      { head: '× floor', name: FLOOR },
    ]),
  })
}

/** One key is removed after the statement, as most do it by hand. */
function followed(remove: (id: number) => Promise<unknown>, update: Update): Update {
  return async (id) => {
    await update(id)
    await remove(id)
  }
}

/** What a mark that is waited for, and a finish that is not, cost if they do nothing. */
function between(call: () => Promise<unknown>, update: Update): Update {
  return async (id) => {
    await call()
    await update(id)
    void call()
  }
}

const higher = { price: sql`${products.price} + 1` }

export function raise(db: Db): Update {
  return (id) => db.update(products).set(higher).where(eq(products.id, id))
}

interface Strikes {
  readonly strike: {
    update(args: { where: { id: number }; data: { costRepair: number } }): PromiseLike<unknown>
  }
}

/** Every update changes something. */
export function repair({ strike }: Strikes): Update {
  let cost = 0
  return (id) => strike.update({ where: { id }, data: { costRepair: ++cost } })
}
