import { drizzle } from 'drizzle-orm/libsql'
import { batches } from '../contract/batches.ts'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { libsqlBy } from '../drivers/libsql.ts'
import { relational } from './relational.ts'
import { relationRules } from './relations.ts'
import { relationsSqlite as relations } from './relations-sqlite.ts'

const driver: Driver = {
  ...libsqlBy((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
}

hostContract(driver)
hostContract(driver, [batches, relationRules])
