import { absent } from './argument.ts'

/** A row as a result shows it: by the names of fields. */
export type ShownRow = Readonly<Record<string, unknown>>

/** The rows at one place of a result: its own, those of an include. Undefined where the result does not show them. */
export type ShownRows = (result: unknown) => readonly ShownRow[] | undefined

/** Rows of a read that returns one or null. */
export const oneShown: ShownRows = (result) => (isRow(result) ? [result] : result === null ? [] : undefined)

/** Rows of a read that returns a list. */
export const manyShown: ShownRows = (result) =>
  Array.isArray(result) && result.every(isRow) ? result : undefined

/** The row of a read that returns one of its relations instead (the fluent API): of its own fields it shows that one. */
export function wrappedShown(dataPath: readonly unknown[]): ShownRows {
  const names = dataPath.filter((_, at) => at % 2 === 1)
  return (result) => [names.reduceRight((inner, name) => ({ [String(name)]: inner }), result) as ShownRow]
}

/** The rows behind a relation field of `parents`. */
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

/** Value of a field; undefined where the row does not show it. */
export function shownValue(row: ShownRow, field: string): unknown {
  const value = Object.hasOwn(row, field) ? row[field] : undefined
  return absent(value) ? undefined : value
}

function isRow(value: unknown): value is ShownRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
