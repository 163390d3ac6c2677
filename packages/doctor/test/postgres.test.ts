import { examine, type Finding } from '@larder/doctor'
import { tablesOf } from '@larder/prisma'
import { createDatabase, migrate, postgresUrl } from '@larder/testing'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { datamodel } from '../../../prisma/generated/larder.ts'

let client: Client
let drop: () => Promise<void>
beforeEach(async () => {
  const database = await createDatabase(await postgresUrl())
  client = new Client({ connectionString: database.url })
  await client.connect()
  await migrate((sql) => client.query(sql))
  drop = async () => {
    await client.end()
    await database.drop()
  }
})
afterEach(() => drop())

const schema = tablesOf(datamodel)
const query = async (sql: string) => (await client.query(sql)).rows

const look = (declared = schema): Promise<readonly Finding[]> => examine({ schema: declared, query })

/** `level code subject` of what is found beyond what the repository's own schema shows. */
async function found(sql: string, declared = schema): Promise<readonly string[]> {
  const spelled = (findings: readonly Finding[]) =>
    findings.map(({ level, code, subject }) => `${level} ${code} ${subject}`)
  const before = spelled(await look(declared))
  await client.query(sql)
  return spelled(await look(declared)).filter((line) => !before.includes(line))
}

it('finds no danger where the database is what the schema says', async () => {
  const findings = await look()
  expect(findings.filter(({ level }) => level === 'danger')).toEqual([])
  expect(findings.map(({ code }) => code)).toContain('statement-timeout')
})

describe('finds', () => {
  it.each([
    [
      'a unique key that is none',
      'ALTER TABLE app_user DROP CONSTRAINT IF EXISTS app_user_email_key; DROP INDEX IF EXISTS app_user_email_key',
      ['danger key-not-unique app_user'],
    ],
    [
      'a unique index over some rows',
      `DROP INDEX IF EXISTS app_user_email_key; CREATE UNIQUE INDEX ON app_user (email) WHERE name IS NOT NULL`,
      ['danger key-not-unique app_user'],
    ],
    [
      'a foreign key that cascades where none is declared to',
      `ALTER TABLE blog_posts DROP CONSTRAINT blog_posts_category_id_fkey, ADD CONSTRAINT blog_posts_category_id_fkey
        FOREIGN KEY (category_id) REFERENCES blog_categories ON DELETE CASCADE`,
      ['danger foreign-key-action blog_posts'],
    ],
    [
      'a foreign key nobody declared',
      `ALTER TABLE app_setting ADD COLUMN user_id int REFERENCES app_user ON DELETE SET NULL`,
      ['danger foreign-key-action app_setting'],
    ],
    [
      'a declared foreign key that is not there',
      'ALTER TABLE app_profile DROP CONSTRAINT app_profile_user_id_fkey',
      ['note foreign-key-missing app_profile'],
    ],
    [
      'a trigger',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
       CREATE TRIGGER noted BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['danger trigger app_user'],
    ],
    [
      'a rule',
      'CREATE RULE r AS ON INSERT TO app_setting DO ALSO DELETE FROM app_profile',
      ['danger rule app_setting'],
    ],
    ['a table that is gone', 'DROP TABLE app_setting CASCADE', ['warning table-missing app_setting']],
    [
      'a key column of another type',
      'ALTER TABLE app_user ALTER COLUMN email TYPE bytea USING email::bytea',
      ['danger column-type app_user'],
    ],
    [
      'a collation by which more is equal',
      `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       ALTER TABLE app_user ALTER COLUMN email TYPE text COLLATE nocase`,
      ['danger collation app_user'],
    ],
    [
      'row-level security',
      'ALTER TABLE app_user ENABLE ROW LEVEL SECURITY',
      ['warning row-security app_user'],
    ],
    [
      'a table filled from elsewhere',
      `CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
       DROP TABLE app_setting CASCADE; CREATE FOREIGN TABLE app_setting (id int) SERVER s`,
      expect.arrayContaining(['danger foreign-table app_setting']),
    ],
    [
      'one name in two schemas',
      'CREATE SCHEMA other; CREATE TABLE other.app_user (id int)',
      ['note same-name app_user'],
    ],
  ])('%s', async (_name, sql, expected) => {
    expect(await found(sql)).toEqual(expected)
  })

  it('nothing in triggers and views that are declared', async () => {
    const declared = tablesOf(datamodel, { User: { ttl: 1, touches: ['Setting'] } })
    await client.query(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
       CREATE TRIGGER noted AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`)
    const findings = await look(declared)
    expect(findings.filter(({ level }) => level === 'danger')).toEqual([])
    expect(findings.find(({ code }) => code === 'trigger')).toMatchObject({
      level: 'note',
      subject: 'app_user',
    })
  })

  it('what a view reads beyond what is declared', async () => {
    const view = Object.entries(datamodel.models).find(([, model]) => model.view)
    const [name = '', { table = '' } = {}] = view ?? []
    const before = (await look()).filter(({ code }) => code === 'view-reads')
    expect(before).toMatchObject([{ level: 'warning', subject: table.toLowerCase() }])
    const declared = tablesOf(datamodel, { [name]: { ttl: 1, reads: ['Setting'] } })
    expect((await look(declared)).filter(({ code }) => code === 'view-reads')).toMatchObject([
      { level: 'danger' },
    ])
  })

  it('rows of one table under the name of another', async () => {
    expect(await found('ALTER TABLE app_setting INHERIT app_user', schema).catch(() => 'refused')).toBe(
      'refused',
    )
    await client
      .query('CREATE TABLE part (LIKE app_setting INCLUDING ALL) INHERITS (app_setting)')
      .catch(() => {})
    await client.query('DROP TABLE IF EXISTS app_profile CASCADE')
    await client.query('CREATE TABLE app_profile () INHERITS (app_setting)')
    expect((await look()).map(({ code, subject }) => `${code} ${subject}`)).toContain('partition app_profile')
  })

  it('a statement timeout that ends before a mark does', async () => {
    await client.query(`SET statement_timeout = '25s'`)
    expect((await look()).map(({ code }) => code)).not.toContain('statement-timeout')
    await client.query(`SET statement_timeout = '31s'`)
    expect((await look()).map(({ code }) => code)).toContain('statement-timeout')
    await client.query(`SET client_connection_check_interval = '5s'`)
    expect((await look()).map(({ code }) => code)).not.toContain('statement-timeout')
  })
})

it('leaves out what it is told to', async () => {
  await client.query(
    'ALTER TABLE app_user ENABLE ROW LEVEL SECURITY; ALTER TABLE app_setting ENABLE ROW LEVEL SECURITY',
  )
  const secured = async (ignore: readonly string[]) =>
    (await examine({ schema, query, ignore }))
      .filter(({ code }) => code === 'row-security')
      .map(({ subject }) => subject)
  expect(await secured([])).toEqual(['app_setting', 'app_user'])
  expect(await secured(['row-security:app_user'])).toEqual(['app_setting'])
  expect(await secured(['row-security'])).toEqual([])
})
