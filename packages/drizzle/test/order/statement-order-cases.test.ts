import { describe } from 'vitest'
import { orderCases } from './cases.ts'
import { ORDERED } from './drivers.ts'

/** One driver for each way in which callers get at the connection: see `Connected.connections`. */
const ALL = ['a client of node-postgres', 'a pool of one of node-postgres']

for (const [name, connect] of Object.entries(ORDERED))
  describe(name, () => orderCases(connect, ALL.includes(name) ? 'all' : 'few'))
