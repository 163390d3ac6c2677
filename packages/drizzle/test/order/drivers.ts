import { drizzle as libsqlDrizzle } from 'drizzle-orm/libsql'
import { drizzle as mysqlDrizzle } from 'drizzle-orm/mysql2'
import { drizzle as nodePostgresDrizzle } from 'drizzle-orm/node-postgres'
import { drizzle as pgliteDrizzle } from 'drizzle-orm/pglite'
import { drizzle as postgresJsDrizzle } from 'drizzle-orm/postgres-js'
import type { ContractDb } from '../contract/driver.ts'
import { relational } from '../contract/relational.ts'
import { schemaMysql } from '../contract/schema-mysql.ts'
import * as schema from '../contract/schema-pg.ts'
import { schemaSqlite } from '../contract/schema-sqlite.ts'
import type { Connected } from './connected.ts'
import { mysql2 } from './mysql.ts'
import { nodePostgres, pglite } from './postgres.ts'
import { postgresJs } from './postgres-js.ts'
import { libsql } from './sqlite.ts'

const overPg = (size: number | undefined) => () =>
  nodePostgres(size, (client) => nodePostgresDrizzle(client, { schema }), relational)
const overPostgresJs = (size: number) => () =>
  postgresJs(size, (client) => postgresJsDrizzle(client, { schema }) as unknown as ContractDb, relational)
const overMysql = (size: number | undefined) => () =>
  mysql2(
    size,
    (client) => mysqlDrizzle(client, { schema: schemaMysql, mode: 'planetscale' }) as unknown as ContractDb,
    relational,
  )

/** Every driver with every kind of connection that orders statements differently. */
export const DRIVERS: Readonly<Record<string, () => Promise<Connected>>> = {
  'a client of node-postgres': overPg(undefined),
  'a pool of one of node-postgres': overPg(1),
  'a pool of four of node-postgres': overPg(4),
  'postgres-js with max: 1': overPostgresJs(1),
  'postgres-js with max: 4': overPostgresJs(4),
  PGlite: () => pglite((client) => pgliteDrizzle(client, { schema }) as unknown as ContractDb, relational),
  'a connection of mysql2': overMysql(undefined),
  'a pool of one of mysql2': overMysql(1),
  'a pool of four of mysql2': overMysql(4),
  libSQL: () =>
    libsql((client) => libsqlDrizzle(client, { schema: schemaSqlite }) as unknown as ContractDb, relational),
}

/** Those that also order statements outside transactions. */
export const ORDERED = Object.fromEntries(
  Object.entries(DRIVERS).filter(([name]) => !/four|max: 4/.test(name)),
)
