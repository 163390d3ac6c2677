import { createCache } from '@larder/core'
import { systemClock } from '@larder/core/host'
import { setting, sized, sweep } from '@larder/testing'

import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { faultyParser, parserFaults } from '../broken/parsers.ts'
import { startPostgresDatabase } from '../support/databases.ts'
import type { Random } from '../support/random.ts'
import { startDrizzleDatabase } from '../workload/drizzle/databases.ts'
import { walk as walkDrizzle } from './drizzle-walk.ts'
import { type Account, walk as walkPrisma } from './prisma-walk.ts'
import { type RecordedWrite, recordChanges, unannounced } from './raw-writes/changed-tables.ts'
import { ddlFor, type RawTable, type RawText, randomText } from './raw-writes/statements.ts'

// Random raw SQL through a client that parses raw writes with PostgreSQL's parser. After each write, every table whose rows
// changed must have been announced, and every cached query must equal the uncached one.
// LARDER_RAW_STEPS takes a longer walk, LARDER_RAW_SEED another one.

const steps = setting('LARDER_RAW_STEPS', 10, 200)
const seed = setting('LARDER_RAW_SEED', 1)
const timeout = 120_000 + steps * 1_000

const PRISMA: readonly RawTable[] = [
  {
    name: 'app_user',
    id: 'id',
    text: 'name',
    row: (n) => `(id, email, updated_at) VALUES (${1 + (n % 6)}, 'e${n}', now())`,
  },
  {
    name: 'blog_posts',
    id: 'id',
    text: 'title',
    row: (n) => `(id, title, author_id) VALUES (${1 + (n % 6)}, 'p${n}', ${1 + (n % 4)})`,
  },
  {
    name: 'blog_comments',
    id: 'id',
    text: 'text',
    row: (n) => `(id, "text", post_id) VALUES (${1 + (n % 6)}, 'c', ${1 + (n % 4)})`,
  },
  { name: 'blog_tags', id: 'id', text: 'name', row: (n) => `(id, name) VALUES (${1 + (n % 6)}, 't${n}')` },
  {
    name: 'blog_categories',
    id: 'id',
    text: 'name',
    row: (n) => `(id, name) VALUES (${1 + (n % 6)}, 'c${n}')`,
  },
  {
    name: 'app_ticket',
    id: 'id',
    text: 'title',
    row: (n) => `(id, title) SELECT ${1 + (n % 6)}, 't' || ${n}`,
  },
  {
    name: 'Seat',
    id: 'id',
    text: 'holder',
    row: (n) => `(id, venue, row, number) VALUES (${1 + (n % 6)}, 'w', 1, ${n})`,
  },
  {
    name: 'LegacyItems',
    id: 'ItemNo',
    text: 'Label Text',
    row: (n) => `("ItemNo", "GroupCode", "Label Text") VALUES (${1 + (n % 6)}, 'g', 'l')`,
  },
]

const DRIZZLE: readonly RawTable[] = [
  { name: 'person', id: 'id', text: 'nick_name', row: (n) => `(id, email) VALUES (${1 + (n % 6)}, 'e${n}')` },
  {
    name: 'blog_post',
    id: 'id',
    text: 'slug',
    row: (n) => `(id, slug, author_id) VALUES (${1 + (n % 6)}, 's${n}', ${1 + (n % 4)})`,
  },
  { name: 'team', id: 'id', text: 'code', row: (n) => `(id, code) VALUES (${1 + (n % 6)}, 'c${n}')` },
  { name: 'label', id: 'id', text: 'name', row: (n) => `(id, name) VALUES (${1 + (n % 6)}, 'l${n}')` },
  {
    name: 'note',
    id: 'person_id',
    text: 'body',
    row: (n) => `(person_id, body) VALUES (${1 + (n % 4)}, 'b${n}')`,
  },
]

interface Result {
  readonly account: Pick<Account, 'stale' | 'hits' | 'reads'>
  readonly recorded: readonly RecordedWrite[]
}

const UNDO = new Error('undo')
const settled = (promise: PromiseLike<unknown>): Promise<boolean> =>
  Promise.resolve(promise).then(
    () => true,
    () => false,
  )
const cacheOver = (sqlParser?: () => Promise<unknown>) =>
  createCache({}, { clock: systemClock, ...(sqlParser && { sqlParser }) })

/** A COMMIT inside a text has an unknown outcome for a minute. It is rare here, or nothing would be cached. */
function placeOf(random: Random, { sort }: RawText, places: readonly string[]): string {
  return sort === 'a transaction in one text' && random.chance(0.9) ? 'alone' : random.pick(places)
}

async function onPrisma(
  stepCount: number,
  from: number,
  sqlParser?: () => Promise<unknown>,
  rare?: number,
): Promise<Result> {
  const database = await startPostgresDatabase()
  const cache = cacheOver(sqlParser)
  const recorded: RecordedWrite[] = []
  try {
    for (const ddl of ddlFor(PRISMA)) await database.run(ddl)
    const record = recordChanges(cache, database.run, recorded)
    const account = await walkPrisma({
      database,
      seed: from,
      steps: stepCount,
      cached: { cache },
      draw({ client }, { random }) {
        const text = randomText(random, PRISMA, rare)
        const inside = placeOf(random, text, ['alone', 'alone', 'interactive', 'array', 'undone'])
        const run = () => {
          switch (inside) {
            case 'interactive':
              return client.$transaction(async (tx) => {
                await tx.$executeRawUnsafe(text.sql)
                await tx.tag.findMany()
              })
            case 'array':
              return client.$transaction([client.tag.count(), client.$executeRawUnsafe(text.sql)])
            case 'undone':
              return client.$transaction(async (tx) => {
                await tx.$executeRawUnsafe(text.sql)
                throw UNDO
              })
            default:
              return client.$executeRawUnsafe(text.sql)
          }
        }
        return { name: `${inside}: ${text.sql}`, run: () => record(text, () => settled(run())) }
      },
    })
    return { account, recorded }
  } finally {
    await database.stop()
  }
}

async function onDrizzle(stepCount: number, from: number): Promise<Result> {
  const database = await startDrizzleDatabase('postgres')
  const cache = cacheOver()
  const recorded: RecordedWrite[] = []
  try {
    const plain = database.db()
    const run = async (text: string) => (await plain.execute(text)).rows
    for (const ddl of ddlFor(DRIZZLE)) await run(ddl)
    const record = recordChanges(cache, run, recorded)
    const account = await walkDrizzle({
      database,
      seed: from,
      steps: stepCount,
      cache,
      draw({ db, random }) {
        const text = randomText(random, DRIZZLE)
        const inside = placeOf(random, text, ['alone', 'alone', 'transaction', 'undone'])
        const write = () => {
          if (inside === 'alone')
            return random.chance(0.5) ? db.execute(text.sql) : db.execute(sql.raw(text.sql))
          return db.transaction(async (tx) => {
            await tx.execute(sql.raw(text.sql))
            if (inside === 'undone') throw UNDO
          })
        }
        return { name: `${inside}: ${text.sql}`, run: () => record(text, () => settled(write())) }
      },
    })
    return { account, recorded }
  } finally {
    await database.stop()
  }
}

/** No stale result and no unannounced change, with enough writes and hits for this to mean something. */
function expectSound({ account, recorded }: Result, tables: number): void {
  expect(account.stale, 'LARDER_RAW_SEED is the seed of what follows').toEqual([])
  expect(unannounced(recorded)).toEqual([])
  expect(recorded).toHaveLength(steps)
  const changing = recorded.filter(({ changed }) => changed.length)
  // Few steps may have luck: the bounds of a short run are wide.
  expect(changing.length / steps).toBeGreaterThan(sized(0.05, 0.3))
  const exact = changing.filter(({ unknown, announced }) => !unknown && announced.length < tables)
  expect(exact.length / changing.length).toBeGreaterThan(sized(0.1, 0.5))
  expect(account.hits / account.reads).toBeGreaterThan(sized(0.1, 0.2))
}

describe('raw writes that the parser understands', () => {
  test(`leave no stale result and change only announced tables, in ${steps} steps of Prisma`, {
    timeout,
  }, async () => {
    expectSound(await onPrisma(steps, seed), 25)
  })

  test(`leave no stale result and change only announced tables, in ${steps} steps of Drizzle`, {
    timeout,
  }, async () => {
    expectSound(await onDrizzle(steps, seed), 6)
  })
})

describe('the random walk finds stale results of a parser', () => {
  test.each(sweep(parserFaults))('%s', { timeout: 600_000 }, async (fault) => {
    let caught = false
    for (let from = 1; !caught && from < 6; from++) {
      const { account, recorded } = await onPrisma(60, from, faultyParser(fault), 0.4)
      caught = account.stale.length > 0 || unannounced(recorded).length > 0
    }
    expect(caught).toBe(true)
  })
})
