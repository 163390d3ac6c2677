import { drizzle } from 'drizzle-orm/pglite'
import type { ContractDb, Driver } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { pgliteBy } from '../drivers/pglite.ts'
import { relational } from './relational.ts'
import { relationRules } from './relations.ts'
import { relationsPg as relations } from './relations-pg.ts'

const driver: Driver = {
  ...pgliteBy((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
}

hostContract(driver)
hostContract(driver, [relationRules])
