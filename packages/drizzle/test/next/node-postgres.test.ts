import { drizzle } from 'drizzle-orm/node-postgres'
import type { ContractDb } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { nodePostgresBy } from '../drivers/node-postgres.ts'
import { relational } from './relational.ts'
import { relationsPg as relations } from './relations-pg.ts'

hostContract({
  ...nodePostgresBy((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
})
