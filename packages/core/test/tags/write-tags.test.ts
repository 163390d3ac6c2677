import { describe, expect, it } from 'vitest'
import { type Change, type ReturnedRow, UNKNOWN } from '../../src/plan/plan.ts'
import { recordName } from '../../src/tags/spelling.ts'
import { markedFields, merge, tagsOfReturned, tagsOfWrite, type WriteTag } from '../../src/tags/write-tags.ts'
import { column, foreign, named, nullable, primary, schema, shortly, space, table, unique } from './tables.ts'

const item = table(
  'item',
  [
    column('id', 'integer', { hasDefault: true }),
    column('code', 'text'),
    nullable('alias', 'text'),
    nullable('owner_id'),
    column('team_id', 'integer', { hasDefault: true }),
    column('state', 'enum', { hasDefault: true }),
    column('stamp', 'integer', { generated: true }),
    column('title', 'text'),
    column('__proto__'),
  ],
  {
    keys: [
      primary('id'),
      unique('code'),
      unique('alias'),
      foreign('owner_id'),
      foreign('team_id'),
      named('owner_id', 'state'),
      named('stamp'),
    ],
  },
)
const known = schema(item)

/** Short names of the item's keys, as the tables below use them. */
const KEYS: Record<string, string> = {
  'p1(id:integer)': 'id',
  'u1(code:text)': 'code',
  'n1(alias:text)': 'alias',
  'f1(owner_id:integer)': 'owner',
  'f1(team_id:integer)': 'team',
  'n1(owner_id:integer,state:enum)': 'pair',
  'n1(stamp:integer)': 'stamp',
}

/** `id?` for a key with unknown values, `id=5` for a value known. */
function spelled(tag: WriteTag | undefined): readonly string[] {
  if (!tag) return []
  const unknown = shortly(tag.unknown).map((name) => `${KEYS[name]}?`)
  const cells = shortly(tag.cells).map((cell) => {
    const at = cell.indexOf('=')
    return `${KEYS[cell.slice(0, at)]}${cell.slice(at)}`
  })
  return [...unknown, ...cells].sort()
}

const write = (
  changes: readonly Change[],
  returned: (index: number) => readonly ReturnedRow[] | undefined = () => undefined,
) => spelled(tagsOfReturned(space, known, changes, returned)[0])
const ofItem = (change: Omit<Change, 'table'>): Change => ({ table: 'item', ...change })
const all = { id: 1, code: 'a', alias: null, owner_id: 3, team_id: 4, state: 'new', stamp: 9 }

const cases: [string, Omit<Change, 'table'>, readonly ReturnedRow[] | undefined, string][] = [
  // insert
  [
    'an insert of nothing known knows no value of a key that is not unique',
    { effect: 'insert' },
    undefined,
    'alias? owner? pair? stamp? team?',
  ],
  [
    'an insert bumps no unique key: a read that could gain the row depends on the list',
    { effect: 'insert', sets: { id: 1, code: 'a' } },
    undefined,
    'stamp? team?',
  ],
  [
    'an insert gives its row to a foreign key',
    { effect: 'insert', sets: { owner_id: 3, team_id: 4, state: 'new' } },
    undefined,
    'owner=3 pair=1.3,3.new stamp? team=4',
  ],
  [
    'an insert that omits a nullable column sets null, which no read is pinned by',
    { effect: 'insert', sets: { team_id: 4 } },
    undefined,
    'stamp? team=4',
  ],
  [
    'an insert that omits a column with a default does not know it',
    { effect: 'insert', sets: { owner_id: 3 } },
    undefined,
    'owner=3 pair? stamp? team?',
  ],
  [
    'undefined in an insert is an omission',
    { effect: 'insert', sets: { owner_id: 3, team_id: undefined, alias: undefined } },
    undefined,
    'owner=3 pair? stamp? team?',
  ],
  [
    'an expression in an insert is unknown',
    { effect: 'insert', sets: { owner_id: UNKNOWN, team_id: 4 } },
    undefined,
    'owner? pair? stamp? team=4',
  ],
  [
    'null in a foreign key names no row',
    { effect: 'insert', sets: { owner_id: null, team_id: 4 } },
    undefined,
    'stamp? team=4',
  ],
  [
    'the returned row tells what an insert left open',
    { effect: 'insert', sets: { owner_id: 3 } },
    [all],
    'owner=3 pair=1.3,3.new stamp=9 team=4',
  ],
  [
    'the returned row is believed before the given one',
    { effect: 'insert', sets: { owner_id: 3, team_id: 4 } },
    [{ owner_id: 8, state: 'x', stamp: 1 }],
    'owner=8 pair=1.8,1.x stamp=1 team=4',
  ],
  ['an insert that returned no row inserted none', { effect: 'insert', sets: { owner_id: 3 } }, [], ''],
  [
    'a value that cannot be canonical is unknown',
    { effect: 'insert', sets: { owner_id: 'abc', team_id: 4 } },
    undefined,
    'owner? pair? stamp? team=4',
  ],
  // update
  [
    'an update of nobody knows whom is unknown in every key',
    { effect: 'update', sets: { title: 'x' } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'an update by primary key leaves the other keys unknown though it does not set them',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'an update shows columns it cannot change, old and new',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp? team=4',
  ],
  [
    'a returned row does not tell the old value of a column that was set',
    { effect: 'update', before: { id: [1] }, sets: { owner_id: 3 } },
    [all],
    'code=A id=1 owner? pair? stamp? team=4',
  ],
  [
    'a key that changes bumps its old and its new value',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: 3 } },
    [all],
    'code=A id=1 owner=2 owner=3 pair=1.2,3.new pair=1.3,3.new stamp? team=4',
  ],
  [
    'a key set to null bumps its old value',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: null } },
    undefined,
    'alias? code? id? owner=2 pair? stamp? team?',
  ],
  [
    'a key set by an expression is unknown',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: UNKNOWN } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'a key set by an expression is known from the returned row',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: UNKNOWN } },
    [all],
    'code=A id=1 owner=2 owner=3 pair=1.2,3.new pair=1.3,3.new stamp? team=4',
  ],
  [
    'undefined among the sets is not a value',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: undefined } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'an update of any column knows only what was',
    { effect: 'update', before: { id: [1] } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'an update of any column shows new values and no old ones',
    { effect: 'update', before: { id: [1] } },
    [all],
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'a generated column is unknown though nobody sets it',
    { effect: 'update', before: { id: [1], stamp: [9] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'a generated column is known where old and new are',
    { effect: 'update', before: { stamp: [8] }, sets: { title: 'x' } },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp=8 stamp=9 team=4',
  ],
  ['an update that returned no row touched none', { effect: 'update', sets: { owner_id: 3 } }, [], ''],
  [
    'a filter that nothing can pass touches nothing, but nobody vouches for a generated column',
    {
      effect: 'update',
      before: { id: [], owner_id: [], team_id: [], code: [], alias: [], stamp: [] },
      sets: { title: 'x' },
    },
    undefined,
    'stamp?',
  ],
  [
    'a null among the old values makes the key unknown',
    { effect: 'update', before: { owner_id: [null, 2] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'a returned row without a column leaves it unknown',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    [{ id: 1 }],
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  // delete
  [
    'a delete shows what the rows were, generated columns included',
    { effect: 'delete' },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp=9 team=4',
  ],
  [
    'a delete by foreign key knows that key alone',
    { effect: 'delete', before: { owner_id: [3] } },
    undefined,
    'alias? code? id? owner=3 pair? stamp? team?',
  ],
  [
    'a delete by several values bumps each',
    { effect: 'delete', before: { id: [1, 2], code: ['a'] } },
    undefined,
    'alias? code=A id=1 id=2 owner? pair? stamp? team?',
  ],
  ['a delete that returned no row deleted none', { effect: 'delete' }, [], ''],
  // upsert
  [
    'an upsert knows its conflict target and nothing else',
    { effect: 'upsert', before: { code: ['a'] }, sets: { title: 'x' } },
    undefined,
    'alias? code=A id? owner? pair? stamp? team?',
  ],
  [
    'an upsert over another row: the returned row tells the columns it does not update',
    { effect: 'upsert', before: { code: ['a'] }, sets: { owner_id: 5 } },
    [all],
    'code=A id=1 owner? pair? stamp? team=4',
  ],
  [
    'an upsert that may set anything knows nothing',
    { effect: 'upsert', before: { code: ['a'] } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  // unknown
  [
    'an unknown write knows nothing, whatever it was given',
    { effect: 'unknown', before: { id: [1] }, sets: {} },
    [all],
    'alias? code? id? owner? pair? stamp? team?',
  ],
]

describe('the rows that a write knows', () => {
  it.each(cases)('%s', (_, change, returned, expected) => {
    expect(write([ofItem(change)], () => returned).join(' ')).toBe(expected)
  })

  it('create-values of an upsert are bumped besides its target', () => {
    const changes = [
      ofItem({ effect: 'upsert', before: { code: ['a'] }, sets: { title: 'x' } }),
      ofItem({ effect: 'insert', sets: { code: 'b', owner_id: 3, team_id: 4, state: 'new' } }),
    ]
    expect(write(changes, () => [{ ...all, alias: 'z' }]).join(' ')).toBe(
      'alias=Z code=A id=1 owner=3 pair=1.3,3.new stamp? team=4',
    )
    expect(write(changes)).toEqual(expect.arrayContaining(['code=A', 'owner?', 'team?']))
  })

  it('sets named like something on Object.prototype are not sets', () => {
    expect(write([ofItem({ effect: 'insert', sets: Object.create({ owner_id: 3 }) })])).not.toContain(
      'owner=3',
    )
  })
})

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('many rows', () => {
  const owners = (change: Omit<Change, 'table'>, rows?: readonly ReturnedRow[]) =>
    write([ofItem(change)], () => rows).filter((one) => one.startsWith('owner'))

  it.each([
    [100, 100],
    [101, undefined],
  ])('%i values of a key in one filter', (count, cells) => {
    const found = owners({ effect: 'delete', before: { owner_id: ids(count) } })
    expect(found).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })

  it.each([
    [100, 100],
    [101, undefined],
  ])('%i returned rows of as many values', (count, cells) => {
    const found = owners(
      { effect: 'delete' },
      ids(count).map((owner_id) => ({ owner_id })),
    )
    expect(found).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })

  it('a thousand returned rows of one value are one value', () => {
    expect(
      owners(
        { effect: 'delete' },
        ids(1_000).map((id) => ({ id, owner_id: 3 })),
      ),
    ).toEqual(['owner=3'])
  })

  it.each([
    [100, 100],
    [101, undefined],
  ])('%i inserts of one statement', (count, cells) => {
    const changes = ids(count).map((owner_id) => ofItem({ effect: 'insert', sets: { owner_id } }))
    const found = write(changes).filter((one) => one.startsWith('owner'))
    expect(found).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })
})

describe('tables and schemas', () => {
  it('two changes of one table are one tag, and unknown wins', () => {
    const [tag, ...more] = tagsOfWrite(space, known, [
      ofItem({ effect: 'delete', before: { id: [1], owner_id: [3] } }),
      { table: 'ITEM', effect: 'delete', before: { id: [2] } },
    ])
    expect(more).toEqual([])
    expect(spelled(tag)).toEqual(['alias?', 'code?', 'id=1', 'id=2', 'owner?', 'pair?', 'stamp?', 'team?'])
  })

  it('a write to an unknown table gives every field in its record a new nonce', () => {
    const [tag] = tagsOfWrite(space, known, [{ table: 'Ghost', effect: 'insert', sets: { id: 1 } }])
    expect(tag).toEqual({
      table: 'ghost',
      record: recordName('larder', 'main', 'ghost'),
      known: ['around'],
      unknown: new Set(),
      cells: new Set(),
    })
    expect(markedFields(tag!)).toEqual(['list'])
  })

  it('the list is always marked, and every unknown key', () => {
    const [tag] = tagsOfWrite(space, known, [ofItem({ effect: 'delete', before: { id: [1] } })])
    expect(markedFields(tag!)[0]).toBe('list')
    expect(new Set(markedFields(tag!).slice(1))).toEqual(tag?.unknown)
  })

  it('if two clients know different keys, only the common ones count as known', () => {
    const fewer = schema({ ...item, keys: [primary('id'), foreign('owner_id')] })
    const other = schema({ ...item, keys: [primary('id'), foreign('team_id')] })
    const change = [ofItem({ effect: 'delete', before: { owner_id: [3] } })]
    const [tag, ...more] = merge([...tagsOfWrite(space, fewer, change), ...tagsOfWrite(space, other, change)])
    expect(more).toEqual([])
    expect(shortly(tag?.known ?? [])).toEqual(['around', 'p1(id:integer)'])
    expect(spelled(tag)).toEqual(['id?', 'owner=3'])
  })

  it('a client that takes a unique key for a plain one does not speak for it', () => {
    const plain = schema({ ...item, keys: [named('code')] })
    const [tag] = tagsOfWrite(space, plain, [ofItem({ effect: 'insert', sets: { code: 'a' } })])
    expect(shortly(tag?.known ?? [])).toEqual(['around', 'n1(code:text)'])
  })
})

describe('the statements of one transaction, merged', () => {
  const byId = (id: number) => tagsOfWrite(space, known, [ofItem({ effect: 'delete', before: { id: [id] } })])

  it('name every value up to a thousand, and beyond it take every key wholly', () => {
    const ids = Array.from({ length: 1_001 }, (_, id) => id)
    const [few] = merge(ids.slice(1).flatMap(byId))
    expect(few?.cells.size).toBe(1_000)
    const [many] = merge(ids.flatMap(byId))
    expect(many?.cells.size).toBe(0)
    expect([...(many?.unknown ?? []), 'around']).toEqual(many?.known)
  })
})
