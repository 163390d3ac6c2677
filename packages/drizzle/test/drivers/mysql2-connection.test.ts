import { SECOND_DRIVER } from '../contract/second-driver.ts'
import { hostContract } from '../contract/suite.ts'
import { mysql2Connection } from './mysql2.ts'

hostContract(mysql2Connection, SECOND_DRIVER)
