import fc from 'fast-check'
import type { Action, Column, Table } from '../../src/plan/table.ts'
import { FOREIGN_KEYS, type Shape, TABLES } from './simulated-schema.ts'
import type { Value } from './simulator.ts'

/** A condition: equalities (IN), one more that nobody sees, and which equalities the planner is told. */
export interface Where {
  readonly pins: Readonly<Record<string, readonly Value[]>>
  readonly hidden: readonly string[]
  /** Aims the first value of every equality at this row of the table. */
  readonly aim: number | undefined
  readonly extra:
    | { readonly column: string; readonly op: 'is' | 'not' | 'less'; readonly value: Value }
    | undefined
}

export interface Read {
  readonly kind: 'table' | 'both' | 'join' | 'include' | 'up'
  readonly table: string
  readonly where: Where
  /** Condition on the children of a join, or on the second use of the same table. */
  readonly inner: Where
  readonly limit: number | undefined
  /** The host cannot count rows. */
  readonly cannotCount: boolean
  /** Which foreign key of the children leads up to their parents. */
  readonly way: number
  readonly spelling: number
}

export type ColumnValues = Readonly<Record<string, { readonly value: Value; readonly expression: boolean }>>

export interface Statement {
  readonly kind: 'insert' | 'update' | 'delete' | 'upsert' | 'unknown'
  readonly table: string
  readonly where: Where
  readonly rows: readonly ColumnValues[]
  readonly sets: ColumnValues
  /** Which key an upsert looks its row up by. */
  readonly target: number
  readonly skipConflicts: boolean
  /** What the planner is told besides. */
  readonly known: {
    readonly sets: boolean
    readonly returned: 'none' | 'all' | 'some'
    readonly shown: readonly boolean[]
    /** Columns whose old values the planner is told, with one value too many: those that are set, or the one of this index. */
    readonly proven: 'sets' | number | undefined
    readonly extraValue: Value
  }
  /** Which of two clients, that know different keys, runs it. */
  readonly client: 0 | 1
  readonly spelling: number
}

export interface Scenario {
  readonly shape: Shape
  readonly caseInsensitive: boolean
  readonly rows: readonly { readonly table: string; readonly row: ColumnValues }[]
  readonly reads: readonly Read[]
  readonly statements: readonly Statement[]
  readonly mode: 'alone' | 'late' | 'early'
  readonly drop: readonly ('keep' | 'drop' | 'named')[]
}

const action = fc.constantFrom<Action>(
  'cascade',
  'cascade',
  'set-null',
  'set-default',
  'restrict',
  'no-action',
)
const written = TABLES.filter((table) => table.name !== 'v_parent')

/** None three times out of four. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

/** Few values, so that rows, conditions and references meet; `ß` and `SS` fold alike and are two values. */
function value(column: Column): fc.Arbitrary<Value> {
  const most = column.name === 'id' ? 5 : column.name === 'region' || column.name === 'slot' ? 2 : 3
  const some =
    column.type === 'text'
      ? fc.constantFrom<Value>('a', 'b', 'a', 'b', 'ß', 'A', 'SS', 'c')
      : fc.integer({ min: 1, max: most })
  return column.nullable
    ? fc.oneof({ weight: 5, arbitrary: some }, { weight: 1, arbitrary: fc.constant(null) })
    : some
}

function valuesFor(columns: readonly Column[], some: boolean): fc.Arbitrary<ColumnValues> {
  const valueFor = (column: Column) =>
    fc.record({ value: value(column), expression: fc.integer({ min: 0, max: 5 }).map((n) => n === 0) })
  const all = Object.fromEntries(
    columns.filter((column) => !column.generated).map((column) => [column.name, valueFor(column)]),
  )
  return (some ? fc.record(all, { requiredKeys: [] }) : fc.record(all)) as fc.Arbitrary<ColumnValues>
}

/** A row, without some of the columns that may be left out. */
function row(table: Table): fc.Arbitrary<ColumnValues> {
  return fc
    .tuple(valuesFor(table.columns, false), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
    .map(([all, omitted]) =>
      Object.fromEntries(
        Object.entries(all).filter(([name], index) => {
          const column = table.columns.find((column) => column.name === name)
          return !(omitted[index] && (column?.nullable || column?.hasDefault))
        }),
      ),
    )
}

function where(table: Table): fc.Arbitrary<Where> {
  const byName = new Map(table.columns.map((column) => [column.name, column]))
  const sets = [
    ...table.keys.map((key) => key.columns),
    ...table.keys.map((key) => key.columns),
    [],
    ['kind'],
    ['body'],
  ]
  return fc.constantFrom(...sets.map((names) => names.filter((name) => byName.has(name)))).chain((names) =>
    fc.record({
      pins: fc.record(
        Object.fromEntries(
          names.map((name) => [
            name,
            fc.oneof(
              {
                weight: 5,
                arbitrary: fc.array(value(byName.get(name) as Column), { minLength: 1, maxLength: 1 }),
              },
              { weight: 2, arbitrary: fc.array(value(byName.get(name) as Column), { maxLength: 3 }) },
            ),
          ]),
        ),
      ) as fc.Arbitrary<Record<string, readonly Value[]>>,
      aim: fc.oneof({ weight: 3, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.constant(undefined) }),
      hidden: fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.subarray([...names]) },
      ),
      extra: rarely(
        fc.constantFrom(...table.columns).chain((column) =>
          fc.record({
            column: fc.constant(column.name),
            op: fc.constantFrom('is' as const, 'not' as const, 'less' as const),
            value: value(column),
          }),
        ),
      ),
    }),
  )
}

const read: fc.Arbitrary<Read> = fc
  .tuple(fc.constantFrom('table', 'table', 'both', 'join', 'include', 'up'), fc.constantFrom(...TABLES))
  .chain(([kind, any]) => {
    const both = kind === 'both' && any.name !== 'v_parent'
    const table = kind === 'table' || both ? any : (TABLES[kind === 'up' ? 1 : 0] as Table)
    return fc.record({
      kind: fc.constant<Read['kind']>(both ? 'both' : kind === 'both' ? 'join' : (kind as Read['kind'])),
      table: fc.constant(table.name),
      where: where(table),
      inner: where(both ? table : (TABLES[1] as Table)),
      limit: rarely(fc.integer({ min: 0, max: 2 })),
      cannotCount: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      way: fc.nat(2),
      spelling: fc.nat(2),
    })
  })

const statement: fc.Arbitrary<Statement> = fc
  .constantFrom(...written, ...written.slice(1, 2))
  .chain((table) =>
    fc.record({
      kind: fc.constantFrom('insert', 'update', 'update', 'update', 'delete', 'delete', 'upsert', 'unknown'),
      table: fc.constant(table.name),
      where: where(table),
      rows: fc.array(row(table), { minLength: 1, maxLength: 2 }),
      sets: valuesFor(table.columns, true).chain((all) =>
        fc
          .subarray(Object.keys(all), { maxLength: Math.min(2, Object.keys(all).length) })
          .map((names) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))),
      ),
      target: fc.nat(3),
      skipConflicts: fc.boolean(),
      known: fc.record({
        sets: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
        returned: fc.constantFrom('none', 'all', 'some'),
        shown: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        proven: fc.constantFrom<'sets' | number | undefined>(undefined, 'sets', 'sets', 0, 1, 2, 3, 4),
        extraValue: fc.integer({ min: 1, max: 3 }),
      }),
      client: fc.constantFrom(0, 0, 0, 1),
      spelling: fc.nat(2),
    }),
  ) as fc.Arbitrary<Statement>

/** And children with the parents they show, by every foreign key there is. */
const UPWARD: readonly Read[] = [0, 1, 2].flatMap((way) =>
  [0, 1, 2].map((index): Read => ({ ...lookup(TABLES[1] as Table, ['id'], index, index), kind: 'up', way })),
)

/** Besides the random reads: every key of every table, looked up at its first rows and at values there may be none of. */
const LOOKUPS: readonly Read[] = written.flatMap((table) =>
  table.keys.flatMap((key) =>
    [0, 1, 3].flatMap((index) => [
      lookup(table, key.columns, index, index),
      lookup(table, key.columns, index),
    ]),
  ),
)

function lookup(table: Table, key: readonly string[], index: number, aim?: number): Read {
  const isText = (name: string): boolean =>
    table.columns.some((column) => column.name === name && column.type === 'text')
  const pins = Object.fromEntries(
    key.map((name) => [name, [isText(name) ? 'abcd'.charAt(index) : index + 1]]),
  )
  const where: Where = { pins, hidden: [], aim, extra: undefined }
  return {
    kind: 'table',
    table: table.name,
    where,
    inner: where,
    limit: undefined,
    cannotCount: index === 3,
    way: 0,
    spelling: 0,
  }
}

/** Databases, reads whose results are stored, and the statements that follow. */
export const scenario: fc.Arbitrary<Scenario> = fc.record({
  shape: fc.record({
    actions: fc.array(fc.tuple(action, action), {
      minLength: FOREIGN_KEYS.length,
      maxLength: FOREIGN_KEYS.length,
    }),
    triggers: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(
          fc.tuple(fc.constantFrom('parent', 'child', 'note'), fc.constantFrom('parent', 'child', 'note')),
          {
            maxLength: 2,
          },
        ),
      },
    ),
  }),
  caseInsensitive: fc.boolean(),
  rows: fc.array(
    fc
      .constantFrom(...written, ...written.slice(1))
      .chain((table) => fc.record({ table: fc.constant(table.name), row: row(table) })),
    { minLength: 4, maxLength: 14 },
  ),
  reads: fc.array(read, { minLength: 2, maxLength: 5 }).map((some) => [...some, ...LOOKUPS, ...UPWARD]),
  statements: fc.array(statement, { minLength: 1, maxLength: 3 }),
  mode: fc.constantFrom('alone', 'alone', 'late', 'early'),
  drop: fc.array(fc.constantFrom('keep', 'keep', 'drop', 'named'), { minLength: 1, maxLength: 9 }),
})
