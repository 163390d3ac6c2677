import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { ownProcess, setting, valkeyUrl } from '@larder/testing'
import { valkeyStore } from '@larder/valkey'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { breakCapture } from '../broken/captures.ts'
import { cachedClient, EVERY_MODEL } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { type Member, race, schema } from './computed-values-race.ts'
import { seedRace } from './prisma-race.ts'

// Computed values that read by Prisma and by Drizzle, in several processes at once, beside writes of both.

type Mode = 'off' | 'validate'
const operations = setting('LARDER_HISTORY_OPERATIONS', 200, 12_000)
const seed = setting('LARDER_FRESHNESS_SEED', 1)
const timeout = 240_000

let database: TestDatabase
const pools: pg.Pool[] = []
const members: Member[] = []
let count = 0

beforeEach(async () => {
  database = await startPostgresDatabase(6)
  await seedRace(database)
})
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ cache }) => cache.close()))
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
  await database.stop()
})

/** Processes of their own over one server, in which reads are cached or not. */
async function start(mode: Mode, policies: readonly boolean[]): Promise<readonly Member[]> {
  const namespace = `computed-${process.pid}-${count++}`
  const [row] = await database.run('SELECT current_database() AS name')
  const { host, port, user, password } = await database.connect()
  const connection = { host, port, user: user ?? '', password: password ?? '', database: String(row?.name) }
  for (const cached of policies) {
    const store = ownProcess(valkeyStore(await valkeyUrl()))
    await store.ping()
    const cache = createCache({ store, namespace, memory: { mode } })
    // The test server has no memory limit, which is a warning.
    cache.on('warning', () => {})
    const pool = new pg.Pool({ ...connection, max: 6 })
    pool.on('error', () => {})
    pools.push(pool)
    const models = cached ? EVERY_MODEL : {}
    const prisma = cachedClient(database.client().client, { cache, models }).client as unknown as PrismaClient
    const db = drizzleCache(drizzle(pool, { schema }), {
      cache,
      tables: cached ? { '*': { ttl: '1h' } } : {},
    })
    await Promise.all([prisma.stock.count(), db.$count(schema.stock)])
    members.push({ cache, prisma, db })
  }
  return members
}

const hitsOf = (): number =>
  members.reduce((sum, { cache }) => sum + (cache.stats().models.wrap?.hits ?? 0), 0)

describe.each(['off', 'validate'] as const)('computed values over Valkey, memory %s', (mode) => {
  test('are never older than the values written or read before', { timeout }, async () => {
    const { violations } = await race({
      members: await start(mode, [true, true, false]),
      workers: 12,
      operations,
      seed,
    })
    expect(violations).toEqual([])
    expect(hitsOf()).toBeGreaterThan(operations / 20)
  })
})

describe('the history checker finds stale values', () => {
  let restore: (() => void) | undefined
  afterEach(() => restore?.())

  test('if rows are not captured', { timeout }, async () => {
    restore = breakCapture('rows are not captured')
    const crew = await start('off', [true, false])
    let found = 0
    for (let round = 0; !found && round < 12; round++) {
      const run = { members: crew, workers: 12, operations: 500, seed: seed + round }
      found = (await race(run)).violations.length
    }
    expect(found).toBeGreaterThan(0)
  })
})
