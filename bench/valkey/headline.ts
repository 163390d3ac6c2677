import { type Context, Unavailable } from '../context.ts'
import type { Column, Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import { whole } from '../units.ts'
import { type Front, openStoreFront, type StoreFront } from './store-front.ts'
import { arrive, zipf } from './traffic.ts'

const PER_SECOND = 3_000
const UPDATES_PER_TICK = 1

/** A catalogue under steady load: what the database still sees, and what happens when everything expires at once. */
export async function benchHeadline(context: Context): Promise<void> {
  const { quick } = context
  const server = await context.server()
  const front = await openStoreFront(server, quick ? 4_000 : 100_000).catch((error: unknown) => {
    throw new Unavailable((error as Error).message)
  })
  try {
    await steady(front, quick ? 3 : 30, context)
    await massExpiry(front, context)
  } finally {
    await front.close()
  }
}

async function steady(front: StoreFront, seconds: number, { show }: Context): Promise<void> {
  const { rows } = front
  const catalogue = await front.open('steady', { ttl: '10m' })
  try {
    await catalogue.warm(rows)
    const next = zipf(rows)
    const before = catalogue.loads()
    const times = await arrive({
      perSecond: PER_SECOND,
      seconds,
      read: () => catalogue.read(next()),
      tick() {
        for (let update = 0; update < UPDATES_PER_TICK; update++) void catalogue.raise(next())
      },
    })
    const loads = catalogue.loads() - before
    show({
      id: 'steady',
      title: 'Drizzle, PostgreSQL and Valkey: a catalogue',
      note: `${whole(PER_SECOND)} prepared reads/s of a three-way join for ${seconds} s, over ${whole(rows)} products with Zipf
skew, and ${10 * UPDATES_PER_TICK} updates/s by the same skew. ttl 10 minutes; every entry is there before.
Times count from when a read was due.`,
      columns: [{ name: 'kept off', unit: 'share' }, { name: 'loads', unit: 'count' }, ...LATENCIES],
      rows: [
        {
          name: 'Larder',
          figures: [1 - loads / times.length, loads, ...latencies(times)].map((value) => ({ value })),
        },
      ],
    })
  } finally {
    await catalogue.close()
  }
}

/** Ways to let many entries expire. */
const WAYS = [
  { name: 'no jitter, no refresh-ahead', jitter: 0, refreshAhead: false },
  { name: 'jitter 0.1, no refresh-ahead', jitter: 0.1, refreshAhead: false },
  { name: 'jitter 0.1, refresh-ahead (defaults)', jitter: 0.1, refreshAhead: 1 },
] as const

async function massExpiry(front: StoreFront, { quick, show }: Context): Promise<void> {
  const keys = quick ? 1_500 : 10_000
  const ttl = quick ? 2_000 : 30_000
  const perSecond = quick ? 1_500 : PER_SECOND
  const rows: Row[] = []
  for (const { name, jitter, refreshAhead } of quick ? [WAYS[0], WAYS[2]] : WAYS) {
    const catalogue = await front.open(`way${rows.length}`, { ttl, jitter, refreshAhead })
    try {
      const figures = await expire(catalogue, { keys, perSecond, seconds: (1.4 * ttl) / 1_000 })
      rows.push({ name, figures: figures.map((value) => ({ value })) })
    } finally {
      await catalogue.close()
    }
  }
  show({
    id: 'expiry',
    title: `The same: ${whole(keys)} entries are loaded at once and expire after ${ttl / 1_000} s`,
    note: `Under ${whole(perSecond)} reads/s. Loads in a second: the most in any second, and that second over
the mean of those in which there were any. p99 of all reads.`,
    columns: [
      { name: 'loads', unit: 'count' },
      { name: 'most/s', unit: 'count' },
      { name: '× mean', unit: '×' },
      ...LATENCIES,
    ],
    rows,
  })
}

async function expire(
  catalogue: Front,
  { keys, perSecond, seconds }: { keys: number; perSecond: number; seconds: number },
): Promise<number[]> {
  await catalogue.warm(keys)
  const first = catalogue.loads()
  const samples: number[] = []
  const times = await arrive({
    perSecond,
    seconds,
    read: () => catalogue.read(1 + Math.floor(Math.random() * keys)),
    tick: () => void samples.push(catalogue.loads()),
  })
  // Any second, not only those that begin with the run: samples are a tenth of a second apart.
  const perTenth = samples.map((loads, at) => loads - (samples[at - 1] ?? first))
  const windows = perTenth.map((_, at) => perTenth.slice(at, at + 10).reduce((sum, one) => sum + one, 0))
  const most = Math.max(...windows)
  const busy = perTenth.filter((loads) => loads > 0).length / 10
  const loads = catalogue.loads() - first
  return [loads, most, most / (loads / Math.max(1, busy)), ...latencies(times)]
}

const LATENCIES: readonly Column[] = [
  { name: 'p50', unit: 'ms' },
  { name: 'p99', unit: 'ms' },
]

function latencies(times: readonly number[]): number[] {
  return [0.5, 0.99].map((share) => quantile(times, share))
}
