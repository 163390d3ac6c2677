import { createCache } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { absentParser } from '@larder/testing'
import type { SQL } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { captureRules } from './capture.ts'
import { concurrencyRules } from './concurrent-transactions.ts'
import { declaredTableRules } from './declared-tables.ts'
import type { Contract, ContractDb, Driver, DriverDatabase, Rules } from './driver.ts'
import { dynamicRules, optionRules } from './forms.ts'
import { freshnessRules } from './freshness.ts'
import { generatedValueRules } from './generated-values.ts'
import { markRules } from './marks.ts'
import { pauseRules } from './pausing.ts'
import { rawRules } from './raw.ts'
import { readRules } from './reads.ts'
import { relational } from './relational.ts'
import { resultDependencyRules } from './result-dependencies.ts'
import { populate, reset } from './rows.ts'
import { sessionRules } from './sessions.ts'
import { transactionRules } from './transactions.ts'
import { unchangedDbRules } from './unchanged-db.ts'
import { valueRules } from './values.ts'
import { warmRules } from './warming.ts'
import { writeAroundRules } from './write-around.ts'
import { writeThroughRules } from './write-through.ts'
import { writeThroughTransactionRules } from './write-through-transactions.ts'
import { writeRules } from './writes.ts'

interface RunDb {
  run(sql: SQL | string): PromiseLike<unknown>
}

/** The whole contract. */
export const ALL: readonly Rules[] = [
  readRules,
  resultDependencyRules,
  writeRules,
  transactionRules,
  valueRules,
  generatedValueRules,
  dynamicRules,
  optionRules,
  rawRules,
  declaredTableRules,
  sessionRules,
  markRules,
  concurrencyRules,
  writeThroughRules,
  writeThroughTransactionRules,
  writeAroundRules,
  freshnessRules,
  captureRules,
  pauseRules,
  warmRules,
  unchangedDbRules,
]

/** The contract that every driver must fulfil. Registers a Vitest suite with one database, and fresh rows and a fresh cache per test. */
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
      // Tests with the parser are in execute/raw-parser.test.ts.
      const cache = createCache({}, { clock: systemClock, sqlParser: absentParser })
      const schema = driver.relational && { schema: driver.schema }
      const db = drizzleCache(base, { cache, tables: { '*': { ttl: '1h' } }, ...schema })
      contract = {
        plain,
        db,
        cache,
        t: driver.schema,
        relational: driver.relational ?? relational,
        sentStatements: database.sent,
        openDb: () => database.db(),
        raw: (on, text) =>
          driver.dialect === 'sqlite' ? (on as unknown as RunDb).run(text) : on.execute(text),
        async sourceOf(fn) {
          const { reads } = await cache.explain(async () => await fn())
          return reads.map(({ source, reason }) => (reason ? `${source} ${reason}` : source)).join(', ')
        },
      }
    })
    for (const each of rules) each(() => contract, driver)
  })
}
