import { hostContract } from '../contract/suite.ts'
import { mysql2Connection } from './mysql2.ts'

hostContract(mysql2Connection)
