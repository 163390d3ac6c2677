import { absent } from './argument.ts'

/** A row in a result, by field names. */
export type ShownRow = Readonly<Record<string, unknown>>

/** Returns the rows at one place of a result, such as those of an include. Undefined: the result does not contain them. */
export type ShownRows = (result: unknown) => readonly ShownRow[] | undefined

/** The rows of a read that returns one row or null. */
export const oneShown: ShownRows = (result) => (isRow(result) ? [result] : result === null ? [] : undefined)

/** The rows of a read that returns a list. */
export const manyShown: ShownRows = (result) =>
  Array.isArray(result) && result.every(isRow) ? result : undefined

/** The row of a read that returns one of the row's relations instead (the fluent API). Only that field of it is known. */
export function wrappedShown(dataPath: readonly unknown[]): ShownRows {
  const names = dataPath.filter((_, at) => at % 2 === 1)
  return (result) => [names.reduceRight((inner, name) => ({ [String(name)]: inner }), result) as ShownRow]
}

/** The rows of a relation field of `parents`. */
export function relatedShown(parents: ShownRows, field: string): ShownRows {
  return (result) => {
    const shown: ShownRow[] = []
    for (const parent of parents(result) ?? [undefined]) {
      const related: unknown = parent && shownValue(parent, field)
      if (related === null) continue
      const rows = Array.isArray(related) ? related : [related]
      if (!rows.every(isRow)) return undefined
      shown.push(...rows)
    }
    return shown
  }
}

/** Returns the value of a field. Undefined: the row does not contain it. */
export function shownValue(row: ShownRow, field: string): unknown {
  const value = Object.hasOwn(row, field) ? row[field] : undefined
  return absent(value) ? undefined : value
}

function isRow(value: unknown): value is ShownRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
