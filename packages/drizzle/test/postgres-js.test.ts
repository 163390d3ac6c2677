import { hostContract } from './contract/suite.ts'
import { postgresJs } from './drivers/postgres-js.ts'

hostContract(postgresJs)
