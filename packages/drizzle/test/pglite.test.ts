import { hostContract } from './contract/suite.ts'
import { pglite } from './drivers/pglite.ts'

hostContract(pglite)
