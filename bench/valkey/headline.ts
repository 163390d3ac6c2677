import { count, quantile } from '../statistics.ts'
import { table } from '../table.ts'
import type { Server } from './server.ts'
import { type Front, openStoreFront, type StoreFront } from './store-front.ts'
import { arrive, zipf } from './traffic.ts'

const PER_SECOND = 3_000
const UPDATES_PER_TICK = 1

/** A catalogue under steady load: what the database still sees, and what happens when everything expires at once. */
export async function benchHeadline(server: Server, quick: boolean): Promise<void> {
  const front = await openStoreFront(server, quick ? 4_000 : 100_000).catch((error: unknown) => {
    console.log(`\nThe catalogue is left out: ${(error as Error).message}`)
  })
  if (!front) return
  try {
    await steady(front, quick ? 3 : 30)
    await massExpiry(front, quick)
  } finally {
    await front.close()
  }
}

async function steady(front: StoreFront, seconds: number): Promise<void> {
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
    console.log(`
Drizzle, PostgreSQL and the store: a catalogue
${count(PER_SECOND)} prepared reads/s of a three-way join for ${seconds} s, over ${count(rows)} products with Zipf
skew, and ${10 * UPDATES_PER_TICK} updates/s by the same skew. ttl 10 minutes; every entry is there before.
Times count from when a read was due.

${table(
  ['case', 'kept off', 'loads', 'p50', 'p99'],
  [['Larder', `${(100 - (100 * loads) / times.length).toFixed(2)} %`, count(loads), ...latencies(times)]],
  11,
)}`)
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

async function massExpiry(front: StoreFront, quick: boolean): Promise<void> {
  const keys = quick ? 1_500 : 10_000
  const ttl = quick ? 2_000 : 30_000
  const perSecond = quick ? 1_500 : PER_SECOND
  const lines: string[][] = []
  for (const { name, jitter, refreshAhead } of quick ? [WAYS[0], WAYS[2]] : WAYS) {
    const catalogue = await front.open(`way${lines.length}`, { ttl, jitter, refreshAhead })
    try {
      lines.push([name, ...(await expire(catalogue, { keys, perSecond, seconds: (1.4 * ttl) / 1_000 }))])
    } finally {
      await catalogue.close()
    }
  }
  console.log(`
The same: ${count(keys)} entries are loaded at once and expire after ${ttl / 1_000} s, under ${count(perSecond)} reads/s
Loads in a second: the most in any second, and that second over the mean of
those in which there were any. p99 of all reads.

${table(['case', 'loads', 'most/s', '× mean', 'p50', 'p99'], lines, 11)}`)
}

async function expire(
  catalogue: Front,
  { keys, perSecond, seconds }: { keys: number; perSecond: number; seconds: number },
): Promise<string[]> {
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
  return [count(loads), count(most), (most / (loads / Math.max(1, busy))).toFixed(1), ...latencies(times)]
}

function latencies(times: readonly number[]): string[] {
  return [0.5, 0.99].map((share) => `${quantile(times, share).toFixed(2)} ms`)
}
