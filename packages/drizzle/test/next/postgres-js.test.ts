import { drizzle } from 'drizzle-orm/postgres-js'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { postgresJsBy } from '../drivers/postgres-js.ts'
import { relational } from './relational.ts'
import { relationRules } from './relations.ts'
import { relationsPg as relations } from './relations-pg.ts'

const driver: Driver = {
  ...postgresJsBy((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
}

hostContract(driver)
hostContract(driver, [relationRules])
