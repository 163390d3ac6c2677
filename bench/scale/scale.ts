import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { whole } from '../units.ts'
import { checkCosts, checkSimulation } from './check.ts'
import type { Fleet } from './fleet.ts'
import { simulate } from './simulation.ts'
import { costOf, measureUnitCosts, type UnitCosts } from './unit-costs.ts'

/** Measures what one operation costs the server, checks what follows from it, and simulates a fleet. */
export async function benchScale(context: Context): Promise<void> {
  const server = await context.server()
  const requests = context.quick ? 4_000 : 12_000
  const costs = await measureUnitCosts(server, requests)
  context.show({
    id: 'units',
    title: 'Scale: what one operation costs the thread of the server',
    note: `One process, one table, rows of 300 B. CPU of the server, by INFO, median of three rounds. The fixed
part is paid once for the requests that a process sends together. A load after a write stores an entry and makes the version of the row.`,
    columns: [
      { name: 'fixed', unit: 'ns' },
      { name: 'each', unit: 'ns' },
      { name: 'most/s alone', unit: '/s' },
      { name: 'most/s, 16 together', unit: '/s' },
    ],
    rows: [
      ...(Object.keys(UNITS) as (keyof typeof UNITS)[]).map((name) => unitRow(UNITS[name], costs[name])),
      unitRow('push: notify one process of one write', { fixed: 0, each: costs.notify }),
    ],
  })
  const awakening = await checkCosts(context, server, costs, requests)
  await checkSimulation(context, server, costs, awakening)
  fleets(context, costs)
}

const UNITS = {
  validate: 'hit, validate: compare the versions',
  fetch: 'hit, off: versions and entry',
  write: 'write: mark and finish',
  get: 'get an entry from another shard',
  set: 'store an entry',
  seed: 'make the version of a written row',
} as const

function unitRow(name: string, cost: UnitCosts['write']): Row {
  const values = [cost.fixed, cost.each, 1e9 / costOf(cost, 1), 1e9 / costOf(cost, 16)]
  return { name, figures: values.map((value) => (Number.isFinite(value) ? { value } : null)) }
}

const FLEET: Fleet = {
  processes: 100,
  shards: 50,
  tables: 40,
  rows: 10_000,
  reads: 1_000,
  writes: 10,
  together: 1,
  lists: 0.1,
  mode: 'validate',
  maxStaleness: 0,
  query: 5,
}

const VARIANTS: readonly (readonly [string, Partial<Fleet>])[] = [
  ['off', { mode: 'off' }],
  ['validate', {}],
  ["validate, maxStaleness: '100ms'", { maxStaleness: 100 }],
  ["validate, maxStaleness: '1s'", { maxStaleness: 1_000 }],
  ['push', { mode: 'push' }],
  ['validate, one table', { tables: 1 }],
  ['validate, one table, 4 reads share a packet', { tables: 1, together: 4 }],
  ["validate, one table, maxStaleness: '100ms'", { tables: 1, maxStaleness: 100 }],
  ["validate, one table, maxStaleness: '1s'", { tables: 1, maxStaleness: 1_000 }],
  ['push, one table', { tables: 1, mode: 'push' }],
  ['push, one table, 1/10 of the writes', { tables: 1, mode: 'push', writes: 1 }],
  ['push, one table, 1/100 of the writes', { tables: 1, mode: 'push', writes: 0.1 }],
  ['validate, 10 × the writes', { writes: 100 }],
  ['push, 10 × the writes', { writes: 100, mode: 'push' }],
  ['validate, one shard', { shards: 1 }],
]

function fleets({ show }: Context, costs: UnitCosts): void {
  const { processes, shards, tables, reads, writes, lists } = FLEET
  show({
    id: 'fleet',
    title: `Simulated: ${processes} processes and ${shards} shards, ${whole(processes * reads)} reads/s and ${whole(processes * writes)} writes/s`,
    note: `${tables} tables of ${whole(FLEET.rows)} rows, both by Zipf; ${100 * lists} % of the reads depend on a whole table; a query takes
${FLEET.query} ms. A read shares its packet with no other: a process that spreads 1,000 reads/s over many shards rarely sends two
to one of them at once. Asks are the reads for which the process asks a shard. Busy over 100 %: the shard cannot do what is
asked. The wait is for the shards, without the network. The client is the share of a core for reads.`,
    columns: [
      { name: 'hits', unit: 'share' },
      { name: 'asks', unit: 'share' },
      { name: 'loads/s', unit: 'count' },
      { name: 'busiest', unit: 'share' },
      { name: 'mean', unit: 'share' },
      { name: 'wait p99', unit: 'ms' },
      { name: 'client', unit: 'share' },
    ],
    rows: VARIANTS.map(([name, variant]) => {
      const { hits, asks, loads, busiest, mean, p99, client } = simulate({ ...FLEET, ...variant }, costs)
      // The queue of a shard that is asked too much grows as long as it is watched.
      const values = [hits, asks, loads, busiest, mean, busiest < 1 ? p99 : undefined, client]
      return { name, figures: values.map((value) => (value === undefined ? null : { value })) }
    }),
  })
}
