import { sampleAllocations } from '../allocations.ts'
import type { Context } from '../context.ts'
import { takeTurns } from '../rounds.ts'
import { type Column, figure, type Row } from '../sheet.ts'
import { median } from '../statistics.ts'
import { MODES } from './caches.ts'
import { drive } from './drive.ts'
import { itemOf } from './items.ts'
import { BENTOCACHE, bentocache, byHand, larder, type Reader } from './readers.ts'
import type { Server } from './server.ts'
import { type Usage, usageOf } from './usage.ts'

const KEYS = 500
const IN_FLIGHT = 64
/** Rounds thrown away: in them the compiler is still at work. */
const WARM_UP = 6
/** Hits of one round, and rounds. */
const SIZES = {
  quick: { hits: 2_500, rounds: 6 },
  full: { hits: 6_000, rounds: 16 },
} as const

/** What one hit costs the client, the server and the wire. */
export async function benchCost(context: Context): Promise<void> {
  const server = await context.server()
  const { hits, rounds } = context.quick ? SIZES.quick : SIZES.full
  for (const tables of [1, 3] as const) {
    const load = async (id: number) => itemOf('300 B', id)
    const reading = { label: `cost-${tables}`, tables, load }
    const readers = [
      byHand(server, reading, 'iovalkey', false),
      byHand(server, reading, 'iovalkey', true),
      ...(await Promise.all(MODES.map((mode) => larder(server, reading, mode)))),
      bentocache(server, reading),
    ]
    let rows: readonly Row[]
    try {
      rows = await measure(server, readers, hits, rounds)
    } finally {
      for (const { close } of readers) await close()
    }
    context.show({
      id: `${tables}`,
      title: `Store: what one hit costs, ${IN_FLIGHT} in flight, ${tables === 1 ? '1 table' : '3 tables'}, rows of 300 B`,
      note: `No ORM takes part: each cache is called directly. They take turns, warm: ${rounds} rounds of ${hits} hits
on ${KEYS} keys. Commands, CPU and bytes of the server are those of INFO, without INFO itself; the
heartbeats of the caches are in them. Allocations are sampled by V8, and include what dies at
once. No hits: the share of reads that loaded or bypassed. ${BENTOCACHE}: its memory
answers most. The rows by hand are written in this repository.`,
      columns: COLUMNS,
      rows,
    })
  }
}

const COLUMNS: readonly Column[] = [
  { name: 'CPU client', unit: 'ns' },
  { name: 'CPU server', unit: 'ns' },
  { name: 'sent', unit: 'bytes' },
  { name: 'received', unit: 'bytes' },
  { name: 'commands', unit: 'count' },
  { name: 'allocated', unit: 'bytes' },
  { name: 'no hits', unit: 'share' },
]

async function measure(
  { client }: Server,
  readers: readonly Reader[],
  hits: number,
  rounds: number,
): Promise<readonly Row[]> {
  const hitsOf = ({ read }: Reader) => drive(read, { inFlight: IN_FLIGHT, requests: hits, keys: KEYS })
  for (const { read } of readers) for (let id = 0; id < KEYS; id++) await read(id)
  await takeTurns(
    readers.map((reader) => ({ name: reader.name, round: () => hitsOf(reader) })),
    WARM_UP,
  )
  const usages = readers.map(() => [] as Usage[])
  const others = readers.map(({ begin }) => begin())
  const timed = await takeTurns(
    readers.map((reader, index) => ({
      name: reader.name,
      async round() {
        let cpu = 0
        const usage = await usageOf(client, async () => {
          const used = process.cpuUsage()
          await hitsOf(reader)
          const { user, system } = process.cpuUsage(used)
          cpu = (user + system) * 1e3
        })
        usages[index]?.push(usage)
        return cpu / hits
      },
    })),
    rounds,
  )
  const missed = others.map((count) => count() / (rounds * hits))
  const counting = await usageOfCounting(client)
  const rows: Row[] = []
  for (const [index, reader] of readers.entries()) {
    const server = (name: keyof Usage): number[] =>
      (usages[index] ?? []).map((usage) => Math.max(0, usage[name] - counting[name]) / hits)
    const allocated = await sampleAllocations(() => hitsOf(reader))
    rows.push({
      name: reader.name,
      figures: [
        figure(timed[index]?.times ?? []),
        // A round in which the server did nothing has no spread.
        { value: median(server('cpu')) },
        ...(['input', 'output', 'commands'] as const).map((name) => ({ value: meanOf(server(name)) })),
        { value: allocated / hits },
        { value: missed[index] ?? 0 },
      ],
    })
  }
  return rows
}

/** What the server uses to say what it has used. */
async function usageOfCounting(client: Server['client']): Promise<Usage> {
  const usages: Usage[] = []
  for (let time = 0; time < 9; time++) usages.push(await usageOf(client, async () => {}))
  const of = (name: keyof Usage): number => median(usages.map((usage) => usage[name]))
  return {
    cpu: of('cpu'),
    input: of('input'),
    output: of('output'),
    commands: of('commands'),
    packets: of('packets'),
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
