import { sized } from '@larder/testing'
import type { Driver, Rules } from './driver.ts'
import { freshnessRules } from './freshness.ts'
import { rawRules } from './raw.ts'
import { readRules } from './reads.ts'
import { sessionRules } from './sessions.ts'
import { ALL, hostContract } from './suite.ts'
import { transactionRules } from './transactions.ts'
import { unchangedDbRules } from './unchanged-db.ts'
import { valueRules } from './values.ts'
import { writeRules } from './writes.ts'

/** What may differ between drivers of one dialect. */
const DRIVER: readonly Rules[] = [
  readRules,
  writeRules,
  transactionRules,
  valueRules,
  rawRules,
  sessionRules,
  freshnessRules,
  unchangedDbRules,
]

/** The contract of a driver whose dialect has another driver that runs all of it: all of it in a long run only. */
export function secondDriverContract(driver: Driver): void {
  hostContract({ ...driver, second: true }, sized(DRIVER, ALL))
}
