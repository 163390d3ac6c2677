import { drizzle } from 'drizzle-orm/neon-serverless'
import type { ContractDb } from '../contract/driver.ts'
import { hostContract } from '../contract/suite.ts'
import { neonServerlessBy } from '../drivers/neon-serverless.ts'
import { relational } from './relational.ts'
import { relationsPg as relations } from './relations-pg.ts'

hostContract({
  ...neonServerlessBy((client) => drizzle({ client, relations }) as unknown as ContractDb),
  relational,
})
