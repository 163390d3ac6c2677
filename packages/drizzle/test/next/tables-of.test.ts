import { tablesOf } from '@larder/drizzle'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { expect, it } from 'vitest'

const people = pgTable('person', { id: integer().primaryKey(), bossId: integer('boss_id').unique() })

it('tables can be had without a db', () => {
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

it('a casing is refused, since the schema itself names its columns', () => {
  expect(() => tablesOf({ people }, {}, { casing: 'snake_case' })).toThrow(/this drizzle-orm has none/)
})
