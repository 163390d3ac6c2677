import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type CacheOptions, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { prismaCache } from '@larder/prisma'
import { createDatabase, migrate, startPostgres, startValkey } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { PrismaPg } from '@prisma/adapter-pg'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { PrismaClient } from '../prisma/generated/client/client.ts'
import { datamodel } from '../prisma/generated/larder.ts'
import { type Coverage, countCalls, type Entered } from './walk/count-calls.ts'

// How many files and functions of the built packages one warm hit and one write enter. A number a reader feels: whoever
// follows a hit through the source opens that many files. `-- --files` lists them, `-- --check` fails where there are
// more than `BOUNDS` allows.

interface Host {
  read(): PromiseLike<unknown>
  write(): PromiseLike<unknown>
  close(): Promise<void>
}
type Open = (url: string, options: CacheOptions) => Host

const stock = pgTable('inventory_stock', {
  id: integer().primaryKey(),
  sku: text().notNull(),
  warehouse: text().notNull(),
  quantity: integer().notNull(),
})
const ID = 1
const lifetime = { ttl: '1h' } as const

const openDrizzle: Open = (url, options) => {
  const pool = new pg.Pool({ connectionString: url })
  const cache = createCache(options)
  const db = drizzleCache(drizzle(pool, { schema: { stock } }), { cache, tables: { stock: lifetime } })
  return {
    read: () => db.select().from(stock).where(eq(stock.id, ID)),
    write: () => db.update(stock).set({ quantity: 1 }).where(eq(stock.id, ID)),
    async close() {
      await cache.close()
      await pool.end()
    },
  }
}

const openPrisma: Open = (url, options) => {
  const base = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  const cache = createCache(options)
  const client = base.$extends(prismaCache({ cache, datamodel, models: { Stock: lifetime } }))
  return {
    read: () => client.stock.findUnique({ where: { id: ID } }),
    write: () => client.stock.update({ where: { id: ID }, data: { quantity: 1 } }),
    async close() {
      await cache.close()
      await base.$disconnect()
    },
  }
}

/** Most files that may be entered. Join what belongs together, or do once what is done every time, before you raise one. */
const BOUNDS: Readonly<Record<string, number>> = {
  'Drizzle hit, memory': 25,
  'Drizzle hit, Valkey, validate': 38,
  'Drizzle write, memory': 32,
  'Drizzle write, Valkey, validate': 32,
  'Prisma hit, memory': 25,
  'Prisma hit, Valkey, validate': 38,
  'Prisma write, memory': 38,
  'Prisma write, Valkey, validate': 44,
}

const hosts: Readonly<Record<string, Open>> = { Drizzle: openDrizzle, Prisma: openPrisma }
/** Enough for lazy modules to be loaded, for a tag's state to be known and for the memory tier to be warm. */
const WARM = 5
const TIMES = 7
/** Milliseconds. */
const PAUSE = 30
const { files: listed, check } = parseArgs({
  options: { files: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
}).values

const [database, valkey] = await Promise.all([startPostgres(), startValkey()])
const { url, drop } = await createDatabase(database.url)
try {
  await fill()
  console.log('Files and functions of packages/*/dist that one call enters, once warm:\n')
  for (const [name, open] of Object.entries(hosts)) await walk(name, open)
} finally {
  await drop()
  await Promise.all([database.stop(), valkey.stop()])
}

async function fill(): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  await migrate((statement) => pool.query(statement))
  await pool.query(
    `INSERT INTO inventory_stock (id, sku, warehouse, updated_at) VALUES (${ID}, 's', 'w', now())`,
  )
  await pool.end()
}

async function walk(name: string, open: Open): Promise<void> {
  const stores: Readonly<Record<string, () => CacheOptions>> = {
    memory: () => ({ namespace: `walk-${process.pid}-${name}` }),
    'Valkey, validate': () => ({
      namespace: `walk-${process.pid}-${name}`,
      store: valkeyStore(valkey.url),
      memory: { mode: 'validate' },
    }),
  }
  for (const [store, options] of Object.entries(stores)) {
    const host = open(url, options())
    try {
      for (let time = 0; time < WARM; time++) {
        await host.write()
        await host.read()
        await host.read()
      }
      show(`${name} hit, ${store}`, await leanest(async () => await host.read()))
      show(`${name} write, ${store}`, await leanest(async () => await host.write()))
    } finally {
      await host.close()
    }
  }
}

/** Of several calls the one with the fewest files: heartbeats and finishes of earlier writes run in between. */
async function leanest(action: () => Promise<unknown>): Promise<Coverage> {
  const all: Coverage[] = []
  for (let time = 0; time < TIMES; time++) {
    await wait(PAUSE)
    all.push(await countCalls(action))
  }
  return all.reduce((best, one) => (one.files.length < best.files.length ? one : best))
}

function show(title: string, { files, functions, calls }: Coverage): void {
  const bound = BOUNDS[title] ?? 0
  const exceeded = check && files.length > bound
  if (exceeded) process.exitCode = 1
  console.log(
    `${title.padEnd(32)}${String(files.length).padStart(4)} files ${String(functions).padStart(4)} functions ${String(calls).padStart(4)} calls${exceeded ? `  FAILED: at most ${bound} files` : ''}`,
  )
  if (listed || exceeded) for (const file of files) console.log(`    ${describe(file)}`)
}

function describe({ path, functions }: Entered): string {
  return `${path}: ${functions.map(({ name, calls }) => (calls > 1 ? `${name} × ${calls}` : name)).join(', ')}`
}
