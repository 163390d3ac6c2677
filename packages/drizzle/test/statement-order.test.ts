import { describe } from 'vitest'
import { DRIVERS } from './order/drivers.ts'
import { statementOrderHolds } from './order/property.ts'

for (const [name, connect] of Object.entries(DRIVERS)) describe(name, () => statementOrderHolds(connect))
