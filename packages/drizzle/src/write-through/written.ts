import { type ColumnType, type Policy, type RowRead, UNKNOWN, type WriteThrough } from '@larder/core/host'
import { Column, is } from 'drizzle-orm'
import type { Statement } from '../analysis/statement.ts'
import type { DriverResults, DriverRows, SelectedFields } from '../versions/driver-rows.ts'
import type { RowKey, RowPlaces, RowReads, RowTable } from './row-reads.ts'

/** Name of the plain reads of one row in the keys of entries. */
export const ROW_READ = 'row'
/** More rows than this are not worth storing one by one; core tells no more values apart. */
const MOST_ROWS = 16
/** The reads of a policy's `operations` that may be answered. */
const READS = ['select', 'query'] as const

/**
 * Whose entry the statement reads where it is a plain read of one row: the same for every way to write it, and every
 * spelling of the values. Undefined for any other read.
 */
export function rowQuery(
  places: RowPlaces | undefined,
  parameters: readonly unknown[],
): readonly string[] | undefined {
  if (!places?.limits.every((at) => isPositive(parameters[at]))) return undefined
  return queryBy(places.key, (at) => parameters[places.values[at] ?? -1])
}

function isPositive(limit: unknown): boolean {
  return typeof limit === 'number' && Number.isInteger(limit) && limit > 0
}

function queryBy(key: RowKey, value: (at: number) => unknown): readonly string[] | undefined {
  const query = [key.select]
  for (const [at, { type }] of key.columns.entries()) {
    const text = spelt(value(at), type)
    if (text === undefined) return undefined
    query.push(text)
  }
  return query
}

/** One text for values that are the same to the database, and never one for others: unlike in tags, letters count. */
function spelt(value: unknown, type: ColumnType): string | undefined {
  switch (type) {
    case 'integer':
      if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value)
      return typeof value === 'string' && /^(?:0|-?[1-9]\d*)$/.test(value) ? value : undefined
    case 'boolean':
      if (value === true || value === 1) return 'true'
      return value === false || value === 0 ? 'false' : undefined
    case 'uuid':
      return typeof value === 'string' ? value.toLowerCase() : undefined
    case 'enum':
    case 'text':
      return typeof value === 'string' ? value : undefined
    default:
      return undefined
  }
}

/** A statement that may return the rows it writes. */
interface Returning {
  readonly statement: Statement
  readonly fields: SelectedFields | undefined
}

/**
 * How the rows that a write returns are stored for the plain reads of them, or undefined where they are not: deletes,
 * what returns not all columns or more than columns, upserts of several rows.
 * @param rowsOf the driver's rows in a result.
 */
export function throughOf(
  reads: RowReads,
  { statement, fields }: Returning,
  policy: Policy | undefined,
  rowsOf: DriverResults['rows'],
): WriteThrough<unknown> | undefined {
  const table = reads.tableOf(statement.model)
  const { model = '', ownChanges } = statement
  if (!table || policy?.write !== 'through' || !READS.some((one) => policy.operations?.has(one) ?? true))
    return undefined
  const places = writes(statement) ? placesOf(table, fields ?? []) : undefined
  if (!places) return undefined
  return {
    policy,
    table: table.name,
    changes: ownChanges,
    reads(result) {
      const rows: DriverRows = rowsOf(result) ?? []
      if (rows.length > MOST_ROWS) return []
      return rows.flatMap((row) =>
        readsOf(
          table,
          model,
          places.map((at) => row[at]),
        ),
      )
    },
  }
}

/** True where each row comes back once, as the statement leaves it: an upsert in SQLite may change one row twice. */
function writes({ changes, ownChanges }: Statement): boolean {
  const [first, second] = changes
  if (first?.effect === 'upsert') return ownChanges === 2 && second?.sets !== undefined
  return ownChanges > 0 && (first?.effect === 'insert' || first?.effect === 'update')
}

/**
 * Where the table's columns are in a RETURNING, in their order; undefined where one is missing. A function in it might
 * change the row after it was written.
 */
function placesOf(table: RowTable, fields: SelectedFields): readonly number[] | undefined {
  if (!fields.every(({ field }) => is(field, Column))) return undefined
  const places = table.columns.map((column) => fields.findIndex(({ field }) => field === column))
  return places.includes(-1) ? undefined : places
}

/** The reads that would return this row, one for each unique key that it has a value of. */
function readsOf(table: RowTable, model: string, row: readonly unknown[]): readonly RowRead[] {
  return table.keys.flatMap((key): readonly RowRead[] => {
    const value = (at: number): unknown => row[key.columns[at]?.at ?? -1]
    const query = queryBy(key, value)
    if (!query) return []
    const pins = Object.fromEntries(key.columns.map(({ name }, at) => [name, [value(at) ?? UNKNOWN]]))
    const occurrence = { table: table.name, pins, rows: () => 1 }
    return [{ as: ROW_READ, model, query, occurrence, result: [row] }]
  })
}
