import { setTimeout as wait } from 'node:timers/promises'
import { type Cache, createCache, type PolicyOptions } from '@larder/core'
import type { Engine, ReadPlan } from '@larder/core/host'
import { drizzleCache } from '@larder/drizzle'
import { ownProcess, setting, sized, sweep, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { afterEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase } from '../support/databases.ts'
import { startStock } from '../support/drizzle-stock.ts'
import { createRandom } from '../support/random.ts'
import { race as drizzleRace } from './drizzle-race.ts'
import { race as prismaRace, seedRace } from './prisma-race.ts'
import { type Checker, createBoundedChecker, createChecker } from './version-checker.ts'

// Two processes over one Valkey, with lifetimes so short that the freshness policies act all the time. While all writes
// go through Larder, an expired entry that was not invalidated is still what the database holds: these histories are
// checked like strict ones.

const operations = setting('LARDER_HISTORY_OPERATIONS', 220, 6_000)
/** Share of operations that write. */
const WRITES = 0.04
const seed = setting('LARDER_HISTORY_SEED', 1)
/** Of each client. */
const connections = sized(3, 6)

interface Observed {
  readonly cache: Cache
  /** Loads in the background. */
  refreshes(): number
}

let count = 0
const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const random = createRandom(seed)

/** Some results arrive so late that writes and other reads end in between. */
async function late<T>(result: Promise<T>): Promise<T> {
  const rows = await result
  if (random.chance(0.3)) await wait(random.int(5, 40))
  return rows
}

/** A cache as another process would have it, with the number of its refreshes. */
async function startProcess(namespace: string): Promise<Observed> {
  const valkey = ownProcess(valkeyStore(await valkeyUrl()))
  await valkey.ping()
  // Some writes have returned for a while when the store learns of their end.
  const store = {
    ...valkey,
    finish: async (request: Parameters<typeof valkey.finish>[0]) =>
      valkey.finish(await late(Promise.resolve(request))),
  }
  const inner = createCache({ store, namespace })
  stops.push(() => inner.close())
  // The test server has no memory limit, which is a warning.
  inner.on('warning', () => {})
  let refreshes = 0
  const watched = <T>(plan: ReadPlan<T>): ReadPlan<T> => ({
    ...plan,
    run: () => late(plan.run()),
    detach() {
      const detached = plan.detach?.() ?? plan
      return {
        ...detached,
        run() {
          refreshes++
          return late(detached.run())
        },
      }
    },
  })
  const attach = (host: Parameters<Cache['attach']>[0]): Engine => {
    const engine = inner.attach(host)
    return { ...engine, read: (plan) => engine.read(watched(plan)) }
  }
  return { cache: { ...inner, attach }, refreshes: () => refreshes }
}

/** Two for each database: entries of another one would be stale to the checker. */
function startTwo(): Promise<readonly Observed[]> {
  const namespace = `freshness-${process.pid}-${count++}`
  return Promise.all([startProcess(namespace), startProcess(namespace)])
}

interface Run {
  readonly processes: readonly Observed[]
  readonly policy: PolicyOptions
  /** The checker of each process. */
  readonly checkers: readonly Checker[]
}

/** Lets each process read and write at random. Half of its workers have a client that pins reads by `warehouse`. */
const RACES = {
  async drizzle({ processes, policy, checkers }: Run): Promise<void> {
    const database = await startStock(connections)
    stops.push(database.stop)
    await Promise.all(
      processes.map(({ cache }, at) => {
        const keyed = { stock: { ...policy, lookupKeys: [['warehouse']] } } as const
        const dbs = [keyed, { stock: policy }].map((tables) =>
          drizzleCache(database.db(), { cache, tables, database: 'shop' }),
        )
        const checker = checkers[at] as Checker
        return drizzleRace({
          dbs,
          workers: 6,
          operations: operations / 2,
          seed: seed + at,
          writes: WRITES,
          checker,
        })
      }),
    )
  },
  async prisma({ processes, policy, checkers }: Run): Promise<void> {
    const database = await startPostgresDatabase(connections)
    stops.push(database.stop)
    await seedRace(database)
    const every = { '*': policy, AuthorStat: { ...policy, reads: ['Post'] } } as const
    const keyed = { ...every, Stock: { ...policy, lookupKeys: [['warehouse']] } } as const
    await Promise.all(
      processes.map(({ cache }, at) => {
        const clients = [keyed, every].map(
          (models) =>
            cachedClient(database.client().client, { cache, models, database: 'shop' })
              .client as unknown as PrismaClient,
        )
        const checker = checkers[at] as Checker
        return prismaRace({
          cache,
          clients,
          workers: 6,
          operations: operations / 2,
          seed: seed + at,
          checker,
        })
      }),
    )
  },
} as const

const POLICIES: Readonly<Record<string, PolicyOptions>> = {
  staleWhileRevalidate: { ttl: 40, jitter: 0.5, refreshAhead: false, staleWhileRevalidate: '1h' },
  // Nearly every hit refreshes.
  refreshAhead: { ttl: 500, jitter: 0.5, refreshAhead: 50 },
  'staleWhileRevalidate and refreshAhead': {
    ttl: 100,
    jitter: 0.5,
    refreshAhead: 2,
    staleWhileRevalidate: '1h',
    staleIfError: '1h',
  },
  "singleFlight: 'cluster'": { ttl: '1h', refreshAhead: false, singleFlight: 'cluster' },
  "singleFlight: 'cluster' and staleWhileRevalidate": {
    ttl: 40,
    jitter: 0.5,
    refreshAhead: 5,
    staleWhileRevalidate: '1h',
    singleFlight: 'cluster',
  },
}

/** Each policy through one ORM. Through the other, in a short run, those that combine the rest. */
const policiesOf = (orm: keyof typeof RACES): [string, PolicyOptions][] =>
  Object.entries(POLICIES).filter(([name]) => orm === 'drizzle' || sized(name.includes(' and '), true))

describe.each(['drizzle', 'prisma'] as const)('histories of two processes through %s', (orm) => {
  test.each(policiesOf(orm))(
    'with %s no read returns less than was written or read before',
    {
      timeout: 600_000,
    },
    async (_, policy) => {
      const processes = await startTwo()
      const checker = createChecker()
      await RACES[orm]({ processes, policy, checkers: [checker, checker] })
      expect(checker.violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
      const stats = processes.map(({ cache }) => cache.stats())
      const sum = (of: (at: number) => number): number => processes.reduce((all, _, at) => all + of(at), 0)
      // Without hits, stale ones and refreshes the test would prove nothing.
      expect(sum((at) => stats[at]?.hits ?? 0)).toBeGreaterThan(operations / sized(90, 30))
      const refreshes = sum((at) => processes[at]?.refreshes() ?? 0)
      if (policy.refreshAhead || policy.staleWhileRevalidate)
        expect(refreshes).toBeGreaterThan(operations / sized(220, 100))
      if (policy.staleWhileRevalidate)
        expect(sum((at) => stats[at]?.stale ?? 0)).toBeGreaterThan(operations / 200)
    },
  )
})

const BOUND = 100
const ACCEPTING = { ttl: '1h', refreshAhead: false, maxStaleness: BOUND } as const

describe.each(['drizzle', 'prisma'] as const)(
  'histories of two processes through %s, with maxStaleness',
  (orm) => {
    test(`no read is older than ${BOUND} ms, nor older than the writes of its own process`, {
      timeout: 600_000,
    }, async () => {
      let staleCount = 0
      // Some reads must be older than a strict read may be, or the test would prove nothing. Whether any is, is chance.
      for (let round = 0; !staleCount && round < 15; round++) {
        const processes = await startTwo()
        const checker = createBoundedChecker(BOUND)
        const checkers = processes.map(() => checker.process())
        await RACES[orm]({ processes, policy: ACCEPTING, checkers })
        checker.settle()
        expect(checker.violations, `LARDER_HISTORY_SEED=${seed}`).toEqual([])
        staleCount = checker.stale
      }
      expect(staleCount).toBeGreaterThan(0)
    })
  },
)

// The checker is the same for both.
test.each(sweep(['drizzle', 'prisma'] as const))(
  'the checker finds reads through %s that are older',
  { timeout: 600_000 },
  async (orm) => {
    let staleCount = 0
    // Whether a read comes late enough after a write of the other process is chance.
    for (let round = 0; !staleCount && round < 15; round++) {
      const processes = await startTwo()
      const checker = createBoundedChecker(BOUND / 20)
      const checkers = processes.map(() => checker.process())
      await RACES[orm]({ processes, policy: ACCEPTING, checkers })
      staleCount = checker.violations.length
    }
    expect(staleCount).toBeGreaterThan(0)
  },
)
