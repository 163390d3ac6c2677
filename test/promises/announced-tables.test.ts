import type { WriteEvent } from '@larder/core'
import {
  changedTables,
  type SentStatement,
  sized,
  tableState,
  type WatchedAdapter,
  writtenTables,
} from '@larder/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PrismaClient } from '../../prisma/generated/client/client.ts'
import { datamodelWithoutCascades } from '../broken/stores.ts'
import { cachedClient } from '../support/cached-client.ts'
import { startPostgresDatabase, type TestDatabase } from '../support/databases.ts'
import { createRandom } from '../support/random.ts'
import { createKeys, populate, readExistingKeys } from '../workload/prisma/rows.ts'
import { randomStep } from '../workload/prisma/steps.ts'

// A write is compared with its SQL at the driver, and with every table whose rows changed.

let database: TestDatabase
beforeAll(async () => {
  database = await startPostgresDatabase()
  await populate(database.client().client, database.run)
})
afterAll(() => database.stop())

interface RecordedWrite {
  readonly step: string
  readonly changed: readonly string[]
  readonly written: readonly string[]
  /** Tables the write events named. */
  readonly announced: readonly string[]
}

async function recordWrites(
  steps: number,
  seed: number,
  cached?: Parameters<typeof cachedClient>[1],
): Promise<RecordedWrite[]> {
  const { client: base, watched } = database.client()
  const { client, cache } = cachedClient(base, cached)
  const announced = new Set<string>()
  cache.on('write', (event: WriteEvent) => {
    for (const table of event.tables) announced.add(table)
  })
  const random = createRandom(seed)
  const stage = {
    client: client as unknown as PrismaClient,
    cache,
    readOutside: async () => {},
    full: false,
    keyed: true,
  }
  const recorded: RecordedWrite[] = []
  let before = await tableState(database.run)
  for (let step = 0; step < steps; step++) {
    const existing = await readExistingKeys(database.run)
    const { name, run } = randomStep(stage, { random, existing, keys: createKeys(random, existing) })
    announced.clear()
    watched.clear()
    await run()
    const after = await tableState(database.run)
    recorded.push({
      step: name,
      changed: changedTables(before, after),
      written: committed(watched),
      announced: [...announced],
    })
    before = after
  }
  return recorded
}

/** Tables named by statements that were not rolled back. */
function committed({ statements }: WatchedAdapter): readonly string[] {
  const undone = new Set(
    statements.filter(({ sql }) => sql === 'ROLLBACK').map(({ transaction }) => transaction),
  )
  const committed = (sent: SentStatement): boolean =>
    sent.transaction === undefined || !undone.has(sent.transaction)
  return [...new Set(statements.filter(committed).flatMap(({ tables }) => tables))]
}

const missing = ({ announced, changed, written }: RecordedWrite): readonly string[] =>
  [...changed, ...written].filter((table) => !announced.includes(table))

const WRITES = sized(45, 600)

describe('the tables of a write event', () => {
  test('include every table whose rows the write changed, also by cascades, and every table named in its SQL', async () => {
    const recorded = await recordWrites(WRITES, 7)
    expect(recorded.filter((statement) => missing(statement).length)).toEqual([])
    // Cascades changed tables that no statement named.
    const cascaded = recorded.filter(({ changed, written }) =>
      changed.some((table) => !written.includes(table)),
    )
    expect(cascaded.length).toBeGreaterThan(WRITES / 60)
    expect(recorded.filter(({ changed }) => changed.length).length).toBeGreaterThan(WRITES / 3)
  })

  test('miss tables without the cascades of the schema, and the check finds that', async () => {
    const recorded = await recordWrites(80, 8, { datamodel: datamodelWithoutCascades() })
    expect(recorded.filter((statement) => missing(statement).length).length).toBeGreaterThan(0)
  })

  test('leave out tables that a plain update does not change', async () => {
    const { client, cache } = cachedClient(database.client().client)
    const announced: (readonly string[])[] = []
    cache.on('write', ({ tables }) => void announced.push(tables))
    await client.seat.updateMany({ where: { id: 1 }, data: { holder: 'h2' } })
    await client.user.updateMany({ where: { id: 1 }, data: { name: 'n1' } })
    expect(announced).toEqual([['seat'], ['app_user']])
  })
})

describe('the written tables of a statement are found', () => {
  test.each([
    ['INSERT INTO "public"."blog_posts" ("title") VALUES ($1) RETURNING "id"', ['blog_posts']],
    ['UPDATE "public"."LegacyItems" SET "Label Text" = $1 WHERE (1=1)', ['legacyitems']],
    ['DELETE FROM "public"."a.b""c" WHERE 1=1', ['a.b"c']],
    ['SELECT * FROM app_user WHERE id = $1 FOR UPDATE', []],
    ['SELECT 1 FROM t FOR NO KEY UPDATE OF t', []],
    ['INSERT INTO "t" ("a") VALUES ($1) ON CONFLICT ("a") DO UPDATE SET "b" = $2', ['t']],
    ['WITH x AS (DELETE FROM a RETURNING id) INSERT INTO s.b SELECT id FROM x', ['a', 'b']],
  ] as const)('%s', (sql, tables) => {
    expect(writtenTables(sql)).toEqual(tables)
  })
})
