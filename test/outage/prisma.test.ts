import type { Cache } from '@larder/core'
import { type Datamodel, prismaCache } from '@larder/prisma'
import { type OwnClient, ownClient, repeatWhenBusy, sweep } from '@larder/testing'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { afterAll } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import {
  MARIADB_ERRORS,
  type OutageClient,
  type OutageDriver,
  outageCases,
  POSTGRES_ERRORS,
} from '../support/outage-cases.ts'
import { startOutageMariadb, startOutagePostgres } from '../support/outage-servers.ts'

repeatWhenBusy()

// Real servers are killed, stopped, paused and filled. What each driver adapter makes of it is classified.

type Client = OwnClient<typeof PrismaClient, Datamodel>

const schemaFor = (provider: string): string => `datasource db {
  provider = "${provider}"
}
model Setting {
  id    String @id @db.VarChar(40)
  value String @db.VarChar(40)
  @@map("app_setting")
}
`
const postgres: Client = await ownClient('outage-postgres', schemaFor('postgresql'))
const mysql: Client = await ownClient('outage-mysql', schemaFor('mysql'))
afterAll(() => Promise.all([postgres.remove(), mysql.remove()]))

function clientOver(client: Client, adapter: SqlDriverAdapterFactory, cache: Cache): OutageClient {
  const base = new client.PrismaClient({ adapter, errorFormat: 'minimal' })
  const models = { Setting: { ttl: '1h' } } as const
  const db = base.$extends(
    prismaCache({ cache, datamodel: client.datamodel, models }),
  ) as unknown as PrismaClient
  return {
    read: (id) => db.setting.findUnique({ where: { id: String(id) } as never }),
    execute: (text) => base.$executeRawUnsafe(text),
    hold: (body) => base.$transaction(body, { timeout: 60_000 }),
    close: () => base.$disconnect(),
  }
}

const ADAPTER_PG: OutageDriver = {
  name: 'Prisma over adapter-pg',
  start: startOutagePostgres,
  boundsQueries: true,
  timeLimit: ["SET statement_timeout = '50ms'", 'SELECT pg_sleep(5)'],
  ownErrors: POSTGRES_ERRORS,
  connect(url, cache) {
    const config = { connectionString: url, max: 1, connectionTimeoutMillis: 700, query_timeout: 1_500 }
    const quiet = { onPoolError: () => {}, onConnectionError: () => {} }
    return clientOver(postgres, new PrismaPg(config, quiet), cache)
  },
}

const ADAPTER_MARIADB: OutageDriver = {
  name: 'Prisma over adapter-mariadb',
  start: startOutageMariadb,
  boundsQueries: true,
  timeLimit: ['SET max_statement_time = 0.05', 'SELECT SLEEP(5)'],
  ownErrors: MARIADB_ERRORS,
  connect(url, cache) {
    const { hostname: host, port, username: user, pathname } = new URL(url)
    const timeouts = { connectTimeout: 700, acquireTimeout: 1_000, socketTimeout: 1_500 }
    const config = {
      host,
      port: Number(port),
      user,
      database: pathname.slice(1),
      connectionLimit: 1,
      ...timeouts,
    }
    return clientOver(mysql, new PrismaMariaDb(config), cache)
  },
}

// The others take as long, and differ in little.
for (const driver of sweep([ADAPTER_PG, ADAPTER_MARIADB], 1)) outageCases(driver)
