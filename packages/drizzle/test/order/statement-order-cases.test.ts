import { describe } from 'vitest'
import { orderCases } from './cases.ts'
import { ORDERED } from './drivers.ts'

for (const [name, connect] of Object.entries(ORDERED)) describe(name, () => orderCases(connect))
