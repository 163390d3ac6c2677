import { createCache } from '@larder/core'
import { drizzleCache } from '@larder/drizzle'
import { setting, sized } from '@larder/testing'
import { eq, inArray, sql } from 'drizzle-orm'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { integer, char as pgChar, pgTable, varchar as pgVarchar, text } from 'drizzle-orm/pg-core'
import { integer as sqliteInteger, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../support/random.ts'
import { startDrizzleDatabase } from '../workload/drizzle/databases.ts'
import type { Db, Dialect } from '../workload/drizzle/tables.ts'

// Text keys whose spellings differ in case, accents or trailing spaces, and may be equal to the database.

const seed = setting('LARDER_DRIZZLE_SEED', 1)
const steps = setting('LARDER_DRIZZLE_STEPS', 9, 80)

const docs = pgTable('doc', {
  id: integer().primaryKey(),
  key: text().notNull().unique(),
  n: integer().notNull(),
})
type Docs = typeof docs
const as = (table: unknown): Docs => table as Docs
const mysqlDocs = as(
  mysqlTable('doc', {
    id: int().primaryKey(),
    key: varchar({ length: 20 }).notNull().unique(),
    n: int().notNull(),
  }),
)
const sqliteDocs = as(
  sqliteTable('doc', {
    id: sqliteInteger().primaryKey(),
    key: sqliteText().notNull().unique(),
    n: sqliteInteger().notNull(),
  }),
)
const varcharDocs = as(
  pgTable('doc', {
    id: integer().primaryKey(),
    key: pgVarchar({ length: 20 }).notNull().unique(),
    n: integer().notNull(),
  }),
)
const charDocs = as(
  pgTable('doc', {
    id: integer().primaryKey(),
    key: pgChar({ length: 12 }).notNull().unique(),
    n: integer().notNull(),
  }),
)

/** A column's dialect, its type in the database, the Drizzle table, and the collation that Larder is given. */
type Kind = readonly [dialect: Dialect, type: string, table: Docs, collation?: string]
const KINDS: readonly Kind[] = [
  ['postgres', 'text', docs],
  ['postgres', 'citext', docs],
  ['postgres', 'varchar(20)', varcharDocs],
  ['postgres', 'char(12)', charDocs],
  ['postgres', 'char(12)', docs],
  ['mysql', 'varchar(20) COLLATE utf8mb4_general_ci', mysqlDocs],
  ['mysql', 'varchar(20) COLLATE utf8mb4_unicode_ci', mysqlDocs],
  ['mysql', 'varchar(20) COLLATE utf8mb4_bin', mysqlDocs],
  ...['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'utf8mb4_unicode_nopad_ci', 'utf8mb4_bin'].map(
    (collation): Kind => ['mysql', `varchar(20) COLLATE ${collation}`, mysqlDocs, collation],
  ),
  // A case-insensitive collation may be declared for a binary column.
  ['mysql', 'varchar(20) COLLATE utf8mb4_bin', mysqlDocs, 'utf8mb4_unicode_ci'],
  ['sqlite', 'text', sqliteDocs],
  ['sqlite', 'text COLLATE NOCASE', sqliteDocs],
  ['sqlite', 'text COLLATE RTRIM', sqliteDocs],
]

const WORDS = [
  'a',
  'straße',
  'strasse',
  'ﬁn',
  'fin',
  'é',
  'e',
  'i',
  'σ',
  'k',
  'ſo',
  'x y',
  'ǆ',
  'c-1',
] as const
const CHANGES: readonly ((word: string) => string)[] = [
  (word) => word,
  (word) => word.toUpperCase(),
  (word) => `${word} `,
  (word) => `${word}  `,
  (word) => word.normalize('NFD'),
  (word) => word.normalize('NFKC'),
  (word) => word.replace('i', 'İ').replace('k', '\u212a').replace('σ', 'ς'),
  (word) => word[0]?.toUpperCase() + word.slice(1),
]
const spelling = (random: Random): string => random.pick(CHANGES)(random.pick(WORDS))

/** One write under some spelling. */
async function write(db: Db, table: Docs, random: Random, dialect: Dialect): Promise<void> {
  const key = spelling(random)
  const row = { id: random.int(1, 9), key, n: random.int(1, 1_000) }
  const forms: (() => PromiseLike<unknown>)[] = [
    () => db.insert(table).values(row),
    () => db.insert(table).values({ ...row, id: random.int(10, 99) }),
    () => db.update(table).set({ n: row.n }).where(eq(table.key, key)),
    () =>
      db
        .update(table)
        .set({ key: spelling(random) })
        .where(eq(table.key, key)),
    () => db.update(table).set({ key }).where(eq(table.id, row.id)),
    () => db.delete(table).where(eq(table.key, key)),
  ]
  if (dialect !== 'mysql')
    forms.push(
      () =>
        db
          .insert(table)
          .values(row)
          .onConflictDoUpdate({ target: table.key, set: { n: row.n } }),
      () => db.insert(table).values(row).onConflictDoUpdate({ target: table.id, set: { key } }).returning(),
      () =>
        db
          .update(table)
          .set({ n: row.n })
          .where(inArray(table.key, [key, spelling(random)]))
          .returning(),
    )
  // Duplicate keys are refused.
  await Promise.resolve(random.pick(forms)()).catch(() => {})
}

describe.each(
  KINDS.filter((_, at) => sized(at % 3 === 0, true)).map((kind) => ({
    kind,
    name: `${kind[0]}, ${kind[1]}${kind[3] ? `, declared as ${kind[3]}` : ''}`,
  })),
)('text keys over $name', ({ kind }) => {
  const [dialect, type, table, collation] = kind
  test(`${steps} random writes by any spelling leave no stale read`, async () => {
    const database = await startDrizzleDatabase(dialect)
    try {
      const plain = database.db()
      const create = sql.raw(
        `CREATE TABLE doc (id integer PRIMARY KEY, ${dialect === 'mysql' ? '`key`' : '"key"'} ${type} NOT NULL UNIQUE, n integer NOT NULL)`,
      )
      await (dialect === 'sqlite'
        ? (plain as unknown as { run(query: unknown): PromiseLike<unknown> }).run(create)
        : plain.execute(create))
      const cache = createCache()
      const db = drizzleCache(database.db(), {
        cache,
        ...(collation && { collation }),
        schema: { docs: table } as never,
        tables: { '*': { ttl: '1h' } } as never,
      })
      const random = createRandom(seed)
      const reads = Array.from({ length: 16 }, () => [
        spelling(random),
        ...(random.chance(0.3) ? [spelling(random)] : []),
      ])
      const read = async (from: Db, keys: readonly string[]): Promise<readonly unknown[]> => {
        const [key = ''] = keys
        const where = keys.length > 1 ? inArray(table.key, [...keys]) : eq(table.key, key)
        return from.select().from(table).where(where).orderBy(table.id)
      }
      for (let step = 0; step < steps; step++) {
        await write(db, table, random, dialect)
        for (const keys of reads)
          expect(await read(db, keys), `step ${step}, ${JSON.stringify(keys)}`).toStrictEqual(
            await read(plain, keys),
          )
      }
      const { hits } = cache.stats()
      expect(hits).toBeGreaterThan(dialect === 'mysql' && !collation ? 0 : sized(3, 15))
    } finally {
      await database.stop()
    }
  })
})
