import { type Column, sql } from 'drizzle-orm'
import * as mysql from 'drizzle-orm/mysql-core'
import { getTableConfig as mysqlConfig } from 'drizzle-orm/mysql-core'
import * as pg from 'drizzle-orm/pg-core'
import { getTableConfig as pgConfig } from 'drizzle-orm/pg-core'
import * as sqlite from 'drizzle-orm/sqlite-core'
import { getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { type TableConfig, tableConfig } from '../../src/versions/table-config.ts'

// The same table in each dialect, with single and composite keys, declared on columns, in a list and in an object.
const parentPg = pg.pgTable('parent', { a: pg.integer(), b: pg.integer() }, (t) => ({
  key: pg.primaryKey({ columns: [t.a, t.b] }),
}))
const childPg = pg.pgTable(
  'child',
  {
    id: pg.integer().primaryKey(),
    email: pg.text().unique(),
    self: pg
      .integer()
      .references((): pg.AnyPgColumn => childPg.id, { onDelete: 'set null', onUpdate: 'cascade' }),
    a: pg.integer(),
    b: pg.integer(),
  },
  (t) => [
    pg.foreignKey({ columns: [t.a, t.b], foreignColumns: [parentPg.a, parentPg.b] }).onDelete('cascade'),
    pg.unique().on(t.a, t.b),
    pg.uniqueIndex('some').on(t.b).where(sql`${t.b} > 0`),
    pg.uniqueIndex('all').on(t.b),
    pg.index('plain').on(t.a),
    pg.check('positive', sql`${t.a} > 0`),
    pg.pgPolicy('everyone'),
  ],
)

const parentMysql = mysql.mysqlTable('parent', { a: mysql.int(), b: mysql.int() }, (t) => ({
  key: mysql.primaryKey({ columns: [t.a, t.b] }),
}))
const childMysql = mysql.mysqlTable(
  'child',
  {
    id: mysql.int().primaryKey(),
    email: mysql.varchar({ length: 9 }).unique(),
    self: mysql.int().references((): mysql.AnyMySqlColumn => childMysql.id, { onDelete: 'set null' }),
    a: mysql.int(),
    b: mysql.int(),
  },
  (t) => [
    mysql
      .foreignKey({ columns: [t.a, t.b], foreignColumns: [parentMysql.a, parentMysql.b] })
      .onDelete('cascade'),
    mysql.unique().on(t.a, t.b),
    mysql.uniqueIndex('all').on(t.b),
    mysql.index('plain').on(t.a),
    mysql.check('positive', sql`${t.a} > 0`),
  ],
)

const parentSqlite = sqlite.sqliteTable('parent', { a: sqlite.int(), b: sqlite.int() }, (t) => ({
  key: sqlite.primaryKey({ columns: [t.a, t.b] }),
}))
const childSqlite = sqlite.sqliteTable(
  'child',
  {
    id: sqlite.int().primaryKey(),
    email: sqlite.text().unique(),
    self: sqlite.int().references((): sqlite.AnySQLiteColumn => childSqlite.id, { onDelete: 'set null' }),
    a: sqlite.int(),
    b: sqlite.int(),
  },
  (t) => [
    sqlite
      .foreignKey({ columns: [t.a, t.b], foreignColumns: [parentSqlite.a, parentSqlite.b] })
      .onDelete('cascade'),
    sqlite.unique().on(t.a, t.b),
    sqlite.uniqueIndex('some').on(t.b).where(sql`${t.b} > 0`),
    sqlite.uniqueIndex('all').on(t.b),
    sqlite.index('plain').on(t.a),
    sqlite.check('positive', sql`${t.a} > 0`),
  ],
)

/** The names of all keys of a table, because Drizzle creates new objects each time. */
function named(config: TableConfig | undefined): unknown {
  const names = (columns: readonly Column[]) => columns.map(({ name }) => name)
  return {
    columns: config?.columns,
    primaryKeys: config?.primaryKeys.map((key) => names(key.columns)),
    uniqueConstraints: config?.uniqueConstraints.map((key) => names(key.columns)),
    indexes: config?.indexes.map(({ config: { unique, where, columns } }) => ({
      unique: unique === true,
      where,
      columns: columns.map((column) => (column as { name?: unknown }).name),
    })),
    foreignKeys: config?.foreignKeys.map((key) => {
      const { columns, foreignTable, foreignColumns } = key.reference()
      return { columns, foreignTable, foreignColumns, onDelete: key.onDelete, onUpdate: key.onUpdate }
    }),
  }
}

describe("tableConfig reads the same keys as Drizzle's own getTableConfig", () => {
  const TABLES = {
    PostgreSQL: [tableConfig(childPg), pgConfig(childPg), tableConfig(parentPg), pgConfig(parentPg)],
    MySQL: [
      tableConfig(childMysql),
      mysqlConfig(childMysql),
      tableConfig(parentMysql),
      mysqlConfig(parentMysql),
    ],
    SQLite: [
      tableConfig(childSqlite),
      sqliteConfig(childSqlite),
      tableConfig(parentSqlite),
      sqliteConfig(parentSqlite),
    ],
  } as const
  for (const [dialect, [child, drizzleChild, parent, drizzleParent]] of Object.entries(TABLES))
    it(dialect, () => {
      expect(child?.foreignKeys).toHaveLength(2)
      expect(child?.indexes.length).toBeGreaterThan(1)
      expect(parent?.primaryKeys).toHaveLength(1)
      expect(named(child)).toEqual(named(drizzleChild))
      expect(named(parent)).toEqual(named(drizzleParent))
    })
})

it('a table without readable foreign keys is rejected', () => {
  const table = Object.create(childPg, { [Symbol.for('drizzle:PgInlineForeignKeys')]: { value: undefined } })
  expect(() => tableConfig(table)).toThrow(/foreign keys of child/)
})
