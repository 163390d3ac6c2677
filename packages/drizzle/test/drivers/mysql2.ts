import { randomBytes } from 'node:crypto'
import { mariadbUrl } from '@larder/testing'
import { drizzle } from 'drizzle-orm/mysql2'
import mysql from 'mysql2/promise'
import { MYSQL } from '../contract/ddl.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { schemaMysql } from '../contract/schema-mysql.ts'

/** mysql2 over a pool, on a MariaDB of the tests. */
export const mysql2: Driver = {
  name: 'a pool of mysql2',
  dialect: 'mysql',
  concurrent: true,
  schema: schemaMysql,
  async start() {
    const url = new URL(await mariadbUrl())
    const name = `larder_test_${process.pid}_${randomBytes(4).toString('hex')}`
    const admin = await mysql.createConnection(url.href)
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.query(`USE ${name}`)
    for (const sql of MYSQL) await admin.query(sql)
    url.pathname = name
    const sent: string[] = []
    const pools: mysql.Pool[] = []
    return {
      db() {
        const pool = mysql.createPool({ uri: url.href, connectionLimit: 4, supportBigNumbers: true })
        pools.push(pool)
        return drizzle(listening(pool, sent), {
          schema: schemaMysql,
          // MariaDB has no LATERAL.
          mode: 'planetscale',
        }) as unknown as ContractDb
      },
      sent,
      async stop() {
        await Promise.all(pools.map((pool) => pool.end()))
        await admin.query(`DROP DATABASE ${name}`)
        await admin.end()
      },
    }
  },
}

function listening(pool: mysql.Pool, sent: string[]): mysql.Pool {
  return new Proxy(pool, {
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
