import { captureRules } from '../contract/capture.ts'
import { dynamicRules } from '../contract/forms.ts'
import { freshnessRules } from '../contract/freshness.ts'
import { generatedValueRules } from '../contract/generated-values.ts'
import { pauseRules } from '../contract/pausing.ts'
import { rawRules } from '../contract/raw.ts'
import { readRules } from '../contract/reads.ts'
import { resultDependencyRules } from '../contract/result-dependencies.ts'
import { hostContract } from '../contract/suite.ts'
import { syncRules } from '../contract/sync.ts'
import { unchangedDbRules } from '../contract/unchanged-db.ts'
import { valueRules } from '../contract/values.ts'
import { warmRules } from '../contract/warming.ts'
import { writeAroundRules } from '../contract/write-around.ts'
import { writeThroughRules } from '../contract/write-through.ts'
import { writeRules } from '../contract/writes.ts'
import { betterSqlite3 } from './better-sqlite3.ts'

// The contract's transactions are asynchronous, so this driver has tests of its own.
hostContract(betterSqlite3, [
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
])
