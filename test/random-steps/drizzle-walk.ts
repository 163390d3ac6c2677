import { isDeepStrictEqual } from 'node:util'
import { type Cache, createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { findStaleRead } from '../support/compare-reads.ts'
import { createRandom, type Random } from '../support/random.ts'
import { countResultDependencies } from '../support/result-dependencies.ts'
import type { DrizzleDatabase } from '../workload/drizzle/databases.ts'
import { type Query, randomQuery } from '../workload/drizzle/queries.ts'
import { randomStep } from '../workload/drizzle/steps.ts'
import { type Db, policiesOf, populate, TABLES, type Tables } from '../workload/drizzle/tables.ts'

/** A cached result that is not what the database holds. */
export interface Stale {
  readonly seed: number
  readonly step: number
  readonly after: string
  readonly query: string
  readonly cached: unknown
  readonly database: unknown
}

export interface Account {
  readonly steps: number
  readonly succeeded: number
  readonly stale: readonly Stale[]
  /** Of all cached reads made after a step. */
  readonly hits: number
  readonly reads: number
  /** Stored entries with result dependencies; 0 with a cache of the caller. */
  readonly resultDependencies: number
  /** Steps of which the cache could not tell whether they committed. */
  readonly unknown: readonly string[]
}

export interface Walk {
  readonly database: DrizzleDatabase
  readonly seed: number
  readonly steps: number
  /** What stands between the db and its cache: where a test breaks it. */
  readonly through?: (cache: Cache) => Cache
  /** The schema as the cached db is told it. */
  readonly schema?: (tables: Tables) => Tables
  /** Share of steps taken two at a time. */
  readonly together?: number
  readonly cache?: Cache
  /** What makes the steps. Default: writes of every kind. */
  readonly draw?: typeof randomStep
  /** What writes of every table do besides. */
  readonly write?: 'invalidate' | 'through'
}

/** Queries that are asked again after each step, and how many of them are drawn anew each time. */
const POOL = 40
const NEW = 3
/** People without whom a world is too empty to find anything in. */
const FEWEST = 3

/** Takes random steps through a cached db and compares a pool of queries with the database after each. */
export async function walk(walked: Walk): Promise<Account> {
  const { database, seed, steps, through, schema, together = 0, write = 'invalidate' } = walked
  const entries = countResultDependencies()
  const { cache = createCache({ store: entries.store }), draw = randomStep } = walked
  const { dialect } = database
  const t = TABLES[dialect]
  const plain = database.db()
  await populate(plain, t)
  const db = drizzleCache(database.db(), {
    cache: through?.(cache) ?? cache,
    schema: schema?.(t) ?? t,
    tables: policiesOf(write),
  })
  const unknown: string[] = []
  cache.on('write', ({ operation, outcome }) => outcome === 'unknown' && unknown.push(operation))
  const random = createRandom(seed)
  const pool = Array.from({ length: POOL }, () => randomQuery(random, dialect, t))
  const stale: Stale[] = []
  const counts = { hits: 0, reads: 0, succeeded: 0 }
  const readOutside = async (): Promise<void> => {
    if (!database.concurrent) return
    // What is open is not committed: the cache may only show what another connection sees.
    for (const query of random.some(pool, 2)) {
      const difference = await findStaleRead(
        async () => inOrder(await query.run(db)),
        async () => inOrder(await query.run(plain)),
      )
      if (difference)
        stale.push({ seed, step: -1, after: 'inside a transaction', query: query.name, ...difference })
    }
  }
  const stage = { db, cache, dialect, t, random, readOutside }
  await compare(pool, db, plain)
  let step = 0
  for (; step < steps && !stale.length; step++) {
    const drawn = random.chance(together) ? [draw(stage), draw(stage)] : [draw(stage)]
    const beside = database.concurrent && random.chance(0.4) ? random.some(pool, 6) : []
    const [done] = await Promise.all([
      Promise.all(drawn.map((drawnStep) => drawnStep.run())),
      Promise.all(beside.map((query) => query.run(db))),
    ])
    if (done.includes(true)) counts.succeeded++
    // Deletes cascade: now and then the world begins again, through the cache like everything else.
    if ((await plain.$count(t.people)) < FEWEST) await populate(db, t)
    renew(pool, random, database, t)
    const before = cache.stats()
    const differences = await compare(pool, db, plain)
    counts.hits += cache.stats().hits - before.hits
    counts.reads += cache.stats().reads - before.reads
    const after = drawn.map(({ name }) => name).join(' || ')
    stale.push(...differences.map((difference) => ({ seed, step, after, ...difference })))
  }
  return { steps: step, stale, unknown, resultDependencies: entries.count(), ...counts }
}

function renew(pool: Query[], random: Random, { dialect }: DrizzleDatabase, t: Tables): void {
  for (let n = 0; n < NEW; n++) pool[random.int(0, POOL - 1)] = randomQuery(random, dialect, t)
}

type Difference = Pick<Stale, 'query' | 'cached' | 'database'>

async function compare(queries: readonly Query[], db: Db, plain: Db): Promise<readonly Difference[]> {
  const cached = await Promise.all(queries.map((query) => query.run(db)))
  const truth = await Promise.all(queries.map((query) => query.run(plain)))
  return queries.flatMap((query, index) => {
    const [cachedRows, trueRows] = [inOrder(cached[index]), inOrder(truth[index])]
    return isDeepStrictEqual(cachedRows, trueRows)
      ? []
      : [{ query: query.name, cached: cachedRows, database: trueRows }]
  })
}

/** Rows in an order of our own, at every depth: the database promises none. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(inOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inOrder(inner)]))
}
