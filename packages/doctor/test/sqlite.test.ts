import { tablesOf } from '@larder/drizzle'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as world from '../../../test/workload/drizzle/tables-sqlite.ts'
import { wideCollations } from '../src/sqlite/collations.ts'
import { DRIVERS } from '../src/sqlite/drivers.ts'
import { readSqlite } from '../src/sqlite/read-catalogue.ts'
import { sqliteSettings } from '../src/sqlite/settings.ts'
import {
  createSqlite,
  createTables,
  dangers,
  findingsOf,
  newFindings,
  summaries,
  type TestDatabase,
} from './test-database.ts'

const casing = 'snake_case'
const policies = { '*': { ttl: '1h' } } as const
const schema = tablesOf(world, policies, { casing })

let database: TestDatabase
beforeEach(async () => {
  database = await createSqlite()
  await createTables(database, 'sqlite')
})
afterEach(() => database.drop())

it('the doctor reports nothing in SQLite if the database matches the Drizzle schema', async () => {
  expect(await findingsOf(database.url, schema)).toEqual([])
})

describe('the doctor reports in SQLite', () => {
  const label = (columns: string) => `DROP TABLE post_label; DROP TABLE label;
    CREATE TABLE label (${columns});
    CREATE TABLE post_label (post_id integer NOT NULL REFERENCES blog_post ON DELETE CASCADE ON UPDATE CASCADE,
      label_id integer NOT NULL REFERENCES label ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY (post_id, label_id))`
  it.each([
    ['nothing for foreign keys without columns', label('id integer PRIMARY KEY, name text'), []],
    [
      'a declared unique key without an index',
      'DROP TABLE team; CREATE TABLE team (id integer PRIMARY KEY, code text NOT NULL)',
      ['danger key-not-unique team'],
    ],
    [
      'a unique index over some rows',
      `DROP TABLE team; CREATE TABLE team (id integer PRIMARY KEY, code text NOT NULL);
       CREATE UNIQUE INDEX some ON team (code) WHERE id > 3`,
      ['danger key-not-unique team'],
    ],
    [
      'a unique index over an expression',
      `DROP TABLE team; CREATE TABLE team (id integer PRIMARY KEY, code text NOT NULL);
       CREATE UNIQUE INDEX some ON team (lower(code))`,
      ['danger key-not-unique team'],
    ],
    [
      'an undeclared foreign key',
      'ALTER TABLE label ADD COLUMN person_id integer REFERENCES person ON DELETE SET NULL',
      ['danger foreign-key-action label'],
    ],
    [
      'a cascade through an undeclared table',
      `CREATE TABLE desk (id integer PRIMARY KEY, team_id integer REFERENCES team ON DELETE CASCADE);
       ALTER TABLE label ADD COLUMN desk_id integer REFERENCES desk ON DELETE CASCADE`,
      ['danger foreign-key-action label'],
    ],
    [
      'a declared foreign key that is missing',
      `DROP TABLE post_label;
       CREATE TABLE post_label (post_id integer, label_id integer, PRIMARY KEY (post_id, label_id))`,
      ['danger foreign-key-missing post_label', 'danger foreign-key-missing post_label'],
    ],
    [
      'a trigger',
      'CREATE TRIGGER noted AFTER UPDATE ON person BEGIN DELETE FROM note; END',
      ['danger trigger person'],
    ],
    [
      'a trigger of a view',
      'CREATE TRIGGER noted INSTEAD OF DELETE ON author BEGIN DELETE FROM note; END',
      ['danger trigger author'],
    ],
    ['a missing table', 'DROP TABLE note', ['warning table-missing note']],
    ['a key column of another type', label('id text PRIMARY KEY, name text'), ['danger column-type label']],
    [
      'a generated column in a key',
      `DROP TABLE post_label;
       CREATE TABLE post_label (post_id integer, label_id integer AS (post_id + 1) STORED, UNIQUE (post_id, label_id))`,
      expect.arrayContaining(['danger generated-column post_label']),
    ],
    [
      'an undeclared default of a nullable key',
      `DROP TABLE person; CREATE TABLE person (id integer PRIMARY KEY, email text NOT NULL UNIQUE, points integer,
         nick_name text UNIQUE DEFAULT NULL, boss_id integer REFERENCES person ON DELETE SET NULL ON UPDATE CASCADE,
         team_id integer DEFAULT 1 REFERENCES team ON DELETE SET NULL ON UPDATE CASCADE)`,
      ['danger column-default person'],
    ],
    [
      'nothing for collations that Larder folds as well',
      'DROP TABLE team; CREATE TABLE team (id integer PRIMARY KEY, code text NOT NULL COLLATE RTRIM UNIQUE)',
      [],
    ],
    [
      'a virtual table whose content is another table',
      `DROP TABLE note; CREATE VIRTUAL TABLE note USING fts5 (person_id, body, content='person')`,
      ['danger virtual-table note'],
    ],
    [
      'nothing for a virtual table that stores its own rows',
      'DROP TABLE note; CREATE VIRTUAL TABLE note USING fts5 (person_id, body)',
      [],
    ],
  ])('%s', async (_name, sql, expected) => {
    expect(await newFindings(database, sql, schema)).toEqual(expected)
  })

  it('a key column with a collation that the application defines', async () => {
    // Made by who has the collation; nobody else could.
    await database.run(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'code text', 'code text COLLATE german') WHERE name = 'team'`)
    expect(summaries(await findingsOf(database.url, schema))).toEqual(['danger collation team'])
  })

  it('rows of one table that are visible under the name of another', async () => {
    await database.run('CREATE VIRTUAL TABLE words USING fts5 (body)')
    const words = sqliteTable('words', { body: text() })
    const rows = sqliteTable('words_content', { id: integer().primaryKey() })
    expect(summaries(await findingsOf(database.url, tablesOf({ words, rows })))).toEqual([
      'danger partition words_content',
    ])
  })

  it('tables that a view reads and its declaration lacks, in any spelling', async () => {
    await database.run(`DROP VIEW author; CREATE VIEW author AS SELECT author_id, email,
      (SELECT count(*) FROM post_label AS l WHERE l.post_id = p.id) AS posts FROM blog_post p, main.person x WHERE x.id = author_id`)
    expect(dangers(await findingsOf(database.url, schema))).toMatchObject([
      { code: 'view-reads', subject: 'author', message: expect.stringMatching(/^reads post_label too/) },
    ])
    const reads = ['posts', 'people', 'postLabels']
    const declared = tablesOf(world, { ...policies, authors: { ttl: 1, reads } }, { casing })
    expect(dangers(await findingsOf(database.url, declared))).toEqual([])
  })

  it('a view whose tables SQLite cannot determine', async () => {
    await database.run(`CREATE VIRTUAL TABLE words USING fts5 (body);
      DROP VIEW author; CREATE VIEW author AS SELECT rowid AS author_id, body AS email, 1 AS posts FROM words`)
    expect(summaries(await findingsOf(database.url, schema))).toContain('warning view-unseen author')
  })

  it('nothing for column names that differ from the declared ones in case', async () => {
    await database.run('ALTER TABLE person RENAME COLUMN email TO EMAIL')
    expect(await findingsOf(database.url, schema)).toEqual([])
  })
})

describe.each(Object.entries(DRIVERS))('the doctor over %s', (name, open) => {
  it('reads the same catalogue, and reports foreign keys that are off in new connections', async () => {
    const [path = ''] = database.url.split('file:').slice(1)
    const opened = await open(path)
    const catalogue = await readSqlite(opened.query, name)
    opened.close()
    const first = await DRIVERS['better-sqlite3']?.(path)
    const expected = first && (await readSqlite(first.query, name))
    first?.close()
    expect(catalogue.relations).toEqual(expected?.relations)
    expect(catalogue.settings).toEqual({ driver: name, foreign_keys: expect.stringMatching(/^[01]$/) })
  })
})

it('the doctor reports a driver whose new connections have foreign keys off', () => {
  expect(sqliteSettings({ driver: 'x', foreign_keys: '1' })).toEqual([])
  expect(sqliteSettings({ driver: 'x', foreign_keys: '0' })).toMatchObject([
    { level: 'note', code: 'foreign-keys-off' },
  ])
})

it('the doctor finds a collation in any column definition', () => {
  const sql = `CREATE TABLE "a b" ( -- COLLATE one, in a comment
    "x y" text DEFAULT 'COLLATE two, here' COLLATE "three", [z] text CHECK (z <> 'a' COLLATE four) COLLATE nocase,
    /* w text COLLATE five, */ \`v\` varchar(10, 2) NOT NULL collate Six, PRIMARY KEY ("x y" COLLATE seven))`
  expect([...wideCollations(sql)]).toEqual([
    ['x y', 'three'],
    ['v', 'Six'],
  ])
})
