import type { ResultDependency } from '../plan/plan.ts'
import type { Table } from '../plan/table.ts'
import { cellName, type NamedKey, namedKeys } from './spelling.ts'
import { canonicalValue, MOST_VALUES, own } from './value.ts'

/** An occurrence whose rows the result is to name by a lookup key. */
export interface ResultKey {
  readonly key: NamedKey
  readonly values: ResultDependency['values']
}

/** Cells of one table that only a result named. */
export interface ResultCells {
  readonly record: string
  /** Present for tags that a load captured: of any table, not only of those that the read itself names. */
  readonly fields?: readonly string[]
  readonly cells: readonly string[]
}

/** The strongest key that the columns of `resultDependency` hold wholly, if any tells all there is to tell of its values. */
export function resultKeyOf(
  table: Table,
  resultDependency: ResultDependency | undefined,
): ResultKey | undefined {
  const key = resultDependency && namedKeys(table).find((one) => tells(one, resultDependency))
  return key && { key, values: resultDependency.values }
}

function tells({ columns, unique }: NamedKey, resultDependency: ResultDependency): boolean {
  return (
    (resultDependency.found || !unique) &&
    columns.every(({ name }) => resultDependency.columns.includes(name))
  )
}

/**
 * The cells of the rows that a result names, but for those in `pinned`. Undefined where it does not tell, or where
 * there are more than are worth their tags: all cells of a table must be seeded at one instant.
 */
export function resultCells(
  record: string,
  resultKeys: readonly ResultKey[],
  pinned: ReadonlySet<string>,
  result: unknown,
): readonly string[] | undefined {
  const cells = new Set<string>()
  for (const { key, values } of resultKeys) {
    for (const row of readable(values, result) ?? [undefined]) {
      const tuple = row && key.columns.map(({ name, type }) => canonicalValue(own(row, name), type))
      if (!tuple || tuple.includes(undefined)) return undefined
      // Nothing equals NULL.
      if (tuple.includes(null)) continue
      const cell = cellName(record, key, tuple as string[])
      if (!pinned.has(cell)) cells.add(cell)
      if (cells.size + pinned.size > MOST_VALUES) return undefined
    }
  }
  return [...cells]
}

/** A host that cannot read a result must not fail the query that returned it. */
function readable(
  values: ResultDependency['values'],
  result: unknown,
): ReturnType<ResultDependency['values']> {
  try {
    return values(result)
  } catch {
    return undefined
  }
}
