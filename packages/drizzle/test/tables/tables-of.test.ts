import { tablesOf } from '@larder/drizzle'
import { mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { integer, pgEnum, pgTable, pgView, text } from 'drizzle-orm/pg-core'
import { int as sqliteInt, sqliteTable } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'

const people = pgTable('person', {
  id: integer().primaryKey(),
  nickName: text().unique(),
  email: text('eMail').unique(),
  bossId: integer(),
})
const authors = pgView('author', { id: integer() }).existing()
const schema = { people, authors, kind: pgEnum('kind', ['a']), other: 1 }

describe('tablesOf', () => {
  it('applies the casing to columns without a name of their own', () => {
    const columns = (casing?: 'snake_case' | 'camelCase') =>
      tablesOf(schema, undefined, { casing })
        .tables.get('person')
        ?.columns.map(({ name }) => name)
    expect(columns()).toEqual(['id', 'nickName', 'eMail', 'bossId'])
    expect(columns('snake_case')).toEqual(['id', 'nick_name', 'eMail', 'boss_id'])
    expect(columns('camelCase')).toEqual(['id', 'nickName', 'eMail', 'bossId'])
  })

  it('includes the declarations of policies, including that of the key *', () => {
    const { tables } = tablesOf(
      schema,
      {
        people: { ttl: 1, touches: ['people'], lookupKeys: [['bossId']] },
        authors: { ttl: 1, reads: ['people'] },
      },
      { casing: 'snake_case' },
    )
    expect(tables.get('person')).toMatchObject({ touches: ['person'] })
    expect(tables.get('person')?.keys).toContainEqual({ kind: 'named', columns: ['boss_id'] })
    expect(tables.get('author')).toMatchObject({ reads: ['person'] })
    const every = tablesOf(schema, { '*': { ttl: 1, touches: ['people'] } })
    expect(every.tables.get('author')).toMatchObject({ touches: ['person'] })
  })

  it('returns the dialect of the tables', () => {
    expect(tablesOf(schema).dialect).toBe('postgres')
    expect(tablesOf({ authors }).dialect).toBe('postgres')
    expect(tablesOf({ one: mysqlTable('one', { a: varchar({ length: 9 }) }) }).dialect).toBe('mysql')
    expect(tablesOf({ one: sqliteTable('one', { a: sqliteInt() }) }).dialect).toBe('sqlite')
  })

  it('rejects unknown tables, columns and casings by name', () => {
    expect(() => tablesOf({ other: 1 })).toThrow(/exports no table and no view/)
    const wrong = { person: { ttl: 1 } } as object
    expect(() => tablesOf(schema, wrong)).toThrow(/tables\.person.*there are people, authors/)
    expect(() => tablesOf(schema, { people: { ttl: 1, lookupKeys: [['boss']] } })).toThrow(/bossId/)
    expect(() => tablesOf(schema, {}, { casing: 'UPPER' as 'snake_case' })).toThrow(
      /'snake_case' or 'camelCase'/,
    )
  })
})
