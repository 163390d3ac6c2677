import { type Context, Unavailable } from '../context.ts'
import type { Column } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import { whole } from '../units.ts'
import { openStoreFront, type StoreFront } from './store-front.ts'
import { arrive, zipf } from './traffic.ts'

const PER_SECOND = 3_000
const UPDATES_PER_TICK = 1

/** A catalogue under steady load: what the database still sees. */
export async function benchHeadline(context: Context): Promise<void> {
  const { quick } = context
  const server = await context.server()
  const front = await openStoreFront(server, quick ? 4_000 : 100_000).catch((error: unknown) => {
    throw new Unavailable((error as Error).message)
  })
  try {
    await steady(front, quick ? 3 : 30, context)
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

const LATENCIES: readonly Column[] = [
  { name: 'p50', unit: 'ms' },
  { name: 'p99', unit: 'ms' },
]

function latencies(times: readonly number[]): number[] {
  return [0.5, 0.99].map((share) => quantile(times, share))
}
