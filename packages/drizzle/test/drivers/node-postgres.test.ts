import { hostContract } from '../contract/suite.ts'
import { nodePostgres } from './node-postgres.ts'

hostContract(nodePostgres)
