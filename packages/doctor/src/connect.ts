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

/** Connects to the database of a URL. @throws Mistake saying why it cannot. */
export function connectDatabase(url: string): Promise<Connection> {
  return CONNECT[dialectOf(url)](url)
}
