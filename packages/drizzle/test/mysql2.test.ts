import { hostContract } from './contract/suite.ts'
import { mysql2 } from './drivers/mysql2.ts'

hostContract(mysql2)
