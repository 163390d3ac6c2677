import { secondDriverContract } from '../contract/second-driver.ts'
import { mysql2Connection } from './mysql2.ts'

secondDriverContract(mysql2Connection)
