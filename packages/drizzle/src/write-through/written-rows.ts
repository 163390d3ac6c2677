import { type ColumnType, type Policy, type RowRead, UNKNOWN, type WriteThrough } from '@larder/core/host'
import { Column, is } from 'drizzle-orm'
import type { Statement } from '../analysis/statement.ts'
import type { DriverResults, DriverRows, SelectedFields } from '../versions/driver-rows.ts'
import type { RowKey, RowReadParameters, RowReads, RowTable } from './row-reads.ts'

/** Name of the plain reads of one row in entry keys. */
export const ROW_READ = 'row'
/** Writes that return more rows than this cache none of them. Core distinguishes no more values either. */
const MAX_ROWS = 16
/** The reads in a policy's `operations` that a written row answers. */
const ANSWERED_READS = ['select', 'query'] as const

/**
 * The query in the entry key of a plain read of one row. It is the same for every way to write the read and every
 * spelling of the values. Undefined if a value or limit is unusual: the read then has an entry of its own.
 */
export function rowReadQuery(
  { key, values, limits }: RowReadParameters,
  parameters: readonly unknown[],
): readonly string[] | undefined {
  if (!limits.every((at) => isPositiveInteger(parameters[at]))) return undefined
  return queryByKey(key, (at) => parameters[values[at] ?? -1])
}

function isPositiveInteger(limit: unknown): boolean {
  return typeof limit === 'number' && Number.isInteger(limit) && limit > 0
}

function queryByKey(key: RowKey, valueAt: (index: number) => unknown): readonly string[] | undefined {
  const query = [key.select]
  for (const [at, { type }] of key.columns.entries()) {
    const text = canonicalText(valueAt(at), type)
    if (text === undefined) return undefined
    query.push(text)
  }
  return query
}

/** Equal texts for values that the database treats as equal, and only for these. Unlike in tags, case matters. */
function canonicalText(value: unknown, type: ColumnType): string | undefined {
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
interface ReturningStatement {
  readonly statement: Statement
  readonly fields: SelectedFields | undefined
}

/**
 * How the rows that a write returns are cached for the plain reads of them. Undefined where they are not: for deletes,
 * upserts of several rows, and a RETURNING without all columns or with expressions.
 * @param rowsOf extracts the driver's rows from a result.
 */
export function writeThroughOf(
  reads: RowReads,
  { statement, fields }: ReturningStatement,
  policy: Policy | undefined,
  rowsOf: DriverResults['rows'],
): WriteThrough<unknown> | undefined {
  const table = reads.tableOf(statement.model)
  const { model = '', ownChanges } = statement
  if (!table || policy?.write !== 'through') return undefined
  if (!ANSWERED_READS.some((read) => policy.operations?.has(read) ?? true)) return undefined
  const indices = returnsFinalRows(statement) ? returnedColumns(table, fields ?? []) : undefined
  if (!indices) return undefined
  return {
    policy,
    table: table.name,
    changes: ownChanges,
    reads(result) {
      const rows: DriverRows = rowsOf(result) ?? []
      if (rows.length > MAX_ROWS) return []
      return rows.flatMap((row) =>
        readsOfRow(
          table,
          model,
          indices.map((index) => row[index]),
        ),
      )
    },
  }
}

/** True if each row is returned once, as the statement leaves it. In SQLite an upsert may change one row twice. */
function returnsFinalRows({ changes, ownChanges }: Statement): boolean {
  const [first, second] = changes
  if (first?.effect === 'upsert') return ownChanges === 2 && second?.sets !== undefined
  return ownChanges > 0 && (first?.effect === 'insert' || first?.effect === 'update')
}

/**
 * The indices of the table's columns in a RETURNING, in the table's order. Undefined if one is missing, or if there is
 * an expression: it could call a function that changes the row after it was written.
 */
function returnedColumns(table: RowTable, fields: SelectedFields): readonly number[] | undefined {
  if (!fields.every(({ field }) => is(field, Column))) return undefined
  const indices = table.columns.map((column) => fields.findIndex(({ field }) => field === column))
  return indices.includes(-1) ? undefined : indices
}

/** The reads that would return this row: one for each unique key without a null or unusual value. */
function readsOfRow(table: RowTable, model: string, row: readonly unknown[]): readonly RowRead[] {
  return table.keys.flatMap((key): readonly RowRead[] => {
    const valueAt = (at: number): unknown => row[key.columns[at]?.index ?? -1]
    const query = queryByKey(key, valueAt)
    if (!query) return []
    const pins = Object.fromEntries(key.columns.map(({ name }, at) => [name, [valueAt(at) ?? UNKNOWN]]))
    const occurrence = { table: table.name, pins, rows: () => 1 }
    return [{ as: ROW_READ, model, query, occurrence, result: [row] }]
  })
}
