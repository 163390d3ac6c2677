import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { createDatabase, type Database, postgresUrl } from '@larder/testing'
import { eq } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text, withReplicas } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

// withReplicas() over the wrapped primary. Nothing is replicated to the replica, so the rows show which of the two
// databases they came from.

const items = pgTable('item', { id: integer().primaryKey(), name: text().notNull() })
const schema = { items }
type Db = NodePgDatabase<typeof schema>

const databases: Database[] = []
const pools: pg.Pool[] = []

async function connect(): Promise<Db> {
  const database = await createDatabase(await postgresUrl())
  databases.push(database)
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  pool.on('error', () => {})
  pools.push(pool)
  await pool.query('CREATE TABLE item (id integer PRIMARY KEY, name text NOT NULL)')
  return drizzle(pool, { schema })
}

const replicated = (primary: Db, replica: Db) => withReplicas(primary, [replica])

let base: Db
let replica: Db
let cache: Cache
let primary: Db
let db: ReturnType<typeof replicated>
beforeAll(async () => {
  base = await connect()
  replica = await connect()
})
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await Promise.all(databases.map(({ drop }) => drop()))
})
beforeEach(async () => {
  for (const [on, name] of [
    [base, 'primary'],
    [replica, 'replica'],
  ] as const) {
    await on.delete(items)
    await on.insert(items).values({ id: 1, name })
  }
  cache = createCache()
  primary = drizzleCache(base, { cache, tables: { items: { ttl: '1h' } } })
  db = replicated(primary, replica)
})

const itemOne = (on: Db) => on.select().from(items).where(eq(items.id, 1))
const READS: Readonly<Record<string, (on: Db) => PromiseLike<unknown>>> = {
  select: itemOne,
  selectDistinct: (on) => on.selectDistinct().from(items),
  'db.query': (on) => on.query.items.findMany(),
  $count: (on) => on.$count(items),
  'a CTE': (on) => {
    const cte = on.$with('cte').as(on.select().from(items))
    return on.with(cte).select().from(cte)
  },
}

it.each(Object.entries(READS))('%s goes to the replica each time without the cache', async (_, read) => {
  await read(db)
  await replica.insert(items).values({ id: 2, name: 'behind' })
  const { result, reads } = await cache.explain(async () => await read(db))
  expect(result).toStrictEqual(await read(replica))
  expect(reads).toStrictEqual([])
})

it.each(Object.entries(READS))(
  '%s on $primary is cached, and a write through the db invalidates it',
  async (_, read) => {
    const sourceOf = async () => (await cache.explain(async () => await read(db.$primary))).reads[0]?.source
    await read(db.$primary)
    expect(await sourceOf()).toBe('memory')
    await db.delete(items)
    expect(await sourceOf()).toBe('database')
    expect(await read(db.$primary)).toStrictEqual(await read(base))
  },
)

it.each<readonly [string, () => PromiseLike<unknown>]>([
  ['an update', () => db.update(items).set({ name: 'new' }).where(eq(items.id, 1))],
  ['a delete', () => db.delete(items).where(eq(items.id, 1))],
  ['raw SQL', () => db.execute(`update item set name = 'new'`)],
  [
    'a transaction',
    () =>
      db.transaction(async (tx) => void (await tx.update(items).set({ name: 'new' }).where(eq(items.id, 1)))),
  ],
])('%s goes to the primary and invalidates its cached reads', async (_, write) => {
  await itemOne(db.$primary)
  await write()
  expect(await itemOne(db.$primary)).toStrictEqual(await itemOne(base))
  expect(await itemOne(base)).not.toMatchObject([{ name: 'primary' }])
  expect(await itemOne(replica)).toMatchObject([{ name: 'replica' }])
})

it('a transaction reads the primary and bypasses the cache', async () => {
  await itemOne(db.$primary)
  const { result, reads } = await cache.explain(() =>
    db.transaction(async (tx) => await itemOne(tx as never)),
  )
  expect(result).toMatchObject([{ name: 'primary' }])
  expect(reads).toMatchObject([{ source: 'database', reason: 'transaction' }])
})

it('the $cache of the db equals that of the primary', async () => {
  await itemOne(db.$primary)
  await base.update(items).set({ name: 'elsewhere' })
  await db.$cache.invalidate({ tables: items })
  expect(await itemOne(db.$primary)).toMatchObject([{ name: 'elsewhere' }])
})
