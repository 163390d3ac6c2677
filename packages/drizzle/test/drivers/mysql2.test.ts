import { hostContract } from '../contract/suite.ts'
import { mysql2 } from './mysql2.ts'

hostContract(mysql2)
