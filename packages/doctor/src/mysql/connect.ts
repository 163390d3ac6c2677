import { type Connection, driver, PATIENCE, unreachable } from '../connection.ts'
import { Mistake } from '../mistake.ts'
import type { Row } from '../query.ts'
import { readMysql } from './read-catalogue.ts'

/** Connects to a MySQL or MariaDB. @throws Mistake saying why it cannot. */
export async function connectMysql(url: string): Promise<Connection> {
  const { createConnection } = await driver('mysql2', () => import('mysql2/promise'))
  try {
    const uri = url.replace(/^\w+:/, 'mysql:')
    if (!/^\/./.test(new URL(uri).pathname))
      throw new Mistake('the URL of the database names no database: mysql://user:password@host:3306/database')
    const connection = await createConnection({ uri, connectTimeout: PATIENCE })
    // Whoever waits for an answer hears of it.
    connection.on('error', () => {})
    const rows = async (sql: string): Promise<readonly Row[]> => {
      const [found] = await connection.query({ sql, timeout: PATIENCE })
      return Array.isArray(found) ? (found as readonly Row[]) : []
    }
    return {
      async readCatalogue() {
        await rows('START TRANSACTION READ ONLY')
        return await readMysql(rows)
      },
      async close() {
        connection.destroy()
      },
    }
  } catch (error) {
    throw error instanceof Mistake ? error : unreachable(error)
  }
}
