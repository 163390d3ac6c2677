import { createCache, msgpackCodec } from '@larder/core'
import { prismaCache } from '@larder/prisma'
import { valkeyStore } from '@larder/valkey'
import type { Redis } from 'iovalkey'
import { PrismaExtensionRedis } from 'prisma-extension-redis'
import { Prisma } from '../../prisma/generated/client/client.ts'
import { datamodel } from '../../prisma/generated/larder.ts'
import type { Catalogue } from '../catalogue.ts'
import { compare } from '../compare.ts'
import type { Context } from '../context.ts'
import { interleave } from '../rounds.ts'
import type { Server } from '../valkey/server.ts'
import { benchManyHits } from './many-hits.ts'

/** Any report. */
const where = { id: 4711 }
const FLOOR = 'floor: an extension that GETs, decodes'
const FLOOR_OF_MANY = 'floor: an extension that answers immediately'
const PLAIN = 'plain Prisma'
/** Seconds. */
const LIFETIME = 600

/** What each client must be able to do. */
export interface StrikeReader {
  readonly strike: { findFirst(args: { where: { id: number } }): PromiseLike<unknown> }
}

export interface Client {
  readonly client: StrikeReader
  close(): Promise<void>
}

/** Prisma behind Larder on the server, in its default mode. */
export async function larderClient({ prisma }: Catalogue, { url, prefix }: Server): Promise<Client> {
  const store = valkeyStore(url)
  const cache = createCache({ store, namespace: `${prefix}-prisma` })
  await store.ping()
  const client = prisma.$extends(prismaCache({ cache, datamodel, models: { Strike: { ttl: '10m' } } }))
  return { client, close: () => cache.close() }
}

/** Settings as its guide has them; texts, because JSON needs a module of the server. */
export function peerExtension(
  { prefix }: Server,
  client: Redis,
): ReturnType<typeof PrismaExtensionRedis<Redis>> {
  const auto = { invalidateOnWrite: true, ttl: LIFETIME, stale: 0 }
  return PrismaExtensionRedis({
    config: { ttl: LIFETIME, stale: 0, type: 'STRING', cacheKey: { prefix }, auto },
    client,
  })
}

/** Prisma behind prisma-extension-redis. */
export function peerClient({ prisma }: Catalogue, server: Server): Client {
  const redis = server.connect()
  const client = prisma.$extends(peerExtension(server, redis))
  return { client, close: async () => redis.disconnect() }
}

export interface StrikeWriter {
  readonly strike: {
    update(args: { where: { id: number }; data: { costRepair: number } }): PromiseLike<unknown>
  }
}

/** prisma-extension-redis on a database of the server, over a Prisma whose every query is answered at once. */
export function silentPeer({ prisma }: Catalogue, server: Server, database: number): StrikeWriter {
  // What is put on last is asked last.
  return prisma
    .$extends(peerExtension(server, server.connect(database)))
    .$extends({ query: { $allOperations: async () => ({ id: where.id }) } })
}

/** A hit through Prisma, one at a time. */
export async function benchPrismaHits(context: Context): Promise<void> {
  const server = await context.server()
  const catalogue = await context.serverCatalogue()
  const { prisma } = catalogue
  const [larder, peer] = [await larderClient(catalogue, server), peerClient(catalogue, server)]
  const least = await leastClient(catalogue, server)
  const answering = await answeringClient(catalogue)
  const read = (client: StrikeReader) => async () => await client.strike.findFirst({ where })
  try {
    const kept = [
      { name: FLOOR, run: read(least.client) },
      { name: 'Larder: hit', run: read(larder.client) },
      { name: 'prisma-extension-redis: hit', run: read(peer.client) },
    ]
    for (const { run } of kept) await untilKept(run, catalogue)
    const timed = await interleave([{ name: PLAIN, run: read(prisma) }, ...kept], context.remoteBudget)
    context.show({
      id: 'one-at-a-time',
      title: 'Prisma on PostgreSQL and Valkey: a hit of findFirst, one at a time',
      note: 'The floor is an extension that answers with what one GET brought, decoded.',
      ...compare(timed, [{ head: '× floor', name: FLOOR }]),
    })
    const byId =
      ({ strike }: StrikeReader) =>
      async (id: number) =>
        await strike.findFirst({ where: { id } })
    await benchManyHits(
      context,
      'Prisma',
      [
        { name: PLAIN, read: byId(prisma) },
        { name: FLOOR_OF_MANY, read: byId(answering.client) },
        { name: 'Larder', read: byId(larder.client) },
        { name: 'prisma-extension-redis', read: byId(peer.client) },
      ],
      [
        { head: '× floor', name: FLOOR_OF_MANY },
        { head: '× plain', name: PLAIN },
      ],
    )
  } finally {
    for (const { close } of [larder, peer, least]) await close()
  }
}

/** What Prisma itself leaves to any cache. */
export async function answeringClient({ prisma }: Catalogue): Promise<Client> {
  const row = await prisma.strike.findFirst({ where: { id: 1 } })
  const client = prisma.$extends({ query: { $allOperations: async () => row } })
  return { client, close: async () => {} }
}

/** The least a cache on a server can do behind Prisma. */
async function leastClient({ prisma }: Catalogue, { connect, prefix }: Server): Promise<Client> {
  const direct = connect()
  const codec = msgpackCodec().bind({
    decimal: { is: Prisma.Decimal.isDecimal, text: String, make: (text) => new Prisma.Decimal(text) },
  })
  const key = `${prefix}:strike`
  const row = await prisma.strike.findFirst({ where })
  await direct.set(key, Buffer.from(codec.encode(row)), 'EX', LIFETIME)
  const client = prisma.$extends({
    query: {
      async $allOperations() {
        const bytes = await direct.getBuffer(key)
        return bytes && codec.decode(bytes)
      },
    },
  })
  return { client, close: async () => direct.disconnect() }
}

/** Reads until a read sends no SQL: what was loaded is stored in the background. */
async function untilKept(run: () => Promise<unknown>, { statements }: Catalogue): Promise<void> {
  for (let time = 0; time < 1_000; time++) {
    const before = statements()
    await run()
    if (statements() === before) return
  }
  throw new Error('What was read a thousand times is still not kept')
}
