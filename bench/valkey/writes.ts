import type { Redis } from 'iovalkey'
import type { Catalogue } from '../catalogue.ts'
import { compare } from '../compare.ts'
import { type Context, Unavailable } from '../context.ts'
import { ITEM } from '../item-host.ts'
import { silentPeer } from '../orm/prisma-hits.ts'
import { type Case, interleave, takeTurns } from '../rounds.ts'
import { whole } from '../units.ts'
import { openCache } from './caches.ts'
import type { Server } from './server.ts'
import { openShop } from './shop.ts'

const SIZES = [1_000, 10_000, 100_000, 1_000_000]
const PEER_ROUNDS = 10
/** Keys made by one script. */
const BATCH = 10_000
const FILL = `
for i = ARGV[1], ARGV[2] do redis.call('SET', KEYS[1] .. i, 'somebody else\\'s', 'EX', 3600) end`

/** One database of the server for each number of other keys, so that writes to all of them can take turns. */
interface KeyDatabase {
  readonly keys: number
  readonly database: number
}

/** A write and its invalidation among more and more keys that have nothing to do with it. */
export async function benchWrites(context: Context): Promise<void> {
  const server = await context.server()
  const sizes = context.quick ? SIZES.slice(0, -1) : SIZES
  const rooms = sizes.map((keys, index): KeyDatabase => ({ keys, database: index + 1 }))
  const clients = rooms.map(({ database }) => server.connect(database))
  const taken = await Promise.all(clients.map((client) => client.dbsize()))
  if (taken.some((keys) => keys > 0)) {
    throw new Unavailable(`the server's databases 1 to ${rooms.length} are not empty`)
  }
  try {
    for (const [index, { keys }] of rooms.entries()) await fill(clients[index], keys)
    await larderWrites(server, rooms, context)
    await peerWrites(await context.serverCatalogue(), server, rooms, context)
  } finally {
    // They were empty before.
    for (const client of clients) await client.flushdb('ASYNC')
  }
}

const nameOf = (who: string, { keys }: KeyDatabase): string => `${who}: ${whole(keys)} other keys`

async function fill(client: Redis | undefined, keys: number): Promise<void> {
  for (let from = 1; from <= keys; from += BATCH)
    await client?.eval(FILL, 1, 'other:', from, Math.min(keys, from + BATCH - 1))
}

async function larderWrites(
  server: Server,
  rooms: readonly KeyDatabase[],
  { remoteBudget, show }: Context,
): Promise<void> {
  const caches = await Promise.all(
    rooms.map(({ database }) =>
      openCache({ url: server.at(database), namespace: server.prefix, mode: 'off', finish: 'await' }),
    ),
  )
  try {
    const cases: Case[] = []
    for (const [index, room] of rooms.entries()) {
      const cache = caches[index]
      if (!cache) continue
      const shop = openShop(cache, async () => ITEM)
      await shop.warm(() => shop.readItem(ITEM.id))
      cases.push({ name: nameOf('Larder', room), run: () => shop.writeItem(ITEM.id) })
    }
    const timed = await interleave(cases, remoteBudget)
    const [first] = timed
    if (!first) return
    show({
      id: 'larder',
      title: 'Store: a write that does nothing, with its mark and its finish',
      note: 'Among other keys, each number of them in a database of its own on the server.',
      ...compare(timed, [{ head: '× first', name: first.name }]),
    })
  } finally {
    for (const cache of caches) await cache.close()
  }
}

/** prisma-extension-redis over a database that answers immediately: what is left is its invalidation. */
async function peerWrites(
  catalogue: Catalogue,
  server: Server,
  rooms: readonly KeyDatabase[],
  { show }: Context,
): Promise<void> {
  const timed = await takeTurns(
    rooms.map((room) => {
      const client = silentPeer(catalogue, server, room.database)
      const data = { costRepair: 1 }
      return {
        name: nameOf('prisma-extension-redis', room),
        async round() {
          const began = performance.now()
          await client.strike.update({ where: { id: 4711 }, data })
          return (performance.now() - began) * 1e6
        },
      }
    }),
    PEER_ROUNDS,
  )
  const [first] = timed
  if (!first) return
  show({
    id: 'peer',
    title: `The same through prisma-extension-redis, ${PEER_ROUNDS} writes to each`,
    note: `It lists all keys of the server to find its own. prisma-extension-cache-manager
asks for Prisma 6 and is left out.`,
    ...compare(timed, [{ head: '× first', name: first.name }]),
  })
}
