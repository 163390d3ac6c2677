import { secondDriverContract } from '../contract/second-driver.ts'
import { pglite } from './pglite.ts'

secondDriverContract(pglite)
