import * as drizzle from '@larder/drizzle'
import { tablesOf } from '@larder/prisma'
import { integer, pgSchema, pgTable } from 'drizzle-orm/pg-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { datamodel } from '../../../prisma/generated/larder.ts'
import * as world from '../../../test/workload/drizzle/tables-postgres.ts'
import {
  createMigratedPostgres,
  createPostgres,
  createTables,
  dangers,
  newFindings as foundIn,
  findingsOf as lookAt,
  summaries,
  type TestDatabase,
} from './test-database.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createMigratedPostgres()
})
afterEach(() => database.drop())

const schema = tablesOf(datamodel)
const look = (declared = schema) => lookAt(database.url, declared)
const findingsAfter = (sql: string, declared = schema) => foundIn(database, sql, declared)

it('the doctor reports no danger in PostgreSQL if the database matches the Prisma schema', async () => {
  const findings = await look()
  expect(findings.filter(({ level }) => level === 'danger')).toEqual([])
  expect(findings.map(({ code }) => code)).toContain('statement-timeout')
})

describe('the doctor reports in PostgreSQL', () => {
  it.each([
    [
      'a declared unique key without an index',
      'ALTER TABLE app_user DROP CONSTRAINT IF EXISTS app_user_email_key; DROP INDEX IF EXISTS app_user_email_key',
      ['danger key-not-unique app_user'],
    ],
    [
      'a unique index over some rows',
      `DROP INDEX IF EXISTS app_user_email_key; CREATE UNIQUE INDEX ON app_user (email) WHERE name IS NOT NULL`,
      ['danger key-not-unique app_user'],
    ],
    [
      'a cascade that is not declared',
      `ALTER TABLE blog_posts DROP CONSTRAINT blog_posts_category_id_fkey, ADD CONSTRAINT blog_posts_category_id_fkey
        FOREIGN KEY (category_id) REFERENCES blog_categories ON DELETE CASCADE`,
      ['danger foreign-key-action blog_posts'],
    ],
    [
      'an undeclared foreign key',
      `ALTER TABLE app_setting ADD COLUMN user_id int REFERENCES app_user ON DELETE SET NULL`,
      ['danger foreign-key-action app_setting'],
    ],
    [
      'a declared foreign key that is missing',
      'ALTER TABLE app_profile DROP CONSTRAINT app_profile_user_id_fkey',
      ['note foreign-key-missing app_profile'],
    ],
    [
      'a foreign key that a join table lacks',
      `DO $$ DECLARE k name; BEGIN
         SELECT conname INTO k FROM pg_constraint WHERE contype = 'f' AND confrelid = 'blog_tags'::regclass LIMIT 1;
         EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I',
           (SELECT conrelid::regclass FROM pg_constraint WHERE conname = k LIMIT 1), k);
       END $$`,
      [expect.stringMatching(/^danger foreign-key-missing _/)],
    ],
    [
      'a trigger that writes a table',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM app_setting; RETURN NEW; END $$;
       CREATE TRIGGER noted BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['danger trigger app_user'],
    ],
    [
      'a trigger that calls a user-defined function',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM log_it(); RETURN NEW; END $$;
       CREATE TRIGGER noted BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['danger trigger app_user'],
    ],
    [
      'a trigger that changes a key of the written row',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$;
       CREATE TRIGGER noted BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['danger trigger app_user'],
    ],
    [
      'no danger for a trigger that changes only other columns of the row',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
         -- UPDATE app_setting
         BEGIN IF TG_OP = 'UPDATE' THEN NEW."updated_at" = now(); END IF; RETURN NEW; END $$;
       CREATE TRIGGER noted BEFORE INSERT OR UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['note trigger app_user'],
    ],
    [
      'no danger for a trigger that only notifies',
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_notify('users', row_to_json(NEW)::text); RETURN NULL; END $$;
       CREATE TRIGGER noted AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`,
      ['note trigger app_user'],
    ],
    [
      'a rewrite rule',
      'CREATE RULE r AS ON INSERT TO app_setting DO ALSO DELETE FROM app_profile',
      ['danger rule app_setting'],
    ],
    ['a missing table', 'DROP TABLE app_setting CASCADE', ['warning table-missing app_setting']],
    [
      'a key column of another type',
      'ALTER TABLE app_user ALTER COLUMN email TYPE bytea USING email::bytea',
      ['danger column-type app_user'],
    ],
    [
      'a nondeterministic collation',
      `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       ALTER TABLE app_user ALTER COLUMN email TYPE text COLLATE nocase`,
      ['danger collation app_user'],
    ],
    [
      'an undeclared default of a nullable key',
      'ALTER TABLE blog_posts ALTER COLUMN category_id SET DEFAULT 1',
      ['danger column-default blog_posts'],
    ],
    ['nothing for a default of NULL', 'ALTER TABLE blog_posts ALTER COLUMN category_id SET DEFAULT NULL', []],
    [
      'row-level security',
      'ALTER TABLE app_user ENABLE ROW LEVEL SECURITY',
      ['warning row-security app_user'],
    ],
    [
      'a foreign table',
      `CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
       DROP TABLE app_setting CASCADE; CREATE FOREIGN TABLE app_setting (id int) SERVER s`,
      expect.arrayContaining(['danger foreign-table app_setting']),
    ],
    [
      'one table name in two schemas',
      'CREATE SCHEMA other; CREATE TABLE other.app_user (id int)',
      ['note same-name app_user'],
    ],
  ])('%s', async (_name, sql, expected) => {
    expect(await findingsAfter(sql)).toEqual(expected)
  })

  it('nothing for declared triggers and views', async () => {
    const declared = tablesOf(datamodel, { User: { ttl: 1, touches: ['Setting'] } })
    await database.run(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
       CREATE TRIGGER noted AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION note()`)
    const findings = await look(declared)
    expect(findings.filter(({ level }) => level === 'danger')).toEqual([])
    expect(findings.find(({ code }) => code === 'trigger')).toMatchObject({
      level: 'note',
      subject: 'app_user',
    })
  })

  it('tables that a view reads and its declaration lacks', async () => {
    const view = Object.entries(datamodel.models).find(([, model]) => model.view)
    const [name = '', { table = '' } = {}] = view ?? []
    const before = (await look()).filter(({ code }) => code === 'view-reads')
    expect(before).toMatchObject([{ level: 'warning', subject: table.toLowerCase() }])
    const declared = tablesOf(datamodel, { [name]: { ttl: 1, reads: ['Setting'] } })
    expect((await look(declared)).filter(({ code }) => code === 'view-reads')).toMatchObject([
      { level: 'danger' },
    ])
  })

  it('rows of one table that are visible under the name of another', async () => {
    expect(
      await findingsAfter('ALTER TABLE app_setting INHERIT app_user', schema).catch(() => 'refused'),
    ).toBe('refused')
    await database
      .run('CREATE TABLE part (LIKE app_setting INCLUDING ALL) INHERITS (app_setting)')
      .catch(() => {})
    await database.run('DROP TABLE IF EXISTS app_profile CASCADE')
    await database.run('CREATE TABLE app_profile () INHERITS (app_setting)')
    expect((await look()).map(({ code, subject }) => `${code} ${subject}`)).toContain('partition app_profile')
  })

  it('a cascade through an undeclared table', async () => {
    const sql = `CREATE TABLE desk (id int PRIMARY KEY, user_id int REFERENCES app_user ON DELETE CASCADE);
      CREATE TABLE chair (id int PRIMARY KEY, desk_id int REFERENCES desk ON DELETE CASCADE);
      ALTER TABLE app_setting ADD COLUMN chair_id int REFERENCES chair ON DELETE SET NULL`
    expect(await findingsAfter(sql)).toEqual(['danger foreign-key-action app_setting'])
    expect(dangers(await look())).toMatchObject([{ message: expect.stringContaining('through chair, desk') }])
    // What does not reach it does not matter.
    await database.run(`ALTER TABLE desk DROP CONSTRAINT desk_user_id_fkey,
      ADD FOREIGN KEY (user_id) REFERENCES app_user ON DELETE SET NULL`)
    expect(dangers(await look())).toEqual([])
  })

  it('nothing for missing foreign keys if the client emulates them', async () => {
    const sql = 'ALTER TABLE app_profile DROP CONSTRAINT app_profile_user_id_fkey'
    expect(await findingsAfter(sql)).toEqual(['note foreign-key-missing app_profile'])
    const emulated = await lookAt(database.url, schema, { emulated: true })
    expect(emulated.map(({ code }) => code)).not.toContain('foreign-key-missing')
  })

  it('no statement-timeout if statements end before their marks', async () => {
    const name = new URL(database.url).pathname.slice(1)
    const after = async (setting: string): Promise<boolean> => {
      await database.run(`ALTER DATABASE ${name} SET ${setting}`)
      return (await look()).some(({ code }) => code === 'statement-timeout')
    }
    expect(await after(`statement_timeout = '25s'`)).toBe(false)
    expect(await after(`statement_timeout = '31s'`)).toBe(true)
    expect(await after(`client_connection_check_interval = '5s'`)).toBe(false)
  })

  it('that a crash may lose commits', async () => {
    const name = new URL(database.url).pathname.slice(1)
    const forgets = async (value: string): Promise<boolean> => {
      await database.run(`ALTER DATABASE ${name} SET synchronous_commit = ${value}`)
      return (await look()).some(({ subject }) => subject === 'synchronous_commit')
    }
    expect(await forgets('off')).toBe(true)
    expect(await forgets('on')).toBe(false)
  })
})

it('the doctor reports no danger in PostgreSQL if the database matches the Drizzle schema', async () => {
  const other = await createPostgres()
  await createTables(other, 'postgres')
  const tables = drizzle.tablesOf(world, { '*': { ttl: 1 } }, { casing: 'snake_case' })
  expect(dangers(await lookAt(other.url, tables))).toEqual([])
  expect(dangers(await lookAt(other.url, drizzle.tablesOf(world, { '*': { ttl: 1 } })))).not.toEqual([])
  await other.drop()
})

it('the doctor compares tables of the schema in the URL, like Prisma', async () => {
  await database.run(
    `CREATE SCHEMA app; SET search_path TO app; CREATE TABLE app_setting (id int, value text)`,
  )
  expect(dangers(await look())).toEqual([])
  expect(summaries(dangers(await lookAt(`${database.url}?schema=app`, schema)))).toEqual([
    'danger key-not-unique app_setting',
    'danger column-type app_setting',
  ])
})

it('the doctor leaves out ignored findings', async () => {
  await database.run(
    'ALTER TABLE app_user ENABLE ROW LEVEL SECURITY; ALTER TABLE app_setting ENABLE ROW LEVEL SECURITY',
  )
  const secured = async (ignore: readonly string[]) =>
    (await lookAt(database.url, schema, { ignore }))
      .filter(({ code }) => code === 'row-security')
      .map(({ subject }) => subject)
  expect(await secured([])).toEqual(['app_setting', 'app_user'])
  expect(await secured(['row-security:app_user'])).toEqual(['app_setting'])
  expect(await secured(['row-security'])).toEqual([])
})

it('the doctor compares tables of the same name in two database schemas separately', async () => {
  const [sales, stock] = [pgSchema('sales'), pgSchema('stock')]
  const shops = pgTable('shop', { id: integer().primaryKey() })
  const declared = {
    shops,
    salesItems: sales.table('item', { id: integer().primaryKey() }),
    stockItems: stock.table('item', {
      id: integer().primaryKey(),
      shop: integer().references(() => shops.id),
    }),
  }
  await database.run(`CREATE TABLE shop (id int PRIMARY KEY); CREATE SCHEMA sales; CREATE SCHEMA stock;
    CREATE TABLE sales.item (id int PRIMARY KEY); CREATE TABLE stock.item (id int PRIMARY KEY, shop int REFERENCES shop);
    CREATE SCHEMA staging; CREATE TABLE staging.item (id int REFERENCES shop ON DELETE CASCADE)`)
  const schema = drizzle.tablesOf(declared)
  const of = async () =>
    summaries((await lookAt(database.url, schema)).filter(({ subject }) => subject === 'item'))
  expect(await of()).toEqual([])
  await database.run(`ALTER TABLE stock.item DROP CONSTRAINT item_shop_fkey,
    ADD FOREIGN KEY (shop) REFERENCES shop ON DELETE CASCADE`)
  expect(await of()).toEqual(['danger foreign-key-action item'])
  await database.run('ALTER TABLE stock.item DROP CONSTRAINT item_shop_fkey')
  expect(await of()).toEqual(['note foreign-key-missing item'])
})
