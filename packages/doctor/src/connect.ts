import type { SqlDialect } from '@larder/core/host'
import { type Connection, dialectOf } from './connection.ts'
import { connectMysql } from './mysql/connect.ts'
import { connectPostgres } from './postgres/connect.ts'
import { connectSqlite } from './sqlite/connect.ts'

const CONNECT: Readonly<Record<SqlDialect, (url: string) => Promise<Connection>>> = {
  postgres: connectPostgres,
  mysql: connectMysql,
  sqlite: connectSqlite,
}

/**
 * Connects to a database. The connection only reads.
 * @param url of PostgreSQL, MySQL, MariaDB or libSQL, or the path of a SQLite file.
 * @throws Error with the reason why it cannot connect.
 * @example
 * ```ts
 * import { connectDatabase } from '@larder/doctor'
 *
 * const connection = await connectDatabase('file:./app.db')
 * const catalogue = await connection.readCatalogue()
 * await connection.close()
 * ```
 */
export function connectDatabase(url: string): Promise<Connection> {
  return CONNECT[dialectOf(url)](url)
}
