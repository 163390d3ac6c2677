import { batches } from './contract/batches.ts'
import { hostContract } from './contract/suite.ts'
import { libsql } from './drivers/libsql.ts'

hostContract(libsql)
hostContract(libsql, [batches])
