import { createCache } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { absentParser } from '@larder/testing'
import type { SQL } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { aroundRules } from './around.ts'
import { declaredRules } from './declared.ts'
import type { Contract, ContractDb, Driver, DriverDatabase, Rules } from './driver.ts'
import { dynamicRules, optionRules } from './forms.ts'
import { learnedRules } from './learned.ts'
import { madeRules } from './made.ts'
import { markRules } from './marks.ts'
import { rawRules } from './raw.ts'
import { readRules } from './reads.ts'
import { relational } from './relational.ts'
import { populate, reset } from './rows.ts'
import { sessionRules } from './sessions.ts'
import { sideBySideRules } from './side-by-side.ts'
import { throughRules } from './through.ts'
import { throughTransactionRules } from './through-transactions.ts'
import { transactionRules } from './transactions.ts'
import { untouchedRules } from './untouched.ts'
import { valueRules } from './values.ts'
import { writeRules } from './writes.ts'

interface RunDb {
  run(sql: SQL | string): PromiseLike<unknown>
}

/** The whole contract. */
export const ALL: readonly Rules[] = [
  readRules,
  learnedRules,
  writeRules,
  transactionRules,
  valueRules,
  madeRules,
  dynamicRules,
  optionRules,
  rawRules,
  declaredRules,
  sessionRules,
  markRules,
  sideBySideRules,
  throughRules,
  throughTransactionRules,
  aroundRules,
  untouchedRules,
]

/** The behaviours every driver must show. Registers a suite with Vitest: one database, fresh rows and cache per test. */
export function hostContract(driver: Driver, rules: readonly Rules[] = ALL): void {
  describe(`Drizzle over ${driver.name}`, () => {
    let database: DriverDatabase
    let contract: Contract
    let plain: ContractDb
    let base: ContractDb
    beforeAll(async () => {
      database = await driver.start()
      plain = await database.db()
      base = await database.db()
    })
    afterAll(async () => database.stop())
    beforeEach(async () => {
      await reset(plain, driver.schema)
      await populate(plain, driver.schema)
      // What the parser adds has tests of its own.
      const cache = createCache({}, { clock: systemClock, sqlParser: absentParser })
      const schema = driver.relational && { schema: driver.schema }
      const db = drizzleCache(base, { cache, tables: { '*': { ttl: '1h' } }, ...schema })
      contract = {
        plain,
        db,
        cache,
        t: driver.schema,
        relational: driver.relational ?? relational,
        sent: database.sent,
        another: () => database.db(),
        raw: (on, text) =>
          driver.dialect === 'sqlite' ? (on as unknown as RunDb).run(text) : on.execute(text),
        async told(fn) {
          const { reads } = await cache.explain(async () => await fn())
          return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join(', ')
        },
      }
    })
    for (const each of rules) each(() => contract, driver)
  })
}
