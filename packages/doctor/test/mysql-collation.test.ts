import { tablesOf } from '@larder/drizzle'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMariadb, findingsOf, summaries, type TestDatabase } from './test-database.ts'

const text = () => varchar({ length: 60 }).notNull()
const tables = {
  clients: mysqlTable('client', { id: varchar({ length: 60 }).primaryKey(), email: text().unique() }),
  orders: mysqlTable('order', { number: varchar({ length: 60 }).primaryKey(), note: text() }),
  items: mysqlTable('item', { id: int().primaryKey(), note: text() }),
}

let database: TestDatabase
beforeEach(async () => {
  database = await createMariadb()
})
afterEach(() => database.drop())

/** Makes the tables; `order.number` may have a collation of its own. */
async function create(collation: string, ofOrders: string = collation): Promise<void> {
  const column = `varchar(60) CHARACTER SET ${charsetOf(collation)} COLLATE ${collation} NOT NULL`
  await database.run(`CREATE TABLE client (id ${column} PRIMARY KEY, email ${column} UNIQUE);
    CREATE TABLE \`order\` (number varchar(60) CHARACTER SET ${charsetOf(ofOrders)} COLLATE ${ofOrders} PRIMARY KEY,
      note varchar(60) COLLATE utf8mb4_roman_ci NOT NULL);
    CREATE TABLE item (id int PRIMARY KEY, note varchar(60) COLLATE utf8mb4_roman_ci NOT NULL)`)
}

const charsetOf = (collation: string): string => collation.split('_')[0] ?? ''

const ofCollations = (line: string): boolean => / (?:text-key|collation|collation-name) /.test(line)

async function examined(collation?: string, ignore: readonly string[] = []) {
  const findings = await findingsOf(database.url, tablesOf(tables, undefined, { collation }), {
    collation,
    ignore,
  })
  return findings.filter((finding) => ofCollations(summaries([finding]).join()))
}

describe('without a declared collation, one note for all tables suggests', () => {
  it.each([
    ['the collation that all text keys have', 'utf8mb4_unicode_ci', undefined, 'utf8mb4_unicode_ci'],
    ['the case-insensitive one of two collations', 'utf8mb4_bin', 'utf8mb4_general_ci', 'utf8mb4_general_ci'],
    ['the binary collation if all are binary', 'utf8mb4_bin', undefined, 'utf8mb4_bin'],
    ['a binary collation that the option accepts', 'latin2_bin', undefined, 'utf8mb4_bin'],
  ])('%s', async (_name, collation, ofOrders, suggested) => {
    await create(collation, ofOrders)
    const findings = await examined()
    expect(summaries(findings)).toEqual(['note text-key 2 tables'])
    expect(findings[0]?.message).toContain(`client.id (${collation}), client.email (${collation})`)
    expect(findings[0]?.fix).toContain(`give collation: '${suggested}' to prismaCache or drizzleCache`)
    expect(await examined(suggested)).toEqual([])
  })

  it('no collation if one text key has a collation that the option does not accept', async () => {
    await create('utf8mb4_general_ci', 'utf8mb4_roman_ci')
    const [finding] = await examined()
    expect(finding?.fix).toMatch(/^nothing is stale.*give order\.number a collation that Larder knows/)
  })

  it('a collation for the tables that are not ignored', async () => {
    await create('utf8mb4_general_ci')
    expect(summaries(await examined(undefined, ['text-key:client']))).toEqual(['note text-key order'])
    expect(await examined(undefined, ['text-key'])).toEqual([])
  })
})

describe('a declared collation', () => {
  it.each([
    [
      'binary and columns are case-insensitive',
      'utf8mb4_general_ci',
      'utf8mb4_bin',
      /^give collation: 'utf8mb4_general_ci'/,
    ],
    [
      'folding less than a language-specific collation of a column',
      'utf8mb4_roman_ci',
      'utf8mb4_general_ci',
      /^leave the option collation out/,
    ],
    [
      'binary and a column has a language-specific collation',
      'utf8mb4_roman_ci',
      'utf8mb4_bin',
      /^leave the option collation out/,
    ],
  ])('is a danger if it is %s', async (_name, collation, declared, fix) => {
    await create('utf8mb4_bin', collation)
    const findings = await examined(declared)
    expect(summaries(findings)).toEqual(['danger collation order'])
    expect(findings[0]).toMatchObject({
      message: expect.stringContaining(`number has the collation ${collation}`),
      fix: expect.stringMatching(fix),
    })
  })

  it("is a note if it differs from a column's collation but Larder treats both alike", async () => {
    await create('utf8mb4_unicode_ci')
    const [note, ...others] = await examined('utf8mb4_general_ci')
    expect([note, others]).toMatchObject([{ level: 'note', code: 'collation-name' }, []])
    expect(note?.fix).toBe("give collation: 'utf8mb4_unicode_ci'")
  })

  it('is a note if it is case-insensitive and columns are binary', async () => {
    await create('utf8mb4_bin')
    expect(await examined('utf8mb4_general_ci')).toMatchObject([
      { level: 'note', code: 'collation-name', fix: expect.stringContaining("collation: 'utf8mb4_bin'") },
    ])
  })
})
