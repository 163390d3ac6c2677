import {
  type Change,
  type ColumnValue,
  type Occurrence,
  type Pins,
  type ReturnedRow,
  UNKNOWN,
  type WritePlan,
} from '../../src/plan/plan.ts'
import type { Column } from '../../src/plan/table.ts'
import type { ColumnValues, Read, Statement, Where } from './scenario.ts'
import { FOREIGN_KEYS } from './simulated-schema.ts'
import { type Database, defaultOf, type Engine, generate, type Row, type Value } from './simulator.ts'

/** Spells an integer the way one driver or another would. */
function spelled(value: Value, style: number): ColumnValue {
  if (typeof value !== 'number') return value
  return style === 0 ? value : style === 1 ? String(value) : BigInt(value)
}

function matches(engine: Engine, where: Where): (row: Row) => boolean {
  const { extra } = where
  return (row) =>
    Object.entries(where.pins).every(([name, values]) =>
      values.some((value) => engine.equal(value, row[name] ?? null)),
    ) &&
    (!extra || holds(engine, extra, row[extra.column] ?? null))
}

function holds(engine: Engine, extra: NonNullable<Where['extra']>, value: Value): boolean {
  if (extra.value === null) return (value === null) === (extra.op === 'is')
  if (value === null) return false
  if (extra.op === 'less') return value < extra.value
  return engine.equal(value, extra.value) === (extra.op === 'is')
}

/** The condition with its first values taken from a row there is, so that most conditions find something. */
function aimed(where: Where, rows: readonly Row[]): Where {
  const row = where.aim === undefined ? undefined : rows[where.aim % (rows.length || 1)]
  if (!row) return where
  const pins = Object.entries(where.pins).map(([name, [first, ...rest]]) => {
    const value = row[name] ?? first
    return [name, value === undefined ? [] : [value, ...rest]] as const
  })
  return { ...where, pins: Object.fromEntries(pins) }
}

/** What the planner sees of a condition. */
function pinsOf(where: Where, spelling: number): Pins {
  const visible = Object.entries(where.pins).filter(([name]) => !where.hidden.includes(name))
  return Object.fromEntries(
    visible.map(([name, values]) => [name, values.map((value) => spelled(value, spelling))]),
  )
}

/** A read as its host plans it, and as the database answers it. */
export interface Planned {
  readonly occurrences: readonly Occurrence[]
  run(db: Database): readonly unknown[]
}

export function planRead(engine: Engine, read: Read, db: Database): Planned {
  const where = aimed(read.where, db.get(read.table === 'v_parent' ? 'parent' : read.table) ?? [])
  const hit = matches(engine, where)
  const pins = pinsOf(where, read.spelling)
  const limited = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, read.limit)
  const count = read.cannotCount ? {} : { rows: (result: unknown) => (result as readonly unknown[]).length }
  const sorted = (db: Database, table: string) =>
    [...(db.get(table) ?? [])].sort((a, b) => (a.id as number) - (b.id as number))
  if (read.kind === 'table') {
    const shown = (row: Row): Row =>
      read.table === 'v_parent'
        ? { id: row.id ?? null, code: row.code ?? null, region: row.region ?? null }
        : row
    const from = read.table === 'v_parent' ? 'parent' : read.table
    return {
      occurrences: [{ table: read.table, pins, ...count }],
      run: (db) => limited(sorted(db, from).filter(hit).map(shown)),
    }
  }
  if (read.kind === 'both') {
    const second = aimed(read.inner, db.get(read.table) ?? [])
    const counted = (index: number) =>
      read.cannotCount
        ? {}
        : { rows: (result: unknown) => (result as readonly (readonly unknown[])[])[index]?.length }
    return {
      occurrences: [
        { table: read.table, pins, ...counted(0) },
        { table: read.table, pins: pinsOf(second, read.spelling), ...counted(1) },
      ],
      run: (now) =>
        [hit, matches(engine, second)].map((matchesRow) => sorted(now, read.table).filter(matchesRow)),
    }
  }
  const of = (db: Database, parent: Row): readonly Row[] =>
    sorted(db, 'child').filter((child) => engine.equal(child.parent_id ?? null, parent.id ?? null))
  if (read.kind === 'join') {
    const innerWhere = aimed(read.inner, db.get('child') ?? [])
    const inner = matches(engine, innerWhere)
    return {
      occurrences: [
        { table: 'parent', pins },
        { table: 'child', pins: pinsOf(innerWhere, read.spelling) },
      ],
      run: (db) => {
        const parents = sorted(db, 'parent').filter(hit)
        return limited(
          parents.flatMap((parent) =>
            of(db, parent)
              .filter(inner)
              .map((child) => [parent, child]),
          ),
        )
      },
    }
  }
  if (read.kind === 'up')
    return planUp(engine, read, { pins, ...count }, (now) => sorted(now, 'child').filter(hit))
  const ids = (result: unknown) =>
    (result as readonly Pair[]).map(([{ id }]) => ({ parent_id: spelled(id ?? null, read.spelling) }))
  return {
    occurrences: [
      { table: 'parent', pins, ...count },
      {
        table: 'child',
        ...(pins.id && { pins: { parent_id: pins.id } }),
        ...(!read.cannotCount && { resultDependency: { columns: ['parent_id'], found: false, values: ids } }),
      },
    ],
    run: (db) => limited(sorted(db, 'parent').filter(hit)).map((parent) => [parent, of(db, parent)]),
  }
}

type Pair = readonly [Row, unknown]

/** Children, each with the parent that one of their foreign keys names. */
function planUp(
  engine: Engine,
  read: Read,
  children: Omit<Occurrence, 'table'>,
  rowsIn: (db: Database) => readonly Row[],
): Planned {
  const { columns, references } = FOREIGN_KEYS[read.way] as (typeof FOREIGN_KEYS)[number]
  const parentOf = (db: Database, child: Row): Row | null =>
    db
      .get('parent')
      ?.find((parent) =>
        columns.every((name, at) => engine.equal(child[name] ?? null, parent[references[at] ?? ''] ?? null)),
      ) ?? null
  const values = (result: unknown): readonly ReturnedRow[] | undefined => {
    const shown: ReturnedRow[] = []
    for (const [child, parent] of result as readonly Pair[]) {
      const parentRow = parent as Row | null
      if (parentRow)
        shown.push(
          Object.fromEntries(
            references.map((name) => [name, spelled(parentRow[name] ?? null, read.spelling)]),
          ),
        )
      // No parent by a key that is not NULL: it may come.
      else if (columns.every((name) => child[name] !== null)) return undefined
    }
    return shown
  }
  return {
    occurrences: [
      { ...children, table: 'child' },
      {
        table: 'parent',
        ...(!read.cannotCount && { resultDependency: { columns: references, found: true, values } }),
      },
    ],
    run: (db) =>
      rowsIn(db)
        .slice(0, read.limit)
        .map((child) => [child, parentOf(db, child)]),
  }
}

interface Done {
  /** Rows per change of the plan, as the statement left them. */
  readonly touched: readonly (readonly Row[])[]
}

/** A statement as its host plans it; `run` changes the database, or refuses. */
export function planWrite(engine: Engine, write: Statement, state: { db: Database }): WritePlan<Done> {
  const { table, known } = write
  const statement = { ...write, where: aimed(write.where, state.db.get(table) ?? []) }
  const columns = engine.schema.tables.get(table)?.columns ?? []
  const rows = (): readonly Row[] => state.db.get(table) ?? []
  const shown = (row: Row): ReturnedRow =>
    Object.fromEntries(
      columns
        .filter((_, index) => known.returned === 'all' || known.shown[index])
        .map(({ name }) => [name, spelled(row[name] ?? null, statement.spelling)]),
    )
  const run = (changes: readonly Change[], step: () => { db: Database; done: Done }): WritePlan<Done> => ({
    operation: statement.kind,
    model: table,
    changes,
    ...(known.returned !== 'none' && {
      returned: (result: Done, index: number) => result.touched[index]?.map(shown),
    }),
    failed: () => true,
    run: async () => {
      const { db, done } = step()
      state.db = engine.commit(state.db, db)
      return done
    },
  })
  const declaredSets = setsTold(statement, statement.sets)
  const hit = matches(engine, statement.where)
  const before = proven(engine, statement, rows().filter(hit))
  switch (statement.kind) {
    case 'insert':
      return run(
        statement.rows.map((row) => ({ table, effect: 'insert', ...setsTold(statement, row) })),
        () => insertAll(engine, statement, columns, state.db),
      )
    case 'update':
      return run([{ table, effect: 'update', before, ...declaredSets }], () =>
        updateAll(engine, statement, hit, state.db),
      )
    case 'delete':
      return run([{ table, effect: 'delete', before }], () => {
        const touched = rows().filter(hit)
        return { db: engine.remove(state.db, table, hit), done: { touched: [touched] } }
      })
    case 'upsert':
      return planUpsert(engine, statement, columns, state, run)
    default:
      return run([{ table, effect: 'unknown' }], () =>
        known.sets
          ? updateAll(engine, statement, hit, state.db)
          : { db: engine.remove(state.db, table, hit), done: { touched: [] } },
      )
  }
}

/** An upsert finds a row by one key, and its `create` may carry another value of that key. */
function planUpsert(
  engine: Engine,
  statement: Statement,
  columns: readonly Column[],
  state: { db: Database },
  run: (changes: readonly Change[], step: () => { db: Database; done: Done }) => WritePlan<Done>,
): WritePlan<Done> {
  const { table, target, rows, spelling } = statement
  const keys = (engine.schema.tables.get(table)?.keys ?? []).filter(
    (key) => key.kind === 'primary' || key.kind === 'unique',
  )
  const names = keys[target % keys.length]?.columns.filter(
    (name) => !columns.find((column) => column.name === name)?.generated,
  )
  const sought = rowOf(rows.at(-1) as ColumnValues, columns)
  const on = names?.length ? names : ['id']
  const isFound = (row: Row): boolean =>
    on.every((name) => engine.equal(row[name] ?? null, sought[name] ?? null))
  const before = Object.fromEntries(on.map((name) => [name, [spelled(sought[name] ?? null, spelling)]]))
  const update: Change = { table, effect: 'upsert', before, ...setsTold(statement, statement.sets) }
  const create: Change = { table, effect: 'insert', ...setsTold(statement, rows[0] as ColumnValues) }
  return run([update, create], () => {
    const both = ({ db, done }: { db: Database; done: Done }) => ({
      db,
      done: { touched: [done.touched[0] ?? [], done.touched[0] ?? []] },
    })
    if ((state.db.get(table) ?? []).some(isFound))
      return both(updateAll(engine, statement, isFound, state.db))
    return both(
      insertAll(engine, { ...statement, rows: rows.slice(0, 1), skipConflicts: false }, columns, state.db),
    )
  })
}

function updateAll(engine: Engine, { table, sets }: Statement, hit: (row: Row) => boolean, db: Database) {
  const change = (row: Row): Row => ({
    ...row,
    ...Object.fromEntries(Object.entries(sets).map(([name, { value }]) => [name, value])),
  })
  const touched = (db.get(table) ?? []).filter(hit).map((row) => generate(change(row)))
  return { db: engine.update(db, table, hit, change), done: { touched: [touched] } }
}

function insertAll(engine: Engine, statement: Statement, columns: readonly Column[], before: Database) {
  const inserted: (Row | undefined)[] = []
  let db = before
  for (const values of statement.rows) {
    const row = generate(rowOf(values, columns))
    const next = engine.insert(db, statement.table, [row])
    if (statement.skipConflicts && conflicts(engine, statement.table, row, db)) inserted.push(undefined)
    else {
      inserted.push(row)
      db = next
    }
  }
  // As hosts do: where some were skipped, all rows stand for each.
  const all = inserted.filter((row) => row !== undefined)
  const touched = inserted.map((row) => (all.length === inserted.length && row ? [row] : all))
  return { db, done: { touched } }
}

function conflicts(engine: Engine, table: string, row: Row, db: Database): boolean {
  const unique = (engine.schema.tables.get(table)?.keys ?? []).filter(
    (key) => key.kind === 'primary' || key.kind === 'unique',
  )
  return unique.some((key) =>
    (db.get(table) ?? []).some((candidate) =>
      key.columns.every((name) => engine.equal(candidate[name] ?? null, row[name] ?? null)),
    ),
  )
}

function rowOf(values: ColumnValues, columns: readonly Column[]): Row {
  return Object.fromEntries(
    columns.map((column) => [column.name, values[column.name]?.value ?? defaultIfAbsent(values, column)]),
  )
}

function defaultIfAbsent(values: ColumnValues, column: Column): Value {
  return Object.hasOwn(values, column.name) ? null : defaultOf(column)
}

function setsTold(statement: Statement, values: ColumnValues): { sets?: Record<string, ColumnValue> } {
  if (!statement.known.sets) return {}
  const declare = ([name, { value, expression }]: [string, ColumnValues[string]]) =>
    [name, expression ? UNKNOWN : spelled(value, statement.spelling)] as const
  return { sets: Object.fromEntries(Object.entries(values).map(declare)) }
}

/** What every touched row equalled: the visible condition, and sometimes a fact that the host learned elsewhere. */
function proven(engine: Engine, statement: Statement, touched: readonly Row[]): Pins {
  const pins = pinsOf(statement.where, statement.spelling)
  const columns = engine.schema.tables.get(statement.table)?.columns ?? []
  const { proven: which, extraValue } = statement.known
  const declared = columns.filter(({ name }, index) =>
    which === 'sets' ? name in statement.sets : index === which,
  )
  const facts = declared.flatMap(({ name }) => {
    const values = touched.map((row) => row[name] ?? null)
    if (values.includes(null)) return []
    return [[name, typeof values[0] === typeof extraValue ? [...values, extraValue] : values] as const]
  })
  return { ...pins, ...Object.fromEntries(facts) }
}
