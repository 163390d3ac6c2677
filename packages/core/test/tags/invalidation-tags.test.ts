import { describe, expect, it } from 'vitest'
import { CacheError } from '../../src/base/errors.ts'
import type { KnownDatabase } from '../../src/plan/known-databases.ts'
import { type InvalidateRequest, tagsOfInvalidation } from '../../src/tags/invalidation-tags.ts'
import { recordName } from '../../src/tags/spelling.ts'
import { column, foreign, nullable, primary, schema, shortly, table, unique } from './tables.ts'

const columns = [column('id'), column('code', 'text'), nullable('owner_id'), column('region'), column('slot')]
const item = table('item', columns, {
  keys: [primary('id'), unique('code'), foreign('owner_id'), unique('region', 'slot')],
})
const databases: readonly KnownDatabase[] = [
  { database: 'main', tables: [schema(item, table('bare', [])).tables] },
  { database: 'other', tables: [schema(table('item', columns, { keys: [primary('id')] })).tables] },
]
const main = databases.slice(0, 1)
const tagsOf = (request: InvalidateRequest, schemas = main) => tagsOfInvalidation('larder', schemas, request)
const errorOf = (request: unknown, schemas = main): CacheError => {
  try {
    tagsOf(request as InvalidateRequest, schemas)
  } catch (error) {
    expect(error).toBeInstanceOf(CacheError)
    return error as CacheError
  }
  throw new Error('nothing was thrown')
}

describe('explicit invalidation', () => {
  it('explicit invalidation of a table, in any case, invalidates all of it', () => {
    expect(tagsOf({ tables: ['ITEM'] })).toEqual([
      {
        table: 'item',
        record: recordName('larder', 'main', 'item'),
        known: [],
        unknown: new Set(),
        cells: new Set(),
      },
    ])
  })

  it('explicit invalidation of a row invalidates its value and every field except the key that names it', () => {
    const [tag] = tagsOf({ rows: [{ table: 'Item', key: { id: '5' } }] })
    expect(shortly(tag?.known ?? [])).toEqual(['p1(id:integer)'])
    expect(shortly(tag?.cells ?? [])).toEqual(['p1(id:integer)=5'])
    expect(tag?.unknown.size).toBe(0)
  })

  it("explicit invalidation of rows by one key keeps that key's field, and by two keys keeps none", () => {
    const same = tagsOf({ rows: [1, 2].map((id) => ({ table: 'item', key: { id } })) })[0]
    expect([same?.known.length, same?.cells.size]).toEqual([1, 2])
    const two = tagsOf({
      rows: [
        { table: 'item', key: { id: 1 } },
        { table: 'item', key: { owner_id: 2 } },
      ],
    })[0]
    expect([two?.known.length, two?.cells.size]).toEqual([0, 2])
  })

  it('explicit invalidation of a table and one of its rows invalidates the whole table', () => {
    const [tag, ...more] = tagsOf({ rows: [{ table: 'item', key: { id: 1 } }], tables: ['item'] })
    expect([tag?.known, more]).toEqual([[], []])
  })

  it('explicit invalidation by a composite key needs all its columns, in any order', () => {
    const first = tagsOf({ rows: [{ table: 'item', key: { slot: 2, region: 1 } }] })[0]
    const second = tagsOf({ rows: [{ table: 'item', key: { region: 1n, slot: '2' } }] })[0]
    expect(first).toEqual(second)
    expect(first?.cells.size).toBe(1)
  })

  it('explicit invalidation applies to every database that has the table', () => {
    expect(tagsOf({ tables: ['item'] }, databases as KnownDatabase[]).map((tag) => tag.record)).toEqual([
      recordName('larder', 'main', 'item'),
      recordName('larder', 'other', 'item'),
    ])
  })

  it('explicit invalidation invalidates the cells of both kinds if two clients declare a key differently', () => {
    const two = [
      {
        database: 'main',
        tables: [schema(item).tables, schema({ ...item, keys: [foreign('code')] }).tables],
      },
    ]
    const [tag] = tagsOf({ rows: [{ table: 'item', key: { code: 'a' } }] }, two)
    expect(shortly(tag?.cells ?? [])).toEqual(['f1(code:text)=A', 'u1(code:text)=A'])
  })

  it('explicit invalidation without a client applies to the default database', () => {
    expect(tagsOf({ tables: ['Any'] }, []).map((tag) => tag.record)).toEqual([
      recordName('larder', 'main', 'any'),
    ])
  })

  it.each([[{}], [{ tables: undefined }]])(
    'explicit invalidation without tables, rows or tags is refused: %o',
    (request) => {
      expect(errorOf(request)).toMatchObject({
        code: 'LARDER_CONFIG',
        message: expect.stringMatching(/names nothing: give \{/),
      })
    },
  )

  it('explicit invalidation of a user tag invalidates one cell, once', () => {
    expect(tagsOf({ tags: ['x', 'x'] })).toMatchObject([
      { record: '{larder:##x}', cells: new Set(['{larder:##x}']) },
    ])
  })

  it.each([{ all: true } as const, { tables: [] }])(
    'explicit invalidation with %j has no tags',
    (request) => {
      expect(tagsOf(request)).toEqual([])
    },
  )
})

const mistakes: [string, unknown, string, RegExp][] = [
  ['an unknown table', { tables: ['Product'] }, 'LARDER_UNKNOWN_TABLE', /Product.*item, bare/],
  [
    'a row of an unknown table',
    { rows: [{ table: 'ghost', key: { id: 1 } }] },
    'LARDER_UNKNOWN_TABLE',
    /ghost/,
  ],
  [
    'a table named like a prototype’s property',
    { tables: ['constructor'] },
    'LARDER_UNKNOWN_TABLE',
    /constructor/,
  ],
  [
    'columns that are not a lookup key',
    { rows: [{ table: 'item', key: { title: 'x' } }] },
    'LARDER_CONFIG',
    /title.*id, or code/,
  ],
  [
    'half of a composite key',
    { rows: [{ table: 'item', key: { slot: 1 } }] },
    'LARDER_CONFIG',
    /slot.*region \+ slot/,
  ],
  [
    'a key and another column',
    { rows: [{ table: 'item', key: { id: 1, code: 'a' } }] },
    'LARDER_CONFIG',
    /code,id/,
  ],
  ['no column', { rows: [{ table: 'item', key: {} }] }, 'LARDER_CONFIG', /nothing is no lookup key/],
  [
    'a row of a table without keys',
    { rows: [{ table: 'bare', key: { id: 1 } }] },
    'LARDER_CONFIG',
    /tables instead/,
  ],
  ['null as a key', { rows: [{ table: 'item', key: { id: null } }] }, 'LARDER_CONFIG', /item \(id\)/],
  ['a word as an integer', { rows: [{ table: 'item', key: { id: 'abc' } }] }, 'LARDER_CONFIG', /item \(id\)/],
  ['a list as a value', { rows: [{ table: 'item', key: { id: [1] } }] }, 'LARDER_CONFIG', /item \(id\)/],
  ['a misspelt option', { table: ['item'] }, 'LARDER_CONFIG', /table: give/],
  ['text for a list of tables', { tables: 'item' }, 'LARDER_CONFIG', /tables is "item"/],
  ['empty text as a tag', { tags: [''] }, 'LARDER_CONFIG', /tags is \[""\]/],
  ['rows without keys', { rows: [{ table: 'item' }] }, 'LARDER_CONFIG', /rows/],
  ['all: false', { all: false }, 'LARDER_CONFIG', /all is false/],
  ['no argument', undefined, 'LARDER_CONFIG', /undefined/],
]

describe('an invalidation', () => {
  it.each(mistakes)('an invalidation with %s is refused by name', (_, request, code, message) => {
    const error = errorOf(request)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })
})
