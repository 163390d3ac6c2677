import { tablesOf } from '@larder/drizzle'
import { foreignKey, integer, pgTable, primaryKey, unique, uniqueIndex } from 'drizzle-orm/pg-core'
import { int, foreignKey as sqliteForeignKey, sqliteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'

const people = pgTable('person', { id: integer().primaryKey(), bossId: integer('boss_id').unique() })

it('tablesOf works without a db', () => {
  const { dialect, tables } = tablesOf({ people }, { people: { ttl: 1, touches: ['people'] } })
  expect(dialect).toBe('postgres')
  expect(tables.get('person')).toMatchObject({
    keys: [
      { kind: 'primary', columns: ['id'] },
      { kind: 'unique', columns: ['boss_id'] },
    ],
    touches: ['person'],
  })
})

it('tablesOf rejects a casing, because in 1.0 the schema names its columns', () => {
  expect(() => tablesOf({ people }, {}, { casing: 'snake_case' })).toThrow(/this drizzle-orm has no casing/)
})

it('tablesOf reads composite keys and referential actions', () => {
  const places = pgTable('place', { x: integer(), y: integer() }, (t) => [
    primaryKey({ columns: [t.x, t.y] }),
  ])
  const visits = pgTable(
    'visit',
    {
      person: integer().references(() => people.id, { onDelete: 'cascade' }),
      x: integer(),
      y: integer(),
    },
    (t) => [
      foreignKey({ columns: [t.x, t.y], foreignColumns: [places.x, places.y] }).onDelete('set null'),
      unique().on(t.person, t.x),
      uniqueIndex('one_y').on(t.y),
    ],
  )
  const { tables } = tablesOf({ people, places, visits })
  expect(tables.get('place')?.keys).toEqual([{ kind: 'primary', columns: ['x', 'y'] }])
  expect(tables.get('visit')?.keys).toEqual([
    { kind: 'unique', columns: ['person', 'x'] },
    { kind: 'unique', columns: ['y'] },
    { kind: 'foreign', columns: ['person'] },
    { kind: 'foreign', columns: ['x', 'y'] },
  ])
  expect(tables.get('visit')?.foreignKeys).toMatchObject([
    { table: 'person', onDelete: 'cascade' },
    { table: 'place', onDelete: 'set-null' },
  ])
})

it('tablesOf reads the keys of SQLite tables', () => {
  const owners = sqliteTable('owner', { id: int().primaryKey() })
  const pets = sqliteTable('pet', { owner: int(), name: int().unique() }, (t) => [
    sqliteForeignKey({ columns: [t.owner], foreignColumns: [owners.id] }).onDelete('cascade'),
  ])
  const { tables } = tablesOf({ owners, pets })
  expect(tables.get('pet')?.foreignKeys).toMatchObject([{ table: 'owner', onDelete: 'cascade' }])
  expect(tables.get('pet')?.keys).toContainEqual({ kind: 'unique', columns: ['name'] })
})
