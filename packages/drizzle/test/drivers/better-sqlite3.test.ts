import { hostContract } from '../contract/suite.ts'
import { betterSqlite3 } from './better-sqlite3.ts'
import { SYNC } from './sync-rules.ts'

hostContract(betterSqlite3, SYNC)
