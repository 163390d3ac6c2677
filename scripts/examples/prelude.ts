// What an example of the documentation may use without saying where it comes from. A name the example declares itself
// hides the one of here. Only the types count: nothing of this is run.
import type { AsyncLocalStorage } from 'node:async_hooks'
import type * as Core from '@larder/core'
import type * as LarderDrizzle from '@larder/drizzle'
import type * as LarderPrisma from '@larder/prisma'
import type * as LarderValkey from '@larder/valkey'
import type { PrismaPg as PgAdapter } from '@prisma/adapter-pg'
import type * as Orm from 'drizzle-orm'
import type { drizzle as drizzleOnPg, NodePgDatabase } from 'drizzle-orm/node-postgres'
import type * as Iovalkey from 'iovalkey'
import type pg from 'pg'
import type { PrismaClient as Client, Prisma as Namespace } from './generated/client/client.ts'
import type { datamodel as generated } from './generated/larder.ts'
import type * as Tables from './tables.ts'

const extension = (null as unknown as typeof LarderPrisma).prismaCache({
  cache: null as unknown as Core.Cache,
  datamodel: null as unknown as typeof generated,
  models: {},
})
const extended = (null as unknown as Client).$extends(extension)
type Extended = typeof extended

declare global {
  const createCache: typeof Core.createCache
  const memoryStore: typeof Core.memoryStore
  const valkeyStore: typeof LarderValkey.valkeyStore
  const cache: Core.Cache
  const store: LarderValkey.ValkeyStore
  const url: string
  const client: Iovalkey.Redis
  const Redis: typeof Iovalkey.Redis
  const Cluster: typeof Iovalkey.Cluster

  const prismaCache: typeof LarderPrisma.prismaCache
  const larderAdapter: typeof LarderPrisma.larderAdapter
  const PrismaClient: typeof Client
  const Prisma: typeof Namespace
  const PrismaPg: typeof PgAdapter
  const adapter: PgAdapter
  const datamodel: typeof generated
  const models: Parameters<typeof LarderPrisma.prismaCache>[0]['models']
  const prisma: Extended
  const tx: Parameters<Parameters<Extended['$transaction']>[0]>[0]

  const drizzleCache: typeof LarderDrizzle.drizzleCache
  const cached: typeof LarderDrizzle.cached
  const cacheOf: typeof LarderDrizzle.cacheOf
  const drizzle: typeof drizzleOnPg
  const pool: pg.Pool
  const Pool: typeof pg.Pool
  const schema: typeof Tables
  const db: NodePgDatabase<typeof Tables>
  const products: typeof Tables.products
  const counterBatches: typeof Tables.counterBatches
  const categories: typeof Tables.categories
  const stock: typeof Tables.stock
  const orders: typeof Tables.orders
  const users: typeof Tables.users
  const posts: typeof Tables.posts
  const eq: typeof Orm.eq
  const and: typeof Orm.and
  const inArray: typeof Orm.inArray
  const sql: typeof Orm.sql

  const tables: Parameters<typeof LarderDrizzle.drizzleCache>[1]['tables']

  const connectionString: string
  const host: string
  const username: string
  const ca: string
  function token(): Promise<string>
  const id: number
  const sku: string
  const locale: string
  const tenants: AsyncLocalStorage<{ readonly id: string }>
  function loadPage(...parts: readonly unknown[]): Promise<unknown>
  function render(...parts: readonly unknown[]): Promise<string>
}
