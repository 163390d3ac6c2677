import { type ColumnValue, type Pins, UNKNOWN } from '@larder/core/host'
import type { ModelMap } from '../schema/model.ts'
import { pinsOf, pinsOn } from './pins.ts'
import type { Data } from './sets.ts'

/** The row that nested writes hang on, as far as it is certain when they run. */
export interface Row {
  /** Values by physical column; a column that is absent is unknown. */
  readonly values: Readonly<Record<string, ColumnValue>>
  /** The operation's result is this row: what is unknown now may be read off it. */
  readonly shown: boolean
}

/**
 * What is certain of the rows that `where` finds when a later statement writes them: their primary key alone. Prisma
 * finds rows by one statement and writes them by another that names their keys; in between, another transaction may
 * change whatever else was asked for. Undefined where the key is not told.
 */
export function identified(models: ModelMap, model: string, where: unknown): Pins | undefined {
  const key = models.model(model).primary.map((field) => models.column(model, field) ?? field)
  const pins = pinsOn(pinsOf(models, model, where), key)
  return pins && key.every((column) => Object.hasOwn(pins, column)) ? pins : undefined
}

/** A row found by its primary key, and changed by `data`. */
export function foundRow(key: Pins | undefined, data: Data, shown: boolean): Row {
  const known = Object.entries(key ?? {}).flatMap(([column, values]) =>
    values.length === 1 && !Object.hasOwn(data.sets, column) ? [[column, values[0]] as const] : [],
  )
  return { values: settled(known, data), shown }
}

/** A row that is made of `data`. */
export function madeRow(data: Data, shown: boolean): Row {
  const known = Object.entries(data.sets).filter(([, value]) => value !== UNKNOWN)
  return { values: settled(known, data), shown }
}

/** A value of the row, or {@link UNKNOWN}. */
export function certainValue(row: Row, column: string): ColumnValue {
  return Object.hasOwn(row.values, column) ? row.values[column] : UNKNOWN
}

/** References that the nested writes of the row itself will set are not certain yet. */
function settled(values: readonly (readonly [string, ColumnValue])[], data: Data): Row['values'] {
  const held = new Set(
    data.relations.flatMap(([{ holder, pairs }]) => (holder === 'own' ? pairs.map(({ own }) => own) : [])),
  )
  return Object.fromEntries(values.filter(([column]) => !held.has(column)))
}
