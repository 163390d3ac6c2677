import { randomBytes } from 'node:crypto'
import { mariadbUrl } from '@larder/testing'
import { drizzle } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { MYSQL } from '../contract/ddl.ts'
import type { ContractDb, Driver, DriverDatabase } from '../contract/driver.ts'
import { schemaMysql } from '../contract/schema-mysql.ts'

/** mysql2 over a pool, on the tests' MariaDB. */
export const mysql2: Driver = mysql2By(
  (client) =>
    // MariaDB has no LATERAL.
    drizzle(client, { schema: schemaMysql, mode: 'planetscale' }) as unknown as ContractDb,
)

/** The same with the db of another version of Drizzle. */
export function mysql2By(connectDb: (client: mysql.Pool) => ContractDb): Driver {
  return {
    name: 'a pool of mysql2',
    dialect: 'mysql',
    concurrent: true,
    schema: schemaMysql,
    start: () =>
      started(
        (url) => mysql.createPool({ uri: url, connectionLimit: 4, supportBigNumbers: true }),
        connectDb,
      ),
  }
}

/** mysql2 over one connection that all transactions share. */
export const mysql2Connection: Driver = {
  name: 'a single connection of mysql2',
  dialect: 'mysql',
  concurrent: false,
  hasRivals: true,
  schema: schemaMysql,
  start: () =>
    started(
      (url) => mysql.createConnection({ uri: url, supportBigNumbers: true }),
      (client) => drizzle(client, { schema: schemaMysql, mode: 'planetscale' }) as unknown as ContractDb,
    ),
}

type Client = mysql.Pool | mysql.Connection

/** A separate database. `connect` creates each of its clients. */
async function started(
  connect: (url: string) => Client | Promise<Client>,
  connectDb: (client: mysql.Pool) => ContractDb,
): Promise<DriverDatabase> {
  const url = new URL(await mariadbUrl())
  const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const admin = await mysql.createConnection(url.href)
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.query(`USE ${name}`)
  for (const sql of MYSQL) await admin.query(sql)
  url.pathname = name
  const sent: string[] = []
  const clients: Client[] = []
  return {
    async db() {
      const client = await connect(url.href)
      clients.push(client)
      return connectDb(listening(client, sent) as mysql.Pool)
    },
    sent,
    async stop() {
      await Promise.all(clients.map((client) => client.end()))
      await admin.query(`DROP DATABASE ${name}`)
      await admin.end()
    },
  }
}

function listening(client: Client, sent: string[]): Client {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]) => {
        const [first] = parameters
        if (property === 'query')
          sent.push(typeof first === 'string' ? first : String((first as { sql?: unknown }).sql))
        return value.apply(target, parameters)
      }
    },
  })
}
