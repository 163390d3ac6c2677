import { hostContract } from '../contract/suite.ts'
import { pglite } from './pglite.ts'

hostContract(pglite)
