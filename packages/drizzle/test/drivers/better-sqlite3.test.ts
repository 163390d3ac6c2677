import { aroundRules } from '../contract/around.ts'
import { atOnceRules } from '../contract/at-once.ts'
import { dynamicRules } from '../contract/forms.ts'
import { learnedRules } from '../contract/learned.ts'
import { madeRules } from '../contract/made.ts'
import { rawRules } from '../contract/raw.ts'
import { readRules } from '../contract/reads.ts'
import { hostContract } from '../contract/suite.ts'
import { throughRules } from '../contract/through.ts'
import { untouchedRules } from '../contract/untouched.ts'
import { valueRules } from '../contract/values.ts'
import { writeRules } from '../contract/writes.ts'
import { betterSqlite3 } from './better-sqlite3.ts'

// Its transactions take functions that do not wait: those of the contract are for drivers that do.
hostContract(betterSqlite3, [
  readRules,
  learnedRules,
  writeRules,
  valueRules,
  madeRules,
  dynamicRules,
  rawRules,
  atOnceRules,
  throughRules,
  aroundRules,
  untouchedRules,
])
