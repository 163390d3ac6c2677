import type { Cache } from '@larder/core'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import type { TestDatabase } from '../support/databases.ts'
import { createRandom } from '../support/random.ts'
import { readOnce, type Worker, writeOnce } from './prisma-operations.ts'
import { type Checker, createChecker, PLAYERS, ROWS } from './version-checker.ts'

export async function seedRace(database: TestDatabase): Promise<void> {
  const { client } = database.client()
  const rows = Array.from({ length: ROWS }, (_, index) => index + 1)
  await client.stock.createMany({
    data: rows.map((id) => ({ id, sku: `s${id}`, warehouse: 'w1', version: 1 })),
  })
  await client.order.create({ data: { id: 1, customer: 'o' } })
  await client.orderLine.createMany({
    data: rows.map((id) => ({ id, orderId: 1, sku: `s${id}`, quantity: 1, price: 1 })),
  })
  const players = Array.from({ length: PLAYERS }, (_, index) => index + 1)
  await client.player.createMany({
    data: players.map((id) => ({ id, handle: `h${id}`, region: 'r', best: 1 })),
  })
  await client.score.createMany({ data: players.map((playerId) => ({ playerId, points: 1 })) })
}

interface Race {
  /** One for all clients, or one for each. */
  readonly cache: Cache | readonly Cache[]
  readonly clients: readonly PrismaClient[]
  readonly workers: number
  readonly operations: number
  readonly seed: number
  /** Share of operations that write. */
  readonly writes?: number
  /** Of all who take part, where there are others. */
  readonly checker?: Checker
}

/** Share of operations that write. */
const WRITES = 0.08

/** Lets workers read and write at random until all have done their share. */
export async function race({
  cache,
  clients,
  workers,
  operations,
  seed,
  writes = WRITES,
  checker = createChecker(),
}: Race): Promise<Checker> {
  const each = Math.ceil(operations / workers)
  const caches = [cache].flat()
  // Where the rows are at first explains why a list does not show them. A transaction bypasses the cache.
  for (const row of (await clients[0]?.$transaction((tx) => tx.stock.findMany())) ?? []) checker.wrote(row)
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const client = clients[index % clients.length]
      const workerCache = caches[index % caches.length]
      if (!client || !workerCache) throw new Error('no client')
      const random = createRandom(seed * 1_000 + index)
      const worker: Worker = { name: `worker ${index}`, client, cache: workerCache, random }
      for (let done = 0; done < each; done++) {
        if (random.chance(writes)) await writeOnce(worker, checker)
        else await readOnce(worker, checker)
      }
    }),
  )
  checker.settle()
  return checker
}
