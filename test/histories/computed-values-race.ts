import type { Cache } from '@larder/core'
import { eq, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { createRandom, type Random } from '../support/random.ts'
import { writeOnce } from './prisma-operations.ts'
import { type Checker, createChecker, type ObservedRow, PLAYERS, ROWS } from './version-checker.ts'

const stock = pgTable('inventory_stock', {
  id: integer().primaryKey(),
  sku: text().notNull().unique(),
  warehouse: text().notNull(),
  version: integer().notNull(),
})
const scores = pgTable('league_score_archive', {
  id: bigint({ mode: 'bigint' }).primaryKey(),
  playerId: integer('player_id').notNull(),
  points: integer().notNull(),
})
export const schema = { stock, scores }

/** One process: a cache, and a client of each ORM. */
export interface Member {
  readonly cache: Cache
  readonly prisma: PrismaClient
  readonly db: NodePgDatabase<typeof schema>
}

interface Race {
  readonly members: readonly Member[]
  readonly workers: number
  readonly operations: number
  readonly seed: number
}

interface Worker extends Member {
  readonly name: string
  readonly random: Random
  readonly checker: Checker
}

/** Share of operations that write. */
const WRITES = 0.08
const options = { ttl: '1h', cacheEmpty: false } as const

/** Lets workers ask for computed values, and write what these read, at random until all have done their share. */
export async function race({ members, workers, operations, seed }: Race): Promise<Checker> {
  const checker = createChecker()
  const each = Math.ceil(operations / workers)
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const member = members[index % members.length]
      if (!member) throw new Error('no member')
      const random = createRandom(seed * 1_000 + index)
      const worker: Worker = { ...member, name: `worker ${index}`, random, checker }
      for (let done = 0; done < each; done++) {
        if (!random.chance(WRITES)) await askOnce(worker)
        else if (random.chance(0.7)) await writeOnce({ ...worker, client: worker.prisma }, checker)
        else await writeByDrizzle(worker)
      }
    }),
  )
  return checker
}

async function writeByDrizzle({ db, random, checker }: Worker): Promise<void> {
  const id = random.int(1, ROWS)
  const rows = await db
    .update(stock)
    .set({ version: sql`${stock.version} + 1` })
    .where(eq(stock.id, id))
    .returning()
  for (const row of rows) checker.wrote(row)
}

function askOnce(worker: Worker): Promise<void> {
  worker.checker.count()
  return worker.random.chance(0.3) ? askPair(worker) : askRows(worker)
}

/** Three rows: by Prisma, by Drizzle, and one of a computed value inside. */
async function askRows({ cache, prisma, db, random, checker, name }: Worker): Promise<void> {
  const floors = checker.floors()
  const id = random.int(1, ROWS)
  const [second, third] = [(id % ROWS) + 1, ((id + 1) % ROWS) + 1]
  const inner = () =>
    cache.wrap(['row', third], options, () => prisma.stock.findMany({ where: { sku: `s${third}` } }))
  const rows = await cache.wrap(['rows', id], options, async (): Promise<readonly ObservedRow[]> => {
    const [firstRow, secondRow, third] = await Promise.all([
      prisma.stock.findUniqueOrThrow({ where: { id } }),
      db
        .select()
        .from(stock)
        .where(eq(stock.sku, `s${second}`)),
      inner(),
    ])
    return [firstRow, ...secondRow, ...third].map(({ id, version, warehouse }) => ({
      id,
      version,
      warehouse,
    }))
  })
  for (const row of rows) checker.saw(name, 'rows', row, floors.get(row.id) ?? 0)
  if (rows.length !== 3) checker.saw(name, 'rows', { id, version: -1, warehouse: 'nowhere' }, 0)
}

/** A player and the score change together: two statements may see them apart, a hit may not. */
async function askPair({ cache, prisma, db, random, checker, name }: Worker): Promise<void> {
  const floors = checker.floors()
  const id = random.int(1, PLAYERS)
  const { result, reads } = await cache.explain(() =>
    cache.wrap(['pair', id], options, async () => {
      const { best, handle } = await prisma.player.findUniqueOrThrow({ where: { id } })
      const archive = await db.select().from(scores).where(eq(scores.playerId, id))
      return { best, handle, points: archive.map(({ points }) => points) }
    }),
  )
  const row = { id: 100 + id, version: result.best, warehouse: result.handle }
  checker.saw(name, 'pair', row, floors.get(row.id) ?? 0)
  const report = reads.find(({ operation }) => operation === 'wrap')
  const torn = result.points.some((points) => points !== result.best)
  if (torn && report?.source !== 'database') checker.saw(name, 'torn hit', { ...row, version: -1 }, 0)
}
