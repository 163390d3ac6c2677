import type { ResultDependency } from '../plan/plan.ts'
import type { Table } from '../plan/table.ts'
import { cellName, type NamedKey, namedKeys } from './spelling.ts'
import { canonicalValue, MOST_VALUES, own } from './value.ts'

/** A lookup key by which the result names the rows of an occurrence. */
export interface ResultKey {
  readonly key: NamedKey
  readonly values: ResultDependency['values']
}

/** Cells of one table that are known only from a result. */
export interface ResultCells {
  readonly record: string
  /** Present for tags that a load captured. They may belong to any table. */
  readonly fields?: readonly string[]
  readonly cells: readonly string[]
}

/** Returns the strongest key whose columns the result contains, if its values name all rows of the occurrence. */
export function resultKeyOf(
  table: Table,
  resultDependency: ResultDependency | undefined,
): ResultKey | undefined {
  const resultKey = resultDependency && namedKeys(table).find((key) => namesAllRows(key, resultDependency))
  return resultKey && { key: resultKey, values: resultDependency.values }
}

function namesAllRows({ columns, unique }: NamedKey, resultDependency: ResultDependency): boolean {
  return (
    (resultDependency.found || !unique) &&
    columns.every(({ name }) => resultDependency.columns.includes(name))
  )
}

/**
 * Returns the cells of the rows that a result names, without those in `pinned`. Undefined if the result does not name them, or
 * names too many: all cells of a table must be seeded at one instant.
 */
export function resultCells(
  record: string,
  resultKeys: readonly ResultKey[],
  pinned: ReadonlySet<string>,
  result: unknown,
): readonly string[] | undefined {
  const cells = new Set<string>()
  for (const { key, values } of resultKeys) {
    for (const row of valuesOf(values, result) ?? [undefined]) {
      const tuple = row && key.columns.map(({ name, type }) => canonicalValue(own(row, name), type))
      if (!tuple || tuple.includes(undefined)) return undefined
      // NULL equals nothing, so it names no row.
      if (tuple.includes(null)) continue
      const cell = cellName(record, key, tuple as string[])
      if (!pinned.has(cell)) cells.add(cell)
      if (cells.size + pinned.size > MOST_VALUES) return undefined
    }
  }
  return [...cells]
}

/** A host that fails to read a result must not fail the query that returned it. */
function valuesOf(
  values: ResultDependency['values'],
  result: unknown,
): ReturnType<ResultDependency['values']> {
  try {
    return values(result)
  } catch {
    return undefined
  }
}
