import { describe } from 'vitest'
import { orderCases } from './order/cases.ts'
import { ORDERED } from './order/drivers.ts'

for (const [name, connect] of Object.entries(ORDERED)) describe(name, () => orderCases(connect))
