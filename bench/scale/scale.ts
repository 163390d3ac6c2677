import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import { whole } from '../units.ts'
import { type Fleet, simulate } from './simulation.ts'
import { costOf, measureHits, measureUnitCosts, measureWrites, type UnitCosts } from './unit-costs.ts'

/** Measures what one operation costs the server, checks what follows from it, and simulates a fleet. */
export async function benchScale(context: Context): Promise<void> {
  const server = await context.server()
  const requests = context.quick ? 8_000 : 40_000
  const costs = await measureUnitCosts(server, requests)
  context.show({
    id: 'units',
    title: 'Scale: what one operation costs the thread of the server',
    note: `One process, one table, rows of 300 B. CPU of the server, by INFO. Of a fleet's many commands
the fixed part is paid once for those that a process sends together.`,
    columns: [
      { name: 'fixed', unit: 'ns' },
      { name: 'each', unit: 'ns' },
      { name: 'most/s alone', unit: '/s' },
      { name: 'most/s, 16 together', unit: '/s' },
    ],
    rows: [
      ...(['validate', 'fetch', 'write'] as const).map((name) => unitRow(UNITS[name], costs[name])),
      unitRow('news of a write to one process (push)', { fixed: 0, each: costs.notify }),
    ],
  })
  await check(context, costs, requests)
  fleets(context, costs)
}

const UNITS = {
  validate: 'hit, validate: compare the versions',
  fetch: 'hit, off: versions and entry',
  write: 'write: mark and finish',
} as const

function unitRow(name: string, cost: UnitCosts['write']): Row {
  const values = [cost.fixed, cost.each, 1e9 / costOf(cost, 1), 1e9 / costOf(cost, 16)]
  return { name, figures: values.map((value) => (Number.isFinite(value) ? { value } : null)) }
}

/** Cases that nothing was fitted to. */
async function check({ server, show }: Context, costs: UnitCosts, requests: number): Promise<void> {
  const place = await server()
  const rows: Row[] = []
  const compare = (name: string, predicted: number, measured: number): void => {
    rows.push({ name, figures: [predicted, measured, predicted / measured].map((value) => ({ value })) })
  }
  for (const inFlight of [8, 16]) {
    const hits = { tables: 1, inFlight, hits: requests } as const
    const validate = await measureHits(place, { ...hits, mode: 'validate' })
    compare(`validate, ${inFlight} in flight`, costOf(costs.validate, inFlight), validate.server)
    const off = await measureHits(place, { ...hits, mode: 'off' })
    compare(`off, ${inFlight} in flight`, costOf(costs.fetch, inFlight), off.server)
    const write = await measureWrites(place, { inFlight, writes: requests / 4 })
    compare(`write, ${inFlight} in flight`, costOf(costs.write, inFlight), write.server)
  }
  // A process that sends to one server pays the fixed part once, whatever the tables.
  const page = await measureHits(place, { mode: 'validate', tables: 3, inFlight: 16, hits: requests })
  const { fixed, each } = costs.validate
  compare('validate, 3 tables, 16 in flight', fixed / 16 + 3 * each, page.server)
  show({
    id: 'check',
    title: 'Scale: what the costs predict, and what was measured',
    note: 'CPU of the server for one operation. The costs were fitted to 1 and 64 in flight and one table.',
    columns: [
      { name: 'predicted', unit: 'ns' },
      { name: 'measured', unit: 'ns' },
      { name: 'predicted × measured', unit: '×' },
    ],
    rows,
  })
}

const FLEET: Fleet = {
  processes: 100,
  shards: 50,
  tables: 40,
  rows: 10_000,
  reads: 1_000,
  writes: 10,
  together: 4,
  lists: 0.1,
  mode: 'validate',
  maxStaleness: 0,
}

function fleets({ show }: Context, costs: UnitCosts): void {
  const variants: readonly (readonly [string, Partial<Fleet>])[] = [
    ['off', { mode: 'off' }],
    ['validate', {}],
    ["validate, maxStaleness: '100ms'", { maxStaleness: 100 }],
    ['push', { mode: 'push' }],
    ['validate, one table', { tables: 1 }],
    ["validate, one table, maxStaleness: '100ms'", { tables: 1, maxStaleness: 100 }],
    ['push, one table', { tables: 1, mode: 'push' }],
    ['validate, 10 × the writes', { writes: 100 }],
    ['push, 10 × the writes', { writes: 100, mode: 'push' }],
    ['validate, one shard', { shards: 1 }],
  ]
  const { processes, shards, tables, reads, writes, lists, together } = FLEET
  show({
    id: 'fleet',
    title: `Simulated: ${processes} processes and ${shards} shards, ${whole(processes * reads)} reads/s and ${whole(processes * writes)} writes/s`,
    note: `${tables} tables of ${whole(FLEET.rows)} rows, both by Zipf; ${100 * lists} % of the reads depend on a whole table; ${together}
commands are sent together. The wait is that of a hit for the shards it asks, without the way to
them. A shard that is busy 100 % has no bound. The client is the share of a core for hits.`,
    columns: [
      { name: 'hits', unit: 'share' },
      { name: 'loads/s', unit: 'count' },
      { name: 'busiest', unit: 'share' },
      { name: 'mean', unit: 'share' },
      { name: 'wait p99', unit: 'ms' },
      { name: 'client', unit: 'share' },
    ],
    rows: variants.map(([name, variant]) => {
      const result = simulate({ ...FLEET, ...variant }, costs)
      const values = [result.hits, result.loads, result.busiest, result.mean, result.p99, result.client]
      return { name, figures: values.map((value) => ({ value })) }
    }),
  })
}
