import type { Action, Column, Schema, Table } from '../../src/plan/table.ts'

export type Value = number | string | null
export type Row = Readonly<Record<string, Value>>
/** Rows by table. Rows are never changed in place. */
export type Database = ReadonlyMap<string, readonly Row[]>

/** A statement the database refuses: it leaves nothing behind. */
export class Violation extends Error {}

/** A relational database in a few lines: keys, referential actions, generated columns, triggers. */
export interface Engine {
  readonly schema: Schema
  /** Text equality; the planner must be right for each. */
  equal(a: Value, b: Value): boolean
  insert(db: Database, table: string, rows: readonly Row[]): Database
  update(db: Database, table: string, hit: (row: Row) => boolean, change: (row: Row) => Row): Database
  remove(db: Database, table: string, hit: (row: Row) => boolean): Database
  /** Triggers and constraints, at the end of a statement that turned `before` into `after`. */
  commit(before: Database, after: Database): Database
}

const MOST_CASCADES = 60

export function createEngine(schema: Schema, caseInsensitive: boolean): Engine {
  const equal = (a: Value, b: Value): boolean => {
    if (a === null || b === null) return false
    if (caseInsensitive && typeof a === 'string' && typeof b === 'string')
      return a.toLowerCase() === b.toLowerCase()
    return a === b
  }
  const same = (row: Row, columns: readonly string[], other: Row, others: readonly string[]): boolean =>
    columns.every((name, index) => equal(row[name] ?? null, other[others[index] ?? ''] ?? null))
  let cascades = 0

  const tableOf = (name: string): Table => schema.tables.get(name) as Table
  const referrers = (parent: string) =>
    [...schema.tables.values()].flatMap((child) =>
      child.foreignKeys.filter((key) => key.table === parent).map((key) => ({ child: child.name, key })),
    )

  function remove(db: Database, table: string, hit: (row: Row) => boolean): Database {
    const deletedRows = (db.get(table) ?? []).filter(hit)
    if (!deletedRows.length) return db
    let now: Database = new Map(db).set(
      table,
      (db.get(table) ?? []).filter((row) => !deletedRows.includes(row)),
    )
    for (const { child, key } of referrers(table))
      for (const row of deletedRows)
        now = act(
          now,
          child,
          key.onDelete,
          key.columns,
          (candidate) => same(candidate, key.columns, row, key.references),
          undefined,
        )
    return now
  }

  function update(
    db: Database,
    table: string,
    hit: (row: Row) => boolean,
    change: (row: Row) => Row,
  ): Database {
    const moved: { from: Row; to: Row }[] = []
    const rows = (db.get(table) ?? []).map((row) => {
      if (!hit(row)) return row
      const to = generate(change(row))
      moved.push({ from: row, to })
      return to
    })
    let now: Database = new Map(db).set(table, rows)
    for (const { child, key } of referrers(table))
      for (const { from, to } of moved) {
        if (
          same(from, key.references, to, key.references) &&
          key.references.every((name) => from[name] === to[name])
        )
          continue
        const fresh = Object.fromEntries(
          key.columns.map((name, at) => [name, to[key.references[at] ?? ''] ?? null]),
        )
        const refers = (row: Row): boolean => same(row, key.columns, from, key.references)
        now = act(now, child, key.onUpdate, key.columns, refers, fresh)
      }
    return now
  }

  /** `fresh`: new values of the referencing columns; undefined when the referenced row went. */
  function act(
    db: Database,
    child: string,
    action: Action,
    columns: readonly string[],
    hit: (row: Row) => boolean,
    fresh: Row | undefined,
  ): Database {
    if (!(db.get(child) ?? []).some(hit) || action === 'no-action') return db
    if (action === 'restrict' || ++cascades > MOST_CASCADES) {
      cascades = 0
      throw new Violation()
    }
    if (action === 'cascade' && !fresh) return remove(db, child, hit)
    const value = (name: string): Value =>
      action === 'cascade'
        ? (fresh?.[name] ?? null)
        : action === 'set-default'
          ? defaultOf(columnOf(child, name))
          : null
    const changed = Object.fromEntries(columns.map((name) => [name, value(name)]))
    return update(db, child, hit, (row) => ({ ...row, ...changed }))
  }

  function columnOf(table: string, name: string): Column {
    return tableOf(table).columns.find((column) => column.name === name) as Column
  }

  function check(db: Database): void {
    for (const table of schema.tables.values()) {
      const rows = db.get(table.name) ?? []
      for (const column of table.columns)
        if (!column.nullable && rows.some((row) => row[column.name] === null)) throw new Violation()
      for (const key of table.keys)
        if (key.kind === 'primary' || key.kind === 'unique')
          rows.forEach((row, index) => {
            if (rows.some((other, at) => at > index && same(row, key.columns, other, key.columns)))
              throw new Violation()
          })
      for (const key of table.foreignKeys)
        for (const row of rows) {
          if (key.columns.some((name) => row[name] === null)) continue
          const parents = db.get(key.table) ?? []
          if (!parents.some((parent) => same(parent, key.references, row, key.columns))) throw new Violation()
        }
    }
  }

  return {
    schema,
    equal,
    insert: (db, table, rows) => new Map(db).set(table, [...(db.get(table) ?? []), ...rows.map(generate)]),
    update,
    remove,
    commit(before, after) {
      cascades = 0
      const now = fireTriggers(schema, before, after, update)
      check(now)
      return now
    },
  }
}

/** Each trigger fires once per statement, for tables that a trigger changed too. */
function fireTriggers(schema: Schema, before: Database, after: Database, update: Engine['update']): Database {
  const fired = new Set<string>()
  let now = after
  for (let again = true; again; ) {
    again = false
    for (const table of schema.tables.values())
      for (const target of table.touches) {
        if (fired.has(`${table.name} ${target}`) || now.get(table.name) === before.get(table.name)) continue
        fired.add(`${table.name} ${target}`)
        now = update(now, target, () => true, disturbed)
        again = true
      }
  }
  return now
}

/** What a trigger does to a row: it moves whatever columns no constraint forbids to move at once. */
function disturbed(row: Row): Row {
  const bumped = (name: string): Row =>
    typeof row[name] === 'number' ? { [name]: 3 - (row[name] as number) } : {}
  const deletedRow = Object.fromEntries(
    ['alias', 'owner', 'up_id'].filter((name) => name in row).map((name) => [name, null]),
  )
  return { ...row, ...bumped('grade'), ...bumped('body'), ...deletedRow }
}

/** The row with its generated columns. */
export function generate(row: Row): Row {
  return {
    ...row,
    ...('bucket' in row && { bucket: (row.grade as number) % 2 }),
    ...('size' in row && { size: (row.id as number) + 10 }),
  }
}

export function defaultOf(column: Column): Value {
  return column.hasDefault ? 1 : null
}
