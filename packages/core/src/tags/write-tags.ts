import type { Change, ReturnedRow } from '../plan/plan.ts'
import type { Schema, Table } from '../plan/table.ts'
import { rowsOfKey, UNKNOWN_ROWS } from './key-rows.ts'
import type { TagSpace } from './read-tags.ts'
import { AROUND, cellName, LIST, type NamedKey, namedKeys, recordName } from './spelling.ts'
import type { TagRequest } from './tag.ts'
import { MOST_VALUES } from './value.ts'

/** A transaction that touches more values of one table takes its keys wholly: its marks stay small. */
export const MOST_CELLS = 1_000
/** Old and new values of one row's unique keys. */
const MOST_OF_ROW = 16

/** What one write must do to the tags of one table. Sets of field names and cell names. */
export interface WriteTag {
  readonly table: string
  readonly record: string
  /** Fields the writer knows the name of: lookup keys, `around`; any other field found in the record is unknown to it. */
  readonly known: readonly string[]
  /** Keys with a touched row whose old or new value is not known yet. */
  readonly unknown: ReadonlySet<string>
  /** Value cells of touched rows known so far. */
  readonly cells: ReadonlySet<string>
}

/** What sort of write it is. */
export interface WriteKind {
  /** Raw SQL: what reads `around` writes depend on is bumped, too. */
  readonly raw?: boolean
  /** Bare name of the table whose rows are written through: inserts mark the values of its unique keys. */
  readonly through?: string | undefined
}

/** The tags of some changes, already followed through referential actions. Pure. */
export function tagsOfWrite(
  space: TagSpace,
  schema: Schema,
  changes: readonly Change[],
  kind: WriteKind = {},
): readonly WriteTag[] {
  return tagsOfReturned(space, schema, changes, () => undefined, kind)
}

/**
 * The unique keys by which rows that these changes of one table touch are known before the statement runs, with the
 * value cells. Undefined where there is none, or where there are more values than one row can account for.
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
 * The same, when the rows that `changes[i]` touched were returned: keys that stay in `unknown` are still not known.
 */
export function tagsOfReturned(
  space: TagSpace,
  schema: Schema,
  changes: readonly Change[],
  returned: (index: number) => readonly ReturnedRow[] | undefined,
  kind: WriteKind = {},
): readonly WriteTag[] {
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

/** Unions per table: a key unknown in one change is unknown in all. */
export function merge(tags: readonly WriteTag[]): readonly WriteTag[] {
  const byRecord = new Map<string, WriteTag>()
  for (const tag of tags) {
    const other = byRecord.get(tag.record)
    byRecord.set(tag.record, other ? union(other, tag) : tag)
  }
  return [...byRecord.values()]
}

function union(a: WriteTag, b: WriteTag): WriteTag {
  // Two clients may know different keys of one table: only what both know is known.
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

/** One change of a table, with all the rows it touched where the statement returned them. */
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
  const known = keys.map((key) => key.name)
  return { table: name, record, known: kind.raw ? known : [...known, AROUND], unknown, cells }
}

/** Undefined: some value is unknown, or there are too many to name. */
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

/** Fields that carry the mark of a write: `list` always, and every key with a value not known. */
export function markedFields(tag: WriteTag): readonly string[] {
  return [LIST, ...tag.unknown]
}

/** A user tag is a cell without a record, and stands for no table. */
export function isUserTag(tag: WriteTag): boolean {
  return tag.cells.has(tag.record)
}
