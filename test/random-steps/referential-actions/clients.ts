import { randomBytes } from 'node:crypto'
import { type Cache, createCache } from '@larder/core'
import type { Store } from '@larder/core/store'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { createDatabase, mariadbUrl, type OwnClient, ownClient, postgresUrl } from '@larder/testing'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import mysql from 'mysql2/promise'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/client/client.ts'
import { type Carried, prismaSchema, rows, tables } from './schema.ts'

/** How a test breaks the cache. */
export interface Broken {
  readonly store?: Store
  readonly datamodel?: (whole: Datamodel) => Datamodel
}

/** Two clients of one database, one of them cached. */
export interface ActionClients {
  readonly plain: PrismaClient
  readonly under: PrismaClient
  readonly cache: Cache
  /** Tables that operations wrote without having announced it: invalidated all the same, and a mistake of the planner. */
  readonly unannounced: readonly string[]
  stop(): Promise<void>
}

interface Server {
  /** How text is compared, where Larder must be told. */
  readonly text: { readonly collation?: string }
  adapter(): PrismaPg | PrismaMariaDb
  drop(): Promise<unknown>
}

type Generated = OwnClient<typeof PrismaClient, Datamodel>
const generated = new Map<Carried, Promise<Generated>>()

/** Generated once per schema: that takes longer than a short walk. */
function generate(carried: Carried): Promise<Generated> {
  const name = `actions-${randomBytes(4).toString('hex')}`
  const client =
    generated.get(carried) ?? ownClient<typeof PrismaClient, Datamodel>(name, prismaSchema(carried))
  generated.set(carried, client)
  return client
}

/** Removes what was generated for all clients of this process. */
export async function removeGenerated(): Promise<void> {
  const clients = await Promise.all(generated.values())
  generated.clear()
  await Promise.all(clients.map((client) => client.remove()))
}

export async function startClients(carried: Carried, broken: Broken = {}): Promise<ActionClients> {
  const statements = [...tables(carried), ...rows(carried)]
  const server = await (carried === 'client on MariaDB' ? onMariadb(statements) : onPostgres(statements))
  const { PrismaClient, datamodel: whole } = await generate(carried)
  const client = () => new PrismaClient({ adapter: server.adapter(), errorFormat: 'minimal' })
  const [plain, base] = [client(), client()]
  const cache = createCache(broken.store && { store: broken.store })
  const unannounced: string[] = []
  cache.on('warning', ({ code, message }) => code === 'unannounced-write' && unannounced.push(message))
  const datamodel = broken.datamodel?.(whole) ?? whole
  const under = base.$extends(
    prismaCache({ cache, datamodel, ...server.text, models: { '*': { ttl: '1h' } } }),
  )
  return {
    plain,
    under: under as unknown as PrismaClient,
    cache,
    unannounced,
    async stop() {
      await cache.close()
      await Promise.all([plain.$disconnect(), base.$disconnect()])
      await server.drop()
    },
  }
}

async function onPostgres(statements: readonly string[]): Promise<Server> {
  const { url, drop } = await createDatabase(await postgresUrl())
  const connection = new pg.Client({ connectionString: url })
  await connection.connect()
  for (const sql of statements) await connection.query(sql)
  await connection.end()
  return { text: {}, adapter: () => new PrismaPg({ connectionString: url, max: 4 }), drop }
}

async function onMariadb(statements: readonly string[]): Promise<Server> {
  const { hostname: host, port, username: user, password } = new URL(await mariadbUrl())
  const server = { host, port: Number(port), user, password }
  const database = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const connection = await mysql.createConnection(server)
  const collation = 'utf8mb4_general_ci'
  const before = [
    `CREATE DATABASE ${database} COLLATE ${collation}`,
    `USE ${database}`,
    `SET sql_mode = 'ANSI_QUOTES'`,
  ]
  for (const sql of [...before, ...statements]) await connection.query(sql)
  return {
    text: { collation },
    adapter: () => new PrismaMariaDb({ ...server, database, connectionLimit: 4 }),
    async drop() {
      await connection.query(`DROP DATABASE ${database}`)
      await connection.end()
    },
  }
}
