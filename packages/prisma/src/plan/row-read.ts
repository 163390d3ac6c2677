import { type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { argument, fieldsOf, literalOf } from './argument.ts'

/** A plain read of one row by a unique key: no selection, no other filter. */
export interface RowQuery {
  /** The same for every spelling of the key: `5`, `5n`. */
  readonly query: unknown
  readonly pins: Pins
}

/** Reads that are the same apart from what they do when there is no row. */
const ROW_READS: ReadonlySet<string> = new Set(['findUnique', 'findUniqueOrThrow'])

/** Name of such a read in the keys of entries. */
export const ROW_READ = 'row'

/** The row read that an operation is, or undefined where it is another one. */
export function rowReadOf(
  models: ModelMap,
  model: string,
  operation: string,
  args: unknown,
  dataPath: readonly unknown[],
): RowQuery | undefined {
  if (!models.keyed || !ROW_READS.has(operation) || dataPath.length) return undefined
  const [only, ...others] = fieldsOf(args) ?? []
  if (only?.[0] !== 'where' || others.length) return undefined
  const [key, ...more] = fieldsOf(only[1]) ?? []
  if (!key || more.length) return undefined
  const [name, value] = key
  const fields = models.unique(model, name)
  const single = models.column(model, name) !== undefined
  return fields && rowQuery(models, model, fields, (field) => (single ? value : argument(value, field)))
}

/** One for each unique key that the row has a value of. */
export function rowReadsOf(
  models: ModelMap,
  model: string,
  row: Readonly<Record<string, unknown>>,
): readonly RowQuery[] {
  const keys = models.model(model).uniques.map(({ fields }) => fields)
  return keys.flatMap((fields) => rowQuery(models, model, fields, (field) => row[field]) ?? [])
}

/** Undefined where a value is NULL or of a type that cannot be told by its text. */
function rowQuery(
  models: ModelMap,
  model: string,
  fields: readonly string[],
  given: (field: string) => unknown,
): RowQuery | undefined {
  const values: [string, string | boolean][] = []
  const pins: [string, readonly unknown[]][] = []
  for (const name of fields) {
    const field = models.fieldOf(model, name)
    if (!field || field.kind === 'relation') return undefined
    const value = given(name)
    const literal = value === undefined ? UNKNOWN : literalOf(models, field, value)
    if (literal === UNKNOWN || literal === null) return undefined
    values.push([name, typeof literal === 'boolean' ? literal : String(literal)])
    pins.push([field.column, [literal]])
  }
  return { query: Object.fromEntries(values), pins: Object.fromEntries(pins) }
}
