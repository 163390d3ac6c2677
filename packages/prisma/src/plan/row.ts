import { type ColumnValue, type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { pinsOf, pinsOn } from './pins.ts'
import type { Data } from './sets.ts'

/** The row that contains nested writes, as far as it is certain when they run. */
export interface Row {
  /** Values by physical column. An absent column is unknown. */
  readonly values: Readonly<Record<string, ColumnValue>>
  /** The operation returns this row, so the result may show values that are unknown now. */
  readonly shown: boolean
}

/**
 * Returns the primary key of the rows that `where` finds, if it pins the key. Nothing else is certain when they are written: Prisma
 * finds rows by one statement and writes them by another, and another transaction may change them in between.
 */
export function identified(models: ModelMap, model: string, where: unknown): Pins | undefined {
  const key = models.model(model).primary.map((field) => models.column(model, field) ?? field)
  const pins = pinsOn(pinsOf(models, model, where), key)
  return pins && key.every((column) => Object.hasOwn(pins, column)) ? pins : undefined
}

/** A row found by its primary key, and changed by `data`. */
export function foundRow(key: Pins | undefined, data: Data, shown: boolean): Row {
  const keyValues = Object.entries(key ?? {}).flatMap(([column, values]) =>
    values.length === 1 && !Object.hasOwn(data.sets, column) ? [[column, values[0]] as const] : [],
  )
  return { values: withoutNestedKeys(keyValues, data), shown }
}

/** A row that is inserted with `data`. */
export function madeRow(data: Data, shown: boolean): Row {
  const values = Object.entries(data.sets).filter(([, value]) => value !== UNKNOWN)
  return { values: withoutNestedKeys(values, data), shown }
}

/** Returns a value of the row, or {@link UNKNOWN}. */
export function certainValue(row: Row, column: string): ColumnValue {
  return Object.hasOwn(row.values, column) ? row.values[column] : UNKNOWN
}

/** Leaves out foreign keys that nested writes of the row itself will set. */
function withoutNestedKeys(values: readonly (readonly [string, ColumnValue])[], data: Data): Row['values'] {
  const columnsInRow = new Set(
    data.relations.flatMap(([{ holder, pairs }]) =>
      holder === 'own' ? pairs.map(({ source }) => source) : [],
    ),
  )
  return Object.fromEntries(values.filter(([column]) => !columnsInRow.has(column)))
}
