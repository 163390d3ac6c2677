import type { Change, ReturnedRow } from '../plan/plan.ts'
import type { Schema, Table } from '../plan/table.ts'
import { rowsOfKey, UNKNOWN_ROWS } from './key-rows.ts'
import type { TagSpace } from './read-tags.ts'
import { AROUND, cellName, LIST, type NamedKey, namedKeys, recordName } from './spelling.ts'
import type { TagRequest } from './tag.ts'
import { MOST_VALUES } from './value.ts'

/** With more value cells of one table, a transaction marks whole fields, so that its marks stay small. */
export const MOST_CELLS = 1_000
/** Maximum number of old and new values of one row's unique keys. */
const MOST_OF_ROW = 16

/** The tags of one table that a write changes. */
export interface WriteTag {
  readonly table: string
  readonly record: string
  /** Fields that the writer knows: its lookup keys and `around`. It marks every other field in the record as well. */
  readonly known: readonly string[]
  /** Keys for which the old or new value of some changed row is not known yet. */
  readonly unknown: ReadonlySet<string>
  /** Value cells of the changed rows, as far as they are known. */
  readonly cells: ReadonlySet<string>
}

/** How a write differs from one that a builder made. */
export interface WriteKind {
  /** True for raw SQL: it also invalidates reads of a model with `write: 'around'`. */
  readonly raw?: boolean
  /** Bare name of the table whose rows are written through. Inserts mark the values of its unique keys. */
  readonly through?: string | undefined
}

/** Derives the tags of changes that contain all their consequences already. Pure. */
export function tagsOfWrite(
  space: TagSpace,
  schema: Schema,
  changes: readonly Change[],
  kind: WriteKind = {},
): readonly WriteTag[] {
  return tagsOfReturned(space, schema, changes, () => undefined, kind)
}

/**
 * Returns the unique keys, with their value cells, that name the changed rows of one table before the statement runs. Undefined if
 * there is none, or if there are more values than one row can have.
 */
export function knownRows(space: TagSpace, table: Table, changes: readonly Change[]): TagRequest | undefined {
  const record = recordName(space.namespace, space.database, table.name)
  const fields: string[] = []
  const cells = new Set<string>()
  for (const key of namedKeys(table)) {
    const touched = changes.map((change) => ({ change, returned: undefined }))
    const named = key.unique ? cellsOfKey(record, key, touched, true) : undefined
    if (!named?.size) continue
    fields.push(key.name)
    for (const cell of named) cells.add(cell)
  }
  return cells.size && cells.size <= MOST_OF_ROW ? { record, fields, cells: [...cells] } : undefined
}

/**
 * The same after the statement has returned rows.
 * @param returned the rows that `changes[index]` changed, if they were returned.
 */
export function tagsOfReturned(
  space: TagSpace,
  schema: Schema,
  changes: readonly Change[],
  returned: (index: number) => readonly ReturnedRow[] | undefined,
  kind: WriteKind = {},
): readonly WriteTag[] {
  const [only] = changes
  if (only && changes.length === 1) {
    const name = only.table.toLowerCase()
    return [
      tagsOfTable(space, name, schema.tables.get(name), [{ change: only, returned: returned(0) }], kind),
    ]
  }
  const byTable = new Map<string, Touched[]>()
  for (const [index, change] of changes.entries()) {
    const name = change.table.toLowerCase()
    const touched = byTable.get(name) ?? []
    byTable.set(name, touched)
    touched.push({ change, returned: returned(index) })
  }
  return [...byTable].map(([name, touched]) =>
    tagsOfTable(space, name, schema.tables.get(name), touched, kind),
  )
}

/** Joins tags by table. A key that is unknown in one of them is unknown in the union. */
export function merge(tags: readonly WriteTag[]): readonly WriteTag[] {
  const byRecord = new Map<string, WriteTag>()
  for (const tag of tags) {
    const other = byRecord.get(tag.record)
    byRecord.set(tag.record, other ? union(other, tag) : tag)
  }
  return [...byRecord.values()]
}

function union(a: WriteTag, b: WriteTag): WriteTag {
  // Two clients may know different keys of a table. The union knows only what both know.
  const known = a.known === b.known ? a.known : a.known.filter((name) => b.known.includes(name))
  const cells = new Set([...a.cells, ...b.cells])
  const { table, record } = a
  if (cells.size > MOST_CELLS)
    return { table, record, known, unknown: new Set(keysIn(known)), cells: new Set() }
  const unknown = new Set([...a.unknown, ...b.unknown].filter((name) => known.includes(name)))
  return { table, record, known, unknown, cells }
}

/** The lookup keys among the fields that a writer knows. */
export function keysIn(known: readonly string[]): readonly string[] {
  return known.filter((name) => name !== AROUND)
}

/** One change of a table, and the rows that it returned, if any. */
interface Touched {
  readonly change: Change
  readonly returned: readonly ReturnedRow[] | undefined
}

function tagsOfTable(
  space: TagSpace,
  name: string,
  table: Table | undefined,
  touched: readonly Touched[],
  kind: WriteKind,
): WriteTag {
  const record = recordName(space.namespace, space.database, name)
  const unknown = new Set<string>()
  const cells = new Set<string>()
  const keys = table ? namedKeys(table) : []
  for (const key of keys) {
    const named = cellsOfKey(record, key, touched, kind.through === name)
    if (!named) unknown.add(key.name)
    else for (const cell of named) cells.add(cell)
  }
  return { table: name, record, known: knownFields(table, kind.raw === true), unknown, cells }
}

/** The fields that a writer of this table knows. Raw SQL does not know `around`. */
function knownFields(table: Table | undefined, raw: boolean): readonly string[] {
  if (!table) return raw ? [] : [AROUND]
  let fields = fieldsByTable.get(table)
  if (!fields) {
    const names = namedKeys(table).map((key) => key.name)
    fields = { raw: names, typed: [...names, AROUND] }
    fieldsByTable.set(table, fields)
  }
  return raw ? fields.raw : fields.typed
}

const fieldsByTable = new WeakMap<
  Table,
  { readonly raw: readonly string[]; readonly typed: readonly string[] }
>()

/** Undefined: some value is unknown, or there are too many. */
function cellsOfKey(
  record: string,
  key: NamedKey,
  touched: readonly Touched[],
  inserts: boolean,
): ReadonlySet<string> | undefined {
  const cells = new Set<string>()
  for (const { change, returned } of touched) {
    const rows = rowsOfKey(key, change, returned, inserts)
    if (rows === UNKNOWN_ROWS) return undefined
    for (const tuple of rows) cells.add(cellName(record, key, tuple))
    if (cells.size > MOST_VALUES) return undefined
  }
  return cells
}

/** Returns the fields that a write marks: `list`, and every key with an unknown value. */
export function markedFields({ unknown }: WriteTag): readonly string[] {
  return unknown.size ? [LIST, ...unknown] : ONLY_LIST
}

const ONLY_LIST: readonly string[] = [LIST]

/** A user tag is a cell without a record, and stands for no table. */
export function isUserTag(tag: WriteTag): boolean {
  return tag.cells.has(tag.record)
}
