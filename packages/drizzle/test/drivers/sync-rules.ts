import { captureRules } from '../contract/capture.ts'
import type { Rules } from '../contract/driver.ts'
import { dynamicRules } from '../contract/forms.ts'
import { freshnessRules } from '../contract/freshness.ts'
import { generatedValueRules } from '../contract/generated-values.ts'
import { pauseRules } from '../contract/pausing.ts'
import { rawRules } from '../contract/raw.ts'
import { readRules } from '../contract/reads.ts'
import { resultDependencyRules } from '../contract/result-dependencies.ts'
import { syncRules } from '../contract/sync.ts'
import { unchangedDbRules } from '../contract/unchanged-db.ts'
import { valueRules } from '../contract/values.ts'
import { warmRules } from '../contract/warming.ts'
import { writeAroundRules } from '../contract/write-around.ts'
import { writeThroughRules } from '../contract/write-through.ts'
import { writeRules } from '../contract/writes.ts'

/** The contract of a synchronous driver. Transactions of the other drivers are asynchronous, so this one has its own. */
export const SYNC: readonly Rules[] = [
  readRules,
  resultDependencyRules,
  writeRules,
  valueRules,
  generatedValueRules,
  dynamicRules,
  rawRules,
  syncRules,
  writeThroughRules,
  writeAroundRules,
  freshnessRules,
  captureRules,
  pauseRules,
  warmRules,
  unchangedDbRules,
]
