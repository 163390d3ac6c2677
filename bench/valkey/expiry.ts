import { type Context, Unavailable } from '../context.ts'
import type { Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import { whole } from '../units.ts'
import { type Front, openStoreFront } from './store-front.ts'
import { arrive } from './traffic.ts'

const PER_SECOND = 3_000

/** Ways to let many entries expire. */
const WAYS = [
  { name: 'no jitter, no refresh-ahead', jitter: 0, refreshAhead: false },
  { name: 'jitter 0.1, refresh-ahead (defaults)', jitter: 0.1, refreshAhead: 1 },
] as const

const EXPIRING = 10_000
/** Long enough for a jitter of several seconds, which a figure per second can show. In seconds. */
const EXPIRY = 120

/** A catalogue whose entries were loaded at once: how many loads there are in a second when they expire. */
export async function benchExpiry(context: Context): Promise<void> {
  const front = await openStoreFront(await context.server(), EXPIRING).catch((error: unknown) => {
    throw new Unavailable((error as Error).message)
  })
  const rows: Row[] = []
  try {
    for (const { name, jitter, refreshAhead } of WAYS) {
      const policy = { ttl: EXPIRY * 1_000, jitter, refreshAhead }
      const catalogue = await front.open(`way${rows.length}`, policy)
      try {
        rows.push({ name, figures: (await expire(catalogue)).map((value) => ({ value })) })
      } finally {
        await catalogue.close()
      }
    }
  } finally {
    await front.close()
  }
  context.show({
    id: 'expiry',
    title: `Drizzle, PostgreSQL and Valkey: ${whole(EXPIRING)} entries are loaded at once and expire after ${EXPIRY} s`,
    note: `Three-way joins under ${whole(PER_SECOND)} reads/s, which take the entries in turn. Loads in a second: the most in any
second, and that second over the mean of those in which there were any. p99 of all reads.`,
    columns: [
      { name: 'loads', unit: 'count' },
      { name: 'most/s', unit: 'count' },
      { name: '× mean', unit: '×' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
    ],
    rows,
  })
}

async function expire(catalogue: Front): Promise<number[]> {
  await catalogue.warm(EXPIRING)
  const first = catalogue.loads()
  const samples: number[] = []
  let sent = 0
  const times = await arrive({
    perSecond: PER_SECOND,
    // Until every entry was read once after its expiry.
    seconds: EXPIRY + Math.ceil(EXPIRING / PER_SECOND) + 2,
    read: () => catalogue.read(1 + (sent++ % EXPIRING)),
    tick: () => void samples.push(catalogue.loads()),
  })
  // Any second, not only those that begin with the run: samples are a tenth of a second apart.
  const perTenth = samples.map((loads, at) => loads - (samples[at - 1] ?? first))
  const windows = perTenth.map((_, at) => perTenth.slice(at, at + 10).reduce((sum, one) => sum + one, 0))
  const most = Math.max(...windows)
  const busy = perTenth.filter((loads) => loads > 0).length / 10
  const loads = catalogue.loads() - first
  return [
    loads,
    most,
    most / (loads / Math.max(1, busy)),
    ...[0.5, 0.99].map((share) => quantile(times, share)),
  ]
}
