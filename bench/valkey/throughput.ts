import { timesOf } from '../compare.ts'
import type { Context } from '../context.ts'
import { takeTurns } from '../rounds.ts'
import { type Column, type Figure, figure, type Row, ratioFigure, type Sheet } from '../sheet.ts'
import { whole } from '../units.ts'
import { MODES, nameOf } from './caches.ts'
import { drive } from './drive.ts'
import { itemOf, type Size } from './items.ts'
import { BENTOCACHE, BY_HAND, bentocache, byHand, larder, PIPELINED, type Reader } from './readers.ts'
import type { Server } from './server.ts'
import { wire } from './wire.ts'

const KEYS = 500
/** The setting that every run measures, that targets refer to, and that gets the most rounds. */
const MAIN = 64
const OTHERS = [1, 16, 256]
const ROUNDS = { quick: 8, main: 16, others: 8 } as const
/** Rounds thrown away: in them the compiler is still at work. The first setting of a size warms up the others. */
const WARM_UP = { main: 6, others: 3 } as const
/** Ns one case gets in a round, about. */
const ROUND = { quick: 40e6, full: 60e6 } as const
const CALLED_DIRECTLY = 'No ORM takes part: each cache is called directly.'
/** What every other rate is divided by. */
const BASES = [
  { head: '× by hand', name: BY_HAND },
  { head: '× pipelined', name: PIPELINED },
  { head: '× bento', name: BENTOCACHE },
] as const

interface Setting {
  readonly tables: 1 | 3
  readonly size: Size
  readonly inFlight: number
}

/** Hits on many keys, many requests in flight: what one process gets through. */
export async function benchThroughput(context: Context): Promise<void> {
  const server = await context.server()
  const summary: Row[] = []
  for (const [tables, size] of context.quick ? QUICK : FULL) {
    const readers = await openReaders(server, tables, size)
    try {
      for (const { read } of readers) for (let id = 0; id < KEYS; id++) await read(id)
      const measured = new Map<number, Row>()
      for (const inFlight of context.quick ? [MAIN] : [MAIN, ...OTHERS])
        measured.set(inFlight, await measure(context, readers, { tables, size, inFlight }))
      summary.push(...[...measured].toSorted(([a], [b]) => a - b).map(([, row]) => row))
    } finally {
      for (const { close } of readers) await close()
    }
  }
  if (!context.quick) context.show(summaryOf(summary))
}

/** The ratios of the summary: of one row to another. */
const SUMMARY = [
  { head: 'validate × by hand', row: nameOf('validate'), base: '× by hand' },
  { head: 'validate × pipelined', row: nameOf('validate'), base: '× pipelined' },
  { head: 'off × pipelined', row: nameOf('off'), base: '× pipelined' },
  { head: 'push × bento', row: nameOf('push'), base: '× bento' },
] as const

function summaryOf(rows: readonly Row[]): Sheet {
  return {
    id: 'summary',
    title: `Store: hits on ${KEYS} keys, every size and number in flight`,
    note: `More than 1 is more requests a second. ${CALLED_DIRECTLY} ${ROUNDS.main} rounds with
${MAIN} in flight, ${ROUNDS.others} with others. Bento is ${BENTOCACHE}, which parses JSON for each hit.`,
    columns: SUMMARY.map(({ head }) => ({ name: head, unit: '×' })),
    rows,
  }
}

type Reads = readonly (readonly [Setting['tables'], Size])[]
const QUICK: Reads = [
  [1, '300 B'],
  [3, '300 B'],
  [1, '30 kB'],
]
const FULL: Reads = (['300 B', '3 kB', '30 kB'] as const).flatMap((size) => [
  [1, size] as const,
  [3, size] as const,
])

async function openReaders(server: Server, tables: 1 | 3, size: Size): Promise<Reader[]> {
  const reading = {
    label: `${tables}-${size.replace(' ', '')}`,
    tables,
    load: async (id: number) => itemOf(size, id),
  }
  const clients = (['iovalkey', 'ioredis'] as const).flatMap((client) =>
    [false, true].map((pipelined) => byHand(server, reading, client, pipelined)),
  )
  const floors = await Promise.all((['off', 'validate'] as const).map((mode) => wire(server, reading, mode)))
  const larders = await Promise.all(MODES.map((mode) => larder(server, reading, mode)))
  return [
    ...clients,
    ...floors,
    ...larders,
    bentocache(server, reading),
    bentocache(server, reading, { tags: false, serialize: true }),
    bentocache(server, reading, { tags: true, serialize: false }),
  ]
}

/** @returns a row of the summary. */
async function measure(
  { quick, show }: Context,
  readers: readonly Reader[],
  { tables, size, inFlight }: Setting,
): Promise<Row> {
  const requests = await requestsFor(readers, inFlight, quick ? ROUND.quick : ROUND.full)
  const cpu = readers.map(() => [] as number[])
  const cases = readers.map(({ name, read }, index) => ({
    name,
    async round() {
      const used = process.cpuUsage()
      const took = await drive(read, { inFlight, requests, keys: KEYS })
      const { user, system } = process.cpuUsage(used)
      cpu[index]?.push(((user + system) * 1e3) / requests)
      return took / requests
    },
  }))
  await takeTurns(cases, inFlight === MAIN ? WARM_UP.main : WARM_UP.others)
  for (const each of cpu) each.length = 0
  const others = readers.map(({ begin }) => begin())
  const rounds = quick ? ROUNDS.quick : inFlight === MAIN ? ROUNDS.main : ROUNDS.others
  const timed = await takeTurns(cases, rounds)
  const rows = timed.map(({ name, times }, index): Row => {
    // Rates divide the other way round than times.
    const ratios = BASES.map((base) => ratioFigure(timesOf(timed, base.name), times))
    const missed = (others[index]?.() ?? 0) / (rounds * requests)
    return {
      name,
      figures: [
        figure(times.map((time) => 1e9 / time)),
        ...ratios,
        figure(cpu[index] ?? []),
        { value: missed },
      ],
    }
  })
  const setting = `${tables === 1 ? '1 table' : '3 tables'}, rows of ${size}`
  show({
    id: `${tables}-${size}-${inFlight}`,
    title: `Store: hits on ${KEYS} keys, ${inFlight} in flight, ${setting}`,
    note: `${CALLED_DIRECTLY} ${rounds} rounds of ${whole(requests)} requests each. More than 1 is
more requests a second. CPU is that of this process for one request. No hits: the share of
reads that loaded or bypassed. The rows by hand and the floors are written in this repository.
A floor sends what Larder sends and decodes what it decodes, in a bare loop: what a mode takes
beyond it is Larder's own. bentocache without serialization hands one object to all callers.
In bentocache 1.6.1 that setting works only in the process that loaded the entry: elsewhere the
first read, from L2, stores JSON in L1, and the next one throws.`,
    columns: COLUMNS,
    rows,
  })
  const ratioOf = ({ row, base }: (typeof SUMMARY)[number]): Figure | null =>
    rows.find(({ name }) => name === row)?.figures[COLUMNS.findIndex(({ name }) => name === base)] ?? null
  return { name: `${setting}, ${inFlight} in flight`, figures: SUMMARY.map(ratioOf) }
}

const COLUMNS: readonly Column[] = [
  { name: 'requests', unit: '/s' },
  ...BASES.map(({ head }): Column => ({ name: head, unit: '×' })),
  { name: 'CPU', unit: 'ns' },
  { name: 'no hits', unit: 'share' },
]

/** As many as the first reader answers in the time of a round. */
async function requestsFor([first]: readonly Reader[], inFlight: number, round: number): Promise<number> {
  if (!first) throw new Error('There is nothing to measure')
  const probe = 50 * Math.max(4, inFlight / 4)
  // The first time the compiler is still at work.
  await drive(first.read, { inFlight, requests: 2 * probe, keys: KEYS })
  const took = await drive(first.read, { inFlight, requests: probe, keys: KEYS })
  return Math.max(inFlight * 4, Math.round((round / took) * probe))
}
