/** What a driver answered to a raw read, in a form that a cache can carry: its rows, and what stands beside them. */
export interface CarriedResult {
  /** `object`: `{ rows, … }`; `list`: the rows with properties of their own; `pair`: `[rows, fields]`. */
  readonly form: 'object' | 'list' | 'pair' | 'unknown'
  readonly rows: readonly unknown[]
  readonly beside: Readonly<Record<string, unknown>>
}

/** What node-postgres and PGlite tell besides the rows, as far as it is data. */
const OF_AN_OBJECT = ['command', 'rowCount', 'oid', 'affectedRows'] as const
/** The same for postgres-js, whose result is the list of rows. */
const OF_A_LIST = ['command', 'count'] as const
/** What drivers tell of a column, as far as it is data. */
const OF_A_FIELD = [
  'name',
  'tableID',
  'columnID',
  'dataTypeID',
  'dataTypeSize',
  'dataTypeModifier',
  'format',
  'type',
  'table',
  'number',
  'columnType',
] as const

/** A copy that shares nothing with the driver; of a result that is not known to hold rows, the result itself. */
export function carry(result: unknown): CarriedResult {
  if (Array.isArray(result)) return isPair(result) ? pairOf(result) : listOf(result)
  const { rows, fields } = (result ?? {}) as { readonly rows?: unknown; readonly fields?: unknown }
  if (!Array.isArray(rows)) return { form: 'unknown', rows: [], beside: { result } }
  const beside = { ...picked(result as object, OF_AN_OBJECT), fields: fieldsOf(fields) }
  return { form: 'object', rows: rows.map(plain), beside }
}

/** What the caller gets, on a miss as on a hit: the same parts in the same places, in plain objects. */
export function restored({ form, rows, beside }: CarriedResult): unknown {
  if (form === 'unknown') return beside.result
  if (form === 'pair') return [rows, beside.fields]
  return form === 'list' ? Object.assign(rows, beside) : { ...beside, rows }
}

/** MySQL's: the rows, and a description of their columns. */
function isPair(result: readonly unknown[]): result is readonly [readonly unknown[], readonly unknown[]] {
  return result.length === 2 && result.every(Array.isArray)
}

function pairOf([rows, fields]: readonly [readonly unknown[], readonly unknown[]]): CarriedResult {
  return { form: 'pair', rows: rows.map(plain), beside: { fields: fieldsOf(fields) } }
}

function listOf(result: readonly unknown[]): CarriedResult {
  const { columns } = result as { readonly columns?: unknown }
  const beside = {
    ...picked(result, OF_A_LIST),
    ...(Array.isArray(columns) && { columns: fieldsOf(columns) }),
  }
  return { form: 'list', rows: Array.from(result, plain), beside }
}

function plain(row: unknown): unknown {
  if (Array.isArray(row)) return [...row]
  return typeof row === 'object' && row !== null ? { ...row } : row
}

function fieldsOf(fields: unknown): readonly unknown[] {
  return Array.isArray(fields) ? fields.map((field: object) => picked(field, OF_A_FIELD)) : []
}

function picked(from: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const given = from as Readonly<Record<string, unknown>>
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])))
}
