import { parseArgs } from 'node:util'
import { openCatalogue } from './catalogue.ts'
import { benchDrizzle } from './drizzle.ts'
import { benchEngine } from './engine.ts'
import { machine } from './machine.ts'
import { benchPrecision } from './precision.ts'
import { benchPrisma } from './prisma.ts'
import type { Budget } from './rounds.ts'
import { benchValkey } from './valkey.ts'
import { benchWriteThrough } from './write-through.ts'

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values
const budget: Budget = quick ? { rounds: 22, slice: 20 } : { rounds: 80, slice: 40 }
const operations = quick ? 5_000 : 40_000

const began = performance.now()
console.log(`Larder: benchmarks${quick ? ', quick' : ''}
${machine()}

A ratio is the time of a case over that of the floor, or of the plain query,
in the same round: the cases of a group take turns, ${budget.rounds} rounds of ${budget.slice} ms each, so
that a slow moment hits them all. Median of the rounds; the spread is half the
distance between their quartiles. Compare ratios, and only those of one run:
times belong to this machine at this moment.`)

await benchEngine(budget)
// A round trip is long enough for fewer rounds to tell.
await benchDrizzle({ ...budget, rounds: quick ? 30 : 60 })
const catalogue = await openCatalogue()
try {
  await benchPrisma(catalogue, budget)
  await benchPrecision(catalogue, operations)
  await benchWriteThrough(catalogue, budget, operations)
  // A round trip is long enough for fewer rounds to tell.
  await benchValkey(catalogue, { ...budget, rounds: quick ? 12 : 60 }, quick)
} finally {
  await catalogue.close()
}
console.log(`\n${Math.round((performance.now() - began) / 1000)} s`)
