import { batches } from '../contract/batches.ts'
import { hostContract } from '../contract/suite.ts'
import { libsql } from './libsql.ts'
import { valuesRules } from './libsql-values.ts'

hostContract(libsql)
hostContract(libsql, [batches, valuesRules])
