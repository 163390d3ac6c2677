import { describe, expect, it } from 'vitest'
import type { Occurrence, Pins } from '../../src/plan/plan.ts'
import type { Table } from '../../src/plan/table.ts'
import { tagsOfRead } from '../../src/tags/read-tags.ts'
import { cellName, namedKeys, recordName } from '../../src/tags/spelling.ts'
import { column, foreign, named, nullable, primary, schema, space, table, tagsIn, unique } from './tables.ts'

const item = table(
  'item',
  [
    column('id'),
    column('code', 'text'),
    nullable('alias', 'text'),
    column('uid', 'uuid'),
    nullable('owner_id'),
    column('region'),
    column('slot'),
    column('state', 'enum'),
    column('live', 'boolean'),
    column('price', 'other'),
    column('title', 'opaque-text'),
    column('blob', 'other'),
    column('__proto__'),
    column('constructor', 'text'),
  ],
  {
    keys: [
      named('state', 'live'),
      foreign('owner_id'),
      unique('code'),
      unique('alias'),
      unique('uid'),
      unique('price'),
      unique('title'),
      unique('region', 'slot'),
      unique('__proto__'),
      foreign('constructor'),
      foreign('blob', 'region'),
      primary('id'),
    ],
  },
)
const other = table('other', [column('id')], { keys: [primary('id')] })
const view = table('v', [column('id')], { keys: [primary('id')], reads: ['Item', 'w'] })
const cyclic = table('w', [column('id')], { reads: ['v', 'ghost'] })
const simple = table('simple', [column('id')], { reads: ['Item'] })
const allTables = schema(item, other, view, cyclic, simple)

const P = 'p1(id:integer)'
const C = 'u1(code:text)'
const F = 'f1(owner_id:integer)'
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
/** A column named `__proto__`, as JSON would make it: an own property. */
const proto = (values: unknown[]): Pins => Object.fromEntries([['__proto__', values]])

function read(pins: Pins | undefined, rows?: Occurrence['rows']) {
  const [tag, ...more] = tagsOfRead(
    space,
    allTables,
    [{ table: 'item', ...(pins && { pins }), ...(rows && { rows }) }],
    [],
  )
  if (!tag || more.length) throw new Error('one table is read')
  return tag
}

const pinned: [string, Pins | undefined, string, string[], string[]][] = [
  ['a read without pins depends on the list only', undefined, 'depends', ['list'], []],
  ['pins on no column depend on the list', {}, 'depends', ['list'], []],
  ['pins on a column without a key depend on the list', { region: [1] }, 'depends', ['list'], []],
  ['part of a composite key pins nothing', { slot: [1] }, 'depends', ['list'], []],
  ['the primary key pins', { id: [5] }, 'maybe', ['list', P], [`${P}=5`]],
  ['a unique key pins', { code: ['a'] }, 'maybe', ['list', C], [`${C}=A`]],
  ['a foreign key pins, and the list is not fetched', { owner_id: [7] }, 'no', [F], [`${F}=7`]],
  [
    'a named key pins',
    { state: ['new'], live: [true] },
    'no',
    ['n1(live:boolean,state:enum)'],
    ['n1(live:boolean,state:enum)=4.true,3.new'],
  ],
  [
    'a composite key pins if all its columns are pinned',
    { region: [1], slot: [2] },
    'maybe',
    ['list', 'u1(region:integer,slot:integer)'],
    ['u1(region:integer,slot:integer)=1.1,1.2'],
  ],
  [
    'the primary key takes precedence over a unique key',
    { code: ['a'], id: [5] },
    'maybe',
    ['list', P],
    [`${P}=5`],
  ],
  [
    'a unique key takes precedence over a foreign key',
    { owner_id: [7], code: ['a'] },
    'maybe',
    ['list', C],
    [`${C}=A`],
  ],
  [
    'a foreign key takes precedence over a named key',
    { state: ['new'], live: [true], owner_id: [7] },
    'no',
    [F],
    [`${F}=7`],
  ],
  [
    'a unique key over a nullable column counts as a named key',
    { alias: ['a'] },
    'no',
    ['n1(alias:text)'],
    ['n1(alias:text)=A'],
  ],
  [
    'with an unusable value of the primary key the unique key pins',
    { id: ['abc'], code: ['a'] },
    'maybe',
    ['list', C],
    [`${C}=A`],
  ],
  ['an empty IN has no cells', { id: [] }, 'maybe', ['list', P], []],
  ['a repeated value is one cell', { id: [5, '5', 5n] }, 'maybe', ['list', P], [`${P}=5`]],
  ['values that fold to the same text are one cell', { code: ['A', 'a'] }, 'maybe', ['list', C], [`${C}=A`]],
  ['IN with a null pins nothing', { id: [1, null] }, 'depends', ['list'], []],
  ['= NULL pins nothing', { owner_id: [null] }, 'depends', ['list'], []],
  ['undefined pins nothing', { id: [undefined] }, 'depends', ['list'], []],
  ['a word as an integer pins nothing', { id: ['abc'] }, 'depends', ['list'], []],
  ['an unsafe number pins nothing', { id: [2 ** 53 + 2] }, 'depends', ['list'], []],
  ['a fraction as an integer pins nothing', { id: [5.5] }, 'depends', ['list'], []],
  ['an IN with one unusable value pins nothing', { id: [1, 2, 'x'] }, 'depends', ['list'], []],
  ['a numeric column pins nothing', { price: ['1.50'] }, 'depends', ['list'], []],
  [
    'text with a case-insensitive or accent-insensitive collation pins nothing',
    { title: ['a'] },
    'depends',
    ['list'],
    [],
  ],
  ['bytes pin nothing', { blob: [new Uint8Array(2)], region: [1] }, 'depends', ['list'], []],
  [
    'a property of Object.prototype is not a pinned column',
    { toString: undefined as never },
    'depends',
    ['list'],
    [],
  ],
  [
    'a column named __proto__ pins by an own property',
    proto([3]),
    'maybe',
    ['list', 'u1(__proto__:integer)'],
    ['u1(__proto__:integer)=3'],
  ],
  [
    'a column named constructor pins',
    { constructor: ['x'] } as unknown as Pins,
    'no',
    ['f1(constructor:text)'],
    ['f1(constructor:text)=X'],
  ],
]

describe('tags of a read', () => {
  it.each(pinned)('%s', (_, pins, list, fields, cells) => {
    const tag = read(pins)
    expect({ list: tag.list, ...tagsIn(tag) }).toEqual({ list, fields: [...fields].sort(), cells })
    if (tag.list !== 'no') expect(tag.fields[0]).toBe('list')
  })

  it('a read around a view depends on the field of the view itself and on all tables that it reads', () => {
    const tags = tagsOfRead(space, allTables, [{ table: 'simple' }], [], 'Simple')
    const of = (name: string) => recordName(space.namespace, space.database, name)
    expect(tags.map(({ record, fields, list }) => [record, fields, list])).toEqual([
      [of('item'), ['list'], 'depends'],
      [of('simple'), ['around'], 'no'],
    ])
  })

  it('a hundred values pin, and a hundred and one do not', () => {
    expect(read({ id: numbers(100) }).cells).toHaveLength(100)
    expect(tagsIn(read({ id: numbers(101) }))).toEqual({ fields: ['list'], cells: [] })
  })

  it('a hundred combinations of a composite key pin, and more do not', () => {
    expect(read({ region: numbers(10), slot: numbers(10) }).cells).toHaveLength(100)
    expect(read({ region: numbers(11), slot: numbers(10) }).cells).toHaveLength(0)
  })

  it('the values of a composite key cannot be confused', () => {
    const [key] = namedKeys(
      table('t', [column('a', 'text'), column('b', 'text')], { keys: [named('a', 'b')] }),
    )
    const record = recordName('larder', 'main', 't')
    const cells = [
      ['A,1.B', 'C'],
      ['A', 'B,1.C'],
      ['A,', 'B'],
      ['A', ',B'],
    ].map((values) => cellName(record, key!, values))
    expect(new Set(cells).size).toBe(4)
  })

  it('long values and unusual bytes are hashed, so that keys stay short and printable', () => {
    for (const code of ['x'.repeat(5_000), 'a}b{c', 'naïve\u0000', '#', '\u{1f600}']) {
      const [cell = ''] = read({ code: [code] }).cells
      expect(cell).toMatch(/^\{[^{}]+\}:[!-z|~]+$/)
      expect(cell.length).toBeLessThan(128)
    }
  })
})

const count = (rows: number | undefined) => () => rows
const completeness: [string, Pins, Occurrence['rows'], boolean][] = [
  ['one row for one value is complete', { id: [1] }, count(1), true],
  ['no row is not complete', { id: [1] }, count(0), false],
  ['a host that cannot count rows is not complete', { id: [1] }, count(undefined), false],
  ['a host that does not count rows is not complete', { id: [1] }, undefined, false],
  ['two rows for two values are complete', { id: [1, 2] }, count(2), true],
  ['one row for two values is not complete', { id: [1, 2] }, count(1), false],
  ['two rows for values that fold to the same text are not complete', { code: ['A', 'a'] }, count(2), false],
  ['one row for values that fold to the same text is not complete', { code: ['A', 'a'] }, count(1), false],
  ['no row for an empty IN is complete', { id: [] }, count(0), true],
  ['four rows for two values of two columns are complete', { region: [1, 2], slot: [1, 2] }, count(4), true],
  [
    'two rows for two values of two columns are not complete',
    { region: [1, 2], slot: [1, 2] },
    count(2),
    false,
  ],
  ['rows by a foreign key are never counted', { owner_id: [1] }, count(1), false],
  ['rows without a pin are never counted', {}, count(1), false],
]

describe('completeness of a unique lookup', () => {
  it.each(completeness)('%s', (_, pins, rows, complete) => {
    expect(read(pins, rows).insteadOfList(null)).toEqual(complete ? [] : undefined)
  })

  it('two lookups of one table are complete only if both are', () => {
    const both = (first: number, second: number) =>
      tagsOfRead(
        space,
        allTables,
        [
          { table: 'item', pins: { id: [1] }, rows: count(first) },
          { table: 'item', pins: { code: ['a'] }, rows: count(second) },
        ],
        [],
      )[0]
    const shown = [both(1, 1), both(1, 0), both(0, 1)].map((tag) => tag?.insteadOfList(null))
    expect(shown).toEqual([[], undefined, undefined])
  })
})

describe('a read with several occurrences of tables', () => {
  const of = (...occurrences: Occurrence[]) => tagsOfRead(space, allTables, occurrences, [])

  it('a read that is a self join needs the tags of both sides', () => {
    const [tag] = of({ table: 'item', pins: { id: [1] } }, { table: 'Item', pins: { owner_id: [2] } })
    expect(tagsIn(tag!)).toEqual({ fields: ['f1(owner_id:integer)', 'list', P], cells: [`${F}=2`, `${P}=1`] })
    expect(tag?.list).toBe('maybe')
  })

  it('a read depends on the list if one alias is not pinned, whatever another alias returns', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const both: Occurrence[] = [{ table: 'item', pins: { id: [1] }, rows: count(1) }, { table: 'item' }]
      const [tag] = of(...order.map((index) => both[index]!))
      expect([tag?.list, tag?.insteadOfList(null)]).toEqual(['depends', undefined])
    }
  })

  it('a read has one record per table, in a stable order', () => {
    const forth = of({ table: 'other' }, { table: 'item' })
    const back = of({ table: 'item' }, { table: 'other' })
    expect(forth.map((tag) => tag.record)).toEqual(back.map((tag) => tag.record))
    expect(new Set(forth.map((tag) => tag.record)).size).toBe(2)
  })

  it('a read of an unknown table depends on its list', () => {
    const [tag] = of({ table: 'GHOST', pins: { id: [1] } })
    expect(tag).toMatchObject({
      list: 'depends',
      record: recordName('larder', 'main', 'ghost'),
      fields: ['list'],
      cells: [],
    })
  })

  it('a read of a view depends on the lists of all tables it reads, through cycles as well, and ignores pins', () => {
    const tags = of({ table: 'v', pins: { id: [1] }, rows: count(1) })
    const lists = ['ghost', 'item', 'v', 'w'].map((name) => recordName('larder', 'main', name))
    expect(tags.map((tag) => [tag.record, tag.list, tag.cells.length])).toEqual(
      lists.map((name) => [name, 'depends', 0]),
    )
  })

  it('a read of a pinned table and a view that reads the table depends on its list', () => {
    const lookup: Occurrence = { table: 'item', pins: { id: [1] }, rows: count(1) }
    for (const tags of [of(lookup, { table: 'v' }), of({ table: 'v' }, lookup)]) {
      const tag = tags.find((tag) => tag.record === recordName('larder', 'main', 'item'))
      expect([tag?.list, tag?.insteadOfList(null)]).toEqual(['depends', undefined])
    }
  })
})

describe('user tags', () => {
  it('user tags are one cell each in a slot of their own, without repetition', () => {
    const tags = tagsOfRead(space, allTables, [], ['b', 'a', 'b'])
    expect(tags.map((tag) => [tag.record, tag.fields, tag.list])).toEqual([
      ['{larder:##a}', [], 'no'],
      ['{larder:##b}', [], 'no'],
    ])
    expect(tags.every((tag) => tag.cells.length === 1 && tag.cells[0] === tag.record)).toBe(true)
  })

  it('user tags are never the record of a table, even if they equal its hash', () => {
    const long = recordName('larder', 'main', 'a_table_whose_name_is_longer_than_any_key_should_be')
    const forged = long.slice('{larder:#'.length, -1)
    const names = ['main:item', `#${forged}`, forged, '', 'x'.repeat(99)].map(
      (tag) => tagsOfRead(space, allTables, [], [tag])[0]?.record,
    )
    expect(names).not.toContain(long)
    expect(names).not.toContain(recordName('larder', 'main', 'item'))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('names of lookup keys', () => {
  const nameOf = (change: (table: Table) => Table): string | undefined =>
    namedKeys(change(table('t', [column('a'), column('b')], { keys: [unique('a', 'b')] })))[0]?.name
  const usual = nameOf((same) => same)
  const different: [string, (table: Table) => Table][] = [
    [
      'a column is nullable, so the kind differs',
      (usualTable) => ({ ...usualTable, columns: [column('a'), nullable('b')] }),
    ],
    [
      'the type of a column differs',
      (usualTable) => ({ ...usualTable, columns: [column('a'), column('b', 'uuid')] }),
    ],
    ['the kind differs', (usualTable) => ({ ...usualTable, keys: [named('a', 'b')] })],
    ['a column is missing', (usualTable) => ({ ...usualTable, keys: [unique('a')] })],
  ]
  it.each(different)('names of lookup keys differ where %s', (_, change) => {
    expect(nameOf(change)).toEqual(expect.any(String))
    expect(nameOf(change)).not.toBe(usual)
  })

  it('names of lookup keys do not depend on the order of columns, of keys, or on the case of column names', () => {
    expect(
      nameOf((usualTable) => ({
        ...usualTable,
        keys: [unique('b', 'a')],
        columns: [...usualTable.columns].reverse(),
      })),
    ).toBe(usual)
    expect(
      nameOf((usualTable) => ({
        ...usualTable,
        columns: [column('A'), column('B')],
        keys: [unique('A', 'B')],
      })),
    ).toBe(usual)
  })

  it.each([
    ['with a column that the table does not have', unique('a', 'ghost')],
    ['without columns', unique()],
  ])('names of lookup keys are not given to a key %s', (_, key) => {
    expect(nameOf((usualTable) => ({ ...usualTable, keys: [key] }))).toBeUndefined()
  })
})
