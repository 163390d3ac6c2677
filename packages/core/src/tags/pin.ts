import type { ColumnValue, Pins } from '../plan/plan.ts'
import type { Column, Table } from '../plan/table.ts'
import { type NamedKey, namedKeys } from './spelling.ts'
import { canonicalValue } from './value.ts'

/** More values than this are not worth their tags: the occurrence then depends on the whole list. */
export const MOST_VALUES = 100

/** An occurrence bound to some values of a lookup key. */
export interface Pinned {
  readonly key: NamedKey
  /** One tuple of canonical texts per value, in the order of `key.columns`; distinct. */
  readonly tuples: readonly (readonly string[])[]
  /** True when no two pinned values folded into one: only then can returned rows be counted against them. */
  readonly distinct: boolean
}

/** The strongest key of `table` that `pins` determine wholly, if any. */
export function pinnedBy(table: Table, pins: Pins | undefined): Pinned | undefined {
  if (!pins) return undefined
  for (const key of namedKeys(table)) {
    const found = tuplesOf(key.columns, (column) => own(pins, column.name))
    if (found) return { key, ...found }
  }
  return undefined
}

/** Cross product of the columns' canonical values; undefined if a column has none, one is unknown, or there are too many. */
export function tuplesOf(
  columns: readonly Column[],
  values: (column: Column) => readonly ColumnValue[] | undefined,
): { tuples: readonly (readonly string[])[]; distinct: boolean } | undefined {
  let tuples: string[][] = [[]]
  let distinct = true
  for (const column of columns) {
    const given = values(column)
    if (!given || given.length > MOST_VALUES) return undefined
    const texts = new Set<string>()
    for (const value of given) {
      const text = canonicalValue(value, column.type)
      // NULL pins nothing: no row equals it, and an IN that holds one is not a plain IN.
      if (typeof text !== 'string') return undefined
      texts.add(text)
    }
    if (texts.size !== given.length) distinct = false
    if (tuples.length * texts.size > MOST_VALUES) return undefined
    tuples = tuples.flatMap((tuple) => [...texts].map((text) => [...tuple, text]))
  }
  return { tuples, distinct }
}

/** Property access that an argument named like something on Object.prototype cannot fool. */
export function own<V>(record: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
