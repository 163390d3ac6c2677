/** The result of a raw read in a form that an entry can hold: its rows, and the properties beside them. */
export interface StoredResult {
  /** `object`: `{ rows, … }`. `list`: an array of rows with properties. `pair`: `[rows, fields]`. */
  readonly form: 'object' | 'list' | 'pair' | 'unknown'
  readonly rows: readonly unknown[]
  readonly properties: Readonly<Record<string, unknown>>
}

/** The properties beside the rows in node-postgres and PGlite that are plain data. */
const OBJECT_PROPERTIES = ['command', 'rowCount', 'oid', 'affectedRows'] as const
/** The same for postgres-js, whose result is the list of rows. */
const LIST_PROPERTIES = ['command', 'count'] as const
/** The properties of a column description that are plain data. */
const FIELD_PROPERTIES = [
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

/** Copies a result, so that the entry shares nothing with the driver. A result of an unknown form is kept as it is. */
export function toEntry(result: unknown): StoredResult {
  if (Array.isArray(result)) return isPair(result) ? storedPair(result) : storedList(result)
  const { rows, fields } = (result ?? {}) as { readonly rows?: unknown; readonly fields?: unknown }
  if (!Array.isArray(rows)) return { form: 'unknown', rows: [], properties: { result } }
  const properties = { ...pick(result as object, OBJECT_PROPERTIES), fields: fieldsOf(fields) }
  return { form: 'object', rows: rows.map(plainCopy), properties }
}

/** What the caller receives, on a miss as well as on a hit: the result of the driver, made of plain objects. */
export function fromEntry(value: unknown): unknown {
  const { form, rows, properties } = value as StoredResult
  if (form === 'unknown') return properties.result
  if (form === 'pair') return [rows, properties.fields]
  return form === 'list' ? Object.assign(rows, properties) : { ...properties, rows }
}

/** The form of MySQL: the rows, and a description of their columns. */
function isPair(result: readonly unknown[]): result is readonly [readonly unknown[], readonly unknown[]] {
  return result.length === 2 && result.every(Array.isArray)
}

function storedPair([rows, fields]: readonly [readonly unknown[], readonly unknown[]]): StoredResult {
  return { form: 'pair', rows: rows.map(plainCopy), properties: { fields: fieldsOf(fields) } }
}

function storedList(result: readonly unknown[]): StoredResult {
  const { columns } = result as { readonly columns?: unknown }
  const properties = {
    ...pick(result, LIST_PROPERTIES),
    ...(Array.isArray(columns) && { columns: fieldsOf(columns) }),
  }
  return { form: 'list', rows: Array.from(result, plainCopy), properties }
}

function plainCopy(row: unknown): unknown {
  if (Array.isArray(row)) return [...row]
  return typeof row === 'object' && row !== null ? { ...row } : row
}

function fieldsOf(fields: unknown): readonly unknown[] {
  return Array.isArray(fields) ? fields.map((field: object) => pick(field, FIELD_PROPERTIES)) : []
}

function pick(object: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const values = object as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  )
}
