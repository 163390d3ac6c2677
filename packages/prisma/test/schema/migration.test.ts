import { createDatabase, type Database, migrate, postgresUrl, startPglite } from '@larder/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { datamodel } from '../../../../prisma/generated/larder.ts'
import { schemaOf } from '../../src/schema/schema.ts'

interface Target {
  exec(sql: string): Promise<unknown>
  rows(sql: string): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

async function postgres(): Promise<Target> {
  const database: Database = await createDatabase(await postgresUrl())
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  return {
    exec: (sql) => client.query(sql),
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: async () => {
      await client.end()
      await database.drop()
    },
  }
}

async function pglite(): Promise<Target> {
  const database = await startPglite()
  return {
    exec: (sql) => database.exec(sql),
    rows: async (sql) => (await database.query<Record<string, unknown>>(sql)).rows,
    close: () => database.close(),
  }
}

const COLUMNS = `
  SELECT lower(table_name) AS table, column_name AS column, is_nullable = 'YES' AS nullable, udt_name AS type
  FROM information_schema.columns WHERE table_schema = 'public'`

const KEYS = `
  SELECT lower(t.relname) AS table, i.indisprimary AS primary,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k(number, at)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.at) AS columns
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
  WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace`

const FOREIGN_KEYS = `
  SELECT lower(c.conrelid::regclass::text) AS table, lower(c.confrelid::regclass::text) AS target,
    ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(number, at)
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.at) AS columns,
    c.confdeltype::text AS deleted, c.confupdtype::text AS updated
  FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace`

const ACTIONS: Record<string, string> = {
  ...{ a: 'no-action', r: 'restrict', c: 'cascade', n: 'set-null', d: 'set-default' },
}

const TYPES: Record<string, string> = {
  ...{ int2: 'integer', int4: 'integer', int8: 'integer', bool: 'boolean', uuid: 'uuid' },
  ...{
    text: 'text',
    varchar: 'text',
    bpchar: 'text',
    Color: 'enum',
    user_role: 'enum',
    order_status: 'enum',
  },
}

const tables = [...schemaOf(datamodel).tables.values()]
const views = new Set(['blog_author_stats'])

describe.each([
  ['PostgreSQL', postgres],
  ['PGlite', pglite],
])('the migrations on %s', (_, open) => {
  let target: Target

  beforeAll(async () => {
    target = await open()
    await migrate((sql) => target.exec(sql))
  })

  afterAll(async () => {
    await target?.close()
  })

  it('create the columns of the datamodel and no others', async () => {
    const expected = tables.flatMap(({ name, columns }) =>
      columns.map((column) => `${name} ${column.name} ${column.type} ${column.nullable || views.has(name)}`),
    )
    const actual = (await target.rows(COLUMNS)).map(
      ({ table, column, nullable, type }) =>
        `${table} ${column} ${TYPES[String(type)] ?? 'other'} ${nullable}`,
    )
    expect(actual.sort()).toEqual(expected.sort())
  })

  it('create its primary and unique keys and no others', async () => {
    const expected = tables.flatMap(({ name, keys }) =>
      keys.filter(({ kind }) => kind !== 'foreign').map(({ kind, columns }) => `${name} ${kind} ${columns}`),
    )
    const actual = (await target.rows(KEYS)).map(
      ({ table, primary, columns }) => `${table} ${primary ? 'primary' : 'unique'} ${columns}`,
    )
    expect(actual.sort()).toEqual(expected.sort())
  })

  it('create its foreign keys with the resolved actions', async () => {
    const expected = tables.flatMap(({ name, foreignKeys }) =>
      foreignKeys.map((key) => `${name} (${key.columns}) ${key.table} ${key.onDelete} ${key.onUpdate}`),
    )
    const actual = (await target.rows(FOREIGN_KEYS)).map(
      ({ table, columns, target: other, deleted, updated }) =>
        `${bare(table)} (${columns}) ${bare(other)} ${ACTIONS[String(deleted)]} ${ACTIONS[String(updated)]}`,
    )
    expect(actual.sort()).toEqual(expected.sort())
  })
})

/** `regclass` quotes a name that is not lower case. */
function bare(name: unknown): string {
  return String(name).replaceAll('"', '')
}
