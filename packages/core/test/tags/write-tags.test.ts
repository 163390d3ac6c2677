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
const tables = schema(item)

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
) => spelled(tagsOfReturned(space, tables, changes, returned)[0])
const ofItem = (change: Omit<Change, 'table'>): Change => ({ table: 'item', ...change })
const all = { id: 1, code: 'a', alias: null, owner_id: 3, team_id: 4, state: 'new', stamp: 9 }

const cases: [string, Omit<Change, 'table'>, readonly ReturnedRow[] | undefined, string][] = [
  // insert
  [
    'an insert of unknown values leaves every non-unique key unknown',
    { effect: 'insert' },
    undefined,
    'alias? owner? pair? stamp? team?',
  ],
  [
    'an insert invalidates no unique key, because a lookup that found no row depends on the list',
    { effect: 'insert', sets: { id: 1, code: 'a' } },
    undefined,
    'stamp? team?',
  ],
  [
    'an insert invalidates the value of its foreign key',
    { effect: 'insert', sets: { owner_id: 3, team_id: 4, state: 'new' } },
    undefined,
    'owner=3 pair=1.3,3.new stamp? team=4',
  ],
  [
    'an insert that omits a nullable column invalidates no value of it, because no read is pinned by null',
    { effect: 'insert', sets: { team_id: 4 } },
    undefined,
    'stamp? team=4',
  ],
  [
    'an insert that omits a column with a default leaves its key unknown',
    { effect: 'insert', sets: { owner_id: 3 } },
    undefined,
    'owner=3 pair? stamp? team?',
  ],
  [
    'undefined in an insert is treated as omitted',
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
    'null in a foreign key invalidates no value',
    { effect: 'insert', sets: { owner_id: null, team_id: 4 } },
    undefined,
    'stamp? team=4',
  ],
  [
    'the returned row provides values that an insert did not set',
    { effect: 'insert', sets: { owner_id: 3 } },
    [all],
    'owner=3 pair=1.3,3.new stamp=9 team=4',
  ],
  [
    'the returned row takes precedence over the set values',
    { effect: 'insert', sets: { owner_id: 3, team_id: 4 } },
    [{ owner_id: 8, state: 'x', stamp: 1 }],
    'owner=8 pair=1.8,1.x stamp=1 team=4',
  ],
  ['an insert that returned no row invalidates nothing', { effect: 'insert', sets: { owner_id: 3 } }, [], ''],
  [
    'a value without a canonical form is unknown',
    { effect: 'insert', sets: { owner_id: 'abc', team_id: 4 } },
    undefined,
    'owner? pair? stamp? team=4',
  ],
  // update
  [
    'an update of unknown rows leaves every key unknown',
    { effect: 'update', sets: { title: 'x' } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'an update by primary key leaves the other keys unknown, although it does not set them',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'the row returned by an update provides the keys that it did not set',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp? team=4',
  ],
  [
    'a returned row does not provide the old value of a column that was set',
    { effect: 'update', before: { id: [1] }, sets: { owner_id: 3 } },
    [all],
    'code=A id=1 owner? pair? stamp? team=4',
  ],
  [
    'an update of a key invalidates its old and its new value',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: 3 } },
    [all],
    'code=A id=1 owner=2 owner=3 pair=1.2,3.new pair=1.3,3.new stamp? team=4',
  ],
  [
    'a key set to null invalidates its old value',
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
    'the returned row provides a key that was set by an expression',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: UNKNOWN } },
    [all],
    'code=A id=1 owner=2 owner=3 pair=1.2,3.new pair=1.3,3.new stamp? team=4',
  ],
  [
    'undefined in an update leaves the key unknown',
    { effect: 'update', before: { owner_id: [2] }, sets: { owner_id: undefined } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'an update of unknown columns leaves every key unknown',
    { effect: 'update', before: { id: [1] } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'the row returned by an update of unknown columns provides only new values',
    { effect: 'update', before: { id: [1] } },
    [all],
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'a generated column is unknown, although it is not set',
    { effect: 'update', before: { id: [1], stamp: [9] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  [
    'a generated column is derived if its old and its new value are',
    { effect: 'update', before: { stamp: [8] }, sets: { title: 'x' } },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp=8 stamp=9 team=4',
  ],
  ['an update that returned no row invalidates nothing', { effect: 'update', sets: { owner_id: 3 } }, [], ''],
  [
    'a filter that no row can match invalidates only the generated column',
    {
      effect: 'update',
      before: { id: [], owner_id: [], team_id: [], code: [], alias: [], stamp: [] },
      sets: { title: 'x' },
    },
    undefined,
    'stamp?',
  ],
  [
    'a null among the old values leaves the key unknown',
    { effect: 'update', before: { owner_id: [null, 2] }, sets: { title: 'x' } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  [
    'a returned row without a column leaves its key unknown',
    { effect: 'update', before: { id: [1] }, sets: { title: 'x' } },
    [{ id: 1 }],
    'alias? code? id=1 owner? pair? stamp? team?',
  ],
  // delete
  [
    'the rows returned by a delete provide every key, including generated columns',
    { effect: 'delete' },
    [all],
    'code=A id=1 owner=3 pair=1.3,3.new stamp=9 team=4',
  ],
  [
    'a delete by foreign key derives that key only',
    { effect: 'delete', before: { owner_id: [3] } },
    undefined,
    'alias? code? id? owner=3 pair? stamp? team?',
  ],
  [
    'a delete by several values invalidates each of them',
    { effect: 'delete', before: { id: [1, 2], code: ['a'] } },
    undefined,
    'alias? code=A id=1 id=2 owner? pair? stamp? team?',
  ],
  ['a delete that returned no row invalidates nothing', { effect: 'delete' }, [], ''],
  // upsert
  [
    'an upsert derives its conflict target and nothing else',
    { effect: 'upsert', before: { code: ['a'] }, sets: { title: 'x' } },
    undefined,
    'alias? code=A id? owner? pair? stamp? team?',
  ],
  [
    'the row returned by an upsert provides the columns that it does not update',
    { effect: 'upsert', before: { code: ['a'] }, sets: { owner_id: 5 } },
    [all],
    'code=A id=1 owner? pair? stamp? team=4',
  ],
  [
    'an upsert of unknown columns leaves every key unknown',
    { effect: 'upsert', before: { code: ['a'] } },
    undefined,
    'alias? code? id? owner? pair? stamp? team?',
  ],
  // unknown
  [
    'an unknown write leaves every key unknown, whatever else it declares',
    { effect: 'unknown', before: { id: [1] }, sets: {} },
    [all],
    'alias? code? id? owner? pair? stamp? team?',
  ],
]

describe('the tags of a write', () => {
  it.each(cases)('%s', (_, change, returned, expected) => {
    expect(write([ofItem(change)], () => returned).join(' ')).toBe(expected)
  })

  it('the values created by an upsert are invalidated as well as its target', () => {
    const changes = [
      ofItem({ effect: 'upsert', before: { code: ['a'] }, sets: { title: 'x' } }),
      ofItem({ effect: 'insert', sets: { code: 'b', owner_id: 3, team_id: 4, state: 'new' } }),
    ]
    expect(write(changes, () => [{ ...all, alias: 'z' }]).join(' ')).toBe(
      'alias=Z code=A id=1 owner=3 pair=1.3,3.new stamp? team=4',
    )
    expect(write(changes)).toEqual(expect.arrayContaining(['code=A', 'owner?', 'team?']))
  })

  it('sets inherited from a prototype are ignored', () => {
    expect(write([ofItem({ effect: 'insert', sets: Object.create({ owner_id: 3 }) })])).not.toContain(
      'owner=3',
    )
  })
})

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('the number of values invalidated by a write of many rows is bounded', () => {
  const owners = (change: Omit<Change, 'table'>, rows?: readonly ReturnedRow[]) =>
    write([ofItem(change)], () => rows).filter((row) => row.startsWith('owner'))

  it.each([
    [100, 100],
    [101, undefined],
  ])('for %i values of a key in one filter', (count, cells) => {
    const ownerTags = owners({ effect: 'delete', before: { owner_id: ids(count) } })
    expect(ownerTags).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })

  it.each([
    [100, 100],
    [101, undefined],
  ])('for %i returned rows with different values', (count, cells) => {
    const ownerTags = owners(
      { effect: 'delete' },
      ids(count).map((owner_id) => ({ owner_id })),
    )
    expect(ownerTags).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })

  it('with a thousand returned rows of one value counted once', () => {
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
  ])('for %i inserts in one statement', (count, cells) => {
    const changes = ids(count).map((owner_id) => ofItem({ effect: 'insert', sets: { owner_id } }))
    const ownerTags = write(changes).filter((change) => change.startsWith('owner'))
    expect(ownerTags).toEqual(cells ? expect.objectContaining({ length: cells }) : ['owner?'])
  })
})

describe('the tags of a write to tables of several clients', () => {
  it('merge two changes of one table into one tag, and unknown takes precedence', () => {
    const [tag, ...more] = tagsOfWrite(space, tables, [
      ofItem({ effect: 'delete', before: { id: [1], owner_id: [3] } }),
      { table: 'ITEM', effect: 'delete', before: { id: [2] } },
    ])
    expect(more).toEqual([])
    expect(spelled(tag)).toEqual(['alias?', 'code?', 'id=1', 'id=2', 'owner?', 'pair?', 'stamp?', 'team?'])
  })

  it('give every field of an unknown table a new nonce', () => {
    const [tag] = tagsOfWrite(space, tables, [{ table: 'Ghost', effect: 'insert', sets: { id: 1 } }])
    expect(tag).toEqual({
      table: 'ghost',
      record: recordName('larder', 'main', 'ghost'),
      known: ['around'],
      unknown: new Set(),
      cells: new Set(),
    })
    expect(markedFields(tag!)).toEqual(['list'])
  })

  it('always mark the list and every unknown key', () => {
    const [tag] = tagsOfWrite(space, tables, [ofItem({ effect: 'delete', before: { id: [1] } })])
    expect(markedFields(tag!)[0]).toBe('list')
    expect(new Set(markedFields(tag!).slice(1))).toEqual(tag?.unknown)
  })

  it('include only the keys that all clients of the table declare', () => {
    const fewer = schema({ ...item, keys: [primary('id'), foreign('owner_id')] })
    const other = schema({ ...item, keys: [primary('id'), foreign('team_id')] })
    const change = [ofItem({ effect: 'delete', before: { owner_id: [3] } })]
    const [tag, ...more] = merge([...tagsOfWrite(space, fewer, change), ...tagsOfWrite(space, other, change)])
    expect(more).toEqual([])
    expect(shortly(tag?.known ?? [])).toEqual(['around', 'p1(id:integer)'])
    expect(spelled(tag)).toEqual(['id?', 'owner=3'])
  })

  it('do not cover a unique key that a client declares as a plain one', () => {
    const plain = schema({ ...item, keys: [named('code')] })
    const [tag] = tagsOfWrite(space, plain, [ofItem({ effect: 'insert', sets: { code: 'a' } })])
    expect(shortly(tag?.known ?? [])).toEqual(['around', 'n1(code:text)'])
  })
})

describe('the merged tags of a transaction', () => {
  const byId = (id: number) =>
    tagsOfWrite(space, tables, [ofItem({ effect: 'delete', before: { id: [id] } })])

  it('contain up to a thousand values, and beyond that invalidate every key as a whole', () => {
    const ids = Array.from({ length: 1_001 }, (_, id) => id)
    const [few] = merge(ids.slice(1).flatMap(byId))
    expect(few?.cells.size).toBe(1_000)
    const [many] = merge(ids.flatMap(byId))
    expect(many?.cells.size).toBe(0)
    expect([...(many?.unknown ?? []), 'around']).toEqual(many?.known)
  })
})
