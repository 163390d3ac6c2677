import { tablesOf } from '@larder/drizzle'
import { datetime, int, mysqlTable } from 'drizzle-orm/mysql-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as world from '../../../test/workload/drizzle/tables-mysql.ts'
import {
  createMariadb,
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
  database = await createMariadb()
  await createTables(database, 'mysql')
})
afterEach(() => database.drop())

it('the doctor reports no danger in MariaDB if the database matches the Drizzle schema', async () => {
  const findings = await findingsOf(database.url, schema)
  expect(dangers(findings)).toEqual([])
  expect(summaries(findings)).toEqual(
    expect.arrayContaining(['warning statement-timeout max_statement_time']),
  )
  // One line for all of them.
  const [line, ...others] = findings.filter(({ code }) => code === 'text-key')
  expect(others).toEqual([])
  expect(line).toMatchObject({ level: 'note', subject: expect.stringMatching(/^\d+ tables$/) })
  expect(line?.message).toMatch(/reads by team\.code \(.*person\.email \(.* depend on the whole table/)
  const ignored = await findingsOf(database.url, schema, { ignore: ['text-key:person'] })
  expect(ignored.find(({ code }) => code === 'text-key')?.message).not.toContain('person')
})

/** A user who sees only this test's database. Databases of other tests have tables of the same names. */
async function userOfOwn(): Promise<{ name: string; url: string }> {
  const url = new URL(database.url)
  const name = url.pathname.slice(1)
  await database.run(
    `CREATE USER '${name}'@'%' IDENTIFIED BY 'secret'; GRANT SELECT, UPDATE ON ${name}.* TO '${name}'@'%'`,
  )
  url.username = name
  url.password = 'secret'
  return { name, url: url.href }
}

/** Without those about other databases: other tests create the same tables on this server at any time. */
async function newFindingsHere(sql: string): Promise<readonly string[]> {
  return (await newFindings(database, sql, schema)).filter((line) => !line.startsWith('note same-name'))
}

describe('the doctor reports in MariaDB', () => {
  it.each([
    [
      'a declared unique key without an index',
      'ALTER TABLE team DROP INDEX code',
      ['danger key-not-unique team'],
    ],
    [
      'a cascade that is not declared',
      `ALTER TABLE person DROP FOREIGN KEY person_ibfk_2,
        ADD CONSTRAINT moved FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE CASCADE`,
      ['danger foreign-key-action person'],
    ],
    [
      'an undeclared foreign key',
      'ALTER TABLE label ADD COLUMN person_id int, ADD FOREIGN KEY (person_id) REFERENCES person (id) ON DELETE SET NULL',
      ['danger foreign-key-action label'],
    ],
    [
      'a cascade through an undeclared table',
      `CREATE TABLE desk (id int PRIMARY KEY, team_id int, FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE CASCADE);
       ALTER TABLE label ADD COLUMN desk_id int, ADD FOREIGN KEY (desk_id) REFERENCES desk (id) ON DELETE CASCADE`,
      ['danger foreign-key-action label'],
    ],
    [
      'a declared foreign key that is missing',
      'ALTER TABLE person DROP FOREIGN KEY person_ibfk_2',
      ['note foreign-key-missing person'],
    ],
    [
      'a trigger that writes a table',
      'CREATE TRIGGER noted BEFORE UPDATE ON person FOR EACH ROW DELETE FROM note',
      ['danger trigger person'],
    ],
    [
      'a trigger that changes a key of the written row',
      'CREATE TRIGGER noted BEFORE UPDATE ON person FOR EACH ROW SET NEW.points = 1, NEW.team_id = 1',
      ['danger trigger person'],
    ],
    [
      'no danger for a trigger that changes only other columns of the row',
      'CREATE TRIGGER noted BEFORE UPDATE ON person FOR EACH ROW SET NEW.points = 1',
      ['note trigger person'],
    ],
    [
      'a missing column',
      'ALTER TABLE person DROP COLUMN nick_name',
      ['danger key-not-unique person', 'warning column-missing person'],
    ],
    [
      'a key column of another type',
      'ALTER TABLE blog_post DROP FOREIGN KEY blog_post_ibfk_1, MODIFY author_id varchar(9) NOT NULL',
      ['danger column-type blog_post', 'note foreign-key-missing blog_post'],
    ],
    [
      'a generated column in a key',
      `DROP TABLE post_label;
       CREATE TABLE post_label (post_id int, label_id int AS (post_id + 1) STORED, UNIQUE (post_id, label_id))`,
      [
        'danger generated-column post_label',
        'danger foreign-key-missing post_label',
        'danger foreign-key-missing post_label',
      ],
    ],
    [
      'an undeclared default of a nullable key',
      'ALTER TABLE person ALTER COLUMN team_id SET DEFAULT 1',
      ['danger column-default person'],
    ],
    ['nothing for a default of NULL', 'ALTER TABLE person ALTER COLUMN team_id SET DEFAULT NULL', []],
    [
      'a table whose engine has no transactions',
      'ALTER TABLE note ENGINE = MyISAM',
      ['danger no-transactions note'],
    ],
  ])('%s', async (_name, sql, expected) => {
    expect(await newFindingsHere(sql)).toEqual(expected)
  })

  it('a missing table', async () => {
    const { name, url } = await userOfOwn()
    expect(summaries(await findingsOf(url, schema))).not.toContain('warning table-missing note')
    await database.run('DROP TABLE note')
    expect(summaries(await findingsOf(url, schema))).toContain('warning table-missing note')
    await database.run(`DROP USER '${name}'@'%'`)
  })

  it('nothing for partitions, which have no names of their own', async () => {
    const sql = 'ALTER TABLE note PARTITION BY HASH (person_id) PARTITIONS 4'
    expect(await newFindingsHere(sql)).toEqual([])
  })

  it('tables that a view reads and its declaration lacks', async () => {
    const sql = `CREATE OR REPLACE VIEW author AS SELECT author_id, email, count(l.label_id) AS posts FROM blog_post
      JOIN person ON person.id = author_id LEFT JOIN post_label l ON l.post_id = blog_post.id GROUP BY author_id, email`
    await database.run(sql)
    const findings = (await findingsOf(database.url, schema)).filter(({ code }) => code === 'view-reads')
    expect(findings).toMatchObject([
      { level: 'danger', subject: 'author', message: expect.stringMatching(/^reads post_label too/) },
    ])
    const declared = tablesOf(
      world,
      { ...policies, authors: { ttl: 1, reads: ['posts', 'people', 'postLabels'] } },
      { casing },
    )
    expect(dangers(await findingsOf(database.url, declared))).toEqual([])
  })

  it('nothing for a view of an undeclared view, if its tables are declared', async () => {
    await database.run(`CREATE VIEW written AS SELECT author_id, email FROM blog_post JOIN person ON person.id = author_id;
      CREATE OR REPLACE VIEW author AS SELECT author_id, email, 1 AS posts FROM written`)
    expect(dangers(await findingsOf(database.url, schema))).toEqual([])
  })

  it('a column of a key that every update sets', async () => {
    const moments = mysqlTable('moment', {
      id: int().primaryKey(),
      seenAt: int('seen_at').notNull().unique(),
    })
    await database.run(
      'CREATE TABLE moment (id int PRIMARY KEY, seen_at timestamp NOT NULL DEFAULT now() ON UPDATE now() UNIQUE)',
    )
    expect(summaries(dangers(await findingsOf(database.url, tablesOf({ moments }))))).toEqual([
      'danger column-type moment',
      'danger on-update-column moment',
    ])
    const declared = mysqlTable('moment', { id: int().primaryKey(), seenAt: datetime('seen_at').unique() })
    expect(dangers(await findingsOf(database.url, tablesOf({ declared })))).toEqual([])
  })

  it('a table name in two databases, and compares the one in the connection’s database', async () => {
    const other = await createMariadb()
    // Which is as it was before the cascade was taken out.
    await other.run(`CREATE TABLE team (id int PRIMARY KEY); CREATE TABLE label (id int PRIMARY KEY, team_id int,
      FOREIGN KEY (team_id) REFERENCES team (id) ON DELETE CASCADE)`)
    const findings = await findingsOf(database.url, schema)
    expect(summaries(findings)).toContain('note same-name team')
    expect(dangers(findings)).toEqual([])
    await other.drop()
  })

  it('nothing for column names that differ from the declared ones in case', async () => {
    await database.run('ALTER TABLE person CHANGE email EMAIL varchar(60) NOT NULL')
    expect(dangers(await findingsOf(database.url, schema))).toEqual([])
  })

  it('that the user may not see triggers, because findings may then be missing', async () => {
    const { name, url } = await userOfOwn()
    const unseenFinding = async () => (await findingsOf(url, schema)).find(({ code }) => code === 'unseen')
    expect(await unseenFinding()).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('triggers'),
    })
    await database.run(`GRANT TRIGGER, EVENT, SHOW VIEW ON ${name}.* TO '${name}'@'%'`)
    expect(await unseenFinding()).toBeUndefined()
    await database.run(`DROP USER '${name}'@'%'`)
  })
})
