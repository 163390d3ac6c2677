import { isDeepStrictEqual } from 'node:util'
import type { Cache } from '@larder/core'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient } from '../support/cached-client.ts'
import { findStaleRead } from '../support/compare-reads.ts'
import type { TestDatabase } from '../support/databases.ts'
import { createRandom } from '../support/random.ts'
import { countResultDependencies } from '../support/result-dependencies.ts'
import { cachedQueries, type Query } from '../workload/prisma/query-list.ts'
import { createKeys, populate, readExistingKeys } from '../workload/prisma/rows.ts'
import { randomStep, type Step } from '../workload/prisma/steps.ts'

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
  /** Stored entries with result dependencies; 0 with a cache or store of the caller. */
  readonly resultDependencies: number
}

export interface Run {
  readonly database: TestDatabase
  readonly seed: number
  readonly steps: number
  /** Options of the extension: where a test breaks it. */
  readonly cached?: Parameters<typeof cachedClient>[1]
  readonly stopAtFirst?: boolean
  /** Share of steps taken two at a time. */
  readonly together?: number
  /** What makes the steps. Default: writes of every kind. */
  readonly draw?: typeof randomStep
}

/** Takes random steps through a cached client and compares the whole cachedQueries with the database after each. */
export async function walk({
  database,
  seed,
  steps,
  cached,
  stopAtFirst = true,
  together = 0,
  draw: drawFrom = randomStep,
}: Run): Promise<Account> {
  const { client: plain } = database.client()
  const entries = countResultDependencies()
  const options = { options: { store: entries.store } }
  const { client, cache } = cachedClient(database.client().client, { ...options, ...cached })
  const under = client as unknown as PrismaClient
  await populate(plain, database.run)
  const random = createRandom(seed)
  const full = database.kind === 'postgres'
  const keyed = cached?.datamodel !== false
  const stale: Stale[] = []
  // What an operation wrote unannounced is invalidated all the same, and a mistake of the planner.
  const unannounced: string[] = []
  cache.on('warning', ({ code, message }) => code === 'unannounced-write' && unannounced.push(message))
  let succeeded = 0
  const counts = { hits: 0, reads: 0 }
  const readOutside = async (): Promise<void> => {
    // What is open is not committed: the cache may only show what another connection sees.
    const query = random.pick(cachedQueries)
    const difference = await findStaleRead(
      () => query.run(under),
      () => query.run(plain),
    )
    if (difference)
      stale.push({ seed, step: -1, after: 'inside a transaction', query: query.name, ...difference })
  }
  await compare(under, plain, cache, counts)
  let step = 0
  for (; step < steps; step++) {
    const existing = await readExistingKeys(database.run)
    const source = { random, existing, keys: createKeys(random, existing) }
    const draw = (): Step => drawFrom({ client: under, cache, readOutside, full, keyed }, source)
    const drawn = random.chance(together) ? [draw(), draw()] : [draw()]
    const beside = full && random.chance(0.4) ? random.some(cachedQueries, 8) : []
    const [done] = await Promise.all([
      Promise.all(drawn.map((drawnStep) => drawnStep.run())),
      Promise.all(beside.map((query) => query.run(under))),
    ])
    if (done.includes(true)) succeeded++
    for (const difference of await compare(under, plain, cache, counts))
      stale.push({ seed, step, after: drawn.map(({ name }) => name).join(' || '), ...difference })
    for (const message of unannounced.splice(0))
      stale.push({
        ...{ seed, step, after: drawn.map(({ name }) => name).join(' || ') },
        ...{ query: 'none: a write was not announced', cached: message, database: undefined },
      })
    if (stale.length && stopAtFirst) break
  }
  return { steps: step, succeeded, stale, resultDependencies: entries.count(), ...counts }
}

type Difference = Pick<Stale, 'query' | 'cached' | 'database'>

async function compare(
  under: PrismaClient,
  plain: PrismaClient,
  cache: Cache,
  counts: { hits: number; reads: number },
): Promise<readonly Difference[]> {
  const before = cache.stats()
  const cached = await all(cachedQueries, under)
  const after = cache.stats()
  counts.hits += after.hits - before.hits
  counts.reads += after.reads - before.reads
  const truth = await all(cachedQueries, plain)
  return cachedQueries.flatMap((query, index) =>
    isDeepStrictEqual(cached[index], truth[index])
      ? []
      : [{ query: query.name, cached: cached[index], database: truth[index] }],
  )
}

function all(queries: readonly Query[], client: PrismaClient): Promise<unknown[]> {
  return Promise.all(queries.map((query) => query.run(client)))
}
