import { drizzle } from 'drizzle-orm/better-sqlite3'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { betterSqlite3By } from '../drivers/better-sqlite3.ts'
import { SYNC } from '../drivers/sync-rules.ts'
import { relational } from './relational.ts'
import { relationRules } from './relations.ts'
import { relationsSqlite as relations } from './relations-sqlite.ts'

const driver: Driver = {
  ...betterSqlite3By((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
}

hostContract(driver, [...SYNC, relationRules])
