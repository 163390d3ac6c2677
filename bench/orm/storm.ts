import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { asc, eq, lte, sql } from 'drizzle-orm'
import type { Context } from '../context.ts'
import { type Db, type Products, products } from '../products.ts'
import type { Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import type { Server } from '../valkey/server.ts'

const READERS = 64
/** Ms between two reads of one reader: more would measure the processor. */
const PAUSE = 20
const WRITES_PER_SECOND = 500
/** Rows of the list, all of which are written. */
const ROWS = 50

/** One list that is read by many while its rows are written all the time. */
export async function benchStorm(context: Context): Promise<void> {
  const [shop, server] = [await context.products(), await context.server()]
  const seconds = context.quick ? 3 : 10
  const strict = { ttl: '1m' } as const
  const older = { ttl: '1m', maxStaleness: '100ms' } as const
  const rows: Row[] = []
  const storm = async (name: string, options: Omit<Storm, 'seconds'>): Promise<number> => {
    const { times, hits, loads } = await run(shop, server, { ...options, seconds })
    const [half, most] = [quantile(times, 0.5), quantile(times, 0.99)]
    const quiet = rows[0]?.figures[3]?.value ?? most
    const values = [hits, loads / seconds, half, most, most / quiet]
    rows.push({ name, figures: values.map((value) => ({ value })) })
    return most
  }
  await storm('strict, no writes', { policy: strict, writes: 0 })
  await storm('no cache', { policy: undefined, writes: WRITES_PER_SECOND })
  await storm('strict', { policy: strict, writes: WRITES_PER_SECOND })
  await storm("maxStaleness: '100ms'", { policy: older, writes: WRITES_PER_SECOND })
  context.show({
    id: 'storm',
    title: `Storm: a list of ${ROWS} rows, ${READERS} readers, ${WRITES_PER_SECOND} writes/s to its rows`,
    note: `Drizzle, PostgreSQL and Valkey, ${seconds} s each, readers and writers in one process; a reader rests
${PAUSE} ms between two reads. Loads are queries that the database answers.`,
    columns: [
      { name: 'hits', unit: 'share' },
      { name: 'loads/s', unit: 'count' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
      { name: 'p99 × quiet', unit: '×' },
    ],
    rows,
  })
}

interface Storm {
  /** `undefined`: without a cache. */
  readonly policy: PolicyOptions | undefined
  /** Per second. */
  readonly writes: number
  readonly seconds: number
}

interface Outcome {
  /** Ms of each read. */
  readonly times: readonly number[]
  /** Share of the reads. */
  readonly hits: number
  readonly loads: number
}

let runs = 0

async function run(shop: Products, { url, prefix }: Server, storm: Storm): Promise<Outcome> {
  const plain = shop.connect({ connections: 16 })
  const { policy } = storm
  if (!policy) return drive(shop, plain, undefined, storm)
  const cache = createCache({ store: valkeyStore(url), namespace: `${prefix}-storm-${runs++}` })
  try {
    return await drive(shop, drizzleCache(plain, { cache, tables: { '*': policy } }), cache, storm)
  } finally {
    await cache.close()
  }
}

async function drive(
  { loads }: Products,
  db: Db,
  cache: Cache | undefined,
  { writes, seconds }: Storm,
): Promise<Outcome> {
  const list = () => db.select().from(products).where(lte(products.id, ROWS)).orderBy(asc(products.id))
  for (let time = 0; time < 50; time++) await list()
  const hits = (): number => cache?.stats().hits ?? 0
  const [hitsBefore, loadsBefore] = [hits(), loads()]
  const times: number[] = []
  const end = performance.now() + seconds * 1_000
  const reader = async (): Promise<void> => {
    await rest(Math.random() * PAUSE)
    while (performance.now() < end) {
      const began = performance.now()
      await list()
      times.push(performance.now() - began)
      await rest(PAUSE)
    }
  }
  const writer = async (): Promise<void> => {
    const began = performance.now()
    const running = new Set<Promise<unknown>>()
    for (let sent = 0; writes > 0 && performance.now() < end; ) {
      const due = ((performance.now() - began) * writes) / 1_000
      for (; sent < due; sent++) {
        const one = raise(db, 1 + (sent % ROWS)).finally(() => running.delete(one))
        running.add(one)
      }
      await rest(1)
    }
    await Promise.all(running)
  }
  await Promise.all([writer(), ...Array.from({ length: READERS }, reader)])
  return { times, hits: (hits() - hitsBefore) / times.length, loads: loads() - loadsBefore }
}

const higher = { price: sql`${products.price} + 1` }

async function raise(db: Db, id: number): Promise<void> {
  await db.update(products).set(higher).where(eq(products.id, id))
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
