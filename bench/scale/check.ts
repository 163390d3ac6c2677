import type { Context } from '../context.ts'
import type { Row } from '../sheet.ts'
import type { Server } from '../valkey/server.ts'
import type { Fleet } from './fleet.ts'
import { simulate } from './simulation.ts'
import { runFleet } from './small-fleet.ts'
import { type Cost, measureHits, measureWrites, type Small, type UnitCosts } from './unit-costs.ts'

/** Reads with a pause after each, during which the server sleeps. */
const RARE = 1_000

/**
 * Compares the unit costs with cases that nothing was fitted to.
 * @returns how many times as much the fixed part takes where the server sleeps before each packet.
 */
export async function checkCosts(
  context: Context,
  server: Server,
  costs: UnitCosts,
  requests: number,
): Promise<number> {
  const rows: Row[] = []
  const compare = (
    name: string,
    predict: (packets: number) => number,
    { server: ns, packets }: Small,
  ): void => {
    const predicted = predict(packets)
    const values = [1 / packets, predicted, ns, predicted / ns]
    rows.push({ name, figures: values.map((value) => ({ value })) })
  }
  const hit = (cost: Cost) => (packets: number) => cost.fixed * packets + cost.each
  // Its fixed part is that of two packets: mark and finish.
  const write = (packets: number): number => (costs.write.fixed / 2) * packets + costs.write.each
  for (const inFlight of [8, 16]) {
    const hits = { tables: 1, inFlight, hits: requests } as const
    const name = `${inFlight} in flight`
    compare(
      `validate, ${name}`,
      hit(costs.validate),
      await measureHits(server, { ...hits, mode: 'validate' }),
    )
    compare(`off, ${name}`, hit(costs.fetch), await measureHits(server, { ...hits, mode: 'off' }))
    compare(`write, ${name}`, write, await measureWrites(server, { inFlight, writes: requests / 4 }))
  }
  const { fixed, each } = costs.validate
  compare(
    'validate, 3 tables, 16 in flight',
    (packets) => fixed * packets + 3 * each,
    await measureHits(server, { mode: 'validate', tables: 3, inFlight: 16, hits: requests }),
  )
  const rare = { mode: 'validate', tables: 1, inFlight: 1, hits: RARE, pause: 1 } as const
  const measured = await measureHits(server, rare)
  compare('validate, one each millisecond', hit(costs.validate), measured)
  context.show({
    id: 'check',
    title: 'Scale: what the costs predict, and what was measured',
    note: `CPU of the server for one operation. The costs were fitted to 1 and 64 in flight and one table. How many
operations shared a packet is measured, as the server counts packets.`,
    columns: [
      { name: 'for each packet', unit: 'count' },
      { name: 'predicted', unit: 'ns' },
      { name: 'measured', unit: 'ns' },
      { name: 'predicted ÷ measured', unit: '×' },
    ],
    rows,
  })
  return (measured.server - each) / fixed
}

/** So small that two cores have it beside the server. */
const SMALL: Fleet = {
  processes: 2,
  shards: 1,
  tables: 2,
  rows: 200,
  reads: 1_000,
  writes: 50,
  together: 1,
  lists: 0.1,
  mode: 'validate',
  maxStaleness: 0,
  query: 0,
}

const CASES: readonly (readonly [string, Partial<Fleet>])[] = [
  ['off', { mode: 'off' }],
  ['validate, no writes', { writes: 0 }],
  ['validate', {}],
  ["validate, maxStaleness: '100ms'", { maxStaleness: 100 }],
  ['push', { mode: 'push' }],
  ['push, 1/10 of the writes', { mode: 'push', writes: SMALL.writes / 10 }],
]

/**
 * Runs a small fleet in real processes, and simulates the same one.
 * @param awakening what the fixed parts are multiplied by: its server sleeps before most packets.
 */
export async function checkSimulation(
  context: Context,
  server: Server,
  busyCosts: UnitCosts,
  awakening: number,
): Promise<void> {
  const seconds = context.quick ? 2 : 5
  const rested = (cost: Cost): Cost => ({ ...cost, fixed: cost.fixed * awakening })
  const { validate, fetch, get, set, seed, write } = busyCosts
  const costs: UnitCosts = {
    ...busyCosts,
    validate: rested(validate),
    fetch: rested(fetch),
    get: rested(get),
    set: rested(set),
    seed: rested(seed),
    write: rested(write),
  }
  const rows: Row[] = []
  for (const [name, variant] of CASES) {
    const fleet = { ...SMALL, ...variant }
    const measured = await runFleet(server, fleet, seconds)
    const { packets } = simulate(fleet, costs)
    const together = Math.max(1, packets / measured.packets)
    const { busiest, loads } = simulate({ ...fleet, together }, costs)
    const values = [
      ...[measured.busy, busiest, busiest / measured.busy],
      ...[measured.loads, measured.bypasses, loads],
      together,
    ]
    rows.push({ name, figures: values.map((value) => ({ value })) })
  }
  const { processes, tables, reads, writes } = SMALL
  context.show({
    id: 'small',
    title: `Scale: ${processes} real processes and one server, and the simulation of them`,
    note: `${processes * reads} reads/s and ${processes * writes} writes/s on ${tables} tables of ${SMALL.rows} rows, for ${seconds} s each. Busy is the CPU of the
server by INFO, less that of the server while the same processes are idle. The simulation takes from
the real processes how many requests share a packet, as the server counts packets. The fixed
part of each cost is that of the last line before this table: the server sleeps between packets.`,
    columns: [
      { name: 'busy', unit: 'share' },
      { name: 'simulated', unit: 'share' },
      { name: 'simulated ÷ busy', unit: '×' },
      { name: 'loads/s', unit: 'count' },
      { name: 'bypasses among them', unit: 'count' },
      { name: 'simulated loads/s', unit: 'count' },
      { name: 'for each packet', unit: 'count' },
    ],
    rows,
  })
}
