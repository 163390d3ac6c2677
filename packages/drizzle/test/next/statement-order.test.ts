import { drizzle as libsqlDrizzle } from 'drizzle-orm/libsql'
import { drizzle as nodePostgresDrizzle } from 'drizzle-orm/node-postgres'
import { drizzle as pgliteDrizzle } from 'drizzle-orm/pglite'
import { describe } from 'vitest'
import type { ContractDb } from '../contract/driver.ts'
import { orderCases } from '../order/cases.ts'
import type { Connected } from '../order/connected.ts'
import { nodePostgres, pglite } from '../order/postgres.ts'
import { statementOrderHolds } from '../order/property.ts'
import { libsql } from '../order/sqlite.ts'
import { relational } from './relational.ts'
import { relationsPg } from './relations-pg.ts'
import { relationsSqlite } from './relations-sqlite.ts'

const overPg = (size: number | undefined) => () =>
  nodePostgres(
    size,
    (client) => nodePostgresDrizzle({ client, relations: relationsPg }) as unknown as ContractDb,
    relational,
  )
const DRIVERS: Readonly<Record<string, () => Promise<Connected>>> = {
  'a client of node-postgres': overPg(undefined),
  'a pool of one of node-postgres': overPg(1),
  'a pool of four of node-postgres': overPg(4),
  PGlite: () =>
    pglite(
      (client) => pgliteDrizzle({ client, relations: relationsPg }) as unknown as ContractDb,
      relational,
    ),
  libSQL: () =>
    libsql(
      (client) => libsqlDrizzle({ client, relations: relationsSqlite }) as unknown as ContractDb,
      relational,
    ),
}

for (const [name, connect] of Object.entries(DRIVERS))
  describe(name, () => {
    statementOrderHolds(connect)
    if (!name.includes('four')) orderCases(connect)
  })
