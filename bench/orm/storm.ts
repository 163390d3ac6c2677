import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { valkeyStore } from '@larder/valkey'
import { asc, lte } from 'drizzle-orm'
import type { Context } from '../context.ts'
import { type Db, type Products, products } from '../products.ts'
import type { Row } from '../sheet.ts'
import { quantile } from '../statistics.ts'
import type { Server } from '../valkey/server.ts'

const READERS = 64
/** Ms between two reads of one reader, on average: more would measure the processor. */
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
    note: `Drizzle, PostgreSQL and Valkey, ${seconds} s each, readers in one process, writers in another; a reader
rests ${PAUSE} ms on average between two reads. Loads are queries that the database answers.`,
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

/** What the writing process is asked for. */
export interface StormWrites {
  /** The URL of PostgreSQL. */
  readonly database: string
  /** `undefined`: without a cache. */
  readonly cache:
    | { readonly url: string; readonly namespace: string; readonly policy: PolicyOptions }
    | undefined
  /** The first so many rows are written in turn. */
  readonly rows: number
  readonly perSecond: number
  readonly seconds: number
}

async function run(shop: Products, { url, prefix }: Server, storm: Storm): Promise<Outcome> {
  const plain = shop.connect({ connections: 16 })
  const { policy } = storm
  const namespace = `${prefix}-storm-${runs++}`
  const cache = policy && createCache({ store: valkeyStore(url), namespace })
  const db = cache ? drizzleCache(plain, { cache, tables: { '*': policy } }) : plain
  const member = storm.writes > 0 ? fork(new URL('storm-writer.ts', import.meta.url)) : undefined
  try {
    const writes = member && (await startWrites(member, shop, policy && { url, namespace, policy }, storm))
    return await drive(shop, db, cache, storm.seconds, writes)
  } finally {
    member?.kill()
    await cache?.close()
  }
}

/** Resolves once the process is about to write, with what resolves when it has written. */
async function startWrites(
  member: ChildProcess,
  { url: database }: Products,
  cache: StormWrites['cache'],
  { writes, seconds }: Storm,
): Promise<() => Promise<unknown>> {
  const ready = once(member, 'message')
  member.send({ database, cache, rows: ROWS, perSecond: writes, seconds } satisfies StormWrites)
  await ready
  const ended = once(member, 'message')
  return () => ended
}

async function drive(
  { loads }: Products,
  db: Db,
  cache: Cache | undefined,
  seconds: number,
  writes: (() => Promise<unknown>) | undefined,
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
      // Readers that share one answer would otherwise come back together.
      await rest(PAUSE * (0.5 + Math.random()))
    }
  }
  await Promise.all(Array.from({ length: READERS }, reader))
  const outcome = { times, hits: (hits() - hitsBefore) / times.length, loads: loads() - loadsBefore }
  await writes?.()
  return outcome
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
