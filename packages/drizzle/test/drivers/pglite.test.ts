import { SECOND_DRIVER } from '../contract/second-driver.ts'
import { hostContract } from '../contract/suite.ts'
import { pglite } from './pglite.ts'

hostContract(pglite, SECOND_DRIVER)
