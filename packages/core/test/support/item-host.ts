import type { Cache, PolicyOptions } from '@larder/core'
import type {
  Change,
  Engine,
  LookupKey,
  Occurrence,
  Policy,
  ReadPlan,
  RowRead,
  Table,
  WritePlan,
  WriteThrough,
} from '@larder/core/host'
import type { Mutation, Query, Row, State, TableName } from './simulated-database.ts'

const COLUMNS = [
  { name: 'id', type: 'integer' },
  { name: 'grp', type: 'integer' },
  { name: 'code', type: 'text' },
  { name: 'v', type: 'other' },
] as const

export const PRIMARY: LookupKey = { kind: 'primary', columns: ['id'] }
export const UNIQUE: LookupKey = { kind: 'unique', columns: ['code'] }
export const GROUP: LookupKey = { kind: 'foreign', columns: ['grp'] }

function tableOf(name: TableName, keys: readonly LookupKey[]): Table {
  const columns = COLUMNS.map((column) => ({
    ...column,
    nullable: false,
    hasDefault: false,
    generated: false,
  }))
  return { name, columns, keys, foreignKeys: [], touches: [], reads: [] }
}

/** Attaches a host that knows two tables by the given lookup keys. */
export function attachItems(
  cache: Cache,
  keys: readonly LookupKey[] = [PRIMARY, UNIQUE, GROUP],
  database?: string,
): Engine {
  const tables = new Map((['item', 'note'] as const).map((name) => [name, tableOf(name, keys)]))
  return cache.attach({ name: 'items', schema: { tables }, database, identity: [], types: {} })
}

/** A read, before it is known who runs it. */
export interface ReadShape<R> {
  readonly name: string
  readonly query: Query<R>
  readonly occurrences: readonly Occurrence[]
  /** The statements of a read that needs several. */
  readonly parts?: readonly Query<Row[]>[]
  readonly severalStatements?: boolean
}

const all = (state: State, table: TableName): Row[] => [...state[table].values()].sort((a, b) => a.id - b.id)
const count = (result: unknown): number => (Array.isArray(result) ? result.length : result === null ? 0 : 1)

export const reads = {
  byId: (id: number, table: TableName = 'item'): ReadShape<Row | null> => ({
    name: `${table}.byId(${id})`,
    query: (state) => state[table].get(id) ?? null,
    occurrences: [{ table, pins: { id: [id] }, rows: count }],
  }),
  byIds: (ids: readonly number[]): ReadShape<Row[]> => ({
    name: `item.byIds(${ids})`,
    query: (state) => all(state, 'item').filter((row) => ids.includes(row.id)),
    occurrences: [{ table: 'item', pins: { id: ids }, rows: count }],
  }),
  byCode: (code: string): ReadShape<Row | null> => ({
    name: `item.byCode(${code})`,
    query: (state) => all(state, 'item').find((row) => row.code === code) ?? null,
    occurrences: [{ table: 'item', pins: { code: [code] }, rows: count }],
  }),
  byGroup: (grp: number): ReadShape<Row[]> => ({
    name: `item.byGroup(${grp})`,
    query: (state) => all(state, 'item').filter((row) => row.grp === grp),
    occurrences: [{ table: 'item', pins: { grp: [grp] } }],
  }),
  everything: (): ReadShape<Row[]> => ({
    name: 'item.all',
    query: (state) => all(state, 'item'),
    occurrences: [{ table: 'item' }],
  }),
  joined: (id: number): ReadShape<Row[]> => ({
    name: `joined(${id})`,
    query: ({ item, note }) => [item.get(id), note.get(id)].filter((row) => row !== undefined),
    occurrences: [
      { table: 'item', pins: { id: [id] } },
      { table: 'note', pins: { id: [id] } },
    ],
  }),
  /** An item by its code, and the note its group names: which one, only the result tells. */
  withNote: (code: string): ReadShape<Row[]> => ({
    name: `withNote(${code})`,
    query: (state) => {
      const item = all(state, 'item').find((row) => row.code === code)
      return [item, item && state.note.get(item.grp)].filter((row) => row !== undefined)
    },
    occurrences: [
      { table: 'item', pins: { code: [code] }, rows: (result) => Math.min(1, count(result)) },
      {
        table: 'note',
        resultDependency: {
          columns: ['id'],
          found: true,
          values: (result) =>
            count(result) === 1 ? undefined : (result as Row[]).slice(1).map(({ id }) => ({ id })),
        },
      },
    ],
  }),
  /** A note by its code, with the items of the group it names. */
  withItems: (code: string): ReadShape<Row[]> => {
    const parts: Query<Row[]>[] = [
      (state) => all(state, 'note').filter((row) => row.code === code),
      (state) => {
        const note = all(state, 'note').find((row) => row.code === code)
        return all(state, 'item').filter((row) => row.grp === note?.id)
      },
    ]
    return {
      name: `withItems(${code})`,
      query: (state) => parts.flatMap((part) => part(state)),
      occurrences: [
        { table: 'note', pins: { code: [code] }, rows: (result) => Math.min(1, count(result)) },
        {
          table: 'item',
          resultDependency: {
            columns: ['grp'],
            found: false,
            values: (result) => (result as Row[]).slice(0, 1).map(({ id }) => ({ grp: id })),
          },
        },
      ],
      parts,
      severalStatements: true,
    }
  },
  inTwo: (id: number): ReadShape<Row[]> => {
    const parts = (['item', 'note'] as const).map(
      (table): Query<Row[]> =>
        (state) =>
          all(state, table).filter((row) => row.id === id),
    )
    return {
      name: `inTwo(${id})`,
      query: (state) => parts.flatMap((part) => part(state)),
      occurrences: [{ table: 'item' }, { table: 'note', pins: { id: [id] } }],
      parts,
      severalStatements: true,
    }
  },
}

/** A write, before it is known who runs it. */
export interface WriteShape {
  readonly name: string
  readonly mutation: Mutation
  readonly changes: readonly Change[]
  /** The host reads the touched rows off the result. */
  readonly returning?: boolean
  /** The table of the one row it returns, if it is to be written through. */
  readonly row?: TableName
}

const change =
  (table: TableName, which: (row: Row) => boolean, sets: (row: Row) => Partial<Row>): Mutation =>
  (tables, next) =>
    [...tables[table].values()].filter(which).map((row) => {
      const changed = { ...row, ...sets(row), v: next() }
      tables[table].set(row.id, changed)
      return changed
    })

export const writes = {
  touch: (id: number, table: TableName = 'item', returning = false): WriteShape => ({
    name: `${table}.touch(${id})${returning ? ' returning' : ''}`,
    mutation: change(
      table,
      (row) => row.id === id,
      () => ({}),
    ),
    changes: [{ table, effect: 'update', before: { id: [id] }, sets: { v: 0 } }],
    returning,
    row: table,
  }),
  touchGroup: (grp: number, returning = false): WriteShape => ({
    name: `item.touchGroup(${grp})${returning ? ' returning' : ''}`,
    mutation: change(
      'item',
      (row) => row.grp === grp,
      () => ({}),
    ),
    changes: [{ table: 'item', effect: 'update', before: { grp: [grp] }, sets: { v: 0 } }],
    returning,
  }),
  move: (id: number, grp: number, returning = false): WriteShape => ({
    name: `item.move(${id}, ${grp})${returning ? ' returning' : ''}`,
    mutation: change(
      'item',
      (row) => row.id === id,
      () => ({ grp }),
    ),
    changes: [{ table: 'item', effect: 'update', before: { id: [id] }, sets: { grp, v: 0 } }],
    returning,
    row: 'item',
  }),
  touchCode: (code: string, returning = false): WriteShape => ({
    name: `item.touchCode(${code})${returning ? ' returning' : ''}`,
    mutation: change(
      'item',
      (row) => row.code === code,
      () => ({}),
    ),
    changes: [{ table: 'item', effect: 'update', before: { code: [code] }, sets: { v: 0 } }],
    returning,
    row: 'item',
  }),
  swapCodes: (a: number, b: number): WriteShape => ({
    name: `item.swapCodes(${a}, ${b})`,
    mutation: (tables, next) => {
      const [first, second] = [tables.item.get(a), tables.item.get(b)]
      if (!first || !second || a === b) return []
      const swapped = [
        { ...first, code: second.code, v: next() },
        { ...second, code: first.code, v: next() },
      ]
      for (const row of swapped) tables.item.set(row.id, row)
      return swapped
    },
    changes: [{ table: 'item', effect: 'update', before: { id: [a, b] } }],
  }),
  touchAll: (): WriteShape => ({
    name: 'item.touchAll',
    mutation: change(
      'item',
      () => true,
      () => ({}),
    ),
    changes: [{ table: 'item', effect: 'update', sets: { v: 0 } }],
  }),
  raw: (id: number): WriteShape => ({
    name: `raw(${id})`,
    mutation: change(
      'item',
      (row) => row.id === id,
      (row) => ({ grp: 1 - row.grp }),
    ),
    changes: [{ table: 'item', effect: 'unknown' }],
  }),
  remove: (id: number): WriteShape => ({
    name: `item.remove(${id})`,
    mutation: (tables) => {
      tables.item.delete(id)
      return []
    },
    changes: [{ table: 'item', effect: 'delete', before: { id: [id] } }],
  }),
  insert: (id: number, grp: number): WriteShape => ({
    name: `item.insert(${id})`,
    mutation: (tables, next) => {
      if (tables.item.has(id)) return []
      const row = { id, grp, code: `c${id}`, v: next() }
      tables.item.set(id, row)
      return [row]
    },
    changes: [{ table: 'item', effect: 'insert', sets: { id, grp, code: `c${id}`, v: 0 } }],
    row: 'item',
  }),
}

/** The plan of a read by one engine. `run` is the host's own query. */
export function readPlan<R>(
  engine: Engine,
  shape: ReadShape<R>,
  run: (query: Query<R>) => Promise<R>,
  more: Partial<ReadPlan<R>> & { options?: PolicyOptions } = {},
): ReadPlan<R> {
  const { options, ...rest } = more
  return {
    operation: shape.name,
    model: 'Item',
    policy: engine.policy({ ttl: '10m', jitter: 0, ...options }, 'models.Item'),
    query: shape.name,
    occurrences: shape.occurrences,
    severalStatements: shape.severalStatements ?? false,
    run: () => run(shape.query),
    ...rest,
  }
}

/** The plan of a write; an error named `Refused` is the server's own. `through`: a policy under which its row is stored. */
export function writePlan(
  shape: WriteShape,
  run: (mutation: Mutation) => Promise<readonly Row[]>,
  through?: Policy,
): WritePlan<readonly Row[]> {
  return {
    operation: shape.name,
    model: 'Item',
    changes: shape.changes,
    ...(shape.returning && { returned: (rows) => rows.map((row) => ({ ...row })) }),
    ...(through && shape.row && { through: writtenThrough(shape, shape.row, through) }),
    failed: (error) => error instanceof Refused,
    run: () => run(shape.mutation),
  }
}

function writtenThrough(shape: WriteShape, table: TableName, policy: Policy): WriteThrough<readonly Row[]> {
  const read = (readShape: ReadShape<Row | null>, result: Row): RowRead => ({
    as: readShape.name,
    model: 'Item',
    query: readShape.name,
    occurrence: readShape.occurrences[0] ?? { table },
    result,
  })
  return {
    policy,
    table,
    changes: shape.changes.length,
    reads([row]) {
      if (!row) return []
      const byCode = table === 'item' ? [read(reads.byCode(row.code), row)] : []
      return [read(reads.byId(row.id, table), row), ...byCode]
    },
  }
}

/** The server's own refusal of a statement: proof that nothing was committed. */
export class Refused extends Error {}
