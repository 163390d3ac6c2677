import { sized } from '@larder/testing'
import { rawRules } from '../contract/raw.ts'
import { ALL, hostContract } from '../contract/suite.ts'
import { transactionRules } from '../contract/transactions.ts'
import { valueRules } from '../contract/values.ts'
import { neonServerless } from './neon-serverless.ts'

// Its session is a copy of that of node-postgres, which runs all of the contract.
hostContract(neonServerless, sized([transactionRules, valueRules, rawRules], ALL))
