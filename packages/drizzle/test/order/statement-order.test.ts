import { describe } from 'vitest'
import { DRIVERS } from './drivers.ts'
import { statementOrderHolds } from './property.ts'

for (const [name, connect] of Object.entries(DRIVERS)) describe(name, () => statementOrderHolds(connect))
