import { hostContract } from './contract/suite.ts'
import { nodePostgres } from './drivers/node-postgres.ts'

hostContract(nodePostgres)
